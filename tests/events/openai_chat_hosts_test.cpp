// Chat completions as hosts other than OpenAI give them, by hand.
#include <gtest/gtest.h>

#include "answer_checks.h"
#include "events/dialects/openai/chat_answers.h"
#include "events/dialects/openai/response_answers.h"

namespace hansard::events {
namespace {

using checks::assemble;
using checks::kIds;
using checks::parsed;

const AnswerDialect& dialect() { return openai::chat_answers(); }

struct Streamed {
  StreamEnd end;
  std::vector<FrameKind> kinds;
};

/// Chunks 10 ms apart, put together; what holds for every stream holds for this one.
Streamed streamed(const std::vector<std::string>& chunks) {
  std::vector<TimedFrame> frames;
  for (const std::string& each : chunks) {
    frames.push_back({frames.size() * 10'000, "", each});
  }
  Streamed made;
  made.end = assemble(dialect(), frames, &made.kinds);
  checks::rebuilds(dialect(), made.end.body);
  checks::streams_again(dialect(), made.end.body, made.end.track);
  checks::streams_again(dialect(), made.end.body, Json());
  checks::survives_cuts(dialect(), frames);
  checks::survives_garbage(dialect(), frames);
  return made;
}

void expect_body(const StreamEnd& end, std::string_view body) {
  EXPECT_TRUE(same_tree(end.body, parsed(body))) << dump(end.body);
}

std::vector<SessionStep> steps_of(const Json& body) {
  auto steps = dialect().read(body, kIds);
  EXPECT_TRUE(steps) << (steps ? "" : steps.error().message);
  return steps ? *std::move(steps) : std::vector<SessionStep>{RecordResponse()};
}

RecordResponse answer_of(const Json& body) {
  return std::get<RecordResponse>(steps_of(body).front());
}

Usage usage_of(std::string_view counters) {
  Json body = parsed(R"({"object":"chat.completion"})");
  body.add("usage", parsed(counters));
  return answer_of(body).usage.value_or(Usage());
}

TEST(ChatHosts, AzureSaysFirstWhatItsFiltersFound) {
  const Streamed made = streamed({
      R"({"choices":[],"created":0,"id":"","model":"","object":"",
          "prompt_filter_results":[{"prompt_index":0,"content_filter_results":{"hate":{"filtered":false}}}]})",
      R"({"id":"c","object":"chat.completion.chunk","created":5,"model":"m","choices":[{"index":0,
          "content_filter_results":{},"delta":{"role":"assistant","content":""},"finish_reason":null}]})",
      R"({"id":"c","object":"chat.completion.chunk","created":5,"model":"m","choices":[{"index":0,
          "content_filter_results":{"hate":{"filtered":false}},"delta":{"content":"Hi"},"finish_reason":null}]})",
      R"({"id":"c","object":"chat.completion.chunk","created":5,"model":"m","choices":[{"index":0,
          "content_filter_results":{},"delta":{},"finish_reason":"stop"}]})",
      "[DONE]",
  });
  expect_body(made.end, R"({"id":"c","object":"chat.completion","created":5,"model":"m",
    "prompt_filter_results":[{"prompt_index":0,"content_filter_results":{"hate":{"filtered":false}}}],
    "choices":[{"index":0,"content_filter_results":{"hate":{"filtered":false}},
      "finish_reason":"stop","message":{"role":"assistant","content":"Hi"}}]})");
  EXPECT_TRUE(made.end.complete);
  const auto frames = dialect().write_stream(made.end.body, Json());
  EXPECT_NE(frames.front().data.find("prompt_filter_results"), std::string::npos);
}

