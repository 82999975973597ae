#include "events/dialects/ollama/answers.h"

#include <gtest/gtest.h>

#include "answer_checks.h"

namespace hansard::events {
namespace {

using checks::assemble;
using checks::kIds;
using checks::parsed;

const AnswerDialect& chat() { return ollama::chat_answers(); }
const AnswerDialect& generate() { return ollama::generate_answers(); }

Json chat_body() {
  return parsed(R"({"model":"llama-x","created_at":"2025-01-02T03:04:05.6Z",
    "message":{"role":"assistant","content":"Grüezi ☀","thinking":"A greeting.",
      "tool_calls":[{"function":{"name":"weather","arguments":{"city":"Bern","days":1.0}}},
        {"id":"call_7","function":{"index":1,"name":"now","arguments":{}}}],
      "images":null},
    "done":true,"done_reason":"stop","total_duration":900,"load_duration":12,
    "prompt_eval_count":17,"prompt_eval_duration":300,"eval_count":20,"eval_duration":1e3,
    "logprobs":[{"token":"a","logprob":-0.1}],"of_tomorrow":[1e400]})");
}

std::vector<TimedFrame> chat_stream() {
  const auto line = [](const std::string& message) {
    return R"({"model":"m","created_at":"2025-01-02T03:04:05Z","message":{"role":"assistant",)" +
           message + R"(},"done":false})";
  };
  return {
      {300'000, "", line(R"("content":"","thinking":"Let")")},
      {340'000, "", line(R"("content":"","thinking":" me")")},
      {350'000, "", line(R"("content":"")")},
      {400'000, "", line(R"("content":"Gr\u00fcezi")")},
      {420'500, "", line(R"("content":" ☀")")},
      {430'000, "",
       line(R"("content":"","tool_calls":[{"function":{"name":"a","arguments":{"x":1}}}])")},
      {430'000, "", line(R"("content":"","tool_calls":[
          {"function":{"name":"b","arguments":{}}},{"function":{"name":"a","arguments":{}}}])")},
      {500'000, "", R"({"model":"m","created_at":"2025-01-02T03:04:06Z","message":{
          "role":"assistant","content":""},"done_reason":"stop","done":true,"total_duration":7,
          "prompt_eval_count":3,"eval_count":5})"},
  };
}

Json chat_whole() {
  return parsed(R"({"model":"m","created_at":"2025-01-02T03:04:06Z","message":{
    "role":"assistant","content":"Grüezi ☀","thinking":"Let me","tool_calls":[
      {"function":{"name":"a","arguments":{"x":1}}},{"function":{"name":"b","arguments":{}}},
      {"function":{"name":"a","arguments":{}}}]},
    "done_reason":"stop","done":true,"total_duration":7,"prompt_eval_count":3,"eval_count":5})");
}

Json without(Json body, std::string_view key) {
  std::erase_if(*body.if_object(), [&](const Json::Member& each) { return each.key == key; });
  return body;
}

TEST(OllamaAnswers, AnAnswerIsOneResponseAndItsCalls) {
  const auto steps = chat().read(chat_body(), kIds);
  ASSERT_TRUE(steps) << steps.error().message;
  ASSERT_EQ(steps->size(), 3U);
  const auto& answer = std::get<RecordResponse>(steps->at(0));
  EXPECT_EQ(answer.call_id, "call_1");
  EXPECT_EQ(answer.message_id, "m1");
  EXPECT_EQ(answer.model, "llama-x");
  EXPECT_EQ(answer.finish_reason, FinishReason::tool_call);
  EXPECT_EQ(answer.finish_reason_raw, "stop");
  EXPECT_EQ(answer.usage_source, UsageSource::provider);
  ASSERT_TRUE(answer.usage);
  EXPECT_EQ(answer.usage->input_text, 17U);
  EXPECT_EQ(answer.usage->output_text, 20U);
  EXPECT_EQ(dump(*answer.raw_usage),
            R"({"total_duration":900,"load_duration":12,"prompt_eval_count":17,)"
            R"("prompt_eval_duration":300,"eval_count":20,"eval_duration":1e3})")
      << "durations are nanoseconds, as they came";
  ASSERT_EQ(answer.parts.size(), 4U);
  EXPECT_EQ(answer.parts[0].kind(), "thinking");
  EXPECT_EQ(answer.parts[1].text(), "Grüezi ☀");
  const auto& first = std::get<CallTool>(steps->at(1));
  EXPECT_EQ(first.tool_call_id, "m1.call0") << "named by its order";
  EXPECT_EQ(first.tool, "weather");
  EXPECT_EQ(dump(first.arguments), R"({"city":"Bern","days":1.0})");
  EXPECT_EQ(std::get<CallTool>(steps->at(2)).tool_call_id, "call_7");
}

TEST(OllamaAnswers, ABodyRebuildsEqual) {
  EXPECT_FALSE(checks::rebuilds(chat(), chat_body()));
  EXPECT_FALSE(checks::rebuilds(chat(), chat_whole()));
  EXPECT_FALSE(checks::rebuilds(chat(), parsed(R"({"model":"","message":{"role":"assistant",
      "content":"","thinking":"","tool_calls":[]},"done":false})")));
  EXPECT_FALSE(checks::rebuilds(generate(), parsed(R"({"model":"m","created_at":"x",
      "response":"Hi","thinking":"Hm","done":true,"done_reason":"length","eval_count":2})")));
}

TEST(OllamaAnswers, WhatDoesNotRebuildIsKeptWhole) {
  EXPECT_TRUE(checks::rebuilds(chat(), parsed(R"({"message":{"content":"no role"}})")));
  EXPECT_TRUE(
      checks::rebuilds(chat(), parsed(R"({"message":{"role":"assistant","content":null}})")));
}

TEST(OllamaAnswers, TheContextIsDroppedAndSaidToBe) {
  const Json body = parsed(R"({"model":"m","response":"Hi","done":true,"context":[1,2,3],
      "eval_count":2})");
  const auto steps = generate().read(body, kIds);
  ASSERT_TRUE(steps);
  const auto& answer = std::get<RecordResponse>(steps->front());
  EXPECT_EQ(dump(*answer.extra->find("dropped")), R"({"context":3})");
  EXPECT_FALSE(answer.finish_reason) << "older servers give none";
  EXPECT_FALSE(answer.usage->input_text) << "not counted is not 0";
  const Json written = generate().write(checks::events_of(*steps));
  EXPECT_TRUE(same_tree(written, without(body, "context"))) << dump(written);
  checks::streams_again(generate(), body, Json());
}

TEST(OllamaAnswers, WhatIsNoAnswerIsRefused) {
  for (const auto* body :
       {R"({"error":"model not found"})", "[]", R"({"message":"x"})",
        R"({"message":{"role":"user","content":"x"}})",
        R"({"message":{"role":"assistant","tool_calls":[{"function":{"name":""}}]}})"}) {
    const auto steps = chat().read(parsed(body), kIds);
    ASSERT_FALSE(steps) << body;
    EXPECT_EQ(steps.error().code, core::Errc::invalid_argument);
  }
  const auto steps = generate().read(parsed(R"({"response":7})"), kIds);
  ASSERT_FALSE(steps);
  EXPECT_EQ(steps.error().field, "response");
}

TEST(OllamaAnswers, AStreamBecomesTheBodyThatHadComeWithoutStreaming) {
  std::vector<FrameKind> kinds;
  const StreamEnd end = assemble(chat(), chat_stream(), &kinds);
  EXPECT_TRUE(end.complete);
  EXPECT_FALSE(end.error);
  EXPECT_TRUE(same_tree(end.body, chat_whole())) << dump(end.body);
  EXPECT_EQ(kinds.front(), FrameKind::content);
  EXPECT_EQ(kinds[2], FrameKind::other) << "it says nothing";
  EXPECT_EQ(kinds[5], FrameKind::content);
  EXPECT_EQ(kinds.back(), FrameKind::terminator);
  EXPECT_FALSE(checks::rebuilds(chat(), end.body));
}

TEST(OllamaAnswers, TheTrackIsAFewCharactersPerDelta) {
  // By hand: 300 ms is 12 + 9 * 32 ("i9"), then 3 bytes; 400 ms is 16 + 12 * 32 ("mC"), 7 bytes.
  EXPECT_EQ(dump(assemble(chat(), chat_stream()).track),
            R"({"t":"i93e13","c":"mC7K4","k":"kD102","end":500})");
}

TEST(OllamaAnswers, WrittenAsAStreamTheAnswerHasTheSameBodyAndTrack) {
  const StreamEnd end = assemble(chat(), chat_stream());
  checks::streams_again(chat(), end.body, end.track);
  checks::streams_again(chat(), chat_body(), Json());
  checks::streams_again(generate(), parsed(R"({"model":"m","response":"Hi","thinking":"Hm",
      "done":true,"context":[1],"eval_count":2})"),
                        Json());
}

