#pragma once

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "core/time.h"
#include "http/keys.h"

namespace hansard::http {

/// Looks, while something long is answered, whether it may go on. A value; confined to its loop.
struct HoldWatch {
  std::shared_ptr<const Hold> hold;  ///< null: nothing ends it
  const core::Clock* clock = nullptr;

  [[nodiscard]] std::optional<HoldEnd> ended() const {
    return hold ? hold->ended(clock->now()) : std::nullopt;
  }
  /// When to look again without being told: at the key's time, and before it now and then, since a
  /// clock may be set.
  [[nodiscard]] std::chrono::steady_clock::time_point next_look() const {
    using Time = std::chrono::steady_clock::time_point;
    constexpr std::chrono::microseconds kLongest = std::chrono::seconds(10);
    if (!hold || !hold->expires_at) return Time::max();
    const auto left = std::clamp(std::chrono::microseconds(*hold->expires_at - clock->now()),
                                 std::chrono::microseconds::zero(), kLongest);
    return std::chrono::steady_clock::now() + left;
  }
  /// What is told of its end.
  [[nodiscard]] static core::Error error(HoldEnd end) {
    return {core::Errc::unauthenticated, std::string(sentence(end))};
  }
};

}  // namespace hansard::http
