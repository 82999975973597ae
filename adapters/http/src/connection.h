#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "core/time.h"
#include "http/gate.h"
#include "http/log.h"
#include "http/metrics.h"
#include "http/pool.h"
#include "pending.h"
#include "request_parser.h"
#include "response_head.h"

namespace hansard::http {

/// What all connections of a server share; owned by the server, outlives them.
struct Shared {
  const Limits& limits;
  const Gate& gate;
  std::shared_ptr<const Router> router;
  Pool& blocking;
  const Log& log;
  Metrics& metrics;
  const core::Clock& clock;
  std::atomic<bool> stopping = false;
  std::atomic<std::uint64_t> bodies_bytes = 0;  ///< held by all connections together
};

/// One accepted connection: reads requests, asks the gate, calls handlers, writes answers, in
/// order. TCP and unix sockets share the code (generic protocol), so it is instantiated once.
/// Confined to its strand, except where a member says otherwise.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  using Socket = boost::asio::generic::stream_protocol::socket;
  using Time = std::chrono::steady_clock::time_point;

  Connection(Shared& shared, Socket socket, std::uint64_t id, std::string peer, bool local);
  ~Connection();

  /// Serves until either side ends; closes the socket. Throws only what memory or a bug throws.
  boost::asio::awaitable<void> run();
  /// Tells the client that there are too many connections, and ends.
  boost::asio::awaitable<void> refuse();

  /// The server stops: an idle connection ends now, a busy one after its request. Any thread.
  void stop_politely();
  /// Ends now, whatever is going on. Any thread.
  void stop_hard();

 private:
  enum class Step : std::uint8_t { next, end, linger };  ///< what follows an exchange

  boost::asio::awaitable<Step> exchange(bool first);
  boost::asio::awaitable<bool> await_first_byte(bool first);
  boost::asio::awaitable<std::optional<Response>> read_head(RequestParser& parser);
  boost::asio::awaitable<std::optional<Response>> read_body(RequestParser& parser);
  boost::asio::awaitable<Response> handle(const Route& route, RequestPtr request);
  boost::asio::awaitable<bool> write(Response& response, bool head_only, Framing framing);
  boost::asio::awaitable<bool> write_stream(Response& response, Framing framing);
  boost::asio::awaitable<bool> write_pieces(Response& response, Framing framing);
  boost::asio::awaitable<bool> write_bytes(std::string head, std::string_view body);
  boost::asio::awaitable<void> linger();
  template <class T>
  boost::asio::awaitable<std::optional<T>> wait_for(std::shared_ptr<Pending<T>> pending,
                                                    Time until);

  /// Reads once into `buffer_`, which gets `room` bytes at least. False: the client went, the
  /// guard expired (`expired_`), or the server stops (`cut_`).
  boost::asio::awaitable<bool> fill(std::size_t room);
  void call(const Route& route, RequestPtr request, Responder respond);
  std::optional<Response> take_body_budget(const RequestParser& parser);
  void release_body_budget();
  Response refused_by(Limit limit);
  Response failed(ParseFailure failure);
  void watch_for_hang_up();
  void log_exchange(const Request* request, const Route* route, const Response& response,
                    Time began, std::uint64_t bytes_in);

  // One timer guards every wait on the socket: `guard(t)` lets the current and later operations be
  // cancelled at `t`. It is re-armed lazily, so moving a deadline later costs nothing.
  void guard(Time until);
  void unguard();
  void sleep_until_deadline();
  void on_timer(std::uint64_t generation);
  [[nodiscard]] Time soon(Limit limit) const;
  [[nodiscard]] Time body_deadline(Time began, std::uint64_t bytes) const;

  Shared& shared_;
  Socket socket_;
  const std::uint64_t id_;
  const std::string peer_;
  const bool local_;

  std::string buffer_;  ///< bytes read and not yet used: [begin_, end_of_data_)
  std::size_t begin_ = 0;
  std::size_t end_of_data_ = 0;
  std::uint64_t budget_ = 0;  ///< our part of `shared_.bodies_bytes`
  std::uint64_t sent_ = 0;    ///< body bytes of the current answer

  boost::asio::steady_timer timer_;  ///< of `guard`
  Time deadline_ = Time::max();
  std::uint64_t generation_ = 0;
  bool timer_runs_ = false;
  bool expired_ = false;

  boost::asio::steady_timer wake_;  ///< of `wait_for`
  bool idle_ = true;                ///< between requests: may be ended politely at once
  bool endless_ = false;            ///< answering with a body that ends with the server
  bool hung_up_ = false;            ///< the client went while we were answering
  bool watching_ = false;           ///< an unanswered wait for that
  bool cut_ = false;                ///< stop_hard
};

}  // namespace hansard::http
