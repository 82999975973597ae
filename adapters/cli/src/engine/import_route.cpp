#include "engine/import_route.h"

#include <memory>
#include <utility>
#include <vector>

#include "events/json.h"
#include "http/problem.h"
#include "importers/piece_json.h"

namespace hansard::cli {

namespace {

using core::Result;
using events::Json;
using importers::Imported;
using importers::ImportItem;

Result<std::vector<ImportItem>> read_items(const std::string& body) {
  auto json = events::parse_json_object(body);
  if (!json) return std::move(json).error();
  std::vector<ImportItem> items;
  for (Json::Member& member : *json) {
    if (member.key != "items") return events::bad_field(member.key, "unknown field");
    Json::Array* list = member.value.if_array();
    if (list == nullptr) return events::bad_field("items", "expected a list");
    if (list->size() > kImportItemsMax) {
      return core::Error{core::Errc::too_large,
                         "items: more than " + std::to_string(kImportItemsMax), "items"};
    }
    for (std::size_t i = 0; i < list->size(); ++i) {
      auto item = importers::read_item(std::move((*list)[i]), events::join_path("items", i));
      if (!item) return std::move(item).error();
      items.push_back(*std::move(item));
    }
  }
  return items;
}

Json result_json(Imported& result) {
  Json out;
  out.add("line", result.line);
  out.add("session_id", result.session_id);
  if (result.alike > 0) out.add("alike", result.alike);
  out.add("new_events", result.new_events);
  out.add("known_events", result.known_events);
  if (result.error) {
    Json error;
    error.add("code", core::traits(result.error->code).name);
    error.add("detail", std::move(result.error->message));
    out.add("error", std::move(error));
  }
  return out;
}

using http::MemberDoc;
using http::SchemaDoc;

constexpr MemberDoc kSession[] = {
    {"id?", "text", "The id it has where it comes from."},
    {"prefix?", "text", "Without an id: what its name begins with."},
    {"seed?", "text", "Without an id: what its name is derived from."},
};
constexpr MemberDoc kStep[] = {
    {"post", "text", "The write that it stands for: messages, responses, tool-calls, and so on."},
    {"key?", "text", "Names the step where nothing in its body does."},
    {"body", "object", "What would be posted there."},
};
constexpr MemberDoc kItem[] = {
    {"line?", "count", "Where in the file it begins, for the result."},
    {"session", "ImportSession", "The conversation it is of."},
    {"continues?", "flag", "True of all pieces of a conversation but the first."},
    {"alike?", "count", "How many conversations of the file began the same before this one."},
    {"create?", "object", "How the session is created where it is new, as for POST /v1/sessions."},
    {"steps", "list of ImportStep", "What happened, in order."},
};
constexpr MemberDoc kBody[] = {
    {"items?", "list of ImportItem", "Pieces of conversations, at most 256."},
};
constexpr MemberDoc kFailure[] = {
    {"code", "Code", "What kind of error it is."},
    {"detail", "text", "What was wrong, with the values involved."},
};
constexpr MemberDoc kResult[] = {
    {"line", "count", "As in the item."},
    {"session_id", "text", "The session it was recorded in."},
    {"alike?", "count", "As in the item, where it is part of the session's name."},
    {"new_events", "count", "Events recorded now."},
    {"known_events", "count", "Events that were there before."},
    {"error?", "ImportFailure", "Why the rest of it was not recorded."},
};
constexpr MemberDoc kResults[] = {
    {"results", "list of ImportResult", "One for each item, in order."},
};
constexpr SchemaDoc kSchemas[] = {
    {"ImportSession", "Which conversation it is.", kSession, SchemaDoc::Others::refused},
    {"ImportStep", "One thing that happened.", kStep, SchemaDoc::Others::refused},
    {"ImportItem", "A piece of a conversation.", kItem, SchemaDoc::Others::refused},
    {"ImportBody", "Conversations of files.", kBody, SchemaDoc::Others::refused},
    {"ImportFailure", "Why a piece was not recorded.", kFailure},
    {"ImportResult", "What became of one piece.", kResult},
    {"ImportResults", "What became of all pieces.", kResults},
};
constexpr http::RouteDoc::Answer kAnswers[] = {{200, "application/json", "ImportResults"}};

}  // namespace

http::AddedRoute import_route(ImportPorts ports) {
  http::Route route(http::Method::post, "/v1/import",
                    http::Rule{http::Scope::write, http::Access::none});
  route.runs = http::Runs::pool;
  route.takes = http::Takes::json;
  route.doc = "Record conversations of files; what is known already is skipped";
  route.handler = [ports = std::move(ports)](http::RequestPtr request, http::Responder respond) {
    auto items = read_items(request->body);
    if (!items) return respond(http::problem(std::move(items).error()));
    auto submit = [execute = ports.execute, request](core::StreamId stream,
                                                     events::SessionCommand command,
                                                     core::AppendDone done) {
      core::CommandContext context;
      context.project = request->principal.project;
      context.stream = std::move(stream);
      context.recorded_at = request->received_at;
      context.actor = request->principal.actor;
      context.known = core::Known::skip;
      execute(std::move(context), std::move(command), std::move(done));
    };
    auto importer = std::make_shared<importers::Importer>(
        request->principal.project, ports.keyed_hash, std::move(submit), ports.draw_salt);
    // `importer` is kept by its own completion.
    importer->take(*std::move(items), [importer, respond](std::vector<Imported> results) {
      Json list(Json::Array{});
      for (Imported& result : results) list.push(result_json(result));
      Json answer;
      answer.add("results", std::move(list));
      respond(http::json_response(200, dump(answer)));
    });
  };
  const http::RouteDoc doc{route.method, "/v1/import", "", "", kAnswers};
  return {std::move(route), doc, "ImportBody", kSchemas};
}

}  // namespace hansard::cli
