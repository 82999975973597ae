#include "projections/facts/optimisations.h"

#include "core/assert.h"
#include "event_kind.h"
#include "events/session/codec.h"
#include "fold.h"

namespace hansard::projections::facts {
namespace {

core::Status optimised(const core::RecordedEvent& event, Fold& fold) {
  const auto decoded = events::session_codec().decode(event, events::Want::facts);
  if (!decoded) return decoded.error();
  const auto* facts = std::get_if<events::ContextOptimized>(&decoded->event);
  if (!facts) return core::Ok{};
  const auto begun = fold.row();
  if (!begun) return begun.error();
  Row row = *begun;
  if (auto s = fold.maybe(Column::strategy, facts->strategy, row); !s) return s;
  if (auto s = fold.maybe(Column::reason, facts->reason, row); !s) return s;
  at(row, Column::tokens_before) = count(facts->tokens_before);
  at(row, Column::tokens_after) = count(facts->tokens_after);
  at(row, Column::removed) = count(std::uint64_t{facts->removed.size()});
  at(row, Column::summarised) = count(std::uint64_t{facts->summarised.size()});
  return fold.add(row);
}

}  // namespace

OptimisationsView::OptimisationsView(std::uint32_t segment_rows) : segment_rows_(segment_rows) {
  HANSARD_ASSERT(segment_rows >= 1 && segment_rows <= 1U << 24, "a segment is held in memory");
}

core::Status OptimisationsView::apply(const core::RecordedEvent& event,
                                      core::ReadModelBatch& batch) const {
  const EventKind kind = kind_of(event.type);
  if (kind != EventKind::session_created && kind != EventKind::context_optimized) return core::Ok{};
  if (!event.stream.starts_with(kSessionPrefix)) return core::Ok{};
  Fold fold(event, batch, segment_rows_);
  const core::Status status =
      kind == EventKind::session_created ? fold.session_created() : optimised(event, fold);
  return status ? fold.finish() : status;
}

}  // namespace hansard::projections::facts
