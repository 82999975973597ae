#include "breaker.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "breakers.h"

namespace hansard::gateway {
namespace {

using std::chrono::milliseconds;
using namespace std::chrono_literals;

/// A breaker at a time that the test sets.
class BreakerTest : public ::testing::Test {
 protected:
  static BreakerOptions consecutive(std::uint32_t count) {
    BreakerOptions options;
    options.consecutive = count;
    return options;
  }
  static BreakerOptions rate(double share, std::uint32_t least) {
    BreakerOptions options;
    options.failure_rate = share;
    options.requests_min = least;
    return options;
  }
  /// One call after the other.
  void go(Breaker& breaker, const std::string& outcomes) const {
    for (const char outcome : outcomes) {
      const auto pass = breaker.enter(now_);
      if (outcome == 'f') breaker.failed(pass, now_);
      if (outcome == 's') breaker.succeeded(pass, now_);
      if (outcome == 'c') breaker.let_go(pass);
    }
  }
  /// A breaker that has just opened.
  Breaker opened() const {
    Breaker breaker(consecutive(1));
    go(breaker, "f");
    return breaker;
  }

  Breaker::Time now_{std::chrono::hours(1000)};
};

TEST_F(BreakerTest, OpensAfterSoManyFailuresInARow) {
  struct Row {
    const char* outcomes;
    BreakerState state;
  };
  for (const Row& row : {Row{"", BreakerState::closed}, Row{"ff", BreakerState::closed},
                         Row{"fff", BreakerState::open}, Row{"ffsff", BreakerState::closed},
                         Row{"ffsfff", BreakerState::open}, Row{"ffcf", BreakerState::open},
                         Row{"ccccc", BreakerState::closed}}) {
    Breaker breaker(consecutive(3));
    go(breaker, row.outcomes);
    EXPECT_EQ(breaker.state(), row.state) << row.outcomes;
  }
}

TEST_F(BreakerTest, OpensWhenTheShareOfFailuresIsReachedAmongEnoughCalls) {
  struct Row {
    const char* outcomes;
    BreakerState state;
  };
  for (const Row& row : {Row{"fff", BreakerState::closed}, Row{"ffss", BreakerState::closed},
                         Row{"ssff", BreakerState::open}, Row{"sssff", BreakerState::closed},
                         Row{"sssfff", BreakerState::open}, Row{"ffff", BreakerState::open},
                         Row{"fffccccc", BreakerState::closed}}) {
    Breaker breaker(rate(0.5, 4));
    go(breaker, row.outcomes);
    EXPECT_EQ(breaker.state(), row.state) << row.outcomes;
  }
}

TEST_F(BreakerTest, TheWindowSlides) {
  Breaker breaker(rate(0.5, 4));
  go(breaker, "fff");
  now_ += 59s;
  EXPECT_EQ(breaker.failures(now_), 3U);
  now_ += 7s;
  EXPECT_EQ(breaker.failures(now_), 0U);
  go(breaker, "f");
  EXPECT_EQ(breaker.state(), BreakerState::closed) << "those of a minute ago do not count";
  now_ += 30s;
  go(breaker, "fff");
  EXPECT_EQ(breaker.state(), BreakerState::open);
}

TEST_F(BreakerTest, WithoutARuleNothingOpensIt) {
  Breaker breaker{BreakerOptions{}};
  go(breaker, std::string(1000, 'f'));
  EXPECT_EQ(breaker.state(), BreakerState::closed);
}

TEST_F(BreakerTest, OpenItSaysWhenToAskAgain) {
  Breaker breaker = opened();
  now_ += 10s;
  const auto pass = breaker.enter(now_);
  EXPECT_FALSE(pass.allowed);
  EXPECT_EQ(pass.retry_after, 20s);
  EXPECT_EQ(breaker.closed_for(now_), 20s);
  EXPECT_EQ(breaker.opened(), 1U);
}

TEST_F(BreakerTest, HalfOpenLetsExactlyOneThrough) {
  Breaker breaker = opened();
  now_ += 30s;
  const auto trial = breaker.enter(now_);
  EXPECT_TRUE(trial.allowed);
  EXPECT_TRUE(trial.trial);
  EXPECT_EQ(breaker.state(), BreakerState::half_open);
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(breaker.enter(now_ + 1h).allowed);
  breaker.succeeded(trial, now_);
  EXPECT_EQ(breaker.state(), BreakerState::closed);
  EXPECT_TRUE(breaker.enter(now_).allowed);
  EXPECT_FALSE(breaker.enter(now_).trial);
}

TEST_F(BreakerTest, ATrialThatFailsOpensItForAsLongAgain) {
  Breaker breaker = opened();
  now_ += 30s;
  breaker.failed(breaker.enter(now_), now_);
  EXPECT_EQ(breaker.state(), BreakerState::open);
  EXPECT_EQ(breaker.closed_for(now_), 30s);
  EXPECT_EQ(breaker.opened(), 2U);
}

TEST_F(BreakerTest, ATrialWhoseClientGoesLeavesItsPlace) {
  Breaker breaker = opened();
  now_ += 30s;
  const auto left = breaker.enter(now_);
  breaker.let_go(left);
  EXPECT_EQ(breaker.state(), BreakerState::half_open) << "nobody knows yet";
  const auto next = breaker.enter(now_);
  EXPECT_TRUE(next.trial);
  breaker.let_go(left);
  EXPECT_FALSE(breaker.enter(now_).allowed) << "the place is given back once";
}

TEST_F(BreakerTest, CountersBeginAnewWhenItCloses) {
  BreakerOptions options = rate(0.5, 4);
  options.consecutive = 3;
  Breaker breaker(options);
  go(breaker, "fff");
  now_ += 30s;
  go(breaker, "s");
  EXPECT_EQ(breaker.requests(now_), 0U);
  go(breaker, "ff");
  EXPECT_EQ(breaker.state(), BreakerState::closed);
  go(breaker, "f");
  EXPECT_EQ(breaker.state(), BreakerState::open);
}

TEST_F(BreakerTest, WhatBeganBeforeItOpenedSaysNothingAfterwards) {
  Breaker breaker(consecutive(2));
  const auto early = breaker.enter(now_);
  const auto also = breaker.enter(now_);
  go(breaker, "ff");
  ASSERT_EQ(breaker.state(), BreakerState::open);
  breaker.succeeded(early, now_);
  EXPECT_EQ(breaker.state(), BreakerState::open);
  now_ += 30s;
  const auto trial = breaker.enter(now_);
  breaker.failed(also, now_);
  EXPECT_EQ(breaker.state(), BreakerState::half_open);
  breaker.succeeded(trial, now_);
  EXPECT_EQ(breaker.state(), BreakerState::closed);
}

/// Sixty-four threads call through one breaker that opens and closes all the time.
TEST(Breakers, ThreadsThatCallAtOnceNeverTryTwiceAtOnce) {
  RouteOptions route;
  route.breaker.consecutive = 2;
  route.breaker.open_for = milliseconds(1);
  Breakers breakers({{"r", route}}, [] { return std::chrono::steady_clock::now(); });
  std::atomic<int> trying = 0;
  std::atomic<bool> twice = false;
  std::atomic<int> trials = 0;
  std::atomic<int> passed = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 64; ++t) {
    threads.emplace_back([&, t] {
      // Until it has been open and tried: by count, whatever the machine's speed.
      for (int i = 0; i < 2000 || trials < 20; ++i) {
        auto permit = breakers.enter("r", "r");
        if (!permit.allowed()) {
          std::this_thread::yield();
          continue;
        }
        ++passed;
        if (permit.trial()) {
          ++trials;
          if (++trying > 1) twice = true;
          --trying;  // before the verdict, after which another may try
        }
        const int kind = (t + i) % 3;
        if (kind == 0) permit.settle(true);
        if (kind == 1) permit.settle(false);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_FALSE(twice);
  EXPECT_GE(trials, 20);
  EXPECT_GT(passed, trials);
  const auto status = breakers.status();
  ASSERT_EQ(status.size(), 1U);
  EXPECT_EQ(status[0].route, "r");
  EXPECT_EQ(status[0].provider, "r");
  EXPECT_GE(status[0].opened, 1U);
}

TEST(Breakers, EachProviderOfARouteHasItsOwn) {
  RouteOptions route;
  route.breaker.consecutive = 1;
  route.targets = {{"a", {}, {}, 1}, {"b", {}, {}, 1}};
  route.fallbacks = {{"c", {}, {}, 1}};
  Breakers breakers({{"r", route}, {"free", {}}}, [] { return Breaker::Time{}; });
  breakers.enter("r", "a").settle(false);
  EXPECT_FALSE(breakers.enter("r", "a").allowed());
  EXPECT_TRUE(breakers.enter("r", "b").allowed());
  EXPECT_TRUE(breakers.enter("r", "c").allowed());
  EXPECT_TRUE(breakers.enter("free", "a").allowed());
  EXPECT_EQ(breakers.status().size(), 3U);
}

}  // namespace
}  // namespace hansard::gateway
