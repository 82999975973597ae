// /v1/keys: who may do what, made and taken away while the engine runs.
#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "access/key_event.h"
#include "events/keys/decider.h"
#include "families.h"
#include "http/keys.h"
#include "http/problem.h"
#include "shared/body_fields.h"
#include "shared/query.h"
#include "shared/receipts.h"

namespace hansard::http {

namespace {

using core::Errc;
using core::Error;
using core::Result;
using events::Json;

/// URL-safe, without padding (RFC 4648 §5).
std::string base64url(const core::Hash& bytes) {
  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string out;
  std::uint32_t held = 0;
  int bits = 0;
  for (const std::uint8_t byte : bytes) {
    held = (held << 8U) | byte;
    for (bits += 8; bits >= 6; bits -= 6) out.push_back(kAlphabet[(held >> (bits - 6)) & 63U]);
  }
  if (bits > 0) out.push_back(kAlphabet[(held << (6 - bits)) & 63U]);
  return out;
}

/// `90s`, `30m`, `12h`, `90d`, `2w`; up to ten years.
Result<std::chrono::seconds> span_of(const std::string& text) {
  constexpr std::uint64_t kMost = 10ULL * 366 * 86'400;
  constexpr std::array<std::pair<char, std::uint64_t>, 5> kUnits{
      {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86'400}, {'w', 604'800}}};
  const auto number = text.empty() ? std::nullopt : parse_digits({text.data(), text.size() - 1});
  for (const auto& [unit, seconds] : kUnits) {
    if (!number || text.back() != unit) continue;
    if (*number == 0 || *number > kMost / seconds) break;
    return std::chrono::seconds(static_cast<std::int64_t>(*number * seconds));
  }
  return events::bad_field("expires_in", "expected 90s, 30m, 12h, 90d or 2w, up to ten years");
}

Result<std::vector<events::KeyScope>> scopes_in(const BodyFields& body) {
  const auto json = body.json("scopes");
  const auto* list = json ? json->if_array() : nullptr;
  if (list == nullptr || list->empty()) {
    return events::bad_field("scopes", "expected a list of write, read, audit, admin");
  }
  std::vector<events::KeyScope> scopes;
  for (const Json& each : *list) {
    const std::string* word = each.if_string();
    const auto scope = word == nullptr ? std::nullopt : events::from_word<events::KeyScope>(*word);
    if (!scope) return events::bad_field("scopes", "expected a list of write, read, audit, admin");
    scopes.push_back(*scope);
  }
  return scopes;
}

Result<std::optional<core::Timestamp>> expiry_in(const BodyFields& body, core::Timestamp now) {
  const auto at = body.time("expires_at");
  if (!at) return at.error();
  const auto in = body.text("expires_in");
  if (!in) return in.error();
  if (*at && *in) return events::bad_field("expires_in", "stands beside expires_at; give one");
  std::optional<core::Timestamp> until = *at;
  if (*in) {
    const auto span = span_of(**in);
    if (!span) return span.error();
    until = now + *span;
  }
  if (until && *until <= now) return events::bad_field("expires_at", "is in the past");
  return until;
}

/// A new key as its event says it, and what its holder must present.
struct NewKey {
  events::KeyCreated event;
  std::string secret;
};

Result<NewKey> new_key(const Context& context, const Request& request) {
  auto json = read_json_body(context, request);
  if (!json) return std::move(json.error());
  auto body =
      BodyFields::of(*std::move(json), {"name", "scopes", "project", "expires_at", "expires_in"});
  if (!body) return std::move(body.error());
  NewKey made;
  auto name = body->required("name");
  if (!name) return std::move(name.error());
  made.event.name = *std::move(name);
  auto scopes = scopes_in(*body);
  if (!scopes) return std::move(scopes.error());
  made.event.scopes = *std::move(scopes);
  const auto until = expiry_in(*body, request.received_at);
  if (!until) return until.error();
  if (*until) made.event.expires_at = core::format_time(**until);
  const auto project = body->text("project");
  if (!project) return project.error();

  const Principal& who = request.principal;
  made.event.project = project->value_or(who.project.text());
  if (made.event.project != who.project.text() && !who.sees_all_projects()) {
    return Error{Errc::forbidden,
                 "project: a key of project " + who.project.text() +
                     " makes keys of that project only; those of others are made over the unix "
                     "socket, or with a key of project _log",
                 "project"};
  }
  for (const events::KeyScope scope : made.event.scopes) {
    const auto known = parse_scope(events::to_word(scope));
    if (known && who.scopes.has(*known)) continue;
    return Error{Errc::forbidden,
                 "scopes: " + std::string(events::to_word(scope)) +
                     " cannot be given away by a key without it",
                 "scopes"};
  }
  for (const KeyListing& key : context.keys.list()) {
    if (key.configured && key.name == made.event.name && key.project.text() == made.event.project) {
      return Error{Errc::rejected, "name: the configuration has a key " + key.name, "name"};
    }
  }
  made.event.key_id = core::to_string(core::uuid_v8(context.draw_random()));
  made.secret = "hsd_" + base64url(context.draw_random());
  made.event.secret_hash = core::to_hex(core::as_bytes(context.keys.hash_of(made.secret)));
  return made;
}

core::CommandContext command_context(const Request& request) {
  core::CommandContext with;
  with.project = events::keys_project();
  with.stream = events::keys_stream();
  with.recorded_at = request.received_at;
  with.actor = request.principal.actor;
  with.may_block = true;
  return with;
}

events::KeyCommand command_of(const Context& context, const Request& request,
                              decltype(events::KeyCommand::step) step) {
  events::KeyCommand command{{}, std::move(step)};
  command.meta.occurred_at = request.received_at;
  command.meta.salt_seed = context.draw_random();
  return command;
}

/// No cache on the way keeps what may hold a secret.
Response unstored(int status, Json json) {
  Response response = json_response(status, dump(json));
  response.headers.add("Cache-Control", "no-store");
  return response;
}

Json words_of(const Scopes& scopes) {
  Json list = Json::Array{};
  for (const Scope scope : {Scope::write, Scope::read, Scope::audit, Scope::admin}) {
    if (scopes.has(scope)) list.push(std::string(name(scope)));
  }
  return list;
}

void create(const Context& context, const RequestPtr& request, const Responder& respond) {
  auto made = new_key(context, *request);
  if (!made) return respond(problem(std::move(made.error())));
  const auto key = std::make_shared<const NewKey>(*std::move(made));
  events::CreateKey step;
  static_cast<events::KeyCreated&>(step) = key->event;
  context.execute_keys(command_context(*request), command_of(context, *request, std::move(step)),
                       [&context, key, respond](const Result<core::Receipt>& receipt) {
                         if (!receipt) return respond(problem(receipt.error()));
                         const core::RecordReceipt& record = receipt->records.back();
                         auto on_record = key_of(key->event, record.recorded_at);
                         if (!on_record) return respond(problem(std::move(on_record.error())));
                         Json json;
                         json.add("key_id", key->event.key_id);
                         json.add("name", key->event.name);
                         json.add("project", key->event.project);
                         json.add("scopes", words_of(on_record->scopes));
                         if (key->event.expires_at) json.add("expires_at", *key->event.expires_at);
                         json.add("secret", key->secret);
                         json.add("position", record.position.value);
                         json.add("at_least", receipt->end().value);
                         KeyRing ring = context.keys;
                         ring.add(*std::move(on_record));
                         respond(unstored(201, std::move(json)));
                       });
}

Json to_json(const KeyListing& key, core::Timestamp now) {
  Json json;
  json.add("key_id", core::to_string(key.id));
  json.add("name", key.name);
  json.add("project", key.project.text());
  json.add("scopes", words_of(key.scopes));
  json.add("origin", key.configured ? "configuration" : "record");
  const bool expired = key.expires_at && now >= *key.expires_at;
  json.add("state", key.revoked ? "revoked" : expired ? "expired" : "live");
  if (key.created_at) json.add("created_at", core::format_time(*key.created_at));
  if (key.expires_at) json.add("expires_at", core::format_time(*key.expires_at));
  return json;
}

/// May be told of, and taken away, by `who`.
bool is_of(const KeyListing& key, const Principal& who) {
  return who.sees_all_projects() || key.project == who.project;
}

void list(const Context& context, const RequestPtr& request, const Responder& respond) {
  const auto query = Query::of(*request, {"project"});
  if (!query) return respond(problem(query.error()));
  const auto project = query->text("project");
  const Principal& who = request->principal;
  if (project && *project != who.project.text() && !who.sees_all_projects()) {
    return respond(problem({Errc::forbidden, "this key belongs to another project", "project"}));
  }
  Json keys = Json::Array{};
  for (const KeyListing& key : context.keys.list()) {
    if (!is_of(key, who) || (project && key.project.text() != *project)) continue;
    keys.push(to_json(key, request->received_at));
  }
  Json json;
  json.add("keys", std::move(keys));
  respond(unstored(200, std::move(json)));
}

void revoke(const Context& context, const RequestPtr& request, const Responder& respond) {
  const auto query = Query::of(*request, {"reason"});
  if (!query) return respond(problem(query.error()));
  const auto reason =
      events::from_word<events::KeyEnding>(query->text("reason").value_or("requested"));
  if (!reason) {
    return respond(
        problem(events::bad_field("reason", "expected one of requested, rotated, leaked, unused")));
  }
  const std::string& id = request->param("id");
  const auto all = context.keys.list();
  const auto found = std::find_if(all.begin(), all.end(), [&](const KeyListing& key) {
    return core::to_string(key.id) == id && is_of(key, request->principal);
  });
  if (found == all.end()) {
    return respond(problem({Errc::not_found, "there is no such key", "id"}));
  }
  if (found->configured) {
    return respond(problem(
        {Errc::rejected,
         "key " + found->name + " stands in the configuration: take it out there, and restart",
         "id"}));
  }
  events::RevokeKey step;
  step.key_id = id;
  step.reason = *reason;
  context.execute_keys(
      command_context(*request), command_of(context, *request, std::move(step)),
      [&context, key = found->id, id, respond](const Result<core::Receipt>& receipt) {
        if (!receipt) return respond(problem(receipt.error()));
        KeyRing ring = context.keys;
        ring.revoke(key);  // from here on it opens nothing; only then the answer
        Json json;
        json.add("key_id", id);
        json.add("state", "revoked");
        json.add("duplicate", receipt->records.empty() || receipt->duplicate());
        respond(unstored(200, std::move(json)));
      });
}

constexpr std::string_view kScopesDoc =
    R"({"type":"array","items":{"enum":["write","read","audit","admin"]}})";
constexpr MemberDoc kKeyBody[] = {
    {"name", "text", "Of a program or a place, not of a person: it is kept for ever."},
    {"scopes", kScopesDoc, "What it may do; only what the key that makes it may do."},
    {"project?", "text", "Whose it is; that of the key that makes it, unless said."},
    {"expires_at?", "Time", "When it ends by itself; absent: never."},
    {"expires_in?", "text", "Likewise, from now on: 12h, 90d."},
};
constexpr MemberDoc kNewKey[] = {
    {"key_id", "text", "The actor of what is done with it."},
    {"name", "text", "As given."},
    {"project", "text", "Whose it is."},
    {"scopes", kScopesDoc, "What it may do."},
    {"expires_at?", "Time", "When it ends by itself."},
    {"secret", "text", "What is presented. It is told only here, and kept nowhere."},
    {"position", "count", "Of its event, in project _log."},
    {"at_least", "count", "One past that position."},
};
constexpr MemberDoc kListedKey[] = {
    {"key_id", "text", "The actor of what is done with it."},
    {"name", "text", "As given."},
    {"project", "text", "Whose it is."},
    {"scopes", kScopesDoc, "What it may do."},
    {"origin", "configuration|record", "Where it stands."},
    {"state", "live|expired|revoked", "Whether it opens anything."},
    {"created_at?", "Time", "Of those on record."},
    {"expires_at?", "Time", "When it ends by itself."},
};
constexpr MemberDoc kKeys[] = {{"keys", "list of Key", "Those of the configuration first."}};
constexpr MemberDoc kRevoked[] = {
    {"key_id", "text", "Which one."},
    {"state", "=revoked", "It opens nothing any more, and what it followed has ended."},
    {"duplicate", "flag", "It was so before."},
};
constexpr SchemaDoc kCreateSchemas[] = {
    {"KeyBody", "A key to be made.", kKeyBody, SchemaDoc::Others::refused},
    {"NewKey", "A key, with its secret.", kNewKey},
};
constexpr SchemaDoc kListSchemas[] = {
    {"Key", "A key, without its secret.", kListedKey},
    {"Keys", "The keys there are.", kKeys},
};
constexpr SchemaDoc kRevokeSchemas[] = {{"RevokedKey", "A key that was taken away.", kRevoked}};
constexpr RouteDoc::Answer kCreatedAnswers[] = {{201, "application/json", "NewKey"}};
constexpr RouteDoc::Answer kListAnswers[] = {{200, "application/json", "Keys"}};
constexpr RouteDoc::Answer kRevokeAnswers[] = {{200, "application/json", "RevokedKey"}};

}  // namespace

