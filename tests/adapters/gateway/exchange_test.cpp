// What was sent and what came can be had again from the events alone, and each message is in them
// once.

#include <memory>
#include <string>
#include <vector>

#include "events/dialects/apis.h"
#include "events/dialects/framing.h"
#include "talks.h"

namespace hansard::gateway::testing {
namespace {

using events::MessageSent;
using events::ResponseReceived;
using events::ResponseRequested;
using events::SessionConfigured;
using events::ToolCalled;
using events::ToolCompleted;

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

}  // namespace
}  // namespace hansard::gateway::testing
