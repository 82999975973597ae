#include "events/dialects/anthropic/answers.h"

#include <gtest/gtest.h>

#include "answer_checks.h"

namespace hansard::events {
namespace {

using checks::assemble;
using checks::frame;
using checks::kIds;
using checks::parsed;

const AnswerDialect& dialect() { return anthropic::answers(); }

Json weather_body() {
  return parsed(R"({"id":"msg_1","type":"message","role":"assistant","model":"claude-x",
    "content":[{"type":"thinking","thinking":"They want the weather.","signature":"c2ln"},
      {"type":"redacted_thinking","data":"ZGF0YQ"},
      {"type":"text","text":"Let me look: naïve ☀"},
      {"type":"server_tool_use","id":"srv_1","name":"web_search","input":{"query":"sun"}},
      {"type":"web_search_tool_result","tool_use_id":"srv_1","content":[{"title":"Sun"}]},
      {"type":"mcp_tool_use","id":"mcp_1","name":"echo","server_name":"s","input":{}},
      {"type":"tool_use","id":"toolu_1","name":"weather","input":{"city":"Bern","days":1.0},
       "caller":{"type":"direct"}},
      {"type":"of_tomorrow","x":[1e400]}],
    "stop_reason":"tool_use","stop_sequence":null,"stop_details":null,
    "container":{"id":"container_1"},
    "usage":{"input_tokens":10,"cache_creation_input_tokens":7,"cache_read_input_tokens":5,
      "cache_creation":{"ephemeral_5m_input_tokens":4,"ephemeral_1h_input_tokens":3},
      "output_tokens":20,"output_tokens_details":{"thinking_tokens":6},"service_tier":"standard"}})");
}

/// A stream as the API sends it, padding and all; the second tool is called without arguments.
std::vector<TimedFrame> weather_stream() {
  return {
      frame(400'000, R"({"type":"message_start","message":{"id":"msg_2","type":"message",
        "role":"assistant","model":"claude-x","content":[],"stop_reason":null,
        "stop_sequence":null,"usage":{"input_tokens":10,"cache_read_input_tokens":3,
        "output_tokens":1}}}        )"),
      frame(401'000, R"({"type":"content_block_start","index":0,
        "content_block":{"type":"thinking","thinking":"","signature":""}})"),
      frame(401'100, R"({"type": "ping"})"),
      frame(420'000, R"({"type":"content_block_delta","index":0,
        "delta":{"type":"thinking_delta","thinking":"Bern, "}})"),
      frame(450'000, R"({"type":"content_block_delta","index":0,
        "delta":{"type":"thinking_delta","thinking":"then."}})"),
      frame(450'000, R"({"type":"content_block_delta","index":0,
        "delta":{"type":"signature_delta","signature":"c2ln"}})"),
      frame(451'000, R"({"type":"content_block_stop","index":0      })"),
      frame(452'000, R"({"type":"content_block_start","index":1,
        "content_block":{"type":"text","text":""}})"),
      frame(470'000, R"({"type":"content_block_delta","index":1,
        "delta":{"type":"text_delta","text":"Grüezi ☀"}}   )"),
      frame(480'000, R"({"type":"content_block_delta","index":1,
        "delta":{"type":"citations_delta","citation":{"type":"char_location","n":1}}})"),
      frame(490'000, R"({"type":"content_block_delta","index":1,
        "delta":{"type":"text_delta","text":"!"}})"),
      frame(491'000, R"({"type":"content_block_stop","index":1})"),
      frame(492'000, R"({"type":"content_block_start","index":2,"content_block":
        {"type":"tool_use","id":"toolu_1","name":"weather","input":{}}})"),
      frame(500'000, R"({"type":"content_block_delta","index":2,
        "delta":{"type":"input_json_delta","partial_json":""}})"),
      frame(520'000, R"({"type":"content_block_delta","index":2,
        "delta":{"type":"input_json_delta","partial_json":"{\"city\": \"Be"}})"),
      frame(560'000, R"({"type":"content_block_delta","index":2,
        "delta":{"type":"input_json_delta","partial_json":"rn\", \"days\": 1.0}"}})"),
      frame(561'000, R"({"type":"content_block_stop","index":2})"),
      frame(562'000, R"({"type":"content_block_start","index":3,"content_block":
        {"type":"tool_use","id":"toolu_2","name":"now","input":{}}})"),
      frame(563'000, R"({"type":"content_block_delta","index":3,
        "delta":{"type":"input_json_delta","partial_json":""}})"),
      frame(564'000, R"({"type":"content_block_stop","index":3})"),
      frame(600'000, R"({"type":"message_delta","delta":{"stop_reason":"tool_use",
        "stop_sequence":null,"container":{"id":"c1"}},
        "usage":{"input_tokens":90,"cache_read_input_tokens":null,"output_tokens":20},
        "context_management":{"applied_edits":[]}})"),
      frame(601'000, R"({"type":"message_stop"})"),
  };
}

