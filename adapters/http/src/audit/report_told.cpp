// What was said and done, entry by entry.
#include <variant>

#include "audit/report_page.h"
#include "http/problem.h"
#include "projections/filtered.h"
#include "shared/query.h"

namespace hansard::http {

using projections::Entry;
using projections::EntryInfo;

void Report::entry_head(const Entry& entry, const std::string& what) {
  const EntryInfo& info = entry.info;
  const std::string place = (info.inherited_from ? "from " + *info.inherited_from + ", " : "") +
                            "version " + std::to_string(info.version.value) + ", position " +
                            std::to_string(info.position.value);
  const std::string removed = projections::filtered_text(projections::filtered_of(entry.event));
  out_.fact(core::format_time(info.occurred_at.value_or(info.recorded_at)),
            what + " (" + place + ", " + key_text(info.actor) +
                (removed.empty() ? "" : ", " + removed) + ")");
}

void Report::parts(const EntryInfo& info, const events::Parts& parts, std::string_view message_id) {
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

void Report::outcome(const projections::ToolOutcome& outcome) {
  if (outcome.info.erased) return out_.said("result: [erased" + order_of(outcome.info, {}) + "]");
  if (const auto* failed = std::get_if<events::ToolFailed>(&outcome.event)) {
    return out_.said("failed: " + plain_text(failed->error));
  }
  out_.said("result: " + plain_text(std::get<events::ToolCompleted>(outcome.event).output));
}

void Report::tool(const EntryInfo& info, const events::ToolCalled& call,
                  const std::optional<projections::ToolOutcome>& result) {
  out_.said("tool " + call.tool + " " +
            (info.erased ? "[erased" + order_of(info, call.message_id) + "]"
                         : plain_text(call.arguments)));
  if (result) outcome(*result);
}

/// One entry, by what it is.
struct Report::Teller {
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
    if (failure.error && !entry.info.erased) report.out_.said(plain_text(*failure.error));
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
    report.entry_head(entry, "judged: " + score.name + " = " + plain_text(score.value));
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
  void operator()(const events::Unrecognised& other) const { report.entry_head(entry, other.type); }
};

core::Status Report::told() {
  out_.heading(2, "What was said and done");
  for (const Entry& entry : found_.history.entries) {
    std::visit(Teller{*this, entry}, entry.event);
    if (out_.size() > context_.limits[Limit::answer_bytes]) {
      return over_limit(context_, Limit::answer_bytes);
    }
  }
  return core::Ok{};
}

}  // namespace hansard::http
