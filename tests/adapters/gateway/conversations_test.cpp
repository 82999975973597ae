// Calls find their conversations without saying which: each row of the table, through the gateway.

#include <algorithm>
#include <string>
#include <vector>

#include "rig.h"
#include "samples.h"

namespace hansard::gateway::testing {
namespace {

using events::ContextOptimized;
using events::ForkReason;
using events::MessageSent;
using events::ResponseReceived;
using events::ResponseRequested;
using events::SessionCreated;
using events::SessionForked;

using Texts = std::vector<std::string>;
using Fields = std::vector<core::HttpField>;

class ConversationsTest : public GatewayTest {
 protected:
  /// Texts in turn of the user and the model.
  static Json chat(const Texts& texts, Json more = Json::Object{}) {
    Json::Array messages;
    for (const std::string& text : texts) {
      const char* role = messages.size() % 2 == 0 ? "user" : "assistant";
      messages.push_back(Json::Object{{"role", role}, {"content", text}});
    }
    more.add("model", "gpt-x").add("messages", std::move(messages));
    return more;
  }
  static std::string answer(const std::string& text) {
    const Json choice =
        Json::Object{{"index", 0},
                     {"message", Json::Object{{"role", "assistant"}, {"content", text}}},
                     {"finish_reason", "stop"}};
    return dump(Json::Object{{"id", "c1"},
                             {"object", "chat.completion"},
                             {"created", 1},
                             {"model", "gpt-x"},
                             {"choices", Json::Array{choice}}});
  }
  /// Sends the texts, is answered the last of them.
  void say(Texts texts, Fields fields = {}, const Json& more = Json::Object{}) {
    const std::string last = texts.back();
    texts.pop_back();
    exchange(kChat, chat(texts, more), answer(last), std::move(fields));
  }
  static void answer_call(ScriptedCall& call, const std::string& text) {
    call.head(200);
    call.piece(answer(text));
    call.end();
  }
  /// Every call on record gives back the bodies it was made with, and no call had to keep its list.
  void expect_rebuilt(const std::vector<Json>& requests) {
    expect_same_bodies(requests);
    for (const ResponseRequested& asked : recorded_of<ResponseRequested>()) {
      EXPECT_EQ(asked.extra->find("messages"), nullptr) << dump(*asked.extra);
    }
  }
  void expect_same_bodies(const std::vector<Json>& requests) {
    std::vector<std::pair<std::string, ResponseRequested>> asked;
    for (const Recorded& each : recorded()) {
      const auto* request = std::get_if<ResponseRequested>(&each.event);
      if (request != nullptr) asked.emplace_back(each.session, *request);
    }
    ASSERT_EQ(asked.size(), requests.size());
    for (std::size_t i = 0; i < requests.size(); ++i) {
      const auto both = rebuilt(asked[i].first, asked[i].second.call_id, asked[i].second.attempt);
      ASSERT_TRUE(both.request) << i;
      EXPECT_TRUE(same_tree(*both.request, requests[i])) << dump(*both.request) << "\n"
                                                         << dump(requests[i]);
    }
  }
  std::string text_of_messages() {
    std::string all;
    for (const MessageSent& sent : recorded_of<MessageSent>()) {
      all += plain_text(sent.parts) + " ";
    }
    return all;
  }
};

TEST_F(ConversationsTest, ACallThatSendsWhatWasSaidGoesOnWithIt) {
  say({"u1", "a1"});
  say({"u1", "a1", "u2", "a2"});
  say({"u1", "a1", "u2", "a2", "u3", "a3"});
  ASSERT_EQ(sessions().size(), 1U);
  EXPECT_EQ(story(sessions()[0]), "cmqrmqrmqr");
  EXPECT_EQ(text_of_messages(), "u1 u2 u3 ");
  expect_rebuilt({chat({"u1"}), chat({"u1", "a1", "u2"}), chat({"u1", "a1", "u2", "a2", "u3"})});
}

TEST_F(ConversationsTest, ConversationsBesideEachOtherStayApart) {
  for (const std::string name : {"x", "y", "z"}) say({name + " u1", name + " a1"});
  for (const std::string name : {"z", "x", "y"}) {
    say({name + " u1", name + " a1", name + " u2", name + " a2"});
  }
  EXPECT_EQ(sessions().size(), 3U);
  for (const std::string& session : sessions()) EXPECT_EQ(story(session), "cmqrmqr");
}

TEST_F(ConversationsTest, WhatIsForgottenIsFoundNoLongerNorIsWhatInheritsFromIt) {
  say({"u1", "a1"}, {{"Hansard-Session", "one"}});
  say({"u1", "a1", "u2", "a2"});
  say({"u1", "a1", "u2 in other words", "a3"});  // forks
  say({"other u1", "other a1"}, {{"Hansard-Session", "two"}});
  ASSERT_EQ(sessions().size(), 3U);
  gateway().forget({}, {"one"});
  say({"u1", "a1", "u2", "a2", "u3", "a4"});
  EXPECT_EQ(sessions().size(), 4U) << "begins anew";
  say({"u1", "a1", "u2 in other words", "a3", "u4", "a5"});
  EXPECT_EQ(sessions().size(), 5U) << "so does its fork";
  say({"other u1", "other a1", "other u2", "other a2"});
  EXPECT_EQ(sessions().size(), 5U) << "others stay";
  say({"u5", "a6"}, {{"Hansard-Session", "one"}});
  EXPECT_EQ(sessions().size(), 5U) << "by its name it goes on";
}

TEST_F(ConversationsTest, ACallAfterAFailureIsItsNextAttempt) {
  say({"u1", "a1"});
  const Json body = chat({"u1", "a1", "u2"});
  exchange(kChat, body, R"({"error":{"message":"busy"}})", {}, 503);
  Client& gone = send(kChat, body);
  gone.leave();
  send(kChat, body);
  upstream().refuse(core::Errc::timed_out, "connect");
  exchange(kChat, body, answer("a2"));
  ASSERT_EQ(sessions().size(), 1U);
  EXPECT_EQ(story(sessions()[0]), "cmqrmqfqfqfqr");
  const auto asked = recorded_of<ResponseRequested>();
  for (std::size_t i = 1; i < asked.size(); ++i) {
    EXPECT_EQ(asked[i].call_id, asked[1].call_id);
    EXPECT_EQ(asked[i].attempt, i);
  }
  EXPECT_EQ(recorded_of<ResponseReceived>().back().attempt, 4U);
  say({"u1", "a1", "u2", "a2", "u3", "a3"});
  EXPECT_EQ(sessions().size(), 1U);
  expect_rebuilt({chat({"u1"}), body, body, body, body, chat({"u1", "a1", "u2", "a2", "u3"})});
}

TEST_F(ConversationsTest, AnOpeningThatFailedIsAskedAgainInItsConversation) {
  exchange(kChat, chat({"u1"}), "{}", {}, 500);
  say({"u1", "a1"});
  ASSERT_EQ(sessions().size(), 1U);
  EXPECT_EQ(story(sessions()[0]), "cmqfqr");
}

TEST_F(ConversationsTest, ARetryThatTheClientSpeaksOfIsAnAttemptEvenAfterTheAnswer) {
  say({"u1", "a1"});
  exchange(kChat, chat({"u1"}), answer("another"), {{"x-stainless-retry-count", "1"}});
  ASSERT_EQ(sessions().size(), 1U);
  EXPECT_EQ(story(sessions()[0]), "cmqrqr");
  const auto answers = recorded_of<ResponseReceived>();
  EXPECT_EQ(answers[0].call_id, answers[1].call_id);
  EXPECT_NE(answers[0].message_id, answers[1].message_id);
  EXPECT_EQ(answers[1].attempt, 2U);
  say({"u1", "another", "u2", "a2"});
  EXPECT_EQ(sessions().size(), 1U);
  expect_same_bodies({chat({"u1"}), chat({"u1"}), chat({"u1", "another", "u2"})});
}

TEST_F(ConversationsTest, ARetryWhileTheFirstIsUnderWayIsItsNextAttempt) {
  send(kChat, chat({"u1"}));
  ScriptedCall& first = upstream();
  send(kChat, chat({"u1"}), {{"X-Stainless-Retry-Count", "1"}});
  answer_call(upstream(), "a1");
  first.refuse(core::Errc::timed_out, "first_byte");
  ASSERT_EQ(sessions().size(), 1U);
  EXPECT_EQ(story(sessions()[0]), "cmqqrf");
  say({"u1", "a1", "u2", "a2"});
  EXPECT_EQ(sessions().size(), 1U);
}

TEST_F(ConversationsTest, TheSameAskedAgainLeavesTheConversation) {
  say({"u1", "a1"});
  say({"u1", "a1", "u2", "a2"});
  say({"u1", "a1", "u2", "a2 anew"});
  ASSERT_EQ(sessions().size(), 2U);
  EXPECT_EQ(story(sessions()[0]), "cmqrmqrk");
  EXPECT_EQ(story(sessions()[1]), "cqr");
  const auto forks = recorded_of<SessionForked>();
  EXPECT_EQ(forks[0].reason, ForkReason::retry);
  EXPECT_EQ(forks[0].child, sessions()[1]);
  EXPECT_EQ(forks[0].at_version, 4U) << "what was asked is in it, what was answered is not";
  say({"u1", "a1", "u2", "a2 anew", "u3", "a3"});
  say({"u1", "a1", "u2", "a2", "v3", "b3"});
  ASSERT_EQ(sessions().size(), 2U);
  EXPECT_EQ(story(sessions()[0]), "cmqrmqrkmqr");
  EXPECT_EQ(story(sessions()[1]), "cqrmqr");
  EXPECT_EQ(text_of_messages(), "u1 u2 u3 v3 ");
  expect_rebuilt({chat({"u1"}), chat({"u1", "a1", "u2"}), chat({"u1", "a1", "u2"}),
                  chat({"u1", "a1", "u2", "a2 anew", "u3"}), chat({"u1", "a1", "u2", "a2", "v3"})});
}

TEST_F(ConversationsTest, AnEditedMessageLeavesTheConversationBeforeIt) {
  say({"u1", "a1"});
  say({"u1", "a1", "u2", "a2"});
  say({"u1", "a1", "u2", "a2", "u3", "a3"});
  say({"u1", "a1", "edited", "b2"});
  ASSERT_EQ(sessions().size(), 2U);
  const auto forks = recorded_of<SessionForked>();
  ASSERT_EQ(forks.size(), 1U);
  EXPECT_EQ(forks[0].reason, ForkReason::edit);
  EXPECT_EQ(forks[0].at_version, 3U);
  EXPECT_EQ(story(sessions()[1]), "cmqr");
  say({"u1", "a1", "edited", "b2", "u3", "b3"});
  EXPECT_EQ(story(sessions()[1]), "cmqrmqr");
  say({"u1", "a1", "edited", "b2", "edited again", "c3"});
  ASSERT_EQ(sessions().size(), 3U) << "forks of forks";
  EXPECT_EQ(recorded_of<SessionForked>()[1].child, sessions()[2]);
  say({"u1", "a1", "edited", "b2", "edited again", "c3", "u4", "c4"});
  EXPECT_EQ(sessions().size(), 3U);
  expect_rebuilt({chat({"u1"}), chat({"u1", "a1", "u2"}), chat({"u1", "a1", "u2", "a2", "u3"}),
                  chat({"u1", "a1", "edited"}), chat({"u1", "a1", "edited", "b2", "u3"}),
                  chat({"u1", "a1", "edited", "b2", "edited again"}),
                  chat({"u1", "a1", "edited", "b2", "edited again", "c3", "u4"})});
}

TEST_F(ConversationsTest, OfTwoAtOnceTheSecondLeaves) {
  say({"u1", "a1"});
  send(kChat, chat({"u1", "a1", "left"}));
  ScriptedCall& left = upstream();
  send(kChat, chat({"u1", "a1", "right"}));
  answer_call(upstream(), "a right");
  answer_call(left, "a left");
  ASSERT_EQ(sessions().size(), 2U);
  EXPECT_EQ(story(sessions()[0]), "cmqrmqkr");
  EXPECT_EQ(story(sessions()[1]), "cmqr");
  EXPECT_EQ(recorded_of<SessionForked>()[0].reason, ForkReason::parallel);
  say({"u1", "a1", "right", "a right", "u3", "a3"});
  say({"u1", "a1", "left", "a left", "u3", "a3"});
  EXPECT_EQ(sessions().size(), 2U);
  expect_rebuilt({chat({"u1"}), chat({"u1", "a1", "left"}), chat({"u1", "a1", "right"}),
                  chat({"u1", "a1", "right", "a right", "u3"}),
                  chat({"u1", "a1", "left", "a left", "u3"})});
}

TEST_F(ConversationsTest, OfTwoAtOnceTheSecondLeavesThoughTheFirstIsNotOnRecordYet) {
  say({"u1", "a1"});
  log_.holds = true;
  send(kChat, chat({"u1", "a1", "left"}));
  ScriptedCall& left = upstream();
  send(kChat, chat({"u1", "a1", "right"}));
  ScriptedCall& right = upstream();
  send(kChat, chat({"u1", "a1", "left"}));
  ScriptedCall& same = upstream();
  log_.release();
  answer_call(left, "a left");
  answer_call(right, "a right");
  answer_call(same, "a same");
  EXPECT_EQ(sessions().size(), 3U);
  EXPECT_EQ(recorded_of<SessionForked>().size(), 2U);
  EXPECT_EQ(recorded_of<ResponseReceived>().size(), 4U);
  expect_rebuilt({chat({"u1"}), chat({"u1", "a1", "left"}), chat({"u1", "a1", "right"}),
                  chat({"u1", "a1", "left"})});
}

TEST_F(ConversationsTest, TwoThatBeginAlikeAtOnceStayTwo) {
  log_.holds = true;
  send(kChat, chat({"Hi"}));
  ScriptedCall& first = upstream();
  send(kChat, chat({"Hi"}));
  log_.release();
  answer_call(first, "Hello");
  answer_call(upstream(), "Hello");
  ASSERT_EQ(sessions().size(), 2U);
  for (const std::string& session : sessions()) EXPECT_EQ(story(session), "cmqr");
  say({"Hi", "Hello", "one", "1"});
  say({"Hi", "Hello", "two", "2"});
  ASSERT_EQ(sessions().size(), 2U) << "the one unused longest goes on";
  for (const std::string& session : sessions()) EXPECT_EQ(story(session), "cmqrmqr");
}

TEST_F(ConversationsTest, TwoThatBeginAlikeOneAfterTheOtherAreTwo) {
  say({"Hi", "Hello"});
  say({"Hi", "Hello"});
  EXPECT_EQ(sessions().size(), 2U);
}

TEST_F(ConversationsTest, AHistoryThatNobodyRecordedIsAConversationOfItsOwn) {
  say({"u1", "a1", "u2", "a2"});
  ASSERT_EQ(sessions().size(), 1U);
  EXPECT_EQ(story(sessions()[0]), "cmrmqr");
  expect_rebuilt({chat({"u1", "a1", "u2"})});
  say({"u1", "a1", "u2", "a2", "u3", "a3"});
  EXPECT_EQ(story(sessions()[0]), "cmrmqrmqr");
}

TEST_F(ConversationsTest, AHistorySentWithoutItsBeginningGoesOn) {
  say({"u1", "a1"});
  say({"u1", "a1", "u2", "a2"});
  say({"u1", "a1", "u2", "a2", "u3", "a3"});
  say({"u3", "a3", "u4", "a4"});
  ASSERT_EQ(sessions().size(), 1U);
  EXPECT_EQ(story(sessions()[0]), "cmqrmqrmqromqr");
  const auto changes = recorded_of<ContextOptimized>();
  EXPECT_EQ(changes[0].removed.size(), 4U);
  EXPECT_FALSE(changes[0].summary);
  EXPECT_EQ(text_of_messages(), "u1 u2 u3 u4 ");
  say({"u3", "a3", "u4", "a4", "u5", "a5"});
  EXPECT_EQ(story(sessions()[0]), "cmqrmqrmqromqrmqr");
  expect_rebuilt({chat({"u1"}), chat({"u1", "a1", "u2"}), chat({"u1", "a1", "u2", "a2", "u3"}),
                  chat({"u3", "a3", "u4"}), chat({"u3", "a3", "u4", "a4", "u5"})});
}

TEST_F(ConversationsTest, AHistorySentWithASummaryGoesOn) {
  say({"u1", "a1"});
  say({"u1", "a1", "u2", "a2"});
  say({"u1", "a1", "u2", "a2", "u3", "a3"});
  const auto shortened = [](std::vector<std::pair<const char*, const char*>> said) {
    Json::Array messages;
    for (const auto& [role, text] : said) {
      messages.push_back(Json::Object{{"role", role}, {"content", text}});
    }
    return Json(Json::Object{{"model", "gpt-x"}, {"messages", std::move(messages)}});
  };
  const Json fourth = shortened(
      {{"user", "In short: u1, u2."}, {"user", "u3"}, {"assistant", "a3"}, {"user", "u4"}});
  exchange(kChat, fourth, answer("a4"));
  ASSERT_EQ(sessions().size(), 1U);
  EXPECT_EQ(story(sessions()[0]), "cmqrmqrmqromqr");
  const auto changes = recorded_of<ContextOptimized>();
  ASSERT_TRUE(changes[0].summary);
  EXPECT_EQ(plain_text(*changes[0].summary), "In short: u1, u2.");
  EXPECT_EQ(changes[0].summarised.size(), 4U);
  const Json fifth = shortened({{"user", "In short: u1, u2."},
                                {"user", "u3"},
                                {"assistant", "a3"},
                                {"user", "u4"},
                                {"assistant", "a4"},
                                {"user", "u5"}});
  exchange(kChat, fifth, answer("a5"));
  EXPECT_EQ(story(sessions()[0]), "cmqrmqrmqromqrmqr");
  expect_rebuilt({chat({"u1"}), chat({"u1", "a1", "u2"}), chat({"u1", "a1", "u2", "a2", "u3"}),
                  fourth, fifth});
}

TEST_F(ConversationsTest, ANamedSessionTakesWhateverIsSentToIt) {
  const Fields named{{"Hansard-Session", "s1"}};
  say({"u1", "a1"}, named);
  say({"u1", "a1", "u2", "a2"}, named);
  ASSERT_EQ(sessions(), Texts{"s1"});
  EXPECT_EQ(story("s1"), "cmqrmqr");
  say({"u1", "a1", "edited", "b2"}, named);
  say({"something", "else"}, named);
  ASSERT_EQ(sessions(), Texts{"s1"}) << "a named session is never left";
  EXPECT_TRUE(recorded_of<SessionForked>().empty());
  EXPECT_EQ(story("s1"), "cmqrmqromqromqr");
  expect_rebuilt(
      {chat({"u1"}), chat({"u1", "a1", "u2"}), chat({"u1", "a1", "edited"}), chat({"something"})});
}

TEST_F(ConversationsTest, CallsOfANamedSessionAtOnceAreAllInIt) {
  const Fields named{{"Hansard-Session", "s1"}};
  log_.holds = true;
  std::vector<Json> requests;
  std::vector<ScriptedCall*> calls;
  for (const char* text : {"one", "two", "one"}) {
    requests.push_back(chat({text}));
    send(kChat, requests.back(), named);
    calls.push_back(&upstream());
  }
  log_.release();
  for (ScriptedCall* call : calls) answer_call(*call, "done");
  EXPECT_EQ(sessions(), Texts{"s1"});
  EXPECT_EQ(recorded_of<ResponseReceived>().size(), 3U);
  EXPECT_EQ(recorded_of<ResponseRequested>().size(), 3U);
  expect_same_bodies(requests);
}

TEST_F(ConversationsTest, ANameThatIsNoPlainOneIsKeptInContent) {
  const Fields named{{"Hansard-Session", "Müller & Söhne"}};
  say({"u1", "a1"}, named);
  say({"u1", "a1", "u2", "a2"}, named);
  ASSERT_EQ(sessions().size(), 1U);
  EXPECT_EQ(sessions()[0].find("ller"), std::string::npos);
  EXPECT_EQ(recorded_of<SessionCreated>()[0].session_id, "Müller & Söhne");
}

TEST_F(ConversationsTest, UserAgentAndTagsAreOnTheSession) {
  say({"u1", "a1"},
      {{"Hansard-User", "ann"}, {"Hansard-Agent", "helper"}, {"Hansard-Tag-Team", "blue"}},
      Json::Object{{"user", "not this one"}, {"metadata", Json::Object{{"plan", "pro"}}}});
  const auto created = recorded_of<SessionCreated>();
  ASSERT_EQ(created.size(), 1U);
  EXPECT_EQ(created[0].user, "ann");
  EXPECT_EQ(created[0].agent, "helper");
  EXPECT_EQ(created[0].source, "gateway");
  const events::StringMap tags{{"plan", "pro"}, {"team", "blue"}};
  EXPECT_EQ(created[0].tags, tags);
}

TEST_F(ConversationsTest, ConversationsOfDifferentUsersStayApart) {
  const Json ann = Json::Object{{"user", "ann"}};
  const Json bob = Json::Object{{"user", "bob"}};
  say({"Hi", "Hello"}, {}, ann);
  say({"Hi", "Hello"}, {}, bob);
  say({"Hi", "Hello", "u2", "a2"}, {}, bob);
  say({"Hi", "Hello", "u2", "b2"}, {}, ann);
  say({"Hi", "Hello", "u2", "c2"}, {{"Hansard-User", "eve"}});
  ASSERT_EQ(sessions().size(), 3U);
  EXPECT_EQ(story(sessions()[0]), "cmqrmqr");
  EXPECT_EQ(story(sessions()[1]), "cmqrmqr");
  EXPECT_EQ(story(sessions()[2]), "cmrmqr");
}

TEST_F(ConversationsTest, TheSameUserWhoAsksTheSameAgainLeavesTheConversation) {
  const Json ann = Json::Object{{"user", "ann"}};
  say({"Hi", "Hello"}, {}, ann);
  say({"Hi", "Hey"}, {}, ann);
  ASSERT_EQ(sessions().size(), 2U);
  ASSERT_EQ(recorded_of<SessionForked>().size(), 1U);
  EXPECT_EQ(recorded_of<SessionForked>()[0].reason, ForkReason::retry);
}

TEST_F(ConversationsTest, AClientMayGoOnFromAnyOfSeveralChoices) {
  const std::string two =
      R"({"id":"c1","object":"chat.completion","created":1,"model":"gpt-x","choices":[)"
      R"({"index":0,"message":{"role":"assistant","content":"red"},"finish_reason":"stop"},)"
      R"({"index":1,"message":{"role":"assistant","content":"blue"},"finish_reason":"stop"}],)"
      R"("usage":{"prompt_tokens":3,"completion_tokens":5,"total_tokens":8}})";
  const Json asks = chat({"u1"}, Json::Object{{"n", 2}});
  exchange(kChat, asks, two);
  const auto answers = recorded_of<ResponseReceived>();
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_EQ(answers[1].choice, 1U);
  EXPECT_TRUE(answers[0].usage);
  EXPECT_FALSE(answers[1].usage);
  const auto both = rebuilt(sessions()[0], answers[0].call_id);
  ASSERT_TRUE(both.answer);
  EXPECT_TRUE(same_tree(*both.answer, parsed(two))) << dump(*both.answer);
  say({"u1", "blue", "u2", "a2"});
  ASSERT_EQ(sessions().size(), 1U);
  EXPECT_EQ(story(sessions()[0]), "cmqrromqr");
  say({"u1", "blue", "u2", "a2", "u3", "a3"});
  EXPECT_EQ(sessions().size(), 1U);
  expect_rebuilt({asks, chat({"u1", "blue", "u2"}), chat({"u1", "blue", "u2", "a2", "u3"})});
}

TEST_F(ConversationsTest, ACallThatNamesTheAnswerBeforeGoesOnFromIt) {
  const auto body = [](const std::string& id, const std::string& text) {
    return R"({"id":")" + id +
           R"(","object":"response","created_at":1,"status":"completed","model":"gpt-x",)"
           R"("output":[{"id":"msg_)" +
           id + R"(","type":"message","status":"completed","role":"assistant",)" +
           R"("content":[{"type":"output_text","text":")" + text + R"(","annotations":[]}]}]})";
  };
  const std::vector<Json> requests{
      parsed(R"({"model":"gpt-x","input":"u1"})"),
      parsed(R"({"model":"gpt-x","input":"u2","previous_response_id":"resp_1"})"),
      parsed(R"({"model":"gpt-x","input":"v2","previous_response_id":"resp_1"})")};
  exchange(kResponses, requests[0], body("resp_1", "a1"));
  exchange(kResponses, requests[1], body("resp_2", "a2"));
  ASSERT_EQ(sessions().size(), 1U);
  EXPECT_EQ(story(sessions()[0]), "cmqrmqr");
  EXPECT_EQ(text_of_messages(), "u1 u2 ");
  exchange(kResponses, requests[2], body("resp_3", "b2"));
  ASSERT_EQ(sessions().size(), 2U);
  EXPECT_EQ(recorded_of<SessionForked>()[0].reason, ForkReason::edit);
  EXPECT_EQ(text_of_messages(), "u1 u2 v2 ");
  expect_same_bodies(requests);
}

