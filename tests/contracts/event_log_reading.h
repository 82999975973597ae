#pragma once

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <string>
#include <vector>

#include "contracts/event_log_fixture.h"
#include "core/event_bytes.h"

/// Reads, the tree, subscriptions, and all of it after a reopen.
namespace hansard::contracts {

inline core::TreeHead derived_tree(core::EventLog& log) {
  std::vector<core::Hash> leaves;
  for (const auto& event : support::read_all(log)) {
    leaves.push_back(core::leaf_hash(event.event(), support::hasher()));
  }
  return {leaves.size(), core::merkle_root(support::hasher(), leaves)};
}

TEST_P(EventLogContract, ReadContinuesFromAnyPositionAndStopsWhenToldTo) {
  for (int i = 0; i < 10; ++i) {
    must_append({support::event("session-" + std::to_string(i % 2), std::to_string(i))});
  }
  const auto rest = support::read_all(log(), core::Position{7});
  ASSERT_EQ(rest.size(), 3U);
  EXPECT_EQ(rest[0].event().position, core::Position{7});
  int seen = 0;
  const auto next = log().read(core::Position{2}, [&](const core::RecordedEvent&) {
    return ++seen < 3;  // the third is delivered, and is the last
  });
  EXPECT_EQ(seen, 3);
  EXPECT_EQ(next.value(), core::Position{5});
  EXPECT_EQ(log().read(core::Position{10}, [](const auto&) { return true; }).value(),
            core::Position{10});
  EXPECT_TRUE(support::read_all(log(), core::Position{1000}).empty());
}

TEST_P(EventLogContract, AStreamIsReadInOrderFromAnyVersion) {
  // Runs of several lengths, interleaved: one append, then single events, then a run again.
  std::vector<core::NewEvent> run;
  for (int i = 0; i < 5; ++i) run.push_back(support::event("session-a", "run" + std::to_string(i)));
  must_append(run);
  for (int i = 0; i < 6; ++i) {
    must_append({support::event(i % 2 == 0 ? "session-b" : "session-a", std::to_string(i))});
  }
  for (auto& record : run) record.id = support::event_id("again" + core::to_string(record.id));
  must_append(run);

  ASSERT_EQ(stored("session-a").size(), 13U);
  for (std::uint64_t from = 0; from <= 13; ++from) {
    std::uint64_t version = from;
    const auto next = log().read_stream({}, support::stream("session-a"), core::Version{from},
                                        [&](const core::RecordedEvent& event) {
                                          EXPECT_EQ(event.stream, "session-a");
                                          EXPECT_EQ(event.version, core::Version{version++});
                                          return true;
                                        });
    EXPECT_EQ(next.value(), core::Version{13});
    EXPECT_EQ(version, 13U);
  }
  int seen = 0;
  const auto next = log().read_stream({}, support::stream("session-a"), core::Version{3},
                                      [&](const core::RecordedEvent&) { return ++seen < 4; });
  EXPECT_EQ(seen, 4);
  EXPECT_EQ(next.value(), core::Version{7});
}

TEST_P(EventLogContract, NamesThatBeginAlikeAreDifferentStreams) {
  must_append({support::event("session-a", "1"), support::event("session-a-b", "2"),
               support::event("session-ab", "3"), support::event("session-a.b", "4")});
  for (const char* name : {"session-a", "session-a-b", "session-ab", "session-a.b"}) {
    EXPECT_EQ(stored(name).size(), 1U) << name;
    EXPECT_EQ(log().head({}, support::stream(name)).value(), core::Version{0}) << name;
  }
}

TEST_P(EventLogContract, MissingThingsReadAsNothing) {
  must_append({support::event("session-a", "1")});
  EXPECT_TRUE(stored("session-b").empty());
  EXPECT_EQ(log().head({}, support::stream("session-b")).value(), std::nullopt);
  EXPECT_EQ(log().head(support::project("other"), support::stream("session-a")).value(),
            std::nullopt);
  EXPECT_EQ(log().find({}, support::event_id("2")).value(), std::nullopt);
  EXPECT_EQ(log().find(support::project("other"), support::event_id("1")).value(), std::nullopt);
}

TEST_P(EventLogContract, HeadAndFindSeeEveryVisibleEvent) {
  for (std::uint64_t i = 0; i < 20; ++i) {
    must_append({support::event("session-a", std::to_string(i))});
    EXPECT_EQ(log().head({}, support::stream("session-a")).value(), core::Version{i});
    EXPECT_EQ(log().find({}, support::event_id(std::to_string(i))).value(), core::Position{i});
  }
}

TEST_P(EventLogContract, TheTreeIsTheOneOverTheLeavesOfWhatIsRead) {
  for (int i = 0; i < 40; ++i) {
    must_append({support::event("session-a", "a" + std::to_string(i)),
                 support::event("session-b", "b" + std::to_string(i))});
    if (i % 8 == 0) {
      EXPECT_EQ(log().tree(), derived_tree(log()));
    }
  }
  std::vector<core::NewEvent> more;  // over the first full tile of 256 leaves
  for (int i = 0; i < 500; ++i) more.push_back(support::event("session-c", std::to_string(i)));
  must_append(more);
  EXPECT_EQ(log().tree(), derived_tree(log()));
  EXPECT_EQ(log().tree().size, 580U);
}

TEST_P(EventLogContract, AnErasedEventKeepsItsPlaceItsFactsAndTheTree) {
  must_append({support::event("session-a", "1"), support::event("session-a", "2", "secret"),
               support::event("session-a", "3")});
  const auto before = log().tree();
  under_test().erase(core::Position{1});
  const auto events = stored();
  ASSERT_EQ(events.size(), 3U);
  EXPECT_TRUE(events[1].event().erased);
  EXPECT_TRUE(events[1].event().content.empty());
  EXPECT_EQ(events[1].event().facts, support::event("session-a", "2").facts);
  EXPECT_EQ(events[1].bytes().find("secret"), std::string::npos);
  EXPECT_FALSE(events[0].event().erased);
  EXPECT_EQ(log().tree(), before);
  EXPECT_EQ(derived_tree(log()), before);
}

TEST_P(EventLogContract, SubscribersAreToldOfEveryAdvanceUntilTheyLeave) {
  std::mutex mutex;
  std::condition_variable changed;
  core::Position told;
  bool left = false;
  auto subscription = log().subscribe([&](core::Position end) {
    const std::lock_guard lock(mutex);
    EXPECT_FALSE(left);
    EXPECT_GE(end, told) << "the end never decreases";
    told = end;
    changed.notify_all();
  });
  for (int i = 0; i < 10; ++i) {
    const auto end = must_append({support::event("session-a", std::to_string(i))}).end();
    std::unique_lock lock(mutex);
    ASSERT_TRUE(changed.wait_for(lock, std::chrono::seconds(20), [&] { return told >= end; }));
  }
  subscription.reset();  // waits for a running call
  {
    const std::lock_guard lock(mutex);
    left = true;
  }
  must_append({support::event("session-a", "after")});
}

TEST_P(EventLogContract, WhatASubscriberIsToldIsReadableAtOnce) {
  std::mutex mutex;
  std::condition_variable changed;
  core::Position told;
  const auto subscription = log().subscribe([&](core::Position end) {
    const std::lock_guard lock(mutex);
    EXPECT_GE(log().end(), end);
    told = end;
    changed.notify_all();
  });
  must_append({support::event("session-a", "1")});
  std::unique_lock lock(mutex);
  ASSERT_TRUE(changed.wait_for(lock, std::chrono::seconds(20), [&] { return told.value == 1; }));
  EXPECT_EQ(stored().size(), 1U);
}

TEST_P(EventLogContract, AReopenedLogIsTheSameAndGoesOn) {
  if (!under_test().persists()) GTEST_SKIP() << "nothing to reopen";
  for (int i = 0; i < 300; ++i) {
    must_append({support::event("session-" + std::to_string(i % 5), std::to_string(i))});
  }
  std::vector<std::string> before;
  for (const auto& event : stored()) before.push_back(event.bytes());
  const auto tree = log().tree();
  under_test().reopen();
  std::vector<std::string> after;
  for (const auto& event : stored()) after.push_back(event.bytes());
  EXPECT_EQ(before, after);
  EXPECT_EQ(log().tree(), tree);
  EXPECT_EQ(log().head({}, support::stream("session-4")).value(), core::Version{59});
  EXPECT_EQ(log().find({}, support::event_id("123")).value(), core::Position{123});
  const auto receipt = must_append({support::event("session-4", "more")});
  EXPECT_EQ(receipt.records.at(0).position, core::Position{300});
  EXPECT_EQ(receipt.records.at(0).version, core::Version{60});
  EXPECT_EQ(log().tree(), derived_tree(log()));
}

}  // namespace hansard::contracts
