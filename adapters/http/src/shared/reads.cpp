#include "shared/reads.h"

#include <algorithm>

#include "events/session/ids.h"
#include "http/problem.h"

namespace hansard::http {

using core::Errc;
using std::chrono::steady_clock;

namespace {

core::Result<core::Position> at_least_of(const Request& request) {
  const auto given = request.parameter("at_least");
  if (!given) return core::Position{};
  const auto value = parse_digits(*given);
  if (!value) return events::bad_field("at_least", "expected a position");
  return core::Position{*value};
}

void answer(const Responder& respond, core::Result<Response> response) {
  respond(response ? *std::move(response) : problem(std::move(response.error())));
}

/// What a wait that ended without its position tells the client.
core::Error missed(const Context& context, const core::Error& error) {
  if (error.code == Errc::timed_out) context.metrics.limit_hit(Limit::wait_ms);
  return error;
}

}  // namespace

steady_clock::time_point Reads::patience(const Request& request) const {
  return std::min(request.deadline, steady_clock::now() + context.limits.duration(Limit::wait_ms));
}

void Reads::from_view(const std::string& name, const RequestPtr& request, const Responder& respond,
                      FromView from) {
  const auto at_least = at_least_of(*request);
  if (!at_least) return respond(problem(at_least.error()));
  from_view(name, *at_least, request, respond, std::move(from));
}

void Reads::from_view(const std::string& name, core::Position at_least, const RequestPtr& request,
                      const Responder& respond, FromView from) {
  with_view(name, at_least, request, respond,
            [respond, from = std::move(from)](const core::ReadModel& view) {
              answer(respond, from(view));
            });
}

void Reads::with_view(const std::string& name, core::Position at_least, const RequestPtr& request,
                      const Responder& respond, WithView then) {
  const auto view = context.views.read(name, at_least, steady_clock::now());
  if (view) return then(**view);
  // `unavailable` may mean that the first build is not there yet, a moment after the start; when it
  // means that the view has stopped, the wait ends at once and says so.
  const bool may_come =
      view.error().code == Errc::timed_out || view.error().code == Errc::unavailable;
  if (!may_come) return respond(problem(view.error()));
  waits_.until(
      patience(*request),
      [&](Waits::Then ready) { return context.views.when(name, at_least, std::move(ready)); },
      [&context = context, name, respond, least = at_least,
       then = std::move(then)](const core::Status& status) {
        if (!status) return respond(problem(missed(context, status.error())));
        const auto reached = context.views.read(name, least, steady_clock::now());
        if (!reached) return respond(problem(reached.error()));
        then(**reached);
      });
}

void Reads::from_log(const RequestPtr& request, const Responder& respond, FromLog from) {
  const auto at_least = at_least_of(*request);
  if (!at_least) return respond(problem(at_least.error()));
  const core::Position end = context.log.end();
  if (end >= *at_least) return answer(respond, from(end));
  waits_.until(
      patience(*request),
      [&](const Waits::Then& ready) {
        auto subscription =
            context.log.subscribe([ready, least = *at_least](core::Position advanced) {
              if (advanced >= least) ready(core::Ok{});
            });
        // It may have advanced between the look above and the subscription.
        if (context.log.end() >= *at_least) ready(core::Ok{});
        return subscription;
      },
      [&context = context, respond, from = std::move(from)](const core::Status& status) {
        if (!status) return respond(problem(missed(context, status.error())));
        answer(respond, from(context.log.end()));
      });
}

core::Result<Response> answer_with(const Context& context, events::Json json,
                                   core::Position position) {
  if (json.is_object() && json.find("checkpoint") == nullptr) {
    json.add("checkpoint", position.value);
  }
  std::string body = events::dump(json);
  if (body.size() > context.limits[Limit::answer_bytes]) {
    return over_limit(context, Limit::answer_bytes);
  }
  Response response = json_response(200, std::move(body));
  response.headers.add("Hansard-Position", std::to_string(position.value));
  return response;
}

core::Result<core::StreamId> session_of(const Context& context, const Request& request) {
  return events::session_stream(request.principal.project, request.param("id"), context.keyed_hash);
}

core::Status refuse_as_of(const Request& request, std::string_view view) {
  if (!request.parameter("as_of")) return core::Ok{};
  return core::Error{Errc::unsupported,
                     "as_of: the view " + std::string(view) +
                         " holds only the latest; ask the routes of one session for the past",
                     "as_of"};
}

}  // namespace hansard::http
