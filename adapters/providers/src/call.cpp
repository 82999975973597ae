#include "call.h"

#include <utility>

namespace hansard::providers {

using core::Errc;
using core::Error;

Call::Call(Loop& loop, core::ProviderCall call, OnHead on_head)
    : call_(std::move(call)),
      on_head_(std::move(on_head)),
      parser_(call_.method == "HEAD"),
      timer_(loop) {}

std::string Call::where() const {
  return upstream_->name + " (" + upstream_->url.authority() + ")";
}

void Call::begin(std::shared_ptr<Pool> pool) {
  if (over_) return;
  if (pool == nullptr) {
    return fail(
        {Errc::not_found, "no provider \"" + call_.provider + "\" is configured", "provider"});
  }
  pool_ = std::move(pool);
  upstream_ = pool_->upstream();
  deadlines_ = call_.deadlines.value_or(upstream_->settings.deadlines);
  counted_ = true;
  pool_->scoreboard().update([](ProviderStatus& status) {
    ++status.calls;
    ++status.calls_active;
  });
  auto head = request_head(*upstream_, call_);
  if (!head) return fail(std::move(head).error());
  head_ = *std::move(head);
  if (deadlines_.total.count() > 0) total_at_ = Timer::Clock::now() + deadlines_.total;
  acquire(false);
}

void Call::acquire(bool fresh) {
  connection_ = fresh ? nullptr : pool_->take();
  reused_ = connection_ != nullptr;
  if (reused_) {
    pool_->scoreboard().update([](ProviderStatus& status) { ++status.reuses; });
    return send();
  }
  if (!pool_->admit()) {
    return fail({Errc::overloaded,
                 upstream_->name + ": all " + std::to_string(upstream_->settings.connections_max) +
                     " connections are in use",
                 "connections"});
  }
  connection_ = pool_->make();
  open();
}

void Call::open() {
  limit("connect", deadlines_.connect);
  connection_->open([weak = weak_from_this()](std::optional<Error> failed) {
    const auto self = weak.lock();
    if (!self || self->over_) return;
    if (failed) return self->fail(*std::move(failed));
    self->send();
  });
}

void Call::send() {
  sent_ = false;
  // The time to the first byte counts from the last byte of the request that went out: sending may
  // take as long as it moves.
  limit("first_byte", deadlines_.first_byte);
  connection_->send(
      head_, call_.body,
      [weak = weak_from_this()] {
        const auto self = weak.lock();
        if (self && !self->head_told_) self->limit("first_byte", self->deadlines_.first_byte);
      },
      [weak = weak_from_this()](bool whole) {
        const auto self = weak.lock();
        // A server may refuse a body it has not read, and close: what it says is still to be read.
        if (!self || self->over_ || !whole) return;
        self->sent_ = true;
        self->sent_at_ = Timer::Clock::now();
        if (!self->head_told_) self->limit("first_byte", self->deadlines_.first_byte);
        self->forget_request();
      });
  receive();
}

void Call::receive() {
  connection_->receive([weak = weak_from_this()](const Connection::Received& received) {
    const auto self = weak.lock();
    if (self && !self->over_) self->received(received);
  });
}

void Call::received(const Connection::Received& received) {
  if (received.ended && received.bytes.empty() && try_again()) return;
  answering_ = answering_ || !received.bytes.empty();
  forget_request();
  closing_ = received.ended;
  auto wrong = parser_.feed(received.bytes);
  body_ += parser_.take_body();
  if (wrong) {
    error_ = Error{Errc::unavailable, where() + " answered what is no HTTP: " + *wrong, "protocol"};
  } else if (received.ended) {
    parser_.end(received.clean);
    if (!parser_.done()) ended_early(received);
  }
  settle();
  go_on();
}

bool Call::try_again() {
  if (!reused_ || answering_) return false;
  if (sent_ && Timer::Clock::now() - sent_at_ > kStale) return false;
  pool_->drop(std::exchange(connection_, nullptr));
  pool_->scoreboard().update([](ProviderStatus& status) { ++status.retries; });
  acquire(true);
  return true;
}

/// A stream may last for minutes, and a request is megabytes: gone once it cannot be sent again.
void Call::forget_request() {
  if (!sent_ || !answering_) return;
  head_ = {};
  call_.body = {};
}

void Call::ended_early(const Connection::Received& received) {
  const std::string why = received.why.empty() ? "" : ": " + received.why;
  error_ =
      parser_.head_done()
          ? Error{Errc::unavailable, where() + " broke off within its answer" + why, "truncated"}
          : Error{Errc::unavailable, where() + " ended the connection without an answer" + why,
                  "reset"};
}

/// Once the answer is whole, or cannot become it, the connection is not needed any more.
void Call::settle() {
  if (over_ || (!error_ && !parser_.done())) return;
  over_ = true;
  no_limit();
  timer_.cancel();
  if (counted_) {
    pool_->scoreboard().update([](ProviderStatus& status) { --status.calls_active; });
    if (error_) {
      pool_->scoreboard().failed(*error_);
    } else {
      pool_->scoreboard().succeeded();
    }
  }
  release(!error_ && sent_ && !closing_ && !parser_.leftover() && parser_.keep_alive());
}

void Call::release(bool reusable) {
  auto connection = std::exchange(connection_, nullptr);
  if (connection == nullptr) return;
  if (reusable) {
    pool_->give(std::move(connection));
  } else {
    pool_->drop(connection);
  }
  head_ = {};
  call_.body = {};
}

/// Tells what can be told; asks the network only for what somebody waits for.
void Call::go_on() {
  if (!head_told_) {
    if (parser_.head_done()) return tell_head();
    if (!error_) return receive();
    head_told_ = true;
    if (const auto tell = std::exchange(on_head_, nullptr)) {
      gate_.pass([&] { tell(*error_); });
    }
    return;
  }
  if (!on_piece_) return;
  if (!body_.empty()) return tell_piece(std::exchange(body_, {}));
  if (error_) return tell_piece(*error_);
  if (parser_.done()) return tell_piece(std::string());
  receive();
}

void Call::tell_head() {
  head_told_ = true;
  no_limit();
  const auto tell = std::exchange(on_head_, nullptr);
  gate_.pass([&] { tell(parser_.take_head()); });
}

void Call::tell_piece(core::Result<std::string> piece) {
  no_limit();
  const auto tell = std::exchange(on_piece_, nullptr);
  gate_.pass([&] { tell(std::move(piece)); });
}

void Call::next(OnPiece on_piece) {
  on_piece_ = std::move(on_piece);
  if (!over_) limit("idle", deadlines_.idle);
  go_on();
}

void Call::fail(Error error) {
  if (over_) return;
  error_ = std::move(error);
  settle();
  go_on();
}

void Call::cancel() {
  on_head_ = nullptr;
  on_piece_ = nullptr;
  if (std::exchange(over_, true)) return;
  timer_.cancel();
  if (counted_) {
    pool_->scoreboard().update([](ProviderStatus& status) {
      --status.calls_active;
      ++status.cancelled;
    });
  }
  release(false);
}

void Call::limit(std::string_view field, std::chrono::milliseconds time) {
  if (time.count() == 0) return no_limit();
  limit_field_ = field;
  limit_time_ = time;
  limit_at_ = Timer::Clock::now() + time;
  arm();
}

void Call::no_limit() {
  limit_field_ = {};
  arm();
}

/// A deadline that moves away leaves the timer alone: most do, with every piece.
void Call::arm() {
  const Time due = limit_field_.empty() ? total_at_ : std::min(limit_at_, total_at_);
  if (over_ || due >= armed_at_) return;
  armed_at_ = due;
  timer_.at(due, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->check_time();
  });
}

void Call::check_time() {
  armed_at_ = Time::max();
  if (over_) return;
  const Time now = Timer::Clock::now();
  if (now >= total_at_) {
    return fail(
        {Errc::timed_out,
         where() + " took more than " + std::to_string(deadlines_.total.count()) + " ms in all",
         "total"});
  }
  if (!limit_field_.empty() && now >= limit_at_) {
    return fail({Errc::timed_out, late(), std::string(limit_field_)});
  }
  arm();
}

std::string Call::late() const {
  const std::string time = std::to_string(limit_time_.count()) + " ms";
  if (limit_field_ == "connect") {
    return upstream_->name + ": " + std::string(connection_->stage()) + " " +
           upstream_->url.authority() + " took more than " + time;
  }
  if (limit_field_ == "first_byte") return where() + " did not begin to answer within " + time;
  return where() + " fell silent for more than " + time + " within its answer";
}

}  // namespace hansard::providers
