// GET /v1/prompts and below, POST /v1/prompts/{name}/render: prompts, read.
#include "prompts/prompt_routes.h"

#include <utility>

#include "events/prompt/render.h"
#include "families.h"
#include "http/problem.h"
#include "openapi/prompt_docs.h"
#include "prompts/prompt_json.h"
#include "shared/past.h"
#include "shared/receipts.h"

namespace hansard::http {

using core::Errc;
using core::Error;
using core::Result;
using events::Json;
using events::PromptState;
using events::StoredPrompt;

namespace {

/// Entries of a history that are told, the latest.
constexpr std::size_t kHistoryMax = 1'000;

using StatePtr = std::shared_ptr<const PromptState>;

Result<StatePtr> state_of(const Context& context, const Request& request,
                          const projections::AsOf& as_of) {
  const std::string& name = request.param("name");
  const core::ProjectId& project = request.principal.project;
  StatePtr state;
  if (as_of.kind == projections::AsOf::Kind::head) {
    auto read = context.prompts->read(project, name);
    if (!read) return std::move(read.error());
    state = *std::move(read);
  } else {
    auto read = projections::prompt_as_of(context.log, project, name, as_of);
    if (!read) return std::move(read.error());
    state = std::make_shared<const PromptState>(*std::move(read));
  }
  if (!state->exists()) return no_prompt(name);
  return state;
}

/// A version by its name, deleted ones too, or by what asks for one.
Result<const StoredPrompt*> version_of(const PromptState& state, std::string_view selector,
                                       std::string_view field) {
  if (const StoredPrompt* found = state.select(selector)) return found;
  if (const StoredPrompt* found = state.find(std::string(selector))) return found;
  return Error{Errc::not_found,
               selector.empty() ? "no version is in production"
                                : "the prompt has no version or label '" +
                                      std::string(selector.substr(0, 64)) + "'",
               std::string(field)};
}

Result<Response> list(const Context& context, const Request& request, const core::ReadModel& view) {
  const auto query =
      Query::of(request, {"label", "prefix", "limit", "cursor", "at_least"}, {"tag"});
  if (!query) return query.error();
  const auto limit = query->count("limit", 100, projections::kPromptPageMax);
  if (!limit) return limit.error();
  projections::PromptQuery asked{request.principal.project,
                                 query->text("prefix").value_or(""),
                                 query->text("label"),
                                 query->all("tag"),
                                 query->text("cursor").value_or(""),
                                 static_cast<std::size_t>(*limit)};
  const auto page = projections::list_prompts(view, asked);
  if (!page) return page.error();
  Json json = Json::Object{};
  Json prompts = Json::Array{};
  for (const auto& each : page->prompts) prompts.push(listed_json(each));
  json.add("prompts", std::move(prompts));
  if (page->next) json.add("next", *page->next);
  return answer_with(context, std::move(json), page->checkpoint);
}

/// What happened, oldest first; the earliest are left out where there are too many.
Result<Json> history_of(const Context& context, const Request& request,
                        const projections::AsOf& as_of, std::size_t& left_out) {
  const auto stream = projections::prompt_stream(request.param("name"));
  if (!stream) return stream.error();
  core::Status status = core::Ok{};
  std::vector<Json> entries;
  const auto read = context.log.read_stream(
      request.principal.project, *stream, {}, [&](const core::RecordedEvent& event) {
        if (is_beyond(as_of, event)) return false;
        const auto decoded = events::prompt_codec().decode(event);
        if (!decoded) {
          status = decoded.error();
          return false;
        }
        if (entries.size() == 2 * kHistoryMax) {
          entries.erase(entries.begin(), entries.begin() + kHistoryMax);
          left_out += kHistoryMax;
        }
        entries.push_back(history_json(event, decoded->event));
        return true;
      });
  if (!read) return read.error();
  if (!status) return std::move(status.error());
  const std::size_t surplus = entries.size() > kHistoryMax ? entries.size() - kHistoryMax : 0;
  left_out += surplus;
  Json history = Json::Array{};
  for (std::size_t i = surplus; i < entries.size(); ++i) history.push(std::move(entries[i]));
  return history;
}

Result<Response> show(const Context& context, const Request& request, core::Position end) {
  const auto query = Query::of(request, {"as_of", "at_least"});
  if (!query) return query.error();
  const auto as_of = as_of_parameter(*query);
  if (!as_of) return as_of.error();
  const auto state = state_of(context, request, *as_of);
  if (!state) return state.error();
  Json json = Json::Object{};
  json.add("name", request.param("name"));
  Json labels = Json::Object{};
  for (const auto& [label, version] : (*state)->labels) labels.add(label, version_json(version));
  json.add("labels", std::move(labels));
  if ((*state)->trial) json.add("trial", *(*state)->trial);
  Json versions = Json::Array{};
  for (const StoredPrompt& stored : (*state)->versions) {
    Json version = Json::Object{};
    add_version_head(version, **state, stored);
    if (stored.description) version.add("description", *stored.description);
    versions.push(std::move(version));
  }
  json.add("versions", std::move(versions));
  std::size_t left_out = 0;
  auto history = history_of(context, request, *as_of, left_out);
  if (!history) return std::move(history.error());
  json.add("history", *std::move(history));
  if (left_out > 0) json.add("history_left_out", left_out);
  json.add("stream_version", (*state)->next_version - 1);
  return answer_with(context, std::move(json), end);
}

Result<Response> show_version(const Context& context, const Request& request, core::Position end) {
  const auto query = Query::of(request, {"as_of", "at_least"});
  if (!query) return query.error();
  const auto as_of = as_of_parameter(*query);
  if (!as_of) return as_of.error();
  const auto state = state_of(context, request, *as_of);
  if (!state) return state.error();
  const auto stored = version_of(**state, request.param("version"), "version");
  if (!stored) return stored.error();
  Json json = Json::Object{};
  json.add("name", request.param("name"));
  add_version_head(json, **state, **stored);
  add_version_body(json, **stored);
  // An erased version has no templates left, and takes nothing.
  if (const auto prepared = events::PreparedPrompt::prepare((*stored)->body)) {
    Json takes = Json::Array{};
    for (const std::string& name : prepared->variables()) takes.push(name);
    json.add("takes", std::move(takes));
  }
  return answer_with(context, std::move(json), end);
}

Result<Response> diff(const Context& context, const Request& request, core::Position end) {
  const auto query = Query::of(request, {"from", "to", "at_least"});
  if (!query) return query.error();
  const auto state = state_of(context, request, projections::AsOf::head());
  if (!state) return state.error();
  const auto from = version_of(**state, query->text("from").value_or(""), "from");
  if (!from) return from.error();
  const auto to =
      version_of(**state, query->text("to").value_or(std::string(events::kLatest)), "to");
  if (!to) return to.error();
  for (const StoredPrompt* each : {*from, *to}) {
    if (!each->erased) continue;
    return Error{Errc::rejected, "version " + each->version.text + " was erased", ""};
  }
  const auto changes = projections::diff_prompts((*from)->body, (*to)->body);
  Json json = Json::Object{};
  json.add("name", request.param("name"));
  json.add("from", version_json((*from)->version));
  json.add("to", version_json((*to)->version));
  json.add("same", changes.empty());
  json.add("changes", changes_json(changes));
  return answer_with(context, std::move(json), end);
}

struct RenderAsked {
  std::string selector;  ///< empty: production
  std::optional<std::string> label;
  Json::Object variables;
};

Result<RenderAsked> render_asked(Json body) {
  if (auto repeated = events::first_duplicate_key(body)) {
    return events::bad_field(*repeated, "the field is repeated");
  }
  Json::Object* object = body.if_object();
  if (object == nullptr) return events::bad_field("", "expected a JSON object");
  RenderAsked asked;
  for (Json::Member& member : *object) {
    Json& value = member.value;
    if (member.key == "variables" && value.is_object()) {
      asked.variables = std::move(*value.if_object());
    } else if (member.key == "version" && (value.is_string() || value.is_number())) {
      asked.selector = value.is_string() ? *value.if_string() : value.if_number()->lexeme;
      if (asked.selector.empty()) return events::bad_field("version", "must not be empty");
    } else if (member.key == "label" && value.is_string() && !value.if_string()->empty()) {
      asked.label = *value.if_string();
    } else if (member.key == "variables" || member.key == "version" || member.key == "label") {
      return events::bad_field(member.key, member.key == "variables"
                                               ? "expected an object"
                                               : "expected the name of a " + member.key);
    } else {
      return events::bad_field(member.key, "no such field");
    }
  }
  if (asked.label && !asked.selector.empty()) {
    return events::bad_field("label", "names a version; so does version");
  }
  return asked;
}

Result<Response> render(const Context& context, const Request& request) {
  auto body = read_json_body(context, request);
  if (!body) return std::move(body.error());
  auto asked = render_asked(*std::move(body));
  if (!asked) return std::move(asked.error());
  const core::Position end = context.log.end();
  const auto state = state_of(context, request, projections::AsOf::head());
  if (!state) return state.error();
  if (asked->label && !(*state)->labels.contains(*asked->label)) {
    return Error{Errc::not_found, "the prompt has no label '" + asked->label->substr(0, 64) + "'",
                 "label"};
  }
  const std::string selector = asked->label ? *asked->label : asked->selector;
  const auto stored = version_of(**state, selector, asked->label ? "label" : "version");
  if (!stored) return stored.error();
  if ((*stored)->deleted || (*stored)->erased) {
    return Error{
        Errc::rejected,
        "version " + (*stored)->version.text + ((*stored)->erased ? " was erased" : " was deleted"),
        "version"};
  }
  auto rendered = events::render_prompt((*stored)->body, std::move(asked->variables));
  if (!rendered) return std::move(rendered.error());
  Json json = Json::Object{};
  json.add("name", request.param("name"));
  json.add("version", version_json((*stored)->version));
  if (asked->label) json.add("label", *asked->label);
  json.add("kind", std::string(to_word(rendered->kind)));
  Json messages = Json::Array{};
  for (const events::RenderedMessage& message : rendered->messages) {
    Json each = Json::Object{};
    each.add("role", std::string(to_word(message.role)));
    each.add("content", message.text);
    messages.push(std::move(each));
  }
  json.add("messages", std::move(messages));
  json.add("variables", Json(std::move(rendered->variables)));
  if ((*stored)->body.config) json.add("config", *(*stored)->body.config);
  if ((*state)->trial) json.add("trial", *(*state)->trial);
  return answer_with(context, std::move(json), end);
}

using Tell = Result<Response> (*)(const Context&, const Request&, core::Position);

Handler from_log(const ReadsPtr& reads, Tell tell) {
  return [reads, tell](const RequestPtr& request, const Responder& respond) {
    reads->from_log(request, respond,
                    [&context = reads->context, request, tell](core::Position end) {
                      return tell(context, *request, end);
                    });
  };
}

}  // namespace

Error no_prompt(std::string_view name) {
  return {Errc::not_found, "there is no prompt '" + std::string(name) + "'", "name"};
}

std::vector<AddedRoute> prompt_routes(const ReadsPtr& reads) {
  std::vector<AddedRoute> all;
  if (!reads->context.prompts) return all;
  const auto add = [&](std::string pattern, std::string doc, Handler handler) {
    Route route = get_route(std::move(pattern), Rule{Scope::read, Access::none}, std::move(doc),
                            std::move(handler));
    all.push_back(documented_prompt(std::move(route)));
  };
  add("/v1/prompts", "Prompts by name (label=, tag=, prefix=)",
      [reads](const RequestPtr& request, const Responder& respond) {
        reads->from_view("prompts", request, respond,
                         [&context = reads->context, request](const core::ReadModel& view) {
                           return list(context, *request, view);
                         });
      });
  add("/v1/prompts/{name}", "One prompt: versions, labels, who changed what (as_of=)",
      from_log(reads, show));
  add("/v1/prompts/{name}/versions/{version}",
      "What a version says; a label or latest stands for one (as_of=)",
      from_log(reads, show_version));
  add("/v1/prompts/{name}/diff", "What changed between two versions (from=, to=)",
      from_log(reads, diff));
  Route rendering(Method::post, "/v1/prompts/{name}/render", Rule{Scope::read, Access::none});
  rendering.runs = Runs::pool;
  rendering.takes = Takes::json;
  rendering.doc = "The messages of a version with values in their places; nothing is recorded";
  rendering.handler = [reads](const RequestPtr& request, const Responder& respond) {
    auto answer = render(reads->context, *request);
    respond(answer ? *std::move(answer) : problem(std::move(answer.error())));
  };
  all.push_back(documented_prompt(std::move(rendering)));
  for (Route& route : prompt_change_routes(reads->context)) {
    all.push_back(documented_prompt(std::move(route)));
  }
  // Schemas are told once.
  all.front().schemas = prompt_schemas();
  return all;
}

}  // namespace hansard::http
