// Where a call belongs, row by row of the conversation table.

#include <gtest/gtest.h>

#include <list>
#include <set>
#include <string>
#include <vector>

#include "events/conversation/place.h"
#include "events/conversation/utterance.h"
#include "support/events.h"

namespace hansard::events {
namespace {

const core::KeyedHash& keyed() {
  static const core::KeyedHash hash(support::hasher(), core::Hash{1, 2, 3});
  return hash;
}
const Digester& digester() {
  static const Digester digester(keyed(), core::ProjectId{});
  return digester;
}

MessageSent user(const std::string& text) {
  MessageSent sent;
  sent.message_id = text;
  sent.parts = {Part::make_text(text)};
  return sent;
}
MessageSent system(const std::string& text) {
  MessageSent sent = user(text);
  sent.role = Role::system;
  return sent;
}
ResponseRequested asked(const std::string& call, std::uint32_t attempt = 1) {
  ResponseRequested requested;
  requested.call_id = call;
  requested.attempt = attempt;
  return requested;
}
ResponseReceived answer(const std::string& call, const std::string& text,
                        std::uint32_t choice = 0) {
  ResponseReceived received;
  received.call_id = call;
  received.choice = choice;
  received.message_id = text;
  received.parts = {Part::make_text(text)};
  return received;
}
ResponseFailed failed(const std::string& call, std::uint32_t attempt = 1) {
  ResponseFailed event;
  event.call_id = call;
  event.attempt = attempt;
  return event;
}

/// A conversation as events, and what a client that has it sends.
class ConversationTest : public ::testing::Test {
 protected:
  Transcript& given(std::vector<SessionEvent> events, const std::string& name = "s") {
    auto& transcript = *transcripts_.insert(transcripts_.end(), Transcript(digester()));
    std::uint64_t version = 0;
    for (const SessionEvent& event : events) transcript.apply(event, {version++}, name);
    return transcript;
  }
  /// Texts in turn of a user and a model.
  static Asked sends(const std::vector<std::string>& texts) {
    Asked asked;
    for (std::size_t i = 0; i < texts.size(); ++i) {
      const bool from_model = i % 2 == 1;
      asked.answers.push_back(from_model);
      asked.history.push_back(digester().utterance(from_model ? canonical(answer("", texts[i]))
                                                              : canonical(user(texts[i]))));
    }
    return asked;
  }
  Placement place(const Asked& asked) {
    std::vector<Candidate> candidates;
    for (const Transcript& transcript : transcripts_) {
      candidates.push_back({&transcript, candidates.size()});
    }
    return events::place(asked, candidates, [this](std::string_view call) {
      return under_way_.contains(std::string(call));
    });
  }

