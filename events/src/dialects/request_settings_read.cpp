#include <array>
#include <utility>

#include "dialects/original.h"
#include "dialects/request_members.h"
#include "dialects/request_settings.h"

namespace hansard::events {
namespace {

std::optional<Json> value_at(const Json* object, std::string_view key) {
  const Json* value = member(object, key);
  if (value == nullptr || value->is_null()) return {};
  return *value;
}

/// The first of these that is there.
std::optional<Json> one_of(const Json* object, std::initializer_list<std::string_view> keys) {
  for (const std::string_view key : keys) {
    if (auto value = value_at(object, key)) return value;
  }
  return {};
}

/// A text, or the texts of a list of parts.
std::optional<std::string> plain(const std::optional<Json>& said) {
  if (!said) return {};
  if (const auto* text = said->if_string()) return *text;
  const auto* list = said->if_array();
  if (list == nullptr) return {};
  std::string all;
  for (const Json& each : *list) {
    const auto text = text_of(each.find("text"), text_of(each.find("content"), ""));
    if (text.empty()) continue;
    if (!all.empty()) all += "\n\n";
    all += text;
  }
  return all;
}

/// A function that a client carries out; tools of the provider are none.
std::optional<OfferedTool> read_tool(const Json& given, Words words) {
  const auto type = text_of(given.find("type"), "function");
  const bool anthropic = words == Words::anthropic;
  if (type != (anthropic && given.find("type") != nullptr ? "custom" : "function")) return {};
  // In the chat format it is in an object of its own; in the legacy one and others it is not.
  const Json* inner = given.find("function");
  const Json& tool = inner == nullptr ? given : *inner;
  OfferedTool made;
  made.name = std::string(text_of(tool.find("name"), ""));
  if (made.name.empty()) return {};
  made.description = value_at(&tool, "description");
  made.schema = value_at(&tool, anthropic ? "input_schema" : "parameters");
  made.strict = value_at(&tool, "strict");
  return made;
}

void read_choice(const Json& choice, CallSettings& settings) {
  const auto word = choice.is_string() ? text_of(&choice, "") : text_of(choice.find("type"), "");
  if (word == "auto") settings.choice = ToolChoice::free;
  if (word == "none") settings.choice = ToolChoice::none;
  if (word == "required" || word == "any") settings.choice = ToolChoice::some;
  const Json* inner = choice.find("function");
  const auto name = text_of((inner == nullptr ? choice : *inner).find("name"), "");
  if (!name.empty()) {
    settings.choice = ToolChoice::one;
    settings.chosen = std::string(name);
  }
  if (const Json* alone = choice.find("disable_parallel_tool_use")) {
    if (const bool* said = alone->if_boolean()) settings.parallel = !*said;
  }
}

/// {type: json_schema, json_schema: {name, schema, strict}}, or with these beside the type.
std::optional<AnswerForm> read_form(const Json& given) {
  const auto type = text_of(given.find("type"), "");
  AnswerForm form;
  if (type == "json_object") return form;
  if (type != "json_schema") return {};
  const Json* inner = given.find("json_schema");
  const Json& from = inner == nullptr ? given : *inner;
  form.name = std::string(text_of(from.find("name"), ""));
  form.schema = value_at(&from, "schema");
  form.strict = value_at(&from, "strict");
  return form;
}

/// Where an API keeps what it names otherwise than chat does.
void read_own(const Json& rest, Words words, CallSettings& to) {
  const auto form = [&](const Json* given) {
    if (given != nullptr) to.form = read_form(*given);
  };
  switch (words) {
    case Words::chat:
      to.tokens_max = one_of(&rest, {"max_completion_tokens", "max_tokens"});
      to.stop = value_at(&rest, "stop");
      to.effort = value_at(&rest, "reasoning_effort");
      form(rest.find("response_format"));
      break;
    case Words::responses:
      to.tokens_max = value_at(&rest, "max_output_tokens");
      to.effort = value_at(rest.find("reasoning"), "effort");
      form(member(rest.find("text"), "format"));
      break;
    case Words::anthropic:
      to.tokens_max = value_at(&rest, "max_tokens");
      to.stop = value_at(&rest, "stop_sequences");
      to.effort = value_at(rest.find("output_config"), "effort");
      form(rest.find("output_format"));
      form(member(rest.find("output_config"), "format"));
      break;
    case Words::ollama: {
      const Json* options = rest.find("options");
      to.tokens_max = value_at(options, "num_predict");
      to.stop = value_at(options, "stop");
      const Json* format = rest.find("format");
      if (format != nullptr && format->is_object()) to.form = AnswerForm{"", *format, {}};
      if (text_of(format, "") == "json") to.form = AnswerForm{};
      break;
    }
  }
}

}  // namespace

std::optional<Words> words_of(std::string_view dialect) {
  constexpr std::array<std::pair<std::string_view, Words>, 4> kKnown{
      {{"openai.chat", Words::chat},
       {"openai.responses", Words::responses},
       {"anthropic", Words::anthropic},
       {"ollama.chat", Words::ollama}}};
  for (const auto& [name, words] : kKnown) {
    if (name == dialect) return words;
  }
  return {};
}

CallSettings read_settings(const CallRequest& request, Words words) {
  CallSettings settings;
  const Json& rest = request.parameters;
  settings.stream = request.stream;
  settings.user = request.user;
  settings.system = plain(request.system);
  if (request.tools && request.tools->is_array()) {
    for (const Json& each : *request.tools->if_array()) {
      if (auto tool = read_tool(each, words)) settings.tools.push_back(*std::move(tool));
    }
  }
  if (const auto choice = one_of(&rest, {"tool_choice", "function_call"})) {
    read_choice(*choice, settings);
  }
  if (const auto parallel = value_at(&rest, "parallel_tool_calls")) {
    if (const bool* said = parallel->if_boolean()) settings.parallel = *said;
  }
  const Json* numbers = words == Words::ollama ? rest.find("options") : &rest;
  settings.temperature = value_at(numbers, "temperature");
  settings.top_p = value_at(numbers, "top_p");
  settings.top_k = value_at(numbers, "top_k");
  settings.seed = value_at(numbers, "seed");
  read_own(rest, words, settings);
  return settings;
}

}  // namespace hansard::events
