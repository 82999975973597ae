#include "projections/prompt.h"

#include <map>
#include <type_traits>
#include <utility>
#include <variant>

#include "events/conversation/utterance.h"

namespace hansard::projections {

namespace {

using core::Result;
using events::Digester;
using events::Json;
using events::SendMessage;
using events::SessionStep;

bool is_aside(const SessionStep& step) {
  const auto* message = std::get_if<SendMessage>(&step);
  return message != nullptr &&
         (message->role == events::Role::system || message->role == events::Role::developer);
}

void add_text(std::optional<std::string>& system, std::string_view text) {
  if (!system) {
    system = text;
  } else {
    *system += "\n\n";
    *system += text;
  }
}

/// What a person reads of a text or a list of blocks.
std::string text_of(const Json& given) {
  if (const std::string* text = given.if_string()) return *text;
  std::string out;
  const auto* blocks = given.if_array();
  if (blocks == nullptr) return dump(given);
  for (const Json& block : *blocks) {
    const events::Part part{block};
    const auto text = part.text();
    if (!text) continue;
    if (!out.empty()) out += "\n\n";
    out += *text;
  }
  return out;
}

/// What a given message says, whoever says it.
void add_given(std::optional<std::string>& system, const std::vector<SessionStep>& steps) {
  for (const SessionStep& step : steps) {
    if (const auto* sent = std::get_if<SendMessage>(&step)) {
      const std::string who = is_aside(step) ? "" : std::string(to_word(sent->role)) + ": ";
      add_text(system, who + plain_text(sent->parts));
    } else if (const auto* answer = std::get_if<events::RecordResponse>(&step)) {
      add_text(system, "assistant: " + plain_text(answer->parts));
    }
  }
}

/// Cuts the steps of one message into utterances.
void cut(events::RequestTurn message, std::vector<Prompt::Turn>& turns) {
  for (SessionStep& step : message.steps) {
    if (std::holds_alternative<events::CallTool>(step) && !turns.empty()) {
      turns.back().steps.push_back(std::move(step));
      continue;
    }
    const bool aside = is_aside(step);
    turns.emplace_back();
    turns.back().aside = aside;
    turns.back().steps.push_back(std::move(step));
  }
}

events::Digest digest_of(const Prompt::Turn& turn, const Digester& digester) {
  events::Digest digest{};
  for (const SessionStep& step : turn.steps) {
    if (const auto* message = std::get_if<SendMessage>(&step)) {
      digest = digester.utterance(canonical(*message));
    } else if (const auto* answer = std::get_if<events::RecordResponse>(&step)) {
      digest = digester.utterance(canonical(*answer));
    } else if (const auto* done = std::get_if<events::CompleteTool>(&step)) {
      digest = digester.utterance(canonical(*done));
    } else if (const auto* failed = std::get_if<events::FailTool>(&step)) {
      digest = digester.utterance(canonical(*failed));
    } else if (const auto* call = std::get_if<events::CallTool>(&step)) {
      events::ToolCalled called;
      called.tool = call->tool;
      called.arguments = call->arguments;
      digest = digester.with_call(digest, canonical(called));
    }
  }
  return digest;
}

/// The message id that a step has, or that of the answer it belongs to; null where it has none.
std::string* message_id_of(SessionStep& step) {
  return std::visit(
      [](auto& each) -> std::string* {
        using S = std::decay_t<decltype(each)>;
        if constexpr (std::is_same_v<S, SendMessage> || std::is_same_v<S, events::RecordResponse>) {
          return &each.message_id;
        } else if constexpr (std::is_same_v<S, events::CallTool> ||
                             std::is_same_v<S, events::CompleteTool> ||
                             std::is_same_v<S, events::FailTool>) {
          return each.message_id ? &*each.message_id : nullptr;
        } else {
          return nullptr;
        }
      },
      step);
}

bool names_itself(const SessionStep& step) {
  return std::holds_alternative<SendMessage>(step) ||
         std::holds_alternative<events::RecordResponse>(step);
}

}  // namespace

Result<Prompt> read_prompt(const events::Api& api, Json body, const Digester& digester,
                           std::size_t given, const std::function<void(SessionStep&)>& shape) {
  Prompt prompt;
  prompt.api = &api;
  auto request = api.requests.split(std::move(body));
  if (!request) return request.error();
  prompt.request = *std::move(request);
  const events::RequestIds ids{[](std::size_t message) { return "m" + std::to_string(message); },
                               [](std::size_t message) { return "c" + std::to_string(message); }};
  auto messages = api.requests.read(prompt.request.messages, ids);
  if (!messages) return messages.error();
  if (prompt.request.system) {
    prompt.system = text_of(*prompt.request.system);
    prompt.system_place = SystemPlace::beside;
  }
  bool leading = true;
  for (events::RequestTurn& message : *messages) {
    for (SessionStep& step : message.steps) {
      if (shape) shape(step);
    }
    const bool is_given = message.message < given;
    const bool beside = prompt.system_place == SystemPlace::beside;
    leading = leading && message.steps.size() == 1 && is_aside(message.steps.front()) && !beside;
    if (!leading && !is_given) {
      cut(std::move(message), prompt.turns);
      continue;
    }
    leading = true;
    prompt.leading = message.message + 1;
    if (!beside && is_aside(message.steps.front())) prompt.system_place = SystemPlace::messages;
    add_given(prompt.system, message.steps);
  }
  for (const Prompt::Turn& turn : prompt.turns) {
    if (turn.aside) continue;
    prompt.asked.history.push_back(digest_of(turn, digester));
    prompt.asked.answers.push_back(
        std::holds_alternative<events::RecordResponse>(turn.steps.front()));
  }
  return prompt;
}

std::vector<SessionStep> settle(const Prompt& prompt, const std::vector<std::string>& known,
                                const std::string& name) {
  std::map<std::string, std::string, std::less<>> names;  // provisional -> its own
  std::vector<SessionStep> fresh;
  std::size_t utterance = 0;
  for (const Prompt::Turn& turn : prompt.turns) {
    const bool is_known = utterance < known.size();
    const std::size_t place = utterance;
    if (!turn.aside) ++utterance;
    for (SessionStep step : turn.steps) {
      std::string* const id = message_id_of(step);
      if (id != nullptr && names_itself(step)) {
        const bool named = is_known && !turn.aside;
        names[*id] = named ? known[place] : name + "." + *id;
      }
      if (id != nullptr) {
        const auto found = names.find(*id);
        if (found != names.end()) *id = found->second;
      }
      if (auto* answer = std::get_if<events::RecordResponse>(&step)) {
        answer->call_id = name + "." + answer->call_id;  // nobody recorded how it came about
      }
      if (auto* done = std::get_if<events::CompleteTool>(&step); done && done->result_id) {
        done->result_id = name + "." + *done->result_id;
      }
      if (auto* failed = std::get_if<events::FailTool>(&step); failed && failed->result_id) {
        failed->result_id = name + "." + *failed->result_id;
      }
      if (!is_known) fresh.push_back(std::move(step));
    }
  }
  return fresh;
}

std::vector<events::SessionEvent> events_of(const std::vector<SessionStep>& steps) {
  std::vector<events::SessionEvent> events;
  for (const SessionStep& step : steps) {
    std::visit(
        [&](const auto& each) {
          using S = std::decay_t<decltype(each)>;
          if constexpr (std::is_same_v<S, events::CallTool>) {
            events::ToolCalled called;
            called.tool_call_id = each.tool_call_id;
            called.message_id = each.message_id.value_or("");
            called.index = each.index.value_or(0);
            called.tool = each.tool;
            called.arguments = each.arguments;
            events.emplace_back(std::move(called));
          } else if constexpr (std::is_base_of_v<events::MessageSent, S>) {
            events.emplace_back(static_cast<const events::MessageSent&>(each));
          } else if constexpr (std::is_base_of_v<events::ResponseReceived, S>) {
            events.emplace_back(static_cast<const events::ResponseReceived&>(each));
          } else if constexpr (std::is_base_of_v<events::ResponseRequested, S>) {
            events.emplace_back(static_cast<const events::ResponseRequested&>(each));
          } else if constexpr (std::is_base_of_v<events::ResponseFailed, S>) {
            events.emplace_back(static_cast<const events::ResponseFailed&>(each));
          } else if constexpr (std::is_base_of_v<events::ToolCompleted, S>) {
            events.emplace_back(static_cast<const events::ToolCompleted&>(each));
          } else if constexpr (std::is_base_of_v<events::ToolFailed, S>) {
            events.emplace_back(static_cast<const events::ToolFailed&>(each));
          } else if constexpr (std::is_base_of_v<events::ContextOptimized, S>) {
            events.emplace_back(static_cast<const events::ContextOptimized&>(each));
          } else if constexpr (std::is_base_of_v<events::SessionConfigured, S>) {
            events.emplace_back(static_cast<const events::SessionConfigured&>(each));
          }
        },
        step);
  }
  return events;
}

events::ConfigureSession system_setting(const Prompt& prompt, const std::string& name) {
  events::ConfigureSession configure;
  configure.idempotency_key = name + ".system";
  configure.system = prompt.system;
  const events::CallRequest& request = prompt.request;
  const auto first = request.messages.begin();
  Json::Array leading(first, first + static_cast<std::ptrdiff_t>(prompt.leading));
  if (prompt.system_place != SystemPlace::messages) {
    Json settings = Json::Object{};
    if (request.system && (!leading.empty() || !request.system->is_string())) {
      settings.add("system", *request.system);
    }
    if (!leading.empty()) settings.add("leading_messages", std::move(leading));
    if (!settings.if_object()->empty()) configure.settings = std::move(settings);
    return configure;
  }
  const Json plain = Json::Object{{"role", "system"}, {"content", *prompt.system}};
  if (leading.size() != 1 || !events::same_tree(leading.front(), plain)) {
    configure.settings = Json::Object{{"system_messages", std::move(leading)}};
  }
  return configure;
}

std::vector<SessionStep> context_changes(const Prompt& prompt, const events::Placement& placement,
                                         const std::string& name) {
  std::vector<SessionStep> steps;
  if (placement.kind != events::PlaceKind::goes_on) return steps;
  if (!placement.unchosen.empty()) {
    events::OptimizeContext choice;
    choice.idempotency_key = name + ".choice";
    choice.strategy = "choice";
    choice.removed = placement.unchosen;
    steps.emplace_back(std::move(choice));
  }
  if (placement.removed.empty()) return steps;
  events::OptimizeContext change;
  change.idempotency_key = name + ".context";
  change.strategy = "client";
  change.reason = "sent_without";
  if (!placement.summary) {
    change.removed = placement.removed;
  } else {
    change.summarised = placement.removed;
    std::size_t utterance = 0;
    for (const Prompt::Turn& turn : prompt.turns) {
      if (turn.aside || utterance++ != *placement.summary) continue;
      if (const auto* sent = std::get_if<SendMessage>(&turn.steps.front())) {
        change.summary = sent->parts;
      }
    }
  }
  steps.emplace_back(std::move(change));
  return steps;
}

}  // namespace hansard::projections
