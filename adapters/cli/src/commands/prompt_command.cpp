// `hansard prompts`: what there is, what versions say, and which are used for what.
#include <unistd.h>

#include <cstdio>

#include "commands.h"
#include "commands/prompt_file.h"
#include "commands/prompt_files.h"
#include "text/json_view.h"
#include "text/terminal.h"

namespace hansard::cli {

namespace {

using core::Error;
using core::Result;
using events::Json;
using Action = PromptsCommand::Action;

TargetBuilder path_of(const std::string& name) {
  TargetBuilder path;
  path.segment("v1").segment("prompts").segment(name);
  return path;
}

/// A version as it is called: 3, or 1.0.0.
std::string version_text(const Json* version) {
  if (version == nullptr) return {};
  const std::string* text = version->if_string();
  return text != nullptr ? *text : dump(*version);
}

std::string labels_text(const Json* labels) {
  std::string out;
  if (labels == nullptr || !labels->is_object()) return out;
  for (const Json::Member& label : *labels->if_object()) {
    out += (out.empty() ? "" : ", ") + label.key + "=" + version_text(&label.value);
  }
  return out;
}

std::string joined(const Json::Array& texts) {
  std::string out;
  for (const Json& each : texts) out += (out.empty() ? "" : ", ") + text_of(&each);
  return out;
}

std::string minute_text(const std::string& time) {
  constexpr std::size_t kToTheMinute = 16;
  std::string text = time.substr(0, kToTheMinute);
  if (text.size() > 10) text[10] = ' ';
  return text;
}

/// Prints the answer as it came, and says so.
bool as_json(const Output& output, const Json& answer) {
  if (output.json) std::puts(dump(answer).c_str());
  return output.json;
}

Result<int> list(Backend& backend, const PromptsCommand& command, const Output& output) {
  Table table({{"name"},
               {"versions", Table::Align::right},
               {"latest"},
               {"labels", Table::Align::left, true},
               {"tags", Table::Align::left, true},
               {"experiment"},
               {"changed"}});
  std::string cursor;
  do {
    TargetBuilder target;
    target.segment("v1").segment("prompts").query("limit", "1000");
    for (const auto& [name, value] : command.filters) target.query(name, value);
    if (!cursor.empty()) target.query("cursor", cursor);
    const auto page = get_json(backend, target.text());
    if (!page) return page.error();
    as_json(output, *page);
    for (const Json& each : list_at(*page, "prompts")) {
      table.add({text_at(each, "name"), grouped(number_at(each, "versions").value_or(0)),
                 version_text(each.find("latest")), labels_text(each.find("labels")),
                 joined(list_at(each, "tags")), text_at(each, "trial"),
                 minute_text(text_at(each, "changed_at"))});
    }
    cursor = text_at(*page, "next");
  } while (!cursor.empty());
  if (output.json) return 0;
  std::fputs(table.empty() ? "no such prompts are on record\n" : table.text(output.columns).c_str(),
             stdout);
  return 0;
}

/// `promoted 3 (from 2): shorter`.
std::string history_text(const Json& entry) {
  std::string what = text_at(entry, "what");
  const std::string reason = text_at(entry, "reason");
  const std::string label = text_at(entry, "label");
  const std::string version = version_text(entry.find("version"));
  if (what == "label_moved") what = label + (reason == "rolled_back" ? " back" : "") + " to";
  if (what == "label_removed") what = label + " removed";
  if (what == "trial_started") what = "experiment decides:";
  if (what == "trial_ended") what = "experiment decides no longer:";
  if (!version.empty()) what += " " + version;
  if (const Json* from = entry.find("from")) what += " (from " + version_text(from) + ")";
  if (!text_at(entry, "experiment").empty()) what += " " + text_at(entry, "experiment");
  if (const Json* tags = entry.find("tags")) what += " [" + joined(list_of(tags)) + "]";
  for (const char* said : {"description", "comment"}) {
    if (!text_at(entry, said).empty()) what += ": " + text_at(entry, said);
  }
  return what;
}

Result<int> show(Backend& backend, const PromptsCommand& command, const Output& output) {
  TargetBuilder target = path_of(command.name);
  if (command.version) target.segment("versions").segment(*command.version);
  if (command.as_of) target.query("as_of", *command.as_of);
  const auto answer = get_json(backend, target.text());
  if (!answer) return answer.error();
  if (as_json(output, *answer)) return 0;
  if (command.version) {
    // On a terminal control characters are shown; a file gets the template as it is.
    const std::string text = write_prompt_file(prompt_file_of(*answer));
    std::fputs((is_terminal(STDOUT_FILENO) ? printable(text, true) : text).c_str(), stdout);
    return 0;
  }
  Table versions({{"version"},
                  {"stage"},
                  {"labels", Table::Align::left, true},
                  {"tags", Table::Align::left, true},
                  {"stored"},
                  {"description", Table::Align::left, true}});
  for (const Json& each : list_at(*answer, "versions")) {
    const std::string state = flag_at(each, "erased")    ? "erased"
                              : flag_at(each, "deleted") ? "deleted"
                                                         : text_at(each, "stage");
    versions.add({version_text(each.find("version")), state, joined(list_at(each, "labels")),
                  joined(list_at(each, "tags")), minute_text(text_at(each, "stored_at")),
                  text_at(each, "description")});
  }
  std::fputs(versions.text(output.columns).c_str(), stdout);
  if (!text_at(*answer, "trial").empty()) {
    std::printf("\nthe experiment %s decides which version a call without one gets\n",
                printable(text_at(*answer, "trial")).c_str());
  }
  Table history({{"when"}, {"what", Table::Align::left, true}, {"key"}});
  for (const Json& entry : list_at(*answer, "history")) {
    history.add({minute_text(text_at(entry, "at")), history_text(entry), text_at(entry, "actor")});
  }
  std::printf("\n%s", history.text(output.columns).c_str());
  if (const auto left_out = number_at(*answer, "history_left_out")) {
    std::printf("%s earlier entries are left out\n", grouped(*left_out).c_str());
  }
  return 0;
}

Result<Json> variables_of(const PromptsCommand& command) {
  Json values = Json::Object{};
  if (!command.variables_file.empty()) {
    const auto text = read_whole(command.variables_file);
    if (!text) return text.error();
    auto json = events::parse_json(*text);
    if (!json || !json->is_object()) {
      return Error{core::Errc::invalid_argument,
                   command.variables_file + ": expected a JSON object"};
    }
    values = *std::move(json);
  }
  for (const std::string& said : command.variables) {
    const std::size_t equals = said.find('=');
    if (equals == std::string::npos || equals == 0) {
      return Error{core::Errc::invalid_argument,
                   "--var: expected name=text or name:=JSON, found " + said};
    }
    const std::string text = said.substr(equals + 1);
    if (said[equals - 1] != ':') {
      values.add(said.substr(0, equals), text);
      continue;
    }
    auto json = events::parse_json(text);
    if (!json) return Error{core::Errc::invalid_argument, "--var " + said + ": no JSON"};
    values.add(said.substr(0, equals - 1), *std::move(json));
  }
  return values;
}

Result<int> render(Backend& backend, const PromptsCommand& command, const Output& output) {
  auto variables = variables_of(command);
  if (!variables) return std::move(variables.error());
  Json body = Json::Object{};
  if (command.version) body.add("version", *command.version);
  body.add("variables", *std::move(variables));
  const auto answer = call_json(
      backend,
      Call{http::Method::post, path_of(command.name).segment("render").text(), dump(body)});
  if (!answer) return answer.error();
  if (as_json(output, *answer)) return 0;
  const bool alone = text_at(*answer, "kind") == "text";
  for (const Json& message : list_at(*answer, "messages")) {
    if (!alone) std::printf("=== %s\n", text_at(message, "role").c_str());
    std::puts(printable(text_at(message, "content"), true).c_str());
  }
  return 0;
}

Result<int> diff(Backend& backend, const PromptsCommand& command, const Output& output) {
  TargetBuilder target = path_of(command.name);
  target.segment("diff");
  if (command.from) target.query("from", *command.from);
  if (command.to) target.query("to", *command.to);
  const auto answer = get_json(backend, target.text());
  if (!answer) return answer.error();
  if (as_json(output, *answer)) return 0;
  std::printf("%s: %s -> %s\n", printable(command.name).c_str(),
              printable(version_text(answer->find("from"))).c_str(),
              printable(version_text(answer->find("to"))).c_str());
  if (flag_at(*answer, "same")) std::puts("they say the same");
  for (const Json& change : list_at(*answer, "changes")) {
    std::printf("%s %s\n", text_at(change, "what").c_str(),
                printable(text_at(change, "where")).c_str());
    if (const Json* before = change.find("before")) {
      std::printf("- %s\n", printable(dump(*before)).c_str());
    }
    if (const Json* after = change.find("after")) {
      std::printf("+ %s\n", printable(dump(*after)).c_str());
    }
    for (const Json& line : list_at(change, "lines")) {
      std::puts(printable(text_of(&line)).c_str());
    }
  }
  return 0;
}

/// What a change came to: `greet: production is 3`.
int tell_change(const Json& answer, const Output& output) {
  if (as_json(output, answer)) return 0;
  const std::string label = text_at(answer, "label");
  const std::string version = version_text(answer.find("version"));
  std::string text = text_at(answer, "name") + ": ";
  if (!label.empty()) {
    text += label + (version.empty() ? " names no version" : " is " + version);
  } else {
    text += "version " + version;
  }
  std::puts(printable(text + (flag_at(answer, "duplicate") ? " (as before)" : "")).c_str());
  return 0;
}

Json said_with(const PromptsCommand& command) {
  Json body = Json::Object{};
  if (command.comment) body.add("comment", *command.comment);
  return body;
}

Result<int> change(Backend& backend, const PromptsCommand& command, const Output& output) {
  Call call{http::Method::post, "", ""};
  Json body = said_with(command);
  TargetBuilder target = path_of(command.name);
  switch (command.action) {
    case Action::promote:
      target.segment("promote");
      body.add("version", *command.version);
      break;
    case Action::roll_back:
      target.segment("rollback");
      if (command.from) body.add("from", *command.from);
      break;
    case Action::label:
      if (!command.remove && !command.version) {
        return Error{core::Errc::invalid_argument, "say which version, or --remove"};
      }
      target.segment("labels").segment(*command.label);
      call.method = command.remove ? http::Method::del : http::Method::put;
      if (!command.remove) body.add("version", *command.version);
      break;
    case Action::tag: {
      target.segment("tags");
      body.add("version", *command.version);
      Json tags = Json::Array{};
      for (const std::string& tag : command.tags) tags.push(tag);
      body.add("tags", std::move(tags));
      break;
    }
    default:
      target.segment("versions").segment(*command.version);
      call.method = http::Method::del;
  }
  call.target = target.text();
  if (call.method != http::Method::del) call.body = dump(body);
  const auto answer = call_json(backend, call);
  if (!answer) return answer.error();
  return tell_change(*answer, output);
}

Result<int> store(Backend& backend, const PromptsCommand& command, const Output& output) {
  auto prompt = read_prompt(command.files.front());
  if (!prompt) return std::move(prompt.error());
  Json body = Json::Object{};
  if (command.version) body.add("version", *command.version);
  Json labels = Json::Array{};
  for (const std::string& label : command.labels) labels.push(label);
  if (!command.labels.empty()) body.add("labels", std::move(labels));
  if (command.comment) body.add("comment", *command.comment);
  for (Json::Member& member : *prompt->body.if_object()) {
    // A file that was printed and edited is a new version, of which labels know nothing yet.
    if (member.key == "version" || member.key == "labels") continue;
    if (body.find(member.key) == nullptr) body.add(member.key, std::move(member.value));
  }
  const auto answer = call_json(
      backend,
      Call{http::Method::post, path_of(command.name).segment("versions").text(), dump(body)});
  if (!answer) return answer.error();
  return tell_change(*answer, output);
}

}  // namespace

Result<int> run_prompts(Backend& backend, const PromptsCommand& command, const Output& output) {
  switch (command.action) {
    case Action::list:
      return list(backend, command, output);
    case Action::show:
      return show(backend, command, output);
    case Action::store:
      return store(backend, command, output);
    case Action::render:
      return render(backend, command, output);
    case Action::diff:
      return diff(backend, command, output);
    case Action::write_files:
      return export_prompts(backend, command, output);
    case Action::read_files:
      return import_prompts(backend, command, output);
    default:
      return change(backend, command, output);
  }
}

}  // namespace hansard::cli
