#pragma once

#include <array>
#include <chrono>
#include <cstdint>

#include "gateway/breaker_status.h"
#include "gateway/routes.h"

namespace hansard::gateway {

/// Whether calls should go to a provider, by how the last ones went. A value: whoever shares it
/// locks it. Two rules, each off by default: so many failures in a row, and a share of failures in
/// a sliding window. Cost: O(1), no allocation.
class Breaker {
 public:
  using Time = std::chrono::steady_clock::time_point;

  /// A call that was let through. Its verdict counts only while the state it passed in lasts: what
  /// began before the breaker opened says nothing about how it is afterwards.
  struct Pass {
    std::uint64_t epoch = 0;
    bool allowed = false;
    bool trial = false;                       ///< the one call that tries
    std::chrono::milliseconds retry_after{};  ///< not allowed: when to ask again
  };

  explicit Breaker(BreakerOptions options) : options_(options) {}

  /// How long until a call may pass, as far as can be told; 0: now.
  [[nodiscard]] std::chrono::milliseconds closed_for(Time now) const;
  /// Every pass is given back once, by one of the three below.
  Pass enter(Time now);
  void succeeded(const Pass& pass, Time now);
  void failed(const Pass& pass, Time now);
  /// Nobody knows how it would have gone: the client went. A trial leaves its place to the next.
  void let_go(const Pass& pass);

  /// As it stands: open, though its time is over, until somebody asks.
  [[nodiscard]] BreakerState state() const { return state_; }
  [[nodiscard]] std::uint64_t opened() const { return opened_; }  ///< times
  /// Counted since it closed, and, where the share counts, within the window.
  [[nodiscard]] std::uint64_t requests(Time now) const;
  [[nodiscard]] std::uint64_t failures(Time now) const;

 private:
  /// The window is counted in slices: it slides by one of them at a time.
  static constexpr std::int64_t kSlices = 10;
  struct Slice {
    std::int64_t number = -1;  ///< since the clock's beginning
    std::uint64_t requests = 0;
    std::uint64_t failures = 0;
  };

  [[nodiscard]] std::int64_t slice_at(Time now) const;
  Slice& current(Time now);
  void change(BreakerState state);
  void open(Time now);

  BreakerOptions options_;
  BreakerState state_ = BreakerState::closed;
  std::uint64_t epoch_ = 0;  ///< grows with every change of state, and every trial left
  std::uint64_t in_a_row_ = 0;
  std::array<Slice, kSlices> slices_{};
  Time open_until_{};
  bool trying_ = false;
  std::uint64_t opened_ = 0;
};

}  // namespace hansard::gateway
