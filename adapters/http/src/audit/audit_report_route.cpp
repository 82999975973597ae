// GET /v1/audit/report: one conversation for somebody who must judge it, on one page.
#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <utility>

#include "access/audit_log.h"
#include "events/pricing/dollars.h"
#include "events/pricing/priced_call.h"
#include "events/pricing/raw_usage.h"
#include "events/session/ids.h"
#include "events/system/events.h"
#include "families.h"
#include "http/problem.h"
#include "projections/counters.h"
#include "projections/history.h"
#include "queries/report_text.h"
#include "shared/query.h"

namespace hansard::http {

namespace {

using core::Errc;
using core::Error;
using core::Result;
using events::Json;
using projections::Entry;
using projections::EntryInfo;
using projections::History;

/// Events of `system` that are looked at for accesses, latest last.
constexpr std::uint64_t kSystemEventsMax = 500'000;
constexpr std::size_t kAccessesShown = 1000;
/// What an order about a stream is, and the end of one.
constexpr std::string_view kErasureRequested = "ErasureRequested";
constexpr std::array<std::string_view, 4> kOrders{kErasureRequested, "ContentErased",
                                                  "LegalHoldPlaced", "LegalHoldReleased"};

/// Text as it is, other values as JSON.
std::string plain(const Json& value) {
  const std::string* text = value.if_string();
  return text != nullptr ? *text : events::dump(value);
}

/// An order to erase or to keep, from its facts.
struct Order {
  std::string type;
  core::Version version;
  core::Timestamp at;
  core::KeyId actor;
  Json facts;

  [[nodiscard]] std::string fact(std::string_view name) const {
    const Json* value = facts.find(name);
    return value == nullptr ? std::string() : plain(*value);
  }
};

struct AccessSeen {
  core::Timestamp at;
  core::KeyId actor;
  std::string route;
  std::string kind;
};

/// All that the page is made from.
struct Found {
  History history;
  std::uint64_t events = 0;
  bool gapless = true;
  core::Position first;
  core::Position last;
  core::Timestamp began;
  core::Timestamp ended;
  std::map<core::KeyId, std::uint64_t> actors;
  std::vector<Order> orders;
  std::vector<AccessSeen> accesses;
  bool accesses_cut = false;
};

core::Status read_headers(const core::EventLog& log, const core::ProjectId& project,
                          const core::StreamId& stream, Found& found) {
  const auto read =
      log.read_stream(project, stream, core::Version{}, [&](const core::RecordedEvent& event) {
        found.gapless = found.gapless && event.version.value == found.events;
        if (found.events++ == 0) {
          found.first = event.position;
          found.began = event.recorded_at;
        }
        found.last = event.position;
        found.ended = event.recorded_at;
        ++found.actors[event.actor];
        if (std::find(kOrders.begin(), kOrders.end(), event.type) != kOrders.end()) {
          auto facts = events::parse_json(event.facts);
          found.orders.push_back({std::string(event.type), event.version, event.recorded_at,
                                  event.actor, facts ? *std::move(facts) : Json()});
        }
        return true;
      });
  if (!read) return read.error();
  if (found.events == 0) return Error{Errc::not_found, "no such session", "session"};
  return core::Ok{};
}

core::Status read_accesses(const core::EventLog& log, const core::ProjectId& project,
                           const core::StreamId& stream, Found& found) {
  std::uint64_t seen = 0;
  const auto read = log.read_stream(
      project, core::StreamId(), core::Version{}, [&](const core::RecordedEvent& event) {
        found.accesses_cut = ++seen > kSystemEventsMax || found.accesses.size() >= kAccessesShown;
        if (found.accesses_cut) return false;
        // The name of the stream stands in the facts as it is; others need not be parsed.
        if (event.type != events::AccessRecorded::kType ||
            event.facts.find(stream.text()) == std::string_view::npos) {
          return true;
        }
        const auto decoded = events::decode_system(event.type, event.schema, event.facts, "{}");
        if (!decoded) return true;
        const auto& access = std::get<events::AccessRecorded>(*decoded);
        if (access.stream == stream.text()) {
          found.accesses.push_back({event.recorded_at, event.actor, access.route,
                                    std::string(events::to_word(access.access))});
        }
        return true;
      });
  if (!read) return read.error();
  return core::Ok{};
}

/// Writes the page, part by part.
class Report {
 public:
  Report(const Context& context, const Request& request, const Found& found, std::string session,
         ReportText& out)
      : context_(context),
        request_(request),
        found_(found),
        session_(std::move(session)),
        names_(key_names(context.keys, request.principal.project)),
        out_(out) {}

