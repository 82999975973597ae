#include "events/dialects/openai/response_answers.h"

#include <gtest/gtest.h>

#include "answer_checks.h"

namespace hansard::events {
namespace {

using checks::assemble;
using checks::frame;
using checks::kIds;
using checks::parsed;

const AnswerDialect& dialect() { return openai::response_answers(); }

/// An answer with an item of every kind that streams in its own way.
Json rich_body() {
  return parsed(R"({"id":"resp_1","object":"response","created_at":1700000000,
    "status":"completed","error":null,"incomplete_details":null,"model":"gpt-x","tools":[],
    "temperature":1.0,"metadata":{"k":"v"},"output":[
    {"id":"rs_1","type":"reasoning","summary":[{"type":"summary_text","text":"Look it up."}],
     "content":[{"type":"reasoning_text","text":"Hm."}],"encrypted_content":"Zm9v"},
    {"id":"ws_1","type":"web_search_call","status":"completed","action":{"query":"sun"}},
    {"id":"msg_1","type":"message","status":"completed","role":"assistant","content":[
      {"type":"output_text","text":"naïve ☀","annotations":[{"type":"url_citation","n":1}],
       "logprobs":[]},{"type":"refusal","refusal":"Not that."},{"type":"of_tomorrow","x":1}]},
    {"id":"fc_1","type":"function_call","call_id":"call_a","name":"weather",
     "arguments":"{\"city\": \"Bern\"}","status":"completed"},
    {"id":"ct_1","type":"custom_tool_call","call_id":"call_b","name":"run","input":"ls -l"},
    {"id":"ci_1","type":"code_interpreter_call","code":"1+1","container_id":"c","outputs":[]},
    {"id":"ap_1","type":"apply_patch_call","call_id":"call_c","status":"completed",
     "operation":{"type":"update_file","path":"a","diff":"+b"}},
    {"id":"sh_1","type":"shell_call","call_id":"call_d","status":"completed",
     "action":{"commands":["ls","pwd"],"timeout_ms":null}},
    {"id":"so_1","type":"shell_call_output","call_id":"call_d","output":[]},
    {"id":"mcp_1","type":"mcp_call","name":"echo","arguments":"{}","output":"x"}],
    "usage":{"input_tokens":100,"input_tokens_details":{"cached_tokens":30,
      "cache_write_tokens":20},"output_tokens":50,"output_tokens_details":
      {"reasoning_tokens":15},"total_tokens":150}})");
}

std::vector<TimedFrame> short_stream() {
  const std::string begun = R"("response":{"id":"resp_2","object":"response","created_at":1,
    "status":"in_progress","model":"gpt-x","output":[],"usage":null})";
  return {
      frame(300'000, R"({"type":"response.created","sequence_number":0,)" + begun + "}"),
      frame(300'500, R"({"type":"response.in_progress","sequence_number":1,)" + begun + "}"),
      frame(310'000, R"({"type":"response.output_item.added","output_index":0,"item":
        {"id":"msg_2","type":"message","status":"in_progress","role":"assistant","content":[]}})"),
      frame(310'000, R"({"type":"response.content_part.added","item_id":"msg_2",
        "output_index":0,"content_index":0,
        "part":{"type":"output_text","text":"","annotations":[]}})"),
      frame(320'000, R"({"type":"response.output_text.delta","item_id":"other_id",
        "output_index":0,"content_index":0,"delta":"Grüezi","obfuscation":"aB3x"})"),
      frame(340'000, R"({"type":"response.output_text.delta","item_id":"another_id",
        "output_index":0,"content_index":0,"delta":" ☀","obfuscation":"k"})"),
      frame(341'000, R"({"type":"response.output_text.annotation.added","output_index":0,
        "content_index":0,"annotation_index":0,"annotation":{"type":"url_citation"}})"),
      frame(342'000, R"({"type":"response.output_item.added","output_index":1,"item":
        {"id":"fc_2","type":"function_call","call_id":"call_z","name":"now","arguments":""}})"),
      frame(350'000, R"({"type":"response.function_call_arguments.delta","output_index":1,
        "delta":"{\"a\":"})"),
      frame(360'000, R"({"type":"response.function_call_arguments.delta","output_index":1,
        "delta":"1}"})"),
      frame(361'000, R"({"type":"response.function_call_arguments.done","output_index":1,
        "arguments":"{\"a\":1}"})"),
      frame(362'000, R"({"type":"response.output_item.done","output_index":1,"item":
        {"id":"fc_2","type":"function_call","call_id":"call_z","name":"now",
         "arguments":"{\"a\":1}"}})"),
      frame(400'000, R"({"type":"response.completed","sequence_number":12,"response":
        {"id":"resp_2","object":"response","created_at":1,"status":"completed","model":"gpt-x",
         "output":[{"id":"msg_2","type":"message","status":"completed","role":"assistant",
         "content":[{"type":"output_text","text":"Grüezi ☀","annotations":
         [{"type":"url_citation"}]}]},{"id":"fc_2","type":"function_call","call_id":"call_z",
         "name":"now","arguments":"{\"a\":1}"}],
         "usage":{"input_tokens":9,"output_tokens":4,"total_tokens":13}}})"),
  };
}

