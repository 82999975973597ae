#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "call_recorder.h"
#include "core/model_provider.h"
#include "events/dialects/apis.h"
#include "gateway/policy_counts.h"
#include "gateway/ports.h"
#include "gateway/routes.h"
#include "kept_answer.h"
#include "outcome.h"
#include "prompt.h"

namespace hansard::gateway {

/// A call as it passes the layers between its client and a provider.
struct RoutedCall {
  core::ProviderCall call;               ///< `provider`: the route's name until a layer decides
  const RouteOptions* route = nullptr;   ///< outlives the call
  const events::Api* api = nullptr;      ///< null: not one that is known, or it cannot be read
  std::shared_ptr<const Prompt> prompt;  ///< null as `api`
  CallIdentity identity;
  /// Where an experiment sends it, instead of to the target that the route draws.
  std::optional<std::string> variant_provider;
  bool variant_model =
      false;  ///< an experiment chose the model: that of the drawn target gives way
};

class Breakers;

/// What came of a call in the end.
struct CallEnd {
  SentTo sent;               ///< the latest attempt; no provider: a policy stopped the call
  std::uint64_t tokens = 0;  ///< that providers counted, of all attempts; what was kept costs none
  std::vector<Spent> spent;  ///< by attempts that said what they used, or answered
  std::string session;       ///< it is recorded in; empty: in none
  std::shared_ptr<const KeptAnswer> answer;  ///< where it is whole, and `keep_answer` was asked for
};

/// Who follows a call through the layers. They tell from any thread, one after another, and no more
/// once the head was told or the exchange let go of.
class CallWatch {
 public:
  virtual ~CallWatch() = default;
  /// A policy has decided something about the attempt that comes next.
  virtual void decided(events::Policy policy) = 0;
  /// The call goes out, or its answer is taken from what is kept. To be told before the attempt's
  /// head; again for each attempt that follows a failed one.
  virtual void goes_out(SentTo to) = 0;
  /// What went out came to nothing, and something else is tried.
  /// @param failure  names (call, attempt, provider) are filled in here
  virtual void attempt_failed(events::FailResponse failure) = 0;
  /// The head that follows is our own: a policy stopped the call.
  virtual void stopped() = 0;
  /// Asks to be told once what came of the call: when that is known, which is before it is on
  /// record. `told` is let go of when the call is over and recorded; without being called when it
  /// never went out. To be asked for before the call goes out.
  virtual void when_over(std::function<void(const CallEnd&)> told) = 0;
  /// The end is to have the whole answer.
  virtual void keep_answer() = 0;
};

using HeadDone = std::function<void(core::Result<core::ProviderHead>)>;

/// A policy, or at the end the providers. Layers lie around each other in the order of
/// `layers.cpp`. Threads: safe to call concurrently.
class Layer {
 public:
  virtual ~Layer() = default;
  /// As `core::ModelProvider::start`.
  [[nodiscard]] virtual std::unique_ptr<core::ProviderExchange> start(
      RoutedCall call, std::shared_ptr<CallWatch> watch, HeadDone head) = 0;
  /// Lets go of what was said in these sessions, here and in the layers within: it was erased.
  virtual void forget(const core::ProjectId& /*project*/, const SessionNames& /*sessions*/) {}
  /// Adds what it and the layers within have decided.
  virtual void count(PolicyCounts& /*to*/) const {}
};

/// All of them, put together; references outlive what comes.
std::unique_ptr<Layer> make_layers(const Ports& ports, Breakers& breakers);

}  // namespace hansard::gateway