  core::Status write(const events::pricing::PriceBook& book) {
    out_.heading(1, "Audit report of one conversation");
    about();
    verdict();
    who();
    orders();
    costs(book);
    if (auto status = told(); !status) return status;
    accesses();
    how_to_check();
    return core::Ok{};
  }

 private:
  [[nodiscard]] std::string key_text(const core::KeyId& actor) const {
    if (actor.is_nil()) return "nobody (no key: the unix socket, or loopback without keys)";
    const auto name = names_.find(actor);
    const std::string id = core::to_string(actor);
    return name == names_.end() ? "key " + id : "key " + name->second + " (" + id + ")";
  }

  void about() {
    out_.fact("session", session_);
    out_.fact("project", request_.principal.project.text());
    out_.fact("stream", found_.history.stream.text());
    out_.fact("log", core::to_string(context_.log_id));
    out_.fact("recorded",
              core::format_time(found_.began) + " to " + core::format_time(found_.ended));
    out_.fact("positions",
              std::to_string(found_.first.value) + " to " + std::to_string(found_.last.value));
    out_.fact("made", core::format_time(request_.received_at));
    out_.fact("for", key_text(request_.principal.actor));
  }

  void verdict() {
    out_.heading(2, "Verdict");
    const core::TreeHead tree = context_.log.tree();
    const std::string last = std::to_string(found_.events - 1);
    if (!found_.gapless) {
      out_.sentence("The chain of versions is NOT complete: at least one of the versions 0 to " +
                    last + " is missing or out of order.");
      return;
    }
    out_.sentence("The chain of versions is complete: " + std::to_string(found_.events) +
                  " events, versions 0 to " + last +
                  ", none missing, none twice. All of them are leaves of the tree of " +
                  std::to_string(tree.size) + " events with the root below.");
    out_.fact("root", core::to_hex(core::as_bytes(tree.root)));
    out_.sentence(
        "This page is what the server says. That nothing was added, changed or dropped is shown by "
        "the proof, which needs no trust in the server: see the end.");
  }

  void who() {
    out_.heading(2, "Who");
    const auto* created = found_.history.created
                              ? std::get_if<events::SessionCreated>(&found_.history.created->event)
                              : nullptr;
    if (created != nullptr) {
      const bool erased = found_.history.created->info.erased;
      const auto named = [&](std::string_view label, const std::optional<std::string>& value,
                             bool content) {
        if (content && erased) {
          out_.fact(label, "erased" + order_of(found_.history.created->info, {}));
        } else if (value) {
          out_.fact(label, *value);
        }
      };
      named("user", created->user, true);
      named("title", created->title, true);
      named("agent", created->agent, false);
      named("app", created->app, false);
      named("source", created->source, false);
    }
    for (const auto& [actor, count] : found_.actors) {
      out_.fact("written by", key_text(actor) + ": " + std::to_string(count) +
                                  (count == 1 ? " event" : " events"));
    }
    if (found_.history.origin) {
      out_.fact("forked from", found_.history.origin->session + " at version " +
                                   std::to_string(found_.history.origin->at_version.value));
    }
    for (const Entry& entry : found_.history.entries) {
      const auto* fork = std::get_if<events::SessionForked>(&entry.event);
      if (fork == nullptr || entry.info.inherited_from) continue;
      out_.fact("fork", fork->child + " leaves at version " + std::to_string(fork->at_version));
    }
  }

