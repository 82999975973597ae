#include "erasure/erasure_routes.h"

#include <memory>
#include <string>
#include <utility>

#include "events/json.h"
#include "events/session/ids.h"
#include "http/problem.h"

namespace hansard::cli {
namespace {

using core::Errc;
using core::Error;
using core::Result;
using events::Json;
using http::MemberDoc;
using http::RouteDoc;
using http::SchemaDoc;

constexpr std::size_t kListedMax = 200;

/// Reads the members of a body; the first thing that is wrong is remembered.
class Body {
 public:
  explicit Body(const std::string& text) {
    auto parsed = events::parse_json_object(text.empty() ? "{}" : text);
    if (parsed) {
      members_ = *std::move(parsed);
    } else {
      error_ = parsed.error();
    }
  }
  std::optional<std::string> text(std::string_view key) {
    Json value;
    if (!take(key, value)) return std::nullopt;
    auto read = value.as_string(key);
    if (read && !read->empty()) return *std::move(read);
    fail(read ? events::bad_field(key, "must not be empty") : read.error());
    return std::nullopt;
  }
  bool flag(std::string_view key) {
    Json value;
    if (!take(key, value)) return false;
    const auto read = value.as_boolean(key);
    if (!read) fail(read.error());
    return read && *read;
  }
  /// Whatever is left is unknown.
  [[nodiscard]] std::optional<Error> finish() {
    if (!error_ && !members_.empty()) {
      fail(events::bad_field(members_.front().key, "unknown or repeated field"));
    }
    return error_;
  }
  void fail(Error error) {
    if (!error_) error_ = std::move(error);
  }