Json weather_whole() {
  return parsed(R"({"id":"msg_2","type":"message","role":"assistant","model":"claude-x",
    "content":[{"type":"thinking","thinking":"Bern, then.","signature":"c2ln"},
      {"type":"text","text":"Grüezi ☀!","citations":[{"type":"char_location","n":1}]},
      {"type":"tool_use","id":"toolu_1","name":"weather","input":{"city":"Bern","days":1.0}},
      {"type":"tool_use","id":"toolu_2","name":"now","input":{}}],
    "stop_reason":"tool_use","stop_sequence":null,"container":{"id":"c1"},
    "context_management":{"applied_edits":[]},
    "usage":{"input_tokens":90,"cache_read_input_tokens":3,"output_tokens":20}})");
}

TEST(AnthropicAnswers, AnAnswerIsOneResponseAndItsCalls) {
  const auto steps = dialect().read(weather_body(), kIds);
  ASSERT_TRUE(steps);
  ASSERT_EQ(steps->size(), 2U);
  const auto& answer = std::get<RecordResponse>(steps->at(0));
  EXPECT_EQ(answer.call_id, "call_1");
  EXPECT_EQ(answer.message_id, "m1");
  EXPECT_EQ(answer.model, "claude-x");
  EXPECT_EQ(answer.finish_reason, FinishReason::tool_call);
  EXPECT_EQ(answer.finish_reason_raw, "tool_use");
  EXPECT_EQ(answer.usage_source, UsageSource::provider);
  ASSERT_TRUE(answer.usage);
  EXPECT_EQ(answer.usage->input_text, 10U);
  EXPECT_EQ(answer.usage->input_cache_read, 5U);
  EXPECT_EQ(answer.usage->input_cache_write_5m, 4U);
  EXPECT_EQ(answer.usage->input_cache_write_1h, 3U);
  EXPECT_EQ(answer.usage->output_text, 14U);
  EXPECT_EQ(answer.usage->output_reasoning, 6U);
  EXPECT_EQ(answer.parts.size(), 8U);
  const auto& call = std::get<CallTool>(steps->at(1));
  EXPECT_EQ(call.tool, "weather");
  EXPECT_EQ(dump(call.arguments), R"({"city":"Bern","days":1.0})");
}

