#include <algorithm>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "commands.h"
#include "json_view.h"
#include "terminal.h"

namespace hansard::cli {

namespace {

using core::Result;
using events::Json;

/// Text as it is, other values as JSON.
std::string plain(const Json& value) {
  const std::string* text = value.if_string();
  return text != nullptr ? *text : dump(value);
}

/// `text` printable, every line of it behind `indent`; ends with a line feed.
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

/// `2026-11-21 08:30:00`.
std::string short_time(const std::string& rfc3339) {
  std::string text = rfc3339.substr(0, 19);
  std::replace(text.begin(), text.end(), 'T', ' ');
  return text;
}

void add(std::string& line, const std::string& piece) {
  if (piece.empty()) return;
  if (!line.empty()) line += " · ";
  line += piece;
}

std::string named(const char* name, const std::string& value) {
  return value.empty() ? "" : std::string(name) + " " + value;
}

std::string tokens_text(const Json& message) {
  const Json* usage = message.find("usage");
  if (usage == nullptr) return {};
  std::string text;
  if (const auto in = number_at(*usage, "input")) text = grouped(*in) + " tokens in";
  if (const auto out = number_at(*usage, "output")) {
    text += (text.empty() ? "" : ", ") + grouped(*out) + " out";
  }
  return text;
}

std::string result_text(const Json& part) {
  const Json* result = part.find("result");
  const Json* error = part.find("error");
  if (result == nullptr && error == nullptr) return {};
  std::string took;
  if (const auto us = number_at(part, "duration_us")) took = " (" + duration_text(*us) + ")";
  return error != nullptr ? indented("failed" + took + ": " + plain(*error), "  <- ")
                          : indented(plain(*result) + took, "  <- ");
}

std::string part_text(const Json& part) {
  const std::string type = text_at(part, "type");
  if (type == "text") return indented(text_at(part, "text"), "  ");
  if (type == "thinking") return indented(text_at(part, "text"), "  (thinking) ");
  if (type == "refusal") return indented(text_at(part, "text"), "  (refusal) ");
  if (type == "tool_call") {
    const Json* arguments = part.find("arguments");
    const std::string asked = arguments == nullptr ? std::string() : " " + plain(*arguments);
    return indented(text_at(part, "tool") + asked, "  -> ") + result_text(part);
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
  add(line, text_at(entry, "name"));
  add(line, text_at(entry, "model"));
  add(line, tokens_text(entry));
  if (const auto latency = number_at(entry, "latency_us")) add(line, duration_text(*latency));
  const std::string finish = text_at(entry, "finish_reason");
  if (finish != "stop" && finish != "tool_call") add(line, finish);
  add(line, short_time(text_at(entry, "occurred_at")));
  add(line, named("from", text_at(entry, "inherited_from")));
  if (flag_at(entry, "erased")) add(line, "erased");
  return printable(line) + "\n";
}

std::string message_text(const Json& message) {
  std::string out = heading(message, text_at(message, "role"));
  for (const Json& part : list_at(message, "parts")) out += part_text(part);
  return out;
}

/// Everything that is no message, in one line of its own words.
std::string event_text(const Json& event) {
  static const std::vector<std::string_view> kShownElsewhere{
      "type",   "version", "position",       "recorded_at", "occurred_at", "event_id", "actor",
      "erased", "model",   "inherited_from", "latency_us",  "usage",       "raw_usage"};
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

std::string tags_text(const Json& session) {
  const Json* tags = session.find("tags");
  std::string text;
  if (tags == nullptr || !tags->is_object()) return text;
  for (const Json::Member& tag : *tags->if_object()) {
    text += (text.empty() ? "" : " ") + tag.key + "=" + plain(tag.value);
  }
  return text;
}

std::string head_text(const Json& session) {
  std::string out = printable(text_at(session, "session_id"));
  const std::string title = text_at(session, "title");
  if (!title.empty()) out += "  " + printable(title);
  out += "\n";
  std::string line;
  add(line, named("user", text_at(session, "user")));
  add(line, named("agent", text_at(session, "agent")));
  add(line, named("app", text_at(session, "app")));
  add(line, text_at(session, "status"));
  if (const Json* as_of = session.find("as_of")) {
    add(line, "version " + std::to_string(number_at(*as_of, "version").value_or(0)));
    add(line, "position " + std::to_string(number_at(*as_of, "position").value_or(0)));
    add(line, "recorded " + short_time(text_at(*as_of, "recorded_at")));
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

void print_conversation(const Json& session) {
  std::fputs(head_text(session).c_str(), stdout);
  // Messages and what happened between them, as recorded.
  std::vector<std::pair<std::uint64_t, std::string>> entries;
  for (const Json& message : list_at(session, "messages")) {
    entries.emplace_back(number_at(message, "position").value_or(0), message_text(message));
  }
  for (const Json& event : list_at(session, "events")) {
    if (!event.is_object()) continue;
    entries.emplace_back(number_at(event, "position").value_or(0), event_text(event));
  }
  std::stable_sort(entries.begin(), entries.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  for (const auto& [position, text] : entries) std::printf("\n%s", text.c_str());
}

}  // namespace

Result<int> run_show(Backend& backend, const ShowCommand& command, const Output& output) {
  TargetBuilder target;
  target.segment("v1").segment("sessions").segment(command.session).segment("history");
  if (command.as_of) target.query("as_of", *command.as_of);
  const auto session = get_json(backend, target.text());
  if (!session) return session.error();
  if (output.json) {
    std::puts(dump(*session).c_str());
  } else {
    print_conversation(*session);
  }
  return 0;
}

}  // namespace hansard::cli
