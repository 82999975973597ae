#include "formats/openai_list.h"

#include <optional>
#include <utility>
#include <variant>

#include "events/dialects/openai/messages.h"
#include "formats/json_reader.h"

namespace hansard::importers {

namespace {

using core::Errc;
using core::Error;
using core::Ok;
using core::Result;
using core::Status;
using events::Json;

/// The list of messages and the member it was found under.
struct Messages {
  const Json* list = nullptr;
  std::string_view name;
};

Result<Messages> find_messages(const Json& record) {
  if (record.is_array()) return Messages{&record, "messages"};
  if (!record.is_object()) {
    return Error{Errc::invalid_argument, "expected a list of messages or an object, found " +
                                             std::string(describe(record.kind()))};
  }
  for (const std::string_view name : {"messages", "traj"}) {
    const Json* list = record.find(name);
    if (list == nullptr) continue;
    if (!list->is_array()) return events::bad_field(name, "expected a list of messages");
    return Messages{list, name};
  }
  return Error{Errc::invalid_argument, "an object without messages or traj"};
}

std::string_view role_of(const Json& message) {
  const Json* role = message.find("role");
  const std::string* text = role == nullptr ? nullptr : role->if_string();
  return text == nullptr ? std::string_view{} : std::string_view(*text);
}

std::optional<std::string> own_id(const Json& record) {
  for (const std::string_view name : {"session_id", "conversation_id", "id"}) {
    const Json* value = record.find(name);
    const std::string* text = value == nullptr ? nullptr : value->if_string();
    if (text != nullptr && !text->empty()) return *text;
  }
  return std::nullopt;
}

/// What tells this conversation from others: its beginning, and what its wrapper numbers it by.
std::string beginning(const Json& record, const Json::Array& messages, std::uint64_t repeat) {
  std::string text;
  bool numbered = false;
  for (const std::string_view name : {"id", "task_id", "trial"}) {
    const Json* value = record.find(name);
    numbered = numbered || value != nullptr;
    text += value == nullptr ? "-" : dump(*value);
    text += '\n';
  }
  if (!numbered) text += std::to_string(repeat);
  for (const Json& message : messages) {
    text += '\n';
    dump_to(message, text);
    if (role_of(message) == "user") break;
  }
  return text;
}

/// `task-3-trial-0-` where the wrapper has small numbers for them.
std::string readable_prefix(const Json& record) {
  std::string prefix;
  for (const std::string_view name : {"task_id", "trial"}) {
    const Json* value = record.find(name);
    if (value == nullptr || !value->is_number()) continue;
    const auto number = value->as_uint(name);
    if (number)
      prefix += std::string(name.substr(0, name.find('_'))) + "-" + std::to_string(*number) + "-";
  }
  return prefix;
}

events::RecordedStep undated(events::SessionStep step) {
  return {std::move(step), std::nullopt, false};
}

void read_wrapper(const Json::Object& wrapper, std::string_view list_name, Piece& out) {
  Json metadata;
  events::ConfigureSession settings;
  settings.idempotency_key = "import";
  bool configured = false;
  for (const Json::Member& member : wrapper) {
    if (member.key == list_name) continue;
    if (member.key == "tools" && member.value.is_array()) {
      settings.tools = member.value;
      configured = true;
    } else if (member.key == "model" && member.value.is_string()) {
      settings.model = *member.value.if_string();
      configured = true;
    } else {
      metadata.add(member.key, member.value);
    }
  }
  if (metadata.is_object()) out.create.metadata = std::move(metadata);
  if (configured) out.steps.push_back(undated(std::move(settings)));
}

/// A changed reward is another judgement, so its text is part of its id.
void read_reward(const Json& record, Piece& out) {
  const Json* reward = record.find("reward");
  if (reward == nullptr || !(reward->is_number() || reward->is_boolean())) return;
  events::RecordScore score;
  score.score_id = "reward:" + dump(*reward);
  score.name = "reward";
  score.value = *reward;
  out.steps.push_back(undated(std::move(score)));
}

void read_messages(const Json::Array& messages, std::string_view list_name, Piece& out) {
  events::openai::MessageReader reader;
  for (std::size_t i = 0; i < messages.size(); ++i) {
    const std::string place = std::to_string(i);
    const std::string path = events::join_path(list_name, i);
    auto steps = reader.read(messages[i], {"m" + place, "c" + place}, path);
    if (!steps) {
      out.unplaced.push_back({path, std::move(steps).error().message});
      continue;
    }
    ++out.messages;
    for (events::SessionStep& step : *steps) {
      const auto* result = std::get_if<events::CompleteTool>(&step);
      if (result != nullptr && !result->message_id) ++out.attached;
      out.steps.push_back(undated(std::move(step)));
    }
  }
}

class OpenAiListReader final : public JsonReader {
 public:
  using JsonReader::JsonReader;

 private:
  Status read(const JsonRecord& record) override {
    auto found = find_messages(record.json);
    if (!found) return std::move(found).error();
    const Json::Array& messages = *found->list->if_array();
    if (messages.empty()) return events::bad_field(found->name, "the list is empty");

    Piece out;
    out.line = record.line;
    if (auto id = own_id(record.json)) {
      out.session.id = *std::move(id);
    } else {
      out.session.prefix = readable_prefix(record.json);
      out.session.seed = beginning(record.json, messages, record.repeat);
    }
    out.create.source = "import";
    if (const Json::Object* wrapper = record.json.if_object()) {
      read_wrapper(*wrapper, found->name, out);
    }
    read_messages(messages, found->name, out);
    if (out.messages == 0) {
      return Error{Errc::invalid_argument,
                   "none of its messages could be read; the first: " + out.unplaced.front().reason};
    }
    read_reward(record.json, out);
    tell(std::move(out));
    return Ok{};
  }
};

}  // namespace

std::unique_ptr<Reader> openai_list_reader(ReaderEvents events) {
  return std::make_unique<OpenAiListReader>(std::move(events));
}

bool is_openai_list(const Json& record) {
  const auto found = find_messages(record);
  if (!found) return false;
  const Json::Array& list = *found->list->if_array();
  return record.is_object() || list.empty() || !role_of(list.front()).empty();
}

bool is_message(std::string_view element) {
  const auto json = events::parse_json(element);
  return json && !role_of(*json).empty();
}

}  // namespace hansard::importers
