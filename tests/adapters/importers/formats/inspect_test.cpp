#include "formats/inspect.h"

#include "collect.h"
#include "formats/inspect_sample.h"

namespace {

using namespace hansard;
using importers::test::read;
using importers::test::text_of;
using importers::test::Told;

Told inspect(std::string_view text) { return read(importers::inspect_reader, text); }

constexpr std::string_view kHeader = R"("version":2,"status":"success","eval":{"run_id":"R",
  "task_id":"T","task":"math","model":"openai/gpt-4o","created":"2025-07-05T09:59:40-04:00"},
  "results":{"scores":[{"name":"match","scorer":"match","metrics":{"accuracy":{"name":"accuracy",
  "value":0.5}}}]},"stats":{"completed_at":"2025-07-05T10:00:00+00:00"})";

std::string log(std::string_view sample) {
  return "{" + std::string(kHeader) + ",\"samples\":[" + std::string(sample) + "]}";
}

constexpr std::string_view kSample = R"({"id":1,"epoch":2,"target":"4",
  "messages":[
    {"id":"q","role":"user","content":"attachment://aa","source":"input"},
    {"id":"a1","role":"assistant","content":"Let me see.","tool_calls":[
      {"id":"t1","function":"bash","arguments":{"cmd":"ls"},"type":"function"}]},
    {"id":"r1","role":"tool","tool_call_id":"t1","function":"bash","content":"x"},
    {"id":"a2","role":"assistant","content":"4"}],
  "output":{"model":"gpt-4o-2024","choices":[{"message":{"id":"a2","role":"assistant","content":"4"},
    "stop_reason":"stop"}],"usage":{"input_tokens":9,"output_tokens":1,"total_tokens":10}},
  "scores":{"match":{"value":"C","answer":"4","explanation":"same"}},
  "attachments":{"aa":"2+2?"},
  "events":[
    {"event":"sample_init","timestamp":"2025-07-05T09:59:41+00:00"},
    {"event":"model","uuid":"e1","model":"openai/gpt-4o","timestamp":"2025-07-05T10:00:00+00:00",
     "completed":"2025-07-05T10:00:02+00:00","config":{"temperature":0.5},
     "tools":[{"name":"bash"}],"input":[{"role":"user","content":"attachment://aa"}],
     "output":{"model":"gpt-4o-2024","choices":[{"message":{"id":"a1","role":"assistant",
       "content":"Let me see."},"stop_reason":"tool_calls"}],
       "usage":{"input_tokens":20,"output_tokens":10,"total_tokens":30,
                "input_tokens_cache_read":5,"reasoning_tokens":4},"time":1.5}},
    {"event":"tool","id":"t1","function":"bash","timestamp":"2025-07-05T10:00:03+00:00",
     "completed":"2025-07-05T10:00:03.250000+00:00"},
    {"event":"model","model":"openai/gpt-4o","timestamp":"2025-07-05T10:00:04+00:00",
     "output":{"model":"gpt-4o-2024","choices":[{"message":{"id":"a2","role":"assistant",
       "content":"4"},"stop_reason":"stop"}],"usage":{"input_tokens":9,"output_tokens":1}}},
    {"event":"model","model":"openai/judge","timestamp":"2025-07-05T10:00:05+00:00",
     "input":[{"role":"user","content":"Is 4 right?"}],
     "output":{"model":"judge-1","choices":[{"message":{"role":"assistant","content":"Yes"},
       "stop_reason":"stop"}],"usage":{"input_tokens":7,"output_tokens":2}}},
    {"event":"info","data":"note","timestamp":"2025-07-05T10:00:06+00:00"}]})";

TEST(Inspect, ALogItsSamplesAndItsCallsOutsideAreSessions) {
  const Told told = inspect(log(kSample));
  ASSERT_EQ(told.pieces.size(), 3U);
  EXPECT_TRUE(told.failed.empty());
  EXPECT_EQ(told.pieces[0].session.id, "inspect-R-T");
  EXPECT_EQ(told.pieces[1].session.id, "inspect-R-T-1-2");
  EXPECT_EQ(told.pieces[2].session.id, "inspect-R-T-1-2-call0");
  EXPECT_EQ(told.pieces[0].messages, 0U);
  EXPECT_EQ(told.pieces[1].messages, 4U);
}

