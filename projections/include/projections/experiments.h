#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "core/hash.h"
#include "events/assignment/facts.h"
#include "events/experiment/state.h"
#include "projections/as_of.h"
#include "projections/stream_states.h"

namespace hansard::projections {

/// The stream of an experiment. Errors: invalid_argument (`name`: as of a prompt).
core::Result<core::StreamId> experiment_stream(std::string_view name);

/// The variant of one unit, and why.
struct AssignedUnit {
  std::string name;         ///< `events::assignment_name`
  std::size_t variant = 0;  ///< index in the plan
  std::uint32_t edition = 0;
  std::optional<std::uint32_t> bucket;
  bool exposed = false;  ///< on record; else drawn just now
};

/// Units on record that were asked for lately, the least recently used dropped. Threads: safe to
/// call concurrently.
class ExposedUnits {
 public:
  /// About 20 MiB of them.
  static constexpr std::size_t kUnitsMax = 65'536;
  std::optional<AssignedUnit> find(const std::string& key);
  void keep(const std::string& key, const AssignedUnit& unit);

 private:
  using Units = std::list<std::pair<std::string, AssignedUnit>>;
  std::mutex mutex_;
  Units units_;  ///< most recently used first
  /// Keys point into `units_`.
  std::unordered_map<std::string_view, Units::iterator> index_;
};

/// Experiments by name, and the variants of their units. Threads: safe to call concurrently.
class ExperimentReader {
 public:
  /// Both outlive this.
  ExperimentReader(const core::EventLog& log, const core::KeyedHash& keyed_hash);

  /// As of the log's visible end; a state that does not exist where there is no such experiment.
  /// Errors: invalid_argument (no name of an experiment), those of the log.
  core::Result<std::shared_ptr<const events::ExperimentState>> read(const core::ProjectId& project,
                                                                    std::string_view name);

  /// The variant on record, else the one that the unit is drawn now; nothing: it takes no part.
  /// Whether the experiment runs, and whether the call is eligible, is the caller's to ask.
  /// Cost: a look at the head of the unit's stream, and its first event where it has one; units on
  /// record that were seen lately (`ExposedUnits::kUnitsMax`) neither. Errors: those of the log.
  /// @pre the state has a plan
  core::Result<std::optional<AssignedUnit>> assign(const core::ProjectId& project,
                                                   std::string_view name,
                                                   const events::ExperimentState& state,
                                                   std::string_view unit);

 private:
  const core::EventLog& log_;
  const core::KeyedHash& keyed_hash_;
  StreamStates<events::ExperimentState> states_;
  ExposedUnits exposed_;
};

/// An experiment as of an earlier moment: reads its stream. Errors: as above.
core::Result<events::ExperimentState> experiment_as_of(const core::EventLog& log,
                                                       const core::ProjectId& project,
                                                       std::string_view name, const AsOf& as_of);

}  // namespace hansard::projections