TEST(AnthropicAnswers, ABodyRebuildsEqual) {
  EXPECT_FALSE(checks::rebuilds(dialect(), weather_body()));
  EXPECT_FALSE(checks::rebuilds(dialect(), parsed(R"({"role":"assistant","content":"hi"})")));
  EXPECT_FALSE(checks::rebuilds(dialect(), parsed(R"({"id":"m1","type":"message",
    "role":"assistant","content":[],"model":"x","stop_reason":null,"usage":null})")));
}

TEST(AnthropicAnswers, WhatIsNoAnswerIsRefused) {
  for (const auto* body : {R"({"type":"error","error":{"type":"api_error","message":"x"}})",
                           R"({"input_tokens":7})", "[]", R"({"role":"user","content":"x"})"}) {
    const auto steps = dialect().read(parsed(body), kIds);
    ASSERT_FALSE(steps) << body;
    EXPECT_EQ(steps.error().code, core::Errc::invalid_argument);
  }
}

TEST(AnthropicAnswers, AStreamBecomesTheBodyThatHadComeWithoutStreaming) {
  std::vector<FrameKind> kinds;
  const StreamEnd end = assemble(dialect(), weather_stream(), &kinds);
  EXPECT_TRUE(end.complete);
  EXPECT_FALSE(end.error);
  EXPECT_TRUE(same_tree(end.body, weather_whole())) << dump(end.body);
  EXPECT_EQ(kinds.front(), FrameKind::other);
  EXPECT_EQ(kinds[1], FrameKind::other) << "an empty block says nothing yet";
  EXPECT_EQ(kinds[3], FrameKind::content);
  EXPECT_EQ(kinds[5], FrameKind::other) << "a signature is not said by the model";
  EXPECT_EQ(kinds[12], FrameKind::content) << "the name of a tool is";
  EXPECT_EQ(kinds.back(), FrameKind::terminator);
}

TEST(AnthropicAnswers, TheTrackIsAFewCharactersPerDelta) {
  const StreamEnd end = assemble(dialect(), weather_stream());
  // By hand: block 0 starts at 401 ms = 17 + 12 * 32 ("nC"), then come 6 bytes after 19 ms ("J6")
  // and 5 after 30 ms ("U5"); the 15 bytes that end block 2 come 40 ms = 8 + 1 * 32 later ("e1F").
  EXPECT_EQ(dump(end.track), R"({"start":400,"0":"nCJ6U5","0s":"n14","1":"aEIBK1","1c":"S1",)"
                             R"("2":"iF80KBe1F","3":"oH10","end":601})");
}

TEST(AnthropicAnswers, WrittenAsAStreamTheAnswerHasTheSameBodyAndTrack) {
  const StreamEnd end = assemble(dialect(), weather_stream());
  checks::streams_again(dialect(), end.body, end.track);
  checks::streams_again(dialect(), weather_body(), Json());
}

TEST(AnthropicAnswers, ATrackOfAnotherAnswerNeverCutsACharacter) {
  const Json body = parsed(R"({"role":"assistant","content":[{"type":"text","text":"☀☀☀"}],
    "stop_reason":"end_turn"})");
  const Json track = parsed(R"({"start":0,"0":"001010101010101","end":2})");
  EXPECT_TRUE(same_tree(assemble(dialect(), dialect().write_stream(body, track)).body, body));
  const Json weather = assemble(dialect(), weather_stream()).track;
  EXPECT_TRUE(same_tree(assemble(dialect(), dialect().write_stream(weather_body(), weather)).body,
                        weather_body()));
}

TEST(AnthropicAnswers, InputThatIsNoJsonStaysText) {
  auto frames = weather_stream();
  frames.erase(frames.begin() + 15);  // the rest of the input
  const StreamEnd end = assemble(dialect(), frames);
  const Json& block = (*end.body.find("content")->if_array())[2];
  EXPECT_EQ(*block.find("input")->if_string(), "{\"city\": \"Be");
  checks::rebuilds(dialect(), end.body);
  checks::streams_again(dialect(), end.body, end.track);
}

TEST(AnthropicAnswers, AnErrorInsideAStreamIsKeptBesideWhatCame) {
  auto frames = weather_stream();
  frames.resize(9);
  const std::string error =
      R"({"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}})";
  frames.push_back(frame(500'000, error));
  std::vector<FrameKind> kinds;
  const StreamEnd end = assemble(dialect(), frames, &kinds);
  EXPECT_EQ(kinds.back(), FrameKind::error);
  EXPECT_FALSE(end.complete);
  ASSERT_TRUE(end.error);
  EXPECT_EQ(dump(*end.error), error);
  const auto told = anthropic::read_error(200, *end.error);
  EXPECT_EQ(told.type, "overloaded_error");
  EXPECT_TRUE(told.retryable);
  const auto steps = dialect().read(end.body, kIds);
  ASSERT_TRUE(steps);
  EXPECT_EQ(text_bytes(std::get<RecordResponse>(steps->front()).parts), 11U);
}

TEST(AnthropicAnswers, OfACutStreamTheOutputCounterIsUnknown) {
  auto frames = weather_stream();
  frames.resize(12);
  const auto steps = dialect().read(assemble(dialect(), frames).body, kIds);
  ASSERT_TRUE(steps);
  const auto& answer = std::get<RecordResponse>(steps->front());
  EXPECT_EQ(answer.usage->input_text, 10U);
  EXPECT_FALSE(answer.usage->output_text);
  EXPECT_FALSE(answer.finish_reason);
}

TEST(AnthropicAnswers, AStreamCutAnywhereGivesWhatCame) {
  checks::survives_cuts(dialect(), weather_stream());
}

TEST(AnthropicAnswers, FramesThatMeanNothingAreKept) {
  checks::survives_garbage(dialect(), weather_stream());
}

TEST(AnthropicAnswers, ARepeatedStartGoesOnWithTheSameMessage) {
  auto frames = weather_stream();
  frames.insert(frames.begin() + 1, frames.front());
  EXPECT_TRUE(same_tree(assemble(dialect(), frames).body, weather_whole()));
  // A second model takes over in the middle.
  frames = weather_stream();
  frames.insert(frames.begin() + 12,
                frame(491'500, R"({"type":"message_start","message":{"id":"msg_2",
        "type":"message","role":"assistant","model":"claude-y","content":[],
        "usage":{"input_tokens":11,"output_tokens":1}}})"));
  const StreamEnd end = assemble(dialect(), frames);
  EXPECT_EQ(*end.body.find("model")->if_string(), "claude-y");
  EXPECT_EQ(end.body.find("content")->if_array()->size(), 4U);
  EXPECT_EQ(dump(*end.body.find("usage")->find("output_tokens")), "20");
}

