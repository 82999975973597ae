#include "response_parser.h"

#include <boost/beast/core/error.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

#include <algorithm>
#include <utility>

#include "upstream.h"

namespace hansard::providers {

namespace beast_http = boost::beast::http;
using boost::beast::error_code;
using boost::beast::string_view;

class ResponseParser::Sink final : public beast_http::basic_parser<false> {
 public:
  explicit Sink(bool head_request) {
    eager(false);
    header_limit(kHeadBytesMax);
    body_limit(boost::none);
    skip(head_request);
  }

  core::ProviderHead head;
  std::string connection;  ///< values of `Connection`, in lower case
  std::string body;
  bool fields_done = false;
  bool wrong_coding = false;
  bool refused = false;  ///< the head is whole, and cannot be taken

 private:
  void on_request_impl(beast_http::verb /*method*/, string_view /*text*/, string_view /*target*/,
                       int /*version*/, error_code& /*ec*/) override {}
  void on_response_impl(int code, string_view /*reason*/, int /*version*/,
                        error_code& /*ec*/) override {
    head.status = code;
  }
  void on_field_impl(beast_http::field field, string_view name, string_view value,
                     error_code& /*ec*/) override {
    if (fields_done) return;  // a trailer's
    if (field == beast_http::field::connection) {
      connection += lower_case({value.data(), value.size()}) + ',';
    }
    if (field == beast_http::field::transfer_encoding) {
      // Beast takes an unknown coding for none, and would hand on the coded bytes as the body.
      wrong_coding =
          wrong_coding || has_coding_ || lower_case({value.data(), value.size()}) != "chunked";
      has_coding_ = true;
    }
    // Some hosts say their length twice; Beast has seen to it that both are the same.
    if (field == beast_http::field::content_length && std::exchange(has_length_, true)) return;
    head.fields.push_back({{name.data(), name.size()}, {value.data(), value.size()}});
  }
  void on_header_impl(error_code& /*ec*/) override { fields_done = true; }
  void on_body_init_impl(const boost::optional<std::uint64_t>& /*length*/,
                         error_code& /*ec*/) override {}
  std::size_t on_body_impl(string_view bytes, error_code& /*ec*/) override {
    body.append(bytes.data(), bytes.size());
    return bytes.size();
  }
  void on_chunk_header_impl(std::uint64_t /*size*/, string_view /*extensions*/,
                            error_code& /*ec*/) override {}
  std::size_t on_chunk_body_impl(std::uint64_t /*remain*/, string_view bytes,
                                 error_code& ec) override {
    return on_body_impl(bytes, ec);
  }
  void on_finish_impl(error_code& /*ec*/) override {}

  bool has_coding_ = false;
  bool has_length_ = false;
};

ResponseParser::ResponseParser(bool head_request) : head_request_(head_request) { restart(); }
ResponseParser::~ResponseParser() = default;

void ResponseParser::restart() {
  sink_ = std::make_unique<Sink>(head_request_);
  head_bytes_ = 0;
}

std::optional<std::string> ResponseParser::feed_one(std::string_view bytes, std::size_t& used) {
  while (!sink_->is_done() && used < bytes.size()) {
    const bool had_head = sink_->fields_done;
    error_code failed;
    const std::size_t taken =
        sink_->put(boost::asio::const_buffer(bytes.data() + used, bytes.size() - used), failed);
    used += taken;
    if (!had_head) head_bytes_ += taken;
    // Beast bounds the status line and the fields each by itself.
    if (head_bytes_ > kHeadBytesMax || failed == beast_http::error::header_limit) {
      return "a head of more than " + std::to_string(kHeadBytesMax) + " bytes";
    }
    if (failed == beast_http::error::need_more) break;
    if (failed) return failed.message();
    if (had_head || !sink_->fields_done) continue;
    sink_->refused = sink_->wrong_coding || sink_->head.status < 100;
    if (sink_->wrong_coding) return "a transfer coding other than chunked";
    if (sink_->refused) return "no status of HTTP";
  }
  return std::nullopt;
}

std::optional<std::string> ResponseParser::feed(std::string_view bytes) {
  std::string joined;
  if (!carry_.empty()) {
    joined = std::exchange(carry_, {});
    joined += bytes;
    bytes = joined;
  }
  for (;;) {
    // Beast looks at whole lines only; who speaks something else may wait for us to go on.
    constexpr std::string_view kBegin = "HTTP/1.";
    if (head_bytes_ == 0 && bytes.substr(0, kBegin.size()) != kBegin.substr(0, bytes.size())) {
      return "it does not begin as an answer";
    }
    std::size_t used = 0;
    auto wrong = feed_one(bytes, used);
    if (wrong) return wrong;
    bytes.remove_prefix(used);
    const int status = sink_->head.status;
    if (!sink_->is_done() || status / 100 != 1) break;
    if (status == 101) return "an upgrade that was not asked for";
    if (++interims_ > kInterimMax) return "too many interim answers";
    restart();
  }
  if (done()) {
    leftover_ = leftover_ || !bytes.empty();
    return std::nullopt;
  }
  if (bytes.size() > kHeadBytesMax) {
    return "more than " + std::to_string(kHeadBytesMax) + " bytes between two chunks";
  }
  carry_ = bytes;
  return std::nullopt;
}

void ResponseParser::end(bool clean) {
  if (done() || !head_done() || !sink_->need_eof() || !clean) return;
  error_code failed;  // it cannot: this is how such a body ends
  sink_->put_eof(failed);
}

bool ResponseParser::head_done() const {
  return sink_->fields_done && !sink_->refused && sink_->head.status / 100 != 1;
}
bool ResponseParser::done() const { return head_done() && sink_->is_done(); }
bool ResponseParser::keep_alive() const { return sink_->keep_alive() && !sink_->need_eof(); }

core::ProviderHead ResponseParser::take_head() {
  core::ProviderHead head = std::move(sink_->head);
  std::erase_if(head.fields, [&](const core::HttpField& field) {
    const std::string name = lower_case(field.name);
    return belongs_to_connection(name) || lists_token(sink_->connection, name);
  });
  return head;
}

std::string ResponseParser::take_body() { return std::exchange(sink_->body, {}); }

}  // namespace hansard::providers
