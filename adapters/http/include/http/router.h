#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/message.h"

namespace hansard::http {

/// Handles a request: answers through `respond`, now or later, from any thread. It must not block
/// on the event loop; `Runs::pool` says that it does block.
using Handler = std::function<void(RequestPtr request, Responder respond)>;

/// Where a handler is called.
enum class Runs : std::uint8_t {
  loop,  ///< on the connection's thread (bodies over kInlineBodyBytes: on the pool); never blocks
  pool   ///< on the bounded pool; past its bound the client is told `overloaded`
};
/// Parsing more than this would hold up the neighbours of the event loop (about 0.1 ms).
inline constexpr std::size_t kInlineBodyBytes = 64U << 10;

/// What a request to the route may carry.
enum class Takes : std::uint8_t {
  nothing,
  json,     ///< one document, up to `body_bytes`
  lines,    ///< NDJSON of any length; the handler reads it from `Request::incoming`
  anything  ///< of any type and coding, as it came, up to `gateway_body_bytes`
};

/// What the use of a route gives out, or does, that somebody may have to answer for. Where a key is
/// used for it, `AccessRecorded` says so on the record before the answer is released: content when
/// the key holds `audit`, the others always.
enum class Access : std::uint8_t {
  none,     ///< numbers, names and settings; or a write, which names its actor itself
  content,  ///< what people, models and tools said
  export_,  ///< all of it, to be taken elsewhere
  proof,    ///< a proof that goes out of the house
  erasure,  ///< content is destroyed, held, or spared from it
  backup    ///< a copy of the whole data directory
};
/// `content`, `export`, ...
std::string_view name(Access access);

/// Who may use a route, and what its use is. There is no default for either: a route of which
/// nobody said it does not compile.
struct Rule {
  Rule(Scope scope_, Access access_) : scope(scope_), access(access_) {}
  /// Open to everyone who may connect; gives out nothing that anybody has to answer for.
  static Rule anyone() { return Rule(); }

  std::optional<Scope> scope;  ///< nothing: anyone
  Access access = Access::none;

 private:
  Rule() = default;
};

/// One row of the table that is the whole HTTP surface (`GET /openapi.json` is written from
/// it).
struct Route {
  Route(Method method_, std::string pattern_, Rule rule_)
      : method(method_), pattern(std::move(pattern_)), rule(rule_) {}

  Method method;  ///< `get` answers HEAD too
  /// `/v1/sessions/{id}/messages`; the last segment may be `{name...}`, which stands for one or
  /// more.
  std::string pattern;
  Rule rule;
  Runs runs = Runs::pool;
  Takes takes = Takes::nothing;
  std::string doc;  ///< one line
  Handler handler;
  /// Waits for somebody else: no deadline but its own, and it is told when the client goes.
  bool waits = false;
  /// Also writes for project `_log`, which is reserved for facts about the whole log.
  bool about_log = false;
};

/// Finds the route of a request. Immutable, thread-safe.
class Router {
 public:
  /// Errors: invalid_argument when a pattern is malformed, or when two routes of one method could
  /// match the same path (names both): which handler runs must never depend on their order.
  static core::Result<Router> make(std::vector<Route> routes);

  struct Match {
    const Route* route = nullptr;  ///< null: see `allowed`
    NameValues params;
    std::string allowed;  ///< without a route: the methods this path has (`GET, HEAD`), or empty
  };
  /// @param segments decoded path segments. Cost: O(routes with as many segments).
  [[nodiscard]] Match match(Method method, const std::vector<std::string>& segments) const;

  [[nodiscard]] const std::vector<Route>& routes() const { return routes_; }

 private:
  struct Pattern {
    std::vector<std::string> segments;  ///< literal, `{name}`, or last `{name...}`
  };
  std::vector<Route> routes_;
  std::vector<Pattern> patterns_;  ///< of `routes_`, index by index
};

}  // namespace hansard::http