TEST(Inspect, AttachedTextsStandWhereTheyWereNamed) {
  const Told told = inspect(log(kSample));
  EXPECT_EQ(text_of(told.steps<events::SendMessage>().at(0).parts), "2+2?");
  const Told missing =
      inspect(R"({"id":1,"epoch":1,"messages":[{"role":"user","content":"attachment://bb"}]})");
  EXPECT_EQ(text_of(missing.steps<events::SendMessage>().at(0).parts), "attachment://bb");
  EXPECT_EQ(missing.only().unplaced.at(0).reason, "attachment://bb is not in the log");
}

TEST(Inspect, AModelEventGivesItsAnswerModelUsageTimeAndLatency) {
  const Told told = inspect(log(kSample));
  const auto answers = told.steps<events::RecordResponse>();
  ASSERT_EQ(answers.size(), 3U);
  EXPECT_EQ(answers[0].model, "gpt-4o-2024");
  EXPECT_EQ(answers[0].provider, "openai");
  EXPECT_EQ(answers[0].finish_reason, events::FinishReason::tool_call);
  EXPECT_EQ(answers[0].latency_us, 1500000U);
  ASSERT_TRUE(answers[0].usage);
  EXPECT_EQ(answers[0].usage->input_text, 15U);
  EXPECT_EQ(answers[0].usage->input_cache_read, 5U);
  EXPECT_EQ(answers[0].usage->output_text, 6U);
  EXPECT_EQ(answers[0].usage->output_reasoning, 4U);
  EXPECT_EQ(answers[0].usage_source, events::UsageSource::imported);
  EXPECT_FALSE(answers[1].latency_us) << "no end, no latency";
  const auto asked = told.steps<events::RequestResponse>();
  ASSERT_EQ(asked.size(), 3U);
  EXPECT_EQ(asked[0].call_id, answers[0].call_id);
  EXPECT_EQ(asked[0].model, "gpt-4o");
  EXPECT_EQ(dump(*asked[0].tools), R"([{"name":"bash"}])");
  for (const auto& step : told.pieces[1].steps) {
    const auto* answer = std::get_if<events::RecordResponse>(&step.step);
    if (answer != nullptr && answer->message_id == "a1") {
      EXPECT_EQ(core::format_time(*step.occurred_at), "2025-07-05T10:00:02.000000Z");
    }
  }
}

TEST(Inspect, AToolCallKeepsItsArgumentsAsAnObjectAndItsResultTheDuration) {
  const Told told = inspect(log(kSample));
  const auto call = told.steps<events::CallTool>().at(0);
  EXPECT_EQ(dump(call.arguments), R"({"cmd":"ls"})");
  const auto result = told.steps<events::CompleteTool>().at(0);
  EXPECT_EQ(result.message_id, "a1");
  EXPECT_EQ(result.duration_us, 250000U);
}

TEST(Inspect, ACallThatIsNoAnswerOfTheConversationStandsBesideIt) {
  const Told told = inspect(log(kSample));
  const auto& beside = told.pieces[2];
  EXPECT_EQ(beside.messages, 2U);
  const auto& tags = beside.create.tags;
  EXPECT_EQ(tags.back(), (std::pair<std::string, std::string>("called_by", "inspect-R-T-1-2")));
  EXPECT_EQ(told.steps<events::RecordResponse>().at(2).usage->input_text, 7U);
}

TEST(Inspect, ScoresAndMetricsAreScores) {
  const Told told = inspect(log(kSample));
  const auto scores = told.steps<events::RecordScore>();
  ASSERT_EQ(scores.size(), 2U);
  EXPECT_EQ(scores[0].name, "match.accuracy");
  EXPECT_EQ(dump(scores[0].value), "0.5");
  EXPECT_EQ(scores[1].name, "match");
  EXPECT_EQ(dump(scores[1].value), R"("C")");
  EXPECT_EQ(scores[1].comment, "same");
  EXPECT_EQ(scores[1].score_id, R"(match:"C")");
}

TEST(Inspect, ALogWrittenAnewByAnotherVersionSaysTheSame) {
  std::string anew(kSample);
  anew.replace(anew.find("\"uuid\":\"e1\""), 11, "\"uuid\":\"e1\",\"working_start\":1.5");
  const auto asked = inspect(log(anew)).steps<events::RequestResponse>();
  EXPECT_EQ(dump(*asked.at(0).metadata), R"({"uuid":"e1"})");
  EXPECT_FALSE(inspect(log(kSample)).steps<events::RecordScore>().at(0).metadata);
}

TEST(Inspect, OtherEventsAreAttachedOneByOne) {
  const Told told = inspect(log(kSample));
  EXPECT_EQ(told.pieces[1].attached, 2U);
  const std::vector<std::string> places = {"eval", "events[0]", "events[5]"};
  EXPECT_EQ(told.attached_at(), places);
}

TEST(Inspect, WithoutEventsTheOutputSpeaksForTheLastAnswerOnly) {
  const Told told = inspect(R"({"id":1,"epoch":1,"messages":[
      {"role":"assistant","content":"x"},{"role":"user","content":"again"},
      {"role":"assistant","content":"x"}],
    "output":{"model":"m","choices":[{"message":{"role":"assistant","content":"x"},
      "stop_reason":"stop"}],"usage":{"input_tokens":3,"output_tokens":1},"time":0.5},
    "model_usage":{"p/m":{"input_tokens":9,"output_tokens":2}}})");
  const auto answers = told.steps<events::RecordResponse>();
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_FALSE(answers[0].usage || answers[0].model);
  EXPECT_EQ(answers[1].usage->input_text, 3U);
  EXPECT_EQ(answers[1].latency_us, 500000U);
  EXPECT_NE(told.only().create.metadata->find("model_usage"), nullptr);
}

