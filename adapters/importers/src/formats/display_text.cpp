#include "formats/display_text.h"

#include <algorithm>
#include <array>
#include <utility>

#include "formats/json_reader.h"
#include "formats/steps.h"

namespace hansard::importers {

namespace {

using core::Ok;
using core::Status;
using events::Json;

constexpr std::string_view kMember = "messages_display";
constexpr std::array<std::string_view, 5> kRoles = {"system", "developer", "user", "assistant",
                                                    "tool"};

/// The role a line begins with, or nothing.
std::string_view role_of(std::string_view line) {
  for (const std::string_view role : kRoles) {
    if (line.size() > role.size() && line.substr(0, role.size()) == role &&
        line[role.size()] == ':' &&
        (line.size() == role.size() + 1 || line[role.size() + 1] == ' '))
      return role;
  }
  return {};
}

bool may_follow(std::string_view role, std::string_view before) {
  const bool setting = before.empty() || before == "system" || before == "developer";
  if (role == "system" || role == "developer") return setting;
  if (role == "user") return setting || before == "assistant";
  if (role == "assistant") return before == "user" || before == "tool";
  return before == "assistant" || before == "tool";
}

class DisplayTextReader final : public JsonReader {
 public:
  using JsonReader::JsonReader;

 private:
  Status read(const JsonRecord& record) override {
    const auto text = text_at(record.json, kMember);
    if (!text) return events::bad_field(kMember, "expected the text of a dialogue");
    const auto turns = split_display_text(*text);
    SessionName name;
    if (auto id = id_at(record.json, "id")) {
      name.id = *std::move(id);
    } else {
      name.prefix = "dialogue-";
      name.seed = "display_text\n" + std::to_string(record.repeat) + '\n' + beginning(*text, turns);
    }
    PieceBuilder out(record.line, std::move(name));
    if (Json::Object rest = without(record.json, {kMember, "id"}); !rest.empty()) {
      out.piece().create.metadata = Json(std::move(rest));
    }
    if (!turns) {
      out.attach("dialogue", "dialogue", std::string(kMember),
                 "a text that cannot be cut into turns without guessing", Json(*text));
    } else {
      for (std::size_t i = 0; i < turns->size(); ++i) turn((*turns)[i], i, out);
    }
    tell(out.take());
    return Ok{};
  }

  /// Up to the first answer, so that a dialogue that grew keeps its name.
  static std::string beginning(const std::string& text,
                               const std::optional<std::vector<DisplayTurn>>& turns) {
    if (!turns) return text;
    std::string begins;
    for (const DisplayTurn& turn : *turns) {
      begins.append(turn.role).append(": ").append(turn.text).append("\n");
      if (turn.role == "user") break;
    }
    return begins;
  }

  static void turn(const DisplayTurn& turn, std::size_t index, PieceBuilder& out) {
    const std::string id = "m" + std::to_string(index);
    Json message;
    message.add("role", turn.role);
    if (turn.role == "tool") message.add("tool_call_id", "no-call:" + id);
    const bool silent = turn.role == "assistant" && turn.text == "None";
    message.add("content", silent ? Json() : Json(turn.text));
    out.message(message, id, events::join_path(kMember, index));
  }
};

}  // namespace

std::optional<std::vector<DisplayTurn>> split_display_text(std::string_view text) {
  std::vector<DisplayTurn> turns;
  std::size_t turn_begins = 0;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view role = role_of(text.substr(at, end - at));
    if (!role.empty()) {
      if (!may_follow(role, turns.empty() ? std::string_view() : turns.back().role)) return {};
      if (!turns.empty()) turns.back().text = text.substr(turn_begins, at - 1 - turn_begins);
      turns.push_back({role, {}});
      turn_begins = std::min(at + role.size() + 2, end);
    } else if (turns.empty()) {
      return {};
    }
    at = end + 1;
  }
  if (turns.empty()) return {};
  turns.back().text = text.substr(turn_begins);
  return turns;
}

std::unique_ptr<Reader> display_text_reader(ReaderEvents events) {
  return std::make_unique<DisplayTextReader>(std::move(events));
}

bool is_display_text(const Json& record) { return text_at(record, kMember).has_value(); }

}  // namespace hansard::importers
