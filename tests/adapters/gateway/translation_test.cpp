// A call goes to providers that speak another dialect; the client sees its own.

#include <string>
#include <utility>
#include <vector>

#include "rig.h"
#include "samples.h"

namespace hansard::gateway::testing {
namespace {

using core::Errc;
using events::ResponseFailed;
using events::ResponseReceived;
using events::ResponseRequested;

constexpr const char* kChatBody = R"({"model":"gpt-x","max_tokens":9,"messages":[
    {"role":"system","content":"be brief"},{"role":"user","content":"Hi"},
    {"role":"assistant","content":null,"tool_calls":[
      {"id":"t1","type":"function","function":{"name":"look","arguments":"{\"at\":1}"}}]},
    {"role":"tool","tool_call_id":"t1","content":"rain"}]})";
constexpr const char* kMessageAnswer = R"({"id":"msg_1","type":"message","role":"assistant",
    "model":"claude-y","content":[{"type":"text","text":"Ho"},
      {"type":"tool_use","id":"t2","name":"look","input":{"at":2}}],
    "stop_reason":"tool_use","stop_sequence":null,"usage":{"input_tokens":10,"output_tokens":4}})";
constexpr const char* kChatAnswer = R"({"id":"c1","object":"chat.completion","created":1,
    "model":"gpt-y","choices":[{"index":0,"message":{"role":"assistant","content":"Ho"},
    "finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":5,"total_tokens":8}})";
constexpr const char* kMessageBody = R"({"model":"claude-x","max_tokens":9,"system":"be brief",
    "messages":[{"role":"user","content":"Hi"}]})";

class TranslationTest : public GatewayTest {
 protected:
  TranslationTest() { use({"claude", "claude-y", "anthropic", 1}); }
  void use(Target fallback, Recording recording = Recording::strict) {
    GatewayOptions options;
    options.recording = recording;
    RouteOptions& route = options.routes["stub"];
    route.fallbacks = {std::move(fallback)};
    restart(options);
  }
  /// The call fails where it was made for.
  Client& fail(const std::string& target, const Json& body,
               std::vector<core::HttpField> fields = {}) {
    Client& client = send(target, body, std::move(fields));
    upstream().refuse(Errc::unavailable, "connect");
    return client;
  }
  void answer(int status, const std::string& body, std::vector<core::HttpField> fields = {}) {
    upstream().head(status, std::move(fields));
    for (std::size_t at = 0; at < body.size(); at += 7) upstream().piece(body.substr(at, 7));
    upstream().end();
  }
  static std::string field(const std::vector<core::HttpField>& fields, const std::string& name) {
    for (const auto& each : fields) {
      if (each.name == name) return each.value;
    }
    return "";
  }
  static std::string text(const Json& body, std::initializer_list<const char*> path) {
    const Json* at = &body;
    for (const char* name : path) {
      at = at->is_array() ? &at->if_array()->front() : at->find(name);
      if (at == nullptr) return "(none)";
    }
    const std::string* found = at->if_string();
    return found == nullptr ? dump(*at) : *found;
  }
};

TEST_F(TranslationTest, TheProviderIsToldInItsDialect) {
  fail(kChat, parsed(kChatBody),
       {{"Authorization", "Bearer sk-of-the-client"},
        {"OpenAI-Organization", "o"},
        {"x-stainless-lang", "js"},
        {"X-Note", "n"}});
  const core::ProviderCall& sent = upstream().sent;
  EXPECT_EQ(sent.provider, "claude");
  EXPECT_EQ(sent.target, "/v1/messages");
  EXPECT_TRUE(
      same_tree(parsed(sent.body), parsed(R"({"model":"claude-y","max_tokens":9,"stream":false,
      "system":"be brief","messages":[{"role":"user","content":"Hi"},
      {"role":"assistant","content":[{"type":"tool_use","id":"t1","name":"look","input":{"at":1}}]},
      {"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":"rain"}]}]})")))
      << sent.body;
  EXPECT_EQ(field(sent.fields, "anthropic-version"), "2023-06-01");
  EXPECT_EQ(field(sent.fields, "X-Note"), "n");
  for (const char* name : {"Authorization", "OpenAI-Organization", "x-stainless-lang"}) {
    EXPECT_EQ(field(sent.fields, name), "") << name;
  }
}

TEST_F(TranslationTest, TheClientSeesItsOwnDialect) {
  Client& client = fail(kChat, parsed(kChatBody));
  answer(200, kMessageAnswer, {{"Content-Type", "application/json"}});
  ASSERT_TRUE(client.over) << (client.error ? client.error->message : "");
  EXPECT_EQ(client.status, 200);
  const Json body = parsed(client.received);
  EXPECT_EQ(text(body, {"object"}), "chat.completion");
  EXPECT_EQ(text(body, {"model"}), "claude-y");
  EXPECT_EQ(text(body, {"choices", "0", "message", "content"}), "Ho");
  EXPECT_EQ(text(body, {"choices", "0", "finish_reason"}), "tool_calls");
  EXPECT_EQ(text(body, {"choices", "0", "message", "tool_calls", "0", "function", "arguments"}),
            R"({"at":2})");
  EXPECT_EQ(text(body, {"usage", "prompt_tokens"}), "10");
  EXPECT_EQ(text(body, {"usage", "completion_tokens"}), "4");

  const auto received =
      recorded_of<ResponseReceived>().at(recorded_of<ResponseReceived>().size() - 1);
  EXPECT_EQ(received.provider, "claude");
  EXPECT_EQ(received.model, "claude-y");
  EXPECT_EQ(received.attempt, 2U);
  EXPECT_EQ(recorded_of<ResponseRequested>().back().model, "claude-y");
}

