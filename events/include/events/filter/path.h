#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace hansard::events {

/// Where in an event's content something stands, as people write it:
///
///   metadata.ssn             a member of a field
///   parts[*].text            of every element
///   parts[0]["a.b"]          an element; a member whose name is not plain
///   arguments.**.iban        at any depth
///   **.ssn                   in any field, at any depth
///
/// A plain name is letters, digits, `_` and `-`, of any script. Immutable.
class JsonPath {
 public:
  static constexpr std::size_t kStepsMax = 31;
  static constexpr std::size_t kBytesMax = 512;

  /// Errors: invalid_argument (`field` as given; the message says what was expected, and where).
  static core::Result<JsonPath> parse(std::string_view text, std::string_view field);

  /// Which steps have been taken on the way to a value: a set, since `**` takes any number.
  using State = std::uint32_t;
  [[nodiscard]] State start() const { return open(1); }
  /// After the member `name` (the field's name first), or element `index`.
  [[nodiscard]] State member(State at, std::string_view name) const;
  [[nodiscard]] State element(State at, std::size_t index) const;
  /// The path leads here.
  [[nodiscard]] bool reached(State at) const { return (at >> steps_.size() & 1U) != 0; }
  /// Nothing further in can be reached.
  static bool dead(State at) { return at == 0; }

 private:
  struct Step {
    enum class Kind : std::uint8_t { member, index, any_element, any_depth } kind = Kind::member;
    std::string name = {};
    std::size_t index = 0;
  };
  /// With the states that `**` leads to without a step.
  [[nodiscard]] State open(State at) const;

  std::vector<Step> steps_;
};

}  // namespace hansard::events
