#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/model_provider.h"
#include "core/time.h"
#include "scripted/script.h"

namespace hansard::scripted {

class Timer;

/// A provider that follows a script.
struct Scripted {
  std::string
      dialect;  ///< how calls of APIs that nobody knows are refused: openai, anthropic, ollama
  Script script;
};

/// By name.
using Providers = std::map<std::string, Scripted, std::less<>>;

/// How calls of one provider have gone since the start of the process.
struct Status {
  std::string name;
  std::string dialect;
  std::uint64_t calls = 0;
  std::uint64_t succeeded = 0;  ///< whose answers came whole
  std::uint64_t cancelled = 0;  ///< that were let go of before
};

/// Answers without model and network: `core::ModelProvider` for demonstrations and tests. Speaks
/// every API of `events/dialects/apis.h` that its path names; anything else is a 404 in the form of
/// its dialect. Deadlines of a call are kept. Callbacks run on a thread of its own (`scripted`) and
/// must not block. Threads: safe to call concurrently. Memory: a call costs its answer.
class Provider final : public core::ModelProvider {
 public:
  static constexpr std::size_t kCallsMax = 4096;  ///< under way; then `overloaded`

  /// @param clock      outlives this; tells when an answer was made
  Provider(Providers providers, const core::Clock& clock);
  /// Every call under way fails with `cancelled` before this returns; exchanges may be destroyed
  /// later. @pre not on its own thread
  ~Provider() override;

  [[nodiscard]] bool has(std::string_view name) const;
  /// Calls from now on go by these; those under way end as they began.
  void reload(Providers providers);
  /// By name. Cost: a short lock.
  [[nodiscard]] std::vector<Status> status() const;
  [[nodiscard]] std::unique_ptr<core::ProviderExchange> start(
      core::ProviderCall call, std::function<void(core::Result<core::ProviderHead>)> head) override;

 private:
  struct Impl;
  // Shared with calls, which may outlive the provider.
  std::shared_ptr<Impl> impl_;
  std::shared_ptr<Timer> timer_;
};

}  // namespace hansard::scripted
