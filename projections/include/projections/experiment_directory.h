#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/projection.h"
#include "events/experiment/state.h"

namespace hansard::projections {

/// The view `experiments`: one row an experiment, for lists and for who watches them.
///
/// Row: key project 0 name 0; varint status, varint unit, byte automatic, varint edition, varint
/// position of its creation, signed varints created and changed at (microseconds), optional text
/// winner, text metric, varint count of variants and of each texts name and prompt (`greet@2`, or
/// empty). An experiment that somebody appended without a plan has none.
class Experiments final : public core::Projection {
 public:
  [[nodiscard]] std::string_view name() const override { return "experiments"; }
  [[nodiscard]] std::uint32_t version() const override { return 1; }
  core::Status apply(const core::RecordedEvent& event, core::ReadModelBatch& batch) const override;
};

struct ListedVariant {
  std::string name;
  std::string prompt;  ///< `greet@2`; empty: none
  bool operator==(const ListedVariant&) const = default;
};

struct ListedExperiment {
  core::ProjectId project;
  std::string name;
  events::ExperimentStatus status = events::ExperimentStatus::planned;
  events::Unit unit = events::Unit::user;
  bool automatic = false;
  std::uint32_t edition = 0;  ///< of the shares
  core::Position created;
  core::Timestamp created_at;
  core::Timestamp changed_at;
  std::optional<std::string> winner;
  std::string metric;
  std::vector<ListedVariant> variants;
  bool operator==(const ListedExperiment&) const = default;
};

inline constexpr std::size_t kExperimentPageMax = 1'000;

struct ExperimentQuery {
  core::ProjectId project;
  std::optional<events::ExperimentStatus> status;
  std::string prefix;  ///< of names
  std::string cursor;  ///< the last name of the page before
  std::size_t limit = 100;
};

struct ExperimentPage {
  std::vector<ListedExperiment> experiments;  ///< by name
  std::optional<std::string> next;            ///< cursor of the following page
  core::Position checkpoint;
};

/// Errors: those of the model; corruption. @pre limit is 1..kExperimentPageMax
core::Result<ExperimentPage> list_experiments(const core::ReadModel& model,
                                              const ExperimentQuery& query);

/// Running ones that look after themselves, of all projects; at most `most`.
core::Result<std::vector<ListedExperiment>> running_automatic(const core::ReadModel& model,
                                                              std::size_t most);

}  // namespace hansard::projections
