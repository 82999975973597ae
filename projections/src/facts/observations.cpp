#include "projections/facts/observations.h"

#include <algorithm>
#include <optional>
#include <string>

#include "core/assert.h"
#include "event_kind.h"
#include "events/assignment/facts.h"
#include "events/session/codec.h"
#include "fold.h"
#include "unit_rows.h"

namespace hansard::projections::facts {
namespace {

constexpr std::string_view kAssignmentPrefix = "assignment-";

/// The fold of one event about units, their calls or what is said of them. Confined to one call of
/// `apply`.
class ObservationFold {
 public:
  ObservationFold(const core::RecordedEvent& event, core::ReadModelBatch& batch, Fold& fold)
      : event_(event), batch_(batch), fold_(fold) {}

  core::Status assigned(const events::VariantAssigned& facts) {
    std::int64_t experiment = kNull;
    std::int64_t variant = kNull;
    if (auto s = fold_.text(Column::experiment, facts.experiment, experiment); !s) return s;
    if (auto s = fold_.text(Column::variant, facts.variant, variant); !s) return s;
    const auto met = unit(experiment, unit_name());
    if (!met) return met.error();
    UnitRow unit = *met;
    if (unit.variant != kNull) return core::Ok{};  // a unit is exposed once
    unit.variant = variant;
    batch_.put(key_of(experiment, unit_name()), encode(unit));
    auto row = begin(kExposure, experiment, variant, unit.ordinal);
    if (!row) return row.error();
    at(*row, Column::edition) = facts.edition;
    if (facts.session && facts.call_id) {
      at(*row, Column::call) = hash_of(*facts.session, *facts.call_id);
    }
    return fold_.add(*row);
  }

  /// A later revision takes back what stands; the row that does carries the event's position.
  core::Status came(const events::OutcomeRecorded& facts) {
    std::int64_t experiment = kNull;
    if (auto s = fold_.text(Column::experiment, facts.experiment, experiment); !s) return s;
    const auto met = unit(experiment, unit_name());
    if (!met) return met.error();
    auto row = begin(kOutcome, experiment, met->variant, met->ordinal);
    if (!row) return row.error();
    const std::string key = hash_key('w', event_.project, hash_of(event_.stream, facts.outcome_id));
    if (const std::string* stored = batch_.get(key)) {
      const auto before = decode_outcome(*stored);
      if (!before) return before.error();
      if (facts.revision <= before->revision) return core::Ok{};
      Row back = *row;
      at(back, Column::sign) = -1;
      at(back, Column::metric) = before->metric;
      at(back, Column::value) = before->value;
      at(back, Column::category) = before->category;
      if (auto s = fold_.add(back); !s) return s;
    }
    if (auto s = fold_.maybe(Column::metric, facts.metric, *row); !s) return s;
    if (facts.value) {
      if (auto s = put_value(*facts.value, fold_, *row); !s) return s;
    }
    batch_.put(key, encode(OutcomeRow{facts.revision, at(*row, Column::metric),
                                      at(*row, Column::value), at(*row, Column::category)}));
    return fold_.add(*row);
  }

  core::Status requested() {
    const auto facts = events::request_facts(event_);
    if (!facts) return facts.error();
    if (!facts->unit || !facts->experiment || !facts->variant) return core::Ok{};
    // Copies: the texts go when facts are read again.
    const std::string call_id(facts->call_id);
    const std::string name(*facts->unit);
    std::int64_t experiment = kNull;
    if (auto s = fold_.text(Column::experiment, *facts->experiment, experiment); !s) return s;
    const auto met = unit(experiment, name);
    if (!met) return met.error();
    if (auto s = fold_.response_requested(); !s) return s;
    std::string ordinal;
    row::Writer(ordinal).varint(met->ordinal);
    batch_.put(call_key('p', call_id), std::move(ordinal));
    return core::Ok{};
  }