TEST(ChatHosts, MistralThinksInPartsOfTheContent) {
  const Streamed made = streamed({
      R"({"id":"c","object":"chat.completion.chunk","created":5,"model":"m","p":"abcdefgh",
          "choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]})",
      R"({"id":"c","object":"chat.completion.chunk","created":5,"model":"m","choices":[{"index":0,"delta":
          {"content":[{"type":"thinking","thinking":[{"type":"text","text":"Let me"}]}]},"finish_reason":null}]})",
      R"({"id":"c","object":"chat.completion.chunk","created":5,"model":"m","choices":[{"index":0,"delta":
          {"content":[{"type":"thinking","thinking":[{"type":"text","text":" see"}]}]},"finish_reason":null}]})",
      R"({"id":"c","object":"chat.completion.chunk","created":5,"model":"m","choices":[{"index":0,"delta":
          {"content":"It is "},"finish_reason":null}]})",
      R"({"id":"c","object":"chat.completion.chunk","created":5,"model":"m","choices":[{"index":0,"delta":
          {"content":[{"type":"reference","reference_ids":[1]},{"type":"text","text":"so."}]},
          "finish_reason":"stop"}],"usage":{"prompt_tokens":3,"total_tokens":7,"completion_tokens":4}})",
  });
  expect_body(made.end, R"({"id":"c","object":"chat.completion","created":5,"model":"m",
    "choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":[
      {"type":"thinking","thinking":[{"type":"text","text":"Let me see"}]},
      {"type":"text","text":"It is "},{"type":"reference","reference_ids":[1]},
      {"type":"text","text":"so."}]}}],
    "usage":{"prompt_tokens":3,"total_tokens":7,"completion_tokens":4}})");
  // Everything came, and it said why it ended.
  EXPECT_TRUE(made.end.complete);
  EXPECT_EQ(made.kinds.back(), FrameKind::content);
  const RecordResponse answer = answer_of(made.end.body);
  ASSERT_EQ(answer.parts.size(), 4U);
  EXPECT_EQ(answer.parts[0].kind(), "thinking");
  EXPECT_EQ(answer.parts[0].text(), "Let me see");
  EXPECT_FALSE(answer.extra->find("raw"));
}

TEST(ChatHosts, PartsThatOneDeltaBringsStayApart) {
  const Json body = parsed(R"({"object":"chat.completion","choices":[{"index":0,
    "finish_reason":"stop","message":{"role":"assistant","content":[
     {"type":"text","text":"a"},{"type":"text","text":"b"},{"type":"text","text":""},
     {"type":"text","text":"c","more":1},{"type":"text","text":"d"}]}}]})");
  checks::rebuilds(dialect(), body);
  checks::streams_again(dialect(), body, Json());
}

TEST(ChatHosts, CallsWithoutAnIndexAreKnownByIdOrOrder) {
  const Streamed made = streamed({
      R"({"object":"chat.completion.chunk","choices":[{"index":0,"delta":{"tool_calls":[
          {"id":"aaa","function":{"name":"f","arguments":"{}"}},
          {"id":"bbb","function":{"name":"g","arguments":"{\"b\""}}]}}]})",
      R"({"object":"chat.completion.chunk","choices":[{"index":0,"delta":{"tool_calls":[
          {"function":{"arguments":":1}"}}]}}]})",
      R"({"object":"chat.completion.chunk","choices":[{"index":0,"delta":{"tool_calls":[
          {"function":{"name":"h","arguments":{"already":"read"}}}]},"finish_reason":"tool_calls"}]})",
      "[DONE]",
  });
  expect_body(made.end, R"({"object":"chat.completion","choices":[{"index":0,
    "finish_reason":"tool_calls","message":{"role":"assistant","tool_calls":[
      {"id":"aaa","function":{"name":"f","arguments":"{}"}},
      {"id":"bbb","function":{"name":"g","arguments":"{\"b\":1}"}},
      {"function":{"name":"h","arguments":{"already":"read"}}}]}}]})");
  EXPECT_EQ(steps_of(made.end.body).size(), 4U);
}

