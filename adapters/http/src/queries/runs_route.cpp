// /v1/runs: runs of prompts in a handful of numbers, for programs that measure their calls
// themselves: POST or PUT /record, GET /aggregates, GET /health, in the shape of loom's analytics.
#include <algorithm>
#include <limits>
#include <map>

#include "events/session/ids.h"
#include "families.h"
#include "http/problem.h"
#include "projections/query/json.h"
#include "queries/query_answers.h"
#include "shared/record_command.h"

namespace hansard::http {

namespace {

namespace query = projections::query;
using core::Result;
using events::bad_field;
using events::Json;
using query::Dimension;
using query::Function;
using query::Measure;

constexpr std::uint64_t kGroupsDefault = 100;
constexpr std::uint64_t kGroupsMax = 10'000;
constexpr std::uint64_t kMillisecond = 1'000;  ///< in microseconds

// ---- recording ----

/// A run as its program tells it.
struct Run {
  std::string prompt;
  std::string version;
  std::uint64_t latency_ms = 0;
  std::optional<std::uint64_t> input_tokens;
  std::optional<std::uint64_t> output_tokens;
  bool success = false;
  std::optional<core::Timestamp> at;
};

core::Status take(Run& run, const std::string& key, const Json& value) {
  const auto into = [](auto read, auto& out) -> core::Status {
    if (!read) return std::move(read.error());
    out = *std::move(read);
    return core::Ok{};
  };
  if (key == "prompt_id") return into(value.as_string(key), run.prompt);
  if (key == "version") {
    if (const auto* number = value.if_number()) return into(Result(number->lexeme), run.version);
    return into(value.as_string(key), run.version);
  }
  if (key == "latency_ms") return into(value.as_uint(key), run.latency_ms);
  if (key == "input_tokens") return into(value.as_uint(key), run.input_tokens);
  if (key == "output_tokens") return into(value.as_uint(key), run.output_tokens);
  if (key == "success") return into(value.as_boolean(key), run.success);
  if (key != "at") return bad_field(key, "no such field");
  const auto text = value.as_string(key);
  if (!text) return text.error();
  const auto time = core::parse_time(*text);
  if (!time) return bad_field(key, time.error().message);
  run.at = *time;
  return core::Ok{};
}

Result<Run> read_run(const Json& body) {
  const Json::Object* members = body.if_object();
  if (members == nullptr) return bad_field("", "expected a JSON object");
  if (const auto repeated = events::first_duplicate_key(body)) {
    return bad_field(*repeated, "the field is repeated");
  }
  Run run;
  for (const auto& [key, value] : *members) {
    if (auto taken = take(run, key, value); !taken) return std::move(taken.error());
  }
  if (run.prompt.empty()) return bad_field("prompt_id", "is missing");
  if (run.version.empty()) return bad_field("version", "is missing");
  if (run.latency_ms > std::numeric_limits<std::uint64_t>::max() / kMillisecond) {
    return bad_field("latency_ms", "is too large");
  }
  return run;
}

/// A call outside conversations: asked with a prompt, and answered or failed.
events::Record recording(const Run& run, core::Timestamp at) {
  events::RequestResponse asked;
  asked.call_id = "run";
  asked.kind = events::CallKind::other;
  asked.prompt = events::PromptRef{run.prompt, events::PromptVersion(run.version)};
  std::optional<events::Usage> usage;
  if (run.input_tokens || run.output_tokens) {
    usage.emplace();
    usage->input_text = run.input_tokens;
    usage->output_text = run.output_tokens;
  }
  events::Record record;
  record.created_at = at;
  record.steps.push_back({std::move(asked), at, run.at.has_value()});
  if (run.success) {
    events::RecordResponse answer;
    answer.call_id = "run";
    answer.message_id = "run";
    answer.usage = usage;
    answer.latency_us = run.latency_ms * kMillisecond;
    record.steps.push_back({std::move(answer), at, run.at.has_value()});
  } else {
    events::FailResponse failure;
    failure.call_id = "run";
    failure.usage = usage;
    failure.latency_us = run.latency_ms * kMillisecond;
    record.steps.push_back({std::move(failure), at, run.at.has_value()});
  }
  return record;
}

void record_run(const Context& context, const RequestPtr& request, const Responder& respond) {
  auto options = write_options(*request);
  if (!options) return respond(problem(std::move(options.error())));
  const auto body = read_json_body(context, *request);
  if (!body) return respond(problem(body.error()));
  const auto run = read_run(*body);
  if (!run) return respond(problem(run.error()));
  // A repeat is told by its key; without one every run is a run.
  const std::string name =
      options->idempotency_key
          ? core::to_hex(core::as_bytes(context.keyed_hash("run", request->principal.project.text(),
                                                           *options->idempotency_key)))
          : core::to_hex(core::as_bytes(context.draw_random()));
  auto stream = core::StreamId::make("calls", name);
  if (!stream) return respond(problem(std::move(stream.error())));
  core::CommandContext with;
  with.project = request->principal.project;
  with.stream = *std::move(stream);
  with.recorded_at = request->received_at;
  with.actor = request->principal.actor;
  with.durability = options->durability;
  with.known = core::Known::skip;
  events::SessionCommand command;
  command.meta.salt_seed = context.draw_random();
  command.body = recording(*run, run->at.value_or(request->received_at));
  context.execute(std::move(with), std::move(command),
                  [respond](const Result<core::Receipt>& receipt) {
                    Response response;
                    response.status = 204;
                    respond(receipt ? std::move(response) : problem(receipt.error()));
                  });
}

// ---- aggregates ----

enum class GroupBy : std::uint8_t { all, prompt, version, day, hour };

struct AskedRuns {
  GroupBy group_by = GroupBy::all;
  std::uint64_t limit = kGroupsDefault;
  query::Request request;
  QueryBounds bounds;
};

query::Aggregate aggregate(Function function, Measure measure, std::uint32_t tenths = 0) {
  return {function, measure, tenths, {}};
}

Result<GroupBy> read_group_by(const std::optional<std::string>& text) {
  if (!text || text->empty()) return GroupBy::all;
  if (*text == "prompt") return GroupBy::prompt;
  if (*text == "version") return GroupBy::version;
  if (*text == "day") return GroupBy::day;
  if (*text == "hour") return GroupBy::hour;
  return bad_field("group_by", "expected prompt, version, day, hour or nothing");
}

Result<std::optional<core::Timestamp>> read_moment(const Query& parameters, std::string_view name) {
  const auto text = parameters.text(name);
  if (!text) return std::optional<core::Timestamp>();
  const auto time = core::parse_time(*text);
  if (!time) return bad_field(name, time.error().message);
  return std::optional(*time);
}

Result<AskedRuns> read_question(const Request& request) {
  const auto parameters =
      Query::of(request, {"prompt_id", "version", "from", "to", "group_by", "limit", "at_least"});
  if (!parameters) return parameters.error();
  AskedRuns asked;
  const auto group_by = read_group_by(parameters->text("group_by"));
  if (!group_by) return group_by.error();
  asked.group_by = *group_by;
  const auto limit = parameters->number("limit");
  if (!limit) return limit.error();
  asked.limit = limit->value_or(kGroupsDefault);
  if (asked.limit == 0 || asked.limit > kGroupsMax) {
    return bad_field("limit", "expected 1 to " + std::to_string(kGroupsMax));
  }
  query::Query& query = asked.request.query;
  query.project = request.principal.project;
  asked.request.asked_at = request.received_at;
  switch (asked.group_by) {
    case GroupBy::all:
      break;
    case GroupBy::version:
      query.group_by = {{Dimension::prompt}, {Dimension::prompt_version}};
      break;
    case GroupBy::prompt:
      query.group_by = {{Dimension::prompt}};
      break;
    case GroupBy::day:
      query.group_by = {{Dimension::day}};
      break;
    case GroupBy::hour:
      query.group_by = {{Dimension::hour}};
      break;
  }
  // A run is a call with a prompt.
  query.where.push_back({{Dimension::prompt}, {std::nullopt}, true});
  if (const auto prompt = parameters->text("prompt_id")) {
    query.where.push_back({{Dimension::prompt}, {*prompt}});
  }
  if (const auto version = parameters->text("version")) {
    query.where.push_back({{Dimension::prompt_version}, {*version}});
  }
  const auto from = read_moment(*parameters, "from");
  if (!from) return from.error();
  query.from = *from;
  const auto to = read_moment(*parameters, "to");
  if (!to) return to.error();
  if (*to) query.to = **to + std::chrono::microseconds(1);  // inclusive there
  return asked;
}

/// The key of a group, as loom writes it.
std::string key_of(const AskedRuns& asked, const query::Group& group) {
  const auto text = [&](std::size_t i) { return group.keys.at(i).text.value_or("unknown"); };
  switch (asked.group_by) {
    case GroupBy::all:
      return "all";
    case GroupBy::prompt:
    case GroupBy::day:
      return text(0);
    case GroupBy::version:
      return text(0) + "@" + text(1);
    case GroupBy::hour: {
      // 2026-11-21T09:00:00Z
      const std::string hour = text(0);
      return hour.size() < 13 ? hour : hour.substr(0, 10) + "-" + hour.substr(11, 2);
    }
  }
  return {};
}

Json milliseconds(const query::Cell& cell) {
  if (!cell.known) return nullptr;
  return Json::number(cell.number() / static_cast<double>(kMillisecond));
}
Json whole(const query::Cell& cell) {
  return cell.known ? Json(Json::Number{query::to_text(cell.integer)}) : Json(0);
}

/// Sums and percentiles over all runs, then the average over those that succeeded.
Result<Json> aggregates(const Context& context, AskedRuns asked, const core::ReadModel& view,
                        core::Position& reflected) {
  query::Query& query = asked.request.query;
  query.aggregates = {aggregate(Function::sum, Measure::calls),
                      aggregate(Function::sum, Measure::errors),
                      aggregate(Function::avg, Measure::latency_us),
                      aggregate(Function::percentile, Measure::latency_us, 5'000),
                      aggregate(Function::percentile, Measure::latency_us, 9'500),
                      aggregate(Function::percentile, Measure::latency_us, 9'900),
                      aggregate(Function::sum, Measure::input),
                      aggregate(Function::sum, Measure::output)};
  const auto all = QueryAnswers::answer(context, asked.request, asked.bounds, view);
  if (!all) return all.error();
  reflected = all->as_of;
  query.aggregates = {aggregate(Function::avg, Measure::latency_us)};
  query.where_measure.push_back({Measure::errors, 0, 0});
  const auto well = QueryAnswers::answer(context, asked.request, asked.bounds, view);
  if (!well) return well.error();
  std::map<std::string, query::Cell> of_successes;
  for (const query::Group& group : well->groups) {
    of_successes[key_of(asked, group)] = group.cells.at(0);
  }

  struct Row {
    std::string key;
    const query::Group* group;
  };
  std::vector<Row> rows;
  for (const query::Group& group : all->groups) {
    if (group.calls > 0) rows.push_back({key_of(asked, group), &group});
  }
  std::sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) {
    return a.group->calls != b.group->calls ? a.group->calls > b.group->calls : a.key < b.key;
  });
  if (rows.size() > asked.limit) rows.resize(static_cast<std::size_t>(asked.limit));

  Json out = Json::Array{};
  for (const Row& row : rows) {
    const auto& cells = row.group->cells;
    Json one;
    one.add("key", row.key);
    one.add("runs", row.group->calls);
    one.add("success_count", row.group->calls - static_cast<std::uint64_t>(cells.at(1).integer));
    one.add("avg_latency_ms", milliseconds(cells.at(2)));
    const auto success = of_successes.find(row.key);
    one.add("avg_latency_ms_of_successes",
            success == of_successes.end() ? Json(nullptr) : milliseconds(success->second));
    one.add("p50_latency_ms", milliseconds(cells.at(3)));
    one.add("p95_latency_ms", milliseconds(cells.at(4)));
    one.add("p99_latency_ms", milliseconds(cells.at(5)));
    one.add("total_input_tokens", whole(cells.at(6)));
    one.add("total_output_tokens", whole(cells.at(7)));
    out.push(std::move(one));
  }
  return out;
}

class AggregatesHandler {
 public:
  explicit AggregatesHandler(const ReadsPtr& reads) : reads_(reads), answers_(*reads) {}

  void operator()(const RequestPtr& request, const Responder& respond) const {
    auto asked = read_question(*request);
    if (!asked) return respond(problem(std::move(asked.error())));
    auto bounds = answers_.bounds(*request, asked->request);
    if (!bounds) return respond(problem(std::move(bounds.error())));
    asked->bounds = *std::move(bounds);
    reads_->from_view("calls", request, respond,
                      [&context = reads_->context,
                       asked = *std::move(asked)](const core::ReadModel& view) -> Result<Response> {
                        core::Position reflected;
                        const auto found = aggregates(context, asked, view, reflected);
                        if (!found) return found.error();
                        Json out;
                        out.add("aggregates", *found);
                        return answer_with(context, std::move(out), reflected);
                      });
  }

 private:
  const ReadsPtr reads_;
  const QueryAnswers answers_;
};

// ---- what is told of them ----

constexpr MemberDoc kRunBody[] = {
    {"prompt_id", "text", "Which prompt."},
    {"version", R"({"type":["string","integer"]})", "Which version of it."},
    {"latency_ms?", "count", "How long it took."},
    {"input_tokens?", "count", "Tokens sent."},
    {"output_tokens?", "count", "Tokens answered."},
    {"success?", "flag", "Whether it went well; false unless said."},
    {"at?", "Time", "When; now unless said."},
};
constexpr std::string_view kNumberOrNull = R"({"type":["number","null"]})";
constexpr MemberDoc kAggregate[] = {
    {"key", "text", "all, prompt, prompt@version, 2026-11-21 or 2026-11-21-09."},
    {"runs", "count", "How many."},
    {"success_count", "count", "Of them, those that went well."},
    {"avg_latency_ms", kNumberOrNull, "Over all runs that say it."},
    {"avg_latency_ms_of_successes", kNumberOrNull, "Over those that went well."},
    {"p50_latency_ms", kNumberOrNull, "Half took at most this."},
    {"p95_latency_ms", kNumberOrNull, "Of twenty, nineteen did."},
    {"p99_latency_ms", kNumberOrNull, "Of a hundred, 99 did."},
    {"total_input_tokens", "count", "Of those that say it."},
    {"total_output_tokens", "count", "Likewise."},
};
constexpr MemberDoc kRunAggregates[] = {
    {"aggregates", "list of RunAggregate", "Of each group."},
    {"checkpoint", "Position", "What they reflect, for `at_least`."},
};
constexpr SchemaDoc kSchemas[] = {
    {"RunBody", "A run of a prompt, as its program measured it.", kRunBody,
     SchemaDoc::Others::refused},
    {"RunAggregate", "Runs that have something in common.", kAggregate},
    {"RunAggregates", "Most runs first, then by key.", kRunAggregates},
};
constexpr RouteDoc::Answer kRecorded[] = {{204, "", ""}};
constexpr RouteDoc::Answer kAggregates[] = {{200, "application/json", "RunAggregates"}};
constexpr RouteDoc::Answer kHealthy[] = {{200, "text/plain; charset=utf-8", ""}};

Route record_route(const Context& context, Method method) {
  Route route(method, "/v1/runs/record", Rule{Scope::write, Access::none});
  route.runs = Runs::loop;  // parsing only: the command loop has a pool of its own
  route.takes = Takes::json;
  route.doc = "A run of a prompt in a handful of numbers";
  route.handler = [&context](const RequestPtr& request, const Responder& respond) {
    record_run(context, request, respond);
  };
  return route;
}

}  // namespace

std::vector<AddedRoute> runs_routes(const ReadsPtr& reads) {
  std::vector<AddedRoute> all;
  constexpr std::string_view kWrites = "Hansard-Durability Idempotency-Key";
  for (const Method method : {Method::post, Method::put}) {
    const RouteDoc doc{method, "/v1/runs/record", "", kWrites, kRecorded};
    const bool first = all.empty();
    all.push_back({record_route(reads->context, method), doc, "RunBody",
                   first ? std::span<const SchemaDoc>(kSchemas) : std::span<const SchemaDoc>()});
  }
  auto handler = std::make_shared<const AggregatesHandler>(reads);
  all.push_back({get_route("/v1/runs/aggregates", Rule{Scope::read, Access::none},
                           "Runs of prompts, summed by prompt, version, day or hour",
                           [handler](const RequestPtr& request, const Responder& respond) {
                             (*handler)(request, respond);
                           }),
                 RouteDoc{Method::get, "/v1/runs/aggregates",
                          "prompt_id version from to group_by limit at_least", "", kAggregates},
                 "",
                 {}});
  all.push_back({get_route("/v1/runs/health", Rule{Scope::read, Access::none},
                           "ok, for programs that look for it",
                           [](const RequestPtr&, const Responder& respond) {
                             Response response;
                             response.headers.add("Content-Type", "text/plain; charset=utf-8");
                             response.body = "ok";
                             respond(std::move(response));
                           }),
                 RouteDoc{Method::get, "/v1/runs/health", "", "", kHealthy},
                 "",
                 {}});
  return all;
}

}  // namespace hansard::http