TEST_F(ConversationsTest, APreviousAnswerThatNobodyRecordedBeginsAConversation) {
  const Json request =
      parsed(R"({"model":"gpt-x","input":"u2","previous_response_id":"resp_unknown"})");
  send(kResponses, request);
  ASSERT_EQ(sessions().size(), 1U);
  EXPECT_EQ(story(sessions()[0]), "cmq");
  expect_rebuilt({request});
}

TEST_F(ConversationsTest, FieldsThatCannotBeKeptAreRefusedByTheirNames) {
  const std::string body = dump(chat({"u1"}));
  Fields many;
  for (int i = 0; i < 33; ++i) many.push_back({"Hansard-Tag-T" + std::to_string(i), "x"});
  for (const Fields& fields :
       {Fields{{"Hansard-Session", ""}}, Fields{{"Hansard-Session", std::string(1025, 's')}},
        Fields{{"Hansard-User", std::string(4097, 'u')}}, Fields{{"Hansard-Agent", "\xff"}},
        Fields{{"Hansard-Tag-", "x"}}, many}) {
    Client& client = send(kChat, body, fields);
    ASSERT_TRUE(client.error) << fields.back().name;
    EXPECT_EQ(client.error->code, core::Errc::invalid_argument) << client.error->message;
    EXPECT_EQ(client.error->field, fields.back().name);
  }
  EXPECT_TRUE(provider_.calls.empty());
  EXPECT_TRUE(recorded().empty());
}

TEST_F(ConversationsTest, WhatABodySaysTooLongOfItselfIsLeftOut) {
  Json body = chat({"u1"});
  Json::Object metadata;
  for (int i = 0; i < 70; ++i) metadata.push_back({"t" + std::to_string(i), Json("x")});
  metadata.push_back({std::string(65, 'k'), Json("x")});
  body.add("metadata", std::move(metadata));
  exchange(kChat, body, answer("a1"));
  ASSERT_EQ(recorded_of<SessionCreated>().size(), 1U);
  EXPECT_EQ(recorded_of<SessionCreated>()[0].tags.size(), 32U);
  expect_rebuilt({body});
}

}  // namespace
}  // namespace hansard::gateway::testing