TEST(ChatHosts, CallsOfOneIndexWithIdsOfTheirOwnAreSeveral) {
  const Streamed made = streamed({
      R"({"object":"chat.completion.chunk","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,
          "id":"a","type":"function","function":{"name":"f","arguments":"{}"}}]}}]})",
      R"({"object":"chat.completion.chunk","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,
          "id":"b","type":"function","function":{"name":"f","arguments":"{"}}]}}]})",
      // An id for every fragment, but no name: the same call.
      R"({"object":"chat.completion.chunk","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,
          "id":"c","function":{"arguments":"}"}}]}}]})",
  });
  const auto steps = steps_of(made.end.body);
  ASSERT_EQ(steps.size(), 3U);
  EXPECT_EQ(dump(std::get<CallTool>(steps[2]).arguments), R"("{}")");
  EXPECT_FALSE(made.end.complete);
}

TEST(ChatHosts, GroqCountsInAPlaceOfItsOwn) {
  const Streamed made = streamed({
      R"({"id":"c","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"role":"assistant",
          "content":""},"finish_reason":null}],"x_groq":{"id":"req_1"}})",
      R"({"id":"c","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"reasoning":"hm",
          "channel":"analysis"},"finish_reason":null}]})",
      R"({"id":"c","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"executed_tools":[
          {"index":0,"type":"search","arguments":"{}"}]},"finish_reason":null}]})",
      R"({"id":"c","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"executed_tools":[
          {"index":0,"type":"search","output":"x"}],"content":"ok"},"finish_reason":null}]})",
      R"({"id":"c","object":"chat.completion.chunk","choices":[{"index":0,"delta":{},
          "finish_reason":"stop"}],"x_groq":{"id":"req_1","usage":{"queue_time":0.1,"prompt_tokens":9,
          "completion_tokens":2,"total_tokens":11}}})",
      "[DONE]",
  });
  expect_body(made.end, R"({"id":"c","object":"chat.completion","x_groq":{"id":"req_1"},
    "choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":"ok",
      "reasoning":"hm","channel":"analysis",
      "executed_tools":[{"index":0,"type":"search","arguments":"{}","output":"x"}]}}],
    "usage":{"queue_time":0.1,"prompt_tokens":9,"completion_tokens":2,"total_tokens":11}})");
  EXPECT_EQ(answer_of(made.end.body).usage->input_text, 9U);
  std::size_t own = 0;
  for (const auto& each : dialect().write_stream(made.end.body, made.end.track)) {
    const Json data = each.data == "[DONE]" ? Json() : parsed(each.data);
    const Json* groq = data.find("x_groq");
    if (groq != nullptr && groq->find("usage") != nullptr) ++own;
  }
  EXPECT_EQ(own, 1U);
}

TEST(ChatHosts, AnErrorInsideAStreamIsKeptBesideWhatCame) {
  const auto stream = dialect().stream();
  stream->add({"", R"({"id":"c","object":"chat.completion.chunk","choices":[{"index":0,
    "delta":{"role":"assistant","content":"Hal"},"finish_reason":null}]})"},
              1000);
  EXPECT_EQ(stream->add({"error", R"({"error":{"message":"no","type":"invalid_request_error",
    "code":"tool_use_failed","status_code":400}})"},
                        2000),
            FrameKind::error);
  const StreamEnd end = stream->end();
  EXPECT_FALSE(end.complete);
  ASSERT_TRUE(end.error);
  EXPECT_EQ(openai::read_error(200, *end.error).type, "invalid_request_error");
  EXPECT_EQ(plain_text(answer_of(end.body).parts), "Hal");
  // Others say it beside a last delta, or in words.
  const Streamed made = streamed({
      R"({"object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"Hal"}}]})",
      R"({"object":"chat.completion.chunk","error":{"code":502,"message":"upstream"},
          "choices":[{"index":0,"delta":{"content":"lo"},"finish_reason":"error"}]})",
  });
  EXPECT_EQ(made.kinds.back(), FrameKind::error);
  const RecordResponse answer = answer_of(made.end.body);
  EXPECT_EQ(plain_text(answer.parts), "Hallo");
  EXPECT_EQ(answer.finish_reason, FinishReason::error);
  EXPECT_TRUE(made.end.error);
}

