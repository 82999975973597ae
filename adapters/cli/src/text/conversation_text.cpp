#include "text/conversation_text.h"

#include <algorithm>
#include <utility>

#include "projections/filtered.h"
#include "text/json_view.h"
#include "text/terminal.h"

namespace hansard::cli {

using events::Json;

std::string plain(const Json& value) {
  const std::string* text = value.if_string();
  return text != nullptr ? *text : dump(value);
}

std::string indented(std::string_view text, const std::string& indent) {
  const std::string safe = printable(text, true);
  std::string out;
  std::size_t at = 0;
  while (true) {
    const std::size_t end = safe.find('\n', at);
    out += indent + safe.substr(at, end == std::string::npos ? end : end - at) + "\n";
    if (end == std::string::npos || end + 1 == safe.size()) return out;
    at = end + 1;
  }
}

void add_piece(std::string& line, const std::string& piece) {
  if (piece.empty()) return;
  if (!line.empty()) line += " · ";
  line += piece;
}

std::string tokens_text(const Json* usage) {
  if (usage == nullptr) return {};
  std::string text;
  if (const auto in = number_at(*usage, "input")) text = grouped(*in) + " tokens in";
  if (const auto out = number_at(*usage, "output")) {
    text += (text.empty() ? "" : ", ") + grouped(*out) + " out";
  }
  return text;
}

namespace {

/// `2026-11-21 08:30:00`.
std::string short_time(const std::string& rfc3339) {
  std::string text = rfc3339.substr(0, 19);
  std::replace(text.begin(), text.end(), 'T', ' ');
  return text;
}

std::string named(const char* name, const std::string& value) {
  return value.empty() ? "" : std::string(name) + " " + value;
}

/// What the filter took out of a call or its result, as a line beneath it.
std::string removed_line(const Json* entry) {
  const std::string text =
      entry == nullptr ? std::string() : projections::filtered_text(entry->find("filtered"));
  return text.empty() ? text : indented(text, "     ");
}

std::string result_text(const Json& part) {
  const Json* result = part.find("result");
  const Json* error = part.find("error");
  if (result == nullptr && error == nullptr) return {};
  std::string took;
  if (const auto us = number_at(part, "duration_us")) took = " (" + duration_text(*us) + ")";
  return (error != nullptr ? indented("failed" + took + ": " + plain(*error), "  <- ")
                           : indented(plain(*result) + took, "  <- ")) +
         removed_line(part.find("outcome"));
}

std::string part_text(const Json& part, bool results) {
  const std::string type = text_at(part, "type");
  if (type == "text") return indented(text_at(part, "text"), "  ");
  if (type == "thinking") return indented(text_at(part, "text"), "  (thinking) ");
  if (type == "refusal") return indented(text_at(part, "text"), "  (refusal) ");
  if (type == "tool_call") {
    const Json* arguments = part.find("arguments");
    const std::string asked = arguments == nullptr ? std::string() : " " + plain(*arguments);
    return indented(text_at(part, "tool") + asked, "  -> ") + removed_line(&part) +
           (results ? result_text(part) : std::string());
  }
  if (type == "tool_result") {
    const std::string what = text_at(part, "tool") + " [" + text_at(part, "tool_call_id") + "]" +
                             (flag_at(part, "orphan") ? ", of a call that is not recorded" : "");
    return indented(what, "  result of ") + result_text(part);
  }
  return indented(dump(part), "  ");
}

/// `[7] assistant · gpt-4o · 212 tokens in, 19 out · 840 ms`.
std::string heading(const Json& entry, const std::string& what) {
  std::string line = "[" + std::to_string(number_at(entry, "version").value_or(0)) + "] " + what;
  add_piece(line, text_at(entry, "name"));
  add_piece(line, text_at(entry, "model"));
  add_piece(line, tokens_text(entry.find("usage")));
  if (const auto latency = number_at(entry, "latency_us")) add_piece(line, duration_text(*latency));
  const std::string finish = text_at(entry, "finish_reason");
  if (finish != "stop" && finish != "tool_call") add_piece(line, finish);
  add_piece(line, short_time(text_at(entry, "occurred_at")));
  add_piece(line, named("from", text_at(entry, "inherited_from")));
  if (flag_at(entry, "erased")) add_piece(line, "erased");
  add_piece(line, projections::filtered_text(entry.find("filtered")));
  return printable(line) + "\n";
}

std::string tags_text(const Json& session) {
  const Json* tags = session.find("tags");
  std::string text;
  if (tags == nullptr || !tags->is_object()) return text;
  for (const Json::Member& tag : *tags->if_object()) {
    text += (text.empty() ? "" : " ") + tag.key + "=" + plain(tag.value);
  }
  return text;
}

Turn turn_of(const Json& entry, std::string text) {
  Turn turn;
  turn.position = number_at(entry, "position").value_or(0);
  turn.version = number_at(entry, "version").value_or(0);
  turn.inherited = entry.find("inherited_from") != nullptr;
  turn.recorded_at = text_at(entry, "recorded_at");
  turn.occurred_at = text_at(entry, "occurred_at");
  turn.text = std::move(text);
  return turn;
}

/// The results of a message's tool calls, each when it came.
void add_results(const Json& message, std::vector<Turn>& turns) {
  for (const Json& part : list_at(message, "parts")) {
    const Json* outcome = part.find("outcome");
    if (outcome == nullptr || text_at(part, "type") != "tool_call") continue;
    std::string text = "[" + std::to_string(number_at(*outcome, "version").value_or(0)) +
                       "] result of " + text_at(part, "tool");
    turns.push_back(turn_of(*outcome, printable(text) + "\n" + result_text(part)));
  }
}

}  // namespace

std::string message_text(const Json& message, bool results) {
  std::string out = heading(message, text_at(message, "role"));
  for (const Json& part : list_at(message, "parts")) out += part_text(part, results);
  return out;
}

std::string event_text(const Json& event) {
  static const std::vector<std::string_view> kShownElsewhere{
      "type",   "version", "position",       "recorded_at", "occurred_at", "event_id",  "actor",
      "erased", "model",   "inherited_from", "latency_us",  "usage",       "raw_usage", "filtered"};
  std::string details;
  for (const Json::Member& member : *event.if_object()) {
    const bool shown = std::find(kShownElsewhere.begin(), kShownElsewhere.end(), member.key) !=
                       kShownElsewhere.end();
    if (shown) continue;
    details += (details.empty() ? "" : ", ") + member.key + " " + plain(member.value);
  }
  std::string out = heading(event, text_at(event, "type"));
  if (!details.empty()) out += indented(details, "  ");
  return out;
}

std::string head_text(const Json& session) {
  std::string out = printable(text_at(session, "session_id"));
  const std::string title = text_at(session, "title");
  if (!title.empty()) out += "  " + printable(title);
  out += "\n";
  std::string line;
  add_piece(line, named("user", text_at(session, "user")));
  add_piece(line, named("agent", text_at(session, "agent")));
  add_piece(line, named("app", text_at(session, "app")));
  add_piece(line, text_at(session, "status"));
  if (flag_at(session, "erasing")) {
    add_piece(line, "being erased");
  } else if (flag_at(session, "erased")) {
    add_piece(line, "erased");
  }
  if (const Json* as_of = session.find("as_of")) {
    add_piece(line, "version " + std::to_string(number_at(*as_of, "version").value_or(0)));
    add_piece(line, "position " + std::to_string(number_at(*as_of, "position").value_or(0)));
    add_piece(line, "recorded " + short_time(text_at(*as_of, "recorded_at")));
  }
  if (const Json* created = session.find("created")) {
    add_piece(line, projections::filtered_text(created->find("filtered")));
  }
  out += printable(line) + "\n";
  if (const Json* origin = session.find("forked_from")) {
    out += printable("forked from " + text_at(*origin, "session") + " at version " +
                     std::to_string(number_at(*origin, "at_version").value_or(0))) +
           "\n";
  }
  const std::string tags = tags_text(session);
  if (!tags.empty()) out += printable(tags) + "\n";
  return out;
}

std::vector<Turn> turns_of(const Json& session, bool apart) {
  std::vector<Turn> turns;
  for (const Json& message : list_at(session, "messages")) {
    turns.push_back(turn_of(message, message_text(message, !apart)));
    turns.back().json = &message;
    if (apart) add_results(message, turns);
  }
  for (const Json& event : list_at(session, "events")) {
    if (!event.is_object()) continue;
    turns.push_back(turn_of(event, event_text(event)));
    turns.back().json = &event;
  }
  std::stable_sort(turns.begin(), turns.end(),
                   [](const Turn& a, const Turn& b) { return a.position < b.position; });
  return turns;
}

}  // namespace hansard::cli
