// GET /v1/prices/changes: what was called, by the prices of two moments of the log.
#include <algorithm>
#include <map>

#include "events/session/ids.h"
#include "families.h"
#include "http/problem.h"
#include "openapi/price_docs.h"
#include "prices/price_json.h"
#include "projections/call_costs.h"
#include "projections/query/execute.h"
#include "projections/query/names.h"
#include "projections/query/shown.h"

namespace hansard::http {

namespace {

using core::Result;
using events::Json;
namespace query = projections::query;

/// A group, by one list of prices and by the other.
struct Change {
  std::vector<query::Key> keys;
  std::uint64_t calls = 0;
  std::optional<query::Wide> before;
  std::optional<query::Wide> after;

  [[nodiscard]] query::Wide change() const { return after.value_or(0) - before.value_or(0); }
  void add(const Change& other) {
    calls += other.calls;
    for (auto member : {&Change::before, &Change::after}) {
      if (other.*member) this->*member = (this->*member).value_or(0) + *(other.*member);
    }
  }
};

struct Asked {
  query::Query query;
  query::Options options;
  core::Position from;
  core::Position to;
  std::shared_ptr<const projections::Prices> prices;
};

Result<Asked> asked_of(Reads& reads, const Request& request) {
  const auto query = Query::of(request, {"from", "to", "by", "at_least"});
  if (!query) return query.error();
  Asked asked;
  asked.query.project = request.principal.project;
  const auto from = query->number("from");
  if (!from) return from.error();
  const auto to = query->number("to");
  if (!to) return to.error();
  asked.from = core::Position{from->value_or(0)};
  asked.to = to->has_value() ? core::Position{**to} : reads.context.log.end();
  if (asked.from > asked.to) return events::bad_field("from", "must not be after to");
  const std::string by = query->text("by").value_or("model");
  for (std::size_t at = 0; at <= by.size();) {
    const std::size_t end = std::min(by.find(',', at), by.size());
    auto dimension = query::parse_dimension(std::string_view(by).substr(at, end - at), "by");
    if (!dimension) return dimension.error();
    asked.query.group_by.push_back(*std::move(dimension));
    at = end + 1;
  }
  asked.query.aggregates = {{query::Function::sum, query::Measure::calls},
                            {query::Function::sum, query::Measure::cost}};
  asked.options.bytes_max = static_cast<std::size_t>(reads.context.limits[Limit::query_bytes]);
  asked.options.keep_going = [deadline = request.deadline] {
    return std::chrono::steady_clock::now() < deadline;
  };
  auto prices = reads.prices->read(request.principal.project);
  if (!prices) return prices.error();
  asked.prices = *std::move(prices);
  return asked;
}

struct Side {
  query::Answer answer;
  std::vector<projections::BooksUsed::Book> books;
};

Result<Side> by_prices(const Context& context, const core::ReadModel& view, const Asked& asked,
                       core::Position prices_as_of) {
  projections::CostOptions costs;
  costs.prices_as_of = prices_as_of;
  costs.used = std::make_shared<projections::BooksUsed>();
  query::Options options = asked.options;
  options.cost = projections::cost_hook(asked.prices, asked.query.project, costs);
  auto answer = query::execute(view, context.keyed_hash, asked.query, options);
  if (!answer) return answer.error();
  const auto shown =
      query::show_names(view, context.log, asked.query.project, options.keep_going, *answer);
  if (!shown) return shown.error();
  return Side{*std::move(answer), costs.used->list()};
}

/// Texts of keys, told apart from what is not known.
std::string name_of(const std::vector<query::Key>& keys) {
  std::string name;
  for (const query::Key& key : keys) {
    name += key.text ? "=" + *key.text : std::string("?");
    name += '\0';
  }
  return name;
}

void add_side(const query::Answer& answer, std::optional<query::Wide> Change::*side,
              std::map<std::string, Change>& changes) {
  for (const query::Group& group : answer.groups) {
    Change& change = changes[name_of(group.keys)];
    change.keys = group.keys;
    change.calls = group.calls;
    if (group.cells[1].known) change.*side = group.cells[1].integer;
  }
}

Json money(query::Wide pico) {
  Json json = Json::Object{};
  add_money(json, pico);
  return json;
}

void add_sums(Json& json, const Change& change) {
  json.add("calls", change.calls);
  if (change.before) json.add("before", money(*change.before));
  if (change.after) json.add("after", money(*change.after));
  json.add("change", money(change.change()));
}

Json names_of(const std::vector<projections::BooksUsed::Book>& books) {
  Json json = Json::Array{};
  for (const auto& each : books) json.push(each.book + " " + each.version);
  return json;
}

Result<Response> tell_changes(const Context& context, const core::ReadModel& view,
                              const Asked& asked) {
  const auto before = by_prices(context, view, asked, asked.from);
  if (!before) return before.error();
  const auto after = by_prices(context, view, asked, asked.to);
  if (!after) return after.error();
  std::map<std::string, Change> changes;
  add_side(before->answer, &Change::before, changes);
  add_side(after->answer, &Change::after, changes);
  std::vector<const Change*> order;
  Change total;
  for (const auto& each : changes) {
    order.push_back(&each.second);
    total.add(each.second);
  }
  const auto size = [](const Change& change) {
    return change.change() < 0 ? -change.change() : change.change();
  };
  std::stable_sort(order.begin(), order.end(),
                   [&](const Change* a, const Change* b) { return size(*a) > size(*b); });

  Json json = Json::Object{};
  Json by = Json::Array{};
  for (const auto& dimension : asked.query.group_by) by.push(query::to_text(dimension));
  json.add("by", std::move(by));
  json.add("from", asked.from.value);
  json.add("to", asked.to.value);
  Json groups = Json::Array{};
  for (const Change* change : order) {
    Json group = Json::Object{};
    for (std::size_t i = 0; i < change->keys.size(); ++i) {
      const auto& text = change->keys[i].text;
      group.add(query::to_text(asked.query.group_by[i]), text ? Json(*text) : Json());
    }
    add_sums(group, *change);
    groups.push(std::move(group));
  }
  json.add("groups", std::move(groups));
  Json sum = Json::Object{};
  add_sums(sum, total);
  json.add("total", std::move(sum));
  json.add("books_before", names_of(before->books));
  json.add("books_after", names_of(after->books));
  return answer_with(context, std::move(json), after->answer.as_of);
}

}  // namespace

Route price_change_route(const ReadsPtr& reads) {
  return get_route("/v1/prices/changes", Rule{Scope::read, Access::none},
                   "Costs by the prices of two moments (from, to: positions), and what changed",
                   [reads](const RequestPtr& request, const Responder& respond) {
                     auto asked = asked_of(*reads, *request);
                     if (!asked) return respond(problem(std::move(asked.error())));
                     reads->from_view("calls", request, respond,
                                      [&context = reads->context,
                                       asked = *std::move(asked)](const core::ReadModel& view) {
                                        return tell_changes(context, view, asked);
                                      });
                   });
}

}  // namespace hansard::http
