#include "core/sequencer.h"

#include <algorithm>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

namespace hansard::core {
namespace {

std::string at(std::size_t index, const char* field) {
  return "records[" + std::to_string(index) + "]." + field;
}

Error invalid(std::string field, const std::string& reason) {
  std::string message = field + " " + reason;
  return Error{Errc::invalid_argument, std::move(message), std::move(field)};
}

Error over(std::string field, std::size_t actual, std::size_t max, const char* unit) {
  std::string message = field + " has " + std::to_string(actual) + " " + unit + ", the limit is " +
                        std::to_string(max);
  return Error{Errc::too_large, std::move(message), std::move(field)};
}

bool looks_like_object(std::string_view json) {
  return json.size() >= 2 && json.front() == '{' && json.back() == '}';
}

/// Project and stream names carry their form in their types; the rest is judged here.
Status validate_record(const NewEvent& event, std::size_t index) {
  if (!is_event_type(event.type)) {
    return invalid(at(index, "type"), "must be 1 to 64 letters and digits, a capital first");
  }
  if (event.schema == 0) return invalid(at(index, "schema"), "must be at least 1");
  if (event.id.is_nil()) return invalid(at(index, "id"), "must not be the nil UUID");
  if (event.occurred_at_from_client && !event.occurred_at) {
    return invalid(at(index, "occurred_at"), "is said to come from the client but is absent");
  }
  if (!looks_like_object(event.facts)) {
    return invalid(at(index, "facts"), "must be a JSON object");
  }
  if (!looks_like_object(event.content)) {
    return invalid(at(index, "content"), "must be a JSON object");
  }
  if (event.salt == Hash{} || event.facts_hash == Hash{} || event.content_commitment == Hash{}) {
    // Not the client's fault: without a salt an erasure could be guessed back, without the hashes
    // the audit tree would commit to nothing.
    return Error{Errc::internal, at(index, "salt") + " was not drawn, or the record not sealed"};
  }
  const std::size_t bytes = event.facts.size() + event.content.size();
  if (bytes > kMaxEventBytes) {
    return over("records[" + std::to_string(index) + "]", bytes, kMaxEventBytes,
                "bytes of facts and content");
  }
  return Ok{};
}

/// Heads of the streams an append touches: read once, then moved on by its own writes.
class Heads {
 public:
  Heads(const SequencerIndex& index, const ProjectId& project) : index_(index), project_(project) {}

  Result<std::optional<Version>> get(const StreamId& stream) {
    const auto known = heads_.find(stream.text());
    if (known != heads_.end()) return known->second;
    auto head = index_.head(StreamKey{project_.text(), stream.text()});
    if (head) heads_.emplace(stream.text(), *head);
    return head;
  }
  /// @pre `get` succeeded for this stream.
  Version advance(const StreamId& stream) {
    std::optional<Version>& head = heads_.find(stream.text())->second;
    head = head ? Version{head->value + 1} : Version{0};
    return *head;
  }

