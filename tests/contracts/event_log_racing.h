#pragma once

#include <algorithm>
#include <atomic>
#include <barrier>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "contracts/event_log_fixture.h"

/// Many writers at once.
namespace hansard::contracts {

inline constexpr int kRacers = 16;

/// Rounds of a racing test: a few in a quick run, more with HANSARD_TEST_ROUNDS.
inline int rounds(int quick) {
  const char* const text = std::getenv("HANSARD_TEST_ROUNDS");
  const int wanted = text == nullptr ? 0 : std::atoi(text);
  return wanted > quick ? wanted : quick;
}

/// Runs `body(racer)` on that many threads at once.
template <class Body>
void race(Body body) {
  std::barrier start(kRacers);
  std::vector<std::thread> threads;
  for (int racer = 0; racer < kRacers; ++racer) {
    threads.emplace_back([&, racer] {
      start.arrive_and_wait();
      body(racer);
    });
  }
  for (auto& thread : threads) thread.join();
}

TEST_P(EventLogContract, SixteenWritersThatExpectOneVersionHaveOneWinnerEachRound) {
  const int count = rounds(25);
  std::vector<std::atomic<int>> winners(static_cast<std::size_t>(count));
  std::barrier next_round(kRacers);
  race([&](int racer) {
    for (int round = 0; round < count; ++round) {
      next_round.arrive_and_wait();
      const auto expected =
          round == 0
              ? core::Expected::none()
              : core::Expected::exactly(core::Version{static_cast<std::uint64_t>(round - 1)});
      const auto name = std::to_string(round) + "/" + std::to_string(racer);
      const auto receipt = append(support::request({support::event("session-a", name)},
                                                   {{support::stream("session-a"), expected}}));
      if (receipt) {
        ++winners[static_cast<std::size_t>(round)];
        EXPECT_EQ(receipt->records.at(0).version.value, static_cast<std::uint64_t>(round));
      } else {
        EXPECT_EQ(receipt.error().code, core::Errc::version_conflict) << receipt.error().message;
        // The conflict names what can be seen: a loser that reads now can win the next round.
        const auto head = log().head({}, support::stream("session-a")).value();
        ASSERT_TRUE(head);
        EXPECT_GE(head->value, static_cast<std::uint64_t>(round));
      }
    }
  });
  for (const auto& won : winners) EXPECT_EQ(won, 1);
  EXPECT_EQ(stored("session-a").size(), static_cast<std::size_t>(count));
}

TEST_P(EventLogContract, EveryAcknowledgedEventOfSixteenRacersIsThereOnce) {
  const int each = rounds(20);
  std::atomic<int> acknowledged{0};
  race([&](int racer) {
    core::Expected seen = core::Expected::none();
    for (int i = 0; i < each; ++i) {
      const auto name = std::to_string(racer) + "/" + std::to_string(i);
      while (true) {  // an optimistic writer: on a conflict, expect what the log says is there
        const auto receipt = append(support::request({support::event("session-a", name)},
                                                     {{support::stream("session-a"), seen}}));
        if (receipt) {
          EXPECT_FALSE(receipt->duplicate());
          ++acknowledged;
          seen = core::Expected::exactly(receipt->records.at(0).version);
          break;
        }
        ASSERT_EQ(receipt.error().code, core::Errc::version_conflict) << receipt.error().message;
        seen = core::Expected::exactly(
            core::Version{std::stoull(receipt.error().violations.at(0).actual)});
      }
    }
  });
  EXPECT_EQ(acknowledged, kRacers * each);
  const auto events = stored("session-a");
  ASSERT_EQ(events.size(), static_cast<std::size_t>(kRacers * each));
  std::vector<core::EventId> ids;
  for (std::size_t i = 0; i < events.size(); ++i) {
    EXPECT_EQ(events[i].event().version.value, i);
    ids.push_back(events[i].event().id);
  }
  std::sort(ids.begin(), ids.end());
  EXPECT_EQ(std::adjacent_find(ids.begin(), ids.end()), ids.end());
  for (int racer = 0; racer < kRacers; ++racer) {
    for (int i = 0; i < each; ++i) {
      EXPECT_TRUE(
          std::binary_search(ids.begin(), ids.end(),
                             support::event_id(std::to_string(racer) + "/" + std::to_string(i))));
    }
  }
}

TEST_P(EventLogContract, TheSameEventSentBySixteenAtOnceIsWrittenOnce) {
  for (int round = 0; round < rounds(10); ++round) {
    std::atomic<int> written{0};
    std::vector<core::Position> positions(kRacers);
    race([&](int racer) {
      const auto receipt =
          append(support::request({support::event("session-a", std::to_string(round))}));
      ASSERT_TRUE(receipt) << receipt.error().message;
      if (!receipt->duplicate()) ++written;
      positions[static_cast<std::size_t>(racer)] = receipt->records.at(0).position;
      EXPECT_GE(log().end(), receipt->end()) << "what a duplicate names is visible too";
    });
    EXPECT_EQ(written, 1);
    for (const auto position : positions) EXPECT_EQ(position.value, static_cast<unsigned>(round));
  }
}

TEST_P(EventLogContract, ReadersSeeOnlyWholeAppendsInOrderWhileWritersRun) {
  std::atomic<bool> done{false};
  std::thread reader([&] {
    core::Position next;
    std::size_t in_append = 0;
    do {
      const bool last_look = done;
      const core::Position end = log().end();
      EXPECT_EQ(end.value % 3, 0U) << "half an append is visible";
      next = log()
                 .read(next,
                       [&](const core::RecordedEvent& event) {
                         EXPECT_EQ(event.position.value, in_append++);
                         return true;
                       })
                 .value();
      if (last_look) break;
    } while (true);
    EXPECT_EQ(next, log().end());
  });
  race([&](int racer) {
    for (int i = 0; i < 20; ++i) {
      const auto name = std::to_string(racer) + "/" + std::to_string(i);
      must_append({support::event("session-a", name + "a"), support::event("session-b", name + "b"),
                   support::event("session-a", name + "c")});
    }
  });
  done = true;
  reader.join();
  EXPECT_EQ(log().end().value, static_cast<std::uint64_t>(kRacers * 20 * 3));
}

}  // namespace hansard::contracts
