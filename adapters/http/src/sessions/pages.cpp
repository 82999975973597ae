// GET / : what is recorded, for people.
#include "events/json.h"
#include "families.h"
#include "projections/sessions.h"
#include "projections/usage.h"
#include "sessions/conversation_page.h"
#include "shared/html.h"

namespace hansard::http {

namespace {

using core::Result;
using projections::SessionListing;

constexpr std::size_t kListed = 25;

std::string count(std::string_view what, const std::string& number) {
  return "<div><b>" + number + "</b><span class=\"soft\">" + std::string(what) + "</span></div>";
}

/// Unknown is not zero.
std::string tokens(const std::optional<std::uint64_t>& known) {
  return known ? grouped_digits(*known) : "unknown";
}

std::string counts(const Context& context, const Result<projections::UsageSums>& sums) {
  std::string out = "<div class=\"counts\">" +
                    count("events in the log", grouped_digits(context.log.end().value));
  if (sums) {
    out += count("model calls", grouped_digits(sums->calls)) +
           count("failed", grouped_digits(sums->failures)) +
           count("tokens in", tokens(projections::input_tokens(sums->tokens))) +
           count("tokens out", tokens(projections::output_tokens(sums->tokens)));
  }
  out += "</div>";
  // One view that is not there must not take the page away from the other.
  if (!sums) out += "<p class=\"soft\">Usage: " + escaped(sums.error().message) + "</p>";
  return out;
}

std::string row(const SessionListing& session) {
  const projections::SessionRow& facts = session.row;
  const std::string id = session.text.session_id.value_or(facts.name);
  std::string about = session.text.title.value_or(session.text.preview.value_or(""));
  if (session.text.erased) about = "erased";
  std::string models;
  for (const std::string& model : facts.models) models += (models.empty() ? "" : ", ") + model;
  return "<tr><td><a href=\"sessions/" + percent_encoded(id) + "\">" + escaped(id) +
         "</a></td><td>" + escaped(about) + "</td><td>" + escaped(session.text.user.value_or("")) +
         "</td><td>" + escaped(models) + "</td><td class=\"n\">" +
         grouped_digits(facts.counters.messages + facts.counters.responses) + "</td><td>" +
         std::string(projections::to_word(session.status)) + "</td><td>" + minute(facts.activity) +
         "</td></tr>";
}

std::string table(const projections::SessionPage& sessions) {
  if (sessions.sessions.empty()) {
    return "<p>Nothing is recorded yet: the commands below begin.</p>";
  }
  std::string out =
      "<div class=\"wide\"><table><tr><th>session</th><th>about</th><th>user</th><th>models</th>"
      "<th class=\"n\">messages</th><th>status</th><th>last activity (UTC)</th></tr>";
  for (const SessionListing& session : sessions.sessions) out += row(session);
  out += "</table></div>";
  if (sessions.next) out += "<p class=\"soft\">The latest " + std::to_string(kListed) + ".</p>";
  return out;
}

std::string commands(const Request& request) {
  const std::string at =
      "http://" + std::string(request.headers.find("Host").value_or("localhost"));
  return "<h2>Try it</h2><pre>" +
         escaped("curl -s " + at +
                 "/v1/sessions -H 'content-type: application/json' -d '{\"session_id\":\"s1\"}'\n"
                 "curl -s " +
                 at +
                 "/v1/sessions/s1/messages -H 'content-type: application/json' \\\n"
                 "  -d '{\"message_id\":\"m1\",\"role\":\"user\",\"parts\":[{\"type\":\"text\","
                 "\"text\":\"hi\"}]}'\n"
                 "curl -s " +
                 at +
                 "/v1/sessions/s1/history\n"
                 "curl -s '" +
                 at +
                 "/v1/usage?by=model,day'\n"
                 "curl -sN '" +
                 at + "/v1/events?from=0&follow=true'") +
         "</pre><pre>" +
         escaped("hansard sessions\nhansard show s1\nhansard usage --by model\nhansard tail") +
         "</pre>";
}

Result<projections::UsageSums> usage_sums(const Context& context, const Request& request) {
  const auto view = context.views.read("calls", core::Position{}, std::chrono::steady_clock::now());
  if (!view) return view.error();
  projections::UsageQuery usage;
  usage.project = request.principal.project;
  usage.keep_going = [deadline = request.deadline] {
    return std::chrono::steady_clock::now() < deadline;
  };
  auto answer = projections::query_usage(**view, context.log, context.keyed_hash, usage);
  if (!answer) return answer.error();
  return std::move(answer->total);
}

Result<Response> front_page(const Context& context, const Request& request,
                            const core::ReadModel& sessions_view) {
  const auto query = Query::of(request, {"at_least"});
  if (!query) return query.error();
  projections::SessionQuery sessions;
  sessions.project = request.principal.project;
  sessions.now = context.clock.now();
  sessions.limit = kListed;
  const projections::SessionDirectory directory(context.log, context.keyed_hash);
  const auto listed = directory.list(sessions_view, sessions);
  if (!listed) return listed.error();

  Response response = page(
      context.hasher, 200, "Hansard",
      "<h1>Hansard</h1><p class=\"soft\">The official record of what people, models and tools said "
      "to each other. Project <b>" +
          escaped(request.principal.project.text()) + "</b>.</p>" +
          counts(context, usage_sums(context, request)) + "<h2>Latest conversations</h2>" +
          table(*listed) + commands(request));
  response.headers.add("Hansard-Position", std::to_string(listed->checkpoint.value));
  return response;
}

}  // namespace

std::vector<Route> page_routes(const ReadsPtr& reads) {
  std::vector<Route> all;
  all.push_back(get_route("/", Rule{Scope::read, Access::content}, "What is recorded, as a page",
                          [reads](const RequestPtr& request, const Responder& respond) {
                            reads->from_view(
                                "sessions", request, respond,
                                [&context = reads->context, request](const core::ReadModel& view) {
                                  return front_page(context, *request, view);
                                });
                          }));
  all.push_back(get_route(
      "/sessions/{id}", Rule{Scope::read, Access::content}, "One conversation as a page (as_of)",
      [reads](const RequestPtr& request, const Responder& respond) {
        reads->from_log(request, respond, [&context = reads->context, request](core::Position end) {
          return conversation_page(context, *request, end);
        });
      }));
  return all;
}

}  // namespace hansard::http