 private:
  const SequencerIndex& index_;
  const ProjectId& project_;
  std::unordered_map<std::string_view, std::optional<Version>> heads_;  // keys live in the request
};

bool holds(const Expected& expected, const std::optional<Version>& head) {
  switch (expected.kind) {
    case Expected::Kind::any:
      return true;
    case Expected::Kind::none:
      return !head;
    case Expected::Kind::exists:
      return head.has_value();
    case Expected::Kind::exact:
      return head == expected.version;
  }
  return false;
}

std::string describe(const Expected& expected) {
  switch (expected.kind) {
    case Expected::Kind::any:
      return "any";
    case Expected::Kind::none:
      return "none";
    case Expected::Kind::exists:
      return "exists";
    case Expected::Kind::exact:
      break;
  }
  return std::to_string(expected.version.value);
}

/// All violated checks in one error, so that a caller mends everything in one go.
Status judge(const std::vector<Check>& checks, Heads& heads) {
  Error error{Errc::version_conflict, {}};
  for (const Check& check : checks) {
    const auto head = heads.get(check.stream);
    if (!head) return head.error();
    if (holds(check.expected, *head)) continue;
    error.violations.push_back({check.stream.text(), describe(check.expected),
                                *head ? std::to_string((*head)->value) : "none"});
  }
  if (error.violations.empty()) return Ok{};
  const Violation& first = error.violations.front();
  error.message = "stream '" + first.stream + "' was expected at " + first.expected +
                  " but is at " + first.actual;
  if (error.violations.size() > 1) {
    error.message += ", and " + std::to_string(error.violations.size() - 1) + " more checks failed";
  }
  return error;
}

struct KnownRecords {
  std::vector<std::optional<RecordReceipt>> receipts;  ///< as in the request; empty where new
  std::size_t count = 0;
};

/// Which records are stored already. Errors: id_reused when one is stored with other content.
Result<KnownRecords> find_known(const SequencerIndex& index, const EventEquivalence& equivalence,
                                const AppendRequest& request) {
  KnownRecords known;
  known.receipts.resize(request.records.size());
  for (std::size_t i = 0; i < request.records.size(); ++i) {
    const NewEvent& sent = request.records[i];
    const auto found = index.find(request.project, sent.id);
    if (!found) return found.error();
    if (!*found) continue;
    const RecordedEvent stored = (*found)->event();
    if (!equivalence.same(stored, sent)) {
      return Error{Errc::id_reused,
                   "records[" + std::to_string(i) + "]: event " + to_string(sent.id) +
                       " is stored at position " + std::to_string(stored.position.value) +
                       " with other content",
                   at(i, "id")};
    }
    known.receipts[i] =
        RecordReceipt{stored.position, stored.version, true, stored.erased, stored.recorded_at};
    ++known.count;
  }
  return known;
}

Error partly_known(const KnownRecords& known, const AppendRequest& request) {
  const auto is_known = [](const auto& receipt) { return receipt.has_value(); };
  const auto first = static_cast<std::size_t>(
      std::find_if(known.receipts.begin(), known.receipts.end(), is_known) -
      known.receipts.begin());
  return Error{Errc::partial_duplicate,
               std::to_string(known.count) + " of " + std::to_string(request.records.size()) +
                   " records are stored already, the first is records[" + std::to_string(first) +
                   "] with id " + to_string(request.records[first].id),
               at(first, "id")};
}

}  // namespace

Status validate(const AppendRequest& request) {
  const std::size_t count = request.records.size();
  if (count == 0) return invalid("records", "must not be empty");
  if (count > kMaxAppendRecords) return over("records", count, kMaxAppendRecords, "elements");
  if (request.checks.size() > kMaxAppendChecks) {
    return over("checks", request.checks.size(), kMaxAppendChecks, "elements");
  }
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (auto status = validate_record(request.records[i], i); !status) return status;
    bytes += request.records[i].facts.size() + request.records[i].content.size();
  }
  if (bytes > kMaxAppendBytes) {
    return over("records", bytes, kMaxAppendBytes, "bytes of facts and content");
  }
  if (count == 1) return Ok{};
  std::unordered_set<EventId> ids;
  ids.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    if (!ids.insert(request.records[i].id).second) {
      return invalid(at(i, "id"),
                     to_string(request.records[i].id) + " occurs twice in this append");
    }
  }
  return Ok{};
}

Result<Sequenced> sequence(SequencerState& state, const SequencerIndex& index,
                           const EventEquivalence& equivalence, const AppendRequest& request) {
  auto known = find_known(index, equivalence, request);
  if (!known) return known.error();

  const std::size_t count = request.records.size();
  Sequenced sequenced;
  sequenced.receipt.durability = request.durability;
  sequenced.receipt.records.reserve(count);
  if (known->count == count) {
    for (const auto& receipt : known->receipts) sequenced.receipt.records.push_back(*receipt);
    return sequenced;
  }
  if (known->count != 0 && request.known == Known::fail) return partly_known(*known, request);

  Heads heads(index, request.project);
  if (auto status = judge(request.checks, heads); !status) return status.error();
  for (const NewEvent& event : request.records) {
    if (auto head = heads.get(event.stream); !head) return head.error();
  }

  // From here nothing fails, so the state moves for all records or for none.
  state.recorded_at = std::max(state.recorded_at, request.recorded_at);
  sequenced.writes.reserve(count - known->count);
  for (std::size_t i = 0; i < count; ++i) {
    if (known->receipts[i]) {
      sequenced.receipt.records.push_back(*known->receipts[i]);
      continue;
    }
    const NewEvent& event = request.records[i];
    const Placement placement{state.next, heads.advance(event.stream), state.recorded_at};
    sequenced.writes.push_back({&event, placement});
    sequenced.receipt.records.push_back(
        {placement.position, placement.version, false, false, placement.recorded_at});
    ++state.next.value;
  }
  return sequenced;
}

}  // namespace hansard::core
