#include <cstdio>
#include <string>

#include "commands.h"
#include "text/conversation_text.h"
#include "text/json_view.h"
#include "text/terminal.h"

namespace hansard::cli {

namespace {

using core::Result;
using events::Json;

const Json& part_of(const Json& json, std::string_view key) {
  static const Json kNothing = Json::Object{};
  const Json* found = json.find(key);
  return found == nullptr ? kNothing : *found;
}

std::string side_text(const Json& side) {
  return text_at(side, "session") + " version " +
         std::to_string(number_at(part_of(side, "as_of"), "version").value_or(0));
}

/// `+ 3 events · 1 messages · 20 tokens in, 3 out`; nothing when there are none.
std::string sum_text(const char* sign, const Json& part) {
  const std::uint64_t count = number_at(part, "event_count").value_or(0);
  if (count == 0) return {};
  std::string line = std::string(sign) + " " + grouped(count) + (count == 1 ? " event" : " events");
  const Json& counts = part_of(part, "counts");
  for (const char* what : {"messages", "responses", "failures", "tool_calls", "scores"}) {
    const std::uint64_t number = number_at(counts, what).value_or(0);
    if (number > 0) add_piece(line, grouped(number) + " " + what);
  }
  // The sums over classes are in usage objects only, the classes in both.
  std::uint64_t in = 0;
  std::uint64_t out = 0;
  for (const Json::Member& member : *part_of(part, "tokens").if_object()) {
    const std::uint64_t tokens = number_of(&member.value).value_or(0);
    if (member.key == "input") in = tokens;
    if (member.key == "output") out = tokens;
  }
  if (in + out > 0) add_piece(line, grouped(in) + " tokens in, " + grouped(out) + " out");
  return line + "\n";
}

std::string names_text(const char* sign, const Json::Array& names) {
  std::string line;
  for (const Json& name : names) line += " " + std::string(sign) + text_of(&name);
  return line;
}

std::string config_text(const Json& changes) {
  std::string out;
  for (const Json::Member& change : *changes.if_object()) {
    const Json* from = change.value.find("from");
    const Json* to = change.value.find("to");
    const std::string was = from == nullptr ? "-" : plain(*from);
    const std::string is = to == nullptr ? "-" : plain(*to);
    out += indented(change.key + ": " + was + " -> " + is, "  ");
  }
  return out;
}

void print_diff(const Json& diff) {
  const Json& from = part_of(diff, "from");
  const Json& to = part_of(diff, "to");
  const Json& added = part_of(diff, "added");
  const Json& removed = part_of(diff, "removed");
  std::string out = printable(side_text(from) + " -> " + side_text(to)) + "\n";
  out += sum_text("-", removed) + sum_text("+", added);
  if (number_at(added, "event_count").value_or(0) + number_at(removed, "event_count").value_or(0) ==
      0) {
    out += "no difference\n";
  }
  const std::string window =
      names_text("-", list_at(removed, "window")) + names_text("+", list_at(added, "window"));
  if (!window.empty()) out += printable("window:" + window) + "\n";
  if (text_at(from, "status") != text_at(to, "status")) {
    out += "status: " + text_at(from, "status") + " -> " + text_at(to, "status") + "\n";
  }
  const std::string config = config_text(part_of(diff, "config"));
  if (!config.empty()) out += "settings:\n" + config;
  for (const auto& [sign, part] : {std::pair{"- ", &removed}, std::pair{"+ ", &added}}) {
    for (const Turn& turn : turns_of(*part)) out += "\n" + indented(turn.text, sign);
  }
  std::fputs(out.c_str(), stdout);
}

}  // namespace

Result<int> run_diff(Backend& backend, const DiffCommand& command, const Output& output) {
  TargetBuilder target;
  target.segment("v1").segment("sessions").segment(command.session).segment("diff");
  if (command.from) target.query("from", *command.from);
  if (command.to) target.query("to", *command.to);
  if (command.to_session) target.query("to_session", *command.to_session);
  const auto diff = get_json(backend, target.text());
  if (!diff) return diff.error();
  if (output.json) {
    std::puts(dump(*diff).c_str());
  } else {
    print_diff(*diff);
  }
  return 0;
}

}  // namespace hansard::cli
