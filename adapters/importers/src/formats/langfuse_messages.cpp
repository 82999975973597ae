#include "formats/langfuse_messages.h"

#include <array>
#include <utility>

#include "formats/display_text.h"
#include "formats/steps.h"

namespace hansard::importers::langfuse {

using events::Json;

namespace {

constexpr int kWrappingsMax = 4;

const Json::Array& list_at(const Json& object, std::string_view key) {
  static const Json::Array kNone;
  const Json* value = object.find(key);
  return value == nullptr || !value->is_array() ? kNone : *value->if_array();
}

/// The OpenAI word for a speaker; empty for one that is none (LangChain puts tool names there).
std::string_view role_word(std::string_view role) {
  struct Word {
    std::string_view theirs, ours;
  };
  static constexpr std::array<Word, 11> kWords{{{"system", "system"},
                                                {"developer", "developer"},
                                                {"user", "user"},
                                                {"human", "user"},
                                                {"HumanMessage", "user"},
                                                {"SystemMessage", "system"},
                                                {"assistant", "assistant"},
                                                {"ai", "assistant"},
                                                {"AIMessage", "assistant"},
                                                {"model", "assistant"},
                                                {"tool", "tool"}}};
  for (const Word& word : kWords) {
    if (word.theirs == role) return word.ours;
  }
  return role == "ToolMessage" ? "tool" : std::string_view();
}

/// LangChain's serialised objects: `{lc, type: constructor, id: [.., class], kwargs}`.
Json without_constructor(const Json& message) {
  const Json* kwargs = message.find("kwargs");
  const Json::Array& id = list_at(message, "id");
  if (message.find("lc") == nullptr || kwargs == nullptr || id.empty()) return message;
  const std::string* name = id.back().if_string();
  if (name == nullptr || !kwargs->is_object()) return message;
  Json out = Json(without(*kwargs, {"type"}));
  out.add("role", *name);
  return out;
}

Json text_part(std::string text) {
  Json part;
  part.add("type", "text").add("text", std::move(text));
  return part;
}

Json call(std::optional<std::string> id, const std::string& name, Json arguments) {
  Json function;
  function.add("name", name).add("arguments", std::move(arguments));
  Json out;
  if (id) out.add("id", *std::move(id));
  return std::move(out.add("type", "function").add("function", std::move(function)));
}

/// Collects parts of any dialect into content, calls and results.
struct Collected {
  Json content = Json::Array{};
  Json calls = Json::Array{};
  std::optional<std::string> result_of;
  Json result;

