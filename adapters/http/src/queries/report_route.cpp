// GET /v1/reports, GET /v1/reports/{name}: questions that everybody asks, by name.
#include <algorithm>

#include "families.h"
#include "http/problem.h"
#include "projections/query/json.h"
#include "projections/query/text.h"
#include "projections/report.h"
#include "queries/query_answers.h"

namespace hansard::http {

namespace {

namespace query = projections::query;
using core::Result;
using events::Json;
using projections::Report;
using projections::ReportOptions;
using projections::ReportSection;

/// A section, ready to be asked.
struct Asked {
  const ReportSection* section;
  std::string text;
  query::Request request;
  QueryBounds bounds;
};

/// A report, likewise.
struct AskedReport {
  const Report* report;
  std::vector<Asked> sections;
  core::Position at_least;
  std::chrono::steady_clock::time_point deadline;
};

Result<std::string> period_of(const Query& parameters) {
  const auto since = parameters.text("since");
  const auto from = parameters.text("from");
  const auto to = parameters.text("to");
  const auto period = parameters.text("period");
  if ((since || from || to) && period) {
    return events::bad_field("period", "says the period; leave out since, from and to");
  }
  if (since && from) return events::bad_field("since", "is where the period begins; so is from");
  if (to && !from) return events::bad_field("to", "needs from");
  if (period) return *period;
  if (from) return "from " + *from + (to ? " to " + *to : "");
  return "since " + since.value_or("7d");
}

Result<ReportOptions> read_options(const Query& parameters) {
  auto period = period_of(parameters);
  if (!period) return std::move(period.error());
  ReportOptions options;
  options.period = *std::move(period);
  options.where = parameters.text("where");
  options.zone = parameters.text("zone");
  auto as_of = parameters.number("as_of");
  if (!as_of) return std::move(as_of.error());
  options.as_of = *as_of;
  return options;
}

/// The context window of each group's model, as the prices in force now have it.
void add_windows(const projections::Prices& prices, const query::Request& asked, Json& answer) {
  Json* groups = answer.find("groups");
  Json::Array* list = groups == nullptr ? nullptr : groups->if_array();
  if (list == nullptr) return;
  for (Json& group : *list) {
    const Json* provider = group.find("provider");
    const Json* model = group.find("model");
    if (model == nullptr || !model->is_string()) continue;
    const bool told = provider != nullptr && provider->is_string();
    const auto quote =
        prices.book.quote(asked.query.project.text(), told ? *provider->if_string() : std::string(),
                          *model->if_string());
    const auto& match = quote.at(asked.asked_at);
    if (match && match.price->entry.input_max) group.add("window", *match.price->entry.input_max);
  }
}

Json head_of(const Report& report) {
  Json out;
  out.add("report", report.name);
  out.add("question", report.question);
  return out;
}

class ReportHandler {
 public:
  explicit ReportHandler(const ReadsPtr& reads) : reads_(reads), answers_(*reads) {}

  void operator()(const RequestPtr& request, const Responder& respond) const {
    const Report* report = projections::find_report(request->param("name"));
    if (report == nullptr) {
      return respond(
          problem(core::Error{core::Errc::not_found, "there is no such report", "name"}));
    }
    auto asked = prepare(*report, *request);
    if (!asked) return respond(problem(std::move(asked.error())));
    const std::string first(to_word(asked->sections.front().request.query.table));
    const core::Position least = asked->at_least;
    reads_->from_view(first, least, request, respond,
                      [reads = reads_, asked = *std::move(asked)](const core::ReadModel& view)
                          -> Result<Response> { return answer(*reads, asked, view); });
  }

 private:
  Result<AskedReport> prepare(const Report& report, const Request& request) const {
    const auto parameters =
        Query::of(request, {"since", "from", "to", "period", "where", "zone", "as_of", "at_least"});
    if (!parameters) return parameters.error();
    const auto options = read_options(*parameters);
    if (!options) return options.error();
    const auto least = parameters->number("at_least");
    if (!least) return least.error();
    AskedReport all{&report, {}, core::Position{least->value_or(0)}, request.deadline};
    for (const ReportSection& section : report.sections) {
      Asked asked{&section, projections::text_of(section, *options), {}, {}};
      auto read = query::parse_text(asked.text, request.received_at);
      if (!read) {
        // What stands there by our own hand is right.
        core::Error error = std::move(read.error());
        error.message += " in: " + asked.text;
        return error;
      }
      asked.request = *std::move(read);
      asked.request.query.project = request.principal.project;
      auto bounds = answers_.bounds(request, asked.request);
      if (!bounds) return std::move(bounds.error());
      asked.bounds = *std::move(bounds);
      all.sections.push_back(std::move(asked));
    }
    return all;
  }

