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

TEST(ChatAnswers, ATrackOfAnotherAnswerNeverCutsACharacter) {
  const Json track = assemble(dialect(), short_stream()).track;
  // By hand: the first text comes 10 ms after the start with 7 bytes ("A7"), the second 10 ms later
  // with 4; a call begins 30 ms after the start ("U"), without arguments, which follow; another
  // after 50 ms = 18 + 32 ("o1") with its 2 bytes.
  EXPECT_EQ(dump(track), R"({"start":300,"0c":"A7A4","0a0":"U0A5K2","0a1":"o12","end":390})");
  const Json again = assemble(dialect(), dialect().write_stream(rich_body(), track)).body;
  EXPECT_TRUE(same_tree(again, rich_body())) << dump(again);
}

TEST(ChatAnswers, ChunksComeInTheOrderOfTheApi) {
  const StreamEnd end = assemble(dialect(), short_stream());
  const auto frames = dialect().write_stream(end.body, end.track);
  ASSERT_EQ(frames.size(), 10U);
  EXPECT_EQ(*parsed(frames[0].data).find("object")->if_string(), "chat.completion.chunk");
  const auto delta = [&](std::size_t i) {
    return dump(*parsed(frames[i].data).find("choices")->if_array()->front().find("delta"));
  };
  EXPECT_EQ(delta(0), R"({"role":"assistant","content":"","refusal":null})");
  EXPECT_EQ(delta(1), R"({"content":"Grüezi"})");
  EXPECT_EQ(delta(3), R"({"tool_calls":[{"index":0,"id":"call_a","type":"function",)"
                      R"("function":{"name":"now","arguments":""}}]})");
  EXPECT_EQ(delta(4), R"({"tool_calls":[{"index":0,"function":{"arguments":"{\"a\":"}}]})");
  EXPECT_EQ(delta(7), "{}");
  EXPECT_NE(frames[8].data.find(R"("choices":[],"usage":{)"), std::string::npos);
  EXPECT_EQ(frames[9].data, "[DONE]");
}

