#include <gtest/gtest.h>

#include "core/in_memory_event_log.h"
#include "events/equivalence.h"
#include "events/erasure/facts.h"
#include "events/session_spec.h"
#include "support/log.h"

namespace hansard::events::spec {
namespace {

using core::Errc;

TEST(Session, AForkLeavesAnEventHereAndCreatesTheChildWithWhoAndTags) {
  CreateSession parent = create("ann");
  parent.tags = {{"plan", "gold"}};
  parent.agent = "helper";
  Spec spec;
  spec.given({parent, say("m1", "hi")})
      .when(fork("s2", 1))
      .then({"SessionForked", "SessionCreated"});
  EXPECT_EQ(spec.records()[1].stream.text(), "session-s2");
  const auto child = spec.made<SessionCreated>(1);
  EXPECT_EQ(child.user, "ann");
  EXPECT_EQ(child.agent, "helper");
  EXPECT_EQ(child.tags, parent.tags);
  ASSERT_TRUE(child.parent);
  EXPECT_EQ(child.parent->session, "s1");
  EXPECT_EQ(child.parent->at_version, 1U);
  EXPECT_EQ(spec.made<SessionForked>(0).child, "s2");
}

core::NewEvent erasure_order(ErasureScope scope) {
  ErasureRequested order;
  order.erasure_id = "e1";
  order.scope = scope;
  order.reason = "requested";
  const auto encoded = erasure_codec().encode(order);
  core::NewEvent event;
  event.type = std::string(encoded.type);
  event.schema = encoded.schema;
  event.facts = encoded.facts;
  event.content = encoded.content;
  return event;
}

TEST(Session, AForkRepeatsNothingThatWasErasedThoughItIsStillInMemory) {
  CreateSession parent = create("ann");
  parent.tags = {{"plan", "gold"}};
  parent.agent = "helper";
  Spec spec;
  spec.given({parent, say("m1", "hi")});
  for (const ErasureScope scope :
       {ErasureScope::session, ErasureScope::user, ErasureScope::retention}) {
    Spec erased = spec;
    erased.given_event(erasure_order(scope));
    const auto child = erased.when(fork("s2", 1)).made<SessionCreated>(1);
    EXPECT_EQ(child.user, std::nullopt);
    EXPECT_TRUE(child.tags.empty());
    EXPECT_EQ(child.agent, "helper") << "a fact";
  }
  spec.given_event(erasure_order(ErasureScope::message));
  EXPECT_EQ(spec.when(fork("s2", 1)).made<SessionCreated>(1).user, "ann");
}

TEST(Session, AForkIsWithinThePastOfItsParentAndNotOfItself) {
  Spec().given({create()}).when(fork("s2", 1)).then_error(Errc::rejected, "at_version");
  Spec().given({create()}).when(fork("s1", 0)).then_error(Errc::invalid_argument, "child");
  Spec().given({create()}).when(fork("", 0)).then_error(Errc::invalid_argument, "child");
  Spec().given({create(), end()}).when(fork("s2", 0)).then({"SessionForked", "SessionCreated"});
}

TEST(Session, ARetriedForkIsTheSameTwoEvents) {
  Spec spec;
  spec.given({create("ann"), say("m1", "x")}).when(fork("s2", 1));
  const auto first = spec.records();
  spec.given({fork("s2", 1), say("m2", "y")})
      .when(fork("s2", 1))
      .then({"SessionForked", "SessionCreated"});
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(spec.records()[i].id, first[i].id);
    EXPECT_EQ(spec.records()[i].facts, first[i].facts);
    EXPECT_EQ(spec.records()[i].content, first[i].content);
  }
}

ForkSession fork_at(std::string child, std::string message_id) {
  ForkSession command;
  command.child = std::move(child);
  command.at_message = std::move(message_id);
  return command;
}

TEST(Session, AForkAtAMessageInheritsUpToTheLastEventAboutIt) {
  Spec spec;
  spec.given({create(), say("m1", "x"), asking("c1", "m2", {"t1"}), tool("t1"), say("m3", "y"),
              result("t1")});
  EXPECT_EQ(spec.when(fork_at("a", "m1")).made<SessionForked>().at_version, 1U);
  EXPECT_EQ(spec.when(fork_at("b", "m3")).made<SessionForked>().at_version, 4U);
  EXPECT_EQ(spec.when(fork_at("c", "m2")).made<SessionForked>().at_version, 5U);
  EXPECT_EQ(spec.made<SessionCreated>(1).parent->at_version, 5U);
  spec.when(fork_at("d", "m9")).then_error(Errc::rejected, "at_message");
  spec.when(recording({fork_at("d", "m9")})).then_error(Errc::rejected, "at_message");
}

TEST(Session, AForkSaysOnceWhereItLeaves) {
  Spec spec;
  spec.given({create(), say("m1", "x")});
  ForkSession both = fork_at("s2", "m1");
  both.at_version = 1;
  spec.when(both).then_error(Errc::invalid_argument, "at_message");
  ForkSession neither;
  neither.child = "s2";
  spec.when(neither).then_error(Errc::invalid_argument, "at_version");
}

TEST(Session, AForkAtAMessageAskedForAgainIsTheSameThoughTheMessageHasNewResults) {
  Spec spec;
  spec.given({create("ann"), asking("c1", "m1", {"t1"}), tool("t1")}).when(fork_at("s2", "m1"));
  const auto first = spec.records();
  spec.given({fork_at("s2", "m1"), result("t1")});
  for (const bool recorded : {false, true}) {
    spec.when(recorded ? Command(recording({fork_at("s2", "m1")})) : Command(fork_at("s2", "m1")))
        .then({"SessionForked", "SessionCreated"});
    for (std::size_t i = 0; i < 2; ++i) {
      EXPECT_EQ(spec.records()[i].id, first[i].id);
      EXPECT_EQ(spec.records()[i].facts, first[i].facts);
      EXPECT_EQ(spec.records()[i].content, first[i].content);
    }
  }
}

TEST(Session, ARecordingForksAtAMessageItHasJustSaid) {
  Spec spec;
  spec.when(recording({say("m1", "x"), asking("c1", "m2", {"t1"}), tool("t1"), result("t1"),
                       fork_at("s2", "m2"), say("m3", "y")}))
      .then({"SessionCreated", "MessageSent", "ResponseReceived", "ToolCalled", "ToolCompleted",
             "SessionForked", "SessionCreated", "MessageSent"});
  EXPECT_EQ(spec.made<SessionForked>(5).at_version, 4U);
  EXPECT_EQ(spec.records()[6].stream.text(), "session-s2");
}

}  // namespace
}  // namespace hansard::events::spec