  core::Status answered() {
    if (const auto some = any(); !some || !*some)
      return some ? core::Status{core::Ok{}} : some.error();
    const auto facts = events::outcome_facts(event_);
    if (!facts) return facts.error();
    if (facts->choice != 0) {
      // Of the same call, whose first choice is the row.
      const std::string* first = batch_.get(call_key('b', facts->call_id));
      if (first != nullptr && facts->message_id) {
        batch_.put(call_key('a', *facts->message_id), std::string(*first));
      }
      return core::Ok{};
    }
    const std::string open_key = call_key('p', facts->call_id);
    const std::string* open = batch_.get(open_key);
    if (open == nullptr) return core::Ok{};
    row::Reader in(*open);
    UnitCall call;
    call.unit = static_cast<std::uint32_t>(in.varint());
    if (!in.done()) return damaged_row("a unit's call");
    RequestRow request;
    const auto asked = fold_.asked(*facts, request);
    if (!asked) return asked.error();
    call.asked = *asked;
    auto row = begin(kCall, asked->experiment, asked->variant, call.unit);
    if (!row) return row.error();
    put_asked(*asked, *row);
    at(*row, Column::kind) = request.kind;
    at(*row, Column::stream) = request.stream;
    if (auto s = put_outcome(*facts, fold_, *row); !s) return s;
    if (!facts->reason) batch_.erase(open_key);  // a failed attempt may be followed by another
    const std::string encoded = encode(call);
    batch_.put(call_key('b', facts->call_id), encoded);
    if (facts->message_id) batch_.put(call_key('a', *facts->message_id), encoded);
    if (auto s = remember(call); !s) return s;
    return fold_.add(*row);
  }

  core::Status scored() {
    if (const auto some = any(); !some || !*some)
      return some ? core::Status{core::Ok{}} : some.error();
    const auto decoded = events::session_codec().decode(event_, events::Want::facts);
    if (!decoded) return decoded.error();
    const auto* facts = std::get_if<events::ScoreRecorded>(&decoded->event);
    if (facts == nullptr) return core::Ok{};
    const bool call = facts->target_kind == events::TargetKind::call;
    if (facts->target_kind == events::TargetKind::session) {
      const auto latest = latest_calls();
      if (!latest) return latest.error();
      for (const LatestCall& each : *latest) {
        auto row = begin(kScore, each.experiment, each.variant, each.unit);
        if (!row) return row.error();
        if (auto s = add_score(*facts, *row); !s) return s;
      }
      return core::Ok{};
    }
    if (!facts->target_id) return core::Ok{};
    const std::string* stored = batch_.get(call_key(call ? 'b' : 'a', *facts->target_id));
    if (stored == nullptr) return core::Ok{};
    const auto of_call = decode_unit_call(*stored);
    if (!of_call) return of_call.error();
    auto row = begin(kScore, of_call->asked.experiment, of_call->asked.variant, of_call->unit);
    if (!row) return row.error();
    put_asked(of_call->asked, *row);
    return add_score(*facts, *row);
  }

 private:
  /// Whether any experiment was met: in most logs none ever is.
  core::Result<bool> any() { return fold_.met(Column::experiment); }

  [[nodiscard]] std::string_view unit_name() const {
    return std::string_view(event_.stream).substr(kAssignmentPrefix.size());
  }
  [[nodiscard]] std::string call_key(char letter, std::string_view id) const {
    return hash_key(letter, event_.project, hash_of(event_.stream, id));
  }
  [[nodiscard]] std::string key_of(std::int64_t experiment, std::string_view name) const {
    return unit_key(event_.project, experiment, name);
  }
  [[nodiscard]] std::string latest_key() const {
    return key_prefix('l', event_.project).append(event_.stream);
  }

  /// The unit of that name; one that was never met gets the next ordinal.
  core::Result<UnitRow> unit(std::int64_t experiment, std::string_view name) {
    const std::string key = key_of(experiment, name);
    if (const std::string* stored = batch_.get(key)) return decode_unit(*stored);
    UnitRow unit;
    const std::string count_key = units_key(event_.project, experiment);
    if (const std::string* stored = batch_.get(count_key)) {
      row::Reader in(*stored);
      unit.ordinal = static_cast<std::uint32_t>(in.varint());
      if (!in.done()) return damaged_row("a number of units");
    }
    std::string count;
    row::Writer(count).varint(unit.ordinal + 1);
    batch_.put(count_key, std::move(count));
    batch_.put(key, encode(unit));
    return unit;
  }

