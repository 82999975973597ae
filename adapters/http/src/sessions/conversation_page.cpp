#include "sessions/conversation_page.h"

#include "events/session/ids.h"
#include "projections/counters.h"
#include "projections/filtered.h"
#include "projections/history.h"
#include "shared/html.h"
#include "shared/past.h"
#include "shared/reads.h"

namespace hansard::http {

namespace {

using events::Json;
using projections::Entry;
using projections::EntryInfo;
using projections::History;
using projections::ToolOutcome;

/// Text as it is, other values as JSON.
std::string plain(const Json& value) {
  const std::string* text = value.if_string();
  return text != nullptr ? *text : events::dump(value);
}

std::string text_block(std::string_view text) {
  return "<div class=\"text\">" + escaped(text) + "</div>";
}

std::string part_html(const events::Part& part) {
  if (const auto text = part.text()) {
    const bool said = part.kind() == "text";
    return text_block((said ? "" : "(" + std::string(part.kind()) + ") ") + std::string(*text));
  }
  // Calls and results are shown with their arguments and outputs, from their own events.
  if (part.kind() == "tool_call" || part.kind() == "tool_result") return {};
  return text_block("(" + std::string(part.kind()) + ") " + events::dump(part.json));
}

std::string parts_html(const EntryInfo& info, const events::Parts& parts) {
  if (info.erased) return "<p class=\"soft\">erased</p>";
  std::string out;
  for (const events::Part& part : parts) out += part_html(part);
  return out;
}

/// What the filter took out before this was recorded.
std::string removed_html(const Json* filtered) {
  const std::string text = projections::filtered_text(filtered);
  return text.empty() ? text : "\n<span class=\"soft\">" + escaped(text) + "</span>";
}

std::string outcome_html(const ToolOutcome& outcome) {
  const std::string removed = removed_html(projections::filtered_of(outcome.event));
  if (outcome.info.erased) return "\n← erased" + removed;
  if (const auto* failed = std::get_if<events::ToolFailed>(&outcome.event)) {
    return "\n<span class=\"bad\">← failed: " + escaped(plain(failed->error)) + "</span>" + removed;
  }
  return "\n← " + escaped(plain(std::get<events::ToolCompleted>(outcome.event).output)) + removed;
}

std::string call_html(const EntryInfo& info, const events::ToolCalled& call,
                      const std::optional<ToolOutcome>& outcome) {
  return "<div class=\"tool\">→ " + escaped(call.tool) + " " +
         (info.erased ? "erased" : escaped(plain(call.arguments))) +
         (call.filtered ? removed_html(&*call.filtered) : std::string()) +
         (outcome ? outcome_html(*outcome) : "") + "</div>";
}

/// What an entry is called and what it shows.
struct Shown {
  std::string kind = "note";  ///< class of the article
  std::string who;
  std::string details = {};  ///< after the name, escaped
  std::string body = {};     ///< HTML
};

void add_detail(Shown& shown, const std::string& detail) {
  if (!detail.empty()) shown.details += "<span>" + escaped(detail) + "</span>";
}

/// Shows one entry; every type of the vocabulary has its line.
struct Show {
  const Entry& entry;

