#include "openapi/api_docs.h"

#include <algorithm>
#include <array>

namespace hansard::http {

namespace {

using Answer = RouteDoc::Answer;

constexpr std::string_view kJson = "application/json";
constexpr std::string_view kLines = "application/x-ndjson";
constexpr std::string_view kEvents = "text/event-stream";
constexpr std::string_view kCsv = "text/csv; charset=utf-8";
constexpr std::string_view kHtml = "text/html; charset=utf-8";
constexpr std::string_view kWrites = "Hansard-Durability Hansard-Expected-Version Idempotency-Key";
constexpr std::string_view kFollows = "Accept Last-Event-ID";

template <std::size_t I>
using Answers = std::array<Answer, I>;

constexpr Answers<1> kFrontPage{{{200, kHtml, ""}}};
// People are told in a page what is wrong, too.
constexpr Answers<4> kPage{
    {{200, kHtml, ""}, {400, kHtml, ""}, {404, kHtml, ""}, {503, kHtml, ""}}};
constexpr Answers<2> kReceipt{{{200, kJson, "Receipt"}, {201, kJson, "Receipt"}}};
constexpr Answers<2> kIngest{{{200, kJson, "IngestReport"}, {200, kLines, "IngestAnswer"}}};
constexpr Answers<1> kSessions{{{200, kJson, "Sessions"}}};
constexpr Answers<1> kSession{{{200, kJson, "Session"}}};
constexpr Answers<1> kHistory{{{200, kJson, "History"}}};
constexpr Answers<1> kContext{{{200, kJson, "ContextWindow"}}};
constexpr Answers<3> kSessionEvents{
    {{200, kJson, "SessionEvents"}, {200, kLines, "Frame"}, {200, kEvents, "Frame"}}};
constexpr Answers<2> kLog{{{200, kLines, "EventOrFrame"}, {200, kEvents, "Frame"}}};
constexpr Answers<1> kLive{{{101, "", "Frame"}}};
constexpr Answers<1> kDiff{{{200, kJson, "Diff"}}};
constexpr Answers<1> kWhy{{{200, kJson, "Why"}}};
constexpr Answers<1> kForks{{{200, kJson, "Forks"}}};
constexpr Answers<3> kReplay{
    {{200, kLines, "ReplayLine"}, {200, kEvents, "ReplayLine"}, {204, "", ""}}};
constexpr Answers<1> kExport{{{200, kLines, "ExportLine"}}};
constexpr Answers<1> kUsage{{{200, kJson, "UsageSums"}}};
constexpr Answers<1> kSearch{{{200, kJson, "SearchResults"}}};
constexpr Answers<3> kQuery{
    {{200, kJson, "QueryAnswer"}, {200, kCsv, ""}, {200, kLines, "QueryLine"}}};
constexpr Answers<1> kProjections{{{200, kJson, "Projections"}}};
constexpr Answers<1> kStarted{{{202, kJson, "Projections"}}};
constexpr Answers<1> kRows{{{200, kJson, "Rows"}}};
constexpr Answers<1> kHealth{{{200, kJson, "Health"}}};
constexpr Answers<2> kReady{{{200, kJson, "Readiness"}, {503, kJson, "Readiness"}}};
constexpr Answers<1> kMetrics{{{200, "text/plain; version=0.0.4", ""}}};
constexpr Answers<1> kItself{{{200, kJson, "OpenApi"}}};

constexpr Method kGet = Method::get;
constexpr Method kPost = Method::post;

constexpr RouteDoc kDocs[] = {
    {kGet, "/", "at_least", "", kFrontPage},
    {kGet, "/sessions/{id}", "as_of at_least", "", kPage},
    {kPost, "/v1/append", "", kWrites, kReceipt},
    {kPost, "/v1/ingest", "as results", "Hansard-Durability Idempotency-Key Content-Encoding",
     kIngest},
    {kGet, "/v1/sessions",
     "user agent app model tag* status from to active_within limit cursor at_least", "", kSessions},
    {kGet, "/v1/sessions/{id}", "as_of at_least", "", kSession},
    {kGet, "/v1/sessions/{id}/history", "as_of at_least", "", kHistory},
    {kGet, "/v1/sessions/{id}/context", "as_of at_least", "", kContext},
    {kGet, "/v1/sessions/{id}/events", "from limit type* as_of follow at_least", kFollows,
     kSessionEvents},
    {kGet, "/v1/sessions/{id}/diff", "from to to_session at_least", "", kDiff},
    {kGet, "/v1/sessions/{id}/why", "call message at_least", "", kWhy},
    {kGet, "/v1/sessions/{id}/forks", "at_least", "", kForks},
    {kGet, "/v1/sessions/{id}/replay", "speed max_gap from to limit at_least", kFollows, kReplay},
    {kGet, "/v1/events", "from last type* session* stream limit follow at_least", kFollows, kLog},
    {kGet, "/v1/live", "from last type* session* stream limit at_least", "", kLive},
    {kGet, "/v1/export",
     "project session* user agent app model tag* status from to active_within at_least", "",
     kExport},
    {kGet, "/v1/usage",
     "by user session provider model from to as_model as_provider prices_as_of at_least", "",
     kUsage},
    {kGet, "/v1/search",
     "q session user agent app source tag* provider model tool role* kind* from to limit cursor "
     "at_least",
     "", kSearch},
    {kPost, "/v1/query", "", "Accept", kQuery},
    {kGet, "/v1/admin/projections", "at_least", "", kProjections},
    {kGet, "/v1/admin/projections/{name}/rows", "prefix cursor limit at_least", "", kRows},
    {kPost, "/v1/admin/projections/{name}/retry", "", "", kStarted},
    {kPost, "/v1/admin/projections/{name}/rebuild", "", "", kStarted},
    {kGet, "/healthz", "", "", kHealth},
    {kGet, "/readyz", "", "", kReady},
    {kGet, "/metrics", "", "", kMetrics},
    {kGet, "/openapi.json", "", "", kItself},
};
/// All typed writes say the same.
constexpr RouteDoc kTyped{kPost, "", "", kWrites, kReceipt};

constexpr std::string_view kText = R"({"type":"string"})";
constexpr std::string_view kCount = R"({"type":"integer","minimum":0})";

constexpr ParameterDoc kParameters[] = {
    {"Accept", kText,
     "text/event-stream: server-sent events; text/csv or application/x-ndjson: lines"},
    {"Content-Encoding", R"({"enum":["gzip","zstd","identity"]})", "How the body is compressed"},
    {"Hansard-Agent", kText, "Which agent makes the call"},
    {"Hansard-Durability", R"({"enum":["strict","relaxed"],"default":"strict"})",
     "relaxed: answered before the sync"},
    {"Hansard-Expected-Version", kCount, "Version of the stream's last event, else a conflict"},
    {"Hansard-Experiment", kText, "Experiment that the call takes part in"},
    {"Hansard-Prompt", kText,
     "Prompt that goes before the messages: name, name@version, name@label"},
    {"Hansard-Session", kText, "Id of the conversation that the call belongs to"},
    {"Hansard-User", kText, "Whom the conversation is with"},
    {"Hansard-Variables", kText, "What the prompt is rendered with: a JSON object"},
    {"Idempotency-Key", kText, "Names a repeat where nothing in the body does"},
    {"Last-Event-ID", kText, "Go on behind this event"},
    {"actor", kText, "Done with this key: its id, its name, or none"},
    {"active_within", kText, "How long a session counts as active: 90s, 30m, 2h"},
    {"agent", kText, "Of this agent"},
    {"app", kText, "Of this app"},
    {"as", R"({"enum":["recording"]})", "recording: what is told happened elsewhere"},
    {"at", kText, "By the prices of this moment: a time; absent: now"},
    {"as_model", kText, "Also what the calls would have cost, made to this model"},
    {"as_provider", kText, "At this provider; absent: at the model's maker"},
    {"as_of", kText, "As it stood: version:7 (v7, 7), position:120 (p120), a time, or head"},
    {"at_least", kCount, "Wait until everything below this position is in the answer"},
    {"by", kText, "Dimensions by commas: day, user, session, provider, model"},
    {"call", kText, "By call_id"},
    {"correlation", kText, "What belongs to this event, by its id"},
    {"cursor", kText, "Goes on where a page ended (its `next`)"},
    {"event", kText, "Of this event: its id, or its position"},
    {"follow", R"({"enum":["true","false","1","0",""]})", "Go on as the log grows"},
    {"format", kText, "As what it is written"},
    {"from", kText, "Where to begin: a position, a version, a time or a day, as the route counts"},
    {"group_by", R"({"enum":["","prompt","version","day","hour"]})", "What each sum is of"},
    {"id", kText, "The id of what the route is about"},
    {"kind",
     R"({"enum":["message","answer","failed_answer","system","tool_call","tool_result","tool_error"]})",
     "Only texts of this kind"},
    {"label", kText, "A label of a prompt's versions"},
    {"last", kCount, "Begin this many events before the end"},
    {"limit", R"({"type":"integer","minimum":1})", "Most to tell"},
    {"max_gap", kText, "Longest wait between two events: 5s, 500ms, 0"},
    {"message", kText, "By message_id of the answer"},
    {"mode", kText, "Only such models: chat, embedding, ..."},
    {"model", kText, "That asked this model, or of this model"},
    {"name", kText, "What the route is about, by its name"},
    {"pattern", kText, "Part of a model's name; with * at its end, how it begins"},
    {"period", kText, "A period by name: today, this week, last month"},
    {"prefix", kText, "How names, or the rows' keys, begin"},
    {"prices_as_of", kCount, "Only prices published before this position"},
    {"path", kText, "Of a tile: 0/x001/234, with .p/12 behind it if partial"},
    {"position", kCount, "Of the event at this position"},
    {"project", kText, "Of this project"},
    {"prompt_id", kText, "Of this prompt"},
    {"provider", kText, "Of this provider, by its name"},
    {"q", kText, "Words, \"phrases\", beginnings*, -not, OR; adapters/search/README.md"},
    {"rest", kText, "What follows in the provider's own API; may hold slashes"},
    {"reason", R"({"enum":["requested","rotated","leaked","unused"]})", "Why it is taken away"},
    {"results", R"({"enum":["stream"]})", "stream: a result a line while the body comes in"},
    {"role", R"({"enum":["system","developer","user","agent","assistant","tool","other"]})",
     "Only what this role said"},
    {"session", kText, "Of this session"},
    {"since", kText, "How far back: 7d, 12h"},
    {"size", kCount, "Of the tree of this many events; absent: of now"},
    {"source", kText, "Of sessions recorded by this: api, import, gateway"},
    {"speed", kText, "Faster or slower: 2, 0.5"},
    {"status",
     R"({"enum":["active","open","ended","planned","running","paused","stopped","concluded"]})",
     "Of sessions that are active, open, ended; of experiments the others"},
    {"stream", kText, "Of this stream"},
    {"tag", kText, "With this tag; of sessions as key:value"},
    {"to", kText, "Where to end; as `from`"},
    {"to_session", kText, "Compare with this session"},
    {"tool", kText, "Only calls and outcomes of this tool"},
    {"type", kText, "Only events of this type"},
    {"user", kText, "Of this user"},
    {"zone", kText, "Time zone of days and hours"},
    {"version", kText, "Of this version of the prompt"},
    {"where", kText, "Filters as a query has them"},
};

}  // namespace

const RouteDoc* route_doc(Method method, std::string_view pattern) {
  for (const RouteDoc& doc : kDocs) {
    if (doc.method == method && doc.pattern == pattern) return &doc;
  }
  const bool typed =
      method == kPost && (pattern == "/v1/sessions" || pattern.starts_with("/v1/sessions/{id}/"));
  return typed ? &kTyped : nullptr;
}

const ParameterDoc* parameter_doc(std::string_view name) {
  const auto* found = std::find_if(std::begin(kParameters), std::end(kParameters),
                                   [&](const ParameterDoc& doc) { return doc.name == name; });
  return found == std::end(kParameters) ? nullptr : found;
}

}  // namespace hansard::http