TEST(AnthropicAnswers, AModelThatTakesOverIsTheOneThatAnswered) {
  auto frames = weather_stream();
  frames.insert(frames.begin() + 12, {frame(491'500, R"({"type":"content_block_start","index":9,
        "content_block":{"type":"fallback","from":{"model":"claude-x"},
        "to":{"model":"claude-z"}}})"),
                                      frame(491'600, R"({"type":"content_block_stop",
        "index":9})")});
  const StreamEnd end = assemble(dialect(), frames);
  EXPECT_EQ(*end.body.find("model")->if_string(), "claude-z");
  checks::streams_again(dialect(), end.body, end.track);
}

TEST(AnthropicAnswers, AnAnswerOfAnotherFormatIsWrittenInThisOne) {
  ResponseReceived answer;
  answer.message_id = "m7";
  answer.model = "gpt-x";
  answer.finish_reason = FinishReason::tool_call;
  answer.parts = {Part::make_thinking("hm"), Part::make_text("hello"), Part::make_refusal("no"),
                  Part::make_tool_call("call_9", 0)};
  answer.usage = Usage{};
  answer.usage->input_text = 3;
  answer.usage->input_cache_read = 4;
  answer.usage->output_text = 5;
  ToolCalled call;
  call.message_id = "m7";
  call.tool_call_id = "call_9";
  call.tool = "weather";
  call.arguments = R"({"city":"Bern"})";
  const Json body = dialect().write(std::vector<SessionEvent>{answer, call});
  EXPECT_TRUE(same_tree(body, parsed(R"({"id":"m7","type":"message","role":"assistant",
    "model":"gpt-x","content":[{"type":"thinking","thinking":"hm","signature":""},
    {"type":"text","text":"hello"},{"type":"text","text":"no"},
    {"type":"tool_use","id":"call_9","name":"weather","input":{"city":"Bern"}}],
    "stop_reason":"tool_use","stop_sequence":null,"usage":{"input_tokens":3,
    "cache_creation_input_tokens":0,"cache_read_input_tokens":4,"output_tokens":5}})")))
      << dump(body);
  checks::streams_again(dialect(), body, Json());
}

TEST(AnthropicAnswers, ErrorsSayWhetherToTryAgain) {
  const Json body = parsed(R"({"type":"error","error":{"type":"rate_limit_error",
    "message":"slow down"},"request_id":"req_1"})");
  const auto error = anthropic::read_error(429, body);
  EXPECT_EQ(error.type, "rate_limit_error");
  EXPECT_EQ(dump(error.error), R"({"type":"rate_limit_error","message":"slow down"})");
  EXPECT_TRUE(error.retryable);
  EXPECT_FALSE(anthropic::read_error(400, body).retryable);
  EXPECT_TRUE(anthropic::read_error(529, parsed("\"upstream\"")).retryable);
  EXPECT_FALSE(anthropic::read_error(529, parsed("\"upstream\"")).type);
}

}  // namespace
}  // namespace hansard::events
