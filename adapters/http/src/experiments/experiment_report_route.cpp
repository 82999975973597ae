// GET /v1/experiments/{name}/report: how an experiment stands. POST /v1/experiments/power: how many
// units a question needs.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "events/experiment/effect.h"
#include "events/experiment/power.h"
#include "families.h"
#include "http/problem.h"
#include "projections/call_costs.h"
#include "projections/experiment_report_json.h"
#include "projections/experiments.h"
#include "shared/past.h"
#include "shared/receipts.h"

namespace hansard::http {

namespace {

namespace experiment = events::experiment;
using core::Result;
using events::Json;
using projections::AsOf;

/// One past the last event that was recorded by then. Positions are looked at by halves: times of
/// recording never fall.
Result<core::Position> end_of(const core::EventLog& log, core::Timestamp time) {
  std::uint64_t low = 0;
  std::uint64_t high = log.end().value;
  while (low < high) {
    const std::uint64_t middle = low + (high - low) / 2;
    bool later = true;
    const auto read = log.read(core::Position{middle}, [&](const core::RecordedEvent& event) {
      later = event.recorded_at > time;
      return false;
    });
    if (!read) return read.error();
    if (later) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return core::Position{low};
}

/// What lies before this is asked about; nothing: all there is.
Result<std::optional<core::Position>> bound_of(const core::EventLog& log, const AsOf& as_of) {
  switch (as_of.kind) {
    case AsOf::Kind::head:
      return std::optional<core::Position>();
    case AsOf::Kind::position:
      return std::optional(core::Position{as_of.position.value + 1});
    case AsOf::Kind::time: {
      const auto end = end_of(log, as_of.time);
      if (!end) return end.error();
      return std::optional(*end);
    }
    case AsOf::Kind::version:
      break;
  }
  return events::bad_field("as_of", "a report is as of position:N or a time, not of a version");
}

Result<Response> report(const Reads& reads, projections::PriceReader& prices,
                        const Request& request, const AsOf& as_of, const core::ReadModel& view) {
  const Context& context = reads.context;
  const std::string& name = request.param("name");
  const core::ProjectId& project = request.principal.project;
  const auto bound = bound_of(context.log, as_of);
  if (!bound) return bound.error();
  projections::ReportOptions options;
  if (*bound) options.as_of = **bound;
  // The state of the same moment, so that what was decided later does not show.
  const bool nothing_yet = *bound && (*bound)->value == 0;
  const auto moment =
      *bound && !nothing_yet ? AsOf::at(core::Position{(*bound)->value - 1}) : AsOf::head();
  const auto state = projections::experiment_as_of(context.log, project, name, moment);
  if (!state) return state.error();
  if (!state->plan || nothing_yet) {
    return core::Error{core::Errc::not_found, "there is no experiment " + name, "name"};
  }
  auto book = prices.read(project);
  if (!book) return std::move(book.error());
  options.costs = projections::cost_hook(*std::move(book), project);
  const auto made = projections::experiment_report(view, project, name, *state, options);
  if (!made) return made.error();
  Json out = projections::to_json(name, *state, *made);
  if (*bound) out.add("as_of", made->seen.position);
  return answer_with(context, std::move(out), core::Position{made->seen.position});
}

/// A number of the body within bounds, which it may not touch. Errors: invalid_argument.
Result<std::optional<double>> number_in(const Json& body, std::string_view name, double least,
                                        double most) {
  const Json* member = body.find(name);
  if (member == nullptr || member->is_null()) return std::optional<double>();
  const auto number = member->as_double(name);
  if (!number) return number.error();
  if (*number > least && *number < most) return std::optional(*number);
  std::array<char, 96> text{};
  std::snprintf(text.data(), text.size(), "lies between %g and %g", least, most);
  return events::bad_field(name, text.data());
}

/// What a question about numbers of units needs.
struct Question {
  double baseline = 0;
  std::optional<double> lift;
  std::optional<double> deviation;  ///< of one unit; absent: the baseline is a proportion
  std::optional<double> units;
  double alpha = events::kAlpha;
  double power = 0.8;
};

constexpr std::array<std::string_view, 7> kFields{"baseline", "lift",  "relative_lift", "deviation",
                                                  "units",    "alpha", "power"};

Result<Question> read_question(const Json& body) {
  const auto* members = body.if_object();
  if (members == nullptr) return events::bad_field("body", "expected an object");
  for (const auto& member : *members) {
    if (std::find(kFields.begin(), kFields.end(), member.key) == kFields.end()) {
      return events::bad_field(member.key, "is not a field of this question");
    }
  }
  constexpr double kMost = 1e15;
  Question question;
  const auto take = [&](std::string_view name, double least, double most) {
    return number_in(body, name, least, most);
  };
  const auto baseline = take("baseline", -kMost, kMost);
  const auto lift = take("lift", -kMost, kMost);
  const auto relative = take("relative_lift", -kMost, kMost);
  const auto deviation = take("deviation", 0, kMost);
  const auto units = take("units", 1, 1e12);
  const auto alpha = take("alpha", 0, 0.5);
  const auto power = take("power", 0, 1);
  for (const auto* each : {&baseline, &lift, &relative, &deviation, &units, &alpha, &power}) {
    if (!*each) return each->error();
  }
  if (!*baseline) return events::bad_field("baseline", "the field is required");
  question.baseline = **baseline;
  if (*lift && *relative) return events::bad_field("relative_lift", "lift says it already");
  question.lift = *lift;
  if (*relative) question.lift = **relative * std::fabs(question.baseline);
  if (question.lift && *question.lift == 0) {
    return events::bad_field(*lift ? "lift" : "relative_lift", "no difference cannot be found");
  }
  if (!question.lift && !*units)
    return events::bad_field("lift", "the field is required, or units");
  question.deviation = *deviation;
  question.units = *units;
  question.alpha = alpha->value_or(question.alpha);
  question.power = power->value_or(question.power);
  if (question.deviation) return question;
  const double treated = question.baseline + question.lift.value_or(0);
  if (question.baseline <= 0 || question.baseline >= 1) {
    return events::bad_field("baseline",
                             "a proportion lies between 0 and 1; of a mean, say "
                             "deviation");
  }
  if (treated <= 0 || treated >= 1) {
    return events::bad_field(*lift ? "lift" : "relative_lift",
                             "leads to a proportion that does not lie between 0 and 1");
  }
  return question;
}

Result<Json> answer_question(const Question& asked) {
  const auto variance = [&](double mean) {
    return asked.deviation ? *asked.deviation * *asked.deviation : mean * (1 - mean);
  };
  const double a = variance(asked.baseline);
  Json out;
  out.add("baseline", Json::number(asked.baseline));
  out.add("alpha", Json::number(asked.alpha));
  out.add("power", Json::number(asked.power));
  if (asked.lift) {
    const double b = variance(asked.baseline + *asked.lift);
    const std::uint64_t once =
        experiment::units_needed(*asked.lift, a, b, asked.alpha, asked.power);
    // Tuned for where it is expected to end, as a horizon does.
    const std::uint64_t looking = experiment::units_needed_always_valid(
        *asked.lift, a, b, asked.alpha, asked.power, 2.0 * static_cast<double>(once));
    if (looking >= experiment::kUnitsMost) {
      return events::bad_field("lift", "is too little to be found");
    }
    out.add("lift", Json::number(*asked.lift));
    out.add("units_per_variant", looking);
    out.add("units_per_variant_at_one_look", once);
  }
  if (asked.units) {
    const auto units = static_cast<std::uint64_t>(*asked.units);
    out.add("units", units);
    out.add("detectable_at_one_look",
            Json::number(experiment::detectable(a, a, asked.alpha, asked.power, units)));
  }
  return out;
}

constexpr MemberDoc kInterval[] = {
    {"estimate", R"({"type":"number"})", "The treatment's mean less the control's."},
    {"standard_error", R"({"type":"number"})", "Of the estimate."},
    {"lower", R"({"type":"number"})", "Of the interval that holds at every look at once."},
    {"upper", R"({"type":"number"})", "Likewise."},
};
constexpr MemberDoc kOneLook[] = {
    {"lower", R"({"type":"number"})", "Of Welch's interval."},
    {"upper", R"({"type":"number"})", "Likewise."},
    {"p", R"({"type":"number"})", "Not valid for whoever looks more than once."},
};
constexpr MemberDoc kNeeded[] = {
    {"units_per_variant?", "count", "That would prove the present difference, with power 0.8."},
    {"detectable_at_one_look?", R"({"type":"number"})", "What the present units find, likewise."},
};
constexpr MemberDoc kComparison[] = {
    {"variant", "text", "The treatment."},
    {"enough", "flag", "Both variants have the units that a verdict needs."},
    {"absolute?", "ExperimentEffect", "The difference."},
    {"relative?", "ExperimentEffect", "As a part of the control's mean, unless that is 0."},
    {"p?", R"({"type":"number"})", "Always valid: of what was seen if there were no difference."},
    {"adjusted_p?", R"({"type":"number"})", "After correction for the other treatments."},
    {"one_look?", "ExperimentOneLook", "The usual test, not valid while one looks."},
    {"unknown?", R"({"enum":["too_few","zero_variance","zero_baseline","not_finite"]})",
     "Why there is no difference to tell of."},
    {"better", "flag", "Proven at alpha, in the direction of the goal."},
    {"worse", "flag", "Likewise, the other way."},
    {"harm_p?", R"({"type":"number"})", "Of a guardrail: one-sided, beyond its margin."},
    {"harmful?", "flag", "Of a guardrail: breached."},
    {"needed?", "ExperimentNeeded", "What would settle it, of the metric that decides."},
};
constexpr MemberDoc kOfVariant[] = {
    {"variant", "text", "Its name."},
    {"units", "count", "That have a value."},
    {"values", "count", "Single values they have."},
    {"unusable", "count", "Texts where a number is asked for, calls without a price."},
    {"mean?", R"({"type":"number"})", "Of the units' values."},
    {"deviation?", R"({"type":"number"})", "Standard deviation of one unit's value."},
};
constexpr MemberDoc kMetricReport[] = {
    {"metric", "text", "Its name."},
    {"role", R"({"enum":["primary","guardrail","secondary"]})", "What it is for."},
    {"source", "score|call", "Where its values come from."},
    {"goal", "increase|decrease", "What is better."},
    {"aggregate", "mean|sum|last|ratio", "What a unit's values are taken together to."},
    {"category?", "text", "The value is whether it is this word."},
    {"margin?", R"({"type":"number"})", "Harm that is tolerated."},
    {"variants", "list of ExperimentObserved", "What was seen, the control first."},
    {"comparisons", "list of ExperimentComparison", "Each treatment beside the control."},
};
constexpr MemberDoc kCallCounts[] = {
    {"answered", "count", "By a provider."},
    {"failed", "count", "Attempts that ended in an error."},
    {"cached", "count", "Answered from a cache or the record; in no metric."},
    {"refused", "count", "Ended before their unit was exposed; in no metric."},
};
constexpr MemberDoc kVariantReport[] = {
    {"variant", "text", "Its name."},
    {"prompt?", "text", "greeting@2."},
    {"model?", "text", "That its calls go to."},
    {"provider?", "text", "Likewise."},
    {"parameters?", "object", "Put over those of the call."},
    {"weight", R"({"type":"number"})", "Its part of the units that come now."},
    {"exposed", "count", "Units that met it."},
    {"calls", "ExperimentCalls", "Calls that carried it, by what became of them."},
};
constexpr std::string_view kByVariant =
    R"({"type":"object","additionalProperties":{"type":"number"}})";
constexpr MemberDoc kSplitEdition[] = {
    {"edition", "count", "0: the shares as planned."},
    {"exposed", kByVariant, "Units, by variant."},
    {"expected", kByVariant, "By their shares."},
};
constexpr MemberDoc kSplit[] = {
    {"p", R"({"type":"number"})", "The least on the way here, always valid."},
    {"alarm", "flag", "Units do not come in the shares asked for: nothing may be concluded."},
    {"alarm_below", R"({"type":"number"})", "The p that raises it."},
    {"editions", "list of ExperimentSplitEdition", "By the shares that units were drawn by."},
};
constexpr MemberDoc kVerdict[] = {
    {"decision", R"({"enum":["wait","winner","harm","no_difference","blocked"]})",
     "What the numbers say."},
    {"variant?", "text", "That won, or does harm."},
    {"metric?", "text", "By which."},
    {"reasons", "list of text", "Why, in words; the first says the decision."},
};
constexpr MemberDoc kReport[] = {
    {"experiment", "text", "Its name."},
    {"status", R"({"enum":["planned","running","paused","stopped","concluded"]})",
     "How it stands."},
    {"hypothesis?", "text", "What is expected, and why."},
    {"unit", R"({"enum":["user","session","request"]})", "What has a variant as a whole."},
    {"coverage", R"({"type":"number"})", "The part of all units that takes part."},
    {"started_at?", "Time", "The first time."},
    {"first_exposure?", "Time", "When the first unit met its variant."},
    {"latest_exposure?", "Time", "When the latest did."},
    {"alpha", R"({"type":"number"})", "Probability of a winner where there is none."},
    {"minimum_sample", "count", "Units a variant before a winner."},
    {"horizon?", "count", "Units at which it ends without a difference."},
    {"exposed", "count", "Units of all variants."},
    {"verdict", "ExperimentVerdict", "What the numbers say."},
    {"variants", "list of ExperimentVariantReport", "The control first."},
    {"sample_ratio", "ExperimentSplit", "Whether units come in the shares asked for."},
    {"metrics", "list of ExperimentMetricReport", "The one that decides first."},
    {"never_exposed", "count", "Units of which something is on record, but no exposure."},
    {"unexpected_outcomes", "count", "Values of such units; in no metric."},
    {"corrected", "count", "Values that a later revision took the place of."},
    {"as_of?", "Position", "Where it was asked about an earlier moment."},
    {"checkpoint", "Position", "One past the last position that the answer reflects."},
};
constexpr std::string_view kPositive = R"({"type":"number","exclusiveMinimum":0})";
constexpr MemberDoc kPowerBody[] = {
    {"baseline", R"({"type":"number"})", "Mean of the control: a proportion, unless deviation."},
    {"lift?", R"({"type":"number"})", "The difference to find."},
    {"relative_lift?", R"({"type":"number"})", "Instead: as a part of the baseline."},
    {"deviation?", kPositive, "Standard deviation of one unit, of a mean."},
    {"units?", kPositive, "Units a variant, to ask what they find."},
    {"alpha?", kPositive, "0.05 unless said."},
    {"power?", kPositive, "0.8 unless said."},
};
constexpr MemberDoc kPowerAnswer[] = {
    {"baseline", R"({"type":"number"})", "As asked."},
    {"alpha", R"({"type":"number"})", "As asked."},
    {"power", R"({"type":"number"})", "As asked."},
    {"lift?", R"({"type":"number"})", "The difference."},
    {"units_per_variant?", "count", "That find it, looking all the time, with that horizon."},
    {"units_per_variant_at_one_look?", "count", "That find it, looking once at the end."},
    {"units?", "count", "As asked."},
    {"detectable_at_one_look?", R"({"type":"number"})", "The difference that they find."},
    {"checkpoint", "Position", "One past the last position of the log."},
};
constexpr SchemaDoc kSchemas[] = {
    {"ExperimentEffect", "A difference and its interval.", kInterval},
    {"ExperimentOneLook", "The usual test.", kOneLook},
    {"ExperimentNeeded", "What would settle a question.", kNeeded},
    {"ExperimentComparison", "A treatment beside the control.", kComparison},
    {"ExperimentObserved", "A metric of one variant.", kOfVariant},
    {"ExperimentMetricReport", "One metric of an experiment.", kMetricReport},
    {"ExperimentCalls", "Calls by what became of them.", kCallCounts},
    {"ExperimentVariantReport", "One variant of an experiment.", kVariantReport},
    {"ExperimentSplitEdition", "Units that came while the shares were the same.", kSplitEdition},
    {"ExperimentSplit", "Whether units come in the shares asked for.", kSplit},
    {"ExperimentVerdict", "What the numbers say.", kVerdict},
    {"ExperimentReport", "How an experiment stands.", kReport},
    {"PowerBody", "A question about numbers of units.", kPowerBody, SchemaDoc::Others::refused},
    {"PowerAnswer", "How many units it needs.", kPowerAnswer},
};
constexpr RouteDoc::Answer kReported[] = {{200, "application/json", "ExperimentReport"}};
constexpr RouteDoc::Answer kCounted[] = {{200, "application/json", "PowerAnswer"}};

}  // namespace

std::vector<AddedRoute> experiment_report_routes(const ReadsPtr& reads) {
  std::vector<AddedRoute> all;
  all.push_back(
      {get_route("/v1/experiments/{name}/report", Rule{Scope::read, Access::none},
                 "How an experiment stands: counts, differences, the verdict and why",
                 [reads](const RequestPtr& request, const Responder& respond) {
                   const auto parameters = Query::of(*request, {"as_of", "at_least"});
                   if (!parameters) return respond(problem(parameters.error()));
                   const auto as_of = as_of_parameter(*parameters);
                   if (!as_of) return respond(problem(as_of.error()));
                   reads->from_view("observations", request, respond,
                                    [reads, request, as_of = *as_of](const core::ReadModel& view) {
                                      return report(*reads, *reads->prices, *request, as_of, view);
                                    });
                 }),
       RouteDoc{Method::get, "/v1/experiments/{name}/report", "as_of at_least", "", kReported}, "",
       kSchemas});
  Route power(Method::post, "/v1/experiments/power", Rule{Scope::read, Access::none});
  power.takes = Takes::json;
  power.doc = "How many units a difference needs, or what a number of units finds";
  power.handler = [&context = reads->context](const RequestPtr& request, const Responder& respond) {
    auto body = read_json_body(context, *request);
    if (!body) return respond(problem(std::move(body.error())));
    const auto question = read_question(*body);
    if (!question) return respond(problem(question.error()));
    auto answer = answer_question(*question);
    if (!answer) return respond(problem(std::move(answer.error())));
    auto response = answer_with(context, *std::move(answer), context.log.end());
    respond(response ? *std::move(response) : problem(std::move(response.error())));
  };
  all.push_back({std::move(power),
                 RouteDoc{Method::post, "/v1/experiments/power", "", "", kCounted}, "PowerBody",
                 std::span<const SchemaDoc>()});
  return all;
}

}  // namespace hansard::http
