#include "recorded_answer.h"

#include <algorithm>
#include <utility>

#include "projections/exchange.h"
#include "projections/history.h"

namespace hansard::gateway {

namespace {

using core::Result;
using projections::Entry;

using Found = std::optional<AnswerOnRecord>;

/// Whether any of what an entry says is gone.
bool is_erased(const Entry& entry) {
  return entry.info.erased ||
         std::any_of(entry.tools.begin(), entry.tools.end(),
                     [](const projections::ToolUse& use) { return use.info.erased; });
}

}  // namespace

Result<Found> answer_on_record(const core::EventLog& log, const core::ProjectId& project,
                               const events::Api& api, const projections::RecordedAnswer& place) {
  const auto stream = core::StreamId::parse(place.stream);
  if (!stream) return stream.error();
  const auto history = projections::SessionReader(log).history(project, *stream, {});
  if (!history) return history.error();
  Found found;
  for (const Entry& entry : history->entries) {
    const auto* answer = std::get_if<events::ResponseReceived>(&entry.event);
    if (answer == nullptr || answer->call_id != place.call_id ||
        answer->attempt.value_or(1) != place.attempt) {
      continue;
    }
    if (is_erased(entry)) return Found();
    if (answer->choice != 0) continue;
    found.emplace();
    found->answer.api = &api;
    found->answer.latency_us = answer->latency_us;
    if (answer->timing_track) found->answer.track = *answer->timing_track;
    found->sent.provider = answer->provider.value_or("");
  }
  if (!found) return found;
  auto exchange = projections::exchange_of(*history, place.call_id, place.attempt);
  if (!exchange || !exchange->answer) return Found();
  found->answer.body = dump(*exchange->answer);
  return found;
}

}  // namespace hansard::gateway
