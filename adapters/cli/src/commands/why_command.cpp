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

/// `version 3` where the request said so, else how it was found.
std::string window_heading(const Json& window) {
  const std::string source = text_at(window, "source");
  const auto up_to = number_at(window, "up_to_version");
  const std::string version = up_to ? " up to version " + std::to_string(*up_to) : "";
  if (source == "recorded") return "Sent to the model, as the request lists it";
  if (source == "by_version")
    return "Sent to the model: the history" + version + ", as the request says";
  return "Sent to the model: not recorded; inferred from the history" + version;
}

std::string named_value(const char* name, const Json* value) {
  return value == nullptr ? "" : indented(std::string(name) + ": " + plain(*value), "  ");
}

std::string ref_text(const char* name, const Json* ref, const char* what, const char* which) {
  if (ref == nullptr) return {};
  std::string line = std::string(name) + ": " + text_at(*ref, what);
  const Json* more = ref->find(which);
  if (more != nullptr) line += " / " + plain(*more);
  return indented(line, "  ");
}

/// In words: what was drawn, by which shares, and which call exposed the unit.
std::string assignment_text(const Json& why) {
  const Json* variant = why.find("variant");
  const Json* assigned = variant == nullptr ? nullptr : variant->find("assignment");
  if (assigned == nullptr) {
    return variant == nullptr ? "" : indented("the unit was never exposed: no exposure", "    ");
  }
  std::string line = text_at(*assigned, "unit_kind") + " " + text_at(*assigned, "unit");
  if (const auto bucket = number_at(*assigned, "bucket")) {
    line += " fell into bucket " + std::to_string(*bucket);
    for (const Json& each : list_at(*assigned, "buckets")) {
      if (text_at(each, "variant") != text_at(*assigned, "variant")) continue;
      line += "; " + text_at(each, "variant") + " had " +
              std::to_string(number_at(each, "from").value_or(0)) + " to before " +
              std::to_string(number_at(each, "until").value_or(0)) + " of 10000";
    }
    line += " (shares " + std::to_string(number_at(*assigned, "edition").value_or(0)) + ")";
  } else {
    line += " was given it by the application";
  }
  const Json* here = assigned->find("by_this_call");
  const bool by_this = here != nullptr && here->if_boolean() != nullptr && *here->if_boolean();
  line += by_this ? "; exposed by this call"
                  : "; exposed before, by call " + text_at(*assigned, "call_id");
  line += " at position " + std::to_string(number_at(*assigned, "position").value_or(0));
  return indented(line, "    ");
}

std::string settings_text(const Json& why) {
  std::string out;
  if (const Json* config = why.find("config")) {
    for (const char* name :
         {"provider", "model", "system", "system_hash", "tools", "tools_hash", "settings"}) {
      // The hash says nothing to people where the text is there.
      const std::string key = name;
      if (key == "system_hash" && config->find("system") != nullptr) continue;
      if (key == "tools_hash" && config->find("tools") != nullptr) continue;
      out += named_value(name, config->find(key));
    }
  }
  out += named_value("parameters", why.find("parameters"));
  out += ref_text("prompt", why.find("prompt"), "name", "version");
  if (const Json* prompt = why.find("prompt")) {
    if (const Json* label = prompt->find("label")) {
      out += indented("asked for as " + plain(*label), "    ");
    }
    if (const Json* variables = prompt->find("variables")) {
      out += indented("variables: " + plain(*variables), "    ");
    }
  }
  out += ref_text("variant", why.find("variant"), "experiment", "variant");
  out += assignment_text(why);
  for (const Json& policy : list_at(why, "policies")) {
    std::string line = "policy " + text_at(policy, "name") + ": " + text_at(policy, "outcome");
    if (policy.find("target") != nullptr) line += " (" + text_at(policy, "target") + ")";
    if (const auto wait = number_at(policy, "wait_us")) {
      line += ", after " + std::to_string(*wait / 1000) + " ms";
    }
    out += indented(line, "  ");
  }
  return out;
}

void print_why(const Json& why) {
  static const Json kNothing = Json::Object{};
  const Json* found = why.find("window");
  const Json& window = found == nullptr ? kNothing : *found;
  std::string line = "call " + text_at(why, "call_id") + " of " + text_at(why, "session");
  const std::string origin = text_at(why, "recorded_in");
  if (!origin.empty()) add_piece(line, "inherited from " + origin);
  std::string out = printable(line) + "\n\n" + window_heading(window) + "\n";
  for (const Json& message : list_at(window, "messages")) out += "\n" + message_text(message);
  if (list_at(window, "messages").empty()) out += "  nothing\n";
  const std::string settings = settings_text(why);
  if (!settings.empty()) out += "\nIn force\n" + settings;
  if (!list_at(why, "optimisations").empty()) out += "\nThe window had been shortened\n";
  for (const Json& event : list_at(why, "optimisations")) out += event_text(event);
  out += "\nAttempts\n";
  for (const Json& attempt : list_at(why, "attempts")) {
    if (const Json* request = attempt.find("request")) out += event_text(*request);
    if (const Json* failure = attempt.find("failure")) out += event_text(*failure);
  }
  if (list_at(why, "attempts").empty()) out += "  none recorded\n";
  out += "\nAnswer\n";
  for (const Json& answer : list_at(why, "answers")) out += message_text(answer);
  if (list_at(why, "answers").empty()) out += "  none recorded\n";
  if (!list_at(why, "unknown").empty()) out += "\nNot known\n";
  for (const Json& item : list_at(why, "unknown")) {
    out += indented(text_at(item, "what") + ": " + text_at(item, "why"), "  ");
  }
  std::fputs(out.c_str(), stdout);
}

}  // namespace

Result<int> run_why(Backend& backend, const WhyCommand& command, const Output& output) {
  TargetBuilder target;
  target.segment("v1").segment("sessions").segment(command.session).segment("why");
  if (command.call) target.query("call", *command.call);
  if (command.message) target.query("message", *command.message);
  const auto why = get_json(backend, target.text());
  if (!why) return why.error();
  if (output.json) {
    std::puts(dump(*why).c_str());
  } else {
    print_why(*why);
  }
  return 0;
}

}  // namespace hansard::cli
