#include "projections/facts/calls.h"

#include "core/assert.h"
#include "event_kind.h"
#include "events/session/fast_facts.h"
#include "fold.h"

namespace hansard::projections::facts {
namespace {

core::Status outcome(const core::RecordedEvent& event, Fold& fold) {
  const auto facts = events::outcome_facts(event);
  if (!facts) return facts.error();
  if (facts->choice != 0) return fold.add_further_choice();
  const auto begun = fold.row();
  if (!begun) return begun.error();
  Row row = *begun;
  RequestRow request;
  const auto asked = fold.asked(*facts, request);
  if (!asked) return asked.error();
  at(row, Column::kind) = request.kind;
  at(row, Column::stream) = request.stream;
  put_asked(*asked, row);
  if (auto s = put_outcome(*facts, fold, row); !s) return s;
  return fold.add(row);
}

}  // namespace

CallsView::CallsView(std::uint32_t segment_rows) : segment_rows_(segment_rows) {
  HANSARD_ASSERT(segment_rows >= 1 && segment_rows <= 1U << 24, "a segment is held in memory");
}

core::Status CallsView::apply(const core::RecordedEvent& event, core::ReadModelBatch& batch) const {
  const EventKind kind = kind_of(event.type);
  if (kind != EventKind::session_created && kind != EventKind::response_requested &&
      kind != EventKind::response_received && kind != EventKind::response_failed) {
    return core::Ok{};
  }
  if (!event.stream.starts_with(kSessionPrefix) && !event.stream.starts_with(kCallsPrefix)) {
    return core::Ok{};
  }
  Fold fold(event, batch, segment_rows_);
  const core::Status status = kind == EventKind::session_created      ? fold.session_created(true)
                              : kind == EventKind::response_requested ? fold.response_requested()
                                                                      : outcome(event, fold);
  return status ? fold.finish() : status;
}

}  // namespace hansard::projections::facts