  Shown operator()(const events::MessageSent& message) const {
    Shown shown{"message " + std::string(to_word(message.role)),
                std::string(to_word(message.role))};
    if (!entry.info.erased) add_detail(shown, message.name.value_or(""));
    shown.body = parts_html(entry.info, message.parts);
    return shown;
  }
  Shown operator()(const events::ResponseReceived& answer) const {
    Shown shown{"message assistant", "assistant"};
    add_detail(shown, answer.model.value_or(""));
    if (answer.usage) {
      if (const auto in = projections::input_tokens(*answer.usage)) {
        add_detail(shown, grouped_digits(*in) + " tokens in");
      }
      if (const auto out = projections::output_tokens(*answer.usage)) {
        add_detail(shown, grouped_digits(*out) + " out");
      }
    }
    if (answer.latency_us) add_detail(shown, std::to_string(*answer.latency_us / 1000) + " ms");
    shown.body = parts_html(entry.info, answer.parts);
    for (const projections::ToolUse& use : entry.tools) {
      shown.body += call_html(use.info, use.event, use.outcome);
    }
    return shown;
  }
  Shown operator()(const events::ResponseFailed& failure) const {
    Shown shown{"note", "the model call failed"};
    add_detail(shown, std::string(to_word(failure.reason)));
    add_detail(shown, failure.model.value_or(""));
    if (failure.error) {
      shown.body = "<p class=\"bad\">" + escaped(plain(*failure.error)) + "</p>";
    }
    if (failure.parts) shown.body += parts_html(entry.info, *failure.parts);
    return shown;
  }
  Shown operator()(const events::ToolCalled& call) const {
    return {"note", "tool call", {}, call_html(entry.info, call, entry.outcome)};
  }
  Shown operator()(const events::ToolCompleted& result) const {
    Shown shown{"note", "tool result"};
    add_detail(shown, result.tool.value_or(result.tool_call_id));
    shown.body =
        entry.info.erased ? "<p class=\"soft\">erased</p>" : text_block(plain(result.output));
    return shown;
  }
  Shown operator()(const events::ToolFailed& result) const {
    Shown shown{"note", "tool failed"};
    add_detail(shown, result.tool.value_or(result.tool_call_id));
    shown.body =
        entry.info.erased ? "<p class=\"soft\">erased</p>" : text_block(plain(result.error));
    return shown;
  }
  Shown operator()(const events::ResponseRequested& asked) const {
    Shown shown{"note", "model asked"};
    add_detail(shown, asked.model.value_or(""));
    return shown;
  }
  Shown operator()(const events::SessionConfigured& config) const {
    Shown shown{"note", "settings changed"};
    add_detail(shown, config.model.value_or(""));
    if (config.system) shown.body = text_block(*config.system);
    return shown;
  }
  Shown operator()(const events::ContextOptimized& cut) const {
    Shown shown{"note", "context cut"};
    add_detail(shown, cut.strategy);
    if (cut.summary) shown.body = parts_html(entry.info, *cut.summary);
    return shown;
  }
  Shown operator()(const events::SessionForked& fork) const {
    return {"note",
            "forked",
            {},
            "<p><a href=\"" + percent_encoded(fork.child) + "\">" + escaped(fork.child) +
                "</a> leaves at version " + std::to_string(fork.at_version) + "</p>"};
  }
  Shown operator()(const events::ScoreRecorded& score) const {
    Shown shown{"note", "score"};
    add_detail(shown, score.name + " = " + plain(score.value));
    if (score.comment) shown.body = text_block(*score.comment);
    return shown;
  }
  Shown operator()(const events::RecordAttached& attached) const {
    Shown shown{"note", "attached"};
    add_detail(shown, attached.kind);
    return shown;
  }
  Shown operator()(const events::SessionEnded& end) const {
    Shown shown{"note", "ended"};
    add_detail(shown, end.reason.value_or(""));
    return shown;
  }
  Shown operator()(const events::SessionReopened& again) const {
    Shown shown{"note", "reopened"};
    add_detail(shown, again.reason.value_or(""));
    return shown;
  }
  Shown operator()(const events::SessionCreated& /*created*/) const { return {"note", "began"}; }
  Shown operator()(const events::Unrecognised& unknown) const { return {"note", unknown.type}; }
};

std::string entry_html(const Entry& entry) {
  const Shown shown = std::visit(Show{entry}, entry.event);
  const EntryInfo& info = entry.info;
  const std::string version = std::to_string(info.version.value);
  std::string out = "<article class=\"" + shown.kind + "\"><header><b>" + escaped(shown.who) +
                    "</b>" + shown.details + "<span>" +
                    minute(info.occurred_at.value_or(info.recorded_at)) + "</span>";
  if (info.inherited_from) {
    out += "<span>from " + escaped(*info.inherited_from) + " v" + version + "</span>";
  } else {
    out += "<a href=\"?as_of=version:" + version + "\">v" + version + "</a>";
  }
  // A call that stands alone says so itself.
  if (!std::holds_alternative<events::ToolCalled>(entry.event)) {
    const std::string removed = projections::filtered_text(projections::filtered_of(entry.event));
    if (!removed.empty()) out += "<span>" + escaped(removed) + "</span>";
  }
  return out + "</header>" + shown.body + "</article>";
}

std::string heading(const History& history, const std::string& id, bool past) {
  const auto* created =
      history.created ? std::get_if<events::SessionCreated>(&history.created->event) : nullptr;
  std::string title = id;
  std::string line;
  if (created != nullptr) {
    title = created->title.value_or(id);
    for (const auto& [name, value] :
         {std::pair{"user ", created->user}, {"agent ", created->agent}, {"app ", created->app}}) {
      if (value) line += name + escaped(*value) + " · ";
    }
  }
  std::string out = "<p><a href=\"../\">Hansard</a></p><h1>" + escaped(title) +
                    "</h1><p class=\"soft\">" + line + "version " +
                    std::to_string(history.as_of.version.value) + " · position " +
                    std::to_string(history.as_of.position.value) + " · recorded " +
                    minute(history.as_of.recorded_at) + " UTC" + (history.ended ? " · ended" : "") +
                    (projections::is_erasing(history.erasures) ? " · being erased"
                     : history.erased                          ? " · erased"
                                                               : "") +
                    "</p>";
  if (past) {
    out +=
        "<p>As it stood then. <a href=\"" + percent_encoded(id) + "\">See it as it is now.</a></p>";
  }
  if (history.origin) {
    out += "<p>Forked from <a href=\"" + percent_encoded(history.origin->session) + "\">" +
           escaped(history.origin->session) + "</a> at version " +
           std::to_string(history.origin->at_version.value) +
           (history.origin->found ? "" : ", which is not in this log") + ".</p>";
  }
  return out;
}

}  // namespace

core::Result<Response> conversation_page(const Context& context, const Request& request,
                                         core::Position end) {
  const auto query = Query::of(request, {"as_of", "at_least"});
  if (!query) return problem_page(context.hasher, query.error());
  const auto as_of = as_of_parameter(*query);
  if (!as_of) return problem_page(context.hasher, as_of.error());
  const auto stream = session_of(context, request);
  if (!stream) return problem_page(context.hasher, stream.error());
  const auto history =
      projections::SessionReader(context.log).history(request.principal.project, *stream, *as_of);
  if (!history) return problem_page(context.hasher, history.error());

  const std::string& id = request.param("id");
  const bool past = as_of->kind != projections::AsOf::Kind::head;
  std::string body = heading(*history, id, past);
  for (const Entry& entry : history->entries) {
    body += entry_html(entry);
    if (body.size() > context.limits[Limit::answer_bytes]) {
      return problem_page(context.hasher, over_limit(context, Limit::answer_bytes));
    }
  }
  Response response = page(context.hasher, 200, id + " - Hansard", body);
  response.headers.add("Hansard-Position", std::to_string(end.value));
  return response;
}

}  // namespace hansard::http