  core::Result<Row> begin(std::int64_t observation, std::int64_t experiment, std::int64_t variant,
                          std::uint32_t unit) {
    auto row = fold_.row();
    if (!row) return row;
    at(*row, Column::observation) = observation;
    at(*row, Column::experiment) = experiment;
    at(*row, Column::variant) = variant;
    at(*row, Column::unit) = unit;
    at(*row, Column::sign) = 1;
    return row;
  }

  core::Status add_score(const events::ScoreRecorded& facts, Row& row) {
    at(row, Column::target) = static_cast<std::int64_t>(facts.target_kind);
    if (auto s = fold_.maybe(Column::metric, facts.name, row); !s) return s;
    if (auto s = fold_.maybe(Column::evaluator, facts.evaluator, row); !s) return s;
    if (auto s = put_value(facts.value, fold_, row); !s) return s;
    return fold_.add(row);
  }

  core::Result<std::vector<LatestCall>> latest_calls() {
    const std::string* stored = batch_.get(latest_key());
    return stored ? decode_latest(*stored) : std::vector<LatestCall>();
  }

  /// Of the session's experiments, this call is now the latest of its own.
  core::Status remember(const UnitCall& call) {
    auto latest = latest_calls();
    if (!latest) return latest.error();
    std::erase_if(*latest,
                  [&](const LatestCall& each) { return each.experiment == call.asked.experiment; });
    if (latest->size() == kSessionExperimentsMax) latest->erase(latest->begin());
    latest->push_back({call.unit, call.asked.experiment, call.asked.variant});
    batch_.put(latest_key(), encode(*latest));
    return core::Ok{};
  }

  const core::RecordedEvent& event_;
  core::ReadModelBatch& batch_;
  Fold& fold_;
};

core::Status of_unit(const core::RecordedEvent& event, ObservationFold& observations) {
  if (event.type != events::VariantAssigned::kType &&
      event.type != events::OutcomeRecorded::kType) {
    return core::Ok{};
  }
  const auto decoded = events::assignment_codec().decode(event, events::Want::facts);
  if (!decoded) return decoded.error();
  if (const auto* assigned = std::get_if<events::VariantAssigned>(&decoded->event)) {
    return observations.assigned(*assigned);
  }
  const auto* came = std::get_if<events::OutcomeRecorded>(&decoded->event);
  return came != nullptr ? observations.came(*came) : core::Status{core::Ok{}};
}

}  // namespace

ObservationsView::ObservationsView(std::uint32_t segment_rows) : segment_rows_(segment_rows) {
  HANSARD_ASSERT(segment_rows >= 1 && segment_rows <= 1U << 24, "a segment is held in memory");
}

core::Status ObservationsView::apply(const core::RecordedEvent& event,
                                     core::ReadModelBatch& batch) const {
  const bool unit = event.stream.starts_with(kAssignmentPrefix);
  if (!unit && !event.stream.starts_with(kSessionPrefix) &&
      !event.stream.starts_with(kCallsPrefix)) {
    return core::Ok{};
  }
  Fold fold(event, batch, segment_rows_);
  ObservationFold observations(event, batch, fold);
  core::Status status = core::Ok{};
  if (unit) {
    status = of_unit(event, observations);
    return status ? fold.finish() : status;
  }
  switch (kind_of(event.type)) {
    case EventKind::session_created:
      status = fold.session_created();
      break;
    case EventKind::response_requested:
      status = observations.requested();
      break;
    case EventKind::response_received:
    case EventKind::response_failed:
      status = observations.answered();
      break;
    case EventKind::score_recorded:
      status = observations.scored();
      break;
    default:
      return core::Ok{};
  }
  return status ? fold.finish() : status;
}

}  // namespace hansard::projections::facts
