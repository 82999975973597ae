#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "core/event.h"
#include "core/ids.h"
#include "events/experiment/facts.h"

namespace hansard::events {

enum class ExperimentStatus : std::uint8_t { planned, running, paused, stopped, concluded, other };
template <>
inline constexpr std::array<std::string_view, 5> kWords<ExperimentStatus>{
    "planned", "running", "paused", "stopped", "concluded"};

/// How units are spread since a moment.
struct Shares {
  std::uint32_t edition = 0;
  std::vector<std::uint32_t> of;  ///< in the order of the variants
  std::uint32_t coverage = kCoverage;
  core::Position since;
};

/// An experiment: the fold of its stream. A value.
struct ExperimentState {
  std::uint64_t next_version = 0;  ///< of the stream; 0: there is no such experiment
  std::optional<ExperimentCreated> plan;
  ExperimentStatus status = ExperimentStatus::planned;
  std::vector<Shares> shares;             ///< oldest first; of a plan at least one
  std::optional<core::Position> started;  ///< the first time
  std::optional<core::Timestamp> started_at;
  std::optional<WinnerDeclared> winner;
  std::optional<core::Position> winner_at;
  std::optional<ExperimentStopped> stopped;
  std::optional<ExperimentConcluded> concluded;
  core::Timestamp changed_at;  ///< latest event's
  std::unordered_set<core::EventId> ids;

  [[nodiscard]] bool exists() const { return next_version > 0; }
  [[nodiscard]] bool over() const {
    return status == ExperimentStatus::stopped || status == ExperimentStatus::concluded;
  }
  /// Index of a variant, or nothing.
  [[nodiscard]] std::optional<std::size_t> variant(std::string_view name) const;
};

/// What `event` leaves behind. Accepts everything, in any order.
ExperimentState after(ExperimentState state, const core::RecordedEvent& recorded,
                      const ExperimentEvent& event);

struct Drawn {
  std::size_t variant = 0;   ///< index in the plan
  std::uint32_t bucket = 0;  ///< of kSharesWhole
  std::uint32_t edition = 0;
};
/// The variant of a unit that was never exposed, by its hash and the latest shares; nothing: it
/// takes no part. Whether the experiment runs is not asked here. @pre the state has a plan
std::optional<Drawn> draw(const ExperimentState& state, std::string_view unit);

/// Buckets of kSharesWhole that each variant takes: its share, less what the coverage leaves out.
/// Whole ones, so that of a small coverage the parts are not quite the shares; what is expected of
/// the split is these.
std::vector<std::uint32_t> buckets_taken(const Shares& shares);

std::size_t approximate_bytes(const ExperimentState& state);

}  // namespace hansard::events
