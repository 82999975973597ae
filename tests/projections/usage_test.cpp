#include "projections/usage.h"

#include "projections/facts/calls.h"
#include "projections/json.h"
#include "projections/registry.h"
#include "recorder.h"

namespace hansard::projections::test {
namespace {

using D = UsageDimension;

class UsageTest : public ::testing::Test {
 protected:
  core::Result<UsageAnswer> ask(UsageQuery query) {
    const Built built(recorder.log(), facts::CallsView());
    query.project = recorder.project();
    return query_usage(built.model(), recorder.log(), keyed_hash(), query);
  }
  UsageAnswer by(std::vector<D> dimensions) {
    UsageQuery query;
    query.group_by = std::move(dimensions);
    auto answer = ask(query);
    EXPECT_TRUE(answer) << answer.error().message;
    return *answer;
  }
  /// The texts of each group's keys, "?" for unknown and "erased".
  static std::vector<std::string> labels(const UsageAnswer& answer) {
    std::vector<std::string> labels;
    for (const auto& group : answer.groups) {
      std::string label;
      for (const auto& key : group.keys) {
        if (!label.empty()) label += " ";
        label += key.kind == UsageKey::Kind::known     ? key.text
                 : key.kind == UsageKey::Kind::unknown ? "?"
                                                       : "erased";
      }
      labels.push_back(label);
    }
    return labels;
  }
  using Labels = std::vector<std::string>;

