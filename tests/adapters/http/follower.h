#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "api_contract.h"
#include "events/json.h"
#include "raw_client.h"

namespace hansard::http::testing {

/// Reads a followed body as it comes: chunks joined, cut into frames. Each is held against what
/// `GET /openapi.json` promises of the route.
class Follower {
 public:
  Follower(std::uint16_t port, const std::string& request)
      : contract_(ApiContract::served_by(port)), client_(port) {
    const std::size_t begin = request.find(' ') + 1;
    target_ = request.substr(begin, request.find(' ', begin) - begin);
    client_.send(request);
  }

  /// Head of the answer.
  const std::string& head() {
    if (head_.empty()) head_ = client_.read_until("\r\n\r\n");
    return head_;
  }
  /// The next line (NDJSON), parsed; null when none came in time.
  events::Json frame() {
    const std::string text = line();
    auto parsed = events::parse_json(text);
    EXPECT_TRUE(parsed) << "'" << text << "'";
    return parsed ? *std::move(parsed) : events::Json();
  }
  std::string line() { return text("\n"); }
  /// The next server-sent event, whole.
  std::string sse() { return text("\n\n"); }
  /// True when the body ended as it should.
  bool ended() {
    while (chunk()) {
    }
    return last_;
  }
  RawClient& client() { return client_; }

 private:
  std::string text(std::string_view end) {
    for (;;) {
      const std::size_t at = body_.find(end);
      if (at != std::string::npos) {
        std::string out = body_.substr(0, at);
        body_.erase(0, at + end.size());
        const bool lines = head_.find("application/x-ndjson") != std::string::npos;
        const auto broken = contract_.broken(
            "get", target_, 200, lines ? "application/x-ndjson" : "text/event-stream", out);
        EXPECT_FALSE(broken) << broken.value_or("") << "\n" << out;
        return out;
      }
      if (!chunk()) return {};
    }
  }
  bool chunk() {
    head();
    const std::string size = client_.read_until("\r\n");
    if (size.empty()) return false;
    const std::size_t bytes = std::stoul(size, nullptr, 16);
    last_ = bytes == 0;
    if (last_) return false;
    body_ += client_.read_exactly(bytes + 2).substr(0, bytes);
    return true;
  }

  const ApiContract& contract_;
  std::string target_;
  RawClient client_;
  std::string head_;
  std::string body_;
  bool last_ = false;
};

}  // namespace hansard::http::testing
