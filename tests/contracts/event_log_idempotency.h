#pragma once

#include <string>
#include <utility>
#include <vector>

#include "contracts/event_log_fixture.h"

/// The idempotency table: what a retry answers, whatever has changed around it.
namespace hansard::contracts {

/// As `sent`, drawn and clocked anew, as an edge does for a retry.
inline core::NewEvent drawn_again(core::NewEvent sent, const std::string& salt) {
  sent.salt = support::salt(salt);
  core::seal(sent, support::hasher());
  return sent;
}

inline void expect_duplicate_of(const core::Receipt& first, const core::Receipt& again) {
  ASSERT_EQ(again.records.size(), first.records.size());
  EXPECT_TRUE(again.duplicate());
  EXPECT_EQ(again.end(), first.end());
  for (std::size_t i = 0; i < again.records.size(); ++i) {
    EXPECT_TRUE(again.records[i].duplicate);
    EXPECT_EQ(again.records[i].position, first.records[i].position);
    EXPECT_EQ(again.records[i].version, first.records[i].version);
    EXPECT_EQ(again.records[i].recorded_at, first.records[i].recorded_at);
  }
}

TEST_P(EventLogContract, ARetryAnswersTheOriginalReceiptAndWritesNothing) {
  const std::vector<core::NewEvent> sent{support::event("session-a", "m1"),
                                         support::event("session-b", "m2")};
  const auto first = must_append(sent);
  must_append({support::event("session-a", "later"), support::event("session-b", "later b")});
  expect_duplicate_of(first, must_append(sent));
  EXPECT_EQ(log().end(), core::Position{4});
}

TEST_P(EventLogContract, ARetryMayListItsRecordsInAnotherOrderOrWithoutSome) {
  const auto m1 = support::event("session-a", "m1");
  const auto m2 = support::event("session-a", "m2");
  must_append({m1, m2});
  const auto swapped = must_append({m2, m1});
  EXPECT_TRUE(swapped.duplicate());
  EXPECT_EQ(swapped.records.at(0).position, core::Position{1});
  EXPECT_EQ(swapped.records.at(1).position, core::Position{0});
  EXPECT_TRUE(must_append({m2}).duplicate());
}

TEST_P(EventLogContract, ARetryIsJudgedBeforeItsChecks) {
  const auto sent = support::event("session-a", "m1");
  const auto stream = support::stream("session-a");
  const auto first = must_append(support::request({sent}, {{stream, core::Expected::none()}}));
  must_append({support::event("session-a", "m2")});
  for (const auto expected :
       {core::Expected::none(), core::Expected::exactly({0}), core::Expected::exactly({99})}) {
    expect_duplicate_of(first, must_append(support::request({sent}, {{stream, expected}})));
  }
  const auto never = support::stream("session-never");
  expect_duplicate_of(first,
                      must_append(support::request({sent}, {{never, core::Expected::exists()}})));
}

TEST_P(EventLogContract, SaltTimeActorAndTracesDoNotMakeARetryAnotherEvent) {
  const auto sent = support::event("session-a", "m1");
  const auto first = must_append({sent});
  auto again = support::request({drawn_again(sent, "another salt")});
  again.records[0].correlation = support::event_id("another trace");
  again.records[0].causation = support::event_id("another cause");
  again.recorded_at = support::at_us(99'000'000);
  again.actor = core::KeyId{support::event_id("another key")};
  again.durability = core::Durability::relaxed;
  expect_duplicate_of(first, must_append(again));
  EXPECT_EQ(stored().at(0).event().salt_or_commitment, core::as_bytes(sent.salt));
}

TEST_P(EventLogContract, OnlyATimeThatTheClientSuppliedIsCompared) {
  auto ours = support::event("session-a", "ours");
  ours.occurred_at = support::at_us(1000);
  const auto first = must_append({ours});
  ours.occurred_at = support::at_us(2000);  // the request time of the retry
  expect_duplicate_of(first, must_append({ours}));
  ours.occurred_at.reset();
  expect_duplicate_of(first, must_append({ours}));

  auto theirs = support::event("session-a", "theirs");
  theirs.occurred_at = support::at_us(1000);
  theirs.occurred_at_from_client = true;
  const auto second = must_append({theirs});
  expect_duplicate_of(second, must_append({theirs}));
  auto moved = theirs;
  moved.occurred_at = support::at_us(1001);
  must_fail(support::request({moved}), core::Errc::id_reused);
  auto left_out = theirs;
  left_out.occurred_at_from_client = false;
  must_fail(support::request({left_out}), core::Errc::id_reused);
  auto supplied_late = ours;
  supplied_late.occurred_at = support::at_us(1000);
  supplied_late.occurred_at_from_client = true;
  must_fail(support::request({supplied_late}), core::Errc::id_reused);
}

TEST_P(EventLogContract, AnIdWithOtherContentIsRefusedNamingRecordAndId) {
  const auto sent = support::event("session-a", "m1");
  must_append({sent});
  const auto differs = [&](auto change) {
    auto other = sent;
    change(other);
    core::seal(other, support::hasher());
    for (const auto known : {core::Known::fail, core::Known::skip}) {
      auto append = support::request({support::event("session-a", "new"), other});
      append.known = known;
      const auto error = must_fail(append, core::Errc::id_reused);
      EXPECT_EQ(error.field, "records[1].id");
      EXPECT_NE(error.message.find(core::to_string(sent.id)), std::string::npos);
      EXPECT_EQ(error.message.find("hello"), std::string::npos) << "errors hold no content";
    }
  };
  differs([](core::NewEvent& e) { e.facts = "{\"message_id\":\"m2\"}"; });
  differs([](core::NewEvent& e) { e.content = "{\"text\":\"bye\"}"; });
  differs([](core::NewEvent& e) { e.type = "ToolCalled"; });
  differs([](core::NewEvent& e) { e.stream = support::stream("session-b"); });
}

TEST_P(EventLogContract, PartlyKnownRecordsAreRefusedUnlessToldToSkip) {
  must_append({support::event("session-a", "m1"), support::event("session-a", "m2")});
  auto grown =
      support::request({support::event("session-a", "m2"), support::event("session-a", "m3"),
                        support::event("session-a", "m1"), support::event("session-b", "m4")});
  const auto error = must_fail(grown, core::Errc::partial_duplicate);
  EXPECT_NE(error.message.find(core::to_string(support::event_id("m2"))), std::string::npos);

  grown.known = core::Known::skip;
  const auto receipt = must_append(grown);
  ASSERT_EQ(receipt.records.size(), 4U);
  const bool duplicate[] = {true, false, true, false};
  const std::uint64_t position[] = {1, 2, 0, 3};
  const std::uint64_t version[] = {1, 2, 0, 0};
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(receipt.records[i].duplicate, duplicate[i]) << i;
    EXPECT_EQ(receipt.records[i].position.value, position[i]) << i;
    EXPECT_EQ(receipt.records[i].version.value, version[i]) << i;
  }
  EXPECT_FALSE(receipt.duplicate());
  EXPECT_EQ(receipt.end(), core::Position{4});
  EXPECT_TRUE(must_append(grown).duplicate()) << "and again, now that all are known";
}

