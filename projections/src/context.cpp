#include "projections/context.h"

#include <algorithm>
#include <unordered_set>

namespace hansard::projections {
namespace {

/// The message that something in the window belongs to, or empty.
std::string_view message_of(const Entry& entry) {
  if (const auto* sent = std::get_if<events::MessageSent>(&entry.event)) return sent->message_id;
  if (const auto* answer = std::get_if<events::ResponseReceived>(&entry.event)) {
    return answer->message_id;
  }
  if (const auto* call = std::get_if<events::ToolCalled>(&entry.event)) return call->message_id;
  if (const auto* done = std::get_if<events::ToolCompleted>(&entry.event)) {
    return done->message_id ? std::string_view(*done->message_id) : std::string_view{};
  }
  if (const auto* failed = std::get_if<events::ToolFailed>(&entry.event)) {
    return failed->message_id ? std::string_view(*failed->message_id) : std::string_view{};
  }
  return {};
}

/// Messages, answers, and tool events without a place in one.
bool is_sent(const events::SessionEvent& event) {
  return std::holds_alternative<events::MessageSent>(event) ||
         std::holds_alternative<events::ResponseReceived>(event) ||
         std::holds_alternative<events::ToolCalled>(event) ||
         std::holds_alternative<events::ToolCompleted>(event) ||
         std::holds_alternative<events::ToolFailed>(event);
}

void optimise(const Entry& entry, const events::ContextOptimized& event, ContextWindow& window) {
  std::unordered_set<std::string_view> gone(event.removed.begin(), event.removed.end());
  gone.insert(event.summarised.begin(), event.summarised.end());
  if (event.strategy != "choice") {  // else another answer to the same call takes its place
    std::unordered_set<std::string_view> calls;
    for (const ContextMessage& message : window.messages) {
      const auto* answer = std::get_if<events::ResponseReceived>(&message.entry.event);
      if (answer == nullptr || !message.summary_of.empty()) continue;
      if (gone.contains(answer->message_id)) calls.insert(answer->call_id);
      if (calls.contains(answer->call_id)) gone.insert(answer->message_id);
    }
  }
  const auto is_gone = [&](const ContextMessage& message) {
    if (message.summary_of.empty()) {
      const std::string_view id = message_of(message.entry);
      return !id.empty() && gone.contains(id);
    }
    // An older summary goes when everything it stands for goes.
    return std::all_of(message.summary_of.begin(), message.summary_of.end(),
                       [&](const std::string& id) { return gone.contains(id); });
  };
  auto& messages = window.messages;
  const auto first = std::find_if(messages.begin(), messages.end(), is_gone);
  const auto place = first - messages.begin();
  messages.erase(std::remove_if(first, messages.end(), is_gone), messages.end());
  if (event.summary || !event.summarised.empty()) {
    const auto& stands_for = event.summarised.empty() ? event.removed : event.summarised;
    messages.insert(messages.begin() + place, ContextMessage{entry, stands_for});
  }
  for (const auto* ids : {&event.removed, &event.summarised}) {
    for (const std::string& id : *ids) {
      if (std::find(window.removed.begin(), window.removed.end(), id) == window.removed.end()) {
        window.removed.push_back(id);
      }
    }
  }
}

void note_tokens(const Entry& entry, ContextWindow& window) {
  std::optional<std::uint64_t> count;
  if (const auto* answer = std::get_if<events::ResponseReceived>(&entry.event)) {
    if (answer->choice != 0 || !answer->usage) return;
    const auto input = input_tokens(*answer->usage);
    const auto output = output_tokens(*answer->usage);
    // Half a number would pass for a whole one.
    if (input && output) count = *input + *output;
  } else if (const auto* event = std::get_if<events::ContextOptimized>(&entry.event)) {
    count = event->tokens_after;
  }
  if (count) window.tokens = ContextWindow::Tokens{*count, entry.info};
}

/// Of several answers to one call, choices or attempts, only the first that is left is sent: who
/// goes on from another one removes those before it.
void keep_one_answer_a_call(std::vector<ContextMessage>& messages) {
  std::unordered_set<std::string> answered;
  std::erase_if(messages, [&](const ContextMessage& message) {
    const auto* answer = std::get_if<events::ResponseReceived>(&message.entry.event);
    return answer != nullptr && !answered.insert(answer->call_id).second;
  });
}

}  // namespace

ContextWindow window_after(History history) {
  ContextWindow window;
  window.project = history.project;
  window.stream = history.stream;
  window.as_of = history.as_of;
  window.config = summarise(history).config;
  window.created = std::move(history.created);
  for (Entry& entry : history.entries) {
    note_tokens(entry, window);
    if (const auto* event = std::get_if<events::ContextOptimized>(&entry.event)) {
      optimise(entry, *event, window);
    } else if (is_sent(entry.event)) {
      window.messages.push_back(ContextMessage{std::move(entry)});
    }
  }
  keep_one_answer_a_call(window.messages);
  return window;
}

}  // namespace hansard::projections
