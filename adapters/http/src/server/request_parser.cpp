#include "server/request_parser.h"

#include <boost/beast/core/error.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

#include <algorithm>
#include <utility>

namespace hansard::http {

namespace {

namespace beast_http = boost::beast::http;
using boost::beast::error_code;
using boost::beast::string_view;
using core::Errc;

Method to_method(beast_http::verb verb) {
  switch (verb) {
    case beast_http::verb::get:
      return Method::get;
    case beast_http::verb::head:
      return Method::head;
    case beast_http::verb::post:
      return Method::post;
    case beast_http::verb::put:
      return Method::put;
    case beast_http::verb::delete_:
      return Method::del;
    case beast_http::verb::options:
      return Method::options;
    default:
      return Method::other;
  }
}

ParseFailure over(const Limits& limits, Limit limit, std::string_view field) {
  ParseFailure failure{limit_error(limits, limit), row(limit).status, limit};
  failure.error.field = field;
  return failure;
}

ParseFailure malformed_http(Malformed reason, std::string_view field, std::string_view why,
                            int status = 400) {
  return {{Errc::invalid_argument, "malformed HTTP: " + std::string(why), std::string(field)},
          status,
          {},
          reason};
}

/// The one place where Beast's errors become ours.
ParseFailure translate(const error_code& code, const Limits& limits, Limit body) {
  if (code.category() != make_error_code(beast_http::error::need_more).category()) {
    return malformed_http(Malformed::other, "", code.message());
  }
  switch (static_cast<beast_http::error>(code.value())) {
    case beast_http::error::header_limit:
      return over(limits, Limit::header_bytes, "header");
    case beast_http::error::body_limit:
      return over(limits, body, "body");
    case beast_http::error::bad_method:
      return malformed_http(Malformed::method, "method", "bad method");
    case beast_http::error::bad_target:
      return malformed_http(Malformed::target, "target", "bad request target");
    case beast_http::error::bad_version:
      return malformed_http(Malformed::version, "version", "only HTTP/1.0 and HTTP/1.1 are spoken",
                            505);
    case beast_http::error::bad_field:
    case beast_http::error::bad_value:
    case beast_http::error::bad_obs_fold:
      return malformed_http(Malformed::header, "header", code.message());
    case beast_http::error::bad_content_length:
    case beast_http::error::multiple_content_length:
      return malformed_http(Malformed::content_length, "Content-Length", code.message());
    case beast_http::error::bad_transfer_encoding:
      return malformed_http(Malformed::transfer_encoding, "Transfer-Encoding", code.message());
    case beast_http::error::bad_chunk:
    case beast_http::error::bad_chunk_extension:
      return malformed_http(Malformed::chunk, "body", code.message());
    default:
      return malformed_http(Malformed::other, "", code.message());
  }
}

/// Beast takes an unknown transfer coding for "no body", so its bytes would be read as the next
/// request; and a second framing field is how requests are smuggled past a proxy (RFC 9112 §6.1).
std::optional<ParseFailure> framing_failure(const Headers& headers, bool http_1_0) {
  const auto coding = headers.find("Transfer-Encoding");
  if (coding && (http_1_0 || headers.count("Transfer-Encoding") > 1 ||
                 headers.find("Content-Length") || !same_token(*coding, "chunked"))) {
    return malformed_http(Malformed::transfer_encoding, "Transfer-Encoding",
                          "Transfer-Encoding may only be chunked, alone");
  }
  // Beast takes the same length said twice; whoever is in front of us may take the other one.
  if (headers.count("Content-Length") > 1) {
    return malformed_http(Malformed::content_length, "Content-Length",
                          "Content-Length may be given once");
  }
  if (const auto expect = headers.find("Expect"); expect && !same_token(*expect, "100-continue")) {
    return ParseFailure{{Errc::unsupported, "the only expectation known is 100-continue", "Expect"},
                        417,
                        {},
                        Malformed::expect};
  }
  return std::nullopt;
}

}  // namespace

class RequestParser::Sink final : public beast_http::basic_parser<true> {
 public:
  explicit Sink(const Limits& of) : limits(of) {
    eager(false);
    header_limit(static_cast<std::uint32_t>(of[Limit::header_bytes]));
    body_limit(boost::none);  // the route decides, and it is not known before the head
  }

  const Limits& limits;
  Request request;
  bool fields_done = false;
  bool ten = false;
  Limit body_bound = Limit::body_bytes;
  std::optional<std::uint64_t> body_bytes_max;
  std::size_t head_bytes = 0;

