#include "formats/sharegpt.h"

#include <algorithm>
#include <array>
#include <deque>
#include <utility>

#include "formats/json_reader.h"
#include "formats/steps.h"

namespace hansard::importers {

namespace {

using core::Ok;
using core::Status;
using events::Json;

constexpr std::array<std::string_view, 2> kUsers = {"human", "user"};
constexpr std::array<std::string_view, 6> kModels = {"gpt",   "chatgpt", "assistant",
                                                     "model", "bing",    "bard"};
constexpr std::array<std::string_view, 3> kResults = {"observation", "tool", "function_response"};

template <std::size_t N>
bool among(const std::array<std::string_view, N>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

/// What names a conversation that has no id: how it begins.
std::string beginning(const Json::Array& turns, std::uint64_t repeat) {
  std::string text = "sharegpt\n" + std::to_string(repeat);
  for (const Json& turn : turns) {
    text += '\n';
    dump_to(turn, text);
    if (among(kUsers, text_at(turn, "from").value_or(""))) break;
  }
  return text;
}

/// One conversation, turn by turn, rewritten as OpenAI messages: that dialect knows how answers,
/// calls and results hang together.
class Conversation {
 public:
  Conversation(std::uint64_t line, SessionName name) : out_(line, std::move(name)) {}

  void turn(const Json& turn, std::size_t index) {
    const std::string path = events::join_path("conversations", index);
    const std::string id = "m" + std::to_string(index);
    const auto from = text_at(turn, "from");
    const Json* value = turn.find("value");
    if (!from || value == nullptr) {
      out_.attach(id, "turn", path, "a turn without from or value", turn);
      return;
    }
    Json message;
    if (*from == "system") {
      message.add("role", "system").add("content", *value);
    } else if (among(kUsers, *from)) {
      message.add("role", "user").add("content", *value);
    } else if (among(kModels, *from)) {
      message.add("role", "assistant").add("content", *value);
    } else if (*from == "function_call") {
      if (!calls(*value, id, message)) {
        out_.attach(id, "turn", path, "a function_call that is no {name, arguments}", turn);
        return;
      }
    } else if (among(kResults, *from)) {
      std::string open = "no-call:" + id;
      if (!open_.empty()) {
        open = std::move(open_.front());
        open_.pop_front();
      }
      message.add("role", "tool").add("tool_call_id", std::move(open)).add("content", *value);
    } else {
      out_.attach(id, "turn", path, "an unknown speaker: " + *from, turn);
      return;
    }
    const bool usual = *from == "human" || *from == "gpt" || *from == "system" ||
                       *from == "function_call" || *from == "observation";
    if (!usual) message.add("from", *from);
    for (Json::Member& member : without(turn, {"from", "value"})) {
      if (message.find(member.key) == nullptr) message.add(member.key, std::move(member.value));
    }
    out_.message(message, id, path);
  }

  PieceBuilder& out() { return out_; }

 private:
  bool calls(const Json& value, const std::string& id, Json& message) {
    const std::string* text = value.if_string();
    const auto parsed = text == nullptr ? core::Result<Json>(value) : events::parse_json(*text);
    if (!parsed) return false;
    const Json::Array list = parsed->is_array() ? *parsed->if_array() : Json::Array{*parsed};
    if (list.empty()) return false;
    Json entries;
    for (std::size_t i = 0; i < list.size(); ++i) {
      const auto name = text_at(list[i], "name");
      const Json* arguments = list[i].find("arguments");
      if (!name || name->empty() || arguments == nullptr || list[i].if_object()->size() != 2) {
        return false;
      }
      Json function;
      function.add("name", *name).add("arguments", *arguments);
      Json entry;
      entry.add("id", id + ".call" + std::to_string(i)).add("type", "function");
      entry.add("function", std::move(function));
      entries.push(std::move(entry));
    }
    for (std::size_t i = 0; i < list.size(); ++i) {
      open_.push_back(id + ".call" + std::to_string(i));
    }
    message.add("role", "assistant").add("content", nullptr).add("tool_calls", std::move(entries));
    return true;
  }

  PieceBuilder out_;
  std::deque<std::string> open_;  ///< ids of calls without a result, oldest first
};

class ShareGptReader final : public JsonReader {
 public:
  using JsonReader::JsonReader;

 private:
  Status read(const JsonRecord& record) override {
    const Json* list = record.json.find("conversations");
    if (list == nullptr || !list->is_array()) {
      return events::bad_field("conversations", "expected a list of turns");
    }
    const Json::Array& turns = *list->if_array();
    if (turns.empty()) return events::bad_field("conversations", "the list is empty");
    SessionName name;
    if (auto id = id_at(record.json, "id")) {
      name.id = *std::move(id);
    } else {
      name.prefix = "sharegpt-";
      name.seed = beginning(turns, record.repeat);
    }
    Conversation conversation(record.line, std::move(name));
    settings(record.json, conversation.out());
    for (std::size_t i = 0; i < turns.size(); ++i) conversation.turn(turns[i], i);
    tell(conversation.out().take());
    return Ok{};
  }

  static void settings(const Json& record, PieceBuilder& out) {
    events::ConfigureSession configure;
    configure.idempotency_key = "import";
    Json::Object rest = without(record, {"id", "conversations"});
    for (auto member = rest.begin(); member != rest.end();) {
      const std::string* text = member->value.if_string();
      const auto parsed = text == nullptr || member->key != "tools"
                              ? core::Result<Json>(member->value)
                              : events::parse_json(*text);
      if (member->key == "system" && text != nullptr) {
        configure.system = *text;
      } else if (member->key == "tools" && parsed && parsed->is_array()) {
        configure.tools = *parsed;
      } else {
        ++member;
        continue;
      }
      member = rest.erase(member);
    }
    if (!rest.empty()) out.piece().create.metadata = Json(std::move(rest));
    if (configure.system || configure.tools) out.step(std::move(configure));
  }
};

}  // namespace

std::unique_ptr<Reader> sharegpt_reader(ReaderEvents events) {
  return std::make_unique<ShareGptReader>(std::move(events));
}

bool is_sharegpt(const Json& record) {
  const Json* list = record.find("conversations");
  const Json::Array* turns = list == nullptr ? nullptr : list->if_array();
  return turns != nullptr && !turns->empty() && turns->front().find("from") != nullptr;
}

}  // namespace hansard::importers
