#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "core/time.h"
#include "http/gate.h"
#include "http/log.h"
#include "http/metrics.h"
#include "http/pool.h"
#include "server/body_inlet.h"
#include "server/hold_watch.h"
#include "server/request_parser.h"
#include "server/response_head.h"
#include "server/wire.h"

namespace hansard::http {

/// What all connections of a server share; owned by the server, outlives them.
struct Shared {
  const Limits& limits;
  Gate& gate;
  std::shared_ptr<const Router> router;
  Pool& blocking;
  const Log& log;
  Metrics& metrics;
  const core::Clock& clock;
  std::atomic<bool> stopping = false;
  std::atomic<std::uint64_t> bodies_bytes = 0;  ///< held by all connections together
};

/// One accepted connection: reads requests, asks the gate, calls handlers, writes answers, in
/// order. Confined to its event loop, except where a member says otherwise.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  using Time = Wire::Time;

  /// @param tls  null: the listener is a plain one.
  Connection(Shared& shared, Wire::Socket socket, std::uint64_t id, std::string peer, bool local,
             std::unique_ptr<tls::Session> tls);
  ~Connection();

  /// Serves until either side ends; closes the socket. Throws only what memory or a bug throws.
  boost::asio::awaitable<void> run();
  /// Tells the client that there are too many connections, and ends.
  boost::asio::awaitable<void> refuse();

  /// The server stops: an idle connection ends now, a busy one after its request. Any thread.
  void stop_politely();
  /// Keys have ended: an answer that goes on because of one ends now. Any thread.
  void look_at_hold();
  /// Ends now, whatever is going on. Any thread.
  void stop_hard();

 private:
  enum class Step : std::uint8_t { next, end, linger };  ///< what follows an exchange

  /// One request and what became of it.
  struct Exchange {
    explicit Exchange(const Limits& limits) : parser_ptr(std::make_shared<RequestParser>(limits)) {}
    const std::shared_ptr<RequestParser> parser_ptr;  ///< also used by an inlet
    RequestParser& parser = *parser_ptr;
    Admission admission = {};
    std::optional<Response> response = {};
    Time began = std::chrono::steady_clock::now();
    bool keep = true;  ///< the connection can go on: it is known where the next request begins
    bool awaits_continue = false;  ///< the client waits for our word before it sends the body
    bool unread = false;           ///< the client may still be sending
    bool gone = false;             ///< there is nobody to answer
  };

  boost::asio::awaitable<bool> greet();
  boost::asio::awaitable<Step> exchange(bool first);
  boost::asio::awaitable<Step> await_first_byte(bool first);
  boost::asio::awaitable<void> read_request(Exchange& exchange);
  boost::asio::awaitable<std::optional<Response>> read_head(RequestParser& parser);
  boost::asio::awaitable<std::optional<Response>> read_body(RequestParser& parser, Limit limit);
  boost::asio::awaitable<Response> handle(const Route& route, RequestPtr request);
  boost::asio::awaitable<Response> handle_waiting(const Route& route,
                                                  std::shared_ptr<Request> request);
  boost::asio::awaitable<std::optional<Response>> expand(std::shared_ptr<Request> request);
  boost::asio::awaitable<void> open_inlet(Exchange& exchange);
  boost::asio::awaitable<void> close_inlet(Exchange& exchange);
  boost::asio::awaitable<Step> converse(Response& response, std::uint64_t& bytes_in);
  boost::asio::awaitable<bool> write(Response& response, bool head_only, Framing framing);
  boost::asio::awaitable<bool> write_stream(Response& response, Framing framing);
  boost::asio::awaitable<bool> write_pieces(Response& response, Framing framing);
  boost::asio::awaitable<bool> write_bytes(std::string head, std::string_view body);

  void call(const Route& route, RequestPtr request, Responder respond);
  std::optional<Response> take_body_budget(const RequestParser& parser);
  bool charge_body(std::uint64_t held);
  void release_body_budget();
  Response refused_by(Limit limit);
  Response failed(ParseFailure failure);
  void log_exchange(const Request& request, const Exchange& exchange, std::uint64_t bytes_in);
  [[nodiscard]] Time soon(Limit limit) const;
  [[nodiscard]] bool stopping() const { return shared_.stopping.load(std::memory_order_relaxed); }

  Shared& shared_;
  const std::uint64_t id_;
  const std::string peer_;
  const bool local_;
  const bool secure_;
  const std::shared_ptr<Wire> wire_;
  std::uint64_t budget_ = 0;          ///< our part of `shared_.bodies_bytes`
  std::uint64_t sent_ = 0;            ///< body bytes of the current answer
  bool idle_ = true;                  ///< between requests: may be ended politely at once
  std::shared_ptr<BodyInlet> inlet_;  ///< of a body that comes in while its handler runs
  bool endless_ = false;              ///< answering with a body that ends with the server
  bool streaming_ = false;            ///< answering piece by piece: may be woken to look around
  HoldWatch hold_;                    ///< of the current request
};

}  // namespace hansard::http