std::vector<AddedRoute> key_routes(const ReadsPtr& reads) {
  std::vector<AddedRoute> all;
  using Act = void (*)(const Context&, const RequestPtr&, const Responder&);
  const auto route = [&](Method method, std::string pattern, std::string doc, Act act) {
    Route made(method, std::move(pattern), Rule{Scope::admin, Access::none});
    made.takes = method == Method::post ? Takes::json : Takes::nothing;
    made.about_log = true;
    made.doc = std::move(doc);
    made.handler = [reads, act](const RequestPtr& request, const Responder& respond) {
      act(reads->context, request, respond);
    };
    return made;
  };
  all.push_back({route(Method::post, "/v1/keys", "Make a key; its secret is told once", create),
                 RouteDoc{Method::post, "/v1/keys", "", "", kCreatedAnswers}, "KeyBody",
                 kCreateSchemas});
  all.push_back({route(Method::get, "/v1/keys", "Keys and what they may do (project)", list),
                 RouteDoc{Method::get, "/v1/keys", "project", "", kListAnswers}, "", kListSchemas});
  all.push_back({route(Method::del, "/v1/keys/{id}",
                       "Take a key away, at once and for good (reason)", revoke),
                 RouteDoc{Method::del, "/v1/keys/{id}", "reason", "", kRevokeAnswers}, "",
                 kRevokeSchemas});
  return all;
}

}  // namespace hansard::http
