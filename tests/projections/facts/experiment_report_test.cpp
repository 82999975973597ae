#include "projections/experiment_report.h"

#include <cmath>

#include "events/experiment/metric.h"
#include "events/experiment/sample_ratio.h"
#include "experiment_log.h"
#include "projections/facts/observations.h"

namespace hansard::projections::facts::test {
namespace {

using events::Aggregate;
using events::MetricPlan;
using events::experiment::Decision;
using projections::test::Built;

MetricPlan metric_of(std::string name, std::optional<Aggregate> aggregate = {}) {
  MetricPlan metric;
  metric.name = std::move(name);
  metric.aggregate = aggregate;
  return metric;
}

events::ExperimentState state_of() {
  events::ExperimentState state;
  state.plan.emplace();
  for (const char* name : {"a", "b", "c"}) {
    state.plan->variants.emplace_back().name = name;
  }
  state.plan->metric = metric_of("metric0");
  state.shares.push_back({0, {3'334, 3'333, 3'333}, events::kCoverage, {}});
  state.shares.push_back({1, {3'334, 3'333, 3'333}, events::kCoverage, {}});
  return state;
}

/// One experiment counted the plainest way, from decoded events.
class Recount {
 public:
  struct Value {
    double number = 0;
    bool usable = true;
  };
  struct Metric {
    std::map<std::string, std::vector<Value>> of;  ///< by unit, in the order they came
  };

  Recount(const core::EventLog& log, const core::ProjectId& project, std::string experiment,
          core::Position end)
      : experiment_(std::move(experiment)) {
    EXPECT_TRUE(log.read({}, [&](const core::RecordedEvent& event) {
      if (event.position >= end) return false;
      if (event.project == project.text()) take(event);
      return true;
    }));
    for (const auto& [key, latest] : outcomes_) {
      values[latest.second.first].of[key.first].push_back(latest.second.second);
    }
  }

  std::map<std::string, std::string> exposed;  ///< unit -> variant
  std::map<std::string, Metric> values;        ///< by metric; outcomes after scores
  std::map<std::string, std::vector<double>> errors, latency, tokens;  ///< by unit
  std::uint64_t answered = 0, failed = 0, cached = 0, refused = 0;

 private:
  static Value value_of(const events::Json& json) {
    if (const bool* yes = json.if_boolean()) return {*yes ? 1.0 : 0.0};
    if (json.is_number()) return {json.as_double("value").value()};
    return {0, false};
  }

  void take(const core::RecordedEvent& event) {
    const std::string stream(event.stream);
    if (stream.starts_with("assignment-")) {
      const auto decoded = events::assignment_codec().decode(event);
      if (const auto* assigned = std::get_if<events::VariantAssigned>(&decoded->event)) {
        if (assigned->experiment == experiment_) {
          exposed.emplace(stream.substr(11), assigned->variant);
        }
      } else if (const auto* came = std::get_if<events::OutcomeRecorded>(&decoded->event)) {
        if (came->experiment != experiment_) return;
        auto& latest = outcomes_[{stream.substr(11), came->outcome_id}];
        if (came->revision <= latest.first) return;
        latest = {came->revision,
                  {came->metric, came->value ? value_of(*came->value) : Value{0, false}}};
      }
      return;
    }
    const auto decoded = events::SessionCodec().decode(event);
    if (const auto* asked = std::get_if<events::ResponseRequested>(&decoded->event)) {
      if (!asked->variant || !asked->variant->unit) return;
      calls_[{stream, asked->call_id}] = *asked->variant;
    } else if (const auto* answer = std::get_if<events::ResponseReceived>(&decoded->event)) {
      const auto found = calls_.find({stream, answer->call_id});
      if (found == calls_.end()) return;
      messages_[{stream, answer->message_id}] = found->second;
      if (answer->choice != 0) return;
      ended_[{stream, answer->call_id}] = found->second;
      latest_[stream][found->second.experiment] = *found->second.unit;
      if (found->second.experiment != experiment_) return;
      const std::string unit = *found->second.unit;
      if (answer->served_from == events::ServedFrom::cache) {
        ++cached;
      } else if (!exposed.contains(unit)) {
        ++refused;
      } else {
        ++answered;
        errors[unit].push_back(0);
        if (answer->latency_us) latency[unit].push_back(static_cast<double>(*answer->latency_us));
        if (answer->usage) {
          tokens[unit].push_back(
              static_cast<double>(*answer->usage->input_text + *answer->usage->output_text));
        }
      }
    } else if (const auto* down = std::get_if<events::ResponseFailed>(&decoded->event)) {
      const auto found = calls_.find({stream, down->call_id});
      if (found == calls_.end()) return;
      ended_[{stream, down->call_id}] = found->second;
      latest_[stream][found->second.experiment] = *found->second.unit;
      if (found->second.experiment != experiment_) return;
      const std::string unit = *found->second.unit;
      if (!exposed.contains(unit)) {
        ++refused;
        return;
      }
      ++failed;
      errors[unit].push_back(1);
      latency[unit].push_back(static_cast<double>(*down->latency_us));
    } else if (const auto* score = std::get_if<events::ScoreRecorded>(&decoded->event)) {
      if (score->target_kind == events::TargetKind::session) {
        const auto& latest = latest_[stream];
        const auto found = latest.find(experiment_);
        if (found != latest.end()) {
          values[score->name].of[found->second].push_back(value_of(score->value));
        }
        return;
      }
      const auto& known = score->target_kind == events::TargetKind::call ? ended_ : messages_;
      const auto found = known.find({stream, *score->target_id});
      if (found == known.end() || found->second.experiment != experiment_) return;
      values[score->name].of[*found->second.unit].push_back(value_of(score->value));
    }
  }

  std::string experiment_;
  std::map<std::pair<std::string, std::string>, events::VariantRef> calls_, ended_, messages_;
  std::map<std::string, std::map<std::string, std::string>> latest_;
  std::map<std::pair<std::string, std::string>,
           std::pair<std::uint32_t, std::pair<std::string, Value>>>
      outcomes_;
};

/// Of one variant, by a rule for the values of a unit.
template <class Rule>
events::experiment::Moments by_hand(const Recount& recount, const std::string& variant,
                                    Rule&& rule) {
  std::vector<double> numbers;
  for (const auto& [unit, of] : recount.exposed) {
    const std::optional<double> number = of == variant ? rule(unit) : std::nullopt;
    if (number) numbers.push_back(*number);
  }
  double sum = 0;
  for (const double number : numbers) sum += number;
  const auto n = static_cast<double>(numbers.size());
  double squares = 0;
  for (const double number : numbers) squares += (number - sum / n) * (number - sum / n);
  return {n, n == 0 ? 0 : sum / n, n < 2 ? 0 : squares / (n - 1)};
}

std::optional<double> mean_of(const std::vector<double>& numbers) {
  if (numbers.empty()) return {};
  double sum = 0;
  for (const double number : numbers) sum += number;
  return sum / static_cast<double>(numbers.size());
}

class Reports : public ::testing::TestWithParam<int> {};

TEST_P(Reports, CountWhatAPlainRecountCounts) {
  const auto seed = static_cast<std::uint64_t>(GetParam());
  ExperimentLog log(seed);
  log.grow(3'000);
  const Built built(log.log(), ObservationsView(256));
  auto state = state_of();
  state.plan->secondary = {metric_of("metric1", Aggregate::sum), metric_of("errors"),
                           metric_of("latency_us", Aggregate::mean),
                           metric_of("tokens", Aggregate::sum)};
  const auto project = support::project("default");
  for (const core::Position end :
       {log.log().end(), core::Position{log.log().end().value / 2}, core::Position{0}}) {
    const auto report = experiment_report(built.model(), project, "x0", state, {end});
    ASSERT_TRUE(report) << report.error().message;
    const Recount recount(log.log(), project, "x0", end);
    std::uint64_t answered = 0, failed = 0, cached = 0, refused = 0;
    for (std::size_t v = 0; v < 3; ++v) {
      SCOPED_TRACE("variant " + std::to_string(v) + ", seed " + std::to_string(seed) + ", as of " +
                   std::to_string(end.value));
      const std::string variant(1, static_cast<char>('a' + v));
      std::uint64_t exposed = 0;
      for (const auto& each : recount.exposed) exposed += each.second == variant ? 1 : 0;
      EXPECT_EQ(report->exposed[v], exposed);
      const auto& seen = report->seen;
      EXPECT_EQ(seen.editions[0].exposed[v] + seen.editions[1].exposed[v], exposed);
      answered += seen.answered[v];
      failed += seen.failed[v];
      cached += seen.cached[v];
      refused += seen.refused[v];
      const auto score = [&](const char* metric) {
        return [&recount, metric](const std::string& unit) {
          std::vector<double> numbers;
          if (recount.values.contains(metric) && recount.values.at(metric).of.contains(unit)) {
            for (const auto& value : recount.values.at(metric).of.at(unit)) {
              if (value.usable) numbers.push_back(value.number);
            }
          }
          return numbers;
        };
      };
      const auto expect = [&](std::size_t m, const events::experiment::Moments& expected) {
        const auto& got = seen.metrics[m][v].moments;
        EXPECT_EQ(got.n, expected.n);
        EXPECT_NEAR(got.mean, expected.mean, 1e-9 * (1 + std::fabs(expected.mean))) << m;
        const double variance = seen.metrics[m][v].proportion && expected.n > 1
                                    ? expected.variance * (expected.n - 1) / expected.n
                                    : expected.variance;
        EXPECT_NEAR(got.variance, variance, 1e-6 * (1 + variance)) << m;
      };
      expect(0, by_hand(recount, variant,
                        [&](const std::string& unit) { return mean_of(score("metric0")(unit)); }));
      expect(1, by_hand(recount, variant, [&](const std::string& unit) {
               const auto numbers = score("metric1")(unit);
               const auto mean = mean_of(numbers);
               return mean ? std::optional(*mean * static_cast<double>(numbers.size())) : mean;
             }));
      expect(3, by_hand(recount, variant, [&](const std::string& unit) {
               return recount.latency.contains(unit) ? mean_of(recount.latency.at(unit))
                                                     : std::optional<double>();
             }));
      expect(4, by_hand(recount, variant, [&](const std::string& unit) -> std::optional<double> {
               if (!recount.tokens.contains(unit)) return {};
               const auto& numbers = recount.tokens.at(unit);
               return *mean_of(numbers) * static_cast<double>(numbers.size());
             }));
      double errors = 0, calls = 0;
      for (const auto& [unit, of] : recount.exposed) {
        if (of != variant || !recount.errors.contains(unit)) continue;
        for (const double error : recount.errors.at(unit)) errors += error;
        calls += static_cast<double>(recount.errors.at(unit).size());
      }
      if (seen.metrics[2][v].moments.n >= 2) {
        EXPECT_NEAR(seen.metrics[2][v].moments.mean, errors / calls, 1e-12);
      }
      EXPECT_EQ(seen.metrics[2][v].values, static_cast<std::uint64_t>(calls));
    }
    EXPECT_EQ(answered, recount.answered);
    EXPECT_EQ(failed, recount.failed);
    EXPECT_EQ(cached, recount.cached);
    EXPECT_EQ(refused, recount.refused);
    EXPECT_EQ(report->seen.position, end.value);
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, Reports, ::testing::Range(1, 7));

/// One experiment with two variants, told by hand.
class Told {
 public:
  void unit(const std::string& name, const std::string& variant, std::uint32_t edition = 0) {
    events::VariantAssigned assigned;
    assigned.experiment = "greeting";
    assigned.variant = variant;
    assigned.edition = edition;
    log_.add_unit(name, assigned);
  }
  void outcome(const std::string& unit, events::Json value, std::uint32_t revision = 1,
               const std::string& id = "o1") {
    events::OutcomeRecorded outcome;
    outcome.experiment = "greeting";
    outcome.outcome_id = id;
    outcome.revision = revision;
    outcome.metric = "thumbs";
    outcome.value = std::move(value);
    log_.add_unit(unit, outcome);
  }
  ExperimentReport report(const events::ExperimentState& state) {
    const Built built(log_.log(), ObservationsView());
    auto made = experiment_report(built.model(), log_.recorder().project(), "greeting", state);
    EXPECT_TRUE(made);
    return *made;
  }
  static events::ExperimentState state() {
    auto state = state_of();
    state.plan->variants.pop_back();
    state.plan->metric = metric_of("thumbs");
    state.shares = {{0, {5'000, 5'000}, events::kCoverage, {}}};
    return state;
  }

 private:
  ExperimentLog log_{1};
};

TEST(Report, OfAnExperimentThatNobodyMetIsEmpty) {
  Told told;
  const ExperimentReport report = told.report(Told::state());
  EXPECT_EQ(report.exposed, (std::vector<std::uint64_t>{0, 0}));
  EXPECT_EQ(report.analysis.decision, Decision::wait);
  EXPECT_FALSE(report.first_exposure);
}

TEST(Report, ACorrectionTakesThePlaceOfWhatItCorrects) {
  Told told;
  told.unit("u1", "a");
  told.outcome("u1", events::Json(true));
  told.outcome("u1", events::Json(false), 2);
  told.outcome("u1", events::Json(true), 1, "o2");
  const ExperimentReport report = told.report(Told::state());
  EXPECT_EQ(report.seen.metrics[0][0].moments.mean, 0.5);
  EXPECT_EQ(report.seen.metrics[0][0].values, 2U);
  EXPECT_EQ(report.corrected, 1U);
}

TEST(Report, TheLatestValueIsTheCorrectedOne) {
  Told told;
  told.unit("u1", "a");
  told.outcome("u1", events::Json(3));
  told.outcome("u1", events::Json(4), 1, "o2");
  told.outcome("u1", events::Json(5), 2);
  auto state = Told::state();
  state.plan->metric.aggregate = Aggregate::last;
  EXPECT_EQ(told.report(state).seen.metrics[0][0].moments.mean, 5);
}

TEST(Report, OutcomesOfUnitsThatWereNotExposedAreCountedApart) {
  Told told;
  told.unit("u1", "a");
  told.outcome("u1", events::Json(true));
  told.outcome("stranger", events::Json(false));
  const ExperimentReport report = told.report(Told::state());
  EXPECT_EQ(report.never_exposed, 1U);
  EXPECT_EQ(report.unexpected_outcomes, 1U);
  EXPECT_EQ(report.seen.metrics[0][0].moments.mean, 1);
}

TEST(Report, TextsWhereNumbersAreAskedForAreToldAndACategoryIsANumber) {
  Told told;
  told.unit("u1", "a");
  told.unit("u2", "a");
  told.unit("u3", "a");
  told.outcome("u1", events::Json("good"));
  told.outcome("u2", events::Json("bad"));
  told.outcome("u3", events::Json(true));
  auto state = Told::state();
  EXPECT_EQ(told.report(state).seen.metrics[0][0].unusable, 2U);
  EXPECT_EQ(told.report(state).seen.metrics[0][0].units, 1U);
  state.plan->metric.category = "good";
  EXPECT_EQ(told.report(state).seen.metrics[0][0].unusable, 1U);
  EXPECT_EQ(told.report(state).seen.metrics[0][0].moments.mean, 0.5);
  // A correction heals what could not be used.
  told.outcome("u1", events::Json(1), 2);
  state.plan->metric.category.reset();
  EXPECT_EQ(told.report(state).seen.metrics[0][0].unusable, 1U);
}

TEST(Report, AUnitWithoutAValueMayCountAsZero) {
  Told told;
  told.unit("u1", "a");
  told.unit("u2", "a");
  told.outcome("u1", events::Json(true));
  auto state = Told::state();
  EXPECT_EQ(told.report(state).seen.metrics[0][0].moments.mean, 1);
  state.plan->metric.missing = events::Missing::zero;
  EXPECT_EQ(told.report(state).seen.metrics[0][0].moments.mean, 0.5);
}

TEST(Report, AWrongSplitOnTheWayIsRememberedThoughItEvensOut) {
  Told told;
  for (int i = 0; i < 300; ++i) told.unit("a" + std::to_string(i), "a");
  for (int i = 0; i < 300; ++i) told.unit("b" + std::to_string(i), "b");
  const ExperimentReport report = told.report(Told::state());
  EXPECT_GT(events::experiment::sample_ratio_p(report.seen.editions), 0.5);
  EXPECT_LT(report.analysis.sample_ratio_p, events::experiment::kSampleRatioAlpha);
  EXPECT_EQ(report.analysis.decision, Decision::blocked);
}

TEST(Report, UnitsAreCountedInTheSharesThatTheyWereDrawnBy) {
  Told told;
  auto state = Told::state();
  state.shares.push_back({1, {9'000, 1'000}, events::kCoverage, {}});
  told.unit("u1", "a");
  told.unit("u2", "b", 1);
  told.unit("u3", "a", 7);
  const auto report = told.report(state);
  EXPECT_EQ(report.seen.editions[0].exposed, (std::vector<std::uint64_t>{1, 0}));
  EXPECT_EQ(report.seen.editions[1].exposed, (std::vector<std::uint64_t>{1, 1}));
}

}  // namespace
}  // namespace hansard::projections::facts::test
