#include "events/conversation/utterance.h"

#include <algorithm>
#include <utility>

namespace hansard::events {
namespace {

constexpr std::string_view kSpace = " \t\r\n";

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

/// Members in order of their keys and without those that are null; of a part also without its ids.
Json ordered(const Json& value) {
  if (const auto* list = value.if_array()) {
    Json::Array out;
    out.reserve(list->size());
    for (const Json& each : *list) out.push_back(ordered(each));
    return out;
  }
  const auto* object = value.if_object();
  if (object == nullptr) return value;
  Json::Object out;
  for (const Json::Member& member : *object) {
    if (!member.value.is_null()) out.push_back({member.key, ordered(member.value)});
  }
  std::stable_sort(out.begin(), out.end(),
                   [](const Json::Member& a, const Json::Member& b) { return a.key < b.key; });
  return out;
}

/// A part that is more than text, without what a client may renumber or mark anew.
Json bare_part(const Part& part) {
  Json out = Json::Object{};
  for (const Json::Member& member : *part.json.if_object()) {
    if (member.key != "id" && member.key != "cache_control") out.add(member.key, member.value);
  }
  return ordered(out);
}

/// A text without what a model thought aloud in it: hosts tell it apart or leave it there, and
/// clients take it out or put it in.
std::string without_thoughts(std::string_view text) {
  constexpr std::string_view kOpen = "<think>";
  constexpr std::string_view kClose = "</think>";
  std::string out;
  while (true) {
    const auto open = text.find(kOpen);
    const auto close = text.find(kClose, open == std::string_view::npos ? open : open + 1);
    if (close == std::string_view::npos) break;
    out += text.substr(0, open);
    text.remove_prefix(close + kClose.size());
  }
  out += text;
  return out;
}

/// Sound that a model made is sent back by its id alone.
Json bare_sound(const Part& part) {
  const Json* sound = part.json.find("audio");
  const Json* id = sound == nullptr ? nullptr : sound->find("id");
  if (id == nullptr) return bare_part(part);
  Json bare = Json::Object{};
  bare.add("type", "audio").add("id", *id);
  return bare;
}

/// Texts one after the other, and whatever else is said beside them.
struct Said {
  std::string text;
  Json others = Json::Array{};

  void add_text(std::string_view more) {
    if (trimmed(more).empty()) return;
    if (!text.empty()) text += '\n';
    text += trimmed(more);
  }
  void add(const Part& part) {
    const std::string_view kind = part.kind();
    if (kind == "thinking" || kind == "tool_call" || kind == "tool_result") return;
    if (kind == "text" || kind == "refusal") return add_text(part.text().value_or(""));
    if (part.json.is_object()) others.push(bare_part(part));
  }
};

Said said(const Parts& parts) {
  Said out;
  for (const Part& part : parts) out.add(part);
  return out;
}

/// Of an answer. Tools that the provider ran itself are told in many ways, or not at all, when the
/// answer is sent back: they count only where nothing else is said.
Said answered(const Parts& parts) {
  Said out;
  Json ran = Json::Array{};
  bool calls = false;
  for (const Part& part : parts) {
    const std::string_view kind = part.kind();
    calls = calls || kind == "tool_call";
    if (kind == "text") {
      out.add_text(without_thoughts(part.text().value_or("")));
    } else if (kind == "audio") {
      out.others.push(bare_sound(part));
    } else if (kind == "refusal" || kind == "image" || kind == "file" || kind == "thinking" ||
               kind == "tool_call" || kind == "tool_result") {
      out.add(part);
    } else if (kind != "redacted_thinking" && part.json.is_object()) {
      ran.push(bare_part(part));
    }
  }
  const bool says = calls || !out.text.empty() || !out.others.if_array()->empty();
  if (!says) out.others = std::move(ran);
  return out;
}

Json to_json(std::string_view role, Said said) {
  return Json::Object{{"role", role}, {"text", std::move(said.text)}, {"others", said.others}};
}

/// Arguments are a text of JSON, or the value itself.
Json arguments(const Json& given) {
  const std::string* text = given.if_string();
  if (text == nullptr) return ordered(given);
  if (trimmed(*text).empty()) return Json::Object{};
  auto parsed = parse_json(*text);
  return parsed ? ordered(*parsed) : Json(trimmed(*text));
}

std::string result(const Json& output) {
  Said out;
  if (const std::string* text = output.if_string()) {
    out.add_text(*text);
  } else if (const auto* list = output.if_array()) {
    for (const Json& each : *list) {
      const Json* kind = each.find("type");
      if (kind != nullptr && kind->is_string()) {
        out.add(Part{each});
      } else {
        out.others.push(ordered(each));
      }
    }
  } else {
    out.others.push(ordered(output));
  }
  return dump(to_json("tool", std::move(out)));
}

}  // namespace

std::string canonical(const MessageSent& message) {
  return dump(to_json(to_word(message.role), said(message.parts)));
}

std::string canonical(const ResponseReceived& answer) {
  return dump(to_json("assistant", answered(answer.parts)));
}

std::string canonical(const ToolCalled& call) {
  return dump(Json::Object{{"tool", call.tool}, {"arguments", arguments(call.arguments)}});
}

std::string canonical(const ToolCompleted& result) { return events::result(result.output); }
std::string canonical(const ToolFailed& result) { return events::result(result.error); }

std::string canonical_summary(const ContextOptimized& change) {
  return dump(to_json(to_word(Role::user), said(change.summary.value_or(Parts{}))));
}

}  // namespace hansard::events
