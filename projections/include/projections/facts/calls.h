#pragma once

#include <cstdint>
#include <memory>

#include "core/projection.h"
#include "projections/facts/columns.h"

namespace hansard::projections::facts {

/// Rows in a sealed segment.
inline constexpr std::uint32_t kSegmentRows = 65'536;

/// Model calls in columns: a row per outcome (ResponseReceived of choice 0, ResponseFailed of any
/// attempt) on `session-*` and `calls-*`. Every kSegmentRows rows are sealed into packed columns; a
/// row never changes. Folds facts only, so erasures change nothing. Layout: `src/facts/layout.h`.
/// What a session's calls have in common (user, agent, app, source, tags) is what its first
/// SessionCreated said before the call.
class CallsView final : public core::Projection {
 public:
  /// @param segment_rows  1..2^24; other than kSegmentRows in tests only: stored rows depend on it.
  explicit CallsView(std::uint32_t segment_rows = kSegmentRows);
  [[nodiscard]] std::string_view name() const override { return "calls"; }
  [[nodiscard]] std::uint32_t version() const override { return 6; }
  core::Status apply(const core::RecordedEvent& event, core::ReadModelBatch& batch) const override;

 private:
  std::uint32_t segment_rows_;
};

}  // namespace hansard::projections::facts