TEST(ResponseAnswers, AnAnswerIsOneResponseAndItsCalls) {
  const auto steps = dialect().read(rich_body(), kIds);
  ASSERT_TRUE(steps) << steps.error().message;
  ASSERT_EQ(steps->size(), 5U);
  const auto& answer = std::get<RecordResponse>(steps->at(0));
  EXPECT_EQ(answer.model, "gpt-x");
  EXPECT_EQ(answer.finish_reason, FinishReason::tool_call);
  EXPECT_EQ(answer.finish_reason_raw, "completed");
  EXPECT_EQ(answer.usage_source, UsageSource::provider);
  ASSERT_TRUE(answer.usage);
  EXPECT_EQ(answer.usage->input_text, 50U);
  EXPECT_EQ(answer.usage->input_cache_read, 30U);
  EXPECT_EQ(answer.usage->input_cache_write_other, 20U);
  EXPECT_EQ(answer.usage->output_text, 35U);
  EXPECT_EQ(answer.usage->output_reasoning, 15U);
  EXPECT_EQ(plain_text(answer.parts), "naïve ☀");
  EXPECT_EQ(std::get<CallTool>(steps->at(1)).tool, "weather");
  EXPECT_EQ(std::get<CallTool>(steps->at(4)).tool_call_id, "call_d");
}

