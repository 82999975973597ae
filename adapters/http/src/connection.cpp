#include "connection.h"

#include <boost/asio/buffer.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "http/problem.h"

namespace hansard::http {

namespace asio = boost::asio;
using boost::system::error_code;
using std::chrono::steady_clock;

namespace {

constexpr std::size_t kReadBytes = 8U << 10;       ///< of an idle connection's buffer
constexpr std::size_t kBodyReadBytes = 64U << 10;  ///< while a body comes in
constexpr std::uint64_t kSkipBytes = 64U
                                     << 10;  ///< a refused body this small is read, to stay open
constexpr std::chrono::milliseconds kLinger{2000};

}  // namespace

Connection::Connection(Shared& shared, Socket socket, std::uint64_t id, std::string peer,
                       bool local)
    : shared_(shared),
      socket_(std::move(socket)),
      id_(id),
      peer_(std::move(peer)),
      local_(local),
      timer_(socket_.get_executor()),
      wake_(socket_.get_executor()) {
  shared_.metrics.connection_opened();
}

Connection::~Connection() {
  release_body_budget();
  shared_.metrics.connection_closed();
}

asio::awaitable<void> Connection::run() {
  Step step = co_await exchange(true);
  while (step == Step::next && !shared_.stopping.load(std::memory_order_relaxed)) {
    step = co_await exchange(false);
  }
  if (step == Step::linger) co_await linger();
  unguard();
  timer_.cancel();
  error_code ignored;
  socket_.close(ignored);
}

asio::awaitable<void> Connection::refuse() {
  Response response = refused_by(Limit::connections);
  const Framing framing{false, false, response.body.size()};
  if (co_await write(response, false, framing)) co_await linger();
  timer_.cancel();
  error_code ignored;
  socket_.close(ignored);
}

asio::awaitable<Connection::Step> Connection::exchange(bool first) {
  idle_ = true;
  hung_up_ = false;
  sent_ = 0;
  if (begin_ == end_of_data_ && !(co_await await_first_byte(first))) {
    if (!first || !expired_ || cut_) co_return Step::end;
    // A connection that never said anything is told why it ends, since it may be half open.
    Response response = refused_by(Limit::header_ms);
    const Framing framing{false, false, response.body.size()};
    static_cast<void>(co_await write(response, false, framing));
    co_return Step::linger;
  }
  idle_ = false;
  const Time began = steady_clock::now();

  RequestParser parser(shared_.limits);
  Admission admission;
  bool keep = true;
  bool body_unread = false;
  std::optional<Response> response = co_await read_head(parser);
  if (!response && !parser.head_done()) co_return Step::end;  // the client went
  Request& head = parser.request();
  head.peer = peer_;
  head.local = local_;
  head.connection = id_;
  if (response) {
    keep = false;
    body_unread = true;
  } else {
    head.received_at = shared_.clock.now();
    admission = shared_.gate.admit(head, parser.has_body());
    if (admission.limit) shared_.metrics.limit_hit(*admission.limit);
    const bool small = parser.content_length().value_or(kSkipBytes + 1) <= kSkipBytes;
    if (admission.refusal && (!small || parser.wants_continue()) && parser.has_body()) {
      response = std::move(admission.refusal);
      body_unread = true;
      keep = false;
    } else if (!parser.done()) {
      response = co_await read_body(parser);
      if (response) {
        body_unread = true;
        keep = false;
      } else if (!parser.done()) {
        co_return Step::end;
      }
    }
  }
  const std::uint64_t bytes_in = head.body.size();
  const bool head_only = head.method == Method::head;
  Framing framing{parser.http_1_0(), keep && parser.keep_alive(), std::nullopt};
  const auto request = std::make_shared<Request>(std::move(head));
  if (!response && admission.refusal) {
    response = std::move(admission.refusal);
  } else if (!response) {
    request->deadline = soon(Limit::handler_ms);
    response = co_await handle(*admission.route, request);
  }
  release_body_budget();
  if (cut_) co_return Step::end;
  if (response->close || shared_.stopping.load(std::memory_order_relaxed)) {
    framing.keep_alive = false;
  }
  if (!response->stream) framing.length = response->body.size();
  if (framing.http_1_0 && response->stream) framing.keep_alive = false;
  const bool sent = co_await write(*response, head_only, framing);
  log_exchange(request.get(), admission.route, *response, began, bytes_in);
  if (!sent) co_return Step::end;
  if (framing.keep_alive) co_return Step::next;
  co_return body_unread ? Step::linger : Step::end;
}

asio::awaitable<bool> Connection::await_first_byte(bool first) {
  begin_ = end_of_data_ = 0;
  buffer_.resize(kReadBytes);  // an idle connection keeps no more than this
  buffer_.shrink_to_fit();
  guard(soon(first ? Limit::header_ms : Limit::idle_ms));
  const bool got = co_await fill(kReadBytes);
  if (!got && expired_) shared_.metrics.limit_hit(first ? Limit::header_ms : Limit::idle_ms);
  co_return got;
}

asio::awaitable<std::optional<Response>> Connection::read_head(RequestParser& parser) {
  guard(soon(Limit::header_ms));
  for (;;) {
    RequestParser::Fed fed =
        parser.feed(std::string_view(buffer_).substr(begin_, end_of_data_ - begin_));
    begin_ += fed.used;
    if (fed.failure) co_return failed(*std::move(fed.failure));
    if (parser.head_done()) co_return std::nullopt;
    // One byte more than the limit is enough for the parser to see that it is exceeded.
    const std::size_t more = std::max(kReadBytes, (end_of_data_ - begin_) * 2);
    if (!(co_await fill(std::min(more, shared_.limits[Limit::header_bytes] + 1)))) {
      if (expired_ && !cut_) co_return refused_by(Limit::header_ms);
      co_return std::nullopt;
    }
  }
}

asio::awaitable<std::optional<Response>> Connection::read_body(RequestParser& parser) {
  const Time began = steady_clock::now();
  if (parser.wants_continue() && begin_ == end_of_data_ && !parser.http_1_0()) {
    if (!(co_await write_bytes("HTTP/1.1 100 Continue\r\n\r\n", {}))) co_return std::nullopt;
  }
  for (;;) {
    RequestParser::Fed fed =
        parser.feed(std::string_view(buffer_).substr(begin_, end_of_data_ - begin_));
    begin_ += fed.used;
    if (fed.failure) co_return failed(*std::move(fed.failure));
    if (auto over = take_body_budget(parser)) co_return over;
    if (parser.done()) co_return std::nullopt;
    if (end_of_data_ - begin_ >= kBodyReadBytes) {
      co_return failed({{core::Errc::invalid_argument,
                         "malformed HTTP: a chunk header or trailer over 64 KiB", "body"},
                        400});
    }
    // Judged by bytes of the body, so that padding a body with empty chunks buys no time.
    guard(std::min(soon(Limit::body_stall_ms), body_deadline(began, parser.request().body.size())));
    const bool stalls = deadline_ < body_deadline(began, parser.request().body.size());
    if (!(co_await fill(kBodyReadBytes))) {
      if (!expired_ || cut_) co_return std::nullopt;
      co_return refused_by(stalls ? Limit::body_stall_ms : Limit::bytes_per_second);
    }
  }
}

asio::awaitable<Response> Connection::handle(const Route& route, RequestPtr request) {
  auto pending = std::make_shared<Pending<Response>>(wake_);
  Responder respond([pending](Response response) { pending->complete(std::move(response)); });
  const Time until = request->deadline;
  call(route, std::move(request), std::move(respond));
  unguard();
  std::optional<Response> response = co_await wait_for(pending, until);
  if (response) co_return *std::move(response);
  shared_.metrics.limit_hit(Limit::handler_ms);
  core::Error late = limit_error(shared_.limits, Limit::handler_ms);
  late.message += "; what it was asked to write may still be written: retry with the same ids";
  co_return problem(std::move(late), row(Limit::handler_ms).status);
}

void Connection::call(const Route& route, RequestPtr request, Responder respond) {
  const bool inline_call = route.runs == Runs::loop && request->body.size() <= kInlineBodyBytes;
  if (inline_call) {
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

template <class T>
asio::awaitable<std::optional<T>> Connection::wait_for(std::shared_ptr<Pending<T>> pending,
                                                       Time until) {
  if (!cut_ && pending->must_sleep()) {
    error_code woken;
    wake_.expires_at(until);
    co_await wake_.async_wait(asio::redirect_error(asio::use_awaitable, woken));
  }
  co_return pending->finish();
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
  const bool whole = co_await write_pieces(response, framing);
  endless_ = false;
  if (watching_) {
    // Nothing else waits on the socket now; the watch must not see the next request.
    error_code ignored;
    socket_.cancel(ignored);
  }
  response.stream = nullptr;
  if (!whole) co_return false;
  if (framing.http_1_0) co_return true;
  co_return co_await write_bytes("0\r\n\r\n", {});
}

asio::awaitable<bool> Connection::write_pieces(Response& response, Framing framing) {
  while (!hung_up_) {
    if (endless_ && shared_.stopping.load(std::memory_order_relaxed)) co_return true;
    auto pending = std::make_shared<Pending<core::Result<std::string>>>(wake_);
    response.stream->next(
        [pending](core::Result<std::string> piece) { pending->complete(std::move(piece)); });
    unguard();
    watch_for_hang_up();
    std::optional<core::Result<std::string>> piece = co_await wait_for(pending, Time::max());
    if (hung_up_ || cut_) co_return false;
    if (!piece) continue;  // woken to look at `stopping`
    if (!*piece) {
      response.error = piece->error();
      co_return false;
    }
    const std::string& bytes = **piece;
    if (bytes.empty()) co_return true;
    sent_ += bytes.size();
    std::string before;
    if (!framing.http_1_0) {
      std::array<char, 20> size{};
      std::snprintf(size.data(), size.size(), "%zx\r\n", bytes.size());
      before = size.data();
    }
    if (!(co_await write_bytes(std::move(before), bytes))) co_return false;
    if (!framing.http_1_0 && !(co_await write_bytes("\r\n", {}))) co_return false;
  }
  co_return false;
}

asio::awaitable<bool> Connection::write_bytes(std::string head, std::string_view body) {
  const Time began = steady_clock::now();
  std::size_t written = 0;
  while (written < head.size() + body.size()) {
    const std::string_view rest_of_head =
        std::string_view(head).substr(std::min(written, head.size()));
    const std::string_view rest_of_body =
        body.substr(written > head.size() ? written - head.size() : 0);
    const std::array<asio::const_buffer, 2> buffers{
        asio::const_buffer(rest_of_head.data(), rest_of_head.size()),
        asio::const_buffer(rest_of_body.data(), rest_of_body.size())};
    guard(std::min(soon(Limit::body_stall_ms), body_deadline(began, written)));
    error_code failed;
    written += co_await socket_.async_write_some(buffers,
                                                 asio::redirect_error(asio::use_awaitable, failed));
    if (failed) {
      if (expired_) shared_.metrics.limit_hit(Limit::bytes_per_second);
      co_return false;
    }
  }
  unguard();
  co_return true;
}

asio::awaitable<void> Connection::linger() {
  // Closing with unread bytes makes the kernel reset the connection, and the client loses the
  // answer that explains why. So its remaining bytes are read for a moment, and thrown away.
  error_code ignored;
  socket_.shutdown(Socket::shutdown_send, ignored);
  guard(steady_clock::now() + kLinger);
  do {
    begin_ = end_of_data_ = 0;
  } while (!cut_ && !shared_.stopping.load(std::memory_order_relaxed) &&
           co_await fill(kBodyReadBytes));
}

asio::awaitable<bool> Connection::fill(std::size_t room) {
  if (begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_of_data_ - begin_);
    end_of_data_ -= begin_;
    begin_ = 0;
  }
  if (buffer_.size() < std::max(room, end_of_data_ + 1)) {
    buffer_.resize(std::max(room, end_of_data_ + 1));
  }
  error_code failed;
  const std::size_t got = co_await socket_.async_read_some(
      asio::buffer(buffer_.data() + end_of_data_, buffer_.size() - end_of_data_),
      asio::redirect_error(asio::use_awaitable, failed));
  end_of_data_ += got;
  // The guard may expire when the bytes are here already and the cancel finds nothing to cancel; if
  // that were overlooked, the next read would wait without a guard.
  co_return !failed && !cut_ && !expired_;
}

std::optional<Response> Connection::take_body_budget(const RequestParser& parser) {
  // What is here, not what was announced: a client cannot book memory by its word.
  const std::uint64_t held = parser.request().body.size();
  const std::uint64_t more = held - budget_;
  if (more == 0) return std::nullopt;
  budget_ = held;
  shared_.metrics.bodies_held(static_cast<std::int64_t>(more));
  const std::uint64_t total =
      shared_.bodies_bytes.fetch_add(more, std::memory_order_relaxed) + more;
  if (total <= shared_.limits[Limit::bodies_bytes]) return std::nullopt;
  return refused_by(Limit::bodies_bytes);
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

void Connection::watch_for_hang_up() {
  if (watching_) return;
  watching_ = true;
  socket_.async_wait(Socket::wait_read, [self = shared_from_this()](error_code failed) {
    self->watching_ = false;
    if (failed) return;
    char byte = 0;
    const auto got =
        ::recv(self->socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);  // NOLINT
    if (got > 0) return;  // the next request, sent early; it waits its turn
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
      return self->watch_for_hang_up();  // spurious
    self->hung_up_ = true;
    self->wake_.cancel();
  });
}

void Connection::log_exchange(const Request* request, const Route* route, const Response& response,
                              Time began, std::uint64_t bytes_in) {
  const std::string_view pattern =
      route != nullptr ? std::string_view(route->pattern) : "unmatched";
  const auto took = steady_clock::now() - began;
  shared_.metrics.served({name(request->method), pattern, response.status, took, bytes_in, sent_});
  const bool ours = response.status >= 500;
  const Level level = ours ? Level::warn : Level::debug;
  if (!shared_.log.enabled("http", level)) return;
  const std::string_view code =
      response.error ? core::traits(response.error->code).name : std::string_view("none");
  // A client's mistake is told to the client; its values stay out of the log.
  const std::string_view why =
      ours && response.error ? std::string_view(response.error->message) : std::string_view();
  shared_.log.write("http", level, "request",
                    {{"method", name(request->method)},
                     {"route", pattern},
                     {"status", static_cast<std::int64_t>(response.status)},
                     {"code", code},
                     {"why", why},
                     {"ms", std::chrono::duration<double, std::milli>(took).count()},
                     {"bytes_in", static_cast<std::int64_t>(bytes_in)},
                     {"bytes_out", static_cast<std::int64_t>(sent_)},
                     {"key", std::string_view(request->principal.key_name)},
                     {"connection", static_cast<std::int64_t>(id_)}});
}

void Connection::stop_politely() {
  asio::post(socket_.get_executor(), [self = shared_from_this()] {
    if (self->idle_) {
      self->cut_ = true;
      error_code ignored;
      self->socket_.cancel(ignored);
    }
    if (self->endless_) self->wake_.cancel();
  });
}

void Connection::stop_hard() {
  asio::post(socket_.get_executor(), [self = shared_from_this()] {
    self->cut_ = true;
    error_code ignored;
    self->socket_.close(ignored);
    self->wake_.cancel();
  });
}

void Connection::guard(Time until) {
  deadline_ = until;
  expired_ = false;
  if (!timer_runs_ || until < timer_.expiry()) sleep_until_deadline();
}

void Connection::unguard() { deadline_ = Time::max(); }

void Connection::sleep_until_deadline() {
  timer_runs_ = true;
  timer_.expires_at(deadline_);
  timer_.async_wait([self = shared_from_this(), generation = ++generation_](error_code cancelled) {
    if (!cancelled) self->on_timer(generation);
  });
}

void Connection::on_timer(std::uint64_t generation) {
  if (generation != generation_) return;  // superseded while this was queued
  timer_runs_ = false;
  if (deadline_ == Time::max()) return;
  if (steady_clock::now() < deadline_) {
    sleep_until_deadline();
    return;
  }
  expired_ = true;
  error_code ignored;
  socket_.cancel(ignored);
}

Connection::Time Connection::soon(Limit limit) const {
  return steady_clock::now() + shared_.limits.duration(limit);
}

Connection::Time Connection::body_deadline(Time began, std::uint64_t bytes) const {
  return began + shared_.limits.duration(Limit::body_grace_ms) +
         std::chrono::milliseconds(bytes * 1000 / shared_.limits[Limit::bytes_per_second]);
}

}  // namespace hansard::http
