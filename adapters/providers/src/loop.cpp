#include "loop.h"

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <pthread.h>

#include <utility>

#include "core/assert.h"
#include "loop_impl.h"

namespace hansard::providers {

namespace asio = boost::asio;

Loop::Loop() : impl_(std::make_unique<Impl>()) {
  impl_->thread = std::thread([this] { impl_->io.run(); });
  ::pthread_setname_np(impl_->thread.native_handle(), "providers");
}

Loop::~Loop() { HANSARD_ASSERT(!impl_->thread.joinable(), "stop comes before the end"); }

bool Loop::post(Task task) {
  // Under the lock, so that everything accepted comes before the last task of `stop`.
  const std::lock_guard lock(impl_->mutex);
  if (impl_->stopping) return false;
  asio::post(impl_->io, std::move(task));
  return true;
}

bool Loop::on_thread() const { return impl_->io.get_executor().running_in_this_thread(); }

void Loop::stop(Task last) {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->stopping = true;
    asio::post(impl_->io, std::move(last));
    asio::post(impl_->io, [this] { impl_->io.stop(); });
  }
  impl_->thread.join();
}

std::span<char> Loop::scratch() { return impl_->scratch; }

struct Timer::State {
  explicit State(asio::io_context& io) : timer(io) {}
  asio::steady_timer timer;
  Loop::Task task;
  /// A wait that has ended already cannot be cancelled: its handler asks whether it is still meant.
  std::uint64_t set = 0;
};

Timer::Timer(Loop& loop) : state_(std::make_shared<State>(loop.impl().io)) {}

Timer::~Timer() { cancel(); }

void Timer::at(Clock::time_point when, Loop::Task task) {
  const std::uint64_t mine = ++state_->set;
  state_->task = std::move(task);
  state_->timer.expires_at(when);
  state_->timer.async_wait(
      [weak = std::weak_ptr(state_), mine](const boost::system::error_code& /*cancelled*/) {
        const auto state = weak.lock();
        if (!state || state->set != mine) return;
        const Loop::Task due = std::exchange(state->task, nullptr);
        due();
      });
}

void Timer::cancel() {
  ++state_->set;
  state_->task = nullptr;
  state_->timer.cancel();
}

}  // namespace hansard::providers