  std::list<Transcript> transcripts_;
  std::set<std::string> under_way_;
};

TEST_F(ConversationTest, AHistoryThatEqualsAHeadContinuesIt) {
  given({user("u1"), asked("c1"), answer("c1", "a1")});
  const auto placed = place(sends({"u1", "a1", "u2"}));
  EXPECT_EQ(placed.kind, PlaceKind::goes_on);
  EXPECT_EQ(placed.known, 2U);
  EXPECT_TRUE(placed.removed.empty());
}

TEST_F(ConversationTest, AHistoryWithoutARecordedAnswerIsANewConversation) {
  given({user("u1"), asked("c1"), answer("c1", "a1")});
  EXPECT_EQ(place(sends({"u1"})).kind, PlaceKind::fresh);
  EXPECT_EQ(place(sends({"u9", "a9", "u10"})).kind, PlaceKind::fresh);
  EXPECT_EQ(place(sends({"u1", "not what was answered", "u2"})).kind, PlaceKind::fresh);
}

TEST_F(ConversationTest, AFailedOpeningAskedAgainIsItsNextAttempt) {
  given({user("u1"), asked("c1"), failed("c1")});
  const auto placed = place(sends({"u1"}));
  EXPECT_EQ(placed.kind, PlaceKind::again);
  EXPECT_EQ(placed.call_id, "c1");
  EXPECT_EQ(placed.attempt, 2U);
}

TEST_F(ConversationTest, ACallThatNobodyMakesAnyMoreCountsAsFailed) {
  given({user("u1"), asked("c1"), failed("c1"), asked("c1", 2)});
  EXPECT_EQ(place(sends({"u1"})).attempt, 3U);
  under_way_.insert("c1");
  EXPECT_EQ(place(sends({"u1"})).kind, PlaceKind::fresh) << "two that begin alike, at once";
  auto retry = sends({"u1"});
  retry.retry = true;
  EXPECT_EQ(place(retry).kind, PlaceKind::again);
}

TEST_F(ConversationTest, AskedAgainAfterAnAnswerItForks) {
  given({user("u1"), asked("c1"), answer("c1", "a1"), user("u2"), asked("c2"), answer("c2", "a2")});
  const auto placed = place(sends({"u1", "a1", "u2"}));
  EXPECT_EQ(placed.kind, PlaceKind::forks);
  EXPECT_EQ(placed.reason, ForkReason::retry);
  EXPECT_EQ(placed.parent, "s");
  EXPECT_EQ(placed.at_version, core::Version{3});
  EXPECT_EQ(placed.known, 3U);
}

TEST_F(ConversationTest, ARetryTheClientSpeaksOfIsAnAttemptEvenAfterTheAnswer) {
  given({user("u1"), asked("c1"), answer("c1", "a1"), user("u2"), asked("c2"), answer("c2", "a2")});
  auto retry = sends({"u1", "a1", "u2"});
  retry.retry = true;
  const auto placed = place(retry);
  EXPECT_EQ(placed.kind, PlaceKind::again);
  EXPECT_EQ(placed.call_id, "c2");
  EXPECT_EQ(placed.attempt, 2U);
}

TEST_F(ConversationTest, OfTwoInFlightOnOneHeadTheSecondForks) {
  given({user("u1"), asked("c1"), answer("c1", "a1"), user("u2"), asked("c2")});
  under_way_.insert("c2");
  for (const auto& second : {sends({"u1", "a1", "other"}), sends({"u1", "a1", "u2"})}) {
    const auto placed = place(second);
    EXPECT_EQ(placed.kind, PlaceKind::forks);
    EXPECT_EQ(placed.reason, ForkReason::parallel);
  }
}

TEST_F(ConversationTest, WhatEndsBeforeTheHeadAndThenDiffersIsAnEdit) {
  given({user("u1"), asked("c1"), answer("c1", "a1"), user("u2"), asked("c2"), answer("c2", "a2")});
  const auto placed = place(sends({"u1", "a1", "u2, said better"}));
  EXPECT_EQ(placed.kind, PlaceKind::forks);
  EXPECT_EQ(placed.reason, ForkReason::edit);
  EXPECT_EQ(placed.at_version, core::Version{2});
  EXPECT_EQ(placed.known, 2U);
}

TEST_F(ConversationTest, MessagesMissingInTheMiddleAreRemovedFromTheWindow) {
  given({user("u1"), answer("c1", "a1"), user("u2"), answer("c2", "a2"), user("u3"),
         answer("c3", "a3")});
  const auto placed = place(sends({"u1", "a1", "u3", "a3", "u4"}));
  EXPECT_EQ(placed.kind, PlaceKind::goes_on);
  EXPECT_EQ(placed.removed, (std::vector<std::string>{"u2", "a2"}));
  EXPECT_EQ(placed.known, 4U);
  EXPECT_FALSE(placed.summary);
}

TEST_F(ConversationTest, ASummaryMayStandForTheMessagesLeftOut) {
  given({user("u1"), answer("c1", "a1"), user("u2"), answer("c2", "a2"), user("u3"),
         answer("c3", "a3")});
  auto shortened = sends({"what was said so far", "", "u3", "a3", "u4"});
  shortened.history.erase(shortened.history.begin() + 1);
  shortened.answers.erase(shortened.answers.begin() + 1);
  const auto placed = place(shortened);
  EXPECT_EQ(placed.kind, PlaceKind::goes_on);
  EXPECT_EQ(placed.summary, 0U);
  EXPECT_EQ(placed.removed, (std::vector<std::string>{"u1", "a1", "u2", "a2"}));
  EXPECT_EQ(placed.known, 3U);
}

TEST_F(ConversationTest, AnAnswerAloneDoesNotJoinConversations) {
  given({user("u1"), answer("c1", "You are welcome")});
  EXPECT_EQ(place(sends({"other", "You are welcome", "u2"})).kind, PlaceKind::fresh);
}

TEST_F(ConversationTest, AUserThatTheCallNamesMustBeTheSessions) {
  SessionCreated created;
  created.user_hash = "anna";
  given({created, user("u1"), answer("c1", "a1")});
  auto asked = sends({"u1", "a1", "u2"});
  EXPECT_EQ(place(asked).kind, PlaceKind::goes_on);
  asked.user_hash = "anna";
  EXPECT_EQ(place(asked).kind, PlaceKind::goes_on);
  asked.user_hash = "ben";
  EXPECT_EQ(place(asked).kind, PlaceKind::fresh);
}

TEST_F(ConversationTest, OfEqualHeadsTheOneUnusedLongestGoesOn) {
  given({user("u1"), answer("c1", "a1")}, "first");
  given({user("u1"), answer("c1", "a1")}, "second");
  EXPECT_EQ(place(sends({"u1", "a1", "u2"})).candidate, 0U);
}

TEST_F(ConversationTest, AHeadIsPreferredToAForkOfTheSameDepth) {
  given({user("u1"), answer("c1", "a1"), user("u2"), answer("c2", "a2")}, "first");
  given({user("u1"), answer("c1", "a1")}, "second");
  const auto placed = place(sends({"u1", "a1", "u9"}));
  EXPECT_EQ(placed.kind, PlaceKind::goes_on);
  EXPECT_EQ(placed.candidate, 1U);
}

TEST_F(ConversationTest, ARetryIsOfTheCallWithoutAnAnswerWhereThereIsOne) {
  given({user("u1"), asked("c1"), answer("c1", "a1")}, "answered");
  given({user("u1"), asked("d1"), failed("d1")}, "failed");
  given({user("u1"), asked("e1")}, "under way");
  under_way_.insert("e1");
  auto retry = sends({"u1"});
  retry.retry = true;
  EXPECT_EQ(place(retry).call_id, "d1");
}

TEST_F(ConversationTest, ARetryIsNotOfACallWhoseAnswerSomebodyWentOnFrom) {
  given({user("u1"), asked("c1"), answer("c1", "a1"), user("u2"), asked("c2"), answer("c2", "a2"),
         user("u3")});
  auto retry = sends({"u1"});
  retry.retry = true;
  EXPECT_EQ(place(retry).kind, PlaceKind::fresh);
  retry = sends({"u1", "a1", "u2"});
  retry.retry = true;
  EXPECT_EQ(place(retry).kind, PlaceKind::forks);
}

TEST_F(ConversationTest, TwoThatSayTheSameAtOnceEachGoOnWithTheirOwn) {
  given({user("u1"), asked("c1"), answer("c1", "a1"), user("u2"), asked("c2")}, "first");
  given({user("u1"), asked("d1"), answer("d1", "a1")}, "second");
  under_way_.insert("c2");
  const auto placed = place(sends({"u1", "a1", "u2"}));
  EXPECT_EQ(placed.kind, PlaceKind::goes_on);
  EXPECT_EQ(placed.candidate, 1U);
}

TEST_F(ConversationTest, AnyChoiceOfACallMayBeGoneOnFrom) {
  given({user("u1"), asked("c1"), answer("c1", "a1", 0), answer("c1", "b1", 1)});
  EXPECT_TRUE(place(sends({"u1", "a1", "u2"})).unchosen.empty());
  const auto placed = place(sends({"u1", "b1", "u2"}));
  EXPECT_EQ(placed.kind, PlaceKind::goes_on);
  EXPECT_EQ(placed.unchosen, std::vector<std::string>{"a1"});
  EXPECT_TRUE(placed.removed.empty());
}

TEST_F(ConversationTest, AnswersThatAskForOtherToolsDiffer) {
  ToolCalled call;
  call.message_id = "a1";
  call.tool = "find";
  given({user("u1"), answer("c1", "a1"), call});
  EXPECT_EQ(place(sends({"u1", "a1", "u2"})).kind, PlaceKind::fresh);
  auto asked = sends({"u1", "a1", "u2"});
  asked.history[1] = digester().with_call(asked.history[1], canonical(call));
  EXPECT_EQ(place(asked).kind, PlaceKind::goes_on);
}

TEST_F(ConversationTest, SystemTextIsNoTurn) {
  given({system("It is nine o'clock"), user("u1"), answer("c1", "a1"), system("be brief")});
  EXPECT_EQ(place(sends({"u1", "a1", "u2"})).kind, PlaceKind::goes_on);
}

TEST_F(ConversationTest, ANamedSessionNeverForks) {
  given({user("u1"), asked("c1"), answer("c1", "a1"), user("u2"), asked("c2"), answer("c2", "a2")});
  auto edit = sends({"u1", "a1", "u2, said better"});
  edit.named = true;
  auto placed = place(edit);
  EXPECT_EQ(placed.kind, PlaceKind::goes_on);
  EXPECT_EQ(placed.known, 2U);
  EXPECT_EQ(placed.removed, (std::vector<std::string>{"u2", "a2"}));
  auto other = sends({"of something else"});
  other.named = true;
  placed = place(other);
  EXPECT_EQ(placed.kind, PlaceKind::goes_on);
  EXPECT_EQ(placed.known, 0U);
  EXPECT_EQ(placed.removed.size(), 4U);
}

TEST_F(ConversationTest, RemovedMessagesStayRemoved) {
  auto& transcript = given({user("u1"), answer("c1", "a1"), user("u2"), answer("c2", "a2")});
  ContextOptimized change;
  change.removed = {"u1", "a1"};
  transcript.apply(change, {4}, "s");
  const auto placed = place(sends({"u2", "a2", "u3"}));
  EXPECT_EQ(placed.kind, PlaceKind::goes_on);
  EXPECT_EQ(placed.known, 2U);
  EXPECT_TRUE(placed.removed.empty());
}

// -- echoes ---------------------------------------------------------------------------------------

Json parsed(const std::string& text) { return parse_json(text).value(); }
MessageSent message(const std::string& parts) {
  MessageSent sent;
  const Json list = parsed(parts);
  for (const Json& part : *list.if_array()) sent.parts.push_back({part});
  return sent;
}

TEST(Utterance, HowAClientEchoesATextDoesNotMatter) {
  const auto plain = canonical(message(R"([{"type":"text","text":"Hello there"}])"));
  EXPECT_EQ(canonical(message(R"([{"type":"text","text":"  Hello there\n"}])")), plain);
  EXPECT_EQ(canonical(message(
                R"([{"type":"thinking","text":"hm"},{"type":"text","text":"Hello there"}])")),
            plain);
  EXPECT_EQ(canonical(message(
                R"([{"type":"text","text":"Hello there","cache_control":{"type":"ephemeral"}}])")),
            plain);
  EXPECT_NE(canonical(message(R"([{"type":"text","text":"Hello There"}])")), plain);
  EXPECT_NE(
      canonical(message(R"([{"type":"text","text":"Hello there"},{"type":"image","url":"x"}])")),
      plain);
}

TEST(Utterance, ToolIdsAndTheFormOfArgumentsDoNotMatter) {
  const auto asks = [](const std::string& id, Json arguments) {
    ToolCalled call;
    call.tool_call_id = id;
    call.tool = "find";
    call.arguments = std::move(arguments);
    return canonical(call);
  };
  const auto plain = asks("call_1", Json(R"({"a": 1, "b": [2.0]})"));
  EXPECT_EQ(asks("call_2", Json(R"({"b":[2.0],"a":1})")), plain);
  EXPECT_EQ(asks("call_3", parsed(R"({"a":1,"b":[2.0],"c":null})")), plain);
  EXPECT_NE(asks("call_1", parsed(R"({"a":2,"b":[2.0]})")), plain);
  EXPECT_EQ(asks("x", Json("")), asks("y", Json::Object{}));
  EXPECT_NE(asks("x", Json("{broken")), asks("y", Json::Object{}));
}

TEST(Utterance, WhatAModelThoughtAloudIsNoPartOfItsAnswer) {
  const auto says = [](const std::string& text) {
    ResponseReceived given = answer("c", "m");
    given.parts = {Part::make_text(text)};
    return canonical(given);
  };
  EXPECT_EQ(says("<think>\nhm\n</think>\n\nfour"), says("four"));
  EXPECT_EQ(says("four<think></think>"), says("four"));
  EXPECT_NE(says("<think>four"), says(""));
  EXPECT_NE(says("</think>four<think>"), says("four"));
}

TEST(Utterance, ToolsThatTheProviderRanCountOnlyWhereNothingElseIsSaid) {
  const auto says = [](const std::string& parts) {
    ResponseReceived given = answer("c", "m");
    given.parts = message(parts).parts;
    return canonical(given);
  };
  const std::string text = R"({"type":"text","text":"four"})";
  const std::string call = R"({"type":"tool_call","tool_call_id":"t","index":0})";
  const std::string ran = R"({"type":"web_search_call","id":"w","status":"completed"})";
  EXPECT_EQ(says("[" + ran + "," + text + "]"), says("[" + text + "]"));
  EXPECT_EQ(says("[" + ran + "," + call + "]"), says("[" + call + "]"));
  EXPECT_NE(says("[" + ran + "]"), says("[]"));
  EXPECT_EQ(says(R"([{"type":"redacted_thinking","data":"x"}])"), says("[]"));
  EXPECT_EQ(says(R"([{"type":"audio","audio":{"id":"a","data":"AAAA","transcript":"hi"}}])"),
            says(R"([{"type":"audio","audio":{"id":"a"}}])"));
}

TEST(Utterance, AResultIsItsTextWhateverTheForm) {
  const auto gives = [](Json output) {
    ToolCompleted result;
    result.output = std::move(output);
    return canonical(result);
  };
  ToolFailed failure;
  failure.error = Json("42");
  EXPECT_EQ(gives(Json("42\n")), gives(parsed(R"([{"type":"text","text":"42"}])")));
  EXPECT_EQ(gives(Json("42")), canonical(failure));
  EXPECT_NE(gives(Json("42")), gives(Json("43")));
  EXPECT_NE(gives(parsed(R"({"a":42})")), gives(parsed(R"({"a":43})")));
}

}  // namespace
}  // namespace hansard::events
