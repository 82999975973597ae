#include "projections/usage.h"

#include <algorithm>

#include "event_kind.h"
#include "events/session/fast_facts.h"
#include "projections/counters.h"
#include "usage_codec.h"
#include "usage_row.h"

namespace hansard::projections {
namespace {

void add_duration(DurationSums& sums, std::optional<std::uint64_t> us) {
  if (!us) return;
  sums.min_us = sums.count == 0 ? *us : std::min(sums.min_us, *us);
  sums.max_us = std::max(sums.max_us, *us);
  sums.sum_us += *us;
  ++sums.count;
}

/// Remembers whose session this is, and where that user's name can be read.
core::Status created(const core::RecordedEvent& event, std::string_view session,
                     core::ReadModelBatch& batch) {
  const auto hash = events::text_fact(event, "user_hash");
  if (!hash) return hash.error();
  if (!*hash) return core::Ok{};
  const std::string packed = pack_hash(**hash);
  const std::string session_row = user_of_session_key(event.project, session);
  // The first SessionCreated counts; the one that begins its stream is that without looking.
  if (event.version.value != 0 && batch.get(session_row)) return core::Ok{};
  batch.put(session_row, packed);

  const std::string key = user_key(event.project, packed);
  std::vector<std::uint64_t> positions;
  if (const std::string* row = batch.get(key)) {
    auto stored = decode_positions(*row);
    if (!stored) return stored.error();
    positions = *std::move(stored);
    if (positions.size() >= kUserPositionsMax) positions.erase(positions.begin());
  }
  positions.push_back(event.position.value);
  batch.put(key, encode_positions(positions));
  return core::Ok{};
}

core::Status outcome(const core::RecordedEvent& event, std::string_view session, bool failed,
                     core::ReadModelBatch& batch) {
  const auto facts = events::call_facts(event);
  if (!facts) return facts.error();
  if (facts->choice != 0) return core::Ok{};
  CallsKey key;
  key.day = day_number(event.occurred_at);
  key.provider = facts->provider;
  key.model = facts->model;
  if (!session.empty()) key.session = session;
  const std::string row_key = calls_key(event.project, key);
  // Rows stay where they are while the batch lives: views into them hold until the put below.
  CallsRow calls;
  if (const std::string* row = batch.get(row_key)) {
    const auto stored = decode_calls(*row);
    if (!stored) return stored.error();
    calls = *stored;
  } else if (!session.empty()) {
    const std::string* user = batch.get(user_of_session_key(event.project, session));
    if (user) calls.user = *user;
  }
  UsageSums& sums = calls.sums;
  ++sums.calls;
  if (failed) ++sums.failures;
  if (facts->kept) {
    // Nothing was spent on it.
  } else if (facts->usage) {
    add_usage(sums.tokens, *facts->usage);
  } else {
    ++sums.calls_without_usage;
  }
  add_duration(sums.latency, facts->latency_us);
  add_duration(sums.ttft, facts->ttft_us);
  batch.put(row_key, encode(calls));
  return core::Ok{};
}

}  // namespace

core::Status UsageView::apply(const core::RecordedEvent& event, core::ReadModelBatch& batch) const {
  const EventKind kind = kind_of(event.type);
  if (kind != EventKind::response_received && kind != EventKind::response_failed &&
      kind != EventKind::session_created) {
    return core::Ok{};
  }
  const std::string_view session = session_name(event.stream);
  if (session.empty() && !event.stream.starts_with(kCallsPrefix)) return core::Ok{};
  if (kind == EventKind::session_created) {
    return session.empty() ? core::Status{core::Ok{}} : created(event, session, batch);
  }
  return outcome(event, session, kind == EventKind::response_failed, batch);
}

}  // namespace hansard::projections
