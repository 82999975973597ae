#include "events/dialects/openai/completions.h"

#include <gtest/gtest.h>

#include "answer_checks.h"
#include "events/dialects/openai/response_answers.h"

namespace hansard::events {
namespace {

using checks::assemble;
using checks::kIds;
using checks::parsed;

const AnswerDialect& dialect() { return openai::completion_answers(); }

Json two_choices() {
  return parsed(R"({"id":"cmpl-1","object":"text_completion","created":7,"model":"davinci-x",
    "choices":[
      {"text":" one ☀","index":0,"logprobs":{"tokens":[" one"],"token_logprobs":[-0.50]},
       "finish_reason":"stop"},
      {"text":"two","index":1,"logprobs":null,"finish_reason":"length","stop_reason":null}],
    "usage":{"prompt_tokens":8,"completion_tokens":16,"total_tokens":24,
      "prompt_tokens_details":{"cached_tokens":5}},"system_fingerprint":"fp"})");
}

std::vector<TimedFrame> two_streams() {
  const auto chunk = [](const std::string& choice) {
    return R"({"id":"cmpl-2","object":"text_completion","created":7,"model":"m","choices":[)" +
           choice + R"(],"usage":null})";
  };
  return {
      {300'000, "", chunk(R"({"text":"Gr\u00fc","index":1,"logprobs":null,"finish_reason":null})")},
      {310'000, "", chunk(R"({"text":"a","index":0,"logprobs":{"tokens":["a"],"top":null},
          "finish_reason":null})")},
      {320'400, "", chunk(R"({"text":"ezi","index":1,"logprobs":null,"finish_reason":"stop"})")},
      {330'000, "", chunk(R"({"text":"bc","index":0,"logprobs":{"tokens":["b","c"],"top":[1]},
          "finish_reason":null})")},
      {340'000, "", chunk(R"({"text":"","index":0,"logprobs":null,"finish_reason":"length"})")},
      {350'000, "", R"({"id":"cmpl-2","object":"text_completion","created":7,"model":"m",
          "choices":[],"usage":{"prompt_tokens":8,"completion_tokens":3,"total_tokens":11}})"},
      {351'000, "", "[DONE]"},
  };
}

Json two_whole() {
  return parsed(R"({"id":"cmpl-2","object":"text_completion","created":7,"model":"m","choices":[
    {"text":"abc","index":0,"logprobs":{"tokens":["a","b","c"],"top":[1]},
     "finish_reason":"length"},
    {"text":"Grüezi","index":1,"logprobs":null,"finish_reason":"stop"}],
    "usage":{"prompt_tokens":8,"completion_tokens":3,"total_tokens":11}})");
}

TEST(CompletionAnswers, EveryChoiceIsAResponse) {
  const auto steps = dialect().read(two_choices(), kIds);
  ASSERT_TRUE(steps) << steps.error().message;
  ASSERT_EQ(steps->size(), 2U);
  const auto& first = std::get<RecordResponse>(steps->at(0));
  EXPECT_EQ(first.call_id, "call_1");
  EXPECT_EQ(first.choice, 0U);
  EXPECT_EQ(first.message_id, "m1");
  EXPECT_EQ(first.model, "davinci-x");
  EXPECT_EQ(plain_text(first.parts), " one ☀");
  EXPECT_EQ(first.finish_reason, FinishReason::stop);
  EXPECT_EQ(first.usage_source, UsageSource::provider);
  ASSERT_TRUE(first.usage);
  EXPECT_EQ(first.usage->input_text, 3U);
  EXPECT_EQ(first.usage->input_cache_read, 5U);
  EXPECT_EQ(first.usage->output_text, 16U);
  const auto& second = std::get<RecordResponse>(steps->at(1));
  EXPECT_EQ(second.choice, 1U);
  EXPECT_EQ(second.message_id, "m2");
  EXPECT_EQ(second.model, "davinci-x");
  EXPECT_EQ(second.finish_reason, FinishReason::length);
  EXPECT_FALSE(second.usage) << "counted once, on the first";
}

