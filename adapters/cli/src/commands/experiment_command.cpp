// `hansard experiments`: plans, what happens to them, and their units.
#include <algorithm>
#include <cstdio>

#include "commands.h"
#include "text/json_view.h"
#include "text/terminal.h"

namespace hansard::cli {

namespace {

using core::Error;
using core::Result;
using events::Json;
using Align = Table::Align;
using Action = ExperimentsCommand::Action;

/// A number, true, false, JSON; anything else is a text.
Json value_of(const std::string& text) {
  auto parsed = events::parse_json(text);
  return parsed ? *std::move(parsed) : Json(text);
}

/// A number; what is none goes as it is, for the server to refuse by its name.
void add_number(Json& body, std::string_view name, const std::optional<std::string>& text) {
  if (text) body.add(std::string(name), value_of(*text));
}
void add_text(Json& body, std::string_view name, const std::optional<std::string>& text) {
  if (text) body.add(std::string(name), *text);
}
void add_texts(Json& body, std::string_view name, const std::vector<std::string>& texts) {
  if (texts.empty()) return;
  Json list = Json::Array{};
  for (const std::string& text : texts) list.push(text);
  body.add(std::string(name), std::move(list));
}

Result<Json> tags_of(const std::vector<std::string>& tags) {
  Json all{Json::Object{}};
  for (const std::string& tag : tags) {
    const auto colon = tag.find(':');
    if (colon == std::string::npos) return events::bad_field("--tag", "expected key:value");
    all.add(tag.substr(0, colon), tag.substr(colon + 1));
  }
  return all;
}

/// `name=b,model=gpt-4o,temperature:=0`: what is no member of a variant is a parameter.
Result<Json> variant_of(const std::string& text) {
  Json variant;
  Json parameters{Json::Object{}};
  std::size_t from = 0;
  while (from <= text.size()) {
    const auto comma = std::min(text.find(',', from), text.size());
    const std::string part = text.substr(from, comma - from);
    from = comma + 1;
    const auto equals = part.find('=');
    if (equals == std::string::npos || equals == 0) {
      return events::bad_field("--variant", "expected name=..,model=..,weight=.., found " + part);
    }
    std::string key = part.substr(0, equals);
    const std::string value = part.substr(equals + 1);
    if (key.back() == ':') {
      key.pop_back();
      parameters.add(std::move(key), value_of(value));
    } else {
      variant.add(key, key == "weight" ? value_of(value) : Json(value));
    }
  }
  if (!parameters.if_object()->empty()) variant.add("parameters", std::move(parameters));
  return variant;
}

Json prompt_variant(const char* name, const std::string& prompt) {
  Json variant;
  variant.add("name", name);
  variant.add("prompt", prompt);
  return variant;
}

/// `errors`, `errors:0.02` or JSON.
Json metric_of(const std::string& text) {
  if (text.starts_with('{')) return value_of(text);
  const auto colon = text.rfind(':');
  if (colon == std::string::npos) return text;
  Json metric;
  metric.add("name", text.substr(0, colon));
  metric.add("margin", value_of(text.substr(colon + 1)));
  return metric;
}

Json metrics_of(const std::vector<std::string>& texts) {
  Json list = Json::Array{};
  for (const std::string& text : texts) list.push(metric_of(text));
  return list;
}

Result<Json> plan_of(const ExperimentsCommand& command) {
  Json body;
  body.add("name", command.name);
  Json variants = Json::Array{};
  if (command.a) variants.push(prompt_variant("a", *command.a));
  if (command.b) variants.push(prompt_variant("b", *command.b));
  for (const std::string& text : command.variants) {
    auto variant = variant_of(text);
    if (!variant) return std::move(variant.error());
    variants.push(*std::move(variant));
  }
  body.add("variants", std::move(variants));
  body.add("metric",
           command.metric.starts_with('{') ? value_of(command.metric) : Json(command.metric));
  if (!command.guardrails.empty() || command.no_guardrails) {
    body.add("guardrails", metrics_of(command.guardrails));
  }
  if (!command.secondary.empty()) body.add("secondary", metrics_of(command.secondary));
  add_text(body, "unit", command.unit_kind);
  add_text(body, "seed", command.seed);
  add_text(body, "hypothesis", command.hypothesis);
  add_text(body, "moves_label", command.moves_label);
  add_number(body, "alpha", command.alpha);
  add_number(body, "coverage", command.coverage);
  add_number(body, "minimum_sample", command.minimum_sample);
  add_number(body, "horizon", command.horizon);
  Json eligibility{Json::Object{}};
  add_texts(eligibility, "agents", command.agents);
  add_texts(eligibility, "models", command.models);
  add_texts(eligibility, "providers", command.providers);
  if (!command.tags.empty()) {
    auto tags = tags_of(command.tags);
    if (!tags) return tags;
    eligibility.add("tags", *std::move(tags));
  }
  if (!eligibility.if_object()->empty()) body.add("eligibility", std::move(eligibility));
  if (command.by_hand) body.add("automatic", false);
  if (command.start) body.add("start", true);
  return body;
}

Result<Json> weights_of(const ExperimentsCommand& command) {
  Json body{Json::Object{}};
  Json weights{Json::Object{}};
  for (const std::string& text : command.weights) {
    const auto equals = text.find('=');
    if (equals == std::string::npos) return events::bad_field("weights", "expected a=0.9 b=0.1");
    weights.add(text.substr(0, equals), value_of(text.substr(equals + 1)));
  }
  if (!command.weights.empty()) body.add("weights", std::move(weights));
  add_number(body, "coverage", command.coverage);
  add_text(body, "comment", command.comment);
  return body;
}

Result<Json> body_of(const ExperimentsCommand& command) {
  Json body{Json::Object{}};
  switch (command.action) {
    case Action::create:
      return plan_of(command);
    case Action::weights:
      return weights_of(command);
    case Action::assign: {
      body.add("unit", command.unit);
      add_text(body, "agent", command.agent);
      add_text(body, "model", command.model);
      add_text(body, "provider", command.provider);
      auto tags = tags_of(command.tags);
      if (!tags) return tags;
      if (!command.tags.empty()) body.add("tags", *std::move(tags));
      if (command.exposing) body.add("expose", true);
      return body;
    }
    case Action::expose:
      body.add("unit", command.unit);
      add_text(body, "variant", command.variant);
      return body;
    case Action::outcome:
      body.add("unit", command.unit);
      body.add("metric", command.metric);
      body.add(command.words ? "text" : "value",
               command.words ? Json(command.value) : value_of(command.value));
      body.add("outcome_id", command.outcome_id.value_or(command.metric));
      if (command.revision) body.add("revision", *command.revision);
      return body;
    default:
      add_text(body, "comment", command.comment);
      return body;
  }
}

const char* route_of(Action action) {
  switch (action) {
    case Action::start:
      return "start";
    case Action::pause:
      return "pause";
    case Action::stop:
      return "stop";
    case Action::conclude:
      return "conclude";
    case Action::weights:
      return "weights";
    case Action::assign:
      return "assign";
    case Action::expose:
      return "exposures";
    case Action::outcome:
      return "outcomes";
    default:
      return "decide";
  }
}

void print_list(const Json& page, const Output& output) {
  Table table({{"experiment", Align::left},
               {"status"},
               {"variants", Align::left, true},
               {"metric"},
               {"unit"},
               {"winner"},
               {"changed"}});
  for (const Json& each : list_at(page, "experiments")) {
    std::string variants;
    for (const Json& variant : list_at(each, "variants")) {
      const std::string prompt = text_at(variant, "prompt");
      variants += (variants.empty() ? "" : ", ") + text_at(variant, "name") +
                  (prompt.empty() ? "" : " " + prompt);
    }
    table.add({text_at(each, "experiment"), text_at(each, "status"), variants,
               text_at(each, "metric"), text_at(each, "unit"), text_at(each, "winner"),
               text_at(each, "changed_at").substr(0, 19)});
  }
  std::fputs(table.empty() ? "no experiments\n" : table.text(output.columns).c_str(), stdout);
}

void print_assignment(const Json& answer) {
  if (!flag_at(answer, "in_experiment")) {
    std::printf("takes no part: %s\n", text_at(answer, "reason").c_str());
    return;
  }
  std::string line = text_at(answer, "variant");
  if (const Json* prompt = answer.find("prompt")) {
    const Json* version = prompt->find("version");
    line += ", prompt " + text_at(*prompt, "name");
    if (version != nullptr) {
      line += "@" + (version->is_string() ? *version->if_string() : dump(*version));
    }
  }
  if (answer.find("model") != nullptr) line += ", model " + text_at(answer, "model");
  if (answer.find("provider") != nullptr) line += ", provider " + text_at(answer, "provider");
  if (const Json* parameters = answer.find("parameters")) line += ", " + dump(*parameters);
  std::printf("%s (%s)\n", printable(line).c_str(),
              flag_at(answer, "exposed") ? "on record" : "not exposed yet");
}

void print_decision(const Json& answer) {
  for (const Json& reason : list_at(answer, "reasons")) {
    if (reason.is_string()) std::printf("%s\n", printable(*reason.if_string()).c_str());
  }
  std::printf("%s; it is %s\n", flag_at(answer, "acted") ? "acted on" : "nothing was done",
              text_at(answer, "status").c_str());
}

void print_done(const ExperimentsCommand& command, const Json& answer) {
  for (const Json& remark : list_at(answer, "remarks")) {
    if (remark.is_string())
      std::fprintf(stderr, "note: %s\n", printable(*remark.if_string()).c_str());
  }
  const bool known = flag_at(answer, "duplicate");
  std::printf("%s: %s\n", printable(command.name).c_str(), known ? "so it is already" : "done");
}

}  // namespace

Result<int> run_experiments(Backend& backend, const ExperimentsCommand& command,
                            const Output& output) {
  if (command.action == Action::show) return run_experiment_show(backend, command.shown, output);
  if (command.action == Action::power) return run_experiment_power(backend, command.shown, output);
  TargetBuilder path;
  path.segment("v1").segment("experiments");
  Result<Json> answer = Json();
  if (command.action == Action::list) {
    for (const auto& [name, value] : command.filters) path.query(name, value);
    answer = get_json(backend, path.text());
  } else {
    auto body = body_of(command);
    if (!body) return std::move(body.error());
    if (command.action != Action::create) {
      path.segment(command.name).segment(route_of(command.action));
    }
    answer = call_json(backend, Call{http::Method::post, path.text(), dump(*body)});
  }
  if (!answer) return answer.error();
  if (output.json) {
    std::puts(dump(*answer).c_str());
    return 0;
  }
  switch (command.action) {
    case Action::list:
      print_list(*answer, output);
      break;
    case Action::assign:
      print_assignment(*answer);
      break;
    case Action::decide:
      print_decision(*answer);
      break;
    default:
      print_done(command, *answer);
  }
  return 0;
}

}  // namespace hansard::cli
