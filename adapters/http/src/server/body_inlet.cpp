#include "server/body_inlet.h"

#include <boost/asio/post.hpp>

#include <utility>

namespace hansard::http {

namespace asio = boost::asio;
using boost::system::error_code;
using core::Errc;
using core::Error;
using core::Result;
using std::chrono::steady_clock;

namespace {

constexpr std::size_t kReadBytes = 64U << 10;

}  // namespace

BodyInlet::BodyInlet(std::shared_ptr<Wire> wire, std::shared_ptr<RequestParser> parser,
                     const Limits& limits, Metrics& metrics, std::atomic<std::uint64_t>& total,
                     HoldWatch hold)
    : wire_(std::move(wire)),
      parser_(std::move(parser)),
      limits_(limits),
      hold_(std::move(hold)),
      metrics_(metrics),
      asked_(wire_->executor()),
      guard_(wire_->executor()),
      ended_(wire_->executor()),
      idle_since_(steady_clock::now()),
      total_(&total) {}

void BodyInlet::next(std::function<void(core::Result<std::string>)> done) {
  std::unique_lock lock(mutex_);
  if (last_) {
    Result<std::string> last = *last_;
    lock.unlock();
    return done(std::move(last));
  }
  wanted_ = std::move(done);
  // Posted under the lock: as long as nothing is `last_`, the event loop exists.
  asio::post(wire_->executor(), [self = shared_from_this()] { self->asked_.cancel(); });
}

bool BodyInlet::hold(std::uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  if (total_ == nullptr) return true;  // nobody is waiting for the memory's limit any more
  const std::uint64_t before = std::exchange(held_, bytes);
  metrics_.bodies_held(static_cast<std::int64_t>(bytes) - static_cast<std::int64_t>(before));
  // Unsigned wrap-around is the subtraction.
  const std::uint64_t total =
      total_->fetch_add(bytes - before, std::memory_order_relaxed) + (bytes - before);
  if (bytes <= before || total <= limits_[Limit::bodies_bytes]) return true;
  metrics_.limit_hit(Limit::bodies_bytes);
  return false;
}

asio::awaitable<void> BodyInlet::run() {
  bool more = co_await asked();
  while (more) {
    Result<std::string> piece = co_await read_piece();
    const bool goes_on = piece && !piece->empty();
    give(std::move(piece));
    more = goes_on;
    if (more) more = co_await asked();
  }
}

/// False: closed while waiting.
asio::awaitable<bool> BodyInlet::asked() {
  for (;;) {
    if (closed_ || wire_->is_cut()) {
      give(Error{Errc::cancelled, "the connection ended within the body"});
      co_return false;
    }
    {
      const std::lock_guard lock(mutex_);
      if (wanted_) co_return true;
    }
    error_code woken;
    asked_.expires_at(Time::max());
    co_await asked_.async_wait(asio::redirect_error(asio::use_awaitable, woken));
  }
}

asio::awaitable<Result<std::string>> BodyInlet::read_piece() {
  for (;;) {
    if (stopped_) co_return *stopped_;
    if (const auto end = hold_.ended()) co_return HoldWatch::error(*end);
    RequestParser::Fed fed = parser_->feed(wire_->unread());
    wire_->use(fed.used);
    std::string bytes = parser_->take_body();
    received_ += bytes.size();
    if (!bytes.empty()) co_return bytes;
    if (fed.failure) {
      if (fed.failure->limit) metrics_.limit_hit(*fed.failure->limit);
      co_return std::move(fed.failure->error);
    }
    if (parser_->done()) co_return std::string();
    if (wire_->unread().size() >= kReadBytes) {
      co_return Error{Errc::invalid_argument,
                      "malformed HTTP: a chunk header or trailer over 64 KiB", "body"};
    }
    // Only what the client made us wait counts against its rate, not what we made it wait.
    const Time now = steady_clock::now();
    const Time until = wire_->body_deadline(now - waited_, received_);
    const bool stalls =
        until >= now + limits_.duration(Limit::body_stall_ms) - std::chrono::milliseconds(1);
    guard(until);
    reading_ = true;
    const bool filled = co_await wire_->fill(kReadBytes);
    reading_ = false;
    unguard();
    waited_ += steady_clock::now() - now;
    if (stalled_) {
      const Limit limit = stalls ? Limit::body_stall_ms : Limit::bytes_per_second;
      metrics_.limit_hit(limit);
      co_return limit_error(limits_, limit);
    }
    if (!filled && !stopped_) {
      co_return Error{Errc::cancelled, "the connection ended within the body"};
    }
  }
}

void BodyInlet::give(Result<std::string> piece) {
  Done done;
  {
    const std::lock_guard lock(mutex_);
    done = std::exchange(wanted_, nullptr);
    if (!piece || piece->empty()) last_ = piece;
  }
  idle_since_ = steady_clock::now();
  if (done) done(std::move(piece));
}

void BodyInlet::close() {
  closed_ = true;
  asked_.cancel();
  if (reading_) wire_->interrupt();
}

void BodyInlet::stop(Error why) {
  stopped_ = std::move(why);
  if (reading_) wire_->interrupt();
}

asio::awaitable<void> BodyInlet::ended() {
  while (!over_) {
    error_code woken;
    ended_.expires_at(Time::max());
    co_await ended_.async_wait(asio::redirect_error(asio::use_awaitable, woken));
  }
}

void BodyInlet::detach() {
  over_ = true;
  ended_.cancel();
  unguard();
  give(Error{Errc::cancelled, "the connection ended within the body"});
  const std::lock_guard lock(mutex_);
  if (!last_) last_ = Error{Errc::cancelled, "the connection ended within the body"};
  if (total_ == nullptr) return;
  metrics_.bodies_held(-static_cast<std::int64_t>(held_));
  total_->fetch_sub(held_, std::memory_order_relaxed);
  total_ = nullptr;
}

Wire::Time BodyInlet::handler_deadline() const {
  const std::lock_guard lock(mutex_);
  return wanted_ ? Time::max() : idle_since_ + limits_.duration(Limit::handler_ms);
}

void BodyInlet::guard(Time until) {
  guard_.expires_at(until);
  guard_.async_wait([self = shared_from_this(), generation = ++guard_generation_](error_code off) {
    if (off || generation != self->guard_generation_) return;
    self->stalled_ = true;
    self->wire_->interrupt();
  });
}

void BodyInlet::unguard() {
  ++guard_generation_;
  guard_.cancel();
}

}  // namespace hansard::http
