#include "server/websocket_session.h"

#include <boost/asio/co_spawn.hpp>

#include <algorithm>
#include <exception>
#include <utility>

namespace hansard::http {

namespace asio = boost::asio;
using std::chrono::steady_clock;
using LiveEnd = Metrics::LiveEnd;

namespace {

constexpr std::size_t kReadBytes = 4U << 10;
/// Messages up to this size are copied together into one write.
constexpr std::size_t kGatherBytes = 64U << 10;
/// A client may send two of its longest messages, frame heads and pings included, in this time.
constexpr std::chrono::seconds kWindow{10};
/// A client that was told good-bye has this long to answer.
constexpr std::chrono::milliseconds kGoodbye{1000};
/// Silent for so many ping periods: gone.
constexpr int kSilentPings = 4;

}  // namespace

WebSocketSession::WebSocketSession(std::shared_ptr<Wire> wire,
                                   std::unique_ptr<MessageChannel> channel, const Limits& limits,
                                   Metrics& metrics, const std::atomic<bool>& stopping,
                                   HoldWatch hold, Time subscribe_by)
    : wire_(std::move(wire)),
      channel_(std::move(channel)),
      limits_(limits),
      metrics_(metrics),
      stopping_(stopping),
      hold_(std::move(hold)),
      subscribe_by_(subscribe_by),
      ping_every_(limits.duration(Limit::live_checkpoint_ms)),
      parser_(limits[Limit::live_message_bytes]),
      window_began_(steady_clock::now()),
      heard_at_(window_began_),
      ping_at_(window_began_ + ping_every_) {}

asio::awaitable<bool> WebSocketSession::run() {
  wire_->unguard();
  auto reader_ended = [self = shared_from_this()](const std::exception_ptr& failure) {
    self->reader_over_ = true;
    if (failure) self->fail({close_code::kInternal, "internal error"}, LiveEnd::error);
    self->wire_->wake();
  };
  asio::co_spawn(wire_->executor(), read(), std::move(reader_ended));
  Ask ask;
  for (;;) {
    const Step due = co_await write_due();
    if (due == Step::over) break;
    if (!ask) {
      ask = wire_->make_pending<core::Result<Texts>>();
      channel_->next([ask](core::Result<Texts> texts) { ask->complete(std::move(texts)); });
    }
    co_await wire_->sleep_for(ask, next_duty());
    std::optional<core::Result<Texts>> texts = ask->poll();
    if (!texts) continue;
    ask = nullptr;
    if (!*texts) {
      fail({close_code::kInternal, texts->error().message}, LiveEnd::error);
    } else if ((*texts)->empty()) {
      fail({close_code::kNormal, "that was all"}, LiveEnd::limit);
    } else if (!hold_.ended()) {  // told of in the next turn
      Texts ready = *std::move(*texts);
      const bool sent = co_await write_texts(std::move(ready));
      if (!sent) break;
    }
  }
  if (ask) static_cast<void>(ask->finish());  // what comes later is dropped
  if (closing_ && !wire_->is_cut()) {
    WebSocketClose why = *closing_;
    co_await say_goodbye(std::move(why));
  }
  const bool linger = faulty_ && reader_over_ && !wire_->is_cut();
  co_await end_reader();
  metrics_.live_closed(end_);
  co_return linger;
}

/// Everything but texts that has to be said now.
asio::awaitable<WebSocketSession::Step> WebSocketSession::write_due() {
  const Time now = steady_clock::now();
  if (wire_->is_cut()) co_return Step::over;
  if (closing_) co_return Step::over;
  if (client_said_) {
    // Its own code comes back (RFC 6455 §5.5.1).
    closing_ = client_said_;
    co_return Step::over;
  }
  if (reader_over_) co_return Step::over;  // gone without a word
  if (stopping_.load(std::memory_order_relaxed)) {
    fail({close_code::kGoingAway, "the server is stopping"}, LiveEnd::stopping);
    co_return Step::over;
  }
  if (const auto end = hold_.ended()) {
    fail({close_code::kPolicy, std::string(sentence(*end))}, LiveEnd::refused);
    co_return Step::over;
  }
  if (now >= heard_at_ + kSilentPings * ping_every_) {
    metrics_.limit_hit(Limit::live_checkpoint_ms);
    fail({close_code::kPolicy, "no answer to pings"}, LiveEnd::slow);
    co_return Step::over;
  }
  if (channel_->awaits_client() && now >= subscribe_by_) {
    metrics_.limit_hit(Limit::header_ms);
    fail({close_code::kPolicy, "nothing was subscribed to in time"}, LiveEnd::refused);
    co_return Step::over;
  }
  std::string out;
  if (pong_) {
    append_frame_head(WebSocketOpcode::pong, pong_->size(), out);
    out += *std::exchange(pong_, std::nullopt);
  }
  if (now >= ping_at_) {
    append_frame_head(WebSocketOpcode::ping, 0, out);
    ping_at_ = now + ping_every_;
  }
  if (out.empty()) co_return Step::on;
  const bool sent = co_await write(std::move(out), {});
  co_return sent ? Step::on : Step::over;
}

WebSocketSession::Time WebSocketSession::next_duty() const {
  // Woken for whatever happened between the look at it and now.
  if (closing_ || client_said_ || reader_over_ || pong_) return steady_clock::now();
  Time until = std::min({ping_at_, heard_at_ + kSilentPings * ping_every_, hold_.next_look()});
  if (channel_->awaits_client()) until = std::min(until, subscribe_by_);
  return until;
}

asio::awaitable<void> WebSocketSession::read() {
  // g++ 12 traps on a co_await in the condition of a do loop.
  bool more = true;
  while (more && take_items()) more = co_await wire_->fill(kReadBytes);
}

bool WebSocketSession::take_items() {
  for (;;) {
    const std::size_t had = wire_->unread().size();
    WebSocketParser::Fed fed = parser_.feed(wire_->unread());
    wire_->use(fed.used);
    if (had > 0) heard_at_ = steady_clock::now();
    if (!spend(fed.used)) {
      fail({close_code::kPolicy, "too much, too fast: a subscriber has little to say"},
           LiveEnd::refused);
      metrics_.limit_hit(Limit::live_message_bytes);
      faulty_ = true;
    } else if (fed.failure) {
      if (fed.failure->code == close_code::kTooBig) metrics_.limit_hit(Limit::live_message_bytes);
      fail(*std::move(fed.failure), LiveEnd::protocol);
      faulty_ = true;
    } else if (fed.item) {
      take(*std::move(fed.item));
      wire_->wake();
    }
    if (faulty_ || client_said_) return false;
    if (!fed.item) return true;
  }
}

void WebSocketSession::take(WebSocketParser::Item item) {
  switch (item.kind) {
    case WebSocketParser::Kind::text:
      if (const core::Status taken = channel_->receive(item.payload); !taken) {
        fail({close_code::kPolicy, taken.error().message}, LiveEnd::refused);
        faulty_ = true;
      }
      return;
    case WebSocketParser::Kind::ping:
      pong_ = std::move(item.payload);
      return;
    case WebSocketParser::Kind::pong:
      return;
    case WebSocketParser::Kind::close:
      client_said_ = WebSocketClose{item.code == 0 ? close_code::kNormal : item.code, ""};
      return;
  }
}

/// Pings, empty fragments, one byte at a time: whatever it is made of, a flood is bytes.
bool WebSocketSession::spend(std::size_t bytes) {
  const Time now = steady_clock::now();
  if (now >= window_began_ + kWindow) {
    window_began_ = now;
    window_bytes_ = 0;
  }
  window_bytes_ += bytes;
  bytes_in_ += bytes;
  return window_bytes_ <= 2 * limits_[Limit::live_message_bytes] + kReadBytes;
}

void WebSocketSession::fail(WebSocketClose why, LiveEnd end) {
  if (closing_) return;
  closing_ = std::move(why);
  end_ = end;
  wire_->wake();
}

asio::awaitable<bool> WebSocketSession::write_texts(Texts texts) {
  std::string gathered;
  for (const std::shared_ptr<const std::string>& text : texts) {
    append_frame_head(WebSocketOpcode::text, text->size(), gathered);
    const bool large = text->size() >= kGatherBytes;
    if (!large) gathered += *text;
    if (!large && gathered.size() < kGatherBytes) continue;
    const bool sent = co_await write(std::exchange(gathered, {}),
                                     large ? std::string_view(*text) : std::string_view());
    if (!sent) co_return false;
  }
  if (gathered.empty()) co_return true;
  const bool sent = co_await write(std::move(gathered), {});
  co_return sent;
}

asio::awaitable<bool> WebSocketSession::write(std::string bytes, std::string_view more) {
  bytes_out_ += bytes.size() + more.size();
  const bool sent = co_await wire_->write(std::move(bytes), more);
  if (!sent && wire_->expired()) {
    metrics_.limit_hit(Limit::body_stall_ms);
    end_ = LiveEnd::slow;
  }
  if (!sent) closing_.reset();  // it cannot be told
  co_return sent;
}

asio::awaitable<void> WebSocketSession::say_goodbye(WebSocketClose why) {
  const bool sent = co_await write(close_frame(why), {});
  if (!sent) co_return;
  const Time until = steady_clock::now() + kGoodbye;
  while (!client_said_ && !reader_over_ && !wire_->is_cut() && steady_clock::now() < until) {
    co_await wire_->sleep_until(until);
  }
}

asio::awaitable<void> WebSocketSession::end_reader() {
  if (reader_over_) co_return;
  wire_->cut(true);  // its read fails now
  while (!reader_over_) co_await wire_->sleep_until(Time::max());
}

}  // namespace hansard::http
