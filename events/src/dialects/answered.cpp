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
