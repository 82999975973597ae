#include "openapi/api_schemas.h"

#include <algorithm>

#include "core/assert.h"

namespace hansard::http {

namespace {

constexpr std::string_view kPlain = R"json(
"Position":{"type":"integer","minimum":0},
"Time":{"type":"string","pattern":"^[0-9]{4}-[0-9]{2}-[0-9]{2}T"},
"Uuid":{"type":"string","pattern":"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"},
"Parts":{"type":"array","items":{"type":"object","required":["type"],
  "properties":{"type":{"type":"string"}},"additionalProperties":true}},
"Frame":{"description":"What a follower of the log is told, one at a time.","anyOf":[
  {"$ref":"#/components/schemas/EventFrame"},{"$ref":"#/components/schemas/NextFrame"},
  {"$ref":"#/components/schemas/FellBehindFrame"}]},
"EventOrFrame":{"description":"A line of the log; followed, a frame.","anyOf":[
  {"$ref":"#/components/schemas/Event"},{"$ref":"#/components/schemas/Frame"}]},
"ReplayLine":{"description":"An event in its turn, or the end of the replay.","anyOf":[
  {"$ref":"#/components/schemas/EventFrame"},{"$ref":"#/components/schemas/ReplayEnd"}]},
"IngestAnswer":{"description":"With results=stream: a result a line, then the report.","anyOf":[
  {"$ref":"#/components/schemas/IngestResult"},{"$ref":"#/components/schemas/IngestReport"}]},
"QueryLine":{"description":"The first line says what holds for all groups; then a group a line.",
  "anyOf":[{"$ref":"#/components/schemas/QueryHead"},{"$ref":"#/components/schemas/QueryGroup"}]},
"ExportLine":{"description":"The header, an event, or the end; without its end no export is whole.",
  "anyOf":[{"$ref":"#/components/schemas/ExportHeader"},
  {"$ref":"#/components/schemas/ExportEvent"},{"$ref":"#/components/schemas/ExportEnd"}]})json";

std::string enumeration(std::string_view words) {
  std::string out = R"({"enum":[")";
  for (const char c : words) out += c == '|' ? std::string("\",\"") : std::string(1, c);
  return out + "\"]}";
}

/// The JSON of a type as `MemberDoc` spells it.
std::string type_schema(std::string_view type) {
  constexpr std::string_view kList = "list of ";
  constexpr std::string_view kMap = "map of ";
  constexpr std::string_view kOrNull = " or null";
  if (type.starts_with('{')) return std::string(type);
  if (type.ends_with(kOrNull)) {
    type.remove_suffix(kOrNull.size());
    return R"({"anyOf":[)" + type_schema(type) + R"(,{"type":"null"}]})";
  }
  if (type.starts_with(kList)) {
    return R"({"type":"array","items":)" + type_schema(type.substr(kList.size())) + "}";
  }
  if (type.starts_with(kMap)) {
    return R"({"type":"object","additionalProperties":)" + type_schema(type.substr(kMap.size())) +
           "}";
  }
  if (type == "text") return R"({"type":"string"})";
  if (type == "flag") return R"({"type":"boolean"})";
  if (type == "count") return R"({"type":"integer","minimum":0})";
  if (type == "integer") return R"({"type":"integer"})";
  if (type == "object") return R"({"type":"object","additionalProperties":true})";
  if (type == "json") return R"({"type":["object","array","string","number","boolean","null"]})";
  if (type.starts_with('=')) return enumeration(type.substr(1));
  if (type.find('|') != std::string_view::npos) return enumeration(type);
  const bool named = !type.empty() && type.front() >= 'A' && type.front() <= 'Z';
  HANSARD_ASSERT(named, "a type is one of the words that route_doc.h lists");
  return schema_reference(type);
}

const SchemaDoc& schema_named(std::string_view name) {
  for (const auto list : {log_schemas(), session_schemas(), query_schemas(), price_schemas()}) {
    const auto found = std::find_if(list.begin(), list.end(),
                                    [&](const SchemaDoc& doc) { return doc.name == name; });
    if (found != list.end()) return *found;
  }
  HANSARD_ASSERT(false, "what is taken in is a schema of ours");
  return log_schemas().front();
}

/// Calls `each` for every member, those taken in included.
template <class F>
void for_members(const SchemaDoc& doc, const F& each) {
  for (const MemberDoc& member : doc.members) {
    if (member.name == "...") {
      for_members(schema_named(member.type), each);
    } else {
      each(member);
    }
  }
}

}  // namespace

std::string_view plain_schemas() { return kPlain; }

std::string schema_reference(std::string_view name) {
  return R"({"$ref":"#/components/schemas/)" + std::string(name) + "\"}";
}

void add_schema(JsonOut& json, const SchemaDoc& doc) {
  json.key(doc.name).object().member("type", "object").member("description", doc.doc);
  json.key("required").array();
  for_members(doc, [&](const MemberDoc& member) {
    if (!member.name.ends_with('?')) json.string(member.name);
  });
  json.end_array().key("properties").object();
  for_members(doc, [&](const MemberDoc& member) {
    const bool optional = member.name.ends_with('?');
    const std::string schema = type_schema(member.type);
    JsonOut says;
    says.object().member("description", member.doc).end_object();
    std::string text = says.take();
    // One object of both: `{"description":...` goes on with the members of the schema.
    text.back() = ',';
    text.append(schema, 1);
    json.key(member.name.substr(0, member.name.size() - (optional ? 1 : 0))).raw(text);
  });
  json.end_object();
  if (doc.others != SchemaDoc::Others::later) {
    json.member("additionalProperties", doc.others == SchemaDoc::Others::verbatim);
  }
  json.end_object();
}

}  // namespace hansard::http