  void orders() {
    if (found_.orders.empty()) return;
    out_.heading(2, "Erasures and holds");
    for (const Order& order : found_.orders) {
      out_.fact(core::format_time(order.at) + " " + order.type + " by " + key_text(order.actor),
                events::dump(order.facts));
    }
  }

  /// Whose order destroyed what stood at that place.
  [[nodiscard]] std::string order_of(const EntryInfo& info, std::string_view message_id) const {
    for (const Order& order : found_.orders) {
      const bool later = info.inherited_from || order.version > info.version;
      if (order.type != kErasureRequested || !later) continue;
      const std::string only = order.fact("message_id");
      if (!only.empty() && only != message_id) continue;
      return " by order " + order.fact("erasure_id") + " of " + core::format_time(order.at) +
             ", reason " + order.fact("reason");
    }
    return " by order of an earlier conversation, or before this page";
  }

  void costs(const events::pricing::PriceBook& book) {
    struct Sums {
      std::uint64_t calls = 0;
      std::uint64_t failures = 0;
      std::uint64_t unpriced = 0;
      events::Usage usage;
      events::pricing::WidePicoUsd pico = 0;
    };
    std::map<std::string, Sums> models;
    for (const Entry& entry : found_.history.entries) {
      if (entry.info.inherited_from) continue;
      if (const auto* failed = std::get_if<events::ResponseFailed>(&entry.event)) {
        ++models[failed->model.value_or("unknown")].failures;
        continue;
      }
      const auto* answer = std::get_if<events::ResponseReceived>(&entry.event);
      if (answer == nullptr || answer->choice != 0) continue;
      Sums& sums = models[answer->model.value_or("unknown")];
      ++sums.calls;
      if (answer->usage) projections::add_usage(sums.usage, *answer->usage);
      const std::string provider = answer->provider.value_or("");
      const std::string model = answer->model.value_or("");
      events::pricing::CallToPrice call;
      call.provider = provider;
      call.model = model;
      call.occurred_at = entry.info.occurred_at;
      call.usage = answer->usage;
      const auto priced = events::pricing::cost_of(book, request_.principal.project.text(), call);
      if (priced.reason != events::pricing::NoCost::none) ++sums.unpriced;
      sums.pico += priced.cost.pico_usd;
    }
    if (models.empty()) return;
    out_.heading(2, "Models and costs");
    for (const auto& [model, sums] : models) {
      const auto tokens = [](const std::optional<std::uint64_t>& known) {
        return known ? std::to_string(*known) : std::string("unknown");
      };
      out_.fact("model", model);
      out_.fact("calls", std::to_string(sums.calls) + ", failed " + std::to_string(sums.failures));
      out_.fact("tokens", tokens(projections::input_tokens(sums.usage)) + " in, " +
                              tokens(projections::output_tokens(sums.usage)) + " out");
      out_.fact(
          "cost",
          "$" + events::pricing::rounded_dollars(sums.pico, 6) +
              (sums.unpriced > 0 ? ", " + std::to_string(sums.unpriced) + " calls unpriced" : ""));
    }
    out_.sentence("Costs are by the list prices in force when a call occurred, without tiers.");
  }

  void entry_head(const Entry& entry, const std::string& what) {
    const EntryInfo& info = entry.info;
    const std::string place = (info.inherited_from ? "from " + *info.inherited_from + ", " : "") +
                              "version " + std::to_string(info.version.value) + ", position " +
                              std::to_string(info.position.value);
    out_.fact(core::format_time(info.occurred_at.value_or(info.recorded_at)),
              what + " (" + place + ", " + key_text(info.actor) + ")");
  }

  void parts(const EntryInfo& info, const events::Parts& parts, std::string_view message_id) {
    if (info.erased) return out_.said("[erased" + order_of(info, message_id) + "]");
    for (const events::Part& part : parts) {
      if (const auto text = part.text()) {
        const bool said = part.kind() == "text";
        out_.said((said ? "" : "(" + std::string(part.kind()) + ") ") + std::string(*text));
      } else if (part.kind() != "tool_call" && part.kind() != "tool_result") {
        out_.said("(" + std::string(part.kind()) + ") " + events::dump(part.json));
      }
    }
  }

