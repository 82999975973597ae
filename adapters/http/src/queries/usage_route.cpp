// GET /v1/usage: tokens, calls, failures and latency.
#include <algorithm>

#include "events/session/ids.h"
#include "families.h"
#include "http/problem.h"
#include "projections/call_costs.h"
#include "projections/json.h"
#include "projections/usage.h"

namespace hansard::http {

namespace {

using core::Result;
using projections::UsageQuery;

/// `by=model,day`.
core::Status read_dimensions(const std::optional<std::string>& list, UsageQuery& into) {
  if (!list || list->empty()) return core::Ok{};
  for (std::size_t from = 0; from <= list->size();) {
    const std::size_t end = std::min(list->find(',', from), list->size());
    const auto dimension =
        projections::parse_usage_dimension(std::string_view(*list).substr(from, end - from));
    if (!dimension) return events::bad_field("by", dimension.error().message);
    into.group_by.push_back(*dimension);
    from = end + 1;
  }
  return core::Ok{};
}

Result<UsageQuery> usage_query(const Request& request) {
  const auto query = Query::of(request, {"by", "user", "session", "provider", "model", "from", "to",
                                         "as_model", "as_provider", "prices_as_of", "at_least"});
  if (!query) return query.error();
  UsageQuery out;
  out.project = request.principal.project;
  if (const auto read = read_dimensions(query->text("by"), out); !read) return read.error();
  out.user = query->text("user");
  out.session = query->text("session");
  out.provider = query->text("provider");
  out.model = query->text("model");
  if (const auto text = query->text("from")) {
    const auto day = projections::parse_day(*text, "from");
    if (!day) return day.error();
    out.from = *day;
  }
  if (const auto text = query->text("to")) {
    const auto day = projections::parse_day(*text, "to");
    if (!day) return day.error();
    out.to = *day;
  }
  out.keep_going = [deadline = request.deadline] {
    return std::chrono::steady_clock::now() < deadline;
  };
  return out;
}

/// Where costs come from, and what is wished for of them.
/// @param used  is told of the books
core::Status add_prices(Reads& reads, const Request& request, UsageQuery& into,
                        const std::shared_ptr<projections::BooksUsed>& used) {
  const auto query = Query::of(request, {"by", "user", "session", "provider", "model", "from", "to",
                                         "as_model", "as_provider", "prices_as_of", "at_least"});
  if (!query) return query.error();
  const auto prices = reads.prices->read(into.project);
  if (!prices) return prices.error();
  projections::CostOptions options;
  options.used = used;
  const auto as_of = query->number("prices_as_of");
  if (!as_of) return as_of.error();
  if (*as_of) options.prices_as_of = core::Position{**as_of};
  into.cost = projections::cost_hook(*prices, into.project, options);
  const auto model = query->text("as_model");
  const auto provider = query->text("as_provider");
  if (provider && !model) return events::bad_field("as_provider", "needs as_model");
  if (!model) return core::Ok{};
  if (!(*prices)
           ->book.quote(into.project.text(), provider.value_or(""), *model, options.prices_as_of)
           .at(request.received_at)) {
    return events::bad_field("as_model", "no price is known for " + *model);
  }
  options.as = {provider.value_or(""), *model};
  into.as_model = projections::cost_hook(*prices, into.project, options);
  return core::Ok{};
}

void answer_usage(Reads& reads, const RequestPtr& request, const Responder& respond) {
  if (auto status = refuse_as_of(*request, "usage"); !status) {
    return respond(problem(std::move(status.error())));
  }
  auto query = usage_query(*request);
  if (!query) return respond(problem(std::move(query.error())));
  const auto used = std::make_shared<projections::BooksUsed>();
  if (auto status = add_prices(reads, *request, *query, used); !status) {
    return respond(problem(std::move(status.error())));
  }
  if (query->session) {
    // The id as the client knows it; rows carry the stream's name.
    const auto stream =
        events::session_stream(query->project, *query->session, reads.context.keyed_hash);
    if (!stream) return respond(problem(events::bad_field("session", stream.error().message)));
    query->session = std::string(stream->name());
  }
  reads.from_view("calls", request, respond,
                  [&context = reads.context, used,
                   query = *std::move(query)](const core::ReadModel& view) -> Result<Response> {
                    const auto answer =
                        projections::query_usage(view, context.log, context.keyed_hash, query);
                    if (!answer) return answer.error();
                    events::Json json = projections::to_json(*answer);
                    for (const auto& each : used->list()) {
                      if (json.find("books") == nullptr) {
                        json.add("books", events::Json::Array{});
                      }
                      json.find("books")->push(each.book + " " + each.version);
                    }
                    return answer_with(context, std::move(json), answer->checkpoint);
                  });
}

}  // namespace

Route usage_route(const ReadsPtr& reads) {
  return get_route("/v1/usage", Rule{Scope::read, Access::none},
                   "Tokens by class, calls, failures, latency (by=day,user,session,provider,model; "
                   "user, session, provider, model, from, to)",
                   [reads](const RequestPtr& request, const Responder& respond) {
                     answer_usage(*reads, request, respond);
                   });
}

}  // namespace hansard::http