TEST_F(TranslationTest, WhoAsksForAStreamGetsOne) {
  Json asked = parsed(kChatBody);
  asked.add("stream", true);
  Client& client = fail(kChat, asked);
  EXPECT_EQ(text(parsed(upstream().sent.body), {"stream"}), "false");
  answer(200, kMessageAnswer);
  ASSERT_TRUE(client.over) << (client.error ? client.error->message : "");
  EXPECT_EQ(field(client.fields, "Content-Type"), "text/event-stream");
  EXPECT_TRUE(client.received.starts_with("data: {"));
  EXPECT_TRUE(client.received.ends_with("data: [DONE]\n\n"));
  EXPECT_NE(client.received.find("\"Ho\""), std::string::npos);
  const auto received = recorded_of<ResponseReceived>().back();
  EXPECT_EQ(received.usage->input_text, 10U);
}

TEST_F(TranslationTest, FromMessagesToChat) {
  use({"gpt", "gpt-y", "openai", 1});
  Client& client = fail(kMessages, parsed(kMessageBody),
                        {{"anthropic-version", "2023-06-01"}, {"x-api-key", "sk-of-the-client"}});
  EXPECT_EQ(upstream().sent.target, "/v1/chat/completions");
  EXPECT_EQ(field(upstream().sent.fields, "anthropic-version"), "");
  EXPECT_EQ(field(upstream().sent.fields, "x-api-key"), "");
  answer(200, kChatAnswer);
  ASSERT_TRUE(client.over);
  const Json body = parsed(client.received);
  EXPECT_EQ(text(body, {"type"}), "message");
  EXPECT_EQ(text(body, {"content", "0", "text"}), "Ho");
  EXPECT_EQ(text(body, {"stop_reason"}), "end_turn");
  EXPECT_EQ(text(body, {"usage", "output_tokens"}), "5");
}

TEST_F(TranslationTest, FromMessagesToOllamaAsAStream) {
  use({"local", "llama", "ollama", 1});
  Json asked = parsed(kMessageBody);
  asked.add("stream", true);
  Client& client = fail(kMessages, asked);
  EXPECT_EQ(upstream().sent.target, "/api/chat");
  EXPECT_EQ(text(parsed(upstream().sent.body), {"stream"}), "false");
  answer(200, R"({"model":"llama","created_at":"2026-01-01T00:00:00Z","message":{"role":"assistant",
      "content":"Ho"},"done":true,"done_reason":"stop","prompt_eval_count":3,"eval_count":5})");
  ASSERT_TRUE(client.over) << (client.error ? client.error->message : "");
  EXPECT_NE(client.received.find("event: message_start"), std::string::npos);
  EXPECT_NE(client.received.find("event: message_stop"), std::string::npos);
}

TEST_F(TranslationTest, ItsErrorsAreToldInTheClientsShape) {
  Client& client = fail(kChat, parsed(kChatBody));
  answer(429, R"({"type":"error","error":{"type":"rate_limit_error","message":"slow down"}})",
         {{"retry-after", "7"}});
  EXPECT_EQ(client.status, 429);
  const Json body = parsed(client.received);
  EXPECT_EQ(text(body, {"error", "message"}), "slow down");
  EXPECT_EQ(text(body, {"error", "type"}), "rate_limit_error");
  EXPECT_EQ(field(client.fields, "Retry-After"), "7");
  EXPECT_EQ(recorded_of<ResponseFailed>().back().error_type, "rate_limit_error");
}

TEST_F(TranslationTest, WhatCannotBeReadIsAFailureAndNoAnswer) {
  Client& client = fail(kChat, parsed(kChatBody));
  answer(200, "<html>");
  ASSERT_TRUE(client.error);
  EXPECT_EQ(client.error->field, "protocol");
  EXPECT_EQ(client.told, 1);
}

TEST_F(TranslationTest, ABodyThatBreaksIsAFailureAndNoAnswer) {
  Client& client = fail(kChat, parsed(kChatBody));
  upstream().head(200);
  upstream().piece("{");
  upstream().fail(Errc::unavailable, "truncated");
  ASSERT_TRUE(client.error);
  EXPECT_EQ(client.error->field, "truncated");
}

TEST_F(TranslationTest, WhatCannotBeSaidThereIsNotTriedThere) {
  Client& client = send(kResponses, parsed(R"({"model":"m","input":"Hi",
      "previous_response_id":"resp_1"})"));
  upstream().refuse(Errc::unavailable, "connect");
  EXPECT_EQ(provider_.calls.size(), 1U);
  ASSERT_TRUE(client.error);
  EXPECT_EQ(client.error->field, "connect");
}

TEST_F(TranslationTest, WhoGoesWhileAnAnswerIsReadEndsIt) {
  Client& client = fail(kChat, parsed(kChatBody));
  upstream().head(200);
  upstream().piece("{");
  client.leave();
  EXPECT_TRUE(upstream().dropped);
  EXPECT_EQ(recorded_of<ResponseFailed>().back().reason, events::FailureReason::cancelled);
}

TEST_F(TranslationTest, CallsThatNobodyRecordsAreTranslatedToo) {
  use({"claude", "claude-y", "anthropic", 1}, Recording::off);
  Client& client = fail(kChat, parsed(kChatBody));
  answer(200, kMessageAnswer);
  EXPECT_EQ(text(parsed(client.received), {"object"}), "chat.completion");
  EXPECT_TRUE(recorded().empty());
}

}  // namespace
}  // namespace hansard::gateway::testing