 private:
  bool take(std::string_view key, Json& value) {
    for (auto member = members_.begin(); member != members_.end(); ++member) {
      if (member->key != key) continue;
      value = std::move(member->value);
      members_.erase(member);
      return true;
    }
    return false;
  }
  Json::Object members_;
  std::optional<Error> error_;
};

Result<ErasureAsk> read_ask(const http::Request& request, const core::KeyedHash& keyed_hash) {
  Body body(request.body);
  ErasureAsk ask;
  ask.project = request.principal.project;
  ask.at = request.received_at;
  ask.actor = request.principal.actor;
  const auto session = body.text("session");
  const auto stream = body.text("stream");
  ask.message_id = body.text("message");
  ask.user = body.text("user");
  ask.reason = body.text("reason").value_or("requested");
  ask.comment = body.text("comment");
  ask.id = body.text("id");
  ask.dry_run = body.flag("dry_run");
  const int named = (session ? 1 : 0) + (stream ? 1 : 0) + (ask.user ? 1 : 0);
  if (named != 1) {
    body.fail(events::bad_field("session", "one of session, stream and user says what is erased"));
  }
  if (ask.message_id && !session) {
    body.fail(events::bad_field("message", "goes with the session that it stands in"));
  }
  if (session) {
    auto found = events::session_stream(ask.project, *session, keyed_hash);
    if (found) {
      ask.stream = *std::move(found);
    } else {
      body.fail({found.error().code, found.error().message, "session"});
    }
  }
  if (stream) {
    auto parsed = core::StreamId::parse(*stream);
    const auto category = parsed ? parsed->category() : std::string_view();
    if (category == "session" || category == "calls" || category == "assignment") {
      ask.stream = *std::move(parsed);
    } else {
      body.fail(events::bad_field("stream", "expected session-*, calls-* or assignment-*"));
    }
  }
  if (auto wrong = body.finish()) return *std::move(wrong);
  ask.scope = ask.user         ? events::ErasureScope::user
              : ask.message_id ? events::ErasureScope::message
                               : events::ErasureScope::session;
  return ask;
}

constexpr MemberDoc kAsk[] = {
    {"session?", "text", "Its conversation: everything said in it, or the message named."},
    {"message?", "text", "Of that session: this message and what repeats it, also in forks."},
    {"stream?", "text", "In place of a session: any session-*, calls-* or assignment-* stream."},
    {"user?", "text", "In place of a session: everything of this user."},
    {"reason?", "text", "A word, kept for ever: `[a-z0-9_.-]{1,64}` (requested)."},
    {"comment?", "text", "In words; erasable."},
    {"id?", "text", "Of the erasure, a word; derived from what there is to erase when absent."},
    {"dry_run?", "flag", "Say what would go, and do nothing."},
};
constexpr MemberDoc kErasure[] = {
    {"erasure_id", "text", "Its id."},
    {"state", "dry_run|erasing|erased",
     "erasing: nobody reads the content any more, and it is being destroyed; erased: no file has "
     "it."},
    {"phase?", "text", "What is being done now."},
    {"error?", "text", "Why the last attempt ended; it is tried again."},
    {"scope", "message|session|user|retention", "Of what."},
    {"message?", "text", "The message, where it is of one."},
    {"rule?", "text", "The rule of retention, where it is by one."},
    {"reason", "text", "As asked."},
    {"asked_at", "text", "When."},
    {"streams", "count", "Streams with content that goes, or is gone."},
    {"events", "count", "Events with content that goes, or is gone."},
    {"held", "list of text", "Streams left out, because a legal hold stands."},
    {"duplicate?", "flag", "It had been asked before."},
};
constexpr MemberDoc kErasures[] = {
    {"erasures", "list of Erasure", "Those under way, then the latest that are done."},
};
constexpr MemberDoc kHold[] = {
    {"hold?", "text", "Its name, a word (hold): a session may have several."},
    {"reason?", "text", "A word, kept for ever (requested)."},
    {"comment?", "text", "In words; erasable."},
};
constexpr MemberDoc kHeld[] = {
    {"hold", "text", "Its name."},
    {"standing", "flag", "Whether it stands now."},
    {"version", "count", "Of the event in the session."},
    {"position", "count", "Of the event in the log."},
    {"duplicate", "flag", "It was so already."},
};
constexpr SchemaDoc kSchemas[] = {
    {"ErasureBody", "What to erase.", kAsk, SchemaDoc::Others::refused},
    {"Erasure", "How an erasure stands.", kErasure},
    {"Erasures", "Erasures of the project.", kErasures},
    {"HoldBody", "A legal hold.", kHold, SchemaDoc::Others::refused},
    {"Hold", "A legal hold of a session.", kHeld},
};
constexpr RouteDoc::Answer kOne[] = {{200, "application/json", "Erasure"}};
constexpr RouteDoc::Answer kAsked[] = {{200, "application/json", "Erasure"},
                                       {202, "application/json", "Erasure"}};
constexpr RouteDoc::Answer kList[] = {{200, "application/json", "Erasures"}};
constexpr RouteDoc::Answer kHolds[] = {{200, "application/json", "Hold"}};

http::Route route(http::Method method, std::string pattern, std::string doc) {
  http::Route made(
      method, std::move(pattern),
      http::Rule{http::Scope::admin,
                 method == http::Method::post ? http::Access::erasure : http::Access::none});
  made.runs = http::Runs::pool;
  if (method == http::Method::post) made.takes = http::Takes::json;
  made.doc = std::move(doc);
  return made;
}

http::AddedRoute ask_route(const ErasureRoutePorts& ports) {
  http::Route made = route(http::Method::post, "/v1/erasures",
                           "Destroy the content of a message, a session or a user");
  made.handler = [ports](const http::RequestPtr& request, const http::Responder& respond) {
    const auto ask = read_ask(*request, ports.keyed_hash);
    if (!ask) return respond(http::problem(ask.error()));
    const auto status = ports.erasures.ask(*ask);
    if (!status) return respond(http::problem(status.error()));
    const bool over = status->erased || ask->dry_run;
    respond(http::json_response(over ? 200 : 202, dump(to_json(*status))));
  };
  return {std::move(made),
          {http::Method::post, "/v1/erasures", "", "", kAsked},
          "ErasureBody",
          kSchemas};
}

http::AddedRoute find_route(Erasures& erasures) {
  http::Route made = route(http::Method::get, "/v1/erasures/{id}", "How an erasure stands");
  made.handler = [&erasures](const http::RequestPtr& request, const http::Responder& respond) {
    const auto found = erasures.find(request->principal.project, request->param("id"));
    if (!found) {
      return respond(http::problem(
          Error{Errc::not_found, "there is no erasure " + request->param("id"), "id"}));
    }
    respond(http::json_response(200, dump(to_json(*found))));
  };
  return {std::move(made), {http::Method::get, "/v1/erasures/{id}", "", "", kOne}, "", {}};
}

http::AddedRoute list_route(Erasures& erasures) {
  http::Route made = route(http::Method::get, "/v1/admin/erasures", "Erasures of the project");
  made.handler = [&erasures](const http::RequestPtr& request, const http::Responder& respond) {
    Json list(Json::Array{});
    for (const ErasureStatus& each : erasures.list(request->principal.project, kListedMax)) {
      list.push(to_json(each));
    }
    Json answer;
    answer.add("erasures", std::move(list));
    respond(http::json_response(200, dump(answer)));
  };
  return {std::move(made), {http::Method::get, "/v1/admin/erasures", "", "", kList}, "", {}};
}

http::AddedRoute hold_route(const ErasureRoutePorts& ports, bool places) {
  static constexpr std::string_view kPlace = "/v1/sessions/{id}/hold";
  static constexpr std::string_view kRelease = "/v1/sessions/{id}/hold/release";
  const std::string_view pattern = places ? kPlace : kRelease;
  http::Route made =
      route(http::Method::post, std::string(pattern),
            places ? "Keep the content of a session from being erased" : "End a legal hold");
  made.handler = [ports, places](const http::RequestPtr& request, const http::Responder& respond) {
    Body body(request->body);
    const std::string hold = body.text("hold").value_or("hold");
    const std::string reason = body.text("reason").value_or("requested");
    const auto comment = body.text("comment");
    if (auto wrong = body.finish()) return respond(http::problem(*std::move(wrong)));
    auto stream =
        events::session_stream(request->principal.project, request->param("id"), ports.keyed_hash);
    if (!stream) return respond(http::problem(stream.error()));
    events::ErasureCommand command;
    command.meta.salt_seed = ports.draw_random();
    if (places) {
      events::PlaceHold step;
      step.hold = hold;
      step.reason = reason;
      step.comment = comment;
      command.step = std::move(step);
    } else {
      events::ReleaseHold step;
      step.hold = hold;
      step.reason = reason;
      step.comment = comment;
      command.step = std::move(step);
    }
    core::CommandContext context;
    context.project = request->principal.project;
    context.stream = *std::move(stream);
    context.recorded_at = request->received_at;
    context.actor = request->principal.actor;
    ports.execute(std::move(context), std::move(command),
                  [respond, hold, places](const Result<core::Receipt>& receipt) {
                    if (!receipt) return respond(http::problem(receipt.error()));
                    const core::RecordReceipt& record = receipt->records.front();
                    Json answer;
                    answer.add("hold", hold);
                    answer.add("standing", places);
                    answer.add("version", record.version.value);
                    answer.add("position", record.position.value);
                    answer.add("duplicate", record.duplicate);
                    respond(http::json_response(200, dump(answer)));
                  });
  };
  return {std::move(made), {http::Method::post, pattern, "", "", kHolds}, "HoldBody", {}};
}

}  // namespace

Json to_json(const ErasureStatus& status) {
  Json out;
  out.add("erasure_id", status.id);
  const bool dry = status.phase == "dry run";
  out.add("state", dry ? "dry_run" : status.erased ? "erased" : "erasing");
  if (!status.phase.empty() && !dry) out.add("phase", status.phase);
  if (!status.error.empty()) out.add("error", status.error);
  out.add("scope", events::to_word(status.scope));
  if (status.message_id) out.add("message", *status.message_id);
  if (status.rule) out.add("rule", *status.rule);
  out.add("reason", status.reason);
  out.add("asked_at", core::format_time(status.asked_at));
  out.add("streams", status.streams);
  out.add("events", status.events);
  Json held(Json::Array{});
  for (const std::string& stream : status.held) held.push(stream);
  out.add("held", std::move(held));
  if (status.duplicate) out.add("duplicate", true);
  return out;
}

std::vector<http::AddedRoute> erasure_routes(ErasureRoutePorts ports) {
  std::vector<http::AddedRoute> routes;
  routes.push_back(ask_route(ports));
  routes.push_back(find_route(ports.erasures));
  routes.push_back(list_route(ports.erasures));
  routes.push_back(hold_route(ports, true));
  routes.push_back(hold_route(ports, false));
  return routes;
}

}  // namespace hansard::cli
