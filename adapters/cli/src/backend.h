#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/result.h"
#include "events/json.h"
#include "http/message.h"

namespace hansard::cli {

/// One request to the engine, wherever it runs.
struct Call {
  http::Method method = http::Method::get;
  std::string target;    ///< origin form, with its query
  std::string body;      ///< JSON; empty for `get`
  std::string key = {};  ///< `Idempotency-Key`, for what has no id of its own; empty: none
};

struct Answer {
  int status = 0;
  std::string body;
};

/// Every command of the CLI is a request of the HTTP surface, answered by a server or by the same
/// handlers in this process, so that both say the same.
/// Threads: confined to one.
class Backend {
 public:
  virtual ~Backend() = default;
  /// Errors: unavailable (no answer); never for an answer that is a problem document.
  virtual core::Result<Answer> call(const Call& call) = 0;
  /// An answer whose body comes in pieces; `sink` returns false to stop.
  /// Errors: what a problem document said; unavailable (no connection, or the body was cut).
  virtual core::Status stream_call(const Call& call,
                                   const std::function<bool(std::string_view)>& sink) = 0;
  /// The same of a GET.
  core::Status stream(const std::string& target,
                      const std::function<bool(std::string_view)>& sink) {
    return stream_call(Call{http::Method::get, target, {}}, sink);
  }
  /// Where this is, for people: `http://127.0.0.1:7070`, or the data directory.
  [[nodiscard]] virtual std::string place() const = 0;
  /// Whether others may record meanwhile, so that following makes sense.
  [[nodiscard]] virtual bool live() const { return true; }
};

/// The error that a problem document tells.
core::Error error_of(const Answer& answer);

/// The JSON of a successful answer. Errors: those of `call`, the problem's, corruption (no JSON).
core::Result<events::Json> call_json(Backend& backend, const Call& call);
core::Result<events::Json> get_json(Backend& backend, const std::string& target);

/// A path and query with every part percent-encoded.
class TargetBuilder {
 public:
  TargetBuilder& segment(std::string_view text);
  TargetBuilder& query(std::string_view name, std::string_view value);
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  std::string text_;
  bool has_query_ = false;
};

/// Talks HTTP/1.1 over TCP. `url` is `http://host[:port]` or `https://host[:port]`, whose
/// certificate one of `ca_file` must vouch for (empty: of the system's). Nothing is sent before the
/// first call. Errors: invalid_argument (form; no certificates in `ca_file`).
core::Result<std::unique_ptr<Backend>> connect_url(const std::string& url, std::string project,
                                                   std::string key,
                                                   const std::string& ca_file = {});
/// The same over the unix socket of a running server.
/// Errors: not_found (no socket, or nobody behind it).
core::Result<std::unique_ptr<Backend>> connect_socket(const std::string& path, std::string project);

}  // namespace hansard::cli
