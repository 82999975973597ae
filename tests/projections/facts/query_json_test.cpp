#include "projections/query/json.h"

#include "plain_query.h"

namespace hansard::projections::query::test {
namespace {

using projections::test::Built;
using projections::test::keyed_hash;
using projections::test::Recorder;
using projections::test::tokens;

core::Error query_error(std::string_view text) {
  const auto query = parse_query(text);
  EXPECT_FALSE(query) << text;
  return query ? core::Error{} : query.error();
}

TEST(QueryJson, ReadsEveryPart) {
  const auto query = parse_query(R"q({
    "measures": ["calls", "p99.9(latency_us)", "count_distinct(tag:team)"],
    "group_by": ["model", "day"], "where": {"provider": "p", "model": ["a", null],
    "status": {"min": 500, "max": 599}, "stream": true, "attempt": 2, "tokens": {"max": -1}},
    "from": "2026-11-01", "to": "2026-11-08T12:00:00+01:00",
    "having": {"calls": {"min": 1.5}}, "order": ["-calls", "day"], "limit": 7, "as_of": 120})q");
  ASSERT_TRUE(query) << query.error().message;
  ASSERT_EQ(query->aggregates.size(), 3U);
  EXPECT_EQ(to_text(query->aggregates[0]), "sum(calls)");
  EXPECT_EQ(to_text(query->aggregates[1]), "p99.9(latency_us)");
  EXPECT_EQ(to_text(query->aggregates[2]), "count_distinct(tag:team)");
  ASSERT_EQ(query->where.size(), 5U);
  EXPECT_EQ(query->where[1].values[0], "a");
  EXPECT_EQ(query->where[1].values[1], std::nullopt);
  EXPECT_EQ(query->where[2].min, 500);
  EXPECT_EQ(query->where[3].values[0], "true");
  EXPECT_EQ(query->where[4].values[0], "2");
  EXPECT_EQ(query->where_measure.at(0).max, -1);
  EXPECT_EQ(core::format_time(*query->from), "2026-11-01T00:00:00.000000Z");
  EXPECT_EQ(core::format_time(*query->to), "2026-11-08T11:00:00.000000Z");
  EXPECT_EQ(query->having.at(0).min, 1.5);
  EXPECT_TRUE(query->order.at(0).descending);
  EXPECT_EQ(std::get<DimensionRef>(query->order.at(1).by).dimension, Dimension::day);
  EXPECT_EQ(query->limit, 7U);
  EXPECT_EQ(query->as_of->value, 120U);
}

TEST(QueryJson, ErrorsNameTheField) {
  const std::pair<const char*, const char*> cases[] = {
      {R"q({})q", "measures"},
      {R"q({"measures": []})q", "measures"},
      {R"q({"measures": "calls"})q", "measures"},
      {R"q({"measures": ["calls", 3]})q", "measures[1]"},
      {R"q({"measures": ["latency_us"]})q", "measures[0]"},
      {R"q({"measures": ["median(tokens)"]})q", "measures[0]"},
      {R"q({"measures": ["p0(tokens)"]})q", "measures[0]"},
      {R"q({"measures": ["p101(tokens)"]})q", "measures[0]"},
      {R"q({"measures": ["p9.999(tokens)"]})q", "measures[0]"},
      {R"q({"measures": ["sum(tokens"]})q", "measures[0]"},
      {R"q({"measures": ["sum(tokens_per_second)"]})q", "measures[0]"},
      {R"q({"measures": ["count_distinct(tokens)"]})q", "measures[0]"},
      {R"q({"measures": ["calls"], "group_by": ["model", "colour"]})q", "group_by[1]"},
      {R"q({"measures": ["calls"], "group_by": ["tag:"]})q", "group_by[0]"},
      {R"q({"measures": ["calls"], "where": {"colour": "red"}})q", "where.colour"},
      {R"q({"measures": ["calls"], "where": {"model": []}})q", "where.model"},
      {R"q({"measures": ["calls"], "where": {"model": [["a"]]}})q", "where.model[0]"},
      {R"q({"measures": ["calls"], "where": {"tokens": 3}})q", "where.tokens"},
      {R"q({"measures": ["calls"], "where": {"tokens": {"min": 1.5}}})q", "where.tokens.min"},
      {R"q({"measures": ["calls"], "where": {"tokens": {"least": 1}}})q", "where.tokens.least"},
      {R"q({"measures": ["calls"], "having": {"calls": {}}})q", "having.calls"},
      {R"q({"measures": ["calls"], "order": ["-colour"]})q", "order[0]"},
      {R"q({"measures": ["calls"], "from": "yesterday"})q", "from"},
      {R"q({"measures": ["calls"], "from": "2026-13-01"})q", "from"},
      {R"q({"measures": ["calls"], "limit": -1})q", "limit"},
      {R"q({"measures": ["calls"], "limit": 100001})q", "limit"},
      {R"q({"measures": ["calls"], "as_of": "now"})q", "as_of"},
      {R"q({"measures": ["calls"], "measure": 1})q", "measure"},
      {R"q({"measures": ["calls"], "limit": 1, "limit": 2})q", "limit"},
  };
  for (const auto& [text, field] : cases) EXPECT_EQ(query_error(text).field, field) << text;
  EXPECT_NE(query_error(R"q({"measures": ["calls"], "group_by": ["colour"]})q")
                .message.find("session, user, agent"),
            std::string::npos);
  EXPECT_EQ(query_error("[]").code, core::Errc::invalid_argument);
  EXPECT_EQ(query_error("{").code, core::Errc::invalid_argument);
}

TEST(QueryJson, NamesAreReadAsTheyAreWritten) {
  for (std::size_t i = 0; i < kDimensions; ++i) {
    DimensionRef dimension{static_cast<Dimension>(i)};
    if (dimension.dimension == Dimension::tag) dimension.tag = "a b";
    EXPECT_EQ(parse_dimension(to_text(dimension), "x").value(), dimension);
  }
  for (const auto* text : {"p50(ttft_us)", "p99.99(cost)", "p0.01(tokens)", "p100(tokens)",
                           "p2.5(input)", "count(latency_us)", "avg(tokens_per_second)"}) {
    EXPECT_EQ(to_text(parse_aggregate(text, "x").value()), text);
  }
}

class Asked : public ::testing::Test {
 protected:
  Asked() {
    recorder_.create("s1", "ada", {{"team", "red"}});
    recorder_.occurring(support::at_us(projections::test::day_us(20'000) + 5));
    auto answer = projections::test::response("m1", "x", "big", tokens(100, 20));
    answer.latency_us = 3'000'000;
    recorder_.answer("s1", answer);
    recorder_.answer("s1", projections::test::response("m2", "x", "small"));
    recorder_.occurring(std::nullopt);
    auto cached = projections::test::response("m3", "x", "big", tokens(50, 5));
    cached.served_from = events::ServedFrom::cache;
    recorder_.answer("s2", cached);
  }
  std::string ask(std::string_view text, const Options& options = {}) {
    auto query = parse_query(text);
    EXPECT_TRUE(query) << query.error().message;
    query->project = support::project("default");
    const Built built(recorder_.log(), facts::CallsView());
    const auto answer = execute(built.model(), keyed_hash(), *query, options);
    if (!answer) return answer.error().field + " " + answer.error().message;
    return events::dump(to_json(*answer));
  }
  Recorder recorder_;
};

TEST_F(Asked, AnAnswerSaysWhatIsKnownOfHowManyCalls) {
  const std::string asked =
      R"q({"measures": ["calls", "tokens", "saved_tokens", "p50(latency_us)", )q"
      R"q("avg(tokens_per_second)", "count_distinct(user)"], "group_by": ["model"]})q";
  const std::string big =
      R"q({"model":"big","sum(calls)":2,"sum(tokens)":120,"sum(saved_tokens)":55,)q"
      R"q("p50(latency_us)":3000000,"avg(tokens_per_second)":6.666,"count_distinct(user)":1,)q"
      R"q("of":{"sum(tokens)":1,"sum(saved_tokens)":1,"p50(latency_us)":1,)q"
      R"q("avg(tokens_per_second)":1}})q";
  const std::string small =
      R"q({"model":"small","sum(calls)":1,"sum(tokens)":null,"sum(saved_tokens)":null,)q"
      R"q("p50(latency_us)":null,"avg(tokens_per_second)":null,"count_distinct(user)":1,)q"
      R"q("of":{"sum(tokens)":0,"sum(saved_tokens)":0,"p50(latency_us)":0,)q"
      R"q("avg(tokens_per_second)":0}})q";
  EXPECT_EQ(ask(asked),
            R"q({"as_of":{"position":4},"group_by":["model"],"measures":["sum(calls)",)q"
            R"q("sum(tokens)","sum(saved_tokens)","p50(latency_us)","avg(tokens_per_second)",)q"
            R"q("count_distinct(user)"],"total_groups":2,"calls":3,"calls_without_usage":1,)q"
            R"q("percentiles":"exact","groups":[)q" +
                big + "," + small + "]}");
}

TEST_F(Asked, DaysAreOfWhatHappenedAndUndatedCallsAreNamed) {
  EXPECT_EQ(ask(R"q({"measures": ["calls"], "group_by": ["day"]})q"),
            R"q({"as_of":{"position":4},"group_by":["day"],"measures":["sum(calls)"],)q"
            R"q("total_groups":2,"calls":3,"groups":[{"day":null,"sum(calls)":1},)q"
            R"q({"day":"2024-10-04","sum(calls)":2}]})q");
  EXPECT_EQ(ask(R"q({"measures": ["calls"], "from": "2024-10-04", "to": "2024-10-05"})q"),
            R"q({"as_of":{"position":4},"group_by":[],"measures":["sum(calls)"],)q"
            R"q("from":"2024-10-04T00:00:00.000000Z","to":"2024-10-05T00:00:00.000000Z",)q"
            R"q("total_groups":1,"calls":2,"undated_calls_left_out":1,)q"
            R"q("groups":[{"sum(calls)":2}]})q");
}

TEST_F(Asked, UsersAndTagsAreFoundByTheirTexts) {
  EXPECT_EQ(ask(R"q({"measures": ["calls"], "where": {"user": "ada", "tag:team": ["red"]}})q"),
            R"q({"as_of":{"position":4},"group_by":[],"measures":["sum(calls)"],)q"
            R"q("total_groups":1,"calls":2,"groups":[{"sum(calls)":2}]})q");
  EXPECT_EQ(ask(R"q({"measures": ["calls"], "where": {"user": [null, "eve"]}})q"),
            R"q({"as_of":{"position":4},"group_by":[],"measures":["sum(calls)"],)q"
            R"q("total_groups":1,"calls":1,"groups":[{"sum(calls)":1}]})q");
}

TEST_F(Asked, WhatCannotBeAskedIsRefused) {
  EXPECT_TRUE(ask(R"q({"measures": ["cost"]})q").starts_with("measures "));
  EXPECT_TRUE(ask(R"q({"measures": ["calls"], "as_of": 5})q").starts_with("as_of "));
  EXPECT_TRUE(
      ask(R"q({"measures": ["calls"], "group_by": ["day", "day"]})q").starts_with("group_by "));
  EXPECT_TRUE(ask(R"q({"measures": ["calls"], "order": ["model"]})q").starts_with("order "));
  EXPECT_TRUE(ask(R"q({"measures": ["calls"], "having": {"tokens": {"min": 1}}})q")
                  .starts_with("having.sum(tokens) "));
  EXPECT_TRUE(
      ask(R"q({"measures": ["calls"], "where": {"kind": "tea"}})q").starts_with("where.kind "));
  EXPECT_TRUE(
      ask(R"q({"measures": ["calls"], "where": {"status": "x"}})q").starts_with("where.status "));
  EXPECT_TRUE(ask(R"q({"measures": ["calls"], "where": {"model": {"min": 1}}})q")
                  .starts_with("where.model "));
  EXPECT_TRUE(ask(R"q({"measures": ["calls"], "where": {"day": "2024-10-04"}})q")
                  .starts_with("where.day "));
  EXPECT_TRUE(ask(R"q({"measures": ["calls"], "where": {"tokens": {"min": 2, "max": 1}}})q")
                  .starts_with("where.tokens "));
  EXPECT_TRUE(ask(R"q({"measures": ["calls"], "from": "2024-10-05", "to": "2024-10-05"})q")
                  .starts_with("to "));
}

TEST_F(Asked, MemoryAndTimeHaveBounds) {
  Options small;
  small.bytes_max = 10;
  EXPECT_NE(ask(R"q({"measures": ["calls"], "group_by": ["session"]})q", small).find("10 bytes"),
            std::string::npos);
  Options hurried;
  hurried.keep_going = [] { return false; };
  EXPECT_NE(ask(R"q({"measures": ["calls"]})q", hurried).find("longer than"), std::string::npos);
}

TEST_F(Asked, TokensBeyond64BitsAddUp) {
  for (const auto* id : {"b1", "b2", "b3"}) {
    recorder_.answer("s3", projections::test::response(id, "x", "huge", tokens(1ULL << 62, 0)));
  }
  EXPECT_NE(
      ask(R"q({"measures": ["tokens"], "where": {"model": "huge"}})q").find("13835058055282163712"),
      std::string::npos);
}

}  // namespace
}  // namespace hansard::projections::query::test
