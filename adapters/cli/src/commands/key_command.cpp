// `hansard keys`: who may do what.
#include <cstdio>
#include <utility>

#include "commands.h"
#include "text/json_view.h"
#include "text/terminal.h"

namespace hansard::cli {

namespace {

using core::Errc;
using core::Error;
using core::Result;
using events::Json;

std::string words(const Json& key) {
  std::string out;
  for (const Json& scope : list_at(key, "scopes")) {
    out += (out.empty() ? "" : " ") + text_of(&scope);
  }
  return out;
}

Result<Json> listed(Backend& backend, const KeysCommand& command) {
  TargetBuilder target;
  target.segment("v1").segment("keys");
  if (command.project) target.query("project", *command.project);
  return get_json(backend, target.text());
}

Result<int> list(Backend& backend, const KeysCommand& command, const Output& output) {
  const auto answer = listed(backend, command);
  if (!answer) return answer.error();
  if (output.json) {
    std::puts(dump(*answer).c_str());
    return 0;
  }
  using Align = Table::Align;
  Table table({{"name", Align::left, true},
               {"project"},
               {"scopes"},
               {"state"},
               {"expires"},
               {"origin"},
               {"id"}});
  for (const Json& key : list_at(*answer, "keys")) {
    const Json* until = key.find("expires_at");
    table.add({text_at(key, "name"), text_at(key, "project"), words(key), text_at(key, "state"),
               until == nullptr ? "never" : text_of(until), text_at(key, "origin"),
               text_at(key, "key_id")});
  }
  if (table.empty()) {
    std::puts("no key: whoever reaches loopback or the socket may do everything");
    return 0;
  }
  std::fputs(table.text(output.columns).c_str(), stdout);
  return 0;
}

Result<int> create(Backend& backend, const KeysCommand& command, const Output& output) {
  Json body;
  body.add("name", command.name);
  Json scopes = Json::Array{};
  for (const std::string& scope : command.scopes) scopes.push(scope);
  body.add("scopes", std::move(scopes));
  if (command.project) body.add("project", *command.project);
  if (command.expires_in) body.add("expires_in", *command.expires_in);
  if (command.expires_at) body.add("expires_at", *command.expires_at);
  const auto made = call_json(backend, {http::Method::post, "/v1/keys", dump(body)});
  if (!made) return made.error();
  if (output.json) {
    std::puts(dump(*made).c_str());
    return 0;
  }
  // The secret alone on standard output, so that it can go into a file or a variable.
  std::fprintf(stderr, "key %s of project %s (%s), id %s; its secret is not shown again:\n",
               printable(text_at(*made, "name")).c_str(),
               printable(text_at(*made, "project")).c_str(), words(*made).c_str(),
               text_at(*made, "key_id").c_str());
  std::puts(text_at(*made, "secret").c_str());
  return 0;
}

/// The id of the one live key of that name, or the name itself.
Result<std::string> id_of(Backend& backend, const KeysCommand& command) {
  const auto answer = listed(backend, command);
  if (!answer) return answer.error();
  std::string id;
  for (const Json& key : list_at(*answer, "keys")) {
    if (text_at(key, "key_id") == command.name) return command.name;
    if (text_at(key, "name") != command.name || text_at(key, "state") == "revoked") continue;
    if (!id.empty()) {
      return Error{Errc::invalid_argument,
                   "several projects have a key " + command.name + ": give its id, or --project"};
    }
    id = text_at(key, "key_id");
  }
  return id.empty() ? command.name : id;
}

Result<int> revoke(Backend& backend, const KeysCommand& command, const Output& output) {
  const auto id = id_of(backend, command);
  if (!id) return id.error();
  TargetBuilder target;
  target.segment("v1").segment("keys").segment(*id);
  if (command.reason) target.query("reason", *command.reason);
  const auto answer = call_json(backend, {http::Method::del, target.text(), {}});
  if (!answer) return answer.error();
  if (output.json) {
    std::puts(dump(*answer).c_str());
  } else {
    std::printf("key %s opens nothing any more\n", printable(command.name).c_str());
  }
  return 0;
}

Result<int> rotate_signing(Backend& backend, const Output& output) {
  const auto answer =
      call_json(backend, {http::Method::post, "/v1/admin/signing-key/rotate", "{}"});
  if (!answer) return answer.error();
  if (output.json) {
    std::puts(dump(*answer).c_str());
  } else {
    std::puts(text_at(*answer, "vkey").c_str());
  }
  return 0;
}

}  // namespace

Result<int> run_keys(Backend& backend, const KeysCommand& command, const Output& output) {
  switch (command.action) {
    case KeysCommand::Action::create:
      return create(backend, command, output);
    case KeysCommand::Action::revoke:
      return revoke(backend, command, output);
    case KeysCommand::Action::rotate_signing:
      return rotate_signing(backend, output);
    case KeysCommand::Action::list:
      break;
  }
  return list(backend, command, output);
}

}  // namespace hansard::cli
