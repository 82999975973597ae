#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/ids.h"
#include "core/result.h"
#include "core/time.h"
#include "http/scope.h"

/// Requests and responses as handlers see them: plain values, no Beast and no Asio, so that a
/// handler compiles in a second and is tested without a socket.
namespace hansard::http {

enum class Method : std::uint8_t { get, head, post, put, del, options, other };

/// `GET`; `other` is `?`.
std::string_view name(Method method);

/// Header fields in arrival order; names compare without regard to case. Caller synchronises.
class Headers {
 public:
  void add(std::string name, std::string value);
  /// Replaces every field of that name.
  void set(std::string_view name, std::string value);
  /// The first field of that name.
  [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const;
  [[nodiscard]] std::size_t count(std::string_view name) const;
  [[nodiscard]] const std::vector<std::pair<std::string, std::string>>& all() const {
    return fields_;
  }

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

/// ASCII case-insensitive equality, as header names and tokens compare.
bool same_token(std::string_view a, std::string_view b);

class BodyIntake;
class Hold;

/// Told once when the client of a request goes before its answer; of routes that wait.
/// Thread-safe.
class Departure {
 public:
  /// Calls `then` when the client goes, at once if it has gone; on the connection's thread, and not
  /// after an answer was given.
  void then(std::function<void()> call);
  void happen();

 private:
  std::mutex mutex_;
  bool happened_ = false;
  std::function<void()> call_;
};

using NameValues = std::vector<std::pair<std::string, std::string>>;

/// One request, complete with its body, unless its route takes lines. Immutable once a handler sees
/// it.
struct Request {
  Method method = Method::other;
  std::string target;                 ///< as sent; cleared of a key before anything may log it
  std::vector<std::string> segments;  ///< of the path, percent-decoded, UTF-8; `/` has none
  NameValues query;                   ///< decoded, in order, repeated names kept
  NameValues params;                  ///< values of the route's `{...}` segments
  Headers headers;
  std::string body;
  std::shared_ptr<BodyIntake> incoming;  ///< of a route that takes lines: instead of `body`
  std::shared_ptr<Departure> departure;  ///< of a route that waits

  std::string peer;     ///< address, or `local` on the unix socket; for logs of refusals only
  bool local = false;   ///< came over the unix socket: the file's mode is the key
  bool secure = false;  ///< came over TLS
  std::uint64_t connection = 0;
  Principal principal;
  std::shared_ptr<const Hold> hold;  ///< what it was admitted by; null: the unix socket, or nobody
  core::Timestamp received_at;       ///< the edge's clock, when the head was complete
  std::chrono::steady_clock::time_point deadline;  ///< the handler must have answered by then

  /// Value of `{name}` in the route's pattern. @pre the pattern has it.
  [[nodiscard]] const std::string& param(std::string_view name) const;
  /// The first query parameter of that name.
  [[nodiscard]] std::optional<std::string_view> parameter(std::string_view name) const;
};

using RequestPtr = std::shared_ptr<const Request>;

/// A body produced piece by piece, at the pace of the client. Destroyed when the body ended or the
/// client went; a late answer to `next` is then ignored.
class BodySource {
 public:
  virtual ~BodySource() = default;
  /// Asks for the next piece; never asked again before it answered. `done` is called once, on any
  /// thread: bytes; nothing at the end; or an error, which breaks the connection off, so that a
  /// cut body cannot be taken for a whole one.
  virtual void next(std::function<void(core::Result<std::string>)> done) = 0;
  /// True when the body ends only with the client or the server (`follow`): a server that stops
  /// then ends it between two pieces.
  [[nodiscard]] virtual bool endless() const { return false; }
};

/// A request's body that comes in while its handler runs, at the pace at which it is asked for.
/// Threads: safe to call concurrently; may be used when the client has gone.
/// Errors of `next`: timed_out (the client is too slow), cancelled (it went), invalid_argument
/// (broken framing), unavailable (the server stops). Nothing comes after one.
class BodyIntake : public BodySource {
 public:
  /// Says how many bytes of the body the handler holds now; they count against `bodies_bytes`.
  /// False: they are too many, and the handler should end.
  virtual bool hold(std::uint64_t bytes) = 0;
};

/// Our side of a WebSocket conversation; the connection drives it. Destroyed when that ended.
class MessageChannel {
 public:
  virtual ~MessageChannel() = default;
  using Texts = std::vector<std::shared_ptr<const std::string>>;
  /// Asks for the next messages to send; never asked again before it answered. `done` is called
  /// once, on any thread: messages; none at the end (the client is told 1000); or an error (1011).
  virtual void next(std::function<void(core::Result<Texts>)> done) = 0;
  /// A message of the client, UTF-8, on the connection's thread; must not block. An error closes
  /// the connection (1008), its message is the reason.
  virtual core::Status receive(std::string_view text) = 0;
  /// True while nothing can be sent before the client said what it wants.
  [[nodiscard]] virtual bool awaits_client() const = 0;
};

struct Response {
  int status = 200;
  Headers headers;
  std::string body;
  std::unique_ptr<BodySource> stream = nullptr;              ///< instead of `body`
  std::optional<std::uint64_t> stream_bytes = std::nullopt;  ///< of all of `stream`, where known
  std::unique_ptr<MessageChannel> channel = nullptr;         ///< with 101: go on as a WebSocket
  bool close = false;                                        ///< end the connection after it
  std::optional<core::Error> error = std::nullopt;  ///< what a problem document tells; for the log
};

/// Answers one request, once, from any thread; copies share the answer. When every copy is gone
/// without an answer the client is told `internal`: a lost request must not hang.
class Responder {
 public:
  explicit Responder(std::function<void(Response)> answer);
  void operator()(Response response) const;

 private:
  struct Shared;
  std::shared_ptr<Shared> shared_;
};

}  // namespace hansard::http
