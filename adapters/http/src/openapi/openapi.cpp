#include "openapi/openapi.h"

#include <map>
#include <memory>
#include <string_view>

#include "core/assert.h"
#include "core/error.h"
#include "events/json.h"
#include "events/session/commands.h"
#include "http/json_out.h"
#include "http/problem.h"
#include "openapi/api_docs.h"
#include "openapi/api_schemas.h"
#include "shared/record_command.h"

namespace hansard::http {

namespace {

/// Calls `each` with every word of `words`.
template <class F>
void for_words(std::string_view words, const F& each) {
  while (!words.empty()) {
    const std::size_t end = words.find(' ');
    each(words.substr(0, end));
    words.remove_prefix(end == std::string_view::npos ? words.size() : end + 1);
  }
}

void add_parameter(JsonOut& json, std::string_view name, std::string_view in) {
  const bool repeats = name.ends_with('*');
  if (repeats) name.remove_suffix(1);
  const ParameterDoc* doc = parameter_doc(name);
  HANSARD_ASSERT(doc != nullptr, "every parameter that a route knows is documented");
  json.object().member("name", name).member("in", in).member("description", doc->doc);
  if (in == "path") json.member("required", true);
  json.key("schema");
  if (repeats) {
    json.object().member("type", "array").key("items").raw(doc->schema).end_object();
  } else {
    json.raw(doc->schema);
  }
  json.end_object();
}

void add_parameters(JsonOut& json, const Route& route, const RouteDoc& doc) {
  json.key("parameters").array();
  for (std::size_t at = route.pattern.find('{'); at != std::string::npos;
       at = route.pattern.find('{', at + 1)) {
    const std::size_t end = route.pattern.find('}', at);
    std::string_view name = std::string_view(route.pattern).substr(at + 1, end - at - 1);
    if (name.ends_with("...")) name.remove_suffix(3);
    add_parameter(json, name, "path");
  }
  for_words(doc.query, [&](std::string_view name) { add_parameter(json, name, "query"); });
  for_words(doc.headers, [&](std::string_view name) { add_parameter(json, name, "header"); });
  json.end_array();
}

/// Main's routes, and what it tells of them.
using Added = std::span<const AddedRoute>;

const AddedRoute* added_route(const Route& route, Added added) {
  for (const AddedRoute& each : added) {
    if (each.route.method == route.method && each.route.pattern == route.pattern) return &each;
  }
  return nullptr;
}

/// The schema of what a route takes.
std::string body_schema(const Route& route, Added added) {
  if (route.takes == Takes::anything) return "{}";
  if (const AddedRoute* ours = added_route(route, added)) {
    return ours->body.empty() ? R"({"type":"object"})" : schema_reference(ours->body);
  }
  constexpr std::string_view kSessions = "/v1/sessions";
  if (route.pattern == "/v1/query") return schema_reference("QueryBody");
  if (route.pattern == "/v1/append") return schema_reference("AppendBody");
  if (route.takes == Takes::lines) return schema_reference("IngestLine");
  if (!route.pattern.starts_with(kSessions)) return R"({"type":"object"})";
  const std::string_view name =
      route.pattern == kSessions
          ? std::string_view()
          : std::string_view(route.pattern).substr(route.pattern.rfind('/') + 1);
  const RecordKind* kind = record_kind(name);
  HANSARD_ASSERT(kind != nullptr, "what is posted below a session is a typed write");
  if (kind->or_shape.empty()) return schema_reference(kind->shape);
  return R"({"anyOf":[)" + schema_reference(kind->shape) + "," + schema_reference(kind->or_shape) +
         "]}";
}

void add_body(JsonOut& json, const Route& route, Added added) {
  if (route.takes == Takes::nothing) return;
  const bool lines = route.takes == Takes::lines;
  json.key("requestBody").object().key("content").object();
  const bool anything = route.takes == Takes::anything;
  json.key(lines ? "application/x-ndjson" : anything ? "*/*" : "application/json");
  // OpenAPI 3.1 has no word for streams: the schema is that of each line.
  json.object().key("schema").raw(body_schema(route, added)).end_object();
  json.end_object().end_object();
}

void add_answers(JsonOut& json, const RouteDoc& doc) {
  std::map<int, std::vector<const RouteDoc::Answer*>> by_status;
  for (const RouteDoc::Answer& answer : doc.answers) by_status[answer.status].push_back(&answer);
  json.key("responses").object();
  for (const auto& [status, answers] : by_status) {
    json.key(std::to_string(status)).object();
    json.member("description", status == 101   ? "It goes on as a WebSocket of frames"
                               : status == 204 ? "There is nothing behind the end"
                                               : "The answer");
    if (status == 101) {
      // OpenAPI has no word for messages of a socket.
      json.key("x-websocket-message").raw(schema_reference(answers.front()->schema));
    } else if (!answers.front()->media.empty()) {
      json.key("content").object();
      for (const RouteDoc::Answer* answer : answers) {
        json.key(answer->media).object();
        if (!answer->schema.empty()) json.key("schema").raw(schema_reference(answer->schema));
        json.end_object();
      }
      json.end_object();
    }
    json.end_object();
  }
  json.key("default").raw(
      R"({"description":"What was wrong","content":{"application/problem+json":{"schema":)" +
      schema_reference("Problem") + "}}}");
  json.end_object();
}

void add_operation(JsonOut& json, const Route& route, Added added) {
  const AddedRoute* ours = added_route(route, added);
  const RouteDoc* doc = ours ? &ours->doc : route_doc(route.method, route.pattern);
  HANSARD_ASSERT(doc != nullptr, "every route has a row in api_docs.cpp, or brings its own");
  json.key(route.method == Method::get   ? "get"
           : route.method == Method::put ? "put"
           : route.method == Method::del ? "delete"
                                         : "post")
      .object();
  json.member("summary", route.doc);
  json.key("security").array();
  if (route.rule.scope) json.object().key("key").array().end_array().end_object();
  json.end_array();
  if (route.rule.scope) json.member("x-scope", name(*route.rule.scope));
  if (route.rule.access != Access::none) json.member("x-access", name(route.rule.access));
  add_parameters(json, route, *doc);
  add_body(json, route, added);
  add_answers(json, *doc);
  json.end_object();
}

std::string field_schema(std::string_view type) {
  if (type == "text") return R"({"type":"string"})";
  if (type == "flag") return R"({"type":"boolean"})";
  if (type == "count") return R"({"type":"integer","minimum":0})";
  if (type == "parts") return schema_reference("Parts");
  if (type == "json") return "{}";
  if (type == "map of text") {
    return R"({"type":"object","additionalProperties":{"type":"string"}})";
  }
  if (type == "list of text") return R"({"type":"array","items":{"type":"string"}})";
  if (type.starts_with("list of")) return R"({"type":"array","items":{"type":"object"}})";
  if (type.find('|') == std::string_view::npos) return R"({"type":"object"})";
  std::string words = R"({"enum":[")";
  for (const char c : type) words += c == '|' ? std::string("\",\"") : std::string(1, c);
  return words + "\"]}";
}

void add_command(JsonOut& json, const events::EventShape& shape) {
  json.key(shape.type).object().member("type", "object").member("additionalProperties", false);
  json.key("required").array();
  if (shape.type == "CreateSession") json.string("session_id");
  for (const events::FieldInfo& field : shape.fields) {
    if (field.required && !field.derived) json.string(field.name);
  }
  json.end_array().key("properties").object();
  for (const events::FieldInfo& field : shape.fields) {
    if (!field.derived) json.key(field.name).raw(field_schema(field.type));
  }
  json.key("occurred_at").raw(schema_reference("Time"));
  for (const char* link : {"correlation", "causation"})
    json.key(link).raw(schema_reference("Uuid"));
  json.end_object().end_object();
}

void add_schemas(JsonOut& json, std::span<const SchemaDoc> schemas) {
  for (const SchemaDoc& schema : schemas) add_schema(json, schema);
}

void add_codes(JsonOut& json) {
  json.key("Code").object().key("enum").array();
  for (const core::ErrorTraits& error : core::error_table()) json.string(error.name);
  json.end_array().end_object();
}

}  // namespace