  Recorder recorder;
};

TEST_F(UsageTest, WhatCameFromACacheIsACallThatSpentNoTokens) {
  recorder.create("s1", "ada");
  recorder.answer("s1", response("m1", "hi", "big", tokens(100, 10)));
  for (const auto from : {events::ServedFrom::cache, events::ServedFrom::playback}) {
    auto kept = response("m" + std::string(to_word(from)), "hi", "big", tokens(100, 10));
    kept.served_from = from;
    recorder.answer("s1", kept);
  }
  const UsageAnswer answer = by({D::model});
  ASSERT_EQ(answer.groups.size(), 1U);
  EXPECT_EQ(answer.groups[0].sums.calls, 3U);
  EXPECT_EQ(answer.groups[0].sums.calls_without_usage, 0U);
  EXPECT_EQ(answer.groups[0].sums.tokens.input_text, 100U);
}

TEST_F(UsageTest, SumsAreThoseWorkedOutByHand) {
  recorder.create("s1", "ada");
  auto first = response("m1", "hi", "big", tokens(100, 10));
  first.usage->input_cache_read = 40;
  first.latency_us = 900;
  first.ttft_us = 300;
  recorder.answer("s1", first);
  auto second = response("m2", "hi", "big", tokens(50, 5));
  second.latency_us = 100;
  recorder.answer("s1", second);
  events::ResponseFailed failed;
  failed.call_id = "call-m3";
  failed.provider = "p1";
  failed.model = "big";
  failed.latency_us = 5000;
  recorder.add("session-s1", failed);

  const UsageSums total = by({}).total;
  EXPECT_EQ(total.calls, 3U);
  EXPECT_EQ(total.failures, 1U);
  EXPECT_EQ(total.calls_without_usage, 1U);
  auto expected = tokens(150, 15);
  expected.input_cache_read = 40;
  EXPECT_EQ(total.tokens, expected);
  EXPECT_EQ(total.latency, (DurationSums{3, 6000, 100, 5000}));
  EXPECT_EQ(total.ttft, (DurationSums{1, 300, 300, 300}));
}

TEST_F(UsageTest, UnknownUsageIsNotZero) {
  recorder.create("s1");
  recorder.answer("s1", response("m1", "hi"));
  const UsageAnswer unknown = by({D::model});
  EXPECT_EQ(unknown.total.tokens, events::Usage{});
  EXPECT_EQ(unknown.total.calls_without_usage, 1U);
  EXPECT_EQ(events::dump(*to_json(unknown).find("total")->find("tokens")), "{}");

  recorder.answer("s1", response("m2", "hi", "m1", tokens(0, 0)));
  const UsageAnswer known = by({D::model});
  EXPECT_EQ(known.total.tokens, tokens(0, 0)) << "said to be nought";
  EXPECT_EQ(known.total.calls_without_usage, 1U);
}

TEST_F(UsageTest, ACallIsCountedOnceWhateverItsChoices) {
  recorder.create("s1");
  recorder.answer("s1", response("m1", "hi", "m1", tokens(10, 1)));
  auto other = response("m2", "ho", "m1");
  other.call_id = "call-m1";
  other.choice = 1;
  recorder.answer("s1", other);
  EXPECT_EQ(by({}).total.calls, 1U);
  EXPECT_EQ(by({}).total.calls_without_usage, 0U);
}

TEST_F(UsageTest, GroupsByEveryDimensionAndAnyPairOfThem) {
  recorder.create("s1", "ada");
  recorder.create("s2", "bob");
  recorder.create("s3");
  recorder.occurring(support::at_us(day_us(0)));
  recorder.answer("s1", response("m1", "hi", "big"));
  recorder.occurring(support::at_us(day_us(1) - 1));
  recorder.answer("s1", response("m2", "hi", "small"));
  recorder.occurring(support::at_us(day_us(1)));
  recorder.answer("s2", response("m3", "hi", "big"));
  recorder.occurring({});
  recorder.answer("s3", response("m4", "hi", {}));

  EXPECT_EQ(labels(by({D::model})), (Labels{"big", "small", "?"}));
  EXPECT_EQ(labels(by({D::day})), (Labels{"1970-01-01", "1970-01-02", "?"}));
  EXPECT_EQ(labels(by({D::user})), (Labels{"ada", "bob", "?"}));
  EXPECT_EQ(labels(by({D::session})), (Labels{"s1", "s2", "s3"}));
  EXPECT_EQ(labels(by({D::provider})), Labels{"p1"});
  EXPECT_EQ(labels(by({D::model, D::day})),
            (Labels{"big 1970-01-01", "small 1970-01-01", "big 1970-01-02", "? ?"}));
  const std::vector<D> all{D::day, D::user, D::session, D::provider, D::model};
  for (const D a : all) {
    for (const D b : all) {
      if (a == b) continue;
      UsageSums sum;
      for (const auto& group : by({a, b}).groups) sum.calls += group.sums.calls;
      EXPECT_EQ(sum.calls, 4U) << to_word(a) << " and " << to_word(b);
    }
  }
}

TEST_F(UsageTest, AnUndatedCallHasNoDayAndRangesLeaveItOutAndSaySo) {
  recorder.create("s1");
  recorder.answer("s1", response("m1", "hi"));
  recorder.occurring(support::at_us(day_us(-1)));
  recorder.answer("s1", response("m2", "hi"));
  recorder.occurring(support::at_us(day_us(3)));
  recorder.answer("s1", response("m3", "hi"));
  const auto json = to_json(by({D::day}));
  EXPECT_EQ(events::dump(*json.find("groups")->if_array()->back().find("day")), R"("unknown")");

  UsageQuery query;
  query.from = parse_day("1969-12-31", "from").value();
  query.to = query.from;
  auto answer = ask(query);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->total.calls, 1U);
  EXPECT_EQ(answer->undated_calls_left_out, 1U);
  query.to.reset();
  EXPECT_EQ(ask(query)->total.calls, 2U);
  query = {};
  EXPECT_EQ(ask(query)->total.calls, 3U);
  EXPECT_EQ(ask(query)->undated_calls_left_out, 0U);
}

TEST_F(UsageTest, EveryFilterKeepsWhatItNamesAndEmptyMeansUnknown) {
  recorder.create("s1", "ada");
  recorder.answer("s1", response("m1", "hi", "big"));
  recorder.answer("s1", response("m2", "hi", {}));
  recorder.create("s2");
  recorder.answer("s2", response("m3", "hi", "big"));
  recorder.add("calls-c1", response("m4", "hi", "big"));
  const auto calls = [&](auto set) {
    UsageQuery query;
    set(query);
    const auto answer = ask(query);
    EXPECT_TRUE(answer);
    return answer->total.calls;
  };
  EXPECT_EQ(calls([](auto& q) { q.user = "ada"; }), 2U);
  EXPECT_EQ(calls([](auto& q) { q.user = ""; }), 2U);
  EXPECT_EQ(calls([](auto& q) { q.user = "nobody"; }), 0U);
  EXPECT_EQ(calls([](auto& q) { q.model = "big"; }), 3U);
  EXPECT_EQ(calls([](auto& q) { q.model = ""; }), 1U);
  EXPECT_EQ(calls([](auto& q) { q.session = "s1"; }), 2U);
  EXPECT_EQ(calls([](auto& q) { q.session = ""; }), 1U) << "outside any conversation";
  EXPECT_EQ(calls([](auto& q) { q.provider = "p1"; }), 4U);
  EXPECT_EQ(calls([](auto& q) { q.provider = "p2"; }), 0U);
}

TEST_F(UsageTest, AUsersNameSurvivesTheErasureOfOneSessionAndGoesWithTheLast) {
  const auto first = recorder.create("s1", "ada");
  recorder.answer("s1", response("m1", "hi"));
  const auto second = recorder.create("s2", "ada");
  const auto before = Built(recorder.log(), facts::CallsView()).rows();
  EXPECT_EQ(labels(by({D::user})), Labels{"ada"});
  ASSERT_TRUE(recorder.log().erase(second.position));
  EXPECT_EQ(labels(by({D::user})), Labels{"ada"});
  ASSERT_TRUE(recorder.log().erase(first.position));
  const auto answer = by({D::user});
  EXPECT_EQ(labels(answer), Labels{"erased"});
  EXPECT_EQ(answer.groups[0].keys[0].id, events::user_hash({}, "ada", keyed_hash()));
  EXPECT_EQ(answer.total.calls, 1U) << "totals survive";
  EXPECT_EQ(Built(recorder.log(), facts::CallsView()).rows(), before);
}

TEST_F(UsageTest, OddNamesOfModelsAreKeptApart) {
  recorder.create("s1");
  const std::string zero("a\0b", 3);
  recorder.answer("s1", response("m1", "hi", zero));
  recorder.answer("s1", response("m2", "hi", "a"));
  recorder.answer("s1", response("m3", "hi", "a"));
  EXPECT_EQ(labels(by({D::model})), (Labels{"a", zero}));
}

TEST_F(UsageTest, ProjectsDoNotSeeEachOther) {
  recorder.create("s1");
  recorder.answer("s1", response("m1", "hi"));
  recorder.in_project("default2");
  EXPECT_EQ(by({}).total.calls, 0U);
}

TEST_F(UsageTest, ARetryAddsNothingAndForeignEventsAreIgnored) {
  recorder.create("s1");
  const auto event = recorder.raw("session-s1", "ResponseReceived",
                                  R"({"call_id":"c","choice":0,"message_id":"m"})");
  recorder.append(event);
  const auto before = Built(recorder.log(), facts::CallsView()).rows();
  EXPECT_TRUE(recorder.append(event).duplicate);
  recorder.add_raw("custom-x", "SomethingNew", R"({"usage":{"input_text":5}})");
  recorder.add_raw("custom-x", "ResponseReceived", R"({"call_id":"c"})");
  EXPECT_EQ(Built(recorder.log(), facts::CallsView()).rows(), before);
}

TEST_F(UsageTest, TheQueryRefusesWhatMakesNoSense) {
  UsageQuery query;
  query.group_by = {D::day, D::model, D::day};
  EXPECT_EQ(ask(query).error().field, "group_by");
  query = {};
  query.from = parse_day("2026-01-02", "from").value();
  query.to = parse_day("2026-01-01", "to").value();
  EXPECT_EQ(ask(query).error().field, "from");
  for (const auto* text : {"2026-02-30", "2026-1-01", "26-01-01", "", "2026-01-0x", "-026-01-01"}) {
    EXPECT_FALSE(parse_day(text, "from")) << text;
  }
  EXPECT_EQ(parse_usage_dimension("week").error().field, "group_by");
}

TEST_F(UsageTest, TooManyGroupsIsAnErrorAndAStopIsHeeded) {
  for (std::size_t i = 0; i <= kUsageGroupsMax; ++i) {
    recorder.add("calls-c" + std::to_string(i), response("m", "hi", "model" + std::to_string(i)));
  }
  UsageQuery query;
  query.group_by = {D::model};
  const auto answer = ask(query);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, core::Errc::too_large);
  query.group_by = {};
  query.keep_going = [] { return false; };
  EXPECT_EQ(ask(query).error().code, core::Errc::timed_out);
  query.keep_going = [] { return true; };
  EXPECT_EQ(ask(query)->total.calls, kUsageGroupsMax + 1);
}

TEST(RetiredViews, GoWithAllTheirRowsAndOthersStay) {
  const auto store = core::make_in_memory_read_model_store();
  const core::ViewId first{"usage", 1, 0};
  const core::ViewId usage{"usage", 2, 3};
  const core::ViewId kept{"calls", 1, 0};
  for (const auto& view : {first, usage, kept}) {
    ASSERT_TRUE(store->commit(view, {{"key", "row"}}, core::Position{5}));
  }
  ASSERT_TRUE(store->activate(usage));
  ASSERT_TRUE(store->activate(kept));
  for (int starts = 0; starts < 2; ++starts) {
    ASSERT_TRUE(drop_retired(*store));
    EXPECT_EQ(store->builds().value(), std::vector{kept});
    EXPECT_EQ(store->active("calls").value(), kept);
  }
}

}  // namespace
}  // namespace hansard::projections::test
