#include "erasure/retention.h"

#include <algorithm>

#include "events/json.h"
#include "http/problem.h"
#include "projections/sessions.h"

namespace hansard::cli {
namespace {

using core::Result;
using events::Json;

constexpr std::chrono::seconds kViewPatience{60};
constexpr std::string_view kPattern = "/v1/admin/retention";

using http::MemberDoc;
using http::RouteDoc;
using http::SchemaDoc;
constexpr MemberDoc kRule[] = {
    {"rule", "text", "Its name."},
    {"sessions", "count", "Sessions that it has outlived, up to what one round takes."},
    {"events", "count", "Events with content that goes."},
    {"held", "count", "Sessions that stay, because a legal hold stands."},
    {"more", "flag", "There are more, for the next round."},
    {"erasure_id?", "text", "The erasure that was begun."},
};
constexpr MemberDoc kRules[] = {
    {"rules", "list of RetentionRule", "Those of the project, as they are configured."},
};
constexpr SchemaDoc kSchemas[] = {
    {"RetentionRule", "What a rule of retention finds.", kRule},
    {"Retention", "The rules of retention.", kRules},
};
constexpr RouteDoc::Answer kAnswers[] = {{200, "application/json", "Retention"}};

/// Nothing was said since the last erasure was done.
Result<bool> is_erased(const core::EventLog& log, const core::ProjectId& project,
                       const core::StreamId& stream, core::Version head) {
  bool erased = false;
  const auto read = log.read_stream(project, stream, head, [&](const core::RecordedEvent& event) {
    erased =
        event.type == events::ContentErased::kType || event.type == events::ErasureRequested::kType;
    return false;
  });
  if (!read) return read.error();
  return erased;
}

Json to_json(const std::vector<RetentionOutcome>& outcomes) {
  Json rules(Json::Array{});
  for (const RetentionOutcome& outcome : outcomes) {
    Json rule;
    rule.add("rule", outcome.rule);
    rule.add("sessions", outcome.sessions);
    rule.add("events", outcome.events);
    rule.add("held", outcome.held);
    rule.add("more", outcome.more);
    if (outcome.erasure_id) rule.add("erasure_id", *outcome.erasure_id);
    rules.push(std::move(rule));
  }
  Json answer;
  answer.add("rules", std::move(rules));
  return answer;
}

}  // namespace

Result<std::vector<core::StreamId>> Retention::outlived(const RetentionRule& rule,
                                                        RetentionOutcome& outcome) const {
  const auto project = core::ProjectId::parse(rule.project);
  if (!project) return project.error();
  const auto sessions = ports_.views.read("sessions", ports_.log.end(),
                                          std::chrono::steady_clock::now() + kViewPatience);
  if (!sessions) return sessions.error();
  const projections::SessionDirectory directory(ports_.log, ports_.keyed_hash);
  projections::SessionQuery query;
  query.project = *project;
  query.now = ports_.clock.now();
  query.to = query.now - rule.older_than;
  query.tags = rule.tags;
  query.limit = projections::kSessionPageMax;
  if (rule.status) {
    const auto status = projections::parse_session_status(*rule.status);
    if (!status) return status.error();
    query.status = *status;
  }
  std::vector<core::StreamId> streams;
  while (true) {
    const auto page = directory.list(**sessions, query);
    if (!page) return page.error();
    for (const auto& listing : page->sessions) {
      auto stream = core::StreamId::make("session", listing.row.name);
      if (!stream) continue;
      const auto erased = is_erased(ports_.log, *project, *stream, listing.row.head);
      if (!erased) return erased.error();
      if (*erased) continue;
      const auto state = ports_.load(*project, *stream);
      if (!state) return state.error();
      if (!state->standing_hold().empty()) {
        ++outcome.held;
        continue;
      }
      // Holds may have come and gone since.
      const bool nothing_new =
          std::any_of(state->erasures.begin(), state->erasures.end(), [&](const auto& each) {
            return each.second.asked.scope != events::ErasureScope::message && state->last_said &&
                   each.second.requested > *state->last_said;
          });
      if (nothing_new) continue;
      if (streams.size() == kSessionsPerRound) {
        outcome.more = true;
        return streams;
      }
      streams.push_back(*std::move(stream));
    }
    if (!page->next) return streams;
    query.cursor = *page->next;
  }
}

Result<RetentionOutcome> Retention::look(const RetentionRule& rule, bool dry_run,
                                         core::KeyId actor) const {
  RetentionOutcome outcome;
  outcome.rule = rule.name;
  auto streams = outlived(rule, outcome);
  if (!streams) return streams.error();
  outcome.sessions = streams->size();
  if (streams->empty()) return outcome;
  ErasureAsk ask;
  ask.project = *core::ProjectId::parse(rule.project);
  ask.scope = events::ErasureScope::retention;
  ask.streams = *std::move(streams);
  ask.rule = rule.name;
  ask.reason = "retention";
  ask.at = ports_.clock.now();
  ask.actor = actor;
  ask.dry_run = dry_run;
  const auto status = ports_.erasures.ask(ask);
  if (!status) return status.error();
  outcome.events = status->events;
  if (!dry_run) outcome.erasure_id = status->id;
  return outcome;
}

Result<std::vector<RetentionOutcome>> Retention::look(const core::ProjectId& project, bool dry_run,
                                                      core::KeyId actor) const {
  std::vector<RetentionOutcome> outcomes;
  for (const RetentionRule& rule : rules_) {
    if (rule.project != project.text()) continue;
    auto outcome = look(rule, dry_run, actor);
    if (!outcome) return outcome.error();
    outcomes.push_back(*std::move(outcome));
  }
  return outcomes;
}

void Retention::start() { arm(std::chrono::milliseconds{0}); }

void Retention::stop() {
  std::unique_ptr<core::Subscription> timer;
  const std::lock_guard lock(mutex_);
  stopped_ = true;
  timer = std::move(timer_);
}

void Retention::arm(std::chrono::milliseconds wait) {
  const bool any = std::any_of(rules_.begin(), rules_.end(),
                               [](const RetentionRule& rule) { return rule.apply; });
  if (!any) return;
  auto self = shared_from_this();
  auto timer = ports_.after(wait, [self] {
    if (self->ports_.post([self] { self->round(); })) return;
    self->arm(kEvery);
  });
  const std::lock_guard lock(mutex_);
  if (!stopped_) timer_ = std::move(timer);
}

void Retention::round() {
  bool more = false;
  for (const RetentionRule& rule : rules_) {
    {
      const std::lock_guard lock(mutex_);
      if (stopped_) return;
    }
    if (!rule.apply) continue;
    const auto outcome = look(rule, false, {});
    if (!outcome) {
      ports_.notice("the rule of retention " + rule.name + ": " + outcome.error().message);
    } else if (outcome->sessions > 0) {
      ports_.notice("the rule of retention " + rule.name + " erases " +
                    std::to_string(outcome->sessions) + " sessions");
      more = more || outcome->more;
    }
  }
  arm(more ? std::chrono::milliseconds(std::chrono::seconds{1})
           : std::chrono::milliseconds(kEvery));
}

std::vector<http::AddedRoute> retention_routes(std::shared_ptr<const Retention> retention) {
  std::vector<http::AddedRoute> routes;
  for (const bool dry_run : {true, false}) {
    http::Route route(
        dry_run ? http::Method::get : http::Method::post, std::string(kPattern),
        http::Rule{http::Scope::admin, dry_run ? http::Access::none : http::Access::erasure});
    route.runs = http::Runs::pool;
    if (!dry_run) route.takes = http::Takes::json;
    route.doc = dry_run ? "What the rules of retention would erase"
                        : "Erase what the rules of retention have outlived";
    route.handler = [retention, dry_run](const http::RequestPtr& request,
                                         const http::Responder& respond) {
      const auto outcomes =
          retention->look(request->principal.project, dry_run, request->principal.actor);
      if (!outcomes) return respond(http::problem(outcomes.error()));
      respond(http::json_response(200, dump(to_json(*outcomes))));
    };
    const RouteDoc doc{route.method, kPattern, "", "", kAnswers};
    routes.push_back(
        {std::move(route), doc, "",
         dry_run ? std::span<const SchemaDoc>(kSchemas) : std::span<const SchemaDoc>()});
  }
  return routes;
}

}  // namespace hansard::cli