TEST_P(EventLogContract, SkippingJudgesTheChecksOfWhatIsNew) {
  must_append({support::event("session-a", "m1")});
  auto grown =
      support::request({support::event("session-a", "m1"), support::event("session-a", "m2")},
                       {{support::stream("session-a"), core::Expected::none()}});
  grown.known = core::Known::skip;
  must_fail(grown, core::Errc::version_conflict);
  grown.checks[0].expected = core::Expected::exactly({0});
  must_append(grown);
  EXPECT_TRUE(must_append(grown).duplicate()) << "all known: the checks no longer matter";
}

TEST_P(EventLogContract, AnErasedEventAnswersItsReceiptAndSaysSo) {
  const auto sent = support::event("session-a", "m1");
  const auto kept = support::event("session-a", "m2");
  const auto first = must_append({sent, kept});
  under_test().erase(core::Position{0});
  const auto again = must_append({drawn_again(sent, "another salt"), kept});
  expect_duplicate_of(first, again);
  EXPECT_TRUE(again.records.at(0).erased);
  EXPECT_FALSE(again.records.at(1).erased);

  auto other = sent;  // what remains is still compared
  other.facts = "{\"message_id\":\"other\"}";
  core::seal(other, support::hasher());
  must_fail(support::request({other}), core::Errc::id_reused);
}

TEST_P(EventLogContract, AnEventStoredInAnOlderShapeIsTheSameAfterAnUpcast) {
  const auto first = must_append({[] {
    auto old = support::event("session-a", "m1");
    old.facts = R"({"id":"m1"})";
    core::seal(old, support::hasher());
    return old;
  }()});
  auto today = support::event("session-a", "m1");
  today.schema = 2;
  today.facts = R"({"name":"m1"})";
  core::seal(today, support::hasher());
  expect_duplicate_of(first, must_append({today}));
  today.facts = R"({"name":"m2"})";
  must_fail(support::request({today}), core::Errc::id_reused);
}

TEST_P(EventLogContract, TheTableHoldsAcrossAReopen) {
  if (!under_test().persists()) GTEST_SKIP() << "nothing to reopen";
  auto supplied = support::event("session-a", "supplied");
  supplied.occurred_at = support::at_us(1000);
  supplied.occurred_at_from_client = true;
  auto old = support::event("session-a", "old");
  old.facts = R"({"id":"old"})";
  core::seal(old, support::hasher());
  const std::vector<core::NewEvent> sent{support::event("session-a", "m1"),
                                         support::event("session-b", "erased"), supplied, old};
  const auto first =
      must_append(support::request(sent, {{support::stream("session-a"), core::Expected::none()}}));
  under_test().erase(core::Position{1});
  under_test().reopen();

  std::vector<core::NewEvent> again;
  for (const auto& event : sent) again.push_back(drawn_again(event, "another salt"));
  again[3].schema = 2;
  again[3].facts = R"({"name":"old"})";
  core::seal(again[3], support::hasher());
  const auto receipt = must_append(
      support::request(again, {{support::stream("session-a"), core::Expected::none()}}));
  expect_duplicate_of(first, receipt);
  EXPECT_TRUE(receipt.records.at(1).erased);

  auto other = sent[0];
  other.content = "{\"text\":\"bye\"}";
  core::seal(other, support::hasher());
  must_fail(support::request({other}), core::Errc::id_reused);
  auto moved = supplied;
  moved.occurred_at = support::at_us(1);
  must_fail(support::request({moved}), core::Errc::id_reused);
  auto grown = support::request({sent[0], support::event("session-a", "m9")});
  must_fail(grown, core::Errc::partial_duplicate);
  grown.known = core::Known::skip;
  EXPECT_EQ(must_append(grown).records.at(1).version, core::Version{3});
}

}  // namespace hansard::contracts
