#include "server/connection.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <array>
#include <cstdio>

#include "http/malformed.h"
#include "http/problem.h"
#include "server/content_coding.h"
#include "server/websocket_session.h"

namespace hansard::http {

namespace asio = boost::asio;
using std::chrono::steady_clock;

namespace {

constexpr std::size_t kReadBytes = 8U << 10;       ///< of an idle connection's buffer
constexpr std::size_t kBodyReadBytes = 64U << 10;  ///< while a body comes in
/// A refused body this small is read, so that the connection can stay open.
constexpr std::uint64_t kSkipBytes = 64U << 10;

bool is_chunked(const Framing& framing) { return !framing.http_1_0 && !framing.length; }

}  // namespace

Connection::Connection(Shared& shared, Wire::Socket socket, std::uint64_t id, std::string peer,
                       bool local, std::unique_ptr<tls::Session> tls)
    : shared_(shared),
      id_(id),
      peer_(std::move(peer)),
      local_(local),
      secure_(tls != nullptr),
      wire_(std::make_shared<Wire>(std::move(socket), shared.limits, std::move(tls))) {
  shared_.metrics.connection_opened();
}

Connection::~Connection() {
  release_body_budget();
  shared_.metrics.connection_closed();
}

/// TLS, where the listener asks for it. False: the connection is over.
asio::awaitable<bool> Connection::greet() {
  if (!secure_) co_return true;
  wire_->guard(soon(Limit::header_ms));
  const Wire::Greeting greeting = co_await wire_->greet();
  if (greeting == Wire::Greeting::ready) co_return true;
  if (wire_->expired()) shared_.metrics.limit_hit(Limit::header_ms);
  if (greeting == Wire::Greeting::plain) {
    count_malformed(Malformed::tls);
    Response response =
        problem({core::Errc::invalid_argument,
                 "this port speaks TLS: say https:// instead of http://", "scheme"});
    response.close = true;
    const Framing framing{false, false, response.body.size()};
    const bool told = co_await write(response, false, framing);
    if (told) co_await wire_->linger();
  } else if (!wire_->is_cut() && !wire_->expired()) {
    count_malformed(Malformed::tls);
  }
  co_return false;
}

asio::awaitable<void> Connection::run() {
  const bool greeted = co_await greet();
  if (!greeted) {
    wire_->close();
    co_return;
  }
  Step step = co_await exchange(true);
  while (step == Step::next && !stopping()) step = co_await exchange(false);
  if (step == Step::linger && !stopping()) co_await wire_->linger();
  wire_->close();
}

asio::awaitable<void> Connection::refuse() {
  Response response = refused_by(Limit::connections);
  const Framing framing{false, false, response.body.size()};
  const bool greeted = co_await greet();
  if (greeted && co_await write(response, false, framing)) co_await wire_->linger();
  wire_->close();
}

asio::awaitable<Connection::Step> Connection::exchange(bool first) {
  idle_ = true;
  sent_ = 0;
  if (wire_->unread().empty()) {
    const Step step = co_await await_first_byte(first);
    if (step != Step::next) co_return step;
  }
  idle_ = false;
  Exchange current(shared_.limits);
  co_await read_request(current);
  if (current.gone) co_return Step::end;

  Request& head = current.parser.request();
  std::uint64_t bytes_in = head.body.size();
  const bool head_only = head.method == Method::head;
  Framing framing{current.parser.http_1_0(), current.keep && current.parser.keep_alive(), {}};
  current.awaits_continue = current.parser.wants_continue();
  const auto request = std::make_shared<Request>(std::move(head));
  hold_ = HoldWatch{request->hold, &shared_.clock};
  std::shared_ptr<BodyInlet> streamed_in;
  if (!current.response) {
    request->deadline = soon(Limit::handler_ms);
    if (current.admission.route->takes == Takes::lines) {
      co_await open_inlet(current);
      request->incoming = inlet_;
    }
    streamed_in = inlet_;
    const Route& route = *current.admission.route;
    if (route.takes != Takes::anything) current.response = co_await expand(request);
    if (!current.response && route.waits) {
      current.response = co_await handle_waiting(route, request);
    } else if (!current.response) {
      current.response = co_await handle(route, request);
    }
  }
  release_body_budget();
  // A streamed answer may go on together with the body; any other comes after it.
  if (inlet_ && !(current.response->stream && !wire_->is_cut())) co_await close_inlet(current);
  if (wire_->is_cut()) co_return Step::end;

  if (current.response->channel && (head_only || framing.http_1_0)) {
    current.response =
        problem({core::Errc::unsupported, "a WebSocket needs GET and HTTP/1.1"}, 426);
  }
  Response& response = *current.response;
  if (response.close || stopping() || !current.keep) framing.keep_alive = false;
  framing.length = response.stream ? response.stream_bytes : response.body.size();
  if (framing.http_1_0 && !framing.length) framing.keep_alive = false;
  if (response.channel) {
    std::uint64_t received = 0;
    const Step step = co_await converse(response, received);
    log_exchange(*request, current, received);
    co_return step;
  }
  const bool sent = co_await write(response, head_only, framing);
  if (inlet_) {
    co_await close_inlet(current);
    framing.keep_alive = framing.keep_alive && current.keep;
  }
  if (streamed_in) bytes_in = streamed_in->received();
  log_exchange(*request, current, bytes_in);
  if (!sent) co_return Step::end;
  if (framing.keep_alive) co_return Step::next;
  co_return current.unread ? Step::linger : Step::end;
}

asio::awaitable<Connection::Step> Connection::await_first_byte(bool first) {
  wire_->shrink(kReadBytes);
  wire_->guard(soon(first ? Limit::header_ms : Limit::idle_ms));
  if (co_await wire_->fill(kReadBytes)) co_return Step::next;
  if (!wire_->expired() || wire_->is_cut()) co_return Step::end;
  if (!first) {
    shared_.metrics.limit_hit(Limit::idle_ms);
    co_return Step::end;
  }
  // A connection that never said anything is told why it ends, since it may be half open.
  Response response = refused_by(Limit::header_ms);
  const Framing framing{false, false, response.body.size()};
  const bool told = co_await write(response, false, framing);
  co_return told ? Step::linger : Step::end;
}

asio::awaitable<void> Connection::read_request(Exchange& exchange) {
  RequestParser& parser = exchange.parser;
  exchange.response = co_await read_head(parser);
  Request& head = parser.request();
  head.peer = peer_;
  head.local = local_;
  head.secure = secure_;
  head.connection = id_;
  exchange.keep = !exchange.response;
  exchange.unread = !exchange.keep;
  exchange.gone = exchange.keep && !parser.head_done();
  if (exchange.gone || exchange.response) co_return;

  head.received_at = shared_.clock.now();
  exchange.admission = shared_.gate.admit(head, parser.has_body());
  if (exchange.admission.limit) shared_.metrics.limit_hit(*exchange.admission.limit);
  if (exchange.admission.key_fault) shared_.metrics.key_failed(*exchange.admission.key_fault);
  const bool refused = exchange.admission.refusal.has_value();
  const bool small = parser.content_length().value_or(kSkipBytes + 1) <= kSkipBytes;
  if (refused && !parser.done() && (!small || parser.wants_continue())) {
    exchange.keep = false;
    exchange.unread = true;
  } else if (!refused && exchange.admission.route->takes == Takes::lines) {
    co_return;  // the handler asks for it
  } else if (!parser.done()) {
    const Route* const route = exchange.admission.route;
    const bool anything = route != nullptr && route->takes == Takes::anything;
    exchange.response =
        co_await read_body(parser, anything ? Limit::gateway_body_bytes : Limit::body_bytes);
    exchange.keep = !exchange.response;
    exchange.unread = !exchange.keep;
    exchange.gone = exchange.keep && !parser.done();
  }
  if (refused && !exchange.response) exchange.response = std::move(exchange.admission.refusal);
}

asio::awaitable<std::optional<Response>> Connection::read_head(RequestParser& parser) {
  wire_->guard(soon(Limit::header_ms));
  for (;;) {
    RequestParser::Fed fed = parser.feed(wire_->unread());
    wire_->use(fed.used);
    if (fed.failure) co_return failed(*std::move(fed.failure));
    if (parser.head_done()) co_return std::nullopt;
    // One byte more than the limit is enough for the parser to see that it is exceeded.
    const std::size_t more = std::max(kReadBytes, wire_->unread().size() * 2);
    if (!(co_await wire_->fill(std::min(more, shared_.limits[Limit::header_bytes] + 1)))) {
      if (wire_->expired() && !wire_->is_cut()) co_return refused_by(Limit::header_ms);
      co_return std::nullopt;
    }
  }
}

asio::awaitable<std::optional<Response>> Connection::read_body(RequestParser& parser, Limit limit) {
  if (auto over = parser.limit_body(limit)) co_return failed(*std::move(over));
  const Time began = steady_clock::now();
  bool awaited = parser.wants_continue() && wire_->unread().empty() && !parser.http_1_0();
  for (;;) {
    RequestParser::Fed fed = parser.feed(wire_->unread());
    wire_->use(fed.used);
    if (fed.failure) co_return failed(*std::move(fed.failure));
    if (auto over = take_body_budget(parser)) co_return over;
    if (parser.done()) co_return std::nullopt;
    if (awaited) {
      awaited = false;
      const bool sent = co_await write_bytes("HTTP/1.1 100 Continue\r\n\r\n", {});
      if (!sent) co_return std::nullopt;
    }
    if (wire_->unread().size() >= kBodyReadBytes) {
      co_return failed({{core::Errc::invalid_argument,
                         "malformed HTTP: a chunk header or trailer over 64 KiB", "body"},
                        400});
    }
    const Time until = wire_->body_deadline(began, parser.request().body.size());
    const bool stalls = until >= soon(Limit::body_stall_ms) - std::chrono::milliseconds(1);
    wire_->guard(until);
    if (!(co_await wire_->fill(kBodyReadBytes))) {
      if (!wire_->expired() || wire_->is_cut()) co_return std::nullopt;
      co_return refused_by(stalls ? Limit::body_stall_ms : Limit::bytes_per_second);
    }
  }
}

asio::awaitable<Response> Connection::handle(const Route& route, RequestPtr request) {
  auto pending = wire_->make_pending<Response>();
  Responder respond([pending](Response response) { pending->complete(std::move(response)); });
  const Time until = request->deadline;
  call(route, std::move(request), std::move(respond));
  wire_->unguard();
  if (inlet_) {
    // As long as the body comes in and is asked for, its own deadlines hold.
    Time patience = Time::max();
    while (!wire_->is_cut() && pending->must_sleep() && steady_clock::now() < patience) {
      co_await wire_->sleep_until(std::min(inlet_->handler_deadline(), soon(Limit::handler_ms)));
      patience = inlet_->handler_deadline();
    }
  }
  std::optional<Response> response =
      co_await wire_->wait_for(pending, inlet_ ? steady_clock::now() : until);
  if (response) co_return *std::move(response);
  shared_.metrics.limit_hit(Limit::handler_ms);
  core::Error late = limit_error(shared_.limits, Limit::handler_ms);
  late.message += "; what it was asked to write may still be written: retry with the same ids";
  co_return problem(std::move(late), row(Limit::handler_ms).status);
}

/// Until there is an answer or nobody to give it to.
asio::awaitable<Response> Connection::handle_waiting(const Route& route,
                                                     std::shared_ptr<Request> request) {
  const auto departure = std::make_shared<Departure>();
  request->departure = departure;
  auto pending = wire_->make_pending<Response>();
  Responder respond([pending](Response response) { pending->complete(std::move(response)); });
  call(route, std::move(request), std::move(respond));
  wire_->unguard();
  wire_->watch();
  while (!wire_->hung_up() && !wire_->is_cut()) {
    co_await wire_->sleep_for(pending, Time::max());
    if (auto response = pending->poll()) {
      wire_->unwatch();
      co_return *std::move(response);
    }
  }
  if (auto late = pending->finish()) co_return *std::move(late);
  departure->happen();
  wire_->cut(false);
  co_return problem({core::Errc::cancelled, "the client went"});
}

/// Takes the content coding off the body: at once and within `body_bytes`, or as it comes.
asio::awaitable<std::optional<Response>> Connection::expand(std::shared_ptr<Request> request) {
  const auto coding = request->headers.find("Content-Encoding");
  std::unique_ptr<Expander> expander = coding ? make_expander(*coding) : nullptr;
  if (!expander) co_return std::nullopt;
  if (request->incoming) {
    request->incoming =
        expand_intake(std::move(request->incoming), std::move(expander), shared_.blocking);
    co_return std::nullopt;
  }
  if (request->body.empty()) co_return std::nullopt;
  auto pending = wire_->make_pending<core::Result<std::string>>();
  const std::uint64_t most = shared_.limits[Limit::body_bytes];
  const bool queued = shared_.blocking.try_post(
      [pending, request, most, expander = std::shared_ptr<Expander>(std::move(expander))] {
        pending->complete(expand_whole(*expander, request->body, static_cast<std::size_t>(most)));
      });
  if (!queued) {
    co_return problem({core::Errc::overloaded, "too many requests are waiting"});
  }
  wire_->unguard();
  auto expanded = co_await wire_->wait_for(pending, request->deadline);
  if (!expanded) co_return refused_by(Limit::handler_ms);
  if (!*expanded) {
    const bool too_large = expanded->error().code == core::Errc::too_large;
    if (too_large) shared_.metrics.limit_hit(Limit::body_bytes);
    co_return problem(std::move(expanded->error()));
  }
  request->body = **std::move(expanded);
  // Counted only now: until then the threads of the pool bound it, at `body_bytes` each.
  if (!charge_body(request->body.size())) co_return refused_by(Limit::bodies_bytes);
  co_return std::nullopt;
}

asio::awaitable<void> Connection::open_inlet(Exchange& exchange) {
  RequestParser& parser = exchange.parser;
  inlet_ = std::make_shared<BodyInlet>(wire_, exchange.parser_ptr, shared_.limits, shared_.metrics,
                                       shared_.bodies_bytes, hold_);
  wire_->unguard();
  if (exchange.awaits_continue && wire_->unread().empty() && !parser.http_1_0()) {
    // A failure shows when the body is read.
    const bool sent = co_await write_bytes("HTTP/1.1 100 Continue\r\n\r\n", {});
    static_cast<void>(sent);
  }
  auto ended = [wire = wire_, inlet = inlet_](const std::exception_ptr& failure) {
    if (failure) wire->cut(false);
    inlet->detach();
  };
  asio::co_spawn(wire_->executor(), inlet_->run(), std::move(ended));
}

asio::awaitable<void> Connection::close_inlet(Exchange& exchange) {
  inlet_->close();
  co_await inlet_->ended();
  inlet_ = nullptr;
  exchange.keep = exchange.keep && exchange.parser.done();
  exchange.unread = !exchange.parser.done();
}

void Connection::call(const Route& route, RequestPtr request, Responder respond) {
  if (route.runs == Runs::loop && request->body.size() <= kInlineBodyBytes) {
    try {
      route.handler(std::move(request), std::move(respond));
    } catch (const std::exception& failure) {
      // The Responder went with the stack and told the client `internal`; here is the reason.
      shared_.log.write("http", Level::error, "handler threw",
                        {{"route", route.pattern}, {"why", std::string_view(failure.what())}});
    }
    return;
  }
  // The work may outlive the server, so it keeps the table its route is in.
  const bool queued = shared_.blocking.try_post(
      [router = shared_.router, &route, request, respond] { route.handler(request, respond); });
  if (!queued) respond(problem({core::Errc::overloaded, "too many requests are waiting"}));
}

asio::awaitable<Connection::Step> Connection::converse(Response& response,
                                                       std::uint64_t& bytes_in) {
  if (!(co_await write_bytes(response_head(response, Framing{}), {}))) co_return Step::end;
  const auto session = std::make_shared<WebSocketSession>(
      wire_, std::move(response.channel), shared_.limits, shared_.metrics, shared_.stopping, hold_,
      soon(Limit::header_ms));
  endless_ = streaming_ = true;
  const bool linger = co_await session->run();
  endless_ = streaming_ = false;
  bytes_in = session->bytes_in();
  sent_ = session->bytes_out();
  co_return linger ? Step::linger : Step::end;
}

asio::awaitable<bool> Connection::write(Response& response, bool head_only, Framing framing) {
  std::string head = response_head(response, framing);
  if (head_only) co_return co_await write_bytes(std::move(head), {});
  if (!response.stream) {
    sent_ = response.body.size();
    co_return co_await write_bytes(std::move(head), response.body);
  }
  if (!(co_await write_bytes(std::move(head), {}))) co_return false;
  co_return co_await write_stream(response, framing);
}

asio::awaitable<bool> Connection::write_stream(Response& response, Framing framing) {
  endless_ = response.stream->endless();
  streaming_ = true;
  const bool whole = co_await write_pieces(response, framing);
  endless_ = streaming_ = false;
  wire_->unwatch();
  response.stream = nullptr;
  if (!whole) co_return false;
  if (!is_chunked(framing)) co_return true;
  co_return co_await write_bytes("0\r\n\r\n", {});
}

asio::awaitable<bool> Connection::write_pieces(Response& response, Framing framing) {
  while (!wire_->hung_up()) {
    auto pending = wire_->make_pending<core::Result<std::string>>();
    response.stream->next(
        [pending](core::Result<std::string> piece) { pending->complete(std::move(piece)); });
    wire_->unguard();
    if (!inlet_ || inlet_->over()) wire_->watch();  // else the inlet sees the client go
    std::optional<core::Result<std::string>> piece;
    bool goes_on = true;
    while (!piece && goes_on) {
      co_await wire_->sleep_for(pending, hold_.next_look());
      piece = pending->poll();
      goes_on =
          !wire_->hung_up() && !wire_->is_cut() && !(endless_ && stopping()) && !hold_.ended();
    }
    if (!goes_on) {
      static_cast<void>(pending->finish());
      // A body without an end of its own may end here; any other must not look whole.
      co_return endless_ && !wire_->hung_up() && !wire_->is_cut();
    }
    if (!*piece) {
      response.error = piece->error();
      co_return false;
    }
    const std::string& bytes = **piece;
    if (bytes.empty()) co_return true;
    sent_ += bytes.size();
    std::string before;
    if (is_chunked(framing)) {
      std::array<char, 20> size{};
      std::snprintf(size.data(), size.size(), "%zx\r\n", bytes.size());
      before = size.data();
    }
    if (!(co_await write_bytes(std::move(before), bytes))) co_return false;
    if (is_chunked(framing) && !(co_await write_bytes("\r\n", {}))) co_return false;
  }
  co_return false;
}

asio::awaitable<bool> Connection::write_bytes(std::string head, std::string_view body) {
  const bool sent = co_await wire_->write(std::move(head), body);
  if (!sent && wire_->expired()) shared_.metrics.limit_hit(Limit::bytes_per_second);
  co_return sent;
}

std::optional<Response> Connection::take_body_budget(const RequestParser& parser) {
  // What is here, not what was announced: a client cannot book memory by its word.
  if (charge_body(parser.request().body.size())) return std::nullopt;
  return refused_by(Limit::bodies_bytes);
}

bool Connection::charge_body(std::uint64_t held) {
  if (held <= budget_) return true;
  const std::uint64_t more = held - budget_;
  budget_ = held;
  shared_.metrics.bodies_held(static_cast<std::int64_t>(more));
  const std::uint64_t total =
      shared_.bodies_bytes.fetch_add(more, std::memory_order_relaxed) + more;
  return total <= shared_.limits[Limit::bodies_bytes];
}

void Connection::release_body_budget() {
  if (budget_ == 0) return;
  shared_.metrics.bodies_held(-static_cast<std::int64_t>(budget_));
  shared_.bodies_bytes.fetch_sub(budget_, std::memory_order_relaxed);
  budget_ = 0;
}

Response Connection::refused_by(Limit limit) {
  shared_.metrics.limit_hit(limit);
  Response response = problem(limit_error(shared_.limits, limit), row(limit).status);
  response.close = true;
  return response;
}

Response Connection::failed(ParseFailure failure) {
  if (failure.limit) shared_.metrics.limit_hit(*failure.limit);
  Response response = problem(std::move(failure.error), failure.status);
  response.close = true;
  return response;
}

void Connection::log_exchange(const Request& request, const Exchange& exchange,
                              std::uint64_t bytes_in) {
  const Response& response = *exchange.response;
  const Route* route = exchange.admission.route;
  const std::string_view pattern =
      route != nullptr ? std::string_view(route->pattern) : "unmatched";
  const auto took = steady_clock::now() - exchange.began;
  shared_.metrics.served({name(request.method), pattern, response.status, took, bytes_in, sent_});
  const bool ours = response.status >= 500;
  const Level level = ours ? Level::warn : Level::debug;
  if (!shared_.log.enabled("http", level)) return;
  // A client's mistake is told to the client; its values stay out of the log.
  const bool has_error = response.error.has_value();
  shared_.log.write(
      "http", level, "request",
      {{"method", name(request.method)},
       {"route", pattern},
       {"status", static_cast<std::int64_t>(response.status)},
       {"code", has_error ? core::traits(response.error->code).name : std::string_view("none")},
       {"why", ours && has_error ? std::string_view(response.error->message) : std::string_view()},
       {"ms", std::chrono::duration<double, std::milli>(took).count()},
       {"bytes_in", static_cast<std::int64_t>(bytes_in)},
       {"bytes_out", static_cast<std::int64_t>(sent_)},
       {"key", std::string_view(request.principal.key_name)},
       {"connection", static_cast<std::int64_t>(id_)}});
}

void Connection::stop_politely() {
  asio::post(wire_->executor(), [self = shared_from_this()] {
    if (self->idle_) self->wire_->cut(true);
    if (self->inlet_) {
      self->inlet_->stop(core::Error{core::Errc::unavailable, "the server is stopping"});
    }
    if (self->endless_) self->wire_->wake();
  });
}

void Connection::look_at_hold() {
  asio::post(wire_->executor(), [self = shared_from_this()] {
    const auto end = self->hold_.ended();
    if (!end) return;
    if (self->inlet_) self->inlet_->stop(HoldWatch::error(*end));
    if (self->streaming_) self->wire_->wake();
  });
}

void Connection::stop_hard() {
  asio::post(wire_->executor(), [self = shared_from_this()] { self->wire_->cut(false); });
}

Connection::Time Connection::soon(Limit limit) const {
  return steady_clock::now() + shared_.limits.duration(limit);
}

}  // namespace hansard::http
