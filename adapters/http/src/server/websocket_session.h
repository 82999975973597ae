#pragma once

#include <boost/asio/awaitable.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "http/message.h"
#include "http/metrics.h"
#include "server/hold_watch.h"
#include "server/websocket_parser.h"
#include "server/wire.h"

namespace hansard::http {

/// A WebSocket connection after its handshake: reads the client's messages into a channel, writes
/// what the channel has, answers pings, sends its own, closes in order. Confined to the wire's
/// loop.
class WebSocketSession : public std::enable_shared_from_this<WebSocketSession> {
 public:
  /// References outlive the session. @param subscribe_by  when the channel must know what the
  /// client wants.
  WebSocketSession(std::shared_ptr<Wire> wire, std::unique_ptr<MessageChannel> channel,
                   const Limits& limits, Metrics& metrics, const std::atomic<bool>& stopping,
                   HoldWatch hold, Wire::Time subscribe_by);

  /// Until either side ends. True: the close was sent because of the client's fault, and it may
  /// still be sending, so the wire should linger.
  boost::asio::awaitable<bool> run();
  [[nodiscard]] std::uint64_t bytes_in() const { return bytes_in_; }
  [[nodiscard]] std::uint64_t bytes_out() const { return bytes_out_; }

 private:
  using Time = Wire::Time;
  using Texts = MessageChannel::Texts;
  using Ask = std::shared_ptr<Pending<core::Result<Texts>>>;
  enum class Step : std::uint8_t { on, over };

  boost::asio::awaitable<void> read();
  /// False: reading is over.
  bool take_items();
  void take(WebSocketParser::Item item);
  bool spend(std::size_t bytes);
  void fail(WebSocketClose why, Metrics::LiveEnd end);

  boost::asio::awaitable<Step> write_due();
  boost::asio::awaitable<bool> write_texts(Texts texts);
  boost::asio::awaitable<bool> write(std::string bytes, std::string_view more);
  boost::asio::awaitable<void> say_goodbye(WebSocketClose why);
  boost::asio::awaitable<void> end_reader();
  [[nodiscard]] Time next_duty() const;

  const std::shared_ptr<Wire> wire_;
  const std::unique_ptr<MessageChannel> channel_;
  const Limits& limits_;
  Metrics& metrics_;
  const std::atomic<bool>& stopping_;
  const HoldWatch hold_;
  const Time subscribe_by_;
  const std::chrono::milliseconds ping_every_;

  WebSocketParser parser_;
  Time window_began_;
  std::uint64_t window_bytes_ = 0;
  Time heard_at_;
  Time ping_at_;
  std::optional<std::string> pong_;            ///< owed; a newer ping's takes its place
  std::optional<WebSocketClose> closing_;      ///< what we say at the end
  std::optional<WebSocketClose> client_said_;  ///< its close frame
  bool reader_over_ = false;
  bool faulty_ = false;  ///< the client's fault
  Metrics::LiveEnd end_ = Metrics::LiveEnd::client;
  std::uint64_t bytes_in_ = 0;
  std::uint64_t bytes_out_ = 0;
};

}  // namespace hansard::http
