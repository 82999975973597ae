// GET /v1/audit/...: what the log's tree proves: heads, tiles, proofs, the end of a stream,
// bundles.
#include <utility>

#include "audit/proof_body.h"
#include "audit/tile_path.h"
#include "events/audit/bundle.h"
#include "events/session/ids.h"
#include "families.h"
#include "http/problem.h"

namespace hansard::http {

namespace {

namespace audit = events::audit;
using core::Errc;
using core::Error;
using core::Hash;
using core::Result;
using core::TreeHead;
using events::Json;

std::string hex(const Hash& hash) { return core::to_hex(core::as_bytes(hash)); }

Json hex_list(const std::vector<Hash>& path) {
  Json list(Json::Array{});
  for (const Hash& hash : path) list.push(hex(hash));
  return list;
}

/// Members that every answer about a tree has.
Json tree_json(const TreeHead& tree) {
  Json json;
  json.add("size", tree.size);
  json.add("root", hex(tree.root));
  return json;
}

/// Adds who signed what.
core::Status add_note(const Context& context, std::string text, Json& json) {
  const auto key = context.notary->key();
  if (!key) return key.error();
  const auto note = context.notary->sign(std::move(text));
  if (!note) return note.error();
  json.add("origin", context.notary->origin());
  json.add("vkey", audit::to_text(context.hasher, *key));
  json.add("note", audit::to_text(*note));
  return core::Ok{};
}

Result<Response> answer_about(const Context& context, Json json, const TreeHead& tree) {
  return answer_with(context, std::move(json), core::Position{tree.size});
}

Result<Response> head(const Context& context, const Request& request) {
  const auto query = Query::of(request, {"at_least"});
  if (!query) return query.error();
  const TreeHead tree = context.tree->head();
  Json json = tree_json(tree);
  if (auto added = add_note(
          context, audit::to_text(audit::Checkpoint{context.notary->origin(), tree, {}}), json);
      !added) {
    return added.error();
  }
  const auto earlier = context.notary->earlier_keys();
  if (!earlier) return earlier.error();
  Json list(Json::Array{});
  for (const audit::EarlierKey& each : *earlier) list.push(audit::to_json(context.hasher, each));
  json.add("earlier", std::move(list));
  return answer_about(context, std::move(json), tree);
}

Result<Response> checkpoint(const Context& context, const Request& request) {
  const auto query = Query::of(request, {});
  if (!query) return query.error();
  const auto note = context.checkpoint();
  if (!note) return note.error();
  if (!*note)
    return Error{Errc::not_found, "no checkpoint has been signed yet; see /v1/audit/head"};
  Response response;
  response.headers.add("Content-Type", "text/plain; charset=utf-8");
  response.headers.add("Cache-Control", "no-cache");
  response.body = **note;
  return response;
}

Result<Response> tile(const Context& context, const Request& request) {
  const auto query = Query::of(request, {});
  if (!query) return query.error();
  constexpr std::size_t kBefore = 3;  // v1, audit, tile
  const auto path = parse_tile_path(std::span(request.segments).subspan(kBefore));
  if (!path) {
    return Error{Errc::not_found,
                 "no tile is called that: <level>/<index>, the index in groups of "
                 "three digits (0/x001/234), .p/<width> behind a partial one"};
  }
  const std::uint64_t has = core::tile_entries(context.tree->head().size, path->level, path->index);
  if (path->width > has) {
    return Error{Errc::not_found, "that tile has " + std::to_string(has) + " hashes yet, not " +
                                      std::to_string(path->width)};
  }
  const auto hashes = context.tree->entries(path->level, path->index, path->width);
  if (!hashes) return hashes.error();
  Response response;
  response.headers.add("Content-Type", "application/octet-stream");
  // What a tile holds never changes; a partial one is soon of no use.
  response.headers.add("Cache-Control", path->width == core::kTileWidth
                                            ? "max-age=31536000, immutable"
                                            : "no-cache");
  for (const Hash& hash : *hashes) response.body += core::as_bytes(hash);
  return response;
}

/// `size`, or the visible end. Errors: invalid_argument naming it.
Result<std::uint64_t> size_of(const Context& context, const Query& query, std::string_view name) {
  const auto given = query.number(name);
  if (!given) return given.error();
  const std::uint64_t visible = context.tree->head().size;
  if (*given && **given > visible) {
    return events::bad_field(
        name, "the log has " + std::to_string(visible) + " events, not " + std::to_string(**given));
  }
  return given->value_or(visible);
}

/// The event that `event` (an id, or a position) or `position` names.
Result<core::Position> position_of(const Context& context, const core::ProjectId& project,
                                   const Query& query) {
  const auto position = query.number("position");
  if (!position) return position.error();
  const auto event = query.text("event");
  if (position->has_value() == event.has_value()) {
    return events::bad_field("position", "expected either this or event");
  }
  if (*position) return core::Position{**position};
  if (const auto number = parse_digits(*event)) return core::Position{*number};
  const auto id = core::parse_uuid(*event);
  if (!id) return events::bad_field("event", "expected an event's id, or its position");
  const auto found = context.log.find(project, core::EventId{*id});
  if (!found) return found.error();
  if (!*found) return Error{Errc::not_found, "no event has the id " + *event, "event"};
  return **found;
}

Result<Response> inclusion(const Context& context, const Request& request) {
  const auto query = Query::of(request, {"position", "event", "size", "at_least"});
  if (!query) return query.error();
  const auto position = position_of(context, request.principal.project, *query);
  if (!position) return position.error();
  const auto size = size_of(context, *query, "size");
  if (!size) return size.error();
  const auto path = core::inclusion_proof(context.hasher, *context.tree, position->value, *size);
  if (!path) return path.error();
  const auto tree = core::head_at(context.hasher, *context.tree, *size);
  if (!tree) return tree.error();
  const auto leaves = context.tree->entries(0, position->value / core::kTileWidth,
                                            position->value % core::kTileWidth + 1);
  if (!leaves) return leaves.error();
  Json json;
  json.add("position", position->value);
  json.add("leaf", hex(leaves->back()));
  json.add("size", tree->size);
  json.add("root", hex(tree->root));
  json.add("path", hex_list(*path));
  return answer_about(context, std::move(json), context.tree->head());
}

Result<Response> consistency(const Context& context, const Request& request) {
  const auto query = Query::of(request, {"from", "to", "at_least"});
  if (!query) return query.error();
  const auto from = query->number("from");
  if (!from) return from.error();
  if (!*from) return events::bad_field("from", "expected the older size");
  const auto to = size_of(context, *query, "to");
  if (!to) return to.error();
  const auto path = core::consistency_proof(context.hasher, *context.tree, **from, *to);
  if (!path) return path.error();
  const auto older = core::head_at(context.hasher, *context.tree, **from);
  if (!older) return older.error();
  const auto newer = core::head_at(context.hasher, *context.tree, *to);
  if (!newer) return newer.error();
  Json json;
  json.add("from", older->size);
  json.add("from_root", hex(older->root));
  json.add("to", newer->size);
  json.add("to_root", hex(newer->root));
  json.add("path", hex_list(*path));
  return answer_about(context, std::move(json), context.tree->head());
}

/// The stream that `session` or `stream` names.
Result<core::StreamId> stream_of(const Context& context, const core::ProjectId& project,
                                 const Query& query) {
  const auto session = query.text("session");
  const auto stream = query.text("stream");
  if (session.has_value() == stream.has_value()) {
    return events::bad_field("session", "expected either this or stream");
  }
  if (session) {
    auto of_session = events::session_stream(project, *session, context.keyed_hash);
    if (!of_session) return events::bad_field("session", of_session.error().message);
    return of_session;
  }
  auto named = core::StreamId::parse(*stream);
  if (!named) return events::bad_field("stream", named.error().message);
  return named;
}

/// The last version that `stream` has in `tree`: others may be appending to it.
Result<core::Version> last_version(const Context& context, const core::ProjectId& project,
                                   const core::StreamId& stream, const TreeHead& tree) {
  const auto now = context.log.head(project, stream);
  if (!now) return now.error();
  std::optional<core::Version> last = *now;
  while (last) {
    bool within = false;
    const auto read =
        context.log.read_stream(project, stream, *last, [&](const core::RecordedEvent& event) {
          within = event.position.value < tree.size;
          return false;
        });
    if (!read) return read.error();
    if (within) return *last;
    last = last->value == 0 ? std::nullopt
                            : std::optional<core::Version>(core::Version{last->value - 1});
  }
  return Error{Errc::not_found,
               "there is no stream " + stream.text() + " in project " + project.text()};
}

std::string stream_head_text(const Context& context, const core::ProjectId& project,
                             const core::StreamId& stream, const TreeHead& tree,
                             core::Version last) {
  return audit::to_text(
      audit::StreamHead{context.notary->origin(), tree, project.text(), stream.text(), last});
}

Result<Response> stream_head(const Context& context, const Request& request) {
  const auto query = Query::of(request, {"session", "stream", "at_least"});
  if (!query) return query.error();
  const core::ProjectId& project = request.principal.project;
  const auto stream = stream_of(context, project, *query);
  if (!stream) return stream.error();
  const TreeHead tree = context.tree->head();
  const auto last = last_version(context, project, *stream, tree);
  if (!last) return last.error();
  Json json;
  json.add("project", project.text());
  json.add("stream", stream->text());
  json.add("version", last->value);
  json.add("size", tree.size);
  json.add("root", hex(tree.root));
  if (auto added =
          add_note(context, stream_head_text(context, project, *stream, tree, *last), json);
      !added) {
    return added.error();
  }
  return answer_about(context, std::move(json), tree);
}

/// That a key may see the event at `position`.
core::Status check_project(const Context& context, const Request& request,
                           core::Position position) {
  bool ours = false;
  const auto read = context.log.read(position, [&](const core::RecordedEvent& event) {
    ours = event.project == request.principal.project.text() ||
           request.principal.scopes.has(Scope::admin);
    return false;
  });
  if (!read) return read.error();
  if (ours) return core::Ok{};
  return Error{Errc::not_found, "there is no event at position " + std::to_string(position.value) +
                                    " in project " + request.principal.project.text()};
}

/// The keys of its origin that led to `key`, which may have handed over meanwhile.
Result<std::vector<audit::EarlierKey>> keys_before(const audit::Notary& notary,
                                                   const audit::VerifierKey& key) {
  auto all = notary.earlier_keys();
  if (!all) return all;
  std::vector<audit::EarlierKey> before;
  for (audit::EarlierKey& each : *all) {
    if (each.key == key) break;
    if (each.key.name == key.name) before.push_back(std::move(each));
  }
  return before;
}

Result<Response> proof(const Context& context, const Request& request) {
  const auto query =
      Query::of(request, {"session", "stream", "event", "position", "from", "at_least"});
  if (!query) return query.error();
  ProofPlan plan;
  plan.project = request.principal.project;
  const bool one = query->text("event") || query->text("position");
  if (one && (query->text("session") || query->text("stream"))) {
    return events::bad_field("event", "expected either this or session");
  }
  if (one) {
    const auto position = position_of(context, plan.project, *query);
    if (!position) return position.error();
    plan.position = *position;
    if (auto checked = check_project(context, request, *position); !checked) {
      return checked.error();
    }
  } else {
    auto stream = stream_of(context, plan.project, *query);
    if (!stream) return stream.error();
    plan.stream = *std::move(stream);
  }
  plan.tree = context.tree->head();
  const auto key = context.notary->key();
  if (!key) return key.error();
  auto checkpoint = context.notary->sign(
      audit::to_text(audit::Checkpoint{context.notary->origin(), plan.tree, {}}));
  if (!checkpoint) return checkpoint.error();
  audit::BundleHead bundle{*key, *std::move(checkpoint), {}, {}, {}};
  auto earlier = keys_before(*context.notary, *key);
  if (!earlier) return std::move(earlier.error());
  bundle.earlier = *std::move(earlier);
  if (plan.stream) {
    const auto last = last_version(context, plan.project, *plan.stream, plan.tree);
    if (!last) return last.error();
    auto note = context.notary->sign(
        stream_head_text(context, plan.project, *plan.stream, plan.tree, *last));
    if (!note) return note.error();
    bundle.stream_head = *std::move(note);
  }
  const auto from = query->number("from");
  if (!from) return from.error();
  if (*from) {
    auto path = core::consistency_proof(context.hasher, *context.tree, **from, plan.tree.size);
    if (!path) return std::move(path.error());
    bundle.older = audit::BundleHead::Older{**from, *std::move(path)};
  }
  plan.head = audit::bundle_head_line(context.hasher, bundle);
  Response response;
  response.headers.add("Content-Type", "application/x-ndjson");
  response.headers.add("Hansard-Position", std::to_string(plan.tree.size));
  response.stream = std::make_unique<ProofBody>(
      ProofBody::Ports{context.log, *context.tree, context.hasher, context.blocking},
      std::move(plan));
  return response;
}

constexpr MemberDoc kHead[] = {
    {"size", "count", "Events of the log, all of them visible and durable."},
    {"root", "text", "Of the RFC 6962 tree over them, 64 hex digits."},
    {"origin", "text", "hansard/<log id>/<epoch>: which log, and which life of it."},
    {"vkey", "text", "Who signs: name, key hint and Ed25519 key, as C2SP signed notes write it."},
    {"note", "text", "Size and root as a signed checkpoint."},
    {"earlier", "list of AuditEarlierKey", "Keys that signed before, oldest first."},
    {"checkpoint", "Position", "What the answer reflects, for `at_least`."},
};
constexpr MemberDoc kEarlierKey[] = {
    {"vkey", "text", "Who signed until then."},
    {"change", "text", "A note it signed: which key took over."},
};
constexpr MemberDoc kInclusion[] = {
    {"position", "Position", "Of the event."},
    {"leaf", "text", "Its leaf hash, 64 hex digits."},
    {"size", "count", "Of the tree that the proof is for."},
    {"root", "text", "Of that tree."},
    {"path", "list of text", "The audit path of RFC 6962, from the leaf up."},
    {"checkpoint", "Position", "What the answer reflects, for `at_least`."},
};
constexpr MemberDoc kConsistency[] = {
    {"from", "count", "The older size."},
    {"from_root", "text", "Its root."},
    {"to", "count", "The newer size."},
    {"to_root", "text", "Its root."},
    {"path", "list of text", "The consistency proof of RFC 6962."},
    {"checkpoint", "Position", "What the answer reflects, for `at_least`."},
};
constexpr MemberDoc kStreamHead[] = {
    {"project", "text", "Of the stream."},
    {"stream", "text", "Its name."},
    {"version", "count", "Of its last event in the tree."},
    {"size", "count", "Of the tree."},
    {"root", "text", "Of the tree."},
    {"origin", "text", "As of the head."},
    {"vkey", "text", "As of the head."},
    {"note", "text", "All of it as a signed note."},
    {"checkpoint", "Position", "What the answer reflects, for `at_least`."},
};
constexpr MemberDoc kBundleOlder[] = {
    {"size", "count", "An older size."},
    {"path", "list of text", "How it grew into the checkpoint, base64."},
};
constexpr MemberDoc kBundleLine[] = {
    {"format?", "text", "hansard-proof/1, on the first line, as are the next six."},
    {"origin?", "text", "Which log."},
    {"vkey?", "text", "Who signed."},
    {"checkpoint?", "text", "A signed note."},
    {"stream_head?", "text", "A signed note, where the bundle is of a whole stream."},
    {"earlier?", "list of AuditEarlierKey", "Keys that signed before, oldest first; if any did."},
    {"older?", "AuditBundleOlder", "Where it was asked for (from)."},
    {"position?", "Position", "Of an event, as are the next seven."},
    {"header?", "text", "Its stored header, base64."},
    {"facts?", "text", "Its facts, verbatim."},
    {"content?", "text", "Its content, verbatim, unless it was erased."},
    {"salt?", "text", "32 bytes, base64."},
    {"commitment?", "text", "What an erasure leaves of salt and content, base64."},
    {"leaf?", "text", "Its leaf hash, base64."},
    {"path?", "list of text", "Its audit path, base64."},
    {"end?", "count", "Events, on the last line."},
};
constexpr SchemaDoc kSchemas[] = {
    {"AuditHead", "The log as it stands, signed.", kHead},
    {"AuditEarlierKey", "A key before the one of now.", kEarlierKey},
    {"AuditInclusion", "Proof that an event is in the log.", kInclusion},
    {"AuditConsistency", "Proof that the log only grew.", kConsistency},
    {"AuditStreamHead", "How far a stream goes, signed.", kStreamHead},
    {"AuditBundleOlder", "How the log grew into what it is.", kBundleOlder},
    {"AuditBundleLine", "A line of a bundle of proofs (adapters/cli/PROOFS.md).", kBundleLine},
};
constexpr std::string_view kJson = "application/json";
constexpr RouteDoc::Answer kHeadAnswer[] = {{200, kJson, "AuditHead"}};
constexpr RouteDoc::Answer kNote[] = {{200, "text/plain; charset=utf-8", ""}};
constexpr RouteDoc::Answer kTile[] = {{200, "application/octet-stream", ""}};
constexpr RouteDoc::Answer kInclusionAnswer[] = {{200, kJson, "AuditInclusion"}};
constexpr RouteDoc::Answer kConsistencyAnswer[] = {{200, kJson, "AuditConsistency"}};
constexpr RouteDoc::Answer kStreamHeadAnswer[] = {{200, kJson, "AuditStreamHead"}};
constexpr RouteDoc::Answer kBundle[] = {{200, "application/x-ndjson", "AuditBundleLine"}};

}  // namespace

std::vector<AddedRoute> audit_routes(const ReadsPtr& reads) {
  std::vector<AddedRoute> all;
  using Answer = Result<Response> (*)(const Context& context, const Request& request);
  const auto add = [&](const char* pattern, Access access, const char* doc, const char* parameters,
                       std::span<const RouteDoc::Answer> answers, Answer answer) {
    Route route =
        get_route(pattern, Rule{Scope::audit, access}, doc,
                  [reads, answer](const RequestPtr& request, const Responder& respond) {
                    reads->from_log(request, respond,
                                    [&context = reads->context, request, answer](core::Position) {
                                      return answer(context, *request);
                                    });
                  });
    // Schemas are told once.
    const auto schemas =
        all.empty() ? std::span<const SchemaDoc>(kSchemas) : std::span<const SchemaDoc>();
    all.push_back({std::move(route), {Method::get, pattern, parameters, "", answers}, "", schemas});
  };
  add("/v1/audit/head", Access::none, "Size and root of the log, signed", "at_least", kHeadAnswer,
      head);
  add("/v1/audit/checkpoint", Access::none, "The latest checkpoint that was kept: a signed note",
      "", kNote, checkpoint);
  add("/v1/audit/tile/{path...}", Access::none,
      "Hashes of the tree as C2SP tlog-tiles has them: <level>/<index>, .p/<width> if partial", "",
      kTile, tile);
  add("/v1/audit/inclusion", Access::none, "Proof that an event is in the log of a size",
      "position event size at_least", kInclusionAnswer, inclusion);
  add("/v1/audit/consistency", Access::none, "Proof that the log of one size grew into another",
      "from to at_least", kConsistencyAnswer, consistency);
  add("/v1/audit/stream-head", Access::none, "The last version of a session, or stream, signed",
      "session stream at_least", kStreamHeadAnswer, stream_head);
  add("/v1/audit/proof", Access::proof,
      "All events of a session or stream, or one event, with all that it takes to check them "
      "without us",
      "session stream event position from at_least", kBundle, proof);
  return all;
}

}  // namespace hansard::http
