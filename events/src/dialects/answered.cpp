#include "dialects/answered.h"

#include <utility>

#include "dialects/original.h"

namespace hansard::events {

std::vector<SessionEvent> as_events(const std::vector<SessionStep>& steps) {
  std::vector<SessionEvent> events;
  events.reserve(steps.size());
  for (const SessionStep& step : steps) {
    if (const auto* answer = std::get_if<RecordResponse>(&step)) {
      events.emplace_back(static_cast<const ResponseReceived&>(*answer));
    } else if (const auto* call = std::get_if<CallTool>(&step)) {
      ToolCalled event;
      event.tool_call_id = call->tool_call_id;
      event.message_id = call->message_id.value_or("");
      event.index = call->index.value_or(0);
      event.tool = call->tool;
      event.arguments = call->arguments;
      events.emplace_back(std::move(event));
    }
  }
  return events;
}

FirstAnswer first_answer(std::span<const SessionEvent> events) {
  FirstAnswer found;
  for (const SessionEvent& each : events) {
    const auto* response = std::get_if<ResponseReceived>(&each);
    if (response != nullptr && found.answer == nullptr) found.answer = response;
    const auto* call = std::get_if<ToolCalled>(&each);
    if (call != nullptr && found.answer != nullptr &&
        call->message_id == found.answer->message_id) {
      found.calls.push_back(*call);
    }
  }
  return found;
}

std::optional<std::uint64_t> count_at(const Json* object, std::string_view key) {
  const Json* value = member(object, key);
  if (value == nullptr || !value->is_number()) return std::nullopt;
  const auto read = value->as_uint(key);
  return read ? std::optional<std::uint64_t>(*read) : std::nullopt;
}

TokenSums sums(const Usage& usage) {
  TokenSums all;
  for_each_class(usage, [&](std::string_view name, std::optional<std::uint64_t> tokens) {
    (name.starts_with("input") ? all.input : all.output) += tokens.value_or(0);
  });
  return all;
}

}  // namespace hansard::events
