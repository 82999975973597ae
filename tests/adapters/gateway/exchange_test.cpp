// What was sent and what came can be had again from the events alone, and each message is in them
// once.

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "events/conversation/keys.h"
#include "events/dialects/apis.h"
#include "events/dialects/framing.h"
#include "rig.h"
#include "samples.h"

namespace hansard::gateway::testing {
namespace {

using events::MessageSent;
using events::ResponseReceived;
using events::ResponseRequested;
using events::SessionConfigured;
using events::ToolCalled;
using events::ToolCompleted;

class ExchangeTest : public GatewayTest {
 protected:
  struct Made {
    std::string target;
    Json request;
    Json answer;  ///< without streaming
  };

  /// Makes a call that is answered in one piece, or as the stream that says the same.
  void make(const std::string& target, Json request, const std::string& answer) {
    const Json body = parsed(answer);
    const Json* streams = request.find("stream");
    if (streams == nullptr) {
      exchange(target, request, answer);
    } else {
      exchange(target, request, stream_of(target, body));
    }
    made_.push_back({target, std::move(request), body});
  }
  static std::string stream_of(const std::string& target, const Json& body) {
    const events::Api* api = events::api_at(target);
    std::string bytes;
    for (const events::TimedFrame& frame : api->answers.write_stream(body, {})) {
      bytes += api->stream == events::Api::Stream::lines ? frame.data + "\n"
               : frame.event.empty()                     ? sse(frame.data)
                                                         : sse(frame.event, frame.data);
    }
    return bytes;
  }
  /// All that was made is on record, in one session, as it was.
  void expect_all_rebuilt() {
    ASSERT_EQ(sessions().size(), 1U);
    const auto asked = recorded_of<ResponseRequested>();
    ASSERT_EQ(asked.size(), made_.size());
    for (std::size_t i = 0; i < made_.size(); ++i) {
      const auto both = rebuilt(sessions()[0], asked[i].call_id, asked[i].attempt);
      ASSERT_TRUE(both.request && both.answer) << i;
      EXPECT_TRUE(same_tree(*both.request, made_[i].request)) << i << "\n"
                                                              << dump(*both.request) << "\n"
                                                              << dump(made_[i].request);
      EXPECT_TRUE(same_tree(*both.answer, made_[i].answer)) << i << "\n"
                                                            << dump(*both.answer) << "\n"
                                                            << dump(made_[i].answer);
    }
  }
  std::size_t longest_form() {
    std::size_t longest = 0;
    for (const ResponseRequested& asked : recorded_of<ResponseRequested>()) {
      EXPECT_EQ(asked.extra->find("messages"), nullptr) << dump(*asked.extra);
      longest = std::max(longest, dump(*asked.extra).size());
    }
    return longest;
  }
  static std::size_t count(const std::string& text, const std::string& what) {
    std::size_t found = 0;
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++found;
    return found;
  }

  std::vector<Made> made_;
};

const char* const kChatTools =
    R"([{"type":"function","function":{"name":"weather","description":"Of the schema, once",)"
    R"("parameters":{"type":"object","properties":{"city":{"type":"string"}}}}}])";

/// A conversation over chat completions with two tool calls, the whole history with every call.
struct ChatTalk {
  Json::Array said;
  bool streams = false;

  Json request() const {
    Json body = Json::Object{{"model", "gpt-x"},
                             {"messages", said},
                             {"tools", parsed(kChatTools)},
                             {"temperature", Json::number(0.5)}};
    if (streams) {
      body.add("stream", true).add("stream_options", Json::Object{{"include_usage", true}});
    }
    return body;
  }
  void say(const std::string& message) { said.push_back(parsed(message)); }
};

std::string chat_answer(const std::string& message, const std::string& reason) {
  return R"({"id":"c1","object":"chat.completion","created":1,"model":"gpt-x","choices":[)"
         R"({"index":0,"message":)" +
         message + R"(,"finish_reason":")" + reason +
         R"("}],"usage":{"prompt_tokens":30,"completion_tokens":5,"total_tokens":35}})";
}

