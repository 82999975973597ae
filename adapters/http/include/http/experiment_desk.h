#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "core/command_loop.h"
#include "core/event_log.h"
#include "core/hash.h"
#include "events/assignment/decider.h"
#include "events/experiment/commands.h"
#include "projections/experiments.h"
#include "projections/prompts.h"

namespace hansard::http {

/// Who acts on an experiment, and when.
struct Hand {
  core::ProjectId project;
  core::KeyId actor;
  core::Timestamp at;
  core::Durability durability = core::Durability::strict;
  std::optional<core::Version> expected_version = {};  ///< of the experiment's stream
};

/// What an application says about a unit that it showed a variant itself.
struct ExposeRequest {
  std::string unit;
  std::optional<std::string> variant = {};  ///< absent: the one that it is assigned
  std::optional<std::string> session = {};
  std::optional<std::string> call_id = {};
  std::optional<core::Timestamp> occurred_at = {};
};

/// A unit and what is on record of it after an exposure.
struct ExposedUnit {
  std::string variant;
  core::Receipt receipt;  ///< without records: it was exposed before
};

/// Acts on experiments: reads what an action rests on, brings it to the command loop with the
/// checks that this needs, and does so again where somebody else was faster. What the routes and
/// the watch share. Threads: safe to call concurrently; reads the log, so not on an event loop.
class ExperimentDesk {
 public:
  /// What an action tries at most while others write to the same prompts.
  static constexpr int kAttemptsMax = 8;

  struct Ports {
    const core::EventLog& log;
    const core::KeyedHash& keyed_hash;
    std::shared_ptr<projections::ExperimentReader> experiments;
    std::shared_ptr<projections::PromptReader> prompts;
    /// `CommandLoop<ExperimentDecider>::execute` and `CommandLoop<AssignmentDecider>::execute`.
    std::function<void(core::CommandContext, events::ExperimentCommand, core::AppendDone)> change;
    std::function<void(core::CommandContext, events::AssignmentCommand, core::AppendDone)> unit;
    std::function<core::Hash()> draw_random;
    /// Where it goes on after a conflict.
    std::function<void(std::function<void()>)> post;
  };
  explicit ExperimentDesk(Ports ports) : ports_(std::move(ports)) {}

  /// Begins no further changes (`cancelled`) and waits for those under way, which may go on after a
  /// conflict. To be called before what `ports` lead to goes.
  void close() const;

  /// `done` gets the receipt once, on a thread of the loop, or on this one.
  /// Errors: those of `ExperimentDecider::decide` and of the loop; version_conflict after
  /// kAttemptsMax; cancelled.
  void change(const Hand& hand, const std::string& name, events::ExperimentStep step,
              core::AppendDone done) const;

  /// The state of an experiment that exists. Errors: not_found, those of the reader.
  [[nodiscard]] core::Result<std::shared_ptr<const events::ExperimentState>> find(
      const core::ProjectId& project, std::string_view name) const;

  /// Errors: not_found (experiment), rejected (not running; takes no part; has another variant),
  /// invalid_argument, those of the loop.
  void expose(const Hand& hand, const std::string& name, ExposeRequest request,
              std::function<void(core::Result<ExposedUnit>)> done) const;

  /// `outcome.experiment` is filled in. Errors: not_found (experiment; a unit that was not
  /// exposed), rejected, id_reused (another value under the same revision, with what to send
  /// instead).
  void record(const Hand& hand, const std::string& name, const std::string& unit,
              events::CommandMeta meta, events::RecordOutcome outcome, core::AppendDone done) const;

  [[nodiscard]] const Ports& ports() const { return ports_; }

 private:
  struct Change;
  void attempt(std::shared_ptr<Change> change) const;
  void finish(const Change& change, core::Result<core::Receipt> receipt) const;

  const Ports ports_;
  mutable std::mutex mutex_;
  mutable std::condition_variable idle_;
  // Both are guarded by mutex_.
  mutable std::size_t under_way_ = 0;
  mutable bool closed_ = false;
};

/// Longest name of a unit, in bytes.
inline constexpr std::size_t kUnitBytesMax = 1024;
/// Errors: invalid_argument, field `unit`.
core::Status check_unit(std::string_view unit);

/// Why units do not take part now; empty: they do.
std::string why_closed(const events::ExperimentState& state);

}  // namespace hansard::http