TEST(OllamaAnswers, AMemberOfTheMessageMayHaveOurName) {
  auto frames = chat_stream();
  frames.front().data = R"({"message":{"role":"assistant","content":"","_frames":[1]},)"
                        R"("done":false})";
  const StreamEnd end = assemble(chat(), frames);
  EXPECT_EQ(dump(*end.body.find("message")->find("_frames")), "[1]");
  checks::streams_again(chat(), end.body, end.track);
}

TEST(OllamaAnswers, ATrackOfAnotherAnswerNeverCutsACharacter) {
  const Json body = parsed(R"({"response":"☀☀☀","done":true})");
  const Json track = parsed(R"({"c":"0010101010101","k":"09","end":2})");
  EXPECT_TRUE(same_tree(assemble(generate(), generate().write_stream(body, track)).body, body));
}

TEST(OllamaAnswers, AStreamCutAnywhereGivesWhatCame) {
  checks::survives_cuts(chat(), chat_stream());
  auto frames = chat_stream();
  frames.pop_back();
  const StreamEnd end = assemble(chat(), frames);
  EXPECT_FALSE(end.complete);
  const auto steps = chat().read(end.body, kIds);
  ASSERT_TRUE(steps);
  const auto& answer = std::get<RecordResponse>(steps->front());
  EXPECT_FALSE(answer.usage);
  EXPECT_FALSE(answer.usage_source);
  EXPECT_FALSE(answer.finish_reason);
}

