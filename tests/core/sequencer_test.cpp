#include "core/sequencer.h"

#include <gtest/gtest.h>

#include "core/in_memory_event_log.h"
#include "support/events.h"
#include "support/log.h"

namespace hansard::core {
namespace {

using support::event;
using support::request;

TEST(Sequencer, AppendThenRetryAnswersTheOriginalReceipt) {
  const EventEquivalence same;
  InMemoryEventLog log(support::hasher(), same);
  const auto first =
      support::append(log, request({event("session-a", "m1"), event("session-a", "m2")}));
  ASSERT_TRUE(first) << first.error().message;
  const auto again =
      support::append(log, request({event("session-a", "m1"), event("session-a", "m2")}));
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_TRUE(again->duplicate());
  EXPECT_EQ(again->end(), first->end());
  EXPECT_EQ(support::read_all(log).size(), 2U);
}

}  // namespace
}  // namespace hansard::core
