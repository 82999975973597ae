#include <utility>

#include "dialects/original.h"
#include "dialects/request_settings.h"
#include "events/dialects/translate.h"

namespace hansard::events {
namespace {

void add(Json& to, std::string_view key, const std::optional<Json>& value) {
  if (value) to.add(std::string(key), *value);
}

Json any_object() { return Json::Object{{"type", "object"}, {"properties", Json::Object{}}}; }

Json write_tool(const OfferedTool& tool, Words words) {
  Json made(Json::Object{});
  if (words == Words::responses) made.add("type", "function");
  made.add("name", tool.name);
  add(made, "description", tool.description);
  if (words == Words::anthropic) {
    made.add("input_schema", tool.schema ? *tool.schema : any_object());
    return made;
  }
  if (words == Words::responses) {
    made.add("parameters", tool.schema ? *tool.schema : any_object());
    made.add("strict", tool.strict ? *tool.strict : Json(false));  // it is true where nobody says
    return made;
  }
  add(made, "parameters", tool.schema);
  if (words == Words::chat) add(made, "strict", tool.strict);
  return Json::Object{{"type", "function"}, {"function", std::move(made)}};
}

/// Nothing where the API has no word for it.
std::optional<Json> write_choice(const CallSettings& from, Words words) {
  if (words == Words::ollama) return {};
  const bool anthropic = words == Words::anthropic;
  Json choice;
  switch (from.choice) {
    case ToolChoice::unsaid:
      if (!anthropic || from.parallel.value_or(true)) return {};
      choice = "auto";
      break;
    case ToolChoice::free:
      choice = "auto";
      break;
    case ToolChoice::none:
      choice = "none";
      break;
    case ToolChoice::some:
      choice = anthropic ? "any" : "required";
      break;
    case ToolChoice::one:
      if (words == Words::chat) {
        return Json(
            Json::Object{{"type", "function"}, {"function", Json::Object{{"name", from.chosen}}}});
      }
      if (words == Words::responses) {
        return Json(Json::Object{{"type", "function"}, {"name", from.chosen}});
      }
      choice = "tool";
      break;
  }
  if (!anthropic) return choice;
  Json made(Json::Object{{"type", std::move(choice)}});
  if (from.choice == ToolChoice::one) made.add("name", from.chosen);
  if (!from.parallel.value_or(true) && from.choice != ToolChoice::none) {
    made.add("disable_parallel_tool_use", true);
  }
  return made;
}

Json write_form(const AnswerForm& form, Words words) {
  if (!form.schema) return Json::Object{{"type", "json_object"}};
  Json schema(Json::Object{});
  schema.add("name", form.name.empty() ? "answer" : form.name);
  schema.add("schema", *form.schema);
  add(schema, "strict", form.strict);
  if (words == Words::chat) {
    return Json::Object{{"type", "json_schema"}, {"json_schema", std::move(schema)}};
  }
  Json made(Json::Object{{"type", "json_schema"}});
  add_members(&schema, made);
  return made;
}

/// A list, where the API takes no single text.
Json as_list(const Json& stop) { return stop.is_array() ? stop : Json(Json::Array{stop}); }

void write_anthropic(const CallSettings& from, Json& to) {
  to.add("max_tokens", from.tokens_max ? *from.tokens_max : Json(kAnswerTokensMax));
  if (from.temperature) {
    // Its scale ends at 1, that of others at 2.
    const auto warmth = from.temperature->as_double("temperature");
    to.add("temperature", warmth && *warmth > 1.0 ? Json(1) : *from.temperature);
  }
  add(to, "top_p", from.top_p);
  add(to, "top_k", from.top_k);
  if (from.stop) to.add("stop_sequences", as_list(*from.stop));
  if (from.form && from.form->schema) {
    Json format(Json::Object{{"type", "json_schema"}, {"schema", *from.form->schema}});
    to.add("output_config", Json::Object{{"format", std::move(format)}});
  }
  if (from.user) to.add("metadata", Json::Object{{"user_id", *from.user}});
}

void write_chat(const CallSettings& from, Json& to) {
  add(to, "max_completion_tokens", from.tokens_max);
  add(to, "temperature", from.temperature);
  add(to, "top_p", from.top_p);
  add(to, "stop", from.stop);
  add(to, "seed", from.seed);
  add(to, "reasoning_effort", from.effort);
  if (from.form) to.add("response_format", write_form(*from.form, Words::chat));
  if (from.user) to.add("user", *from.user);
}

void write_responses(const CallSettings& from, Json& to) {
  add(to, "max_output_tokens", from.tokens_max);
  add(to, "temperature", from.temperature);
  add(to, "top_p", from.top_p);
  if (from.effort) to.add("reasoning", Json::Object{{"effort", *from.effort}});
  if (from.form) {
    to.add("text", Json::Object{{"format", write_form(*from.form, Words::responses)}});
  }
  if (from.user) to.add("user", *from.user);
}

void write_ollama(const CallSettings& from, Json& to) {
  Json options(Json::Object{});
  add(options, "num_predict", from.tokens_max);
  add(options, "temperature", from.temperature);
  add(options, "top_p", from.top_p);
  add(options, "top_k", from.top_k);
  if (from.stop) options.add("stop", as_list(*from.stop));
  add(options, "seed", from.seed);
  if (!options.if_object()->empty()) to.add("options", std::move(options));
  if (from.form) to.add("format", from.form->schema ? *from.form->schema : Json("json"));
}

}  // namespace

void write_settings(const CallSettings& settings, Words words, CallRequest& request) {
  request.tools.reset();
  // A choice of none is kept to where the API has no word for it.
  const bool silent = words == Words::ollama && settings.choice == ToolChoice::none;
  if (!settings.tools.empty() && !silent) {
    Json::Array tools;
    for (const OfferedTool& each : settings.tools) tools.push_back(write_tool(each, words));
    request.tools = Json(std::move(tools));
  }
  Json to(Json::Object{});
  to.add("stream", settings.stream);
  if (request.tools) {
    add(to, "tool_choice", write_choice(settings, words));
    const bool openai = words == Words::chat || words == Words::responses;
    if (openai && settings.parallel) to.add("parallel_tool_calls", *settings.parallel);
  }
  switch (words) {
    case Words::chat:
      write_chat(settings, to);
      break;
    case Words::responses:
      write_responses(settings, to);
      break;
    case Words::anthropic:
      write_anthropic(settings, to);
      break;
    case Words::ollama:
      write_ollama(settings, to);
      break;
  }
  request.parameters = std::move(to);
}

}  // namespace hansard::events
