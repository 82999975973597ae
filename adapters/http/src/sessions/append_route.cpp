// POST /v1/append: raw records and the checks they depend on.
#include "events/filter/filter.h"
#include "events/session/codec.h"
#include "events/session/ids.h"
#include "events/validate.h"
#include "families.h"
#include "http/problem.h"
#include "sessions/append_body.h"
#include "shared/record_command.h"

namespace hansard::http {

namespace {

using core::Status;

/// Gives a record what the client left to us. Without an id of its own a record is the same one
/// again only under the same `Idempotency-Key` and at the same place.
void complete(core::NewEvent& event, std::size_t index, const Context& context,
              const core::ProjectId& project, const std::string& idempotency_key,
              const core::Hash& salt_seed) {
  const std::string place = std::to_string(index);
  if (event.id.is_nil()) {
    event.id = events::derive_event_id(project, event.stream, event.type,
                                       {"append", idempotency_key, place}, context.keyed_hash);
  }
  event.salt = context.hasher.hmac_sha256(core::as_bytes(salt_seed), {place});
  core::seal(event, context.hasher);
}

Status allowed(const std::vector<core::NewEvent>& records, const Principal& principal,
               const events::SessionCodec& codec) {
  for (std::size_t i = 0; i < records.size(); ++i) {
    const std::string path = events::join_path("records", i);
    if (events::needs_admin(principal.project, records[i]) && !principal.scopes.has(Scope::admin)) {
      return core::Error{core::Errc::forbidden, path + ": facts about the system need scope admin",
                         path};
    }
    if (auto status = events::validate_append(records[i], codec, path); !status) return status;
  }
  return core::Ok{};
}

}  // namespace

core::Result<core::AppendRequest> prepare_append(const Context& context, const Author& author,
                                                 const events::Json& json) {
  if (author.options.expected_version) {
    return core::Error{core::Errc::invalid_argument, "an append says what it expects in \"checks\"",
                       "Hansard-Expected-Version"};
  }
  auto body = read_append_body(json, context);
  if (!body) return std::move(body.error());
  static const events::SessionCodec kCodec;
  const Principal& who = author.principal;
  if (auto status = allowed(body->records, who, kCodec); !status) return std::move(status.error());

  for (std::size_t i = 0; context.filter != nullptr && i < body->records.size(); ++i) {
    auto status =
        context.filter->apply(who.project, body->records[i], events::join_path("records", i));
    if (!status) return std::move(status.error());
  }
  const core::Hash seed = context.draw_random();
  const std::string key =
      author.options.idempotency_key.value_or(core::to_hex(core::as_bytes(context.draw_random())));
  for (std::size_t i = 0; i < body->records.size(); ++i) {
    complete(body->records[i], i, context, who.project, key, seed);
  }
  core::AppendRequest append;
  append.project = who.project;
  append.records = std::move(body->records);
  append.checks = std::move(body->checks);
  append.recorded_at = author.received_at;
  append.actor = who.actor;
  append.durability = author.options.durability;
  append.known = body->known;
  return append;
}

Route append_route(const Context& context) {
  Route route(Method::post, "/v1/append", Rule{Scope::write, Access::none});
  route.runs = Runs::loop;  // parsing and hashing only; the log never blocks on disk here
  route.takes = Takes::json;
  route.doc = "Append raw records, together with checks on any streams";
  route.handler = [&context](const RequestPtr& request, const Responder& respond) {
    auto options = write_options(*request);
    if (!options) return respond(problem(std::move(options.error())));
    const auto json = read_json_body(context, *request);
    if (!json) return respond(problem(json.error()));
    const Author author{request->principal, request->received_at, *std::move(options)};
    auto append = prepare_append(context, author, *json);
    if (!append) return respond(problem(std::move(append.error())));
    context.log.append(*std::move(append), answer_receipt(respond));
  };
  return route;
}

}  // namespace hansard::http
