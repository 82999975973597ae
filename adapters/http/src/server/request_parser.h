#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "http/limits.h"
#include "http/malformed.h"
#include "http/message.h"

namespace hansard::http {

/// Why a request cannot be read. The connection ends after the answer: where the next
/// request would begin is unknown.
struct ParseFailure {
  core::Error error;
  int status = 400;
  std::optional<Limit> limit = std::nullopt;
  std::optional<Malformed> malformed = std::nullopt;  ///< when it is no limit; counted already
};

/// Reads one HTTP/1.x request out of bytes, without a socket. The wire grammar is Beast's; what
/// is kept, and the bounds, are ours. One object per request.
class RequestParser {
 public:
  explicit RequestParser(const Limits& limits);
  ~RequestParser();
  RequestParser(const RequestParser&) = delete;
  RequestParser& operator=(const RequestParser&) = delete;

  struct Fed {
    std::size_t used = 0;  ///< bytes the caller may forget
    std::optional<ParseFailure> failure;
  };
  /// Takes what it can from the front of `bytes`, which begin where the last call stopped. Stops
  /// after the head, so that the gate sees it before the body is kept, and after the request. Not
  /// to be called again after a failure.
  Fed feed(std::string_view bytes);

  [[nodiscard]] bool head_done() const;
  [[nodiscard]] bool done() const;
  // After the head:
  /// Holds the body to `body_bytes`; without this call it may have any length. A failure when more
  /// is announced, else `feed` fails when more comes.
  std::optional<ParseFailure> limit_body(Limit limit = Limit::body_bytes);
  /// The body since the last call.
  std::string take_body();
  [[nodiscard]] bool has_body() const;
  [[nodiscard]] std::optional<std::uint64_t> content_length() const;  ///< nothing when chunked
  [[nodiscard]] bool wants_continue() const;
  [[nodiscard]] bool keep_alive() const;
  [[nodiscard]] bool http_1_0() const;

  /// Head fields and the body so far.
  Request& request();
  [[nodiscard]] const Request& request() const;

 private:
  class Sink;
  Fed read(std::string_view bytes);
  std::unique_ptr<Sink> sink_;
};

}  // namespace hansard::http