  /// On the pool; the first section's table is `view`.
  static Result<Response> answer(const Reads& reads, const AskedReport& all,
                                 const core::ReadModel& view) {
    Json out = head_of(*all.report);
    Json sections = Json::Array{};
    core::Position reflected = view.checkpoint();
    for (const Asked& asked : all.sections) {
      const auto table = asked.request.query.table;
      std::unique_ptr<core::ReadModel> other;
      if (table != all.sections.front().request.query.table) {
        auto read =
            reads.context.views.read(std::string(to_word(table)), all.at_least, all.deadline);
        if (!read) return std::move(read.error());
        other = *std::move(read);
      }
      const core::ReadModel& model = other ? *other : view;
      reflected = std::min(reflected, model.checkpoint());
      const auto found = QueryAnswers::answer(reads.context, asked.request, asked.bounds, model);
      if (!found) return found.error();
      auto section = section_json(reads, asked, *found);
      if (!section) return std::move(section.error());
      sections.push(*std::move(section));
    }
    out.add("sections", std::move(sections));
    return answer_with(reads.context, std::move(out), reflected);
  }

  static Result<Json> section_json(const Reads& reads, const Asked& asked,
                                   const query::Answer& found) {
    Json section;
    section.add("title", asked.section->title);
    section.add("text", asked.text);
    if (asked.section->picture != projections::Picture::none) {
      section.add("picture", to_word(asked.section->picture));
      section.add("pictured", asked.section->pictured);
    }
    Json answer = query::to_json(found);
    if (asked.section->windows) {
      const auto prices = reads.prices->read(asked.request.query.project);
      if (!prices) return prices.error();
      add_windows(**prices, asked.request, answer);
    }
    section.add("answer", std::move(answer));
    return section;
  }

  const ReadsPtr reads_;
  const QueryAnswers answers_;
};

Result<Response> list_reports(const Context& context) {
  Json list = Json::Array{};
  for (const Report& report : projections::reports()) {
    Json each = head_of(report);
    Json texts = Json::Array{};
    for (const ReportSection& section : report.sections) {
      texts.push(projections::text_of(section, {}));
    }
    each.add("texts", std::move(texts));
    list.push(std::move(each));
  }
  Json out;
  out.add("reports", std::move(list));
  return answer_with(context, std::move(out), context.log.end());
}

constexpr MemberDoc kReportListed[] = {
    {"report", "text", "Its name."},
    {"question", "text", "What it answers."},
    {"texts", "list of text", "The queries that it is made of, as `text` of a query."},
};
constexpr MemberDoc kReports[] = {
    {"reports", "list of ReportListed", "All of them."},
    {"checkpoint", "Position", "One past the last position of the log."},
};
constexpr MemberDoc kSection[] = {
    {"title", "text", "What it shows."},
    {"text", "text", "The query that it is the answer to, as `text` of a query."},
    {"picture?", "bars|lines", "How it is best drawn: a bar a group, or a line over time."},
    {"pictured?", "text", "The measure to draw."},
    {"answer", "ReportAnswer", "The groups."},
};
constexpr MemberDoc kReportAnswer[] = {
    {"...", "QueryHead", ""},
    {"groups", "list of QueryGroup", "One for each that occurs, in order."},
};
constexpr MemberDoc kReport[] = {
    {"report", "text", "Its name."},
    {"question", "text", "What it answers."},
    {"sections", "list of ReportSection", "One or two queries and their answers."},
    {"checkpoint", "Position", "What all of them reflect, for `at_least`."},
};
constexpr SchemaDoc kSchemas[] = {
    {"ReportListed", "A report and its queries.", kReportListed},
    {"Reports", "Reports by name.", kReports},
    {"ReportAnswer", "The answer to a query of a report.", kReportAnswer},
    {"ReportSection", "A query of a report and its answer.", kSection},
    {"Report", "A report, answered.", kReport},
};
constexpr RouteDoc::Answer kListed[] = {{200, "application/json", "Reports"}};
constexpr RouteDoc::Answer kAnswered[] = {{200, "application/json", "Report"}};

}  // namespace

std::vector<AddedRoute> report_routes(const ReadsPtr& reads) {
  std::vector<AddedRoute> all;
  const auto add = [&](Route route, std::string_view pattern, std::string_view parameters,
                       std::span<const RouteDoc::Answer> answers) {
    const RouteDoc doc{Method::get, pattern, parameters, "", answers};
    // Schemas are told once.
    const auto schemas =
        all.empty() ? std::span<const SchemaDoc>(kSchemas) : std::span<const SchemaDoc>();
    all.push_back({std::move(route), doc, "", schemas});
  };
  add(get_route("/v1/reports", Rule{Scope::read, Access::none}, "The questions that everybody asks",
                [reads](const RequestPtr& request, const Responder& respond) {
                  if (const auto known = Query::of(*request, {}); !known) {
                    return respond(problem(known.error()));
                  }
                  auto listed = list_reports(reads->context);
                  respond(listed ? *std::move(listed) : problem(std::move(listed.error())));
                }),
      "/v1/reports", "", kListed);
  auto handler = std::make_shared<const ReportHandler>(reads);
  add(get_route("/v1/reports/{name}", Rule{Scope::read, Access::none},
                "One of them, answered (since=7d, or from and to, or period; where, zone)",
                [handler](const RequestPtr& request, const Responder& respond) {
                  (*handler)(request, respond);
                }),
      "/v1/reports/{name}", "since from to period where zone as_of at_least", kAnswered);
  return all;
}

}  // namespace hansard::http