 private:
  void on_request_impl(beast_http::verb verb, string_view /*method*/, string_view target,
                       int version, error_code& /*ec*/) override {
    request.method = to_method(verb);
    request.target.assign(target.data(), target.size());
    ten = version == 10;
  }
  void on_response_impl(int /*code*/, string_view /*reason*/, int /*version*/,
                        error_code& /*ec*/) override {}
  void on_field_impl(beast_http::field /*field*/, string_view name, string_view value,
                     error_code& /*ec*/) override {
    // Fields of a trailer come after the gate has judged the head: they are dropped.
    if (!fields_done) request.headers.add({name.data(), name.size()}, {value.data(), value.size()});
  }
  void on_header_impl(error_code& /*ec*/) override { fields_done = true; }
  void on_body_init_impl(const boost::optional<std::uint64_t>& length,
                         error_code& /*ec*/) override {
    // Never more than a little on the client's word alone.
    constexpr std::uint64_t kReserve = 64U << 10;
    request.body.reserve(static_cast<std::size_t>(std::min(length.value_or(0), kReserve)));
  }
  std::size_t on_body_impl(string_view bytes, error_code& ec) override {
    if (body_bytes_max && request.body.size() + bytes.size() > *body_bytes_max) {
      ec = make_error_code(beast_http::error::body_limit);
      return 0;
    }
    request.body.append(bytes.data(), bytes.size());
    return bytes.size();
  }
  void on_chunk_header_impl(std::uint64_t /*size*/, string_view /*extensions*/,
                            error_code& /*ec*/) override {}
  std::size_t on_chunk_body_impl(std::uint64_t /*remain*/, string_view bytes,
                                 error_code& ec) override {
    return on_body_impl(bytes, ec);
  }
  void on_finish_impl(error_code& /*ec*/) override {}
};

RequestParser::RequestParser(const Limits& limits) : sink_(std::make_unique<Sink>(limits)) {}
RequestParser::~RequestParser() = default;

RequestParser::Fed RequestParser::feed(std::string_view bytes) {
  Fed fed = read(bytes);
  if (fed.failure && fed.failure->malformed) count_malformed(*fed.failure->malformed);
  return fed;
}

RequestParser::Fed RequestParser::read(std::string_view bytes) {
  Fed fed;
  const bool had_head = sink_->fields_done;
  while (!sink_->is_done() && fed.used < bytes.size()) {
    error_code ec;
    const std::size_t used =
        sink_->put(boost::asio::const_buffer(bytes.data() + fed.used, bytes.size() - fed.used), ec);
    fed.used += used;
    if (!had_head) sink_->head_bytes += used;
    if (ec == beast_http::error::need_more) break;
    if (ec) {
      fed.failure = translate(ec, sink_->limits, sink_->body_bound);
      return fed;
    }
    if (!had_head && sink_->fields_done) break;
  }
  if (!had_head && sink_->fields_done) {
    if (auto bad = framing_failure(sink_->request.headers, sink_->ten)) {
      fed.failure = std::move(bad);
      return fed;
    }
  }
  // Beast bounds the request line and the fields each by itself, and only while they are
  // incomplete.
  const std::size_t unread = had_head || sink_->fields_done ? 0 : bytes.size() - fed.used;
  if (sink_->head_bytes + unread > sink_->limits[Limit::header_bytes]) {
    fed.failure = over(sink_->limits, Limit::header_bytes, "header");
  }
  return fed;
}

bool RequestParser::head_done() const { return sink_->fields_done; }
bool RequestParser::done() const { return sink_->is_done(); }
bool RequestParser::has_body() const {
  const auto length = content_length();
  return !length || *length > 0;
}
std::optional<std::uint64_t> RequestParser::content_length() const {
  if (sink_->chunked()) return std::nullopt;
  return sink_->content_length().value_or(0);
}
std::optional<ParseFailure> RequestParser::limit_body(Limit limit) {
  const std::uint64_t most = sink_->limits[limit];
  sink_->body_bound = limit;
  sink_->body_bytes_max = most;
  if (content_length().value_or(0) <= most) return std::nullopt;
  return over(sink_->limits, limit, "body");
}
std::string RequestParser::take_body() { return std::exchange(sink_->request.body, {}); }
bool RequestParser::wants_continue() const {
  const auto expect = sink_->request.headers.find("Expect");
  return expect && same_token(*expect, "100-continue");
}
bool RequestParser::keep_alive() const { return sink_->keep_alive(); }
bool RequestParser::http_1_0() const { return sink_->ten; }
Request& RequestParser::request() { return sink_->request; }
const Request& RequestParser::request() const { return sink_->request; }

}  // namespace hansard::http
