#include <gtest/gtest.h>

#include "events/session_spec.h"

namespace hansard::events::spec {
namespace {

using core::Errc;

TEST(SessionTools, ACallIsNamedByItsAnswerAndPlaceWhichThePartTells) {
  const auto event = Spec()
                         .given({create(), asking("c1", "m1", {"t1", "t2"})})
                         .when(tool("t2"))
                         .made<ToolCalled>();
  EXPECT_EQ(event.message_id, "m1");
  EXPECT_EQ(event.index, 1U);
  EXPECT_EQ(event.arguments_bytes, 7U);
  ASSERT_TRUE(event.arguments.is_string()) << "text stays text";
}

TEST(SessionTools, ArgumentsThatAreAnObjectStayAnObject) {
  CallTool command = tool("t1");
  command.arguments = Json::Object{{"q", 1}};
  const auto event =
      Spec().given({create(), asking("c1", "m1", {"t1"})}).when(command).made<ToolCalled>();
  EXPECT_EQ(dump(event.arguments), R"({"q":1})");
  EXPECT_EQ(event.arguments_bytes, 7U);
}

TEST(SessionTools, ACallWithoutAPartTakesTheNextPlace) {
  Spec spec;
  spec.given({create(), answer("c1", "m1")});
  EXPECT_EQ(spec.when(tool("t1", "m1")).made<ToolCalled>().index, 0U);
  spec.given({tool("t1", "m1")});
  spec.when(tool("t1", "m1")).then_again({2});
  EXPECT_EQ(spec.when(tool("t2", "m1")).made<ToolCalled>().index, 1U);
  spec.when(tool("t2")).then_error(Errc::invalid_argument, "message_id");
}

TEST(SessionTools, ACallBelongsToAnAnswerThatIsThereAndDoesNotContradictIt) {
  Spec().given({create()}).when(tool("t1", "m9", 0)).then_error(Errc::rejected, "message_id");
  Spec().given({create()}).when(tool("t1", "m9")).then_error(Errc::rejected, "message_id");
  Spec()
      .given({create(), say("m1", "x")})
      .when(tool("t1", "m1", 0))
      .then_error(Errc::rejected, "message_id");
  Spec()
      .given({create(), asking("c1", "m1", {"t1"})})
      .when(tool("t2", "m1", 0))
      .then_error(Errc::rejected, "tool_call_id");
  ToolCalled appended;
  appended.tool_call_id = "t1";
  appended.message_id = "m1";
  appended.tool = "lookup";
  Spec()
      .given({create(), asking("c1", "m1", {"t1"})})
      .given_appended(appended)
      .when(tool("t1"))
      .then_error(Errc::rejected, "index");
}

TEST(SessionTools, AResultBelongsToTheLatestOpenCallWithThatId) {
  // Real providers repeat tool_call_ids within a conversation.
  Spec spec;
  spec.given(
      {create(), asking("c1", "m1", {"t"}), tool("t"), asking("c2", "m2", {"t"}), tool("t")});
  const auto latest = spec.when(result("t", "second")).made<ToolCompleted>();
  EXPECT_EQ(latest.message_id, "m2");
  EXPECT_EQ(latest.index, 0U);
  EXPECT_EQ(latest.tool, "lookup");
  spec.given({result("t", "second")});
  EXPECT_EQ(spec.when(result("t", "first")).made<ToolCompleted>().message_id, "m1");
}

TEST(SessionTools, WhenAllAreClosedAResultIsARetryOfTheLatest) {
  Spec spec;
  spec.given({create(), asking("c1", "m1", {"t"}), tool("t"), result("t")});
  spec.when(result("t")).then_again({3});
  spec.given({end()}).when(result("t")).then_again({3});
  spec.when(result("t", "other")).then({"ToolCompleted"});
  EXPECT_EQ(spec.records()[0].id, spec.history()[3].id) << "the log answers id_reused";
}

TEST(SessionTools, ACallHasOneResultSoAFailureAfterSuccessIsTheSameSlot) {
  FailTool failure;
  failure.tool_call_id = "t";
  failure.error = "timeout";
  Spec spec;
  spec.given({create(), asking("c1", "m1", {"t"}), tool("t"), result("t")});
  spec.when(failure).then({"ToolFailed"});
  EXPECT_EQ(spec.records()[0].id, spec.history()[3].id);
  EXPECT_NE(spec.records()[0].type, spec.history()[3].type);
}

TEST(SessionTools, AResultMayNameItsCall) {
  Spec spec;
  spec.given(
      {create(), asking("c1", "m1", {"t"}), tool("t"), asking("c2", "m2", {"t"}), tool("t")});
  EXPECT_EQ(spec.when(result("t", "x", "m1", 0)).made<ToolCompleted>().message_id, "m1");
  spec.when(result("t", "x", "m1")).then_error(Errc::invalid_argument, "index");
  spec.when(result("u", "x", "m1", 0)).then_error(Errc::rejected, "tool_call_id");
  spec.when(result("t", "x", "m1", 7)).then_error(Errc::rejected, "tool_call_id");
}

TEST(SessionTools, AResultWithoutACallIsRejectedOnTheTypedRoute) {
  Spec().given({create()}).when(result("t")).then_error(Errc::rejected, "tool_call_id");
}

TEST(SessionTools, AForkAcceptsExplicitReferencesIntoItsParent) {
  CreateSession child = create();
  child.parent = Parent{"s0", 4, ForkReason::rerun};
  Spec spec;
  spec.given({child});
  spec.when(result("t")).then_error(Errc::rejected, "tool_call_id");
  const auto attached = spec.when(result("t", "x", "m1", 0)).made<ToolCompleted>();
  EXPECT_TRUE(attached.orphan);
  EXPECT_EQ(attached.message_id, "m1");
  spec.given({result("t", "x", "m1", 0)}).when(result("t", "x", "m1", 0)).then_again({1});
  spec.when(tool("u", "m1", 1)).then({"ToolCalled"});
  spec.when(tool("u", "m1")).then_error(Errc::invalid_argument, "index");
}

// ---- recordings ----

TEST(SessionRecording, CreatesTheSessionAndKeepsTheOrder) {
  Record record = recording(
      {say("m1", "hi"), asking("c1", "m2", {"t"}), tool("t"), result("t"), answer("c2", "m3")});
  record.create.user = "ann";
  record.created_at = support::at_us(7);
  Spec spec;
  spec.when(record).then({"SessionCreated", "MessageSent", "ResponseReceived", "ToolCalled",
                          "ToolCompleted", "ResponseReceived"});
  EXPECT_EQ(spec.records()[0].occurred_at, support::at_us(7));
  EXPECT_EQ(spec.records()[1].occurred_at, std::nullopt) << "unknown stays unknown";
  EXPECT_EQ(spec.made<ToolCompleted>(4).message_id, "m2");
}

TEST(SessionRecording, ARepetitionIsTheSameEvents) {
  const Record record =
      recording({say("m1", "hi"), asking("c1", "m2", {"t"}), tool("t"), result("t")});
  Spec().given({record}).when(record).then_again({1, 2, 3, 4});
}

TEST(SessionRecording, AGrownConversationRepeatsWhatIsKnownAndAddsTheRest) {
  Spec spec;
  spec.given({recording({say("m1", "hi"), answer("c1", "m2")})});
  spec.when(recording({say("m1", "hi"), answer("c1", "m2"), say("m3", "more")}))
      .then({"MessageSent", "ResponseReceived", "MessageSent"});
  EXPECT_EQ(spec.records()[0].id, spec.history()[1].id);
  EXPECT_FALSE(spec.state().ids.contains(spec.records()[2].id));
}

TEST(SessionRecording, ReopensAnEndedSessionForNewsOnly) {
  Spec spec;
  spec.given({recording({say("m1", "hi")}), end()});
  spec.when(recording({say("m1", "hi")})).then_again({1});
  spec.when(recording({say("m1", "hi"), say("m2", "more"), say("m3", "x")}))
      .then({"MessageSent", "SessionReopened", "MessageSent", "MessageSent"});
  EXPECT_EQ(spec.made<SessionReopened>(1).reason, "recorded");
  spec.when(recording({score("s1")})).then({"ScoreRecorded"});
}

TEST(SessionRecording, AttachesResultsThatHaveNoCall) {
  CompleteTool orphan = result("t", "x");
  orphan.result_id = "r1";
  Spec spec;
  spec.given({recording({orphan})});
  const auto event = std::get<ToolCompleted>(decoded(spec.history()[1]));
  EXPECT_TRUE(event.orphan);
  EXPECT_EQ(event.message_id, std::nullopt);
  spec.when(recording({orphan})).then_again({1});
  orphan.result_id = "r2";
  spec.when(recording({orphan})).then({"ToolCompleted"});
  EXPECT_NE(spec.records()[0].id, spec.history()[1].id);
}

TEST(SessionRecording, ARecordersOrphanIsNotBoundToACallThatHappensToBeThere) {
  CompleteTool orphan = result("t", "again");
  orphan.result_id = "r1";
  const Record record =
      recording({asking("c1", "m1", {"t"}), tool("t"), result("t", "x", "m1", 0), orphan});
  Spec().given({record}).when(record).then_again({1, 2, 3, 4});
}

TEST(SessionRecording, RefusesNoContradictions) {
  Spec spec;
  spec.given({create(), ask("c1"), answer("c1", "m1")});
  spec.when(recording({fail("c1"), tool("t", "m9", 3), result("u", "x", "m8", 1)}))
      .then({"ResponseFailed", "ToolCalled", "ToolCompleted"});
  EXPECT_TRUE(spec.made<ToolCompleted>(2).orphan);
}

TEST(SessionRecording, NamesTheMalformedStep) {
  Spec()
      .when(recording({say("m1", "x"), say("", "y")}))
      .then_error(Errc::invalid_argument, "steps[1].message_id");
  Spec()
      .when(recording({say("m1", "x"), say("m1", "y")}))
      .then_error(Errc::invalid_argument, "steps[1]");
  Spec().when(recording({say("m1", "x"), say("m1", "x")})).then({"SessionCreated", "MessageSent"});
}

TEST(SessionRecording, IsBoundedByOneAppend) {
  std::vector<SessionStep> steps;
  for (std::size_t i = 0; i < core::kMaxAppendRecords; ++i) {
    steps.push_back(say("m" + std::to_string(i), "x"));
  }
  Spec().when(recording(steps)).then_error(Errc::too_large, "steps[1023]");
  steps.pop_back();
  EXPECT_EQ(Spec().when(recording(steps)).records().size(), core::kMaxAppendRecords);
}

}  // namespace
}  // namespace hansard::events::spec
