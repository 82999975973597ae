#pragma once

#include <compare>
#include <cstdint>

namespace hansard::core {

/// Place of an event in the whole log: gapless, from 0, assigned at commit.
/// Where a member says "end" it is one past the last position, so an empty log ends at 0.
struct Position {
  std::uint64_t value = 0;
  auto operator<=>(const Position&) const = default;
};

/// Place of an event in its stream: gapless, from 0.
struct Version {
  std::uint64_t value = 0;
  auto operator<=>(const Version&) const = default;
};

}  // namespace hansard::core
