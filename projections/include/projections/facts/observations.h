#pragma once

#include <cstdint>
#include <string_view>

#include "core/projection.h"
#include "projections/facts/calls.h"

namespace hansard::projections::facts {

/// What was seen of the units of experiments, in columns; `observation` says what a row is of:
///   exposure  a VariantAssigned: the unit met its variant (the first of a unit; there is no other)
///   call      an outcome of a call that carried a variant and a unit, with what `calls` has of it
///   score     a ScoreRecorded on such a call, on a message of one, or on a session that had one:
///             then a row for each experiment of the session, of the unit of its latest call
///   outcome   an OutcomeRecorded; a later revision gives two rows, one that takes back what the
///             earlier said (`sign` -1) and one of its own, and an earlier one none
/// `unit` counts the units of an experiment in the order in which they were first met, so that
/// whoever adds up by unit does so in arrays. Session, user, agent, app, source and tags are those
/// of calls and scores. Otherwise as `CallsView`.
class ObservationsView final : public core::Projection {
 public:
  explicit ObservationsView(std::uint32_t segment_rows = kSegmentRows);  ///< as `CallsView`
  [[nodiscard]] std::string_view name() const override { return "observations"; }
  [[nodiscard]] std::uint32_t version() const override { return 1; }
  core::Status apply(const core::RecordedEvent& event, core::ReadModelBatch& batch) const override;

 private:
  std::uint32_t segment_rows_;
};

}  // namespace hansard::projections::facts
