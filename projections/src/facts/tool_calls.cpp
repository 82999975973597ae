#include "projections/facts/tool_calls.h"

#include <algorithm>
#include <string>
#include <vector>

#include "core/assert.h"
#include "event_kind.h"
#include "events/session/fast_facts.h"
#include "fold.h"

namespace hansard::projections::facts {
namespace {

/// The fold of one event about tools or answers. Confined to one call of `apply`.
class ToolFold {
 public:
  ToolFold(const core::RecordedEvent& event, core::ReadModelBatch& batch, Fold& fold)
      : event_(event), batch_(batch), fold_(fold) {}

  /// Tools name the answer that asked for them, and follow it soon.
  core::Status answered() {
    const auto facts = events::outcome_facts(event_);
    if (!facts) return facts.error();
    auto answers = recent();
    if (!answers) return answers.error();
    RecentAnswer answer;
    const std::int64_t call = hash_of(event_.stream, facts->call_id);
    const auto first = std::find_if(answers->rbegin(), answers->rend(),
                                    [&](const auto& other) { return other.asked.call == call; });
    if (facts->choice != 0 && first != answers->rend()) {
      answer.asked = first->asked;
    } else {
      const auto asked = fold_.asked(*facts);
      if (!asked) return asked.error();
      answer.asked = *asked;
    }
    answer.message = hash_of(event_.stream, facts->message_id.value_or(std::string_view()));
    answers->push_back(answer);
    if (answers->size() > kRecentAnswers) answers->erase(answers->begin());
    batch_.put(answers_key(event_.project, event_.stream), encode(*answers));
    return core::Ok{};
  }

  core::Status called() {
    const auto facts = events::tool_facts(event_);
    if (!facts) return facts.error();
    if (!facts->message_id || !facts->index) return core::Ok{};
    const auto answers = recent();
    if (!answers) return answers.error();
    OpenTool open;
    const std::int64_t message = hash_of(event_.stream, *facts->message_id);
    for (const RecentAnswer& answer : *answers) {
      if (answer.message == message) open.asked = answer.asked;
    }
    if (auto s = fold_.maybe(Column::tool, facts->tool, open.tool); !s) return s;
    if (event_.occurred_at) open.occurred_at = event_.occurred_at->time_since_epoch().count();
    const std::string key = open_key(*facts);
    // Looked for, so that one that has its result within the batch is never written.
    static_cast<void>(batch_.get(key));
    batch_.put(key, encode(open));
    return core::Ok{};
  }

  core::Status ended(std::int64_t outcome) {
    const auto facts = events::tool_facts(event_);
    if (!facts) return facts.error();
    OpenTool open;
    if (facts->message_id && facts->index) {
      const std::string key = open_key(*facts);
      if (const std::string* stored = batch_.get(key)) {
        const auto decoded = decode_open_tool(*stored);
        if (!decoded) return decoded.error();
        open = *decoded;
        batch_.erase(key);
      }
    }
    const auto begun = fold_.row();
    if (!begun) return begun.error();
    Row row = *begun;
    put_asked(open.asked, row);
    at(row, Column::outcome) = outcome;
    at(row, Column::tool) = open.tool;
    if (auto s = fold_.maybe(Column::tool, facts->tool, row); !s) return s;
    if (auto s = fold_.maybe(Column::error_type, facts->error_type, row); !s) return s;
    const std::int64_t end = at(row, Column::occurred_at);
    if (facts->duration_us) {
      at(row, Column::duration_us) = count(*facts->duration_us);
    } else if (open.occurred_at != kNull && end != kNull && end >= open.occurred_at) {
      at(row, Column::duration_us) =
          count(static_cast<std::uint64_t>(end) - static_cast<std::uint64_t>(open.occurred_at));
    }
    return fold_.add(row);
  }

 private:
  core::Result<std::vector<RecentAnswer>> recent() {
    const std::string* stored = batch_.get(answers_key(event_.project, event_.stream));
    return stored ? decode_answers(*stored) : std::vector<RecentAnswer>();
  }

  [[nodiscard]] std::string open_key(const events::ToolFacts& facts) const {
    std::string call = std::to_string(*facts.index);
    call += ' ';
    call += *facts.message_id;
    return hash_key('o', event_.project, hash_of(event_.stream, call));
  }

  const core::RecordedEvent& event_;
  core::ReadModelBatch& batch_;
  Fold& fold_;
};

}  // namespace

ToolCallsView::ToolCallsView(std::uint32_t segment_rows) : segment_rows_(segment_rows) {
  HANSARD_ASSERT(segment_rows >= 1 && segment_rows <= 1U << 24, "a segment is held in memory");
}

core::Status ToolCallsView::apply(const core::RecordedEvent& event,
                                  core::ReadModelBatch& batch) const {
  if (!event.stream.starts_with(kSessionPrefix) && !event.stream.starts_with(kCallsPrefix)) {
    return core::Ok{};
  }
  Fold fold(event, batch, segment_rows_);
  ToolFold tools(event, batch, fold);
  core::Status status = core::Ok{};
  switch (kind_of(event.type)) {
    case EventKind::session_created:
      status = fold.session_created();
      break;
    case EventKind::response_requested:
      status = fold.response_requested();
      break;
    case EventKind::response_received:
      status = tools.answered();
      break;
    case EventKind::tool_called:
      status = tools.called();
      break;
    case EventKind::tool_completed:
      status = tools.ended(kOutcomeOk);
      break;
    case EventKind::tool_failed:
      status = tools.ended(kOutcomeFailed);
      break;
    default:
      return core::Ok{};
  }
  return status ? fold.finish() : status;
}

}  // namespace hansard::projections::facts