TEST(ResponseAnswers, ABodyRebuildsEqual) {
  EXPECT_FALSE(checks::rebuilds(dialect(), rich_body()));
  EXPECT_FALSE(checks::rebuilds(dialect(), parsed(R"({"object":"response","output":[]})")));
  EXPECT_FALSE(checks::rebuilds(dialect(), parsed(R"({"object":"response","model":7,
    "status":"failed","error":{"code":"server_error","message":"x"},"usage":null})")));
  // A repeated key is not what the parts can say.
  EXPECT_TRUE(checks::rebuilds(dialect(), parsed(R"({"object":"response","output":[],
    "model":"a","model":"b"})")));
  EXPECT_TRUE(checks::rebuilds(dialect(), parsed(R"({"object":"response","model":"a",
    "model":null})")));
}

TEST(ResponseAnswers, WhyItEndedFollowsFromItsStatus) {
  const auto reason = [](const char* members) {
    const auto steps = dialect().read(
        parsed(R"({"object":"response","output":[],)" + std::string(members) + "}"), kIds);
    return std::get<RecordResponse>(steps->front());
  };
  EXPECT_EQ(reason(R"("status":"completed")").finish_reason, FinishReason::stop);
  const auto cut =
      reason(R"("status":"incomplete","incomplete_details":{"reason":"max_output_tokens"})");
  EXPECT_EQ(cut.finish_reason, FinishReason::length);
  EXPECT_EQ(cut.finish_reason_raw, "max_output_tokens");
  EXPECT_EQ(reason(R"("status":"failed")").finish_reason, FinishReason::error);
  EXPECT_EQ(reason(R"("status":"cancelled")").finish_reason, FinishReason::cancelled);
  EXPECT_EQ(reason(R"("status":"in_progress")").finish_reason, FinishReason::unknown);
  EXPECT_FALSE(reason(R"("id":"r")").finish_reason);
}

TEST(ResponseAnswers, WhatIsNoAnswerIsRefused) {
  for (const auto* body :
       {R"({"error":{"message":"x"}})", R"({"input_tokens":7})", "7",
        R"({"object":"response","output":{}})", R"({"object":"response","output":[7]})"}) {
    const auto steps = dialect().read(parsed(body), kIds);
    ASSERT_FALSE(steps) << body;
    EXPECT_EQ(steps.error().code, core::Errc::invalid_argument);
  }
}

TEST(ResponseAnswers, TheLastEventOfAStreamIsTheTruth) {
  std::vector<FrameKind> kinds;
  auto frames = short_stream();
  const StreamEnd end = assemble(dialect(), frames, &kinds);
  EXPECT_TRUE(end.complete);
  EXPECT_TRUE(same_tree(end.body, *parsed(frames.back().data).find("response")));
  using K = FrameKind;
  EXPECT_EQ(kinds, (std::vector<K>{K::other, K::other, K::other, K::other, K::content, K::content,
                                   K::other, K::content, K::content, K::content, K::other, K::other,
                                   K::terminator}));
  // By hand: item 0 is added at 310 ms = 22 + 9 * 32 ("s9") and last heard of 30 ms later ("U");
  // its text comes 10 ms after that with 7 bytes ("A7"), then 20 ms later with 4 ("K4").
  EXPECT_EQ(dump(end.track),
            R"({"start":300,"0":"s9U","0t0":"A7K4","1":"sAK","1a":"85A2","end":400})");
}

TEST(ResponseAnswers, WrittenAsAStreamTheAnswerHasTheSameBodyAndTrack) {
  const StreamEnd end = assemble(dialect(), short_stream());
  checks::streams_again(dialect(), end.body, end.track);
  checks::streams_again(dialect(), rich_body(), Json());
}

TEST(ResponseAnswers, EventsOfAStreamComeInTheOrderOfTheApi) {
  const auto frames = dialect().write_stream(assemble(dialect(), short_stream()).body, Json());
  std::vector<std::string> types;
  for (std::size_t i = 0; i < frames.size(); ++i) {
    const Json data = parsed(frames[i].data);
    EXPECT_EQ(dump(*data.find("sequence_number")), std::to_string(i));
    EXPECT_EQ(*data.find("type")->if_string(), frames[i].event);
    types.push_back(frames[i].event.substr(9));
  }
  EXPECT_EQ(types, (std::vector<std::string>{
                       "created", "in_progress", "output_item.added", "content_part.added",
                       "output_text.delta", "output_text.annotation.added", "output_text.done",
                       "content_part.done", "output_item.done", "output_item.added",
                       "function_call_arguments.delta", "function_call_arguments.done",
                       "output_item.done", "completed"}));
}

TEST(ResponseAnswers, ATrackOfAnotherAnswerNeverCutsACharacter) {
  const Json track = assemble(dialect(), short_stream()).track;
  const Json again = assemble(dialect(), dialect().write_stream(rich_body(), track)).body;
  EXPECT_TRUE(same_tree(again, rich_body())) << dump(again);
}

TEST(ResponseAnswers, OfACutStreamTheBodyIsWhatCame) {
  auto frames = short_stream();
  frames.resize(9);
  const StreamEnd end = assemble(dialect(), frames);
  EXPECT_FALSE(end.complete);
  EXPECT_TRUE(same_tree(end.body, parsed(R"({"id":"resp_2","object":"response","created_at":1,
    "status":"in_progress","model":"gpt-x","usage":null,"output":[{"id":"msg_2",
    "type":"message","status":"in_progress","role":"assistant","content":[
    {"type":"output_text","text":"Grüezi ☀","annotations":[{"type":"url_citation"}]}]},
    {"id":"fc_2","type":"function_call","call_id":"call_z","name":"now",
     "arguments":"{\"a\":"}]})")))
      << dump(end.body);
  checks::survives_cuts(dialect(), short_stream());
  checks::survives_cuts(dialect(), dialect().write_stream(rich_body(), Json()));
}

TEST(ResponseAnswers, AHostThatEndsWithoutOutputLosesNothing) {
  auto frames = short_stream();
  frames.back().data =
      R"({"type":"response.completed","response":{"object":"response","output":[]}})";
  const StreamEnd end = assemble(dialect(), frames);
  EXPECT_EQ(end.body.find("output")->if_array()->size(), 2U);
  checks::streams_again(dialect(), end.body, end.track);
}

TEST(ResponseAnswers, FramesThatMeanNothingAreKept) {
  checks::survives_garbage(dialect(), short_stream());
  checks::survives_garbage(dialect(), dialect().write_stream(rich_body(), Json()));
}

TEST(ResponseAnswers, AFailureInsideAStreamIsKeptBesideWhatCame) {
  auto frames = short_stream();
  frames.resize(6);
  frames.push_back(frame(400'000, R"({"type":"response.failed","response":{"id":"resp_2",
    "object":"response","status":"failed","output":[],
    "error":{"code":"server_error","message":"oops"}}})"));
  std::vector<FrameKind> kinds;
  const StreamEnd end = assemble(dialect(), frames, &kinds);
  EXPECT_EQ(kinds.back(), FrameKind::error);
  ASSERT_TRUE(end.error);
  const auto error = openai::read_error(200, *end.error);
  EXPECT_EQ(error.type, "server_error");
  EXPECT_TRUE(error.retryable);
  EXPECT_EQ(end.body.find("output")->if_array()->size(), 1U);

  frames.back() = frame(1, R"({"type":"error","code":"insufficient_quota","message":"pay"})");
  const StreamEnd other = assemble(dialect(), frames);
  EXPECT_FALSE(other.complete);
  EXPECT_EQ(openai::read_error(200, *other.error).type, "insufficient_quota");
  EXPECT_FALSE(openai::read_error(429, *other.error).retryable);
}

TEST(ResponseAnswers, AnAnswerOfAnotherFormatIsWrittenInThisOne) {
  ResponseReceived answer;
  answer.call_id = "c1";
  answer.message_id = "m7";
  answer.model = "claude-x";
  answer.finish_reason = FinishReason::length;
  answer.parts = {Part::make_thinking("hm"), Part::make_text("hello"),
                  Part::make_tool_call("toolu_9", 0)};
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
  EXPECT_EQ(*body.find("status")->if_string(), "incomplete");
  EXPECT_TRUE(same_tree(*body.find("output"), parsed(R"([
    {"type":"reasoning","id":"m7_0","summary":[{"type":"summary_text","text":"hm"}]},
    {"type":"message","id":"m7_1","role":"assistant","status":"completed","content":[
      {"type":"output_text","text":"hello","annotations":[]}]},
    {"type":"function_call","id":"m7_2","call_id":"toolu_9","name":"weather",
     "arguments":"{\"city\":\"Bern\"}","status":"completed"}])")))
      << dump(body);
  EXPECT_EQ(dump(*body.find("usage")->find("total_tokens")), "12");
  checks::streams_again(dialect(), body, Json());
}

TEST(ResponseAnswers, ErrorsSayWhetherToTryAgain) {
  const Json body = parsed(R"({"error":{"message":"slow down","type":"requests","param":null,
    "code":"rate_limit_exceeded"}})");
  EXPECT_EQ(openai::read_error(429, body).type, "requests");
  EXPECT_TRUE(openai::read_error(429, body).retryable);
  EXPECT_FALSE(openai::read_error(400, body).retryable);
  EXPECT_TRUE(openai::read_error(502, parsed("\"bad gateway\"")).retryable);
}

}  // namespace
}  // namespace hansard::events
