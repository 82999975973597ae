#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "core/lanes.h"
#include "core/state_cache.h"
#include "core/subscribers.h"
#include "support/work_pool.h"

namespace hansard::core {
namespace {

StreamKey key(const std::string& name) { return {"default", "session-" + name}; }

TEST(Subscribers, AreToldOfALaterEndOnlyAndOfTheLastCall) {
  Subscribers subscribers;
  std::vector<std::uint64_t> told;
  const auto handle = subscribers.add([&](Position end) { told.push_back(end.value); });
  subscribers.notify(Position{3});
  subscribers.notify(Position{2});  // told by a slower thread
  subscribers.notify(Position{3});
  subscribers.notify(Position{5});
  subscribers.notify_last(Position{5});
  EXPECT_EQ(told, (std::vector<std::uint64_t>{3, 5, 5}));
}

TEST(Subscribers, MayLeaveFromWithinTheCallAndAfterTheLog) {
  auto subscribers = std::make_unique<Subscribers>();
  int calls = 0;
  std::unique_ptr<Subscription> self;
  self = subscribers->add([&](Position) {
    ++calls;
    self.reset();
  });
  auto survivor = subscribers->add([](Position) {});
  subscribers->notify(Position{1});
  subscribers->notify(Position{2});
  EXPECT_EQ(calls, 1);
  subscribers.reset();
  survivor.reset();
}

TEST(Subscribers, LeavingWaitsForARunningCall) {
  Subscribers subscribers;
  std::promise<void> entered;
  std::promise<void> leaving;
  std::atomic<bool> returned{false};
  auto handle = subscribers.add([&](Position) {
    entered.set_value();
    leaving.get_future().wait();
    // A leaver that did not wait would overtake us here.
    for (int i = 0; i < 10'000; ++i) std::this_thread::yield();
    returned = true;
  });
  std::thread log([&] { subscribers.notify(Position{1}); });
  entered.get_future().wait();
  leaving.set_value();
  handle.reset();
  EXPECT_TRUE(returned) << "the call was still running";
  log.join();
}

TEST(Lanes, OneJobPerStreamAtATimeInTheOrderTheyCame) {
  support::WorkPool pool(4);
  std::atomic<int> running[3] = {0, 0, 0};
  std::vector<int> order[3];
  {
    Lanes lanes(1000);
    for (int i = 0; i < 300; ++i) {
      const int lane = i % 3;
      const auto stream = key(std::to_string(lane));
      const auto start = [&, i, lane, stream] {
        pool.post([&, i, lane, stream] {
          EXPECT_EQ(++running[lane], 1);
          order[lane].push_back(i);
          --running[lane];
          lanes.leave(stream);
        });
      };
      const Lanes::Entered entered = lanes.enter(stream, start);
      ASSERT_NE(entered, Lanes::Entered::full);
      if (entered == Lanes::Entered::owner) start();
    }
  }  // waits for all
  for (int lane = 0; lane < 3; ++lane) {
    ASSERT_EQ(order[lane].size(), 100U);
    for (int i = 0; i < 100; ++i) EXPECT_EQ(order[lane][static_cast<std::size_t>(i)], i * 3 + lane);
  }
}

TEST(Lanes, AreBoundedOverAllStreams) {
  using Entered = Lanes::Entered;
  Lanes lanes(2);
  int started = 0;
  EXPECT_EQ(lanes.enter(key("a"), [&] { ++started; }), Entered::owner);
  EXPECT_EQ(lanes.enter(key("a"), [&] { ++started; }), Entered::queued);
  EXPECT_EQ(lanes.enter(key("b"), [&] { ++started; }), Entered::full);
  EXPECT_EQ(started, 0) << "the owner begins by itself, the other waits for it";
  lanes.leave(key("a"));
  EXPECT_EQ(started, 1);
  EXPECT_EQ(lanes.enter(key("b"), [&] { ++started; }), Entered::owner);
  EXPECT_EQ(started, 1);
  lanes.leave(key("a"));
  lanes.leave(key("b"));
}

TEST(StateCache, DropsTheLeastRecentlyUsedFirst) {
  StateCache<std::string> cache(3000);
  for (const char* name : {"a", "b", "c"}) cache.put(key(name), {name, Version{1}}, 500);
  ASSERT_TRUE(cache.take(key("a")));
  cache.put(key("a"), {"a", Version{2}}, 500);
  cache.put(key("d"), {"d", Version{1}}, 500);
  EXPECT_LE(cache.bytes(), 3000U);
  EXPECT_FALSE(cache.take(key("b"))) << "used longest ago";
  EXPECT_EQ(cache.take(key("a"))->next, Version{2});
  EXPECT_EQ(cache.take(key("c"))->state, "c");
  EXPECT_EQ(cache.take(key("d"))->state, "d");
  EXPECT_EQ(cache.bytes(), 0U);
}

TEST(StateCache, KeepsTheLaterOfTwoStatesAndNothingTooLarge) {
  StateCache<std::string> cache(2000);
  cache.put(key("a"), {"new", Version{5}}, 10);
  cache.put(key("a"), {"old", Version{4}}, 10);
  EXPECT_EQ(cache.take(key("a"))->state, "new");
  EXPECT_FALSE(cache.take(key("a"))) << "taken means gone";
  cache.put(key("b"), {"huge", Version{1}}, 5000);
  EXPECT_FALSE(cache.take(key("b")));
  EXPECT_EQ(cache.bytes(), 0U);
}

TEST(StateCache, WhatIsForgottenDoesNotComeBackWithAStateThatWasOut) {
  StateCache<std::string> cache(10000);
  cache.put(key("a"), {"said", Version{1}}, 10);
  cache.put(key("b"), {"other", Version{1}}, 10);
  auto out = cache.take(key("a"));
  FoldedState<std::string> fresh{"said, from the start", Version{2}, cache.generation()};
  cache.forget(key("a"));
  cache.put(key("a"), *std::move(out), 10);
  cache.put(key("a"), std::move(fresh), 10);
  EXPECT_FALSE(cache.take(key("a")));
  EXPECT_EQ(cache.take(key("b"))->state, "other") << "what was not out stays";
  cache.put(key("a"), {"erased", Version{3}, cache.generation()}, 10);
  cache.forget(key("a"));
  EXPECT_FALSE(cache.take(key("a")));
  EXPECT_EQ(cache.bytes(), 0U);
}

TEST(StateCache, KeepsProjectsApart) {
  StateCache<int> cache(10000);
  cache.put({"one", "session-a"}, {1, {}}, 1);
  cache.put({"two", "session-a"}, {2, {}}, 1);
  EXPECT_EQ(cache.take({"one", "session-a"})->state, 1);
  EXPECT_EQ(cache.take({"two", "session-a"})->state, 2);
}

}  // namespace
}  // namespace hansard::core
