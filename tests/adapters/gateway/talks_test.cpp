// Conversations that change as they go: their settings, their form, their length; and that go on
// after a restart.

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "events/conversation/keys.h"
#include "talks.h"

namespace hansard::gateway::testing {
namespace {

using events::MessageSent;
using events::ResponseReceived;
using events::ResponseRequested;

TEST_F(ExchangeTest, ASystemTextWithTheTimeDoesNotShredAConversation) {
  ChatTalk talk;
  talk.say(R"({"role":"system","content":""})");
  for (int turn = 0; turn < 5; ++turn) {
    const std::string n = std::to_string(turn);
    talk.said[0] = parsed(R"({"role":"system","content":"It is 12:0)" + n + "\"}");
    talk.say(R"({"role":"user","content":"u)" + n + "\"}");
    const std::string message = R"({"role":"assistant","content":"a)" + n + "\"}";
    make(kChat, talk.request(), chat_answer(message, "stop"));
    talk.say(message);
  }
  expect_all_rebuilt();
  EXPECT_EQ(recorded_of<MessageSent>().size(), 5U);
  EXPECT_LT(longest_form(), 150U);
}

TEST_F(ExchangeTest, SystemMessagesWithinATalkStayWhereTheyWere) {
  ChatTalk talk;
  talk.say(R"({"role":"system","content":"First."})");
  talk.say(R"({"role":"developer","content":"Second."})");
  talk.say(R"({"role":"user","content":"u1"})");
  const std::string a1 = R"({"role":"assistant","content":"a1"})";
  make(kChat, talk.request(), chat_answer(a1, "stop"));
  talk.say(a1);
  talk.say(R"({"role":"system","content":"The user is in a hurry."})");
  talk.say(R"({"role":"user","content":"u2"})");
  const std::string a2 = R"({"role":"assistant","content":"a2"})";
  make(kChat, talk.request(), chat_answer(a2, "stop"));
  talk.say(a2);
  talk.say(R"({"role":"user","content":"u3"})");
  make(kChat, talk.request(), chat_answer(R"({"role":"assistant","content":"a3"})", "stop"));
  expect_all_rebuilt();
  EXPECT_EQ(count(raw_log(), "in a hurry"), 1U);
}

TEST_F(ExchangeTest, ALongTalkCostsTheSameWithEveryTurn) {
  ChatTalk talk;
  std::vector<std::size_t> sizes;
  for (int turn = 0; turn < 40; ++turn) {
    const std::string n = std::to_string(turn + 100);
    talk.say(R"({"role":"user","content":"Question )" + n + "\"}");
    const std::string message = R"({"role":"assistant","content":"Answer )" + n + "\"}";
    make(kChat, talk.request(), chat_answer(message, "stop"));
    talk.say(message);
    sizes.push_back(raw_log().size());
  }
  expect_all_rebuilt();
  EXPECT_LT(sizes[39] - sizes[38], (sizes[2] - sizes[1]) + 30);
}

TEST_F(ExchangeTest, ATalkThatIsShortenedAgainAndAgainStaysOne) {
  ChatTalk talk;
  const auto turn = [&](int n) {
    talk.say(R"({"role":"user","content":"u)" + std::to_string(n) + "\"}");
    const std::string message = R"({"role":"assistant","content":"a)" + std::to_string(n) + "\"}";
    make(kChat, talk.request(), chat_answer(message, "stop"));
    talk.say(message);
  };
  for (int n = 1; n <= 3; ++n) turn(n);
  for (int round = 0; round < 3; ++round) {
    // All but the latest exchange gives way to a summary.
    const Json::Array latest{*(talk.said.end() - 2), talk.said.back()};
    talk.said = {parsed(R"({"role":"user","content":"Summary )" + std::to_string(round) + "\"}")};
    talk.said.insert(talk.said.end(), latest.begin(), latest.end());
    for (int n = 1; n <= 2; ++n) turn(10 * (round + 1) + n);
  }
  expect_all_rebuilt();
  const std::string raw = raw_log();
  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ(count(raw, "Summary " + std::to_string(round)), 1U);
  }
}

TEST_F(ExchangeTest, AForkHasTheSystemTextItIsSentWith) {
  ChatTalk talk;
  const auto turn = [&](const std::string& text) {
    talk.say(R"({"role":"user","content":")" + text + "\"}");
    const std::string message = R"({"role":"assistant","content":"to )" + text + "\"}";
    exchange(kChat, talk.request(), chat_answer(message, "stop"));
    talk.say(message);
  };
  talk.say(R"({"role":"system","content":"At first."})");
  turn("u1");
  const Json::Array first = talk.said;
  talk.said[0] = parsed(R"({"role":"system","content":"Later."})");
  turn("u2");
  for (const char* system : {"Later.", "At first.", "Much later."}) {
    talk.said = first;
    talk.said[0] = Json::Object{{"role", "system"}, {"content", system}};
    turn(std::string("edited: ") + system);
    const auto asked = recorded_of<ResponseRequested>().back();
    // Its tools are said again: what a session decides rests on its own stream.
    const bool inherits = system == std::string("At first.");
    EXPECT_EQ(story(sessions().back()), inherits ? "cmsqr" : "csmsqr");
    EXPECT_EQ(asked.extra->find("forms"), nullptr) << dump(*asked.extra);
    const auto both = rebuilt(sessions().back(), asked.call_id);
    talk.said.pop_back();
    ASSERT_TRUE(both.request);
    EXPECT_TRUE(same_tree(*both.request, talk.request())) << dump(*both.request);
  }
  EXPECT_EQ(sessions().size(), 4U);
}