TEST(CompletionAnswers, ABodyRebuildsEqual) {
  EXPECT_FALSE(checks::rebuilds(dialect(), two_choices()));
  EXPECT_FALSE(checks::rebuilds(dialect(), two_whole()));
  EXPECT_FALSE(checks::rebuilds(dialect(), parsed(R"({"choices":[],"usage":null})")));
  EXPECT_FALSE(checks::rebuilds(dialect(), parsed(R"({"model":"","prompt":[],
      "choices":[{"text":"x","finish_reason":null},{"text":""}]})")))
      << "choices without a number";
  EXPECT_TRUE(checks::rebuilds(dialect(), parsed(R"({"choices":[{"text":"x","text":"y"}],
      "choices":7})")));
}

TEST(CompletionAnswers, WhatIsNoAnswerIsRefused) {
  for (const auto* body :
       {R"({"error":{"type":"server_error"}})", "[]", R"({"choices":{}})", R"({"choices":[7]})",
        R"({"choices":[{"message":{"role":"assistant","content":"a chat"}}]})"}) {
    const auto steps = dialect().read(parsed(body), kIds);
    ASSERT_FALSE(steps) << body;
    EXPECT_EQ(steps.error().code, core::Errc::invalid_argument);
  }
}

TEST(CompletionAnswers, AStreamBecomesTheBodyThatHadComeWithoutStreaming) {
  std::vector<FrameKind> kinds;
  const StreamEnd end = assemble(dialect(), two_streams(), &kinds);
  EXPECT_TRUE(end.complete);
  EXPECT_FALSE(end.error);
  EXPECT_TRUE(same_tree(end.body, two_whole())) << dump(end.body);
  EXPECT_EQ(kinds, (std::vector<FrameKind>{FrameKind::content, FrameKind::content,
                                           FrameKind::content, FrameKind::content, FrameKind::other,
                                           FrameKind::usage, FrameKind::terminator}));
}

TEST(CompletionAnswers, TheTrackIsAFewCharactersPerDelta) {
  // By hand: 310 ms is 22 + 9 * 32 ("s9"), then 1 byte; 300 ms is 12 + 9 * 32 ("i9"), 4 bytes.
  EXPECT_EQ(dump(assemble(dialect(), two_streams()).track),
            R"({"0":"s91K2","1":"i94K3","end":351})");
}

TEST(CompletionAnswers, WrittenAsAStreamTheAnswerHasTheSameBodyAndTrack) {
  const StreamEnd end = assemble(dialect(), two_streams());
  checks::streams_again(dialect(), end.body, end.track);
  checks::streams_again(dialect(), two_choices(), Json());
  checks::streams_again(dialect(), parsed(R"({"choices":[{"text":"","index":0}]})"), Json());
}

TEST(CompletionAnswers, WhatIsKnownAtTheEndComesAtTheEnd) {
  const StreamEnd end = assemble(dialect(), two_streams());
  const auto frames = dialect().write_stream(end.body, end.track);
  ASSERT_GE(frames.size(), 3U);
  const Json first = parsed(frames.front().data);
  EXPECT_EQ(dump(*first.find("usage")), "null");
  EXPECT_EQ(dump(*first.find("choices")->if_array()->front().find("finish_reason")), "null");
  EXPECT_EQ(dump(*parsed(frames[frames.size() - 2].data).find("choices")), "[]");
  EXPECT_EQ(frames.back().data, "[DONE]");
}

TEST(CompletionAnswers, ATrackOfAnotherAnswerNeverCutsACharacter) {
  const Json body = parsed(R"({"choices":[{"text":"☀☀☀","index":0,"finish_reason":"stop"}]})");
  const Json track = parsed(R"({"0":"0010101010101","end":2})");
  EXPECT_TRUE(same_tree(assemble(dialect(), dialect().write_stream(body, track)).body, body));
}

TEST(CompletionAnswers, AStreamCutAnywhereGivesWhatCame) {
  checks::survives_cuts(dialect(), two_streams());
  auto frames = two_streams();
  frames.resize(3);
  const StreamEnd end = assemble(dialect(), frames);
  EXPECT_FALSE(end.complete);
  const auto steps = dialect().read(end.body, kIds);
  ASSERT_TRUE(steps);
  const auto& answer = std::get<RecordResponse>(steps->front());
  EXPECT_FALSE(answer.usage);
  EXPECT_FALSE(answer.usage_source);
  EXPECT_FALSE(answer.finish_reason);
}

TEST(CompletionAnswers, FramesThatMeanNothingAreKept) {
  checks::survives_garbage(dialect(), two_streams());
}

TEST(CompletionAnswers, AFrameThatTellsOfAnErrorIsOne) {
  auto frames = two_streams();
  frames.resize(2);
  frames.push_back({400'000, "", R"({"error":{"type":"server_error","message":"gone"}})"});
  std::vector<FrameKind> kinds;
  const StreamEnd end = assemble(dialect(), frames, &kinds);
  EXPECT_EQ(kinds.back(), FrameKind::error);
  EXPECT_FALSE(end.complete);
  ASSERT_TRUE(end.error);
  const auto error = openai::read_error(200, *end.error);
  EXPECT_EQ(error.type, "server_error");
  EXPECT_TRUE(error.retryable);
}

TEST(CompletionAnswers, AnAnswerOfAnotherFormatIsWrittenInThisOne) {
  ResponseReceived answer;
  answer.call_id = "c7";
  answer.model = "claude-x";
  answer.finish_reason = FinishReason::length;
  answer.parts = {Part::make_thinking("hm"), Part::make_text("hello")};
  answer.usage = Usage{};
  answer.usage->input_text = 3;
  answer.usage->output_text = 5;
  const Json body = dialect().write(std::vector<SessionEvent>{answer});
  EXPECT_EQ(dump(*body.find("choices")),
            R"([{"text":"hello","index":0,"logprobs":null,"finish_reason":"length"}])");
  EXPECT_EQ(dump(*body.find("usage")->find("total_tokens")), "8");
  checks::streams_again(dialect(), body, Json());
}

}  // namespace
}  // namespace hansard::events
