#pragma once

#include <cstdint>
#include <string_view>

#include "core/projection.h"
#include "projections/facts/calls.h"

namespace hansard::projections::facts {

/// What was left out of what is sent to models: a row per ContextOptimized. Otherwise as
/// `CallsView`.
class OptimisationsView final : public core::Projection {
 public:
  explicit OptimisationsView(std::uint32_t segment_rows = kSegmentRows);  ///< as `CallsView`
  [[nodiscard]] std::string_view name() const override { return "optimisations"; }
  [[nodiscard]] std::uint32_t version() const override { return 2; }
  core::Status apply(const core::RecordedEvent& event, core::ReadModelBatch& batch) const override;

 private:
  std::uint32_t segment_rows_;
};

}  // namespace hansard::projections::facts