TEST(ChatHosts, DeepSeekThinksBesideTheContent) {
  const Streamed made = streamed({
      R"({"id":"c","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"role":"assistant",
          "content":null,"reasoning_content":""},"logprobs":null,"finish_reason":null}]})",
      R"({"id":"c","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":null,
          "reasoning_content":"Wer?"},"logprobs":null,"finish_reason":null}]})",
      R"({"id":"c","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"Ich",
          "reasoning_content":null},"logprobs":null,"finish_reason":null}]})",
      R"({"id":"c","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"",
          "reasoning_content":null},"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":20,
          "completion_tokens":8,"total_tokens":28,"prompt_cache_hit_tokens":16,"prompt_cache_miss_tokens":4,
          "completion_tokens_details":{"reasoning_tokens":5}}})",
      "[DONE]",
  });
  const RecordResponse answer = answer_of(made.end.body);
  ASSERT_EQ(answer.parts.size(), 2U);
  EXPECT_EQ(answer.parts[0].kind(), "thinking");
  EXPECT_EQ(answer.parts[0].text(), "Wer?");
  EXPECT_EQ(answer.parts[1].text(), "Ich");
  EXPECT_EQ(answer.usage->input_text, 4U);
  EXPECT_EQ(answer.usage->input_cache_read, 16U);
  EXPECT_EQ(answer.usage->output_text, 3U);
  EXPECT_EQ(answer.usage->output_reasoning, 5U);
}

TEST(ChatHosts, OpenRouterSaysTheSameThoughtInTwoWays) {
  const auto chunk = [](const std::string& text, const std::string& more) {
    return R"({"id":"c","provider":"P","object":"chat.completion.chunk","choices":[{"index":0,"delta":{
        "role":"assistant","content":"","reasoning":")" +
           text + R"(","reasoning_details":[
        {"type":"reasoning.text","index":0,"text":")" +
           text + "\"" + more + R"(}]},"finish_reason":null,"native_finish_reason":null}]})";
  };
  const Streamed made = streamed({
      chunk("Let ", ""),
      chunk("us", R"(,"signature":"sig")"),
      R"({"id":"c","provider":"P","object":"chat.completion.chunk","choices":[{"index":0,"delta":{
          "content":"go","reasoning_details":[{"type":"reasoning.encrypted","index":1,"data":"xyz"}]},
          "finish_reason":"stop","native_finish_reason":"end_turn"}]})",
      R"({"id":"c","provider":"P","object":"chat.completion.chunk","choices":[],
          "usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3,"cost":0.00012}})",
      "[DONE]",
  });
  expect_body(made.end,
              R"({"id":"c","provider":"P","object":"chat.completion","choices":[{"index":0,
    "finish_reason":"stop","native_finish_reason":"end_turn","message":{"role":"assistant",
     "content":"go","reasoning":"Let us","reasoning_details":[
      {"type":"reasoning.text","index":0,"text":"Let us","signature":"sig"},
      {"type":"reasoning.encrypted","index":1,"data":"xyz"}]}}],
    "usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3,"cost":0.00012}})");
  EXPECT_EQ(dump(*answer_of(made.end.body).raw_usage->find("cost")), "0.00012");
  // Both ways go out in one delta, as they came: who reads both would hear it twice.
  std::size_t together = 0;
  for (const auto& each : dialect().write_stream(made.end.body, made.end.track)) {
    const bool two = each.data.find("\"reasoning\":\"") != std::string::npos &&
                     each.data.find("\"reasoning_details\":") != std::string::npos;
    if (two) ++together;
  }
  EXPECT_EQ(together, 2U);
}

TEST(ChatHosts, OfCountersInEveryChunkTheLastCount) {
  const auto chunk = [](int tokens) {
    return R"({"object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"a"}}],
        "usage":{"prompt_tokens":5,"completion_tokens":)" +
           std::to_string(tokens) + R"(,"total_tokens":)" + std::to_string(tokens + 5) + "}}";
  };
  const Streamed made = streamed({chunk(1), chunk(2), chunk(3), "[DONE]"});
  EXPECT_EQ(answer_of(made.end.body).usage->output_text, 3U);
  EXPECT_EQ(made.kinds[1], FrameKind::content);
  // A host that counts per choice.
  const Streamed choice = streamed({R"({"object":"chat.completion.chunk","choices":[{"index":0,
    "delta":{"content":"a"},"finish_reason":"stop","usage":{"prompt_tokens":5,"completion_tokens":1}}]})"});
  EXPECT_EQ(answer_of(choice.end.body).usage->input_text, 5U);
  EXPECT_TRUE(choice.end.complete);
}