class ChatExchangeTest : public ExchangeTest, public ::testing::WithParamInterface<bool> {
 protected:
  void talk() {
    ChatTalk talk;
    talk.streams = GetParam();
    talk.say(R"({"role":"system","content":"You are brief."})");
    talk.say(R"({"role":"user","content":"Weather in Bern and Basel, please?"})");
    const std::string asks =
        R"({"role":"assistant","content":"Let me look that up.","tool_calls":[)"
        R"({"id":"call_a","type":"function","function":{"name":"weather",)"
        R"("arguments":"{\"city\": \"Bern\"}"}},)"
        R"({"id":"call_b","type":"function","function":{"name":"weather",)"
        R"("arguments":"{\"city\": \"Basel\"}"}}]})";
    make(kChat, talk.request(), chat_answer(asks, "tool_calls"));
    talk.say(asks);
    talk.say(R"({"role":"tool","tool_call_id":"call_a","content":"Sunny in Bern"})");
    talk.say(R"({"role":"tool","tool_call_id":"call_b","content":"Rain in Basel"})");
    const std::string tells = R"({"role":"assistant","content":"Sun there, rain here."})";
    make(kChat, talk.request(), chat_answer(tells, "stop"));
    talk.say(tells);
    talk.say(R"({"role":"user","content":[{"type":"text","text":"And tomorrow?"}]})");
    make(kChat, talk.request(),
         chat_answer(R"({"role":"assistant","content":"Who knows."})", "stop"));
  }
};

TEST_P(ChatExchangeTest, ATalkWithToolsCanBeHadAgain) {
  talk();
  expect_all_rebuilt();
}

TEST_P(ChatExchangeTest, EachThingIsStoredOnce) {
  talk();
  EXPECT_EQ(recorded_of<MessageSent>().size(), 2U);
  EXPECT_EQ(recorded_of<ResponseReceived>().size(), 3U);
  EXPECT_EQ(recorded_of<ToolCalled>().size(), 2U);
  EXPECT_EQ(recorded_of<ToolCompleted>().size(), 2U);
  const std::string raw = raw_log();
  for (const char* text :
       {"You are brief.", "Weather in Bern and Basel", "Let me look that up.", "Sunny in Bern",
        "Rain in Basel", "Sun there", "And tomorrow?", "Who knows.", "Of the schema, once"}) {
    EXPECT_EQ(count(raw, text), 1U) << text;
  }
  EXPECT_LT(longest_form(), 150U);
}

TEST_P(ChatExchangeTest, UsageAndTimesAreOnTheAnswer) {
  talk();
  for (const ResponseReceived& answer : recorded_of<ResponseReceived>()) {
    ASSERT_TRUE(answer.usage);
    EXPECT_EQ(answer.usage->input_text, 30U);
    EXPECT_EQ(answer.usage->output_text, 5U);
    EXPECT_EQ(answer.provider, "stub");
    EXPECT_EQ(answer.served_from, events::ServedFrom::provider);
    EXPECT_TRUE(answer.latency_us);
    EXPECT_EQ(answer.ttft_us.has_value(), GetParam()) << "of a stream only";
    EXPECT_EQ(answer.timing_track.has_value(), GetParam());
  }
}

INSTANTIATE_TEST_SUITE_P(PlainAndStreamed, ChatExchangeTest, ::testing::Bool());