TEST(Inspect, AToolMessageWithAnErrorFailed) {
  const Told told = inspect(R"({"id":1,"epoch":1,"messages":[
      {"role":"tool","content":"..","tool_call_id":"b1","function":"bash",
       "error":{"type":"timeout","message":"too slow"}}]})");
  const auto failed = told.steps<events::FailTool>();
  ASSERT_EQ(failed.size(), 1U);
  EXPECT_EQ(failed[0].error_type, "timeout");
  EXPECT_EQ(failed[0].tool, "bash");
  EXPECT_EQ(told.only().attached, 1U) << "its call is not in the log";
}

TEST(Inspect, AModelEventWithAnErrorIsAFailedCall) {
  const Told told = inspect(R"({"id":1,"epoch":1,"messages":[{"role":"user","content":"x"}],
    "error":{"message":"boom"},
    "events":[{"event":"model","model":"p/m","error":"rate limit",
               "timestamp":"2025-07-05T10:00:04+00:00","output":{"choices":[]}}]})");
  const auto failed = told.steps<events::FailResponse>();
  ASSERT_EQ(failed.size(), 1U);
  EXPECT_EQ(dump(*failed[0].error), R"("rate limit")");
  EXPECT_EQ(told.steps<events::EndSession>().at(0).reason, "error");
  EXPECT_EQ(told.steps<events::EndSession>().at(0).comment, "boom");
}

TEST(Inspect, ReasoningIsThinking) {
  const Told told = inspect(R"({"id":1,"epoch":1,"messages":[{"role":"assistant","content":[
      {"type":"reasoning","reasoning":"hm","signature":"s"},{"type":"text","text":"4"}]}]})");
  const auto parts = told.steps<events::RecordResponse>().at(0).parts;
  ASSERT_EQ(parts.size(), 2U);
  EXPECT_EQ(parts[0].kind(), "thinking");
  EXPECT_EQ(parts[0].text(), "hm");
  EXPECT_EQ(parts[1].text(), "4");
}

TEST(Inspect, TotalTokensTellWhetherCachedOnesAreInside) {
  const auto usage = [](std::string_view text) {
    return importers::inspect::usage_of(*events::parse_json(text));
  };
  EXPECT_EQ(usage(R"({"input_tokens":10,"output_tokens":2,"total_tokens":12,
                      "input_tokens_cache_read":4})")
                .input_text,
            6U);
  EXPECT_EQ(usage(R"({"input_tokens":10,"output_tokens":2,"total_tokens":16,
                      "input_tokens_cache_read":4})")
                .input_text,
            10U);
  EXPECT_FALSE(usage(R"({"output_tokens":2})").input_text);
}

TEST(Inspect, AHeaderNamesTheSamplesThatFollowIt) {
  const Told told =
      inspect("{" + std::string(kHeader) + "}\n{\"id\":\"s\",\"epoch\":1,\"messages\":[]}\n");
  ASSERT_EQ(told.pieces.size(), 2U);
  EXPECT_EQ(told.pieces[1].session.id, "inspect-R-T-s-1");
}

TEST(Inspect, WhatIsNoLogIsRefused) {
  const Told told =
      inspect("{\"description\":\"x\",\"events\":[]}\n{\"eval\":{},\"samples\":{}}\n");
  ASSERT_EQ(told.failed.size(), 2U);
  EXPECT_EQ(told.failed[0].second.field, "eval");
  EXPECT_EQ(told.failed[1].second.field, "samples");
}

}  // namespace
