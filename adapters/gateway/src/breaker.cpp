#include "breaker.h"

#include <algorithm>

namespace hansard::gateway {

using std::chrono::duration_cast;
using std::chrono::milliseconds;

namespace {
/// What who is refused while another call tries is told to wait.
constexpr milliseconds kTrialPatience{1000};
}  // namespace

std::int64_t Breaker::slice_at(Time now) const {
  const std::int64_t slice_ms = std::max<std::int64_t>(1, options_.window.count() / kSlices);
  return duration_cast<milliseconds>(now.time_since_epoch()).count() / slice_ms;
}

Breaker::Slice& Breaker::current(Time now) {
  const std::int64_t number = slice_at(now);
  Slice& slice = slices_[static_cast<std::size_t>(number % kSlices)];
  if (slice.number != number) slice = Slice{number, 0, 0};
  return slice;
}

std::uint64_t Breaker::requests(Time now) const {
  const std::int64_t last = slice_at(now);
  std::uint64_t sum = 0;
  for (const Slice& slice : slices_) {
    if (slice.number >= 0 && slice.number > last - kSlices) sum += slice.requests;
  }
  return sum;
}

std::uint64_t Breaker::failures(Time now) const {
  const std::int64_t last = slice_at(now);
  std::uint64_t sum = 0;
  for (const Slice& slice : slices_) {
    if (slice.number >= 0 && slice.number > last - kSlices) sum += slice.failures;
  }
  return sum;
}

void Breaker::change(BreakerState state) {
  state_ = state;
  ++epoch_;
  trying_ = false;
  in_a_row_ = 0;
  slices_.fill(Slice{});
}

void Breaker::open(Time now) {
  change(BreakerState::open);
  open_until_ = now + options_.open_for;
  ++opened_;
}

milliseconds Breaker::closed_for(Time now) const {
  if (state_ == BreakerState::open) {
    return std::max(milliseconds(0), std::chrono::ceil<milliseconds>(open_until_ - now));
  }
  // The trial will tell; how soon, nobody knows.
  return state_ == BreakerState::half_open && trying_ ? kTrialPatience : milliseconds(0);
}

Breaker::Pass Breaker::enter(Time now) {
  if (state_ == BreakerState::open && now >= open_until_) change(BreakerState::half_open);
  Pass pass{epoch_, false, false, milliseconds(0)};
  if (state_ == BreakerState::closed) {
    pass.allowed = true;
  } else if (state_ == BreakerState::half_open && !trying_) {
    trying_ = true;
    pass.allowed = true;
    pass.trial = true;
  } else {
    pass.retry_after = closed_for(now);
  }
  return pass;
}

void Breaker::succeeded(const Pass& pass, Time now) {
  if (!pass.allowed || pass.epoch != epoch_) return;
  if (pass.trial) return change(BreakerState::closed);
  in_a_row_ = 0;
  ++current(now).requests;
}

void Breaker::failed(const Pass& pass, Time now) {
  if (!pass.allowed || pass.epoch != epoch_) return;
  if (pass.trial) return open(now);
  ++in_a_row_;
  Slice& slice = current(now);
  ++slice.requests;
  ++slice.failures;
  if (options_.consecutive > 0 && in_a_row_ >= options_.consecutive) return open(now);
  if (options_.failure_rate <= 0) return;
  const std::uint64_t all = requests(now);
  if (all < options_.requests_min) return;
  if (static_cast<double>(failures(now)) >= options_.failure_rate * static_cast<double>(all)) {
    open(now);
  }
}

void Breaker::let_go(const Pass& pass) {
  if (!pass.trial || pass.epoch != epoch_) return;
  trying_ = false;
  ++epoch_;  // the next trial is another one
}

}  // namespace hansard::gateway
