#include "access/access_recorder.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/event_log.h"
#include "events/session/ids.h"
#include "events/system/events.h"
#include "http/problem.h"

namespace hansard::http {

namespace {

/// Which part of an answer, or how long one waits for it, is no other question.
constexpr std::array<std::string_view, 4> kPaging{"cursor", "limit", "from", "at_least"};

events::AccessKind kind_of(Access access) {
  return events::from_word<events::AccessKind>(name(access)).value_or(events::AccessKind::other);
}

bool is_recorded(Access access, const Principal& who) {
  if (who.actor.is_nil() || access == Access::none) return false;
  return access != Access::content || who.scopes.has(Scope::audit);
}

/// The one session that the request is about, as the log calls it.
std::optional<std::string> stream_of(const Context& context, const Request& request,
                                     std::string_view pattern) {
  std::optional<std::string> id;
  if (pattern.find("sessions/{id}") != std::string_view::npos) id = request.param("id");
  std::size_t named = 0;
  for (const auto& [name, value] : request.query) {
    if (name == "session" && ++named == 1) id = value;
  }
  if (!id || named > 1) return std::nullopt;
  const auto stream = events::session_stream(request.principal.project, *id, context.keyed_hash);
  if (!stream) return std::nullopt;
  return stream->text();
}

/// What else was asked for; its words may name people, so only a hash is kept.
std::optional<std::string> query_hash_of(const Context& context, const Request& request) {
  std::string asked;
  for (const auto& [name, value] : request.query) {
    if (std::find(kPaging.begin(), kPaging.end(), name) != kPaging.end()) continue;
    if (name == "session") continue;
    asked.append(std::to_string(name.size())).append(":").append(name);
    asked.append(std::to_string(value.size())).append(":").append(value);
  }
  if (!request.body.empty()) asked.append("body:").append(request.body);
  if (asked.empty()) return std::nullopt;
  const core::Hash hash =
      context.keyed_hash("http.access", request.principal.project.text(), asked);
  return core::to_hex(core::as_bytes(hash));
}

}  // namespace

/// One answer, held back until it is on record.
struct AccessRecorder::Access {
  RequestPtr request;
  Responder respond;
  events::AccessRecorded event;
  Response response;
};

Handler AccessRecorder::around(const Route& route) {
  if (route.rule.access == http::Access::none) return route.handler;
  return [self = shared_from_this(), inner = route.handler, access = route.rule.access,
          pattern = route.pattern](const RequestPtr& request, const Responder& respond) {
    if (!is_recorded(access, request->principal)) return inner(request, respond);
    events::AccessRecorded event;
    event.route = std::string(name(request->method)) + " " + pattern;
    event.access = kind_of(access);
    event.stream = stream_of(self->context_, *request, pattern);
    event.query_hash = query_hash_of(self->context_, *request);
    inner(request, Responder([self, request, respond, event](Response response) {
            if (response.status >= 400) return respond(std::move(response));
            auto held =
                std::make_shared<Access>(Access{request, respond, event, std::move(response)});
            held->event.status = static_cast<std::uint32_t>(held->response.status);
            self->record(held);
          }));
  };
}

void AccessRecorder::record(const std::shared_ptr<Access>& access) {
  const Principal& who = access->request->principal;
  const core::Timestamp now = context_.clock.now();
  const What what{who.actor, access->event.route, access->event.stream.value_or(""),
                  access->event.query_hash.value_or("")};
  const bool pages = access->event.access == events::AccessKind::content;
  if (pages && is_covered(what, now)) return access->respond(std::move(access->response));

  events::EncodedEvent encoded = events::encode(access->event);
  core::NewEvent event;
  event.stream = core::StreamId();
  event.type = encoded.type;
  event.schema = encoded.schema;
  event.facts = std::move(encoded.facts);
  event.content = std::move(encoded.content);
  static_cast<core::Uuid&>(event.id) = core::uuid_v8(context_.draw_random());
  event.occurred_at = access->request->received_at;
  event.salt = context_.draw_random();
  core::seal(event, context_.hasher);
  core::AppendRequest append;
  append.project = who.project;
  append.recorded_at = now;
  append.actor = who.actor;
  append.records.push_back(std::move(event));
  context_.log.append(std::move(append), [self = shared_from_this(), access, what, pages,
                                          now](const core::Result<core::Receipt>& receipt) {
    if (receipt) {
      if (pages) self->remember(what, now);
      return access->respond(std::move(access->response));
    }
    access->respond(problem(core::Error{
        core::Errc::unavailable, "the access cannot be put on record, so nothing is given out: " +
                                     receipt.error().message}));
  });
}

bool AccessRecorder::is_covered(const What& what, core::Timestamp now) {
  const std::lock_guard lock(mutex_);
  const auto found = recent_.find(what);
  return found != recent_.end() && now >= found->second && now < found->second + kSameAccess;
}

void AccessRecorder::remember(const What& what, core::Timestamp now) {
  const std::lock_guard lock(mutex_);
  if (recent_.size() >= kAccessesKept) {
    std::erase_if(recent_, [&](const auto& each) { return now >= each.second + kSameAccess; });
  }
  if (recent_.size() >= kAccessesKept) recent_.clear();
  recent_[what] = now;
}

}  // namespace hansard::http
