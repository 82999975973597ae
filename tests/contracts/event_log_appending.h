#pragma once

#include <string>
#include <utility>
#include <vector>

#include "contracts/event_log_fixture.h"

/// Appends: numbers, stored fields, checks, form and limits.
namespace hansard::contracts {

using core::Check;
using core::Errc;
using core::Expected;
using core::Position;
using core::Version;
using support::event;
using support::request;

TEST_P(EventLogContract, AnEmptyLogEndsAtZeroWithTheEmptyTree) {
  EXPECT_EQ(log().end(), Position{0});
  EXPECT_EQ(log().tree(), (core::TreeHead{0, support::hasher().sha256({})}));
  EXPECT_TRUE(stored().empty());
}

TEST_P(EventLogContract, PositionsAndVersionsAreGaplessFromZero) {
  for (int i = 0; i < 30; ++i) {
    const auto name = std::to_string(i);
    const auto receipt = must_append({event("session-" + std::to_string(i % 3), name)});
    ASSERT_EQ(receipt.records.size(), 1U);
    EXPECT_EQ(receipt.records[0].position, Position{static_cast<std::uint64_t>(i)});
    EXPECT_EQ(receipt.records[0].version, Version{static_cast<std::uint64_t>(i / 3)});
    EXPECT_FALSE(receipt.duplicate());
    EXPECT_EQ(log().end(), receipt.end()) << "a strict receipt names only what is visible";
  }
  const auto events = stored();
  ASSERT_EQ(events.size(), 30U);
  for (std::size_t i = 0; i < events.size(); ++i) {
    EXPECT_EQ(events[i].event().position.value, i);
    EXPECT_EQ(events[i].event().version.value, i / 3);
  }
}

TEST_P(EventLogContract, OneAppendWritesSeveralStreamsAtOnceInTheOrderOfItsRecords) {
  must_append({event("session-a", "a0")});
  const auto receipt =
      must_append({event("session-b", "b0"), event("session-a", "a1"), event("session-b", "b1")});
  ASSERT_EQ(receipt.records.size(), 3U);
  const std::uint64_t versions[] = {0, 1, 1};
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(receipt.records[i].position.value, i + 1);
    EXPECT_EQ(receipt.records[i].version.value, versions[i]);
  }
  EXPECT_EQ(stored("session-a").size(), 2U);
  EXPECT_EQ(stored("session-b").size(), 2U);
}

TEST_P(EventLogContract, EveryFieldOfAnEventIsStoredAsSent) {
  auto sent = event("session-a", "m1", "grüße");
  sent.type = "ResponseReceived";
  sent.schema = 7;
  sent.occurred_at = support::at_us(-5);
  sent.occurred_at_from_client = true;
  sent.correlation = support::event_id("correlation");
  sent.causation = support::event_id("causation");
  auto append = request({sent});
  append.project = support::project("acme");
  append.actor = core::KeyId{support::event_id("key")};
  must_append(append);

  const auto events = stored();
  ASSERT_EQ(events.size(), 1U);
  const core::RecordedEvent got = events[0].event();
  EXPECT_EQ(got.project, "acme");
  EXPECT_EQ(got.stream, "session-a");
  EXPECT_EQ(got.type, "ResponseReceived");
  EXPECT_EQ(got.schema, 7);
  EXPECT_EQ(got.id, sent.id);
  EXPECT_EQ(got.actor, append.actor);
  EXPECT_EQ(got.correlation, sent.correlation);
  EXPECT_EQ(got.causation, sent.causation);
  EXPECT_EQ(got.occurred_at, sent.occurred_at);
  EXPECT_TRUE(got.occurred_at_from_client);
  EXPECT_EQ(got.recorded_at, append.recorded_at);
  EXPECT_EQ(got.facts, sent.facts);
  EXPECT_EQ(got.content, sent.content);
  EXPECT_EQ(got.salt_or_commitment, core::as_bytes(sent.salt));
  EXPECT_FALSE(got.erased);
}

