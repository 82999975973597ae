// GET /v1/sessions/{id}/replay: a conversation as it happened.
#include "events/json.h"
#include "families.h"
#include "http/problem.h"
#include "sessions/replay_body.h"
#include "shared/event_query.h"

namespace hansard::http {

namespace {

using core::Result;

/// `7`, `v7`, `version:7`.
Result<std::optional<core::Version>> version_of(const Query& query, std::string_view name) {
  const auto given = query.text(name);
  if (!given) return std::optional<core::Version>();
  std::string_view text = *given;
  constexpr std::string_view kLong = "version:";
  if (text.substr(0, kLong.size()) == kLong) {
    text.remove_prefix(kLong.size());
  } else if (!text.empty() && text.front() == 'v') {
    text.remove_prefix(1);
  }
  const auto value = parse_digits(text);
  if (!value) return events::bad_field(name, "expected a version");
  return std::optional<core::Version>(core::Version{*value});
}

/// Server-sent events, unless lines are asked for by name.
LiveForm form_of(const Request& request) {
  const std::string_view accept = request.headers.find("Accept").value_or("");
  const bool lines = accept.find("ndjson") != std::string_view::npos && !accepts_sse(accept);
  return lines ? LiveForm::ndjson : LiveForm::sse;
}

Result<Response> replay(const Context& context, const std::shared_ptr<Waits>& waits,
                        const Request& request, core::Position end) {
  const auto query = Query::of(request, {"speed", "max_gap", "from", "to", "limit", "at_least"});
  if (!query) return query.error();
  const auto stream = session_of(context, request);
  if (!stream) return stream.error();
  Replay wanted;
  wanted.project = request.principal.project;
  wanted.stream = *stream;
  if (const auto text = query->text("speed")) {
    const auto speed = parse_speed(*text);
    if (!speed) return speed.error();
    wanted.pace.speed = *speed;
  }
  if (const auto text = query->text("max_gap")) {
    const auto gap = parse_gap(*text);
    if (!gap) return gap.error();
    wanted.pace.max_gap = *gap;
  }
  const auto from = version_of(*query, "from");
  if (!from) return from.error();
  const auto to = version_of(*query, "to");
  if (!to) return to.error();
  if (*to && *from && **to < **from) return events::bad_field("to", "lies before from");
  const auto limit = query->number("limit");
  if (!limit) return limit.error();
  if (*limit && **limit == 0) return events::bad_field("limit", "must be at least 1");
  const auto resume = after_last_event_id(request);
  if (!resume) return resume.error();
  const auto head = context.log.head(wanted.project, wanted.stream);
  if (!head) return head.error();
  if (!*head) return core::Error{core::Errc::not_found, "no such session", "id"};

  // As it was when the replay began: what is recorded meanwhile is for those who follow.
  wanted.from = *resume ? core::Version{**resume} : from->value_or(core::Version{});
  wanted.to = std::min(to->value_or(**head), **head);
  if (*limit && wanted.to.value - std::min(wanted.to, wanted.from).value >= **limit) {
    wanted.to = core::Version{wanted.from.value + **limit - 1};
  }
  Response response;
  response.headers.add("Hansard-Position", std::to_string(end.value));
  if (wanted.from > wanted.to) {
    response.status = 204;  // a browser that comes back after the end stops coming
    return response;
  }
  const LiveForm form = form_of(request);
  response.headers.add("Content-Type",
                       form == LiveForm::sse ? "text/event-stream" : "application/x-ndjson");
  response.stream =
      std::make_unique<ReplayBody>(context.log, context.blocking, waits, std::move(wanted), form);
  return response;
}

}  // namespace

Route replay_route(const ReadsPtr& reads) {
  const auto waits = std::make_shared<Waits>(reads->context.blocking);
  return get_route("/v1/sessions/{id}/replay", Rule{Scope::read, Access::content},
                   "A conversation as it happened, as server-sent events (speed, max_gap, from, "
                   "to, limit)",
                   [reads, waits](const RequestPtr& request, const Responder& respond) {
                     reads->from_log(
                         request, respond,
                         [&context = reads->context, waits, request](core::Position end) {
                           return replay(context, waits, *request, end);
                         });
                   });
}

}  // namespace hansard::http