TEST(ChatAnswers, OfACutStreamTheBodyIsWhatCame) {
  auto frames = short_stream();
  frames.resize(5);
  const StreamEnd end = assemble(dialect(), frames);
  EXPECT_FALSE(end.complete);
  EXPECT_TRUE(same_tree(end.body, parsed(R"({"id":"c","object":"chat.completion","created":7,
    "model":"m","choices":[{"index":0,"finish_reason":null,"logprobs":null,
     "message":{"role":"assistant","content":"Grüezi ☀","refusal":null,"tool_calls":[
      {"id":"call_a","type":"function","function":{"name":"now","arguments":"{\"a\":"}}]}}]})")))
      << dump(end.body);
  const RecordResponse answer = first_answer(end.body);
  EXPECT_FALSE(answer.usage);
  EXPECT_FALSE(answer.usage_source);
  EXPECT_FALSE(answer.finish_reason);
  // It goes out as one that was cut.
  EXPECT_NE(dialect().write_stream(end.body, end.track).back().data, "[DONE]");
}

TEST(ChatAnswers, WhatFollowsTheEndIsNoPartOfTheAnswer) {
  auto frames = short_stream();
  const StreamEnd end = assemble(dialect(), frames);
  frames.push_back({500'000, "", frames[1].data});
  frames.push_back({500'000, "", "[DONE]"});
  std::vector<FrameKind> kinds;
  EXPECT_TRUE(same_tree(assemble(dialect(), frames, &kinds).body, end.body));
  EXPECT_EQ(kinds.back(), FrameKind::other);
}

TEST(ChatAnswers, WhatIsNoAnswerIsRefused) {
  for (const auto* body :
       {R"({"error":{"message":"x"}})", "7", "null", R"({"choices":{}})", R"({"choices":[7]})",
        R"({"choices":[{"index":0}]})", R"({"choices":[{"message":"x"}]})",
        R"({"choices":[{"message":{"role":"assistant","content":7}}]})",
        R"({"choices":[{"message":{"tool_calls":[{"id":"a"}]}}]})"}) {
    const auto steps = dialect().read(parsed(body), kIds);
    ASSERT_FALSE(steps) << body;
    EXPECT_EQ(steps.error().code, core::Errc::invalid_argument);
  }
  const auto steps =
      dialect().read(parsed(R"({"choices":[{"message":{}},{"message":{"content":7}}]})"), kIds);
  EXPECT_EQ(steps.error().field, "choices[1].message.content");
}

TEST(ChatAnswers, BodiesThatTheirPartsDoNotRebuildAreKeptWhole) {
  for (const auto* body :
       {R"({"choices":[{"index":0,"message":{"role":"assistant","content":"a"}}],"id":1,"id":2,
            "model":"a","model":"b"})",
        R"({"choices":[{"index":7,"message":{"role":"model","content":"a"}}]})",
        R"({"choices":[{"message":{"content":"a"},"message":{}}]})"}) {
    checks::rebuilds(dialect(), parsed(body));
    const RecordResponse answer = first_answer(parsed(body));
    EXPECT_EQ(plain_text(answer.parts), "a");
  }
  for (const auto* body : {R"({"object":"chat.completion"})", R"({"choices":[]})",
                           R"({"choices":[{"index":3,"message":{"role":"assistant"}},
                               {"message":{"role":"assistant","content":""},"finish_reason":7}]})"}) {
    checks::rebuilds(dialect(), parsed(body));
    EXPECT_FALSE(first_answer(parsed(body)).extra->find("whole")) << body;
  }
}

TEST(ChatAnswers, AnAnswerOfAnotherFormatIsWrittenInThisOne) {
  ResponseReceived answer;
  answer.call_id = "c1";
  answer.message_id = "m7";
  answer.model = "claude-x";
  answer.finish_reason = FinishReason::tool_call;
  answer.parts = {Part::make_thinking("hm"), Part::make_text("hel"), Part::make_text("lo"),
                  Part::make_tool_call("toolu_9", 0)};
  answer.extra = parsed(R"({"dialect":"anthropic","fields":{"type":"message"}})");
  answer.usage = Usage{};
  answer.usage->input_text = 3;
  answer.usage->input_cache_read = 4;
  answer.usage->output_text = 5;
  ToolCalled call;
  call.message_id = "m7";
  call.tool_call_id = "toolu_9";
  call.tool = "weather";
  call.arguments = parsed(R"({"city":"Bern"})");
  const Json body = dialect().write(std::vector<SessionEvent>{answer, call});
  EXPECT_TRUE(same_tree(body, parsed(R"({"id":"chatcmpl-c1","object":"chat.completion","created":0,
    "model":"claude-x","choices":[{"index":0,"finish_reason":"tool_calls","logprobs":null,
     "message":{"role":"assistant","content":"hello","refusal":null,"reasoning_content":"hm",
      "tool_calls":[{"id":"toolu_9","type":"function","function":{"name":"weather",
       "arguments":"{\"city\":\"Bern\"}"}}]}}],
    "usage":{"prompt_tokens":7,"completion_tokens":5,"total_tokens":12,
     "prompt_tokens_details":{"cached_tokens":4,"audio_tokens":0},
     "completion_tokens_details":{"reasoning_tokens":0,"audio_tokens":0}}})")))
      << dump(body);
  checks::streams_again(dialect(), body, Json());
  EXPECT_TRUE(dialect().write({}).is_null());
}

TEST(ChatAnswers, LogProbabilitiesComeWithTheirTexts) {
  const auto pieces = chunks({
      R"([{"index":0,"delta":{"role":"assistant","content":""},"logprobs":{"content":[],"refusal":null},"finish_reason":null}])",
      R"([{"index":0,"delta":{"content":"a"},"logprobs":{"content":[{"token":"a"}],"refusal":null},"finish_reason":null}])",
      R"([{"index":0,"delta":{"content":"bc"},"logprobs":{"content":[{"token":"b"},{"token":"c"}],"refusal":null},"finish_reason":null}])",
      R"([{"index":0,"delta":{},"logprobs":null,"finish_reason":"stop"}])",
  });
  const StreamEnd end = assemble(dialect(), pieces);
  checks::streams_again(dialect(), end.body, end.track);
  const auto again = dialect().write_stream(end.body, end.track);
  ASSERT_EQ(again.size(), 5U);
  const Json choice = parsed(again[2].data).find("choices")->if_array()->front();
  EXPECT_EQ(dump(*choice.find("logprobs")), R"({"content":[{"token":"b"},{"token":"c"}]})");
  EXPECT_EQ(dump(*choice.find("delta")), R"({"content":"bc"})");
}

}  // namespace
}  // namespace hansard::events
