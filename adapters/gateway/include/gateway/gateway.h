#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/model_provider.h"
#include "gateway/breaker_status.h"
#include "gateway/policy_counts.h"
#include "gateway/ports.h"
#include "gateway/routes.h"

namespace hansard::gateway {

/// A call as the edge received it.
struct GatewayRequest {
  std::string provider;  ///< name of a route, or of a configured provider
  std::string method;
  std::string target;  ///< path and query below the provider's base URL
  std::vector<core::HttpField> fields;
  std::string body;
  core::ProjectId project;
  core::KeyId actor;
  core::Timestamp received_at;
};

/// The body of an answer, at the client's pace. Destroying it before its end means that the client
/// has gone: the call to the provider is cancelled, and what came of the answer is recorded.
class AnswerBody {
 public:
  virtual ~AnswerBody() = default;
  /// The next bytes; empty at the end; an error breaks the connection off. One at a time; called
  /// back on any thread.
  virtual void next(std::function<void(core::Result<std::string>)> done) = 0;
};

struct GatewayAnswer {
  int status = 0;
  std::vector<core::HttpField> fields;
  std::optional<std::uint64_t> bytes;  ///< of all of `body`, where the provider says it
  std::unique_ptr<AnswerBody> body;
};

/// Why there is no answer: the provider's failure as `core::ModelProvider` tells it (`field` says
/// where), or ours (unavailable without a field: it could not be recorded).
using GatewayDone = std::function<void(core::Result<GatewayAnswer>)>;

/// How calls are recorded.
enum class Recording : std::uint8_t {
  strict,   ///< nothing of an answer is released before its request is on record, and no answer
            ///< completes before it is on record itself
  relaxed,  ///< the same, but what is numbered counts as recorded before it is synced; and a call
            ///< that cannot be recorded goes on without
  off,      ///< passed through
};

struct GatewayOptions {
  Recording recording = Recording::strict;
  /// Ask for usage where a stream would come without it, and keep the extra frame from the client.
  bool ask_for_usage = true;
  /// Of calls whose route says none; nothing: those of the provider.
  std::optional<core::ProviderDeadlines> deadlines = {};
  /// By name. A call to a name that has none goes to the provider of that name as it is.
  std::map<std::string, RouteOptions, std::less<>> routes;
  /// Told of every breaker that changes, on any thread; may be empty, must not block.
  std::function<void(const BreakerStatus&)> breaker_changed = {};
};

/// A call that a former process made and did not see the end of.
struct LeftCall {
  core::ProjectId project;
  std::string session;  ///< name of the stream without `session-`; `:name` of `calls-name`
  std::string call_id;
  std::uint32_t attempt = 1;
};

/// A reverse proxy that records: calls go to their provider and come back byte for byte, and every
/// conversation is in the log. Threads: safe to call concurrently.
class Gateway {
 public:
  Gateway(Ports ports, GatewayOptions options);
  ~Gateway();  ///< calls under way must have ended

  /// Makes a call; `done` is told once, on any thread. Never blocks on storage or network; parses
  /// the body on this thread.
  /// @return cancels the call while it has no answer yet
  [[nodiscard]] std::function<void()> call(GatewayRequest request, GatewayDone done);

  /// Records that these calls were interrupted. Never blocks; what cannot be recorded now is left
  /// for the next start.
  void interrupted(const std::vector<LeftCall>& calls);

  /// Every breaker, by route and provider. Cost: a short lock each.
  [[nodiscard]] std::vector<BreakerStatus> breakers() const;
  /// What the other policies have decided. Cost: a short lock each.
  [[nodiscard]] PolicyCounts policies() const;

  /// Lets go of what is kept in memory of these sessions, because content of them was erased: their
  /// answers, and what finds them by what was said. A call that sends the same again is a new
  /// conversation. Cost: O(conversations and answers kept), a look-up each.
  void forget(const core::ProjectId& project, const SessionNames& sessions);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace hansard::gateway
