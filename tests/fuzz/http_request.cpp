// A connection's bytes are the same requests however the network cuts them, bodies end where their
// framing says, and no request has two readings.
#include "server/request_parser.h"

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/assert.h"
#include "target.h"

namespace {

using hansard::http::Limit;
using hansard::http::Limits;
using hansard::http::Request;
using hansard::http::RequestParser;

struct Seen {
  std::string target;
  std::string fields;
  std::string body;
  bool keep_alive;
  bool operator==(const Seen&) const = default;
};

struct Outcome {
  std::vector<Seen> requests;
  bool failed = false;
  bool within = false;  ///< the bytes end within a request
};

Limits small_limits() {
  Limits limits;
  HANSARD_ASSERT(limits.set("header_bytes", hansard::http::row(Limit::header_bytes).lowest) &&
                     limits.set("body_bytes", hansard::http::row(Limit::body_bytes).lowest),
                 "a row's lowest value may be set");
  return limits;
}
const Limits& limits() {
  static const Limits chosen = small_limits();
  return chosen;
}

Seen judge(RequestParser& parser) {
  Request& request = parser.request();
  const auto coding = request.headers.count("Transfer-Encoding");
  const auto length = request.headers.count("Content-Length");
  HANSARD_ASSERT(coding + length <= 1, "one framing");
  HANSARD_ASSERT(coding == 0 || !parser.http_1_0(), "chunks belong to HTTP/1.1");
  if (const auto told = parser.content_length()) {
    HANSARD_ASSERT(request.body.size() == *told, "a body has its length");
  }
  HANSARD_ASSERT(request.body.size() <= limits()[Limit::body_bytes], "bodies are bounded");
  Seen seen{request.target, "", request.body, parser.keep_alive()};
  std::size_t bytes = request.target.size();
  for (const auto& [name, value] : request.headers.all()) {
    bytes += name.size() + value.size();
    HANSARD_ASSERT(value.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos,
                   "no field holds a line break");
    seen.fields += name + ":" + value + "\n";
  }
  HANSARD_ASSERT(bytes <= limits()[Limit::header_bytes], "heads are bounded");
  return seen;
}

/// Reads as a connection does: the head, the limit of the route, the body, the next request.
Outcome read_all(std::string_view bytes, std::size_t step) {
  Outcome out;
  std::string unread;
  auto parser = std::make_unique<RequestParser>(limits());
  bool limited = false;
  while (!bytes.empty()) {
    unread.append(bytes.substr(0, step));
    bytes.remove_prefix(std::min(step, bytes.size()));
    for (;;) {
      const RequestParser::Fed fed = parser->feed(unread);
      HANSARD_ASSERT(fed.used <= unread.size(), "nothing is used that was not there");
      unread.erase(0, fed.used);
      out.failed = fed.failure.has_value();
      if (!out.failed && parser->head_done() && !std::exchange(limited, true)) {
        out.failed = parser->limit_body().has_value();
      }
      if (out.failed) return out;
      if (parser->done()) {
        out.requests.push_back(judge(*parser));
        if (!out.requests.back().keep_alive) return out;
        parser = std::make_unique<RequestParser>(limits());
        limited = false;
      } else if (fed.used == 0) {
        break;
      }
      if (unread.empty()) break;
    }
  }
  out.within = limited || !unread.empty();
  return out;
}

void run(std::string_view bytes) {
  const std::size_t step = 1 + hansard::fuzz::take_byte(bytes) % 32;
  const Outcome whole = read_all(bytes, bytes.size() + 1);
  const Outcome cut = read_all(bytes, step);
  HANSARD_ASSERT(whole.requests == cut.requests, "the same requests");
  // What comes in pieces is judged when its line or head is complete, which may never be.
  HANSARD_ASSERT(whole.failed == cut.failed || whole.within || cut.within, "and the same end");
}

const hansard::fuzz::Announced announced("http_request", run);

}  // namespace
