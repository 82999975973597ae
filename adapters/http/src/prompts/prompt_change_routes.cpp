// What changes prompts: versions, labels, tags.
#include <algorithm>
#include <utility>

#include "http/problem.h"
#include "prompts/prompt_json.h"
#include "prompts/prompt_routes.h"
#include "shared/receipts.h"

namespace hansard::http {

using core::Result;
using events::Json;
using events::PromptCommand;
using events::PromptVersion;

namespace {

using Body = decltype(PromptCommand::body);

/// What an answer tells beside the receipt.
struct About {
  std::string name;
  std::optional<std::string> label;      ///< that was to move
  std::optional<PromptVersion> version;  ///< that was meant; a label's is looked up
  std::optional<std::string> content_hash;
};

/// A change, read from its request.
struct Asked {
  Body command;
  About about;
};

/// The version that the change was about, as the prompt stands after it.
std::optional<PromptVersion> version_after(const About& about, const events::PromptState& state,
                                           const core::Receipt& receipt) {
  if (about.label) {
    const auto named = state.labels.find(*about.label);
    if (named == state.labels.end()) return std::nullopt;
    return named->second;
  }
  if (about.version) return about.version;
  for (const core::RecordReceipt& record : receipt.records) {
    for (const events::StoredPrompt& stored : state.versions) {
      if (stored.position == record.position) return stored.version;
    }
    for (const events::LabelMove& move : state.moves) {
      if (move.position == record.position) return move.to;
    }
  }
  const auto same = std::find_if(state.versions.rbegin(), state.versions.rend(), [&](auto& each) {
    return each.content_hash == about.content_hash && !each.deleted;
  });
  if (same == state.versions.rend()) return std::nullopt;
  return same->version;
}

Result<Response> tell(const Context& context, const core::ProjectId& project, const About& about,
                      const core::Receipt& receipt) {
  const auto state = context.prompts->read(project, about.name);
  if (!state) return state.error();
  Json json = Json::Object{};
  json.add("name", about.name);
  if (about.label) json.add("label", *about.label);
  if (const auto version = version_after(about, **state, receipt)) {
    json.add("version", version_json(*version));
    json.add("stage", std::string(stage_of(**state, *version)));
  }
  Json labels = Json::Object{};
  for (const auto& [label, version] : (*state)->labels) labels.add(label, version_json(version));
  json.add("labels", std::move(labels));
  const bool nothing_new = receipt.records.empty() || receipt.duplicate();
  json.add("duplicate", nothing_new);
  if (!receipt.records.empty()) json.add("position", receipt.records.back().position.value);
  const core::Position end = receipt.records.empty() ? context.log.end() : receipt.end();
  json.add("at_least", end.value);
  json.add("stream_version", (*state)->next_version - 1);
  Response response = json_response(nothing_new ? 200 : 201, events::dump(json));
  response.headers.add("Hansard-Position", std::to_string(end.value));
  return response;
}

/// Brings the change to the command loop, and tells on the pool what came of it: that reads.
void execute(const Context& context, const RequestPtr& request, const WriteOptions& options,
             Asked asked, const Responder& respond) {
  auto stream = projections::prompt_stream(asked.about.name);
  if (!stream) return respond(problem(std::move(stream.error())));
  core::CommandContext with;
  with.project = request->principal.project;
  with.stream = *std::move(stream);
  with.recorded_at = request->received_at;
  with.actor = request->principal.actor;
  with.expected_version = options.expected_version;
  PromptCommand command;
  command.meta.occurred_at = request->received_at;
  command.meta.salt_seed = context.draw_random();
  command.body = std::move(asked.command);
  context.execute_prompt(
      std::move(with), std::move(command),
      [&context, project = request->principal.project, about = std::move(asked.about),
       respond](Result<core::Receipt> receipt) {
        if (!receipt) return respond(problem(std::move(receipt.error())));
        // As many as there are commands, which are bounded where they wait.
        context.blocking.post([&context, project, about, respond, receipt = *std::move(receipt)] {
          auto told = tell(context, project, about, receipt);
          respond(told ? *std::move(told) : problem(std::move(told.error())));
        });
      });
}

using ReadAsked = Result<Asked> (*)(const Context&, const Request&, const WriteOptions&, Json);

Result<Asked> read_store(const Context& context, const Request& request,
                         const WriteOptions& /*options*/, Json body) {
  auto command = events::parse_prompt_body<events::StoreVersion>(std::move(body));
  if (!command) return std::move(command.error());
  About about{request.param("name"), {}, command->version, {}};
  about.content_hash = events::content_hash(request.principal.project, events::body_of(*command),
                                            context.keyed_hash);
  return Asked{*std::move(command), std::move(about)};
}

template <class C>
Result<Asked> read_labelled(const Request& request, const WriteOptions& options, Json body,
                            std::string label, events::LabelReason reason) {
  auto command = events::parse_prompt_body<C>(std::move(body));
  if (!command) return std::move(command.error());
  if constexpr (requires { command->label; }) command->label = label;
  if constexpr (requires { command->reason; }) command->reason = reason;
  command->idempotency_key = options.idempotency_key;
  return Asked{*std::move(command), {request.param("name"), std::move(label), {}, {}}};
}

Result<Asked> read_label(const Context& /*context*/, const Request& request,
                         const WriteOptions& options, Json body) {
  const std::string& label = request.param("label");
  return read_labelled<events::MoveLabel>(
      request, options, std::move(body), label,
      label == events::kProduction ? events::LabelReason::promoted : events::LabelReason::set);
}

Result<Asked> read_promote(const Context& /*context*/, const Request& request,
                           const WriteOptions& options, Json body) {
  return read_labelled<events::MoveLabel>(request, options, std::move(body),
                                          std::string(events::kProduction),
                                          events::LabelReason::promoted);
}

Result<Asked> read_roll_back(const Context& /*context*/, const Request& request,
                             const WriteOptions& options, Json body) {
  return read_labelled<events::RollBack>(request, options, std::move(body),
                                         std::string(events::kProduction), {});
}

Result<Asked> read_remove_label(const Context& /*context*/, const Request& request,
                                const WriteOptions& options, Json body) {
  return read_labelled<events::RemoveLabel>(request, options, std::move(body),
                                            request.param("label"), {});
}

Result<Asked> read_tags(const Context& context, const Request& request, const WriteOptions& options,
                        Json body) {
  auto command = events::parse_prompt_body<events::TagVersion>(std::move(body));
  if (!command) return std::move(command.error());
  command->idempotency_key = options.idempotency_key;
  // Told by the name that it has, whatever it was asked for by.
  const auto state = context.prompts->read(request.principal.project, request.param("name"));
  if (!state) return state.error();
  const auto* stored =
      (*state)->select(command->version ? command->version->text : events::kLatest);
  About about{request.param("name"), {}, {}, {}};
  if (stored != nullptr) about.version = command->version = stored->version;
  return Asked{*std::move(command), std::move(about)};
}

Result<Asked> read_delete(const Context& /*context*/, const Request& request,
                          const WriteOptions& /*options*/, Json body) {
  auto command = events::parse_prompt_body<events::DeleteVersion>(std::move(body));
  if (!command) return std::move(command.error());
  command->version = PromptVersion(request.param("version"));
  About about{request.param("name"), {}, command->version, {}};
  return Asked{*std::move(command), std::move(about)};
}

struct ChangeRoute {
  Method method;
  std::string_view pattern;
  std::string_view doc;
  ReadAsked read;
};

constexpr ChangeRoute kChanges[] = {
    {Method::post, "/v1/prompts/{name}/versions",
     "Store a version (PromptVersionStored); the same content again is the same version",
     read_store},
    {Method::put, "/v1/prompts/{name}/labels/{label}",
     "A label names this version from now on (PromptLabelMoved)", read_label},
    {Method::del, "/v1/prompts/{name}/labels/{label}",
     "It names none any more (PromptLabelRemoved)", read_remove_label},
    {Method::post, "/v1/prompts/{name}/promote", "Put a version into production (PromptLabelMoved)",
     read_promote},
    {Method::post, "/v1/prompts/{name}/rollback",
     "Back to the version that was in production before (PromptLabelMoved)", read_roll_back},
    {Method::post, "/v1/prompts/{name}/tags", "Replace the tags of a version (PromptTagged)",
     read_tags},
    {Method::del, "/v1/prompts/{name}/versions/{version}",
     "Offer a version no longer (PromptVersionDeleted); its name stays taken", read_delete},
};

}  // namespace

std::vector<Route> prompt_change_routes(const Context& context) {
  std::vector<Route> all;
  if (!context.execute_prompt) return all;
  for (const ChangeRoute& change : kChanges) {
    Route route(change.method, std::string(change.pattern), Rule{Scope::write, Access::none});
    route.runs = Runs::pool;
    route.takes = change.method == Method::del ? Takes::nothing : Takes::json;
    route.doc = std::string(change.doc);
    route.handler = [&context, read = change.read](const RequestPtr& request,
                                                   const Responder& respond) {
      const auto options = write_options(*request);
      if (!options) return respond(problem(options.error()));
      auto body = read_json_body(context, *request);
      if (!body) return respond(problem(std::move(body.error())));
      auto asked = read(context, *request, *options, *std::move(body));
      if (!asked) return respond(problem(std::move(asked.error())));
      execute(context, request, *options, *std::move(asked), respond);
    };
    all.push_back(std::move(route));
  }
  return all;
}

}  // namespace hansard::http
