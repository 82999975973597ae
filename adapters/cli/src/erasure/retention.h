#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "erasure/erasures.h"
#include "erasure/retention_rule.h"
#include "http/route_doc.h"

namespace hansard::cli {

/// What a rule finds, or has begun.
struct RetentionOutcome {
  std::string rule;
  std::uint64_t sessions = 0;
  std::uint64_t events = 0;
  std::uint64_t held = 0;  ///< sessions under a legal hold, which stay
  bool more = false;       ///< there are more than one round takes
  std::optional<std::string> erasure_id;
};

/// Erases sessions that rules have outlived: all that a round finds of a rule is one erasure, so
/// the tables are rewritten once for them. Thread-safe.
class Retention : public std::enable_shared_from_this<Retention> {
 public:
  static constexpr std::size_t kSessionsPerRound = 10'000;
  static constexpr std::chrono::minutes kEvery{10};

  struct Ports {
    Erasures& erasures;
    core::EventLog& log;
    core::ProjectionRunner& views;
    const core::KeyedHash& keyed_hash;
    const core::Clock& clock;
    std::function<core::Result<events::ErasureState>(const core::ProjectId&, const core::StreamId&)>
        load;
    std::function<bool(std::function<void()>)> post;  ///< to a thread that may block; may refuse
    /// Later; null when there is no room. Destroying what it gives cancels.
    std::function<std::unique_ptr<core::Subscription>(std::chrono::milliseconds,
                                                      std::function<void()>)>
        after;
    std::function<void(std::string_view)> notice;
  };
  Retention(Ports ports, std::vector<RetentionRule> rules)
      : ports_(std::move(ports)), rules_(std::move(rules)) {}

  /// Applies the rules with `apply` every so often, at once for the first time.
  void start();
  void stop();

  /// One round of every rule of `project`. Blocks. Errors: those of the views and of `ask`.
  core::Result<std::vector<RetentionOutcome>> look(const core::ProjectId& project, bool dry_run,
                                                   core::KeyId actor) const;

 private:
  core::Result<RetentionOutcome> look(const RetentionRule& rule, bool dry_run,
                                      core::KeyId actor) const;
  /// Sessions that the rule has outlived and that have something left to erase.
  core::Result<std::vector<core::StreamId>> outlived(const RetentionRule& rule,
                                                     RetentionOutcome& outcome) const;
  void round();
  void arm(std::chrono::milliseconds wait);

  const Ports ports_;
  const std::vector<RetentionRule> rules_;
  mutable std::mutex mutex_;
  bool stopped_ = false;  ///< guarded by mutex_, as is the next
  std::unique_ptr<core::Subscription> timer_;
};

/// GET /v1/admin/retention says what would go; POST does it.
std::vector<http::AddedRoute> retention_routes(std::shared_ptr<const Retention> retention);

}  // namespace hansard::cli
