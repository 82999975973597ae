#include "events/dialects/openai/chat_answers.h"

#include <gtest/gtest.h>

#include "answer_checks.h"
#include "events/dialects/openai/response_answers.h"

namespace hansard::events {
namespace {

using checks::assemble;
using checks::events_of;
using checks::kIds;
using checks::parsed;

const AnswerDialect& dialect() { return openai::chat_answers(); }

RecordResponse first_answer(const Json& body) {
  const auto steps = dialect().read(body, kIds);
  EXPECT_TRUE(steps) << (steps ? "" : steps.error().message);
  return steps ? std::get<RecordResponse>(steps->front()) : RecordResponse();
}

/// Two choices with most of what a message can have.
Json rich_body() {
  return parsed(R"({"id":"chatcmpl-1","object":"chat.completion","created":7,"model":"gpt-x",
    "choices":[
     {"index":0,"finish_reason":"tool_calls","logprobs":{"content":[{"token":"Gr","logprob":-0.5},
       {"token":"üezi","logprob":-1e-3}],"refusal":null},
      "message":{"role":"assistant","content":"Grüezi ☀","refusal":null,
       "reasoning_content":"Was sagt man?","annotations":[{"type":"url_citation"}],
       "tool_calls":[
        {"id":"call_a","type":"function","function":{"name":"now","arguments":"{\"at\": \"Bern\"}"}},
        {"id":"call_b","type":"custom","custom":{"name":"grep","input":"-r ü"}},
        {"id":"call_c","type":"function","function":{"name":"none","arguments":""}}]}},
     {"index":1,"finish_reason":"stop","logprobs":null,"content_filter_results":{"hate":{"filtered":false}},
      "message":{"role":"assistant","content":null,"refusal":"No.",
       "audio":{"id":"audio_1","transcript":"No.","data":"AAAA","expires_at":9}}}],
    "usage":{"prompt_tokens":20,"completion_tokens":15,"total_tokens":35,
     "prompt_tokens_details":{"cached_tokens":6,"audio_tokens":4},
     "completion_tokens_details":{"reasoning_tokens":5,"audio_tokens":2}},
    "service_tier":"default","system_fingerprint":"fp_1"})");
}

std::vector<TimedFrame> chunks(std::vector<std::string> choices, bool done = true) {
  std::vector<TimedFrame> frames;
  for (std::string& each : choices) {
    if (each.front() == '[') {
      each =
          R"({"id":"c","object":"chat.completion.chunk","created":7,"model":"m","obfuscation":"x",)"
          R"("choices":)" +
          each + "}";
    }
    frames.push_back({300'000 + frames.size() * 10'000, "", std::move(each)});
  }
  if (done) frames.push_back({300'000 + frames.size() * 10'000, "", "[DONE]"});
  return frames;
}

std::vector<TimedFrame> short_stream() {
  return chunks({
      R"([{"index":0,"delta":{"role":"assistant","content":"","refusal":null},"logprobs":null,"finish_reason":null}])",
      R"([{"index":0,"delta":{"content":"Grüezi"},"logprobs":null,"finish_reason":null}])",
      R"([{"index":0,"delta":{"content":" ☀"},"logprobs":null,"finish_reason":null}])",
      R"([{"index":0,"delta":{"tool_calls":[{"index":0,"id":"call_a","type":"function","function":{"name":"now","arguments":""}}]},"logprobs":null,"finish_reason":null}])",
      R"([{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\"a\":"}}]},"logprobs":null,"finish_reason":null}])",
      R"([{"index":0,"delta":{"tool_calls":[{"index":1,"id":"call_b","type":"function","function":{"name":"now","arguments":"{}"}}]},"logprobs":null,"finish_reason":null}])",
      R"([{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"1}"}}]},"logprobs":null,"finish_reason":null}])",
      R"([{"index":0,"delta":{},"logprobs":null,"finish_reason":"tool_calls"}])",
      R"({"id":"c","object":"chat.completion.chunk","created":7,"model":"m","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7}})",
  });
}

TEST(ChatAnswers, ABodyIsReadAndWrittenEqual) {
  EXPECT_FALSE(checks::rebuilds(dialect(), rich_body()));
  const auto steps = dialect().read(rich_body(), kIds);
  ASSERT_TRUE(steps);
  ASSERT_EQ(steps->size(), 5U);
  const auto& first = std::get<RecordResponse>((*steps)[0]);
  EXPECT_EQ(first.call_id, "call_1");
  EXPECT_EQ(first.message_id, "m1");
  EXPECT_EQ(first.model, "gpt-x");
  EXPECT_EQ(first.finish_reason, FinishReason::tool_call);
  EXPECT_EQ(first.finish_reason_raw, "tool_calls");
  EXPECT_EQ(plain_text(first.parts), "Grüezi ☀");
  const auto& second = std::get<RecordResponse>((*steps)[4]);
  EXPECT_EQ(second.choice, 1U);
  EXPECT_EQ(second.message_id, "m2");
  EXPECT_EQ(second.finish_reason, FinishReason::stop);
  EXPECT_FALSE(second.usage);
  EXPECT_FALSE(second.model);
}

TEST(ChatAnswers, CountersAreInDisjointClasses) {
  const RecordResponse answer = first_answer(rich_body());
  EXPECT_EQ(answer.usage_source, UsageSource::provider);
  Usage usage;
  usage.input_text = 10;
  usage.input_cache_read = 6;
  usage.input_audio = 4;
  usage.output_text = 8;
  usage.output_reasoning = 5;
  usage.output_audio = 2;
  EXPECT_EQ(answer.usage, usage);
}

TEST(ChatAnswers, StreamedTheBodyIsAsWithoutStreaming) {
  std::vector<FrameKind> kinds;
  const StreamEnd end = assemble(dialect(), short_stream(), &kinds);
  EXPECT_TRUE(end.complete);
  EXPECT_FALSE(end.error);
  EXPECT_TRUE(same_tree(end.body, parsed(R"({"id":"c","object":"chat.completion","created":7,
    "model":"m","choices":[{"index":0,"finish_reason":"tool_calls","logprobs":null,
     "message":{"role":"assistant","content":"Grüezi ☀","refusal":null,"tool_calls":[
      {"id":"call_a","type":"function","function":{"name":"now","arguments":"{\"a\":1}"}},
      {"id":"call_b","type":"function","function":{"name":"now","arguments":"{}"}}]}}],
    "usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7}})")))
      << dump(end.body);
  using K = FrameKind;
  EXPECT_EQ(kinds, (std::vector<K>{K::other, K::content, K::content, K::content, K::content,
                                   K::content, K::content, K::other, K::usage, K::terminator}));
}

TEST(ChatAnswers, WrittenAsAStreamTheAnswerHasTheSameBodyAndTrack) {
  const StreamEnd end = assemble(dialect(), short_stream());
  checks::streams_again(dialect(), end.body, end.track);
  checks::streams_again(dialect(), rich_body(), Json());
}

TEST(ChatAnswers, CutsAndGarbageNeverHurt) {
  checks::survives_cuts(dialect(), short_stream());
  checks::survives_garbage(dialect(), short_stream());
  checks::survives_cuts(dialect(), dialect().write_stream(rich_body(), Json()));
  checks::survives_garbage(dialect(), dialect().write_stream(rich_body(), Json()));
}

}  // namespace
}  // namespace hansard::events
