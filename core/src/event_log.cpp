#include "core/event_log.h"

#include <algorithm>

namespace hansard::core {

Position Receipt::end() const {
  Position end;
  for (const RecordReceipt& record : records) {
    end = std::max(end, Position{record.position.value + 1});
  }
  return end;
}

bool Receipt::duplicate() const {
  return std::all_of(records.begin(), records.end(),
                     [](const RecordReceipt& record) { return record.duplicate; });
}

bool same_occurred_at(const RecordedEvent& stored, const NewEvent& sent) {
  // Supplying a time and leaving it to us are different requests; two times of ours are not.
  if (stored.occurred_at_from_client != sent.occurred_at_from_client) return false;
  return !sent.occurred_at_from_client || stored.occurred_at == sent.occurred_at;
}

bool EventEquivalence::same(const RecordedEvent& stored, const NewEvent& sent) const {
  return stored.stream == sent.stream.text() && stored.type == sent.type &&
         stored.schema == sent.schema && stored.facts == sent.facts &&
         (stored.erased || stored.content == sent.content) && same_occurred_at(stored, sent);
}

}  // namespace hansard::core
