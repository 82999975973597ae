// A whole request, told to another API: messages, tools, settings.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "answer_checks.h"
#include "events/dialects/anthropic/requests.h"
#include "events/dialects/ollama/requests.h"
#include "events/dialects/openai/requests.h"
#include "events/dialects/translate.h"
#include "request_checks.h"

namespace hansard::events {
namespace {

using checks::parsed;
using checks::read_events;

void translates(const RequestDialect& from, std::string_view body, const RequestDialect& to,
                std::string_view expected) {
  const auto asked = from.split(parsed(body));
  ASSERT_TRUE(asked) << asked.error().message;
  const auto window = read_events(from, asked->messages);
  const auto request = translate(*asked, from, window, to);
  ASSERT_TRUE(request) << request.error().message;
  const Json written = to.join(*request);
  EXPECT_TRUE(same_tree(written, parsed(expected))) << dump(written) << "\n" << expected;
  checks::rebuilds_request(to, written);
}

constexpr std::string_view kChat = R"({"model":"m","stream":true,
  "stream_options":{"include_usage":true},"messages":[
    {"role":"system","content":"be brief"},{"role":"developer","content":"in English"},
    {"role":"user","content":"hi"},{"role":"system","content":"be brave"}],
  "tools":[{"type":"function","function":{"name":"f","description":"d","strict":true,
      "parameters":{"type":"object","properties":{"a":{"type":"number"}}}}},
    {"type":"function","function":{"name":"g"}},{"type":"custom","custom":{"name":"h"}}],
  "tool_choice":{"type":"function","function":{"name":"f"}},"parallel_tool_calls":false,
  "max_completion_tokens":99,"temperature":1.50,"top_p":0.9,"stop":"END","seed":7,
  "reasoning_effort":"low","user":"ann","logit_bias":{},
  "response_format":{"type":"json_schema",
    "json_schema":{"name":"s","schema":{"type":"object"},"strict":true}}})";

TEST(Translate, FromChatToAnthropic) {
  translates(openai::chat_requests(), kChat, anthropic::requests(), R"({"model":"m","stream":true,
    "system":"be brief\n\nin English","messages":[
      {"role":"user","content":"hi"},{"role":"system","content":"be brave"}],
    "tools":[{"name":"f","description":"d",
        "input_schema":{"type":"object","properties":{"a":{"type":"number"}}}},
      {"name":"g","input_schema":{"type":"object","properties":{}}}],
    "tool_choice":{"type":"tool","name":"f","disable_parallel_tool_use":true},
    "max_tokens":99,"temperature":1,"top_p":0.9,"stop_sequences":["END"],
    "output_config":{"format":{"type":"json_schema","schema":{"type":"object"}}},
    "metadata":{"user_id":"ann"}})");
}

TEST(Translate, FromChatToResponses) {
  translates(openai::chat_requests(), kChat, openai::response_requests(),
             R"({"model":"m","stream":true,"instructions":"be brief\n\nin English","input":[
      {"type":"message","role":"user","content":[{"type":"input_text","text":"hi"}]},
      {"type":"message","role":"system","content":[{"type":"input_text","text":"be brave"}]}],
    "tools":[{"type":"function","name":"f","description":"d","strict":true,
        "parameters":{"type":"object","properties":{"a":{"type":"number"}}}},
      {"type":"function","name":"g","strict":false,
        "parameters":{"type":"object","properties":{}}}],
    "tool_choice":{"type":"function","name":"f"},"parallel_tool_calls":false,
    "max_output_tokens":99,"temperature":1.50,"top_p":0.9,"reasoning":{"effort":"low"},
    "text":{"format":{"type":"json_schema","name":"s","schema":{"type":"object"},"strict":true}},
    "user":"ann"})");
}

TEST(Translate, FromChatToOllama) {
  translates(openai::chat_requests(), kChat, ollama::chat_requests(),
             R"({"model":"m","stream":true,"messages":[
      {"role":"system","content":"be brief"},{"role":"system","content":"in English"},
      {"role":"user","content":"hi"},{"role":"system","content":"be brave"}],
    "tools":[{"type":"function","function":{"name":"f","description":"d",
        "parameters":{"type":"object","properties":{"a":{"type":"number"}}}}},
      {"type":"function","function":{"name":"g"}}],
    "options":{"num_predict":99,"temperature":1.50,"top_p":0.9,"stop":["END"],"seed":7},
    "format":{"type":"object"}})");
}

TEST(Translate, FromAnthropicToChat) {
  translates(anthropic::requests(), R"({"model":"c","max_tokens":9,"top_k":3,
    "system":[{"type":"text","text":"be brief","cache_control":{"type":"ephemeral"}},
      {"type":"text","text":"be kind"}],
    "messages":[{"role":"user","content":"hi"}],
    "tools":[{"name":"f","input_schema":{"type":"object"}},
      {"type":"web_search_20250305","name":"web_search"}],
    "tool_choice":{"type":"any","disable_parallel_tool_use":true},
    "stop_sequences":["A","B"],"thinking":{"type":"adaptive"},"metadata":{"user_id":"ann"}})",
             openai::chat_requests(), R"({"model":"c","stream":false,"messages":[
      {"role":"system","content":"be brief\n\nbe kind"},{"role":"user","content":"hi"}],
    "tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object"}}}],
    "tool_choice":"required","parallel_tool_calls":false,
    "max_completion_tokens":9,"stop":["A","B"],"user":"ann"})");
}

TEST(Translate, WhatAnApiWantsAndNobodySaid) {
  translates(openai::chat_requests(), R"({"messages":[{"role":"user","content":"hi"}],
    "functions":[{"name":"f"}],"function_call":"none"})",
             anthropic::requests(), R"({"stream":false,"max_tokens":4096,
    "messages":[{"role":"user","content":"hi"}],"tool_choice":{"type":"none"},
    "tools":[{"name":"f","input_schema":{"type":"object","properties":{}}}]})");
  translates(ollama::chat_requests(), R"({"messages":[{"role":"user","content":"hi"}],
    "format":"json","options":{"num_predict":5}})",
             openai::response_requests(), R"({"stream":true,"max_output_tokens":5,"input":[
    {"type":"message","role":"user","content":[{"type":"input_text","text":"hi"}]}],
    "text":{"format":{"type":"json_object"}}})");
  // Where there is no word for it, tools that must not be used are not offered.
  translates(openai::chat_requests(), R"({"messages":[],"tool_choice":"none",
    "tools":[{"type":"function","function":{"name":"f"}}]})",
             ollama::chat_requests(), R"({"stream":false,"messages":[]})");
}

TEST(Translate, WithinOneApiNothingChanges) {
  constexpr std::string_view kBody = R"({"model":"m","messages":[{"role":"user","content":"hi"}],
    "logit_bias":{},"tools":[{"type":"custom"}]})";
  translates(openai::chat_requests(), kBody, openai::chat_requests(), kBody);
}

TEST(Translate, SaysWhichApiIsNoneForConversations) {
  const auto request =
      translate(CallRequest{}, openai::embedding_requests(), {}, openai::chat_requests());
  ASSERT_FALSE(request);
  EXPECT_EQ(request.error().code, core::Errc::unsupported);
  EXPECT_NE(request.error().message.find("openai.embeddings"), std::string::npos);
  EXPECT_FALSE(translate(CallRequest{}, openai::chat_requests(), {}, ollama::embed_requests()));
}

}  // namespace
}  // namespace hansard::events
