#pragma once

#include <cstdint>
#include <string_view>

#include "core/projection.h"
#include "projections/facts/calls.h"

namespace hansard::projections::facts {

/// Results of tools in columns: a row per ToolCompleted or ToolFailed. A call without a result is
/// no row. What the model's call was (`call`, provider, model, prompt, variant) is known of tools
/// that one of the stream's latest 16 answers asked for; a tool's duration, where its result does
/// not say it, is the time between the two `occurred_at`. Otherwise as `CallsView`.
class ToolCallsView final : public core::Projection {
 public:
  explicit ToolCallsView(std::uint32_t segment_rows = kSegmentRows);  ///< as `CallsView`
  [[nodiscard]] std::string_view name() const override { return "tool_calls"; }
  [[nodiscard]] std::uint32_t version() const override { return 3; }
  core::Status apply(const core::RecordedEvent& event, core::ReadModelBatch& batch) const override;

 private:
  std::uint32_t segment_rows_;
};

}  // namespace hansard::projections::facts
