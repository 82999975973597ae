#include "core/command_loop.h"

#include <algorithm>

namespace hansard::core::command_loop {

AppendRequest make_request(const CommandContext& context, std::vector<NewEvent> records,
                           Version next, const Hasher& hasher) {
  AppendRequest request;
  request.project = context.project;
  request.records = std::move(records);
  for (NewEvent& event : request.records) seal(event, hasher);
  request.checks.push_back({context.stream, next.value == 0
                                                ? Expected::none()
                                                : Expected::exactly(Version{next.value - 1})});
  if (context.expected_version) {
    request.checks.push_back({context.stream, Expected::exactly(*context.expected_version)});
  }
  request.checks.insert(request.checks.end(), context.checks.begin(), context.checks.end());
  request.recorded_at = context.recorded_at;
  request.actor = context.actor;
  request.durability = context.durability;
  request.known = context.known;
  request.completes_answer = context.completes_answer;
  return request;
}

bool wrote_nothing(const Result<Receipt>& receipt) {
  if (receipt) return receipt->duplicate();
  switch (receipt.error().code) {
    case Errc::id_reused:
    case Errc::partial_duplicate:
    case Errc::version_conflict:
      return true;
    default:
      return false;
  }
}

bool client_check_failed(const CommandContext& context, const Error& conflict) {
  const auto& violations = conflict.violations;
  const bool elsewhere =
      std::any_of(context.checks.begin(), context.checks.end(), [&](const Check& check) {
        return std::any_of(violations.begin(), violations.end(), [&](const Violation& violation) {
          return violation.stream == check.stream.text();
        });
      });
  if (elsewhere) return true;
  if (!context.expected_version) return false;
  const std::string expected = std::to_string(context.expected_version->value);
  return std::any_of(violations.begin(), violations.end(), [&](const Violation& violation) {
    return violation.stream == context.stream.text() && violation.expected == expected;
  });
}

std::optional<Error> client_check(const CommandContext& context, Version next) {
  if (!context.expected_version || context.expected_version->value + 1 == next.value) return {};
  const std::string expected = std::to_string(context.expected_version->value);
  const std::string actual = next.value == 0 ? "none" : std::to_string(next.value - 1);
  Error error{Errc::version_conflict, "stream '" + context.stream.text() + "' was expected at " +
                                          expected + " but is at " + actual};
  error.violations.push_back({context.stream.text(), expected, actual});
  return error;
}

Error overloaded(std::size_t waiting_max) {
  return Error{Errc::overloaded, "more than " + std::to_string(waiting_max) +
                                     " commands are waiting; try again in a moment"};
}

std::vector<NewEvent> copy_for_folding(const std::vector<NewEvent>& records,
                                       const StreamId& stream) {
  std::size_t bytes = 0;
  for (const NewEvent& event : records) bytes += event.facts.size() + event.content.size();
  if (bytes > kFoldCopyBytesMax) return {};
  std::vector<NewEvent> copies(records.size());
  for (std::size_t i = 0; i < records.size(); ++i) {
    if (records[i].stream == stream) copies[i] = records[i];
  }
  return copies;
}

bool is_small(const std::vector<NewEvent>& events) {
  std::size_t bytes = 0;
  for (const NewEvent& event : events) bytes += event.facts.size() + event.content.size();
  return events.size() <= kFoldHereEventsMax && bytes <= kFoldHereBytesMax;
}

Status fold_appended(const CommandContext& context, const std::vector<NewEvent>& records,
                     const Receipt& receipt, Version& next, const StateFold& fold) {
  if (records.size() != receipt.records.size()) return Ok{};  // too large to have been copied
  std::string bytes;
  for (std::size_t i = 0; i < records.size(); ++i) {
    const RecordReceipt& place = receipt.records[i];
    if (place.duplicate || records[i].type.empty()) continue;  // known, or of another stream
    if (place.version != next) return Ok{};                    // the log has the rest
    bytes.clear();
    encode_event(records[i], context.project, context.actor,
                 {place.position, place.version, place.recorded_at}, bytes);
    if (auto status = fold(decode_event(bytes).value()); !status) return status;
    ++next.value;
  }
  return Ok{};
}

}  // namespace hansard::core::command_loop