TEST_F(ExchangeTest, TextsAndListsOfTextMayBeSentForEachOther) {
  const auto list = [](const std::string& text) {
    return Json(Json::Array{Json::Object{{"type", "text"}, {"text", text}}});
  };
  ChatTalk talk;
  for (int turn = 0; turn < 4; ++turn) {
    const std::string text = "u" + std::to_string(turn);
    for (Json& message : talk.said) {
      Json& content = *message.find("content");
      if (const std::string* plain = content.if_string()) {
        content = list(*plain);
      } else {
        content = *content.if_array()->front().find("text");
      }
    }
    talk.said.push_back(Json::Object{{"role", "user"}, {"content", text}});
    const std::string message = R"({"role":"assistant","content":"a)" + text + "\"}";
    make(kChat, talk.request(), chat_answer(message, "stop"));
    talk.say(message);
  }
  expect_all_rebuilt();
  EXPECT_EQ(recorded_of<MessageSent>().size(), 4U);
}

TEST_F(ExchangeTest, ALongHistoryThatNobodyRecordedIsTakenInWhole) {
  ChatTalk talk;
  for (int turn = 0; turn < 1200; ++turn) {
    talk.say(R"({"role":"user","content":"u)" + std::to_string(turn) + "\"}");
    talk.say(R"({"role":"assistant","content":"a)" + std::to_string(turn) + "\"}");
  }
  talk.say(R"({"role":"user","content":"and now?"})");
  const std::string message = R"({"role":"assistant","content":"now this"})";
  make(kChat, talk.request(), chat_answer(message, "stop"));
  talk.say(message);
  talk.say(R"({"role":"user","content":"and then?"})");
  make(kChat, talk.request(), chat_answer(R"({"role":"assistant","content":"that"})", "stop"));
  expect_all_rebuilt();
  EXPECT_EQ(recorded_of<MessageSent>().size(), 1202U);
}

class RestartTest : public ExchangeTest {
 protected:
  /// Finds conversations in the log itself, as an index would.
  void index_the_log() {
    find_sessions_ = [this](const core::ProjectId& project, const events::Digest& key,
                            std::size_t) -> core::Result<std::vector<std::string>> {
      const events::Digester digester(keyed_hash_, project);
      std::map<std::string, events::Transcript> transcripts;
      std::vector<std::string> found;
      for (const Recorded& each : recorded()) {
        auto& transcript = transcripts.try_emplace(each.session, digester).first->second;
        transcript.apply(each.event, {each.version}, each.session);
        const auto keys = head_keys(digester, transcript);
        const bool has = std::find(keys.begin(), keys.end(), key) != keys.end();
        if (!has) continue;
        std::erase(found, each.session);
        found.push_back(each.session);
      }
      return found;
    };
  }
};

TEST_F(RestartTest, AConversationGoesOnAfterARestart) {
  index_the_log();
  ChatTalk talk;
  for (int turn = 0; turn < 4; ++turn) {
    talk.say(R"({"role":"user","content":"u)" + std::to_string(turn) + "\"}");
    const std::string message =
        R"({"role":"assistant","content":"a)" + std::to_string(turn) + "\"}";
    make(kChat, talk.request(), chat_answer(message, "stop"));
    talk.say(message);
    restart();
  }
  expect_all_rebuilt();
  EXPECT_EQ(story(sessions()[0]), "cmsqrmqrmqrmqr");
}

TEST_F(RestartTest, ACallThatWasLeftIsAskedAgainInItsConversation) {
  index_the_log();
  ChatTalk talk;
  talk.say(R"({"role":"user","content":"u1"})");
  Client& gone = send(kChat, talk.request());
  log_.fails = core::Error{core::Errc::cancelled, "going down"};
  gone.leave();  // nobody records what became of it
  log_.fails.reset();
  restart();
  made_.push_back({kChat, talk.request(), Json()});
  exchange(kChat, talk.request(), chat_answer(R"({"role":"assistant","content":"a1"})", "stop"));
  ASSERT_EQ(sessions().size(), 1U);
  EXPECT_EQ(story(sessions()[0]), "cmsqqr");
  EXPECT_EQ(recorded_of<ResponseReceived>()[0].attempt, 2U);
}

TEST_F(RestartTest, ACallThatNamesAnAnswerGoesOnAfterARestart) {
  index_the_log();
  const std::string body =
      R"({"id":"resp_1","object":"response","status":"completed","model":"gpt-x","output":[)"
      R"({"id":"msg_1","type":"message","status":"completed","role":"assistant",)"
      R"("content":[{"type":"output_text","text":"a1","annotations":[]}]}]})";
  exchange(kResponses, parsed(R"({"model":"gpt-x","input":"u1"})"), body);
  restart();
  send(kResponses, parsed(R"({"model":"gpt-x","input":"u2","previous_response_id":"resp_1"})"));
  ASSERT_EQ(sessions().size(), 1U);
  EXPECT_EQ(story(sessions()[0]), "cmqrmq");
}

}  // namespace
}  // namespace hansard::gateway::testing
