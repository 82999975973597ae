#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/result.h"

namespace hansard::core {

struct HttpField {
  std::string name;
  std::string value;
};

/// How long each part of a call may take; zero: as long as it likes.
struct ProviderDeadlines {
  std::chrono::milliseconds connect{10'000};      ///< name lookup, TCP and TLS
  std::chrono::milliseconds first_byte{600'000};  ///< last byte of the request out to the head
  std::chrono::milliseconds idle{300'000};        ///< `next` asked for to its piece
  std::chrono::milliseconds total{0};             ///< all of it
};

/// One request to a provider's API, as it goes out.
struct ProviderCall {
  std::string provider;  ///< name of a configured provider
  std::string method;
  std::string target;             ///< path and query, below the provider's base URL
  std::vector<HttpField> fields;  ///< without those that belong to a connection (`Host`, ...)
  std::string body;
  std::optional<ProviderDeadlines> deadlines;  ///< nothing: those configured for the provider
};

struct ProviderHead {
  int status = 0;
  std::vector<HttpField> fields;  ///< without those that belong to a connection
};

/// Where and why a call failed, as `Error::field` says it: `connect`, `tls`, `first_byte`, `idle`,
/// `total` (timed out), `reset` (the connection broke before the head), `truncated` (it broke
/// within the body), `protocol` (what came is no HTTP). Before anything was sent: `provider` (none
/// of that name), `key` (configured, not there, and the call brings none), `method`, `target`,
/// `fields` (HTTP cannot carry them), `connections`, `calls` (too many). At the end: `stopping`.

/// A call under way. Destroying it cancels: the connection is closed, nothing is called any more
/// once the destructor has returned (a call that is running is waited for, unless it is the one
/// that destroys: hold no lock there that a callback takes). Callbacks are let go of on a thread of
/// the provider's, perhaps a little later. Confined to one owner; calls back on that thread.
class ProviderExchange {
 public:
  virtual ~ProviderExchange() = default;
  /// The next bytes of the body as soon as there are any, at most 64 KiB, as they came (content
  /// coding and all, transfer coding undone); empty at the end. Nothing more is read from the
  /// network before it is asked for. @pre the head has come, and no other `next` is waiting.
  /// Errors: timed_out, unavailable, cancelled, each with the field above; and again when asked
  /// again.
  virtual void next(std::function<void(Result<std::string>)> done) = 0;
};

/// Calls out to the HTTP APIs of models.
/// Threads: safe to call concurrently.
class ModelProvider {
 public:
  virtual ~ModelProvider() = default;
  /// Sends `call`; `head` is told once, on a thread of the provider's, and may already call `next`.
  /// It may be told before `start` has returned: who calls `next` in it sees to that.
  /// Errors: not_found (no such provider), invalid_argument, too_large, unauthenticated,
  /// overloaded, timed_out, unavailable, cancelled (the provider stops), with the field above.
  /// Never blocks.
  [[nodiscard]] virtual std::unique_ptr<ProviderExchange> start(
      ProviderCall call, std::function<void(Result<ProviderHead>)> head) = 0;
  /// What `provider` is sent beside the fields of a call, keys of ours among it: it may repeat
  /// them, and nobody should write that down.
  [[nodiscard]] virtual std::vector<HttpField> added_fields(const std::string& /*provider*/) const {
    return {};
  }
};

}  // namespace hansard::core
