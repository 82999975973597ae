#include "api_docs.h"

namespace hansard::http {

namespace {

/// Members that every answer about a session begins with, and what each answer must have. What a
/// newer version adds does not break a client, so answers may hold more than is told here.
constexpr std::string_view kSchemas = R"json(
"Position":{"type":"integer","minimum":0},
"Time":{"type":"string","pattern":"^[0-9]{4}-[0-9]{2}-[0-9]{2}T"},
"Uuid":{"type":"string","pattern":"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"},
"Parts":{"type":"array","items":{"type":"object","required":["type"],
  "properties":{"type":{"type":"string"}}}},
"Violation":{"type":"object","required":["stream","expected","actual"],"additionalProperties":false,
  "properties":{"stream":{"type":"string"},"expected":{"type":"string"},"actual":{"type":"string"}}},
"Receipt":{"type":"object","additionalProperties":false,
  "required":["events","at_least","durability","duplicate"],
  "properties":{"events":{"type":"array","items":{"type":"object","additionalProperties":false,
      "required":["position","version"],"properties":{
        "position":{"$ref":"#/components/schemas/Position"},"version":{"type":"integer"},
        "duplicate":{"type":"boolean"},"erased":{"type":"boolean"}}}},
    "position":{"$ref":"#/components/schemas/Position"},"version":{"type":"integer"},
    "at_least":{"$ref":"#/components/schemas/Position"},
    "durability":{"enum":["strict","relaxed"]},"duplicate":{"type":"boolean"}}},
"AppendBody":{"type":"object","additionalProperties":false,"required":["records"],"properties":{
    "records":{"type":"array","items":{"type":"object","additionalProperties":false,
      "required":["stream","type","facts"],"properties":{"stream":{"type":"string"},
        "type":{"type":"string"},"schema":{"type":"integer","minimum":1},
        "event_id":{"$ref":"#/components/schemas/Uuid"},
        "occurred_at":{"$ref":"#/components/schemas/Time"},
        "correlation":{"$ref":"#/components/schemas/Uuid"},
        "causation":{"$ref":"#/components/schemas/Uuid"},
        "facts":{"type":"object"},"content":{"type":"object"}}}},
    "checks":{"type":"array","items":{"type":"object","additionalProperties":false,
      "required":["stream","expected"],"properties":{"stream":{"type":"string"},
        "expected":{"anyOf":[{"enum":["any","none","exists"]},{"type":"integer"}]}}}},
    "known":{"enum":["fail","skip"]}}},
"IngestLine":{"type":"object","additionalProperties":false,"required":["post"],"properties":{
    "post":{"type":"string"},"body":{"type":"object"},"idempotency_key":{"type":"string"}}},
"IngestReport":{"type":"object","required":["lines","accepted","duplicates","failed","errors"],
  "properties":{"lines":{"type":"integer"},"accepted":{"type":"integer"},
    "duplicates":{"type":"integer"},"failed":{"type":"integer"},
    "errors":{"type":"array","items":{"type":"object","required":["line","code","detail"]}}}},
"IngestResult":{"type":"object"},
"Event":{"type":"object","required":["position","project","stream","version","type","schema",
    "event_id","recorded_at","facts"],
  "properties":{"position":{"$ref":"#/components/schemas/Position"},"project":{"type":"string"},
    "stream":{"type":"string"},"version":{"type":"integer"},"type":{"type":"string"},
    "schema":{"type":"integer","minimum":1},"event_id":{"$ref":"#/components/schemas/Uuid"},
    "recorded_at":{"$ref":"#/components/schemas/Time"},
    "occurred_at":{"$ref":"#/components/schemas/Time"},
    "facts":{"type":"object"},"content":{"type":"object"},"erased":{"type":"boolean"}}},
"Frame":{"type":"object","required":["frame"],"properties":{
    "frame":{"enum":["event","checkpoint","caught_up","fell_behind"]},
    "next":{"$ref":"#/components/schemas/Position"},"end":{"$ref":"#/components/schemas/Position"}}},
"EventOrFrame":{"anyOf":[{"$ref":"#/components/schemas/Event"},
    {"$ref":"#/components/schemas/Frame"}]},
"ReplayLine":{"type":"object"},
"ExportLine":{"anyOf":[
    {"type":"object","required":["hansard_export","log_id","key_check","scope","size","root"],
      "properties":{"hansard_export":{"enum":[1]},"scope":{"enum":["log","project","sessions"]}}},
    {"type":"object","required":["position","project","stream","version","type","schema","event_id",
      "recorded_at"]},
    {"type":"object","required":["end","size","root"]}]},
"Sessions":{"type":"object","required":["sessions","checkpoint"],"properties":{
    "sessions":{"type":"array","items":{"type":"object","required":["session_id","stream","status",
      "counts","tokens"],"properties":{"session_id":{"type":"string"},
        "status":{"enum":["active","open","ended"]}}}},
    "next":{"type":"string"},"checkpoint":{"$ref":"#/components/schemas/Position"}}},
"Session":{"type":"object",
  "required":["session_id","stream","project","as_of","status","counts","checkpoint"]},
"History":{"type":"object",
  "required":["session_id","stream","project","as_of","status","messages","events","checkpoint"],
  "properties":{"messages":{"type":"array","items":{"type":"object"}},
    "events":{"type":"array","items":{"type":"object"}}}},
"ContextWindow":{"type":"object",
  "required":["session_id","stream","project","as_of","config","messages","removed","checkpoint"],
  "properties":{"messages":{"type":"array"},"removed":{"type":"array"}}},
"SessionEvents":{"type":"object","required":["stream","events","checkpoint"],"properties":{
    "stream":{"type":"string"},
    "events":{"type":"array","items":{"$ref":"#/components/schemas/Event"}},
    "next":{"type":"integer"},"checkpoint":{"$ref":"#/components/schemas/Position"}}},
"Diff":{"type":"object",
  "required":["project","from","to","common_events","added","removed","config","checkpoint"]},
"Why":{"type":"object",
  "required":["session","project","call_id","answers","window","unknown","checkpoint"]},
"Forks":{"type":"object","required":["session","project","tree","checkpoint"]},
"UsageSums":{"type":"object","required":["group_by","groups","total","checkpoint"],"properties":{
    "group_by":{"type":"array","items":{"type":"string"}},
    "groups":{"type":"array","items":{"type":"object"}},"total":{"type":"object",
      "required":["calls","failures","calls_without_usage","tokens"]}}},
"Projections":{"type":"object","required":["projections"],"properties":{
    "projections":{"type":"array","items":{"type":"object","required":["name","phase"]}}}},
"Rows":{"type":"object","required":["rows","checkpoint"],"properties":{
    "rows":{"type":"array","items":{"type":"object","required":["key","row"]}},
    "next":{"type":"string"}}},
"Health":{"type":"object","required":["status"],"properties":{"status":{"enum":["ok"]}}},
"Readiness":{"type":"object","required":["status","store","end","projections"],"properties":{
    "status":{"enum":["ready","degraded","unavailable"]}}},
"OpenApi":{"type":"object","required":["openapi","info","paths","components"]})json";

}  // namespace

std::string_view answer_schemas() { return kSchemas; }

}  // namespace hansard::http
