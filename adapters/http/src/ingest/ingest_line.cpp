#include "ingest/ingest_line.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "events/session/ids.h"
#include "http/target.h"

namespace hansard::http {

namespace {

using core::Result;
using events::Json;

struct Line {
  std::string post;
  Json body = Json(Json::Object{});
  std::optional<std::string> idempotency_key;
};

Result<Line> split(Json json) {
  Json::Object* members = json.if_object();
  if (members == nullptr) {
    return events::bad_field(
        "", "expected a JSON object, found " + std::string(events::describe(json.kind())));
  }
  Line line;
  bool named = false;
  bool has_body = false;
  for (Json::Member& member : *members) {
    if (member.key == "post" && !std::exchange(named, true)) {
      auto text = member.value.as_string("post");
      if (!text) return std::move(text.error());
      line.post = *std::move(text);
    } else if (member.key == "body" && !std::exchange(has_body, true)) {
      line.body = std::move(member.value);
    } else if (member.key == "idempotency_key" && !line.idempotency_key) {
      auto text = member.value.as_string("idempotency_key");
      if (!text) return std::move(text.error());
      if (text->empty() || text->size() > kMaxIdempotencyKeyBytes) {
        return events::bad_field(
            "idempotency_key", "expected 1.." + std::to_string(kMaxIdempotencyKeyBytes) + " bytes");
      }
      line.idempotency_key = *std::move(text);
    } else {
      const bool known =
          member.key == "post" || member.key == "body" || member.key == "idempotency_key";
      return events::bad_field(member.key, known ? "the field is repeated" : "unknown field");
    }
  }
  if (!named) return events::bad_field("post", "is missing");
  return line;
}

/// What a path names: a kind of record and, below a session, its id; neither for `/v1/append`.
struct Place {
  const RecordKind* kind = nullptr;
  std::string session;
};

Result<Place> place_of(const std::string& path) {
  auto target = parse_target(path);
  if (target && target->query.empty()) {
    const std::vector<std::string>& at = target->segments;
    const bool ours = at.size() >= 2 && at[0] == "v1";
    if (ours && at.size() == 2 && at[1] == "append") return Place{};
    if (ours && at.size() == 2 && at[1] == "sessions") return Place{record_kind(""), {}};
    if (ours && at.size() == 4 && at[1] == "sessions" && !at[2].empty() && !at[3].empty()) {
      if (const RecordKind* kind = record_kind(at[3])) return Place{kind, at[2]};
    }
  }
  return events::bad_field(
      "post", "expected /v1/sessions, /v1/sessions/{id}/messages or the like, or /v1/append");
}

std::vector<std::string> streams_of(const core::AppendRequest& append) {
  std::vector<std::string> streams;
  for (const core::NewEvent& record : append.records) streams.push_back(record.stream.text());
  std::sort(streams.begin(), streams.end());
  streams.erase(std::unique(streams.begin(), streams.end()), streams.end());
  return streams;
}

Result<std::vector<std::string>> streams_of(const Context& context,
                                            const PreparedCommand& command) {
  std::vector<std::string> streams = {command.with.stream.text()};
  const auto* step = std::get_if<events::SessionStep>(&command.command.body);
  const auto* recording = std::get_if<events::Record>(&command.command.body);
  if (recording != nullptr && !recording->steps.empty()) step = &recording->steps.front().step;
  const auto* fork = step == nullptr ? nullptr : std::get_if<events::ForkSession>(step);
  if (fork == nullptr) return streams;
  // A fork writes into the new session, too; what is posted there next must find it.
  const auto child = events::session_stream(command.with.project, fork->child, context.keyed_hash);
  if (!child) return child.error();
  if (child->text() != streams.front()) streams.push_back(child->text());
  return streams;
}

}  // namespace

Result<IngestWork> read_ingest_line(const Context& context, const Author& author,
                                    std::string_view text) {
  // The frame around the body is a level of its own.
  auto json =
      events::parse_json(text, {static_cast<std::size_t>(context.limits[Limit::json_depth]) + 1});
  if (!json) {
    if (json.error().code == core::Errc::too_large) context.metrics.limit_hit(Limit::json_depth);
    return std::move(json.error());
  }
  auto line = split(*std::move(json));
  if (!line) return std::move(line.error());
  auto place = place_of(line->post);
  if (!place) return std::move(place.error());
  Author who = author;
  if (line->idempotency_key) who.options.idempotency_key = std::move(line->idempotency_key);

  if (place->kind == nullptr) {
    auto append = prepare_append(context, who, line->body);
    if (!append) return std::move(append.error());
    std::vector<std::string> streams = streams_of(*append);
    return IngestWork{std::move(streams), *std::move(append)};
  }
  auto command = prepare_command(context, *place->kind, who, place->session, std::move(line->body));
  if (!command) return std::move(command.error());
  auto streams = streams_of(context, *command);
  if (!streams) return std::move(streams.error());
  return IngestWork{*std::move(streams), *std::move(command)};
}

}  // namespace hansard::http
