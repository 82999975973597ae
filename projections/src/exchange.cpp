#include "projections/exchange.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <type_traits>
#include <utility>

#include "events/json_patch.h"
#include "projections/echo.h"

namespace hansard::projections {
namespace {

using core::Errc;
using core::Error;
using core::Result;
using events::Json;
using events::SessionEvent;

constexpr std::string_view kDialect = "dialect";
constexpr std::string_view kSystem = "system";
constexpr std::string_view kSystemMessages = "system_messages";
constexpr std::string_view kLeadingMessages = "leading_messages";
constexpr std::string_view kForms = "forms";
constexpr std::string_view kMessages = "messages";
constexpr std::string_view kLast = "last";

std::string_view word(SystemPlace place) {
  return place == SystemPlace::messages ? "messages" : "beside";
}

/// The message that something said belongs to, or empty.
std::string_view message_of(const SessionEvent& event) {
  return std::visit(
      [](const auto& each) -> std::string_view {
        using E = std::decay_t<decltype(each)>;
        if constexpr (std::is_same_v<E, events::MessageSent> ||
                      std::is_same_v<E, events::ResponseReceived> ||
                      std::is_same_v<E, events::ToolCalled>) {
          return each.message_id;
        } else if constexpr (std::is_same_v<E, events::ToolCompleted> ||
                             std::is_same_v<E, events::ToolFailed>) {
          return each.message_id ? std::string_view(*each.message_id) : std::string_view{};
        } else {
          return {};
        }
      },
      event);
}

void optimise(Said& said, const events::ContextOptimized& change) {
  const auto listed = [](const std::vector<std::string>& ids, std::string_view id) {
    return std::find(ids.begin(), ids.end(), id) != ids.end();
  };
  std::vector<std::string> others;  ///< answers to the calls of those that go
  if (change.strategy != "choice") {
    std::vector<std::string> calls;
    for (const SessionEvent& event : said.window) {
      const auto* answer = std::get_if<events::ResponseReceived>(&event);
      if (answer == nullptr) continue;
      const bool gone = listed(change.summarised, answer->message_id) ||
                        listed(change.removed, answer->message_id);
      if (gone) calls.push_back(answer->call_id);
      if (listed(calls, answer->call_id)) others.push_back(answer->message_id);
    }
  }
  std::optional<std::size_t> place;
  std::vector<SessionEvent> left;
  for (SessionEvent& event : said.window) {
    const std::string_view id = message_of(event);
    const bool summarised = listed(change.summarised, id);
    if (summarised && !place) place = left.size();
    const bool gone = summarised || listed(change.removed, id) || listed(others, id);
    if (!gone) left.push_back(std::move(event));
  }
  said.window = std::move(left);
  said.forms.clear();  // the places in the list are others now
  if (!change.summary) return;
  events::MessageSent summary;
  summary.parts = *change.summary;
  said.window.insert(said.window.begin() + static_cast<std::ptrdiff_t>(place.value_or(0)),
                     std::move(summary));
}

/// Of several answers to one call the first that is still sent, and what belongs to it.
std::vector<SessionEvent> sent(const std::vector<SessionEvent>& window) {
  std::vector<std::string_view> calls;
  std::vector<std::string_view> unsent;
  std::vector<SessionEvent> out;
  for (const SessionEvent& event : window) {
    if (const auto* answer = std::get_if<events::ResponseReceived>(&event)) {
      if (std::find(calls.begin(), calls.end(), answer->call_id) != calls.end()) {
        unsent.push_back(answer->message_id);
      }
      calls.push_back(answer->call_id);
    }
    const std::string_view id = message_of(event);
    const bool other = !id.empty() && std::find(unsent.begin(), unsent.end(), id) != unsent.end();
    if (!other) out.push_back(event);
  }
  return out;
}

/// The messages as they are written where nobody says otherwise.
Json::Array plain_messages(const events::Api& api, const Said& said, bool system_in_list) {
  Json::Array messages;
  const auto list = [&](std::string_view name) -> const Json::Array* {
    const Json* given = said.settings ? said.settings->find(name) : nullptr;
    return given == nullptr ? nullptr : given->if_array();
  };
  if (!system_in_list) {
    if (const Json::Array* given = list(kLeadingMessages)) messages = *given;
  } else {
    if (const Json::Array* given = list(kSystemMessages)) {
      messages = *given;
    } else if (said.system) {
      messages.push_back(Json::Object{{"role", "system"}, {"content", *said.system}});
    }
  }
  const std::vector<SessionEvent> window = sent(said.window);
  Json::Array conversation = api.requests.write(window);
  std::move(conversation.begin(), conversation.end(), std::back_inserter(messages));
  return messages;
}

std::optional<Json> plain_system(const Said& said) {
  const Json* given = said.settings ? said.settings->find(kSystem) : nullptr;
  if (given != nullptr) return *given;
  if (said.system) return Json(*said.system);
  return {};
}

const Json* form_at(const Json::Object& forms, std::string_view place) {
  for (const Json::Member& form : forms) {
    if (form.key == place) return form.value.is_null() ? nullptr : &form.value;
  }
  return nullptr;
}

void set_form(Json::Object& forms, const std::string& place, const Json& form) {
  for (Json::Member& known : forms) {
    if (known.key == place) {
      known.value = form;
      return;
    }
  }
  forms.push_back({place, form});
}

Result<Json> formed(Json value, const Json::Object& forms, std::string_view place) {
  const Json* form = form_at(forms, place);
  return form == nullptr ? Result<Json>(std::move(value))
                         : events::apply_patch(std::move(value), *form);
}

/// The form to note so that `plain` is read as `original`; nothing where it is already.
std::optional<Json> new_form(const Json& plain, const Json& original, const Json::Object& forms,
                             std::string_view place) {
  const auto as_known = formed(plain, forms, place);
  if (as_known && events::same_tree(*as_known, original)) return {};
  return events::diff_tree(plain, original).value_or(Json());
}

void add_forms(Said& said, const events::ResponseRequested& asked) {
  const Json* forms = asked.extra ? asked.extra->find(kForms) : nullptr;
  if (forms == nullptr || !forms->is_object()) return;
  for (const Json::Member& form : *forms->if_object()) set_form(said.forms, form.key, form.value);
}

/// Everything in a history as it was recorded. Tools and their outcomes, which a history has behind
/// the answer that asked, stand where they were said: between them there may have been other
/// answers.
void each_event(const History& history, const std::function<void(const SessionEvent&)>& take) {
  std::vector<std::pair<core::Position, SessionEvent>> events;
  const auto add = [&](const EntryInfo& info, const auto& event) {
    events.emplace_back(info.position, event);
  };
  const auto outcome = [&](const std::optional<ToolOutcome>& given) {
    if (given) std::visit([&](const auto& event) { add(given->info, event); }, given->event);
  };
  for (const Entry& entry : history.entries) {
    add(entry.info, entry.event);
    outcome(entry.outcome);
    for (const ToolUse& use : entry.tools) {
      add(use.info, use.event);
      outcome(use.outcome);
    }
  }
  std::stable_sort(events.begin(), events.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  for (const auto& [position, event] : events) take(event);
}

}  // namespace

void say(Said& said, const SessionEvent& event) {
  std::visit(
      [&](const auto& each) {
        using E = std::decay_t<decltype(each)>;
        if constexpr (std::is_same_v<E, events::SessionConfigured>) {
          if (each.system) {
            said.system = each.system;
            said.settings = each.settings;
          }
          if (each.tools) said.tools = each.tools;
        } else if constexpr (std::is_same_v<E, events::ResponseRequested>) {
          add_forms(said, each);
        } else if constexpr (std::is_same_v<E, events::ContextOptimized>) {
          optimise(said, each);
        } else if constexpr (std::is_same_v<E, events::MessageSent> ||
                             std::is_same_v<E, events::ResponseReceived> ||
                             std::is_same_v<E, events::ToolCalled> ||
                             std::is_same_v<E, events::ToolCompleted> ||
                             std::is_same_v<E, events::ToolFailed>) {
          said.window.push_back(each);
        }
      },
      event);
}

Said said_in(History history) {
  Said said;
  each_event(history, [&](const SessionEvent& event) { say(said, event); });
  return said;
}

Result<Json> rebuild_request(const Said& said, const events::ResponseRequested& asked) {
  const Json* dialect = asked.extra ? asked.extra->find(kDialect) : nullptr;
  const std::string* name = dialect == nullptr ? nullptr : dialect->if_string();
  const events::Api* api = name == nullptr ? nullptr : events::api_named(*name);
  if (api == nullptr) {
    return Error{Errc::unsupported, "call '" + asked.call_id + "' was recorded without its form"};
  }
  const Json& extra = *asked.extra;
  const Json* place = extra.find(kSystem);
  const auto is_at = [&](SystemPlace which) {
    return place != nullptr && place->is_string() && *place->if_string() == word(which);
  };
  Json::Object forms = said.forms;
  if (const Json* own = extra.find(kForms); own != nullptr && own->is_object()) {
    for (const Json::Member& form : *own->if_object()) set_form(forms, form.key, form.value);
  }
  events::CallRequest request;
  request.kind = asked.kind;
  request.model = asked.model;
  request.stream = asked.stream.value_or(false);
  if (asked.parameters) request.parameters = *asked.parameters;
  if (asked.tools_hash) request.tools = said.tools;
  if (is_at(SystemPlace::beside)) {
    if (auto plain = plain_system(said)) {
      auto system = formed(*std::move(plain), forms, kSystem);
      if (!system) return system.error();
      request.system = *std::move(system);
    }
  }
  if (const Json* whole = extra.find(kMessages); whole != nullptr && whole->is_array()) {
    request.messages = *whole->if_array();
    return api->requests.join(std::move(request));
  }
  Json::Array plain = plain_messages(*api, said, is_at(SystemPlace::messages));
  const Json* last = extra.find(kLast);
  const auto sent = last == nullptr ? Result<std::uint64_t>(plain.size()) : last->as_uint(kLast);
  if (!sent) return sent.error();
  for (std::size_t i = plain.size() - std::min<std::size_t>(plain.size(), *sent); i < plain.size();
       ++i) {
    auto message = formed(std::move(plain[i]), forms, std::to_string(i));
    if (!message) return message.error();
    request.messages.push_back(*std::move(message));
  }
  return api->requests.join(std::move(request));
}

RequestForm request_form(const events::Api& api, const Said& said,
                         const events::CallRequest& request, SystemPlace system) {
  RequestForm form;
  form.extra = Json::Object{{std::string(kDialect), api.requests.name()}};
  if (system != SystemPlace::nowhere) form.extra.add(std::string(kSystem), word(system));
  Json forms = Json::Object{};
  if (system == SystemPlace::beside && request.system) {
    const auto plain = plain_system(said);
    if (auto change = new_form(plain.value_or(Json()), *request.system, said.forms, kSystem)) {
      forms.add(std::string(kSystem), *std::move(change));
    }
  }
  const Json::Array plain = plain_messages(api, said, system == SystemPlace::messages);
  const std::size_t sent = request.messages.size();
  // Who names the answer he goes on from sends what is new alone.
  const bool last = request.previous_answer && plain.size() > sent;
  if (plain.size() != sent && !last) {
    form.extra.add(std::string(kMessages), request.messages);
    form.whole = true;
  } else {
    if (last) form.extra.add(std::string(kLast), sent);
    for (std::size_t i = 0; i < sent; ++i) {
      const std::size_t at = plain.size() - sent + i;
      const std::string place = std::to_string(at);
      if (auto change = new_form(plain[at], request.messages[i], said.forms, place)) {
        forms.add(place, *std::move(change));
      }
    }
  }
  if (!forms.if_object()->empty()) form.extra.add(std::string(kForms), std::move(forms));
  return form;
}

Result<Exchange> exchange_of(const History& history, std::string_view call_id,
                             std::uint32_t attempt) {
  Said said;
  std::optional<Result<Json>> request;
  const events::Api* api = nullptr;
  bool found = false;
  std::vector<SessionEvent> answer;
  std::vector<std::string> answers;
  each_event(history, [&](const SessionEvent& event) {
    if (const auto* asked = std::get_if<events::ResponseRequested>(&event);
        asked != nullptr && asked->call_id == call_id && asked->attempt == attempt) {
      found = true;
      request = rebuild_request(said, *asked);
      const Json* dialect = asked->extra ? asked->extra->find(kDialect) : nullptr;
      if (dialect != nullptr && dialect->is_string()) {
        api = events::api_named(*dialect->if_string());
      }
    }
    if (const auto* received = std::get_if<events::ResponseReceived>(&event);
        received != nullptr && received->call_id == call_id &&
        received->attempt.value_or(1) == attempt) {
      found = true;
      answers.push_back(received->message_id);
      answer.push_back(event);
    } else if (const auto* call = std::get_if<events::ToolCalled>(&event);
               call != nullptr &&
               std::find(answers.begin(), answers.end(), call->message_id) != answers.end()) {
      answer.push_back(event);
    }
    say(said, event);
  });
  if (!found) {
    return Error{Errc::not_found, "there is no attempt " + std::to_string(attempt) + " of call '" +
                                      std::string(call_id) + "'"};
  }
  Exchange exchange;
  if (request && !*request) return request->error();
  if (request) exchange.request = **std::move(request);
  if (api == nullptr || answer.empty()) return exchange;
  for (SessionEvent& event : answer) {
    auto* received = std::get_if<events::ResponseReceived>(&event);
    if (received == nullptr || !exchange.request) continue;
    if (auto status = restore_echo(*received, *exchange.request); !status) return status.error();
  }
  exchange.answer = api->answers.write(answer);
  return exchange;
}

}  // namespace hansard::projections