std::string openapi_document(const std::vector<Route>& routes, Added added) {
  std::map<std::string, std::vector<const Route*>> paths;
  for (const Route& route : routes) {
    std::string path = route.pattern;  // no path template says "the rest": it is a parameter
    if (const auto rest = path.find("...}"); rest != std::string::npos) path.erase(rest, 3);
    paths[path].push_back(&route);
  }
  JsonOut json;
  json.object().member("openapi", "3.1.0").key("info").object();
  json.member("title", "Hansard")
      .member("version", "1")
      .member("description",
              "The official record of what people, models and tools say to each other. Times are "
              "RFC 3339, "
              "ids UUIDs. GET routes answer HEAD too. NDJSON and server-sent events are described "
              "by the "
              "schema of each line or event. Errors are RFC 9457 documents; their code says what "
              "to do.");
  json.end_object().key("paths").object();
  for (const auto& [path, methods] : paths) {
    json.key(path).object();
    for (const Route* route : methods) add_operation(json, *route, added);
    json.end_object();
  }
  json.end_object().key("components").object();
  json.key("securitySchemes")
      .raw(R"({"key":{"type":"http","scheme":"bearer","description":)"
           R"("A key with the scope that x-scope names, in a server that has keys"}})");
  json.key("schemas").object();
  add_codes(json);
  add_schemas(json, log_schemas());
  add_schemas(json, session_schemas());
  add_schemas(json, query_schemas());
  add_schemas(json, price_schemas());
  for (const AddedRoute& each : added) add_schemas(json, each.schemas);
  for (const events::EventShape& shape : events::command_shapes()) add_command(json, shape);
  std::string text = json.take();
  text += ',';
  text += plain_schemas();
  text += "}}}";
  // Written by hand in part, so read once: what is served is a document, and in one line.
  const auto document = events::parse_json(text);
  HANSARD_ASSERT(document, "the parts make one JSON document");
  return dump(*document);
}

Route openapi_route(const std::vector<Route>& others, Added added) {
  Route route(Method::get, "/openapi.json", Rule::anyone());
  route.runs = Runs::loop;
  route.takes = Takes::nothing;
  route.doc = "This document";
  std::vector<Route> all = others;
  all.push_back(route);
  const auto document = std::make_shared<const std::string>(openapi_document(all, added));
  route.handler = [document](const RequestPtr&, const Responder& respond) {
    respond(json_response(200, *document));
  };
  return route;
}

}  // namespace hansard::http
