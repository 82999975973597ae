#include "http/pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>

namespace hansard::http {
namespace {

TEST(Pool, RefusesBeyondItsBoundAndRunsTheRest) {
  Pool pool({"test", 1, 2, 0});
  std::promise<void> started;
  std::promise<void> release;
  ASSERT_TRUE(pool.try_post([&] {
    started.set_value();
    release.get_future().wait();
  }));
  started.get_future().wait();
  std::atomic<int> ran = 0;
  EXPECT_TRUE(pool.try_post([&] { ++ran; }));
  EXPECT_TRUE(pool.try_post([&] { ++ran; }));
  EXPECT_FALSE(pool.try_post([&] { ++ran; })) << "two wait already";
  pool.post([&] { ++ran; });  // callers with a bound of their own are not refused
  EXPECT_EQ(pool.waiting(), 3U);
  release.set_value();
  pool.stop();
  EXPECT_EQ(ran, 3);
}

TEST(Pool, SurvivesWorkThatThrows) {
  Pool pool({"test", 1, 8, 0});
  std::promise<int> answer;
  ASSERT_TRUE(pool.try_post([] { throw 1; }));
  ASSERT_TRUE(pool.try_post([&] { answer.set_value(2); }));
  EXPECT_EQ(answer.get_future().get(), 2);
}

TEST(Pool, AfterStopWorkIsRefusedOrRunByItsCallerAndNeverLost) {
  Pool pool({"test", 1, 8, 0});
  pool.stop();
  EXPECT_FALSE(pool.try_post([] {}));
  bool ran = false;
  pool.post([&] { ran = true; });
  EXPECT_TRUE(ran);
}

}  // namespace
}  // namespace hansard::http