  void outcome(const projections::ToolOutcome& outcome) {
    if (outcome.info.erased) return out_.said("result: [erased" + order_of(outcome.info, {}) + "]");
    if (const auto* failed = std::get_if<events::ToolFailed>(&outcome.event)) {
      return out_.said("failed: " + plain(failed->error));
    }
    out_.said("result: " + plain(std::get<events::ToolCompleted>(outcome.event).output));
  }

  void tool(const EntryInfo& info, const events::ToolCalled& call,
            const std::optional<projections::ToolOutcome>& result) {
    out_.said(
        "tool " + call.tool + " " +
        (info.erased ? "[erased" + order_of(info, call.message_id) + "]" : plain(call.arguments)));
    if (result) outcome(*result);
  }

  struct Teller {
    Report& report;
    const Entry& entry;

    void operator()(const events::MessageSent& message) const {
      const bool named = message.name && !entry.info.erased;
      report.entry_head(entry, std::string(to_word(message.role)) + " said" +
                                   (named ? " (as " + *message.name + ")" : ""));
      report.parts(entry.info, message.parts, message.message_id);
    }
    void operator()(const events::ResponseReceived& answer) const {
      report.entry_head(entry, "model " + answer.model.value_or("unknown") + " answered");
      report.parts(entry.info, answer.parts, answer.message_id);
      for (const projections::ToolUse& use : entry.tools) {
        report.tool(use.info, use.event, use.outcome);
      }
    }
    void operator()(const events::ResponseFailed& failure) const {
      report.entry_head(entry, "model " + failure.model.value_or("unknown") +
                                   " failed: " + std::string(to_word(failure.reason)));
      if (failure.error && !entry.info.erased) report.out_.said(plain(*failure.error));
      if (failure.parts) report.parts(entry.info, *failure.parts, {});
    }
    void operator()(const events::ToolCalled& call) const {
      report.entry_head(entry, "a tool was called");
      report.tool(entry.info, call, entry.outcome);
    }
    void operator()(const events::ToolCompleted& result) const {
      report.entry_head(entry, "a tool answered");
      report.outcome({entry.info, result});
    }
    void operator()(const events::ToolFailed& result) const {
      report.entry_head(entry, "a tool failed");
      report.outcome({entry.info, result});
    }
    void operator()(const events::ResponseRequested& asked) const {
      report.entry_head(entry, "model " + asked.model.value_or("unknown") + " was asked");
    }
    void operator()(const events::SessionConfigured& config) const {
      report.entry_head(
          entry, "settings changed" + (config.model ? ", model " + *config.model : std::string()));
      if (entry.info.erased) {
        report.out_.said("[erased" + report.order_of(entry.info, {}) + "]");
      } else if (config.system) {
        report.out_.said(*config.system);
      }
    }
    void operator()(const events::ContextOptimized& cut) const {
      report.entry_head(entry, "the context was cut by " + cut.strategy);
      if (cut.summary) report.parts(entry.info, *cut.summary, {});
    }
    void operator()(const events::SessionForked& fork) const {
      report.entry_head(entry, "a branch left: " + fork.child);
    }
    void operator()(const events::ScoreRecorded& score) const {
      report.entry_head(entry, "judged: " + score.name + " = " + plain(score.value));
      if (score.comment && !entry.info.erased) report.out_.said(*score.comment);
    }
    void operator()(const events::RecordAttached& attached) const {
      report.entry_head(entry, "attached: " + attached.kind);
    }
    void operator()(const events::SessionEnded& end) const {
      report.entry_head(entry, "it ended: " + end.reason.value_or("no reason given"));
    }
    void operator()(const events::SessionReopened& again) const {
      report.entry_head(entry, "it went on: " + again.reason.value_or("no reason given"));
    }
    void operator()(const events::SessionCreated& /*created*/) const {
      report.entry_head(entry, "it began");
    }
    void operator()(const events::Unrecognised& other) const {
      report.entry_head(entry, other.type);
    }
  };

