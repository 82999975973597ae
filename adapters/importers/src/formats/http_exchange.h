#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "core/time.h"
#include "events/json.h"

namespace hansard::importers {

/// One request over HTTP and what came back, however a file writes it. A value.
struct HttpExchange {
  std::string method;
  std::string host;   ///< without its port; empty where the source has none
  std::string path;   ///< without its query, which may hold a key
  std::string scope;  ///< of exchanges that may belong together; empty: all of the file
  std::optional<std::string> session;  ///< the source's name of the conversation
  std::optional<std::string> user;
  std::optional<std::string> provider;
  std::string request;                  ///< body
  std::optional<std::uint64_t> status;  ///< absent: nothing came back
  std::string content_type;             ///< of the answer
  std::string answer;                   ///< body, decoded
  bool retry = false;                   ///< the client says that it has asked before
  std::optional<core::Timestamp> asked_at;
  std::optional<core::Timestamp> answered_at;
  std::optional<std::uint64_t> latency_us;
  std::vector<std::string> secrets;  ///< keys in the request, to be taken out of what echoes them
  /// What else the source says of it. Header fields are not in it: they hold keys and cookies.
  events::Json::Object rest;
};

/// Reads one exchange of any of these forms:
///   {"method","url","request_headers","request_body","status","response_headers","response_body"}
///   {"request":{"method","url","headers","body"},"response":{"status","headers","body"}}
///   an entry of a HAR file (`postData`, `content`)
/// A body is a text, or JSON as it stands. Header fields are an object, or a list of {name, value}.
/// Besides, all optional: `target` (path and query) and `host` instead of `url`, `session`, `user`,
/// `provider`, `started_at` (RFC 3339, or seconds since 1970), `duration_ms`, and, beside `target`,
/// `path`: the recording that the exchange was cut from. An answer without a time has that of its
/// header `Date`.
/// Errors: invalid_argument naming the field.
core::Result<HttpExchange> read_http_exchange(const events::Json& record);

bool is_http_exchange(const events::Json& record);

/// The time of a header field (RFC 9110, 5.6.7: `Sun, 06 Nov 1994 08:49:37 GMT`).
std::optional<core::Timestamp> http_date(std::string_view text);

/// Takes the texts out of a value.
void redact(events::Json& value, const std::vector<std::string>& secrets);

}  // namespace hansard::importers
