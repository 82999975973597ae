#include "events/equivalence.h"

#include <gtest/gtest.h>

#include "events/session_spec.h"

namespace hansard::events {
namespace {

core::NewEvent sample() {
  core::NewEvent event;
  event.stream = support::stream("session-s1");
  event.type = "MessageSent";
  event.id = support::event_id("m1");
  event.facts = R"({"message_id":"m1","role":"user"})";
  event.content = R"({"parts":[{"type":"text","text":"hi"}],"metadata":{"n":1.0}})";
  event.salt = support::salt("one");
  return event;
}

bool same(const core::NewEvent& before, const core::NewEvent& now,
          const Upcasters& upcasters = {}) {
  const auto owned = spec::stored(before, 0);
  return VocabularyEquivalence(upcasters).same(owned.event(), now);
}

TEST(Equivalence, IgnoresSaltAndOrderAndSpaces) {
  auto now = sample();
  now.salt = support::salt("two");
  EXPECT_TRUE(same(sample(), now));
  now.facts = R"({ "role" : "user", "message_id" : "m1" })";
  now.content = R"({"metadata":{"n":1.0},"parts":[{"text":"hi","type":"text"}]})";
  EXPECT_TRUE(same(sample(), now));
}

TEST(Equivalence, SeesEveryDifferenceInWhatTheClientSent) {
  auto now = sample();
  now.content = R"({"parts":[{"type":"text","text":"ho"}],"metadata":{"n":1.0}})";
  EXPECT_FALSE(same(sample(), now));
  now = sample();
  now.content = R"({"parts":[{"type":"text","text":"hi"}],"metadata":{"n":1}})";
  EXPECT_FALSE(same(sample(), now)) << "1.0 was sent, not 1";
  now = sample();
  now.facts = R"({"message_id":"m1","role":"system"})";
  EXPECT_FALSE(same(sample(), now));
  now = sample();
  now.type = "ScoreRecorded";
  EXPECT_FALSE(same(sample(), now));
  now = sample();
  now.stream = support::stream("session-s2");
  EXPECT_FALSE(same(sample(), now));
  now = sample();
  now.content = "{";
  EXPECT_FALSE(same(sample(), now));
}

TEST(Equivalence, ComparesTheTimeOnlyWhereTheSenderSupplies) {
  auto before = sample();
  before.occurred_at = support::at_us(10);
  auto now = sample();
  now.occurred_at = support::at_us(20);
  EXPECT_TRUE(same(before, now)) << "both times are defaults of ours";
  now.occurred_at_from_client = true;
  EXPECT_FALSE(same(before, now));
  before.occurred_at_from_client = true;
  EXPECT_FALSE(same(before, now));
  now.occurred_at = support::at_us(10);
  EXPECT_TRUE(same(before, now));
  now.occurred_at_from_client = false;
  now.occurred_at = support::at_us(99);
  EXPECT_TRUE(same(before, now));
}

TEST(Equivalence, ComparesTodaysShapeOfAnOldEvent) {
  const Upcasters upcasters(
      {{"MessageSent", 1, [](Json::Object& facts, Json::Object&) -> core::Status {
          for (auto& member : facts) {
            if (member.key == "sender") member.key = "role";
          }
          return core::Ok{};
        }}});
  auto before = sample();
  before.facts = R"({"message_id":"m1","sender":"user"})";
  auto now = sample();
  now.schema = 2;
  EXPECT_TRUE(same(before, now, upcasters));
  EXPECT_FALSE(same(before, now)) << "without the upcaster schema 2 is unknown";
  now.facts = R"({"message_id":"m1","role":"system"})";
  EXPECT_FALSE(same(before, now, upcasters));
}

TEST(Equivalence, OfAnErasedEventOnlyFactsAreLeftToCompare) {
  const auto whole = spec::stored(sample(), 0);
  const auto erased =
      core::OwnedEvent::decode(core::erase_content(whole.event(), support::hasher())).value();
  auto now = sample();
  now.content = R"({"parts":[]})";
  EXPECT_TRUE(VocabularyEquivalence().same(erased.event(), now));
  now.facts = R"({"role":"user","message_id":"m1"})";
  EXPECT_TRUE(VocabularyEquivalence().same(erased.event(), now));
  now.facts = R"({"role":"user","message_id":"m2"})";
  EXPECT_FALSE(VocabularyEquivalence().same(erased.event(), now));
}

TEST(Equivalence, ComparesUnknownTypesAsTrees) {
  auto before = sample();
  before.stream = support::stream("custom-x");
  before.type = "Anything";
  auto now = before;
  now.facts = R"({"role":"user","message_id":"m1"})";
  EXPECT_TRUE(same(before, now));
  now.facts = R"({"role":"user"})";
  EXPECT_FALSE(same(before, now));
}

}  // namespace
}  // namespace hansard::events