TEST(ChatHosts, ChoicesWithoutANumberAreKnownByTheirPlace) {
  const Streamed made = streamed({
      R"({"object":"chat.completion.chunk","choices":[{"delta":{"content":"a"}},{"delta":{"content":"b"}}]})",
      R"({"object":"chat.completion.chunk","choices":[{"delta":{"content":"c"}},
          {"index":"one","delta":{"content":"d"}}]})",
  });
  expect_body(made.end, R"({"object":"chat.completion","choices":[
    {"message":{"role":"assistant","content":"ac"}},
    {"index":1,"message":{"role":"assistant","content":"bd"}}]})");
}

TEST(ChatHosts, AMessageThatComesInOneChunkIsTaken) {
  const Streamed made = streamed({R"({"id":"c","object":"chat.completion","choices":[{"index":0,
    "message":{"role":"assistant","content":"all"},"finish_reason":"stop"}]})",
                                  "[DONE]"});
  expect_body(made.end, R"({"id":"c","object":"chat.completion","choices":[{"index":0,
    "message":{"role":"assistant","content":"all"},"finish_reason":"stop"}]})");
  // Beside a delta it says again what the deltas say.
  const Streamed both = streamed({R"({"object":"chat.completion.chunk","choices":[{"index":0,
    "delta":{"content":"b"},"message":{"role":"assistant","content":"ab"}}]})"});
  EXPECT_EQ(plain_text(answer_of(both.end.body).parts), "b");
}

TEST(ChatHosts, CountersOfManyMakesAreInDisjointClasses) {
  Usage usage;
  usage.input_text = 10;
  usage.output_text = 5;
  EXPECT_EQ(usage_of(R"({"prompt_tokens":10,"completion_tokens":5,"total_tokens":15,
    "prompt_tokens_details":null})"),
            usage);
  // Reasoning beside what is answered, as the total tells.
  usage.output_reasoning = 7;
  EXPECT_EQ(usage_of(R"({"prompt_tokens":10,"completion_tokens":5,"total_tokens":22,
    "completion_tokens_details":{"reasoning_tokens":7}})"),
            usage);
  usage = {};
  usage.input_text = 1;
  usage.input_cache_read = 4;
  usage.input_cache_write_other = 2;
  usage.input_image = 3;
  usage.output_text = 0;
  usage.output_image = 9;
  EXPECT_EQ(usage_of(R"({"prompt_tokens":10,"completion_tokens":8,
    "prompt_tokens_details":{"cached_tokens":4,"cache_write_tokens":2,"image_tokens":3},
    "completion_tokens_details":{"image_tokens":9}})"),
            usage);
  EXPECT_EQ(usage_of(R"({"prompt_tokens":10,"num_cached_tokens":4})").input_cache_read, 4U);
  EXPECT_EQ(usage_of(R"({"prompt_tokens":"many"})"), Usage());
}

TEST(ChatHosts, ReasonsToEndHaveOneNormalForm) {
  const auto reason = [](const std::string& word) {
    return answer_of(
               parsed(R"({"choices":[{"index":0,"message":{"role":"assistant"},"finish_reason":)" +
                      word + "}]}"))
        .finish_reason;
  };
  EXPECT_EQ(reason(R"("function_call")"), FinishReason::tool_call);
  EXPECT_EQ(reason(R"("model_length")"), FinishReason::length);
  EXPECT_EQ(reason(R"("content_filter")"), FinishReason::content_filter);
  EXPECT_EQ(reason(R"("eos")"), FinishReason::stop);
  EXPECT_EQ(reason(R"("tomorrow")"), FinishReason::unknown);
  EXPECT_FALSE(reason("null"));
}

}  // namespace
}  // namespace hansard::events