TEST_P(EventLogContract, RecordedAtNeverDecreasesWhateverTheEdgesClockSays) {
  const std::int64_t clock[] = {1000, 3000, 2000, 2999, 3001};
  const std::int64_t expected[] = {1000, 3000, 3000, 3000, 3001};
  for (int i = 0; i < 5; ++i) {
    auto append = request({event("session-a", std::to_string(i))});
    append.recorded_at = support::at_us(clock[i]);
    EXPECT_EQ(must_append(append).records.at(0).recorded_at, support::at_us(expected[i]));
    if (i == 2 && under_test().persists()) under_test().reopen();
  }
  const auto events = stored();
  for (std::size_t i = 0; i < events.size(); ++i) {
    EXPECT_EQ(events[i].event().recorded_at, support::at_us(expected[i]));
  }
}

TEST_P(EventLogContract, ProjectsShareNothingButTheOrder) {
  auto here = request({event("session-a", "m1")});
  auto there = request({event("session-a", "m1", "another text")});
  there.project = support::project("other");
  EXPECT_EQ(must_append(here).records.at(0).version, Version{0});
  const auto receipt = must_append(there);
  EXPECT_EQ(receipt.records.at(0).version, Version{0});
  EXPECT_EQ(receipt.records.at(0).position, Position{1});
  EXPECT_FALSE(receipt.duplicate());
  EXPECT_EQ(log().find(here.project, here.records[0].id).value(), Position{0});
  EXPECT_EQ(log().find(there.project, here.records[0].id).value(), Position{1});
}

TEST_P(EventLogContract, ARelaxedAppendBecomesVisible) {
  auto append = request({event("session-a", "m1")});
  append.durability = core::Durability::relaxed;
  const auto receipt = must_append(append);
  EXPECT_EQ(receipt.durability, core::Durability::relaxed);
  ASSERT_TRUE(support::wait_for_end(log(), receipt.end()));
  EXPECT_EQ(stored().size(), 1U);
}

TEST_P(EventLogContract, EachKindOfCheckHoldsExactlyWhenItShould) {
  must_append({event("session-full", "f0"), event("session-full", "f1")});
  struct Case {
    Expected expected;
    bool holds_when_missing;
    bool holds_at_version_1;
    const char* told;
  };
  const Case cases[] = {{Expected::any(), true, true, "any"},
                        {Expected::none(), true, false, "none"},
                        {Expected::exists(), false, true, "exists"},
                        {Expected::exactly(Version{0}), false, false, "0"},
                        {Expected::exactly(Version{1}), false, true, "1"},
                        {Expected::exactly(Version{2}), false, false, "2"}};
  int number = 0;
  for (const Case& one : cases) {
    for (const bool missing : {true, false}) {
      const std::string checked = missing ? "session-missing" : "session-full";
      auto append = request({event("session-written", "w" + std::to_string(number++))},
                            {{support::stream(checked), one.expected}});
      if (missing ? one.holds_when_missing : one.holds_at_version_1) {
        must_append(append);
        continue;
      }
      const auto error = must_fail(append, Errc::version_conflict);
      ASSERT_EQ(error.violations.size(), 1U);
      EXPECT_EQ(error.violations[0].stream, checked);
      EXPECT_EQ(error.violations[0].expected, one.told);
      EXPECT_EQ(error.violations[0].actual, missing ? "none" : "1");
    }
  }
}

TEST_P(EventLogContract, AConflictListsEveryViolatedCheckAndWritesNothing) {
  must_append({event("session-a", "a0"), event("session-b", "b0"), event("session-b", "b1")});
  const auto error = must_fail(request({event("session-a", "a1"), event("session-c", "c0")},
                                       {{support::stream("session-a"), Expected::none()},
                                        {support::stream("session-b"), Expected::exists()},
                                        {support::stream("session-b"), Expected::exactly({0})},
                                        {support::stream("session-c"), Expected::exists()}}),
                               Errc::version_conflict);
  ASSERT_EQ(error.violations.size(), 3U);
  EXPECT_EQ(error.violations[0].stream, "session-a");
  EXPECT_EQ(error.violations[0].actual, "0");
  EXPECT_EQ(error.violations[1].stream, "session-b");
  EXPECT_EQ(error.violations[1].actual, "1");
  EXPECT_EQ(error.violations[2].stream, "session-c");
  EXPECT_EQ(error.violations[2].actual, "none");
  EXPECT_TRUE(stored("session-c").empty());
}