class MessageExchangeTest : public ExchangeTest, public ::testing::WithParamInterface<bool> {
 protected:
  static Json request(const Json& system, const Json::Array& messages) {
    Json body =
        Json::Object{{"model", "claude-x"},
                     {"max_tokens", 64},
                     {"system", system},
                     {"messages", messages},
                     {"tools", parsed(R"([{"name":"weather","description":"Of the schema, once",)"
                                      R"("input_schema":{"type":"object"}}])")}};
    if (GetParam()) body.add("stream", true);
    return body;
  }
  static std::string answer(const std::string& content, const std::string& reason) {
    return R"({"id":"msg_1","type":"message","role":"assistant","model":"claude-x","content":)" +
           content + R"(,"stop_reason":")" + reason +
           R"(","stop_sequence":null,"usage":{"input_tokens":30,"output_tokens":5}})";
  }
  static Json message(const char* role, const Json& content) {
    return Json::Object{{"role", role}, {"content", content}};
  }
  /// With the mark that says up to where to cache, which wanders from call to call.
  static Json marked(const char* text) {
    return parsed(R"([{"type":"text","text":")" + std::string(text) +
                  R"(","cache_control":{"type":"ephemeral"}}])");
  }
  void talk() {
    const Json system = "You are brief.";
    Json::Array said{message("user", marked("Weather in Bern, please?"))};
    const std::string asks =
        R"([{"type":"thinking","thinking":"Bern it is.","signature":"c2ln"},)"
        R"({"type":"text","text":"Let me look that up."},)"
        R"({"type":"tool_use","id":"toolu_1","name":"weather","input":{"city":"Bern","n":1.0}}])";
    make(kMessages, request(system, said), answer(asks, "tool_use"));
    said[0] = message("user", parsed(R"([{"type":"text","text":"Weather in Bern, please?"}])"));
    said.push_back(message("assistant", parsed(asks)));
    said.push_back(message("user", parsed(R"([{"type":"tool_result","tool_use_id":"toolu_1",)"
                                          R"("content":"Sunny in Bern"}])")));
    make(kMessages, request(system, said),
         answer(R"([{"type":"text","text":"Sun it is."}])", "end_turn"));
    said.push_back(message("assistant", parsed(R"([{"type":"text","text":"Sun it is."}])")));
    said.push_back(message("user", marked("And tomorrow?")));
    make(kMessages, request(marked("You are brief, and it is noon."), said),
         answer(R"([{"type":"text","text":"Who knows."}])", "end_turn"));
  }
};

TEST_P(MessageExchangeTest, ATalkWithToolsCanBeHadAgain) {
  talk();
  expect_all_rebuilt();
}

TEST_P(MessageExchangeTest, EachThingIsStoredOnce) {
  talk();
  EXPECT_EQ(recorded_of<MessageSent>().size(), 2U);
  EXPECT_EQ(recorded_of<ResponseReceived>().size(), 3U);
  EXPECT_EQ(recorded_of<ToolCalled>().size(), 1U);
  EXPECT_EQ(recorded_of<ToolCompleted>().size(), 1U);
  const std::string raw = raw_log();
  for (const char* text : {"Bern it is.", "Let me look that up.", "Sunny in Bern", "Sun it is.",
                           "And tomorrow?", "Who knows.", "Of the schema, once"}) {
    EXPECT_EQ(count(raw, text), 1U) << text;
  }
  EXPECT_LT(longest_form(), 350U);
}

TEST_P(MessageExchangeTest, AnotherSystemTextIsASettingOfTheSameConversation) {
  talk();
  std::vector<std::string> systems;
  std::size_t tools = 0;
  for (const SessionConfigured& configured : recorded_of<SessionConfigured>()) {
    if (configured.system) systems.push_back(*configured.system);
    if (configured.tools) ++tools;
  }
  EXPECT_EQ(systems,
            (std::vector<std::string>{"You are brief.", "You are brief, and it is noon."}));
  EXPECT_EQ(tools, 1U);
}

INSTANTIATE_TEST_SUITE_P(PlainAndStreamed, MessageExchangeTest, ::testing::Bool());

TEST_F(ExchangeTest, TheStreamsOfEveryApiCanBeHadAgain) {
  for (const SampleStream& sample : sample_streams()) {
    exchange(sample.target, parsed(sample.request), sample.bytes());
    const events::Api* api = events::api_at(sample.target);
    const auto asked = recorded_of<ResponseRequested>().back();
    const auto both = rebuilt(sessions().back(), asked.call_id);
    ASSERT_TRUE(both.request && both.answer) << sample.target;
    EXPECT_TRUE(same_tree(*both.request, parsed(sample.request))) << dump(*both.request);
    std::unique_ptr<events::Splitter> splitter;
    if (api->stream == events::Api::Stream::sse) {
      splitter = std::make_unique<events::SseSplitter>();
    } else {
      splitter = std::make_unique<events::LineSplitter>();
    }
    splitter->feed(sample.bytes());
    const auto whole = api->answers.stream();
    while (auto frame = splitter->next()) whole->add({frame->event, frame->data}, 0);
    const Json body = whole->end().body;
    EXPECT_TRUE(same_tree(*both.answer, body)) << dump(*both.answer) << "\n" << dump(body);
  }
}

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

}  // namespace
}  // namespace hansard::gateway::testing