  void add(const Json& part) {
    const std::string type = text_at(part, "type").value_or("");
    const auto name = text_at(part, "name");
    if (type == "tool_use" || (type == "tool_call" && name)) {  // Anthropic; OpenTelemetry
      const Json* arguments = part.find(type == "tool_use" ? "input" : "arguments");
      calls.push(call(text_at(part, "id"), name.value_or("unknown"),
                      arguments == nullptr ? Json() : *arguments));
    } else if (type == "tool-call") {  // Vercel
      const Json* arguments = part.find(part.find("input") != nullptr ? "input" : "args");
      calls.push(call(text_at(part, "toolCallId"), text_at(part, "toolName").value_or("unknown"),
                      arguments == nullptr ? Json() : *arguments));
    } else if (type == "tool_call_response" || type == "tool_result" || type == "tool-result") {
      result_of = text_at(part, type == "tool_result"   ? "tool_use_id"
                                : type == "tool-result" ? "toolCallId"
                                                        : "id");
      for (const std::string_view key : {"response", "result", "output", "content"}) {
        if (const Json* found = part.find(key)) {
          result = *found;
          break;
        }
      }
    } else if (const Json* function = part.find("function_call");
               function != nullptr && function->is_object()) {  // Gemini
      const Json* arguments = function->find("args");
      calls.push(call(std::nullopt, text_at(*function, "name").value_or("unknown"),
                      arguments == nullptr ? Json() : *arguments));
    } else if (auto text = text_at(part, "text"); text && (type.empty() || type == "text")) {
      content.push(text_part(*std::move(text)));
    } else if (auto said = text_at(part, "content"); said && type == "text") {
      content.push(text_part(*std::move(said)));
    } else {
      content.push(part);
    }
  }
};

/// One text instead of a list of one text, which says the same.
Json simplest(Json content) {
  const Json::Array* parts = content.if_array();
  if (parts == nullptr) return content;
  if (parts->empty()) return Json();
  if (parts->size() == 1 && parts->front().if_object() != nullptr &&
      parts->front().if_object()->size() == 2) {
    if (auto text = text_at(parts->front(), "text")) return Json(*std::move(text));
  }
  return content;
}

bool is_schema(const Json& message) {
  const Json* content = message.find("content");
  return text_at(message, "role") == "tool" && content != nullptr &&
         text_at(*content, "type") == "function" && content->find("function") != nullptr;
}

bool is_call(const Json& value) {
  return value.find("toolCallId") != nullptr && value.find("toolName") != nullptr;
}

Json answer_of_calls(const Json::Array& list) {
  Json calls = Json::Array{};
  for (const Json& each : list) {
    const Json* arguments = each.find(each.find("input") != nullptr ? "input" : "args");
    calls.push(call(text_at(each, "toolCallId"), text_at(each, "toolName").value_or("unknown"),
                    arguments == nullptr ? Json() : *arguments));
  }
  Json message;
  message.add("role", "assistant").add("content", nullptr).add("tool_calls", std::move(calls));
  return message;
}

Json said_by(std::string_view role, std::string_view text) {
  Json message;
  message.add("role", role).add("content", text);
  return message;
}

}  // namespace

Json unpacked(const Json& value) {
  Json out = value;
  for (int i = 0; i < kWrappingsMax; ++i) {
    const std::string* text = out.if_string();
    const std::size_t begin =
        text == nullptr ? std::string::npos : text->find_first_not_of(" \t\r\n");
    if (begin == std::string::npos) break;
    const char first = (*text)[begin];
    if (first != '{' && first != '[' && first != '"') break;
    auto inner = events::parse_json(*text);
    if (!inner) break;
    out = *std::move(inner);
  }
  return out;
}

std::optional<Json> openai_message(const Json& original) {
  if (!original.is_object()) return std::nullopt;
  const Json message = without_constructor(original);
  const auto given = text_at(message, message.find("role") != nullptr ? "role" : "type");
  const Json* content = message.find("content");
  const Json* parts = message.find("parts");
  if (!given || (content == nullptr && parts == nullptr && message.find("tool_calls") == nullptr)) {
    return std::nullopt;
  }
  const std::string_view role = role_word(*given);
  Collected collected;
  const Json* list = parts != nullptr ? parts : content;
  const bool in_parts = list != nullptr && list->is_array();
  if (in_parts) {
    for (const Json& part : *list->if_array()) collected.add(part);
  }
  Json out;
  const bool result = collected.result_of.has_value();
  out.add("role", result ? "tool" : role.empty() ? std::string_view("tool") : role);
  if (result) {
    out.add("tool_call_id", *collected.result_of).add("content", collected.result);
  } else {
    out.add("content", in_parts             ? simplest(std::move(collected.content))
                       : content != nullptr ? *content
                                            : Json());
  }
  // A speaker that is none names the tool whose result this is.
  if (role.empty() && !result) out.add("name", *given);
  Json calls = std::move(collected.calls);
  const Json* beside = present(message, "additional_kwargs");
  for (const Json* from : {&message, beside}) {
    if (from == nullptr || !calls.if_array()->empty()) continue;
    for (const Json& each : list_at(*from, "tool_calls")) {
      const auto name = text_at(each, "name");
      const Json* arguments = each.find("args");
      calls.push(name && arguments != nullptr ? call(text_at(each, "id"), *name, *arguments)
                                              : each);
    }
  }
  if (!calls.if_array()->empty()) out.add("tool_calls", std::move(calls));
  for (Json::Member& member :
       without(message, {"role", "content", "parts", "tool_calls", "finish_reason"})) {
    if (out.find(member.key) != nullptr || member.value.is_null()) continue;
    out.add(member.key, std::move(member.value));
  }
  return out;
}

Input read_input(const Json& value) {
  Input input;
  const Json inner = unpacked(value);
  if (const std::string* text = inner.if_string()) {
    input.understood = !text->empty();
    if (const auto turns = split_display_text(*text)) {
      for (const DisplayTurn& turn : *turns) {
        Json message = said_by(turn.role, turn.text);
        if (turn.role == "assistant" && turn.text == "None") *message.find("content") = Json();
        input.messages.push_back(std::move(message));
      }
    } else if (input.understood) {
      input.messages.push_back(said_by("user", *text));
    }
    return input;
  }
  if (const Json::Array* list = inner.if_array()) {
    Json schemas = Json::Array{};
    for (const Json& each : *list) {
      if (is_schema(each)) {
        schemas.push(*each.find("content"));
        continue;
      }
      auto message = openai_message(each);
      if (!message) return {};
      input.messages.push_back(*std::move(message));
    }
    if (!schemas.if_array()->empty()) input.tools = std::move(schemas);
    input.understood = !input.messages.empty();
    return input;
  }
  if (auto message = openai_message(inner)) {
    input.messages.push_back(*std::move(message));
    input.understood = true;
    return input;
  }
  for (const std::string_view key : {"messages", "contents", "prompt"}) {
    const Json* list = present(inner, key);
    if (list == nullptr) continue;
    input = read_input(*list);
    const auto system = text_at(inner, "system");
    if (input.understood && system) {
      input.messages.insert(input.messages.begin(), said_by("system", *system));
    }
    const Json* tools = present(inner, "tools");
    if (!input.tools && tools != nullptr && tools->is_array()) input.tools = *tools;
    return input;
  }
  const Json::Array& args = list_at(inner, "args");
  if (args.size() == 1) return read_input(args.front());
  return input;
}

Output read_output(const Json& value) {
  Output output;
  const Json inner = unpacked(value);
  const auto one = [&](const Json& message) {
    auto read = openai_message(message);
    if (!read || text_at(*read, "role") != "assistant") return false;
    output.messages.push_back(*std::move(read));
    if (auto reason = text_at(message, "finish_reason")) output.finish_reason = *reason;
    output.understood = true;
    return true;
  };
  if (inner.is_object()) {
    output.model = text_at(inner, "model").value_or("");
    for (const std::string_view key : {"choices", "candidates"}) {
      for (const Json& choice : list_at(inner, key)) {
        const Json* message = choice.find(key == "choices" ? "message" : "content");
        if (message == nullptr || !one(*message)) return {};
        if (auto reason = text_at(choice, "finish_reason")) output.finish_reason = *reason;
      }
      if (output.understood) return output;
    }
    if (const Json* message = present(inner, "message"); message != nullptr && one(*message)) {
      if (auto reason = text_at(inner, "finish_reason")) output.finish_reason = *reason;
      return output;
    }
    if (one(inner)) return output;
    const auto text = text_at(inner, "text");
    const Json::Array& calls = list_at(inner, "toolCalls");
    if (text || !calls.empty()) {
      Json message = answer_of_calls(calls);
      if (text) *message.find("content") = Json(*text);
      if (calls.empty()) message = said_by("assistant", *text);
      output.messages.push_back(std::move(message));
      output.understood = true;
      return output;
    }
  }
  if (const Json::Array* list = inner.if_array(); list != nullptr && !list->empty()) {
    if (is_call(list->front())) {
      output.messages.push_back(answer_of_calls(*list));
      output.understood = true;
      return output;
    }
    if (list->size() == 1 && one(list->front())) return output;
  }
  // A model's own JSON is what it said.
  if (const std::string* text = value.if_string(); text != nullptr && !text->empty()) {
    const std::string* plain = inner.if_string();
    output.messages.push_back(said_by("assistant", plain == nullptr ? *text : *plain));
    output.understood = true;
  }
  return output;
}

events::Usage usage_of(const Json& details) {
  events::Usage usage;
  const Json::Object* members = details.if_object();
  if (members == nullptr) return usage;
  std::uint64_t sum = 0;
  std::uint64_t of_input = 0;
  std::uint64_t of_output = 0;
  const auto ends = [](std::string_view key, std::string_view with) {
    return key.size() >= with.size() && key.substr(key.size() - with.size()) == with;
  };
  for (const Json::Member& member : *members) {
    const auto count = count_at(details, member.key);
    if (!count || member.key == "total") continue;
    sum += *count;
    const std::string_view key = member.key;
    const bool output = key.substr(0, 6) == "output" || key.substr(0, 10) == "completion";
    if (key == "input" || key == "output") continue;
    std::optional<std::uint64_t>* place = nullptr;
    if (ends(key, "reasoning") || ends(key, "reasoning_tokens")) {
      place = &usage.output_reasoning;
    } else if (ends(key, "cache_read") || ends(key, "cached_tokens") ||
               ends(key, "cache_read_input_tokens")) {
      place = &usage.input_cache_read;
    } else if (ends(key, "cache_creation") || ends(key, "cache_write") ||
               ends(key, "cache_creation_input_tokens")) {
      place = &usage.input_cache_write_other;
    } else if (ends(key, "audio") || ends(key, "audio_tokens")) {
      place = output ? &usage.output_audio : &usage.input_audio;
    }
    if (place == nullptr) continue;
    *place = count;
    (place == &usage.output_reasoning || output ? of_output : of_input) += *count;
  }
  usage.input_text = count_at(details, "input");
  usage.output_text = count_at(details, "output");
  const auto total = count_at(details, "total");
  const bool inside = total && *total != sum && usage.input_text && usage.output_text &&
                      *total == *usage.input_text + *usage.output_text;
  if (inside && of_input <= *usage.input_text) *usage.input_text -= of_input;
  if (inside && of_output <= *usage.output_text) *usage.output_text -= of_output;
  return usage;
}

}  // namespace hansard::importers::langfuse