TEST_P(EventLogContract, ChecksAreJudgedAgainstTheStateBeforeTheAppend) {
  must_append(request({event("session-a", "a0"), event("session-a", "a1")},
                      {{support::stream("session-a"), Expected::none()}}));
  must_append(request({event("session-a", "a2"), event("session-a", "a3")},
                      {{support::stream("session-a"), Expected::exactly({1})}}));
  EXPECT_EQ(stored("session-a").size(), 4U);
}

TEST_P(EventLogContract, AMalformedRecordIsRefusedNamingTheField) {
  const auto refused = [&](const char* field, auto spoil) {
    auto append = request({event("session-a", "good"), event("session-a", "bad")});
    spoil(append.records[1]);
    const auto error = must_fail(std::move(append), Errc::invalid_argument);
    EXPECT_EQ(error.field, std::string("records[1].") + field) << error.message;
  };
  using core::NewEvent;
  refused("type", [](NewEvent& e) { e.type = ""; });
  refused("type", [](NewEvent& e) { e.type = "messageSent"; });
  refused("type", [](NewEvent& e) { e.type = std::string(65, 'A'); });
  refused("schema", [](NewEvent& e) { e.schema = 0; });
  refused("id", [](NewEvent& e) { e.id = {}; });
  refused("id", [](NewEvent& e) { e.id = support::event_id("good"); });
  refused("facts", [](NewEvent& e) { e.facts = ""; });
  refused("facts", [](NewEvent& e) { e.facts = "[1]"; });
  refused("facts", [](NewEvent& e) { e.facts = "{"; });
  refused("content", [](NewEvent& e) { e.content = ""; });
  refused("content", [](NewEvent& e) { e.content = "{\"a\":1} "; });
  refused("occurred_at", [](NewEvent& e) { e.occurred_at_from_client = true; });
  must_fail(request({}), Errc::invalid_argument);
}

TEST_P(EventLogContract, AnUnsealedRecordIsRefused) {
  auto unsealed = request({event("session-a", "m1")});
  unsealed.records[0].content_commitment = {};
  must_fail(unsealed, Errc::internal);
  auto unsalted = request({event("session-a", "m1")});
  unsalted.records[0].salt = {};
  must_fail(unsalted, Errc::internal);
}

inline std::vector<core::NewEvent> many(std::size_t count, const std::string& prefix = "many") {
  std::vector<core::NewEvent> events;
  for (std::size_t i = 0; i < count; ++i) {
    events.push_back(event("session-a", prefix + std::to_string(i)));
  }
  return events;
}

/// An event whose facts and content have `bytes` together.
inline core::NewEvent sized(const std::string& name, std::size_t bytes) {
  auto record = event("session-a", name);
  record.facts = "{}";
  record.content = "{\"t\":\"" + std::string(bytes - 10, 'x') + "\"}";
  core::seal(record, support::hasher());
  return record;
}

TEST_P(EventLogContract, ALimitHoldsExactly) {
  must_fail(request(many(core::kMaxAppendRecords + 1)), Errc::too_large);
  EXPECT_EQ(must_append(many(core::kMaxAppendRecords)).records.size(), core::kMaxAppendRecords);
  EXPECT_EQ(log().end(), Position{core::kMaxAppendRecords});

  const Check any{support::stream("session-a"), Expected::any()};
  auto checks =
      request({event("session-b", "b0")}, std::vector<Check>(core::kMaxAppendChecks + 1, any));
  must_fail(checks, Errc::too_large);
  checks.checks.pop_back();
  must_append(checks);
}

TEST_P(EventLogContract, AnEventOfTheLargestSizeIsStoredAndALargerOneIsNot) {
  must_fail(request({sized("over", core::kMaxEventBytes + 1)}), Errc::too_large);
  const auto largest = sized("largest", core::kMaxEventBytes);
  must_append({largest});
  EXPECT_EQ(stored().at(0).event().content, largest.content);
  std::vector<core::NewEvent> five;
  for (int i = 0; i < 5; ++i) {
    five.push_back(sized("part" + std::to_string(i), core::kMaxAppendBytes / 5 + 2));
  }
  must_fail(request(std::move(five)), Errc::too_large);
}

}  // namespace hansard::contracts
