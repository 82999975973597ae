#include "projections/query/text.h"

#include <gtest/gtest.h>

#include "projections/query/json.h"
#include "projections/query/names.h"

namespace hansard::projections::query::test {
namespace {

/// A Saturday evening; in Berlin it is half past ten.
core::Timestamp now() { return core::parse_time("2026-11-21T21:30:00Z").value(); }

Request read(std::string_view text) {
  auto request = read_text(text, now());
  if (auto* error = std::get_if<TextError>(&request)) {
    ADD_FAILURE() << text << ": " << error->column << " " << error->message;
    return {};
  }
  return std::get<Request>(std::move(request));
}

std::string span(std::string_view text) {
  const Request request = read(text);
  const auto shown = [](const auto& time) {
    return time ? core::format_time(*time).substr(0, 16) : std::string("-");
  };
  return shown(request.query.from) + " " + shown(request.query.to);
}

TEST(QueryText, ReadsEveryPart) {
  const Request request = read(
      "calls, sum(cost), p99.9(latency_us), count_distinct(tag:team) by model, day "
      "where provider = openai and model != 'a b' and status in (429, null) and user not in (ada) "
      "and attempt between 2 and 3 and tokens > 1000 and latency_us <= 1.5s and cost >= $0.05 "
      "since 7d having sum(cost) > $2 and calls < 5 order by sum(cost) desc, day top 10 "
      "compare previous in \"Europe/Berlin\" as of 120 prices as of 90");
  const Query& query = request.query;
  ASSERT_EQ(query.aggregates.size(), 4U);
  EXPECT_EQ(to_text(query.aggregates[1]), "sum(cost)");
  EXPECT_EQ(to_text(query.aggregates[2]), "p99.9(latency_us)");
  EXPECT_EQ(to_text(query.aggregates[3]), "count_distinct(tag:team)");
  ASSERT_EQ(query.where.size(), 5U);
  EXPECT_EQ(query.where[0].values[0], "openai");
  EXPECT_EQ(query.where[1].values[0], "a b");
  EXPECT_TRUE(query.where[1].negated);
  EXPECT_EQ(query.where[2].values.size(), 2U);
  EXPECT_EQ(query.where[2].values[1], std::nullopt);
  EXPECT_TRUE(query.where[3].negated);
  EXPECT_EQ(query.where[4].min, 2);
  EXPECT_EQ(query.where[4].max, 3);
  EXPECT_EQ(query.where_measure.at(0).min, 1001);
  EXPECT_EQ(query.where_measure.at(1).max, 1'500'000);
  EXPECT_EQ(query.where_measure.at(2).min, 50'000'000'000);
  EXPECT_GT(query.having.at(0).min, 2e12);
  EXPECT_LT(query.having.at(1).max, 5);
  EXPECT_TRUE(query.order.at(0).descending);
  EXPECT_FALSE(query.order.at(1).descending);
  EXPECT_EQ(query.limit, 10U);
  EXPECT_EQ(query.compare, Compare::previous);
  EXPECT_EQ(query.to, now()) << "a comparison ends when it is asked";
  EXPECT_EQ(query.zone.name(), "Europe/Berlin");
  EXPECT_EQ(query.as_of->value, 120U);
  EXPECT_EQ(request.prices_as_of->value, 90U);
}

TEST(QueryText, TablesHaveTheirOwnNames) {
  EXPECT_EQ(read("avg(value), scores from scores by metric, evaluator").query.table,
            facts::Table::scores);
  EXPECT_EQ(
      read("calls, p95(duration_us) by tool from tool_calls where outcome = failed").query.table,
      facts::Table::tool_calls);
  EXPECT_EQ(read("tokens_saved from optimisations by strategy from 2026-11-01").query.table,
            facts::Table::optimisations);
  EXPECT_EQ(read("scores from scores where value >= 0.5").query.where_measure.at(0).min, 500'000);
  EXPECT_FALSE(asked_table_of("observations")) << "corrections would be counted";
  EXPECT_EQ(asked_table_of("scores"), facts::Table::scores);
}

TEST(QueryText, TimesAreOfTheZone) {
  EXPECT_EQ(span("calls"), "- -");
  EXPECT_EQ(span("calls since 90m"), "2026-11-21T20:00 -");
  EXPECT_EQ(span("calls since 2w"), "2026-11-07T21:30 -");
  EXPECT_EQ(span("calls since 2026-11-01"), "2026-11-01T00:00 -");
  EXPECT_EQ(span("calls today"), "2026-11-21T00:00 -");
  EXPECT_EQ(span("calls yesterday"), "2026-11-20T00:00 2026-11-21T00:00");
  EXPECT_EQ(span("calls this week"), "2026-11-16T00:00 -");
  EXPECT_EQ(span("calls last week"), "2026-11-09T00:00 2026-11-16T00:00");
  EXPECT_EQ(span("calls last month"), "2026-10-01T00:00 2026-11-01T00:00");
  EXPECT_EQ(span("calls last 7 days"), "2026-11-14T00:00 2026-11-21T00:00");
  EXPECT_EQ(span("calls last 3 months"), "2026-08-01T00:00 2026-11-01T00:00");
  EXPECT_EQ(span("calls from 2026-11-01 to 2026-11-08T12:00:00+01:00"),
            "2026-11-01T00:00 2026-11-08T11:00");
  EXPECT_EQ(span("calls from yesterday to now"), "2026-11-20T00:00 2026-11-21T21:30");
  // Wherever the zone is said.
  EXPECT_EQ(span("calls from 2026-11-01 to 2026-11-08 in Europe/Berlin"),
            "2026-10-31T23:00 2026-11-07T23:00");
  EXPECT_EQ(span("calls in Asia/Tokyo today"), "2026-11-21T15:00 -") << "where it is Sunday";
  EXPECT_EQ(span("calls in Europe/Berlin last month"), "2026-09-30T22:00 2026-10-31T23:00");
}

struct Wrong {
  const char* text;
  std::size_t column;
  std::size_t length;
  const char* says;
};

TEST(QueryText, ErrorsPointAtTheWord) {
  const Wrong cases[] = {
      {"", 1, 1, "expected a measure, found the end"},
      {"cals by model", 1, 4, "did you mean \"calls\"?"},
      {"calls by modle", 10, 5, "did you mean \"model\"?"},
      {"calls by model wher a = b", 16, 4, "did you mean \"where\"?"},
      {"p95(latncy_us)", 5, 9, "did you mean \"latency_us\"?"},
      {"median(tokens)", 1, 6, "expected a function"},
      {"calls, latency_us", 8, 10, "does not add up"},
      {"sum(tokens", 11, 1, "a closing bracket"},
      {"avg(value) by metric", 5, 5, "of scores: say from scores"},
      {"calls by tool", 10, 4, "of tool_calls: say from tool_calls"},
      {"calls by color_of_the_sky", 10, 16, "there are session, user"},
      {"calls where model in (a, b", 27, 1, "a closing bracket"},
      {"calls where model in ()", 23, 1, "a value"},
      {"calls where model", 18, 1, "=, !=, in"},
      {"calls where tokens > many", 22, 4, "a whole number"},
      {"calls where cost > 3", 20, 1, "dollars such as $0.05"},
      {"calls where latency_us > 2y", 26, 2, "a time such as 2s"},
      {"calls where day = 3", 13, 3, "times are chosen with since"},
      {"calls in Mars/Olympus", 10, 12, "no time zone \"Mars/Olympus\""},
      {"calls from 2026-11-08 to 2026-11-01", 26, 10, "after the beginning"},
      {"calls from 2026-13-01", 12, 10, "expected a day"},
      {"calls since 7d today", 16, 5, "said twice"},
      {"calls by model by day", 16, 2, "there twice"},
      {"calls top 5 limit 6", 13, 5, "there twice"},
      {"calls top many", 11, 4, "a number up to"},
      {"calls last 0 days", 12, 1, "from 1 to 1000"},
      {"calls this year", 12, 4, "day, week or month"},
      {"calls order by errors", 16, 6, "not among the measures"},
      {"calls order by model", 16, 5, "not among the dimensions"},
      {"calls having tokens > 3", 14, 6, "not among the measures"},
      {"calls compare next", 15, 4, "expected previous"},
      {"calls as of now", 13, 3, "a position"},
      {"calls where model = 'a", 21, 1, "never closed"},
      {"calls where model = \xc3\xa4 \xe2\x82\xac", 23, 1, "expected a comma"},
  };
  for (const Wrong& wrong : cases) {
    const auto read = read_text(wrong.text, now());
    const auto* error = std::get_if<TextError>(&read);
    ASSERT_NE(error, nullptr) << wrong.text;
    EXPECT_EQ(error->column, wrong.column) << wrong.text << ": " << error->message;
    EXPECT_EQ(error->length, wrong.length) << wrong.text << ": " << error->message;
    EXPECT_NE(error->message.find(wrong.says), std::string::npos) << error->message;
  }
  const auto as_error = parse_text("cals", now());
  EXPECT_EQ(as_error.error().field, "text");
  EXPECT_TRUE(as_error.error().message.starts_with("text: column 1: there is no measure \"cals\""));
  EXPECT_EQ(parse_text(std::string(20'000, 'a'), now()).error().code, core::Errc::too_large);
}

TEST(QueryText, ATextInJsonStandsForTheWholeQuery) {
  const auto request =
      parse_request(R"({"text": "calls by model", "at_least": 7, "format": "ndjson"})", now());
  ASSERT_TRUE(request) << request.error().message;
  EXPECT_EQ(request->query.group_by.size(), 1U);
  EXPECT_EQ(request->at_least->value, 7U);
  EXPECT_EQ(request->asked_at, now());
  EXPECT_EQ(parse_request(R"({"text": "calls", "limit": 3})", now()).error().field, "limit");
  EXPECT_EQ(parse_request(R"({"text": "cals"})", now()).error().field, "text");
}

}  // namespace
}  // namespace hansard::projections::query::test