TEST(OllamaAnswers, LinesThatMeanNothingAreKept) {
  checks::survives_garbage(chat(), chat_stream());
}

TEST(OllamaAnswers, ALineThatTellsOfAnErrorIsOne) {
  auto frames = chat_stream();
  frames.back() = {510'000, "", R"({"error":"out of memory"})"};
  std::vector<FrameKind> kinds;
  const StreamEnd end = assemble(chat(), frames, &kinds);
  EXPECT_EQ(kinds.back(), FrameKind::error);
  EXPECT_FALSE(end.complete);
  ASSERT_TRUE(end.error);
  const auto error = ollama::read_error(200, *end.error);
  EXPECT_EQ(dump(error.error), R"("out of memory")");
  EXPECT_FALSE(error.type) << "a sentence is no identifier";
  EXPECT_FALSE(error.retryable);
  EXPECT_TRUE(ollama::read_error(503, parsed(R"({"error":"busy"})")).retryable);
  EXPECT_FALSE(ollama::read_error(404, parsed(R"({"error":"no such model"})")).retryable);
}

TEST(OllamaAnswers, AnAnswerOfAnotherFormatIsWrittenInThisOne) {
  ResponseReceived answer;
  answer.message_id = "m7";
  answer.model = "gpt-x";
  answer.finish_reason = FinishReason::length;
  answer.parts = {Part::make_thinking("hm"), Part::make_text("hello"),
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
  const Json body = chat().write(std::vector<SessionEvent>{answer, call});
  EXPECT_TRUE(same_tree(body, parsed(R"({"model":"gpt-x","created_at":"1970-01-01T00:00:00Z",
    "message":{"role":"assistant","content":"hello","thinking":"hm","tool_calls":[
      {"id":"call_9","function":{"name":"weather","arguments":{"city":"Bern"}}}]},
    "done":true,"done_reason":"length","prompt_eval_count":7,"eval_count":5})")))
      << dump(body);
  checks::streams_again(chat(), body, Json());
}

}  // namespace
}  // namespace hansard::events
