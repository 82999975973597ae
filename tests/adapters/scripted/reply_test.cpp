// Replies in each API: read back by the dialect that reads real providers.

#include "reply.h"

#include <gtest/gtest.h>

#include "events/dialects/apis.h"
#include "events/dialects/framing.h"
#include "said.h"

namespace hansard::scripted {
namespace {

using events::Api;
using events::Json;
using std::chrono::microseconds;

constexpr const char* kScript =
    R"({"when":"weather","tool_calls":[{"name":"get_weather","arguments":{"city":"Graz"}}]}
{"when":"sunny","answer":"Leave the umbrella."}
{"when":"later","status":429,"answer":"not now"}
{"answer":"You said: {said}  — in Größe 🙂 \n","delay":"7ms","pace":"5ms"}
)";

struct Case {
  std::string path;
  std::string body;  ///< with SAID in the place of what is said, and STREAM
};

std::string filled(std::string text, const std::string& said, bool stream) {
  text.replace(text.find("SAID"), 4, said);
  text.replace(text.find("STREAM"), 6, stream ? "true" : "false");
  return text;
}

class ReplyTest : public testing::TestWithParam<Case> {
 protected:
  ReplyTest() : provider_{"openai", *Script::parse(kScript, "test")} {}

  Reply reply(const std::string& said, bool stream) {
    return sent(filled(GetParam().body, said, stream));
  }
  Reply sent(std::string body) {
    core::ProviderCall call;
    call.method = "POST";
    call.target = GetParam().path + "?x=1";
    call.body = std::move(body);
    return reply_to(provider_, call, {"n1", core::Timestamp(microseconds(1'764'499'721'000'000))});
  }
  const Api& api() { return *events::api_at(GetParam().path); }

  static std::string bytes(const Reply& reply) {
    std::string out;
    for (const Reply::Piece& piece : reply.pieces) out += piece.bytes;
    return out;
  }
  /// What a gateway makes of a stream.
  events::StreamEnd heard(const Reply& reply) {
    const auto answer = api().answers.stream();
    std::unique_ptr<events::Splitter> splitter;
    if (api().stream == Api::Stream::lines) {
      splitter = std::make_unique<events::LineSplitter>();
    } else {
      splitter = std::make_unique<events::SseSplitter>();
    }
    for (const Reply::Piece& piece : reply.pieces) {
      splitter->feed(piece.bytes);
      while (const auto frame = splitter->next()) {
        const auto kind = answer->add({frame->event, frame->data},
                                      static_cast<std::uint64_t>(piece.after.count()));
        if (kind == events::FrameKind::content) content_at_.push_back(piece.after);
        usages_ += kind == events::FrameKind::usage ? 1 : 0;
      }
    }
    return answer->end();
  }
  std::vector<events::SessionStep> read(const Json& body) {
    auto steps =
        api().answers.read(body, {"c", [](std::uint32_t n) { return "m" + std::to_string(n); }});
    EXPECT_TRUE(steps) << (steps ? "" : steps.error().message) << dump(body);
    return steps ? *std::move(steps) : std::vector<events::SessionStep>{};
  }

  Scripted provider_;
  std::vector<microseconds> content_at_;
  int usages_ = 0;
};

TEST_P(ReplyTest, SaysWhatTheScriptSaysWhole) {
  const Reply whole = reply("hello you", false);
  EXPECT_EQ(whole.head.status, 200);
  EXPECT_EQ(whole.delay, std::chrono::milliseconds(7));
  const auto steps = read(*events::parse_json(bytes(whole)));
  ASSERT_EQ(steps.size(), 1U);
  const auto& answer = std::get<events::RecordResponse>(steps[0]);
  EXPECT_EQ(plain_text(answer.parts), "You said: hello you  — in Größe 🙂 \n");
  EXPECT_EQ(answer.model, "m");
  ASSERT_TRUE(answer.usage);
  EXPECT_EQ(answer.usage->input_text, 2U) << "a token is a word";
  EXPECT_EQ(answer.usage->output_text, 8U);
}

TEST_P(ReplyTest, SaysItAWordAtATimeAtItsPace) {
  const Json whole = *events::parse_json(bytes(reply("hello you", false)));
  const Reply stream = reply("hello you", true);
  const auto end = heard(stream);
  EXPECT_TRUE(end.complete);
  const auto steps = read(end.body);
  EXPECT_EQ(plain_text(std::get<events::RecordResponse>(steps[0]).parts),
            "You said: hello you  — in Größe 🙂 \n");
  std::vector<microseconds> wanted;
  for (int word = 0; word < 8; ++word) wanted.emplace_back(5000 * word);
  EXPECT_EQ(content_at_, wanted);
  EXPECT_EQ(usages_, 0) << "nobody asked for a frame with usage";
}

TEST_P(ReplyTest, CallsTools) {
  for (const bool stream : {false, true}) {
    const Reply calling = reply("the weather?", stream);
    const Json body = stream ? heard(calling).body : *events::parse_json(bytes(calling));
    const auto steps = read(body);
    ASSERT_EQ(steps.size(), 2U) << dump(body);
    const auto& answer = std::get<events::RecordResponse>(steps[0]);
    if (!GetParam().path.starts_with("/api")) {
      EXPECT_EQ(answer.finish_reason, events::FinishReason::tool_call);
    }
    const auto& call = std::get<events::CallTool>(steps[1]);
    EXPECT_EQ(call.tool, "get_weather");
    const std::string* text = call.arguments.if_string();
    EXPECT_EQ(text != nullptr ? *text : dump(call.arguments), R"({"city":"Graz"})");
  }
}

TEST_P(ReplyTest, RefusesInTheWordsOfTheApi) {
  for (const auto& [body, status] :
       {std::pair<std::string, int>{filled(GetParam().body, "later", true), 429},
        {"{nonsense", 400},
        {"[]", 400}}) {
    const Reply refused = sent(body);
    EXPECT_EQ(refused.head.status, status) << body;
    const Json document = *events::parse_json(bytes(refused));
    const auto error = api().read_error(status, document);
    EXPECT_EQ(error.retryable, status == 429);
    EXPECT_NE(document.find("error"), nullptr) << dump(document);
  }
}

const Case kCases[] = {
    {"/v1/chat/completions",
     R"({"model":"m","stream":STREAM,"messages":[{"role":"user","content":"SAID"}]})"},
    {"/v1/responses", R"({"model":"m","stream":STREAM,"input":"SAID"})"},
    {"/v1/messages",
     R"({"model":"m","max_tokens":9,"stream":STREAM,"messages":[{"role":"user","content":"SAID"}]})"},
    {"/api/chat", R"({"model":"m","stream":STREAM,"messages":[{"role":"user","content":"SAID"}]})"},
};
INSTANTIATE_TEST_SUITE_P(Apis, ReplyTest, testing::ValuesIn(kCases), [](const auto& each) {
  return std::string(events::api_at(each.param.path)->name.substr(0, 3)) +
         std::to_string(each.index);
});

Reply asked(const std::string& dialect, const std::string& method, const std::string& target,
            const std::string& body) {
  core::ProviderCall call;
  call.method = method;
  call.target = target;
  call.body = body;
  return reply_to({dialect, *Script::parse(kScript, "test")}, call, {"n1", {}});
}

TEST(Reply, WhatIsNoKnownApiIsNotFoundInTheFormOfTheDialect) {
  for (
      const auto& [dialect, wanted] : std::map<std::string, std::string>{
          {"openai",
           R"({"error":{"message":"a script has no GET /v1/models","type":"not_found_error","param":null,"code":null}})"},
          {"anthropic",
           R"({"type":"error","error":{"type":"not_found_error","message":"a script has no GET /v1/models"}})"},
          {"ollama", R"({"error":"a script has no GET /v1/models"})"}}) {
    const Reply reply = asked(dialect, "GET", "/v1/models?key=secret", "");
    EXPECT_EQ(reply.head.status, 404);
    EXPECT_EQ(reply.pieces.at(0).bytes, wanted);
  }
}

TEST(Reply, AResultOfAToolIsWhatWasSaidLast) {
  const Reply reply = asked("openai", "POST", "/v1/chat/completions", R"({"model":"m","messages":[
    {"role":"user","content":"weather"},
    {"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"function","function":{"name":"get_weather","arguments":"{}"}}]},
    {"role":"tool","tool_call_id":"c1","content":"sunny"}]})");
  EXPECT_NE(reply.pieces.at(0).bytes.find("Leave the umbrella."), std::string::npos);
}

TEST(Reply, UsageOfAStreamIsToldToWhoAsks) {
  const Reply reply = asked("openai", "POST", "/v1/chat/completions",
                            R"({"model":"m","stream":true,"stream_options":{"include_usage":true},
                                "messages":[{"role":"user","content":"hi"}]})");
  std::string all;
  for (const Reply::Piece& piece : reply.pieces) all += piece.bytes;
  EXPECT_NE(all.find(R"("choices":[])"), std::string::npos);
  EXPECT_NE(all.find(R"("prompt_tokens":1)"), std::string::npos);
}

TEST(Words, AreAllOfTheText) {
  const auto of = [](std::string_view text) {
    std::vector<std::string> out;
    for (const std::string_view word : words(text)) out.emplace_back(word);
    return out;
  };
  using Words = std::vector<std::string>;
  EXPECT_EQ(of(""), Words{});
  EXPECT_EQ(of("one"), Words{"one"});
  EXPECT_EQ(of("one two\n three "), (Words{"one", " two", "\n three "}));
  EXPECT_EQ(of("  "), Words{"  "});
}

}  // namespace
}  // namespace hansard::scripted
