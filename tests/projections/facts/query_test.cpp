#include <cstdlib>

#include "plain_query.h"
#include "projections/facts/optimisations.h"
#include "projections/facts/scores.h"
#include "projections/facts/tool_calls.h"
#include "tables_oracle.h"

/// Random queries, answered from columns and from decoded events.
namespace hansard::projections::query::test {
namespace {

using facts::CallsView;
using facts::Column;
using facts::test::Oracle;
using projections::test::Built;
using projections::test::keyed_hash;
using projections::test::Recorder;

constexpr int kQueriesPerLog = 250;

int logs() {
  const char* text = std::getenv("HANSARD_TEST_ROUNDS");
  return 8 * std::max(1, text ? std::atoi(text) : 1);
}

class RandomQuery {
 public:
  explicit RandomQuery(std::uint64_t seed, facts::Table table = facts::Table::calls)
      : random_(seed), table_(table) {}
  std::uint64_t below(std::uint64_t bound) { return random_() % bound; }

  Query next(core::Position end) {
    Query query;
    query.project = support::project(below(5) == 0 ? "other" : "default");
    query.table = table_;
    for (auto left = 1 + below(3); left > 0; --left) {
      const Aggregate wanted = aggregate();
      if (std::find(query.aggregates.begin(), query.aggregates.end(), wanted) ==
          query.aggregates.end()) {
        query.aggregates.push_back(wanted);
      }
    }
    for (auto left = below(4); left > 0; --left) {
      const DimensionRef wanted = dimension();
      if (std::find(query.group_by.begin(), query.group_by.end(), wanted) == query.group_by.end()) {
        query.group_by.push_back(wanted);
      }
    }
    for (auto left = below(3); left > 1; --left) query.where.push_back(filter());
    if (below(5) == 0) {
      MeasureFilter filter;
      filter.measure = measure();
      if (below(3) != 0) filter.min = static_cast<std::int64_t>(below(2'000));
      if (below(3) != 0) filter.max = static_cast<std::int64_t>(2'000 + below(30'000'000));
      query.where_measure.push_back(filter);
    }
    const std::int64_t first = projections::test::day_us(19'900);
    if (below(4) == 0) {
      query.from = support::at_us(first + static_cast<std::int64_t>(below(9'000'000'000'000)));
    }
    if (below(4) == 0) {
      const std::int64_t least = query.from ? query.from->time_since_epoch().count() + 1 : first;
      query.to = support::at_us(least + static_cast<std::int64_t>(below(6'000'000'000'000)));
    }
    if (below(4) == 0) {
      Having having{query.aggregates[below(query.aggregates.size())], {}, {}};
      if (below(2) == 0) having.min = static_cast<double>(below(3'000));
      if (below(2) == 0) having.max = static_cast<double>(3'000 + below(1'000'000));
      query.having.push_back(having);
    }
    for (auto left = below(3); left > 0; --left) {
      Order order{query.aggregates[below(query.aggregates.size())], below(2) == 0};
      if (!query.group_by.empty() && below(2) == 0) {
        order.by = query.group_by[below(query.group_by.size())];
      }
      query.order.push_back(order);
    }
    if (below(2) == 0) {
      constexpr const char* kZones[] = {
          "Europe/Berlin", "America/New_York", "Asia/Kolkata",       "Asia/Kathmandu",
          "Pacific/Apia",  "America/St_Johns", "Australia/Lord_Howe"};
      query.zone = Zone::named(kZones[below(7)]).value();
    }
    if (below(3) == 0) query.limit = below(12);
    if (below(3) == 0) query.as_of = core::Position{below(end.value + 1)};
    return query;
  }

 private:
  std::string name(const char* prefix, std::uint64_t bound) {
    return prefix + std::to_string(below(bound));
  }
  Measure measure() {
    for (;;) {
      const auto made = static_cast<Measure>(below(kMeasures));
      if (is_of(table_, made)) return made;
    }
  }
  DimensionRef dimension() {
    DimensionRef made{static_cast<Dimension>(below(kDimensions))};
    while (!is_of(table_, made.dimension)) {
      made.dimension = static_cast<Dimension>(below(kDimensions));
    }
    if (made.dimension == Dimension::tag)
      made.tag = below(3) == 0 ? "none" : below(2) ? "env" : "team";
    return made;
  }
  Aggregate aggregate() {
    Aggregate made;
    made.function = static_cast<Function>(below(7));
    if (made.function == Function::count_distinct) {
      made.distinct_of = dimension();
      return made;
    }
    made.measure = measure();
    if (made.function == Function::sum && made.measure == Measure::tokens_per_second) {
      made.measure = Measure::tokens;
    }
    if (made.function == Function::percentile) {
      constexpr std::uint32_t kTenths[] = {5'000, 9'000, 9'500, 9'900, 9'990, 1, 10'000};
      made.per_mille_tenths = kTenths[below(7)];
    }
    return made;
  }
  DimensionFilter filter() {
    DimensionFilter made{dimension(), {}};
    while (is_time(made.dimension.dimension)) made.dimension = dimension();
    const auto which = made.dimension.dimension;
    if ((which == Dimension::status || which == Dimension::attempt) && below(2) == 0) {
      const std::int64_t least = which == Dimension::status ? 380 : 0;
      made.min = least + static_cast<std::int64_t>(below(which == Dimension::status ? 150 : 4));
      if (below(2) == 0) made.max = *made.min + static_cast<std::int64_t>(below(40));
      return made;
    }
    for (auto left = 1 + below(3); left > 0; --left) {
      made.negated = below(4) == 0;
      made.values.push_back(below(5) == 0 ? std::nullopt : std::optional(value(made.dimension)));
    }
    return made;
  }
  std::string value(const DimensionRef& of) {
    switch (of.dimension) {
      case Dimension::session:
        return name("rich", 13);
      case Dimension::user:
        return name("user", 6);
      case Dimension::agent:
        return below(5) == 0 ? "nobody" : "helper";
      case Dimension::app:
        return "app";
      case Dimension::provider:
        return below(3) == 0 ? "p1" : name("p", 4);
      case Dimension::model:
        return below(2) == 0 ? name("asked", 4) : name("model", 6);
      case Dimension::service_tier:
        return name("tier", 4);
      case Dimension::error_type:
        return name("error", 5);
      case Dimension::prompt:
        return name("prompt", 4);
      case Dimension::experiment:
        return name("x", 3);
      case Dimension::variant:
        return name("v", 4);
      case Dimension::tag:
        return of.tag == "env" ? name("e", 4) : name("t", 3);
      case Dimension::status:
        return std::to_string(400 + below(130));
      case Dimension::stream:
        return below(2) == 0 ? "true" : "false";
      case Dimension::attempt:
        return std::to_string(below(5));
      case Dimension::prompt_version:
        return below(3) == 0 ? "1.0." + std::to_string(below(3)) : std::to_string(below(5));
      case Dimension::source:
        return "api";
      case Dimension::tool:
        return name("tool", 4);
      case Dimension::metric:
        return name("metric", 4);
      case Dimension::category:
        return name("category", 4);
      case Dimension::evaluator:
        return name("judge", 4);
      case Dimension::strategy:
        return name("strategy", 4);
      case Dimension::reason:
        return name("reason", 4);
      default:
        return std::string(
            facts::word_of(column_of(of.dimension), static_cast<std::int64_t>(below(4))));
    }
  }

  std::mt19937_64 random_;
  facts::Table table_;
};

Options with_cost() {
  Options options;
  options.cost.columns = {Column::model, Column::input_text};
  options.cost.open = [](const facts::Reader& reader) -> core::Result<Pricer> {
    const auto models = reader.all_texts(Column::model).value();
    return Pricer([models](const facts::Row& row) -> std::optional<CallCost> {
      const auto model_id = row[facts::index_of(Column::model)];
      const auto input = row[facts::index_of(Column::input_text)];
      const auto cost = plain_cost(model_id == facts::kNull
                                       ? std::nullopt
                                       : std::optional(models[static_cast<std::size_t>(model_id)]),
                                   input == facts::kNull ? std::nullopt : std::optional(input));
      if (!cost) return std::nullopt;
      return CallCost{*cost, !partly_priced(*cost), false};
    });
  };
  return options;
}

std::string shown(const Query& query) {
  std::string text;
  for (const auto& aggregate : query.aggregates) text += to_text(aggregate) + " ";
  text += "by ";
  for (const auto& dimension : query.group_by) text += to_text(dimension) + " ";
  for (const auto& filter : query.where) text += "where " + to_text(filter.dimension) + " ";
  for (const auto& filter : query.where_measure) {
    text += "where " + std::string(to_word(filter.measure)) + " ";
  }
  return text;
}

bool near(const Cell& exact, const Cell& answer, double slack) {
  if (exact.known != answer.known || exact.of != answer.of) return false;
  return std::abs(exact.number() - answer.number()) <= exact.number() * kSketchAccuracy + slack;
}

/// True when a percentile decides what is shown or in which order.
bool rests_on_percentiles(const Query& query) {
  const auto is = [](const Aggregate& one) { return one.function == Function::percentile; };
  bool any = query.order.empty() && is(query.aggregates.front());
  for (const auto& having : query.having) any |= is(having.aggregate);
  for (const auto& order : query.order) {
    const auto* by = std::get_if<Aggregate>(&order.by);
    any |= by && is(*by);
  }
  return any;
}

void expect_equal(const Answer& answer, const PlainAnswer& plain, const Query& query) {
  ASSERT_EQ(answer.calls, plain.calls);
  ASSERT_EQ(answer.undated_left_out, plain.undated);
  ASSERT_EQ(answer.calls_unpriced, plain.unpriced);
  ASSERT_EQ(answer.calls_partly_priced, plain.partly);
  ASSERT_EQ(answer.calls_cost_estimated, plain.cost_estimated);
  ASSERT_EQ(answer.groups_before_limit, plain.before_limit);
  ASSERT_EQ(answer.groups.size(), plain.groups.size());
  const bool tokens =
      std::any_of(query.aggregates.begin(), query.aggregates.end(), [](const Aggregate& aggregate) {
        return !aggregate.distinct_of && aggregate.measure >= Measure::input_text &&
               aggregate.measure <= Measure::saved_cost &&
               aggregate.measure != Measure::latency_us && aggregate.measure != Measure::ttft_us;
      });
  ASSERT_EQ(answer.calls_without_usage, tokens ? plain.without_usage : 0);
  ASSERT_EQ(answer.calls_estimated, tokens ? plain.estimated : 0);
  const bool sketch = answer.percentiles == PercentileMethod::sketch;
  for (std::size_t i = 0; i < plain.groups.size(); ++i) {
    ASSERT_EQ(answer.groups[i].calls, plain.groups[i].calls.size());
    for (std::size_t k = 0; k < query.group_by.size(); ++k) {
      const auto& key = plain.groups[i].keys[k];
      ASSERT_EQ(answer.groups[i].keys[k].text, key.known ? std::optional(key.text) : std::nullopt);
    }
    for (std::size_t c = 0; c < query.aggregates.size(); ++c) {
      const Cell& exact = plain.groups[i].cells[c];
      const Cell& cell = answer.groups[i].cells[c];
      if (sketch && query.aggregates[c].function == Function::percentile) {
        // Whole numbers, and rates in thousandths, are rounded besides.
        ASSERT_TRUE(near(exact, cell, exact.whole ? 0.5 : 0.0005))
            << to_text(query.aggregates[c]) << " " << exact.number() << " " << cell.number();
        continue;
      }
      ASSERT_EQ(cell.known, exact.known) << to_text(query.aggregates[c]);
      ASSERT_EQ(cell.of, exact.of) << to_text(query.aggregates[c]);
      ASSERT_EQ(cell.whole, exact.whole) << to_text(query.aggregates[c]);
      if (!exact.known) continue;
      ASSERT_TRUE(cell.integer == exact.integer)
          << to_text(query.aggregates[c]) << " " << to_text(exact.integer) << " "
          << to_text(cell.integer);
      ASSERT_EQ(cell.real, exact.real) << to_text(query.aggregates[c]);
    }
  }
}

class RandomQueries : public ::testing::TestWithParam<int> {};

TEST_P(RandomQueries, AreAnsweredAsBruteForceAnswersThem) {
  const auto seed = static_cast<std::uint64_t>(GetParam());
  std::mt19937_64 random(seed);
  Recorder recorder;
  facts::test::add_rich_calls(recorder, random, 700);
  if (seed % 2 == 0) {
    for (std::uint64_t at = 0; at < recorder.log().end().value; at += 3) {
      ASSERT_TRUE(recorder.log().erase(core::Position{at}));
    }
  }
  constexpr std::uint32_t kSegments[] = {facts::kSegmentRows, 50, 7, 333};
  const Built built(recorder.log(), CallsView(kSegments[seed % 4]));
  RandomQuery queries(seed * 31);
  std::uint64_t sketched = 0;
  std::uint64_t groups = 0;
  for (int i = 0; i < kQueriesPerLog; ++i) {
    const Query query = queries.next(recorder.log().end());
    Oracle oracle(recorder.log(), query.project, query.as_of.value_or(recorder.log().end()));
    facts::test::saturate(oracle.calls);
    Options options = with_cost();
    if (i % 2 == 1 && !rests_on_percentiles(query)) options.exact_values_max = 5;
    options.threads = 1 + static_cast<std::uint32_t>(i % 3);
    options.rows_per_thread = 10;
    const auto answer = execute(built.model(), keyed_hash(), query, options);
    ASSERT_TRUE(answer) << answer.error().message;
    SCOPED_TRACE("query " + std::to_string(i) + ", seed " + std::to_string(seed) + ": " +
                 shown(query));
    expect_equal(*answer, plain_answer(oracle.calls, query), query);
    if (HasFatalFailure()) return;
    sketched += answer->percentiles == PercentileMethod::sketch ? 1 : 0;
    groups += answer->groups.size();
  }
  EXPECT_GT(sketched, 0U);
  EXPECT_GT(groups, 2'000U);
}

class RandomTableQueries : public ::testing::TestWithParam<int> {};

TEST_P(RandomTableQueries, AreAnsweredAsBruteForceAnswersThem) {
  const auto seed = static_cast<std::uint64_t>(GetParam());
  std::mt19937_64 random(seed);
  Recorder recorder;
  facts::test::add_rich_others(recorder, random, 400);
  if (seed % 2 == 0) {
    for (std::uint64_t at = 0; at < recorder.log().end().value; at += 3) {
      ASSERT_TRUE(recorder.log().erase(core::Position{at}));
    }
  }
  const std::uint32_t segment_rows = seed % 3 == 0 ? facts::kSegmentRows : 31;
  const Built tools(recorder.log(), facts::ToolCallsView(segment_rows));
  const Built scores(recorder.log(), facts::ScoresView(segment_rows));
  const Built optimisations(recorder.log(), facts::OptimisationsView(segment_rows));
  const std::pair<facts::Table, const core::ReadModel*> tables[] = {
      {facts::Table::tool_calls, &tools.model()},
      {facts::Table::scores, &scores.model()},
      {facts::Table::optimisations, &optimisations.model()}};
  std::uint64_t groups = 0;
  for (const auto& [table, model] : tables) {
    RandomQuery queries(seed * 37, table);
    for (int i = 0; i < kQueriesPerLog / 5; ++i) {
      const Query query = queries.next(recorder.log().end());
      const facts::test::TablesOracle oracle(recorder.log(), query.project,
                                             query.as_of.value_or(recorder.log().end()));
      const auto& rows = oracle.rows(table);
      Options options;
      options.threads = 1 + static_cast<std::uint32_t>(i % 3);
      options.rows_per_thread = 10;
      const auto answer = execute(*model, keyed_hash(), query, options);
      ASSERT_TRUE(answer) << answer.error().message;
      SCOPED_TRACE(std::string(facts::to_word(table)) + " query " + std::to_string(i) + ", seed " +
                   std::to_string(seed) + ": " + shown(query));
      expect_equal(*answer, plain_answer(rows, query), query);
      if (HasFatalFailure()) return;
      groups += answer->groups.size();
    }
  }
  EXPECT_GT(groups, 50U);
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomTableQueries, ::testing::Range(1, 1 + logs()));

INSTANTIATE_TEST_SUITE_P(Seeds, RandomQueries, ::testing::Range(1, 1 + logs()));

}  // namespace
}  // namespace hansard::projections::query::test
