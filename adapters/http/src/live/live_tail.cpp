#include "live/live_tail.h"

#include <pthread.h>

#include <algorithm>
#include <iterator>
#include <optional>

namespace hansard::http {

using std::chrono::steady_clock;

LiveTail::LiveTail(core::EventLog& log, std::chrono::milliseconds checkpoint_every)
    : log_(log), tick_every_(std::max(checkpoint_every / 2, std::chrono::milliseconds(1))) {}

LiveTail::~LiveTail() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
  subscription_ = nullptr;  // outside the lock: waits for a running call, which may need it
}

void LiveTail::join(std::weak_ptr<LiveMember> member, core::Position next) {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return;
    arriving_.push_back({std::move(member), next, nullptr, {}});
    if (!thread_.joinable()) {
      thread_ = std::thread([this] {
        pthread_setname_np(pthread_self(), "live");
        subscription_ = log_.subscribe([this](core::Position end) { advanced(end); });
        advanced(log_.end());  // it may have moved before we were told of moves
        run();
      });
    }
  }
  changed_.notify_all();
}

void LiveTail::advanced(core::Position end) {
  {
    const std::lock_guard lock(mutex_);
    end_ = std::max(end_, end);
  }
  changed_.notify_all();
}

void LiveTail::run() {
  std::vector<Seat> seats;
  core::Position cursor;
  auto tick_at = steady_clock::now() + tick_every_;
  std::unique_lock lock(mutex_);
  for (;;) {
    const auto busy = [&] {
      return stopping_ || !arriving_.empty() || (!seats.empty() && end_ > cursor);
    };
    if (seats.empty()) {
      changed_.wait(lock, busy);
      tick_at = steady_clock::now() + tick_every_;
    } else {
      changed_.wait_until(lock, tick_at, busy);
    }
    if (stopping_) return;
    if (seats.empty()) cursor = end_;
    for (const Seat& seat : arriving_) cursor = std::min(cursor, seat.next);
    std::move(arriving_.begin(), arriving_.end(), std::back_inserter(seats));
    arriving_.clear();
    const bool grown = end_ > cursor;
    lock.unlock();
    if (grown) cursor = serve(seats, cursor);
    if (steady_clock::now() >= tick_at) {
      std::erase_if(seats, [](const Seat& seat) {
        const auto member = seat.member.lock();
        return !member || !member->tick();
      });
      tick_at = steady_clock::now() + tick_every_;
    }
    lock.lock();
  }
}

core::Position LiveTail::serve(std::vector<Seat>& seats, core::Position from) {
  for (Seat& seat : seats) seat.present = seat.member.lock();
  std::size_t count = 0;
  std::size_t bytes = 0;
  const auto reached = log_.read(from, [&](const core::RecordedEvent& event) {
    std::optional<LiveFrame> frame;
    for (Seat& seat : seats) {
      if (!seat.present || event.position < seat.next) continue;
      if (!seat.present->filter().wants(event)) continue;
      if (!frame) frame = event_frame(event);
      seat.batch.push_back(*frame);
    }
    bytes += event.facts.size() + event.content.size();
    return ++count < kRoundEvents && bytes < kRoundBytes;
  });
  std::erase_if(seats, [&](Seat& seat) {
    const std::shared_ptr<LiveMember> member = std::move(seat.present);
    if (!member) return true;
    if (!reached) {
      member->fail(reached.error());
      return true;
    }
    seat.next = std::max(seat.next, *reached);
    const bool stays = member->offer(seat.batch, seat.next);
    seat.batch.clear();
    return !stays;
  });
  return reached ? *reached : from;
}

}  // namespace hansard::http
