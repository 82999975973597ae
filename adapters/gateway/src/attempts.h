#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "breakers.h"
#include "core/event_log.h"
#include "gateway/ports.h"
#include "layer.h"
#include "retry.h"
#include "translation.h"

namespace hansard::gateway {

/// What a failed attempt's answer may be kept of, until it is clear whether the client gets it.
inline constexpr std::size_t kFailedBytesMax = 64U << 10;
/// And how long its body may take: a provider in trouble may never end it.
inline constexpr std::chrono::milliseconds kFailedBodyPatience{2'000};

/// What has been decided since the start.
struct AttemptCounts {
  std::atomic<std::uint64_t> retries = 0;
  std::atomic<std::uint64_t> fallbacks = 0;
  std::atomic<std::uint64_t> refused = 0;  ///< targets, by their breakers
};

/// One call to the targets of its route: tried again where that may help, then at the fallbacks,
/// past breakers that are open. Nothing of an answer has reached the client when an attempt is
/// given up: it is judged by its head. The last answer goes to the client as it came; that of a
/// provider in another dialect when it is whole, translated. Thread-safe: driven by provider, timer
/// and client, one step at a time; nobody is called under the lock but `Ports::after`.
class AttemptRun final : public std::enable_shared_from_this<AttemptRun> {
 public:
  /// References outlive the call. @pre call.route
  AttemptRun(const Ports& ports, Breakers& breakers, AttemptCounts& counts, RoutedCall call,
             std::shared_ptr<CallWatch> watch, HeadDone head);

  void start();
  /// See `core::ProviderExchange::next`.
  void next(std::function<void(core::Result<std::string>)> done);
  /// No step is taken any more once it returns, but by who calls it.
  void cancel();

 private:
  using Lock = std::unique_lock<std::mutex>;
  class Busy;
  using Head = core::Result<core::ProviderHead>;

  /// What is done about an attempt that failed.
  struct Step {
    bool again = false;  ///< at the same target; else at the next that can be called
    std::chrono::milliseconds pause{0};
  };

  void go(Lock lock);
  void head_came(std::uint64_t turn, Head head);
  void decide(Lock lock);
  [[nodiscard]] std::optional<Step> step_after(const Verdict& verdict) const;
  void drain(Lock lock);
  void ask(Lock lock);
  void piece_came(std::uint64_t turn, core::Result<std::string> bytes);
  void translate(Lock lock);
  void failed(Lock lock);
  void resume(std::uint64_t turn);
  void send_to(const std::string& provider);
  bool take_place(std::size_t from, const std::string& reason);
  [[nodiscard]] core::Result<std::optional<Translation>> words_for(const Target& target) const;
  void give_up(Lock lock);
  void pass(Lock lock);
  void tell(Lock lock);
  void stop(Lock lock);

  [[nodiscard]] core::ProviderCall call_for(const Target& target);
  [[nodiscard]] events::FailResponse failure() const;
  [[nodiscard]] bool in_time(std::chrono::milliseconds pause) const;
  [[nodiscard]] std::uint64_t draw() const;

  const Ports& ports_;
  Breakers& breakers_;
  AttemptCounts& counts_;
  const std::shared_ptr<CallWatch> watch_;
  const std::string route_name_;
  const RouteOptions& route_;
  const events::Api* const api_;  ///< the client's, where it is known; also where nobody records
  const std::string keyholder_;
  const std::chrono::steady_clock::time_point began_;

  std::mutex mutex_;
  // All below is guarded by mutex_.
  RoutedCall call_;
  HeadDone head_;  ///< empty once told
  std::vector<Target> plan_;
  std::size_t at_ = 0;       ///< in `plan_`
  std::uint32_t made_ = 0;   ///< attempts there
  std::uint64_t turn_ = 0;   ///< attempts in all: what is told of an earlier one is passed over
  Breakers::Permit permit_;  ///< of the attempt under way
  std::vector<events::Policy> decided_;
  std::chrono::steady_clock::time_point sent_at_{};
  std::optional<std::chrono::milliseconds> refused_for_;  ///< by breakers: the shortest
  std::shared_ptr<core::ProviderExchange> exchange_;
  std::optional<Head> came_;                ///< of this attempt, or of the last one
  Step step_;                               ///< that follows it
  std::string reason_;                      ///< why
  std::optional<Translation> translation_;  ///< of the call, for the target at `at_`
  /// Whose body is read here: of an attempt that failed, or of an answer to be translated.
  enum class Reads : std::uint8_t { nothing, failure, answer };
  Reads reads_ = Reads::nothing;
  bool asking_ = false;  ///< for its next piece
  bool again_ = false;   ///< and for the one after that
  std::string body_;     ///< what came of it
  std::size_t pieces_ = 0;
  bool whole_ = false;  ///< it is all in `body_`
  std::shared_ptr<core::Subscription> timer_;
  bool gone_ = false;
  std::vector<std::thread::id> busy_;  ///< threads within a step
  std::condition_variable idle_;       ///< one of them is not any more
};

/// The innermost layer: calls of routes go by their rules, others straight to the provider.
std::unique_ptr<Layer> make_attempts(const Ports& ports, Breakers& breakers);

}  // namespace hansard::gateway