  core::Status told() {
    out_.heading(2, "What was said and done");
    for (const Entry& entry : found_.history.entries) {
      std::visit(Teller{*this, entry}, entry.event);
      if (out_.size() > context_.limits[Limit::answer_bytes]) {
        return over_limit(context_, Limit::answer_bytes);
      }
    }
    return core::Ok{};
  }

  void accesses() {
    out_.heading(2, "Who read it");
    out_.sentence(
        "Exports, proofs, erasures and backups by any key, and readings by keys with scope audit; "
        "whoever reads without a key leaves no trace.");
    for (const AccessSeen& access : found_.accesses) {
      out_.fact(core::format_time(access.at),
                access.kind + ", " + access.route + ", " + key_text(access.actor));
    }
    if (found_.accesses_cut) out_.sentence("There are more; this page shows the first of them.");
    if (found_.accesses.empty()) out_.sentence("None on record.");
  }

  void how_to_check() {
    out_.heading(2, "How to check it yourself");
    out_.sentence(
        "Make the proof, keep it with this page, and check it on any machine, also without this "
        "server. A copy of a checkpoint that was kept elsewhere pins the history before it.");
    out_.lines("hansard prove --session " + quoted(session_) +
               " > proof.json\nhansard check-proof proof.json\n");
    out_.sentence("Whoever holds the data directory checks every byte of it:");
    out_.lines("hansard verify\n");
  }

  /// For a shell.
  static std::string quoted(const std::string& text) {
    std::string out = "'";
    for (const char c : made_visible(text, false))
      out += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return out + "'";
  }

  const Context& context_;
  const Request& request_;
  const Found& found_;
  const std::string session_;
  const KeyNames names_;
  ReportText& out_;
};

Result<Response> tell(const Reads& reads, const Request& request, core::Position end) {
  const Context& context = reads.context;
  const auto query = Query::of(request, {"session", "format", "at_least"});
  if (!query) return query.error();
  const auto session = query->text("session");
  if (!session) return events::bad_field("session", "which conversation?");
  const std::string format = query->text("format").value_or("md");
  if (format != "md" && format != "html") {
    return events::bad_field("format", "expected md or html");
  }
  const core::ProjectId& project = request.principal.project;
  const auto stream = events::session_stream(project, *session, context.keyed_hash);
  if (!stream) return events::bad_field("session", stream.error().message);
  Found found;
  if (auto status = read_headers(context.log, project, *stream, found); !status) {
    return std::move(status.error());
  }
  auto history = projections::SessionReader(context.log).history(project, *stream, {});
  if (!history) return std::move(history.error());
  found.history = *std::move(history);
  if (auto status = read_accesses(context.log, project, *stream, found); !status) {
    return std::move(status.error());
  }
  const auto prices = reads.prices->read(project);
  if (!prices) return prices.error();
  const auto out = ReportText::make(format == "md" ? ReportFormat::md : ReportFormat::html);
  if (auto status = Report(context, request, found, *session, *out).write((*prices)->book);
      !status) {
    return std::move(status.error());
  }
  Response response = out->take(context.hasher, "Audit report: " + *session);
  response.headers.add("Hansard-Position", std::to_string(end.value));
  return response;
}

constexpr RouteDoc::Answer kAnswers[] = {{200, "text/markdown; charset=utf-8", ""},
                                         {200, "text/html; charset=utf-8", ""}};

}  // namespace

AddedRoute audit_report_route(const std::shared_ptr<Reads>& reads) {
  Route route =
      get_route("/v1/audit/report", Rule{Scope::audit, Access::content},
                "One conversation for somebody who must judge it, on one page (session, format)",
                [reads](const RequestPtr& request, const Responder& respond) {
                  reads->from_log(request, respond, [reads, request](core::Position end) {
                    return tell(*reads, *request, end);
                  });
                });
  const RouteDoc doc{Method::get, "/v1/audit/report", "session format at_least", "", kAnswers};
  return {std::move(route), doc, "", {}};
}

}  // namespace hansard::http
