#pragma once

#include <cstdint>
#include <string_view>

#include "core/projection.h"
#include "projections/facts/calls.h"

namespace hansard::projections::facts {

/// Judgements in columns: a row per ScoreRecorded. What the judged call was (`call`, provider,
/// model, prompt, variant) is known where the score names one of the stream's messages or calls
/// that has its outcome on record. Otherwise as `CallsView`.
class ScoresView final : public core::Projection {
 public:
  explicit ScoresView(std::uint32_t segment_rows = kSegmentRows);  ///< as `CallsView`
  [[nodiscard]] std::string_view name() const override { return "scores"; }
  [[nodiscard]] std::uint32_t version() const override { return 3; }
  core::Status apply(const core::RecordedEvent& event, core::ReadModelBatch& batch) const override;

 private:
  std::uint32_t segment_rows_;
};

/// A number in millionths, rounded to the nearest, halves away from zero; what lies beyond stands
/// as the most (least) a column holds. @param lexeme  a number of JSON. Cost: its length.
std::int64_t in_millionths(std::string_view lexeme);

}  // namespace hansard::projections::facts
