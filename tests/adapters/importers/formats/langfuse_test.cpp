#include "formats/langfuse.h"

#include "collect.h"
#include "formats/langfuse_messages.h"

namespace {

using namespace hansard;
using events::Json;
using importers::test::read;
using importers::test::text_of;
using importers::test::Told;
namespace langfuse = importers::langfuse;

Json json(std::string_view text) {
  auto parsed = events::parse_json(text);
  EXPECT_TRUE(parsed) << text;
  return parsed ? *parsed : Json();
}

Told trace(std::string_view observations, std::string_view more = "") {
  return read(
      importers::langfuse_reader,
      R"({"path":"p","export":{"trace":{"id":"T","projectId":"P","name":"run",)"
      R"("timestamp":"2025-06-11T14:01:32.598Z","userId":"u1","sessionId":"S","tags":["dev"])" +
          std::string(more) + R"(},"observations":[)" + std::string(observations) + "]}}");
}

/// A generation; `more` continues the object.
std::string generation(std::string_view id, std::string_view second, std::string_view input,
                       std::string_view output, std::string_view more = "") {
  Json in = input.empty() ? Json() : Json(input);
  Json out = output.empty() ? Json() : Json(output);
  return R"({"id":")" + std::string(id) +
         R"(","type":"GENERATION","name":"chat","model":"gpt-4o",)" +
         R"("startTime":"2025-06-11T14:01:)" + std::string(second) +
         R"(.000Z","endTime":"2025-06-11T14:01:)" + std::string(second) + R"(.500Z","input":)" +
         dump(in) + R"(,"output":)" + dump(out) + std::string(more) + "}";
}

constexpr std::string_view kAsk = R"([{"role":"user","content":"Weather?"}])";
constexpr std::string_view kCalls =
    R"({"role":"assistant","content":"","tool_calls":[{"id":"c1","type":"function",
        "function":{"name":"weather","arguments":"{\"city\":\"Rome\"}"}}]})";
constexpr std::string_view kAgain =
    R"([{"role":"user","content":"Weather?"},
        {"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"function",
          "function":{"name":"weather","arguments":{"city":"Rome"}}}]},
        {"role":"tool","tool_call_id":"c1","content":"sunny"}])";
constexpr std::string_view kTool =
    R"({"id":"o2","type":"TOOL","name":"weather","startTime":"2025-06-11T14:01:02.000Z",
        "endTime":"2025-06-11T14:01:02.250Z","input":"{\"city\":\"Rome\"}","output":"sunny"})";

std::string loop() {
  return generation("o1", "01", kAsk, kCalls) + "," + std::string(kTool) + "," +
         generation("o3", "03", kAgain, "It is sunny.",
                    R"(,"usageDetails":{"input":30,"output":5,"total":35})");
}

TEST(Langfuse, ATraceIsASessionWithItsUserTagsAndTime) {
  const Told told = trace("");
  const auto& piece = told.only();
  EXPECT_EQ(piece.session.id, "T");
  EXPECT_EQ(piece.create.user, "u1");
  EXPECT_EQ(piece.create.title, "run");
  EXPECT_EQ(core::format_time(*piece.created_at), "2025-06-11T14:01:32.598000Z");
  const events::StringMap tags = {{"langfuse_session", "S"}, {"dev", "true"}};
  EXPECT_EQ(piece.create.tags, tags);
}

TEST(Langfuse, MessagesSentAgainAreStoredOnceAndNamedByTheWindow) {
  const Told told = trace(loop());
  EXPECT_EQ(told.steps<events::SendMessage>().size(), 1U);
  EXPECT_EQ(told.steps<events::RecordResponse>().size(), 2U);
  EXPECT_EQ(told.steps<events::CompleteTool>().size(), 1U);
  const auto asked = told.steps<events::RequestResponse>();
  ASSERT_EQ(asked.size(), 2U);
  EXPECT_EQ(asked[0].window->message_ids, std::vector<std::string>{"o1.in0"});
  EXPECT_EQ(asked[1].window->message_ids.size(), 3U);
  EXPECT_EQ(asked[1].window->message_ids[1], "o1");
  EXPECT_EQ(told.only().attached, 0U);
}

TEST(Langfuse, AnInputWrittenOutAsTextRepeatsWhatIsKnown) {
  const Told told = trace(
      generation("o1", "01", "user: Weather?", kCalls) + "," + std::string(kTool) + "," +
      generation("o3", "03", "user: Weather?\nassistant: None\ntool: sunny\n", "It is sunny."));
  EXPECT_EQ(told.only().messages, 3U);
  EXPECT_EQ(told.only().attached, 0U);
  const auto asked = told.steps<events::RequestResponse>();
  EXPECT_EQ(asked.at(1).window->message_ids.size(), 3U);
}

TEST(Langfuse, ACallHasItsModelUsageLatencyAndTimes) {
  const Told told = trace(loop());
  const auto answer = told.steps<events::RecordResponse>().at(1);
  EXPECT_EQ(answer.model, "gpt-4o");
  EXPECT_EQ(answer.latency_us, 500000U);
  EXPECT_EQ(answer.usage->input_text, 30U);
  EXPECT_EQ(answer.usage_source, events::UsageSource::imported);
  EXPECT_FALSE(told.steps<events::RecordResponse>().at(0).usage) << "not told";
  EXPECT_FALSE(answer.ttft_us);
  const Told first = trace(
      generation("o", "01", kAsk, "x", R"(,"completionStartTime":"2025-06-11T14:01:01.125Z")"));
  EXPECT_EQ(first.steps<events::RecordResponse>().at(0).ttft_us, 125000U);
}

TEST(Langfuse, AToolObservationIsTheResultOfItsCall) {
  const auto result = trace(loop()).steps<events::CompleteTool>().at(0);
  EXPECT_EQ(result.tool_call_id, "c1");
  EXPECT_EQ(result.message_id, "o1");
  EXPECT_EQ(result.duration_us, 250000U);
  EXPECT_EQ(dump(result.output), R"("sunny")");
}

TEST(Langfuse, AToolThatNobodyAskedForIsACallOfItsOwn) {
  const Told told = trace(kTool);
  EXPECT_EQ(told.steps<events::CallTool>().at(0).message_id, "o2");
  EXPECT_EQ(told.steps<events::CompleteTool>().at(0).message_id, "o2");
}

TEST(Langfuse, OrderInTheExportDoesNotMatter) {
  const std::string a = generation("o1", "01", kAsk, kCalls);
  const std::string b = generation("o3", "03", kAgain, "It is sunny.");
  const std::string span =
      R"({"id":"s","type":"SPAN","name":"graph","startTime":"2025-06-11T14:01:00Z"})";
  const Told one = trace(a + "," + std::string(kTool) + "," + b + "," + span);
  const Told other = trace(span + "," + b + "," + a + "," + std::string(kTool));
  EXPECT_EQ(one.attached_at(), other.attached_at());
  ASSERT_EQ(one.only().steps.size(), other.only().steps.size());
  for (std::size_t i = 0; i < one.only().steps.size(); ++i) {
    EXPECT_EQ(one.only().steps[i].step.index(), other.only().steps[i].step.index());
    EXPECT_EQ(one.only().steps[i].occurred_at, other.only().steps[i].occurred_at);
  }
}

TEST(Langfuse, AGenerationAroundAnotherIsNotCountedAgain) {
  const std::string completion =
      R"({"model":"gpt-4o-2024","choices":[{"finish_reason":"stop","message":
          {"role":"assistant","content":"Hi"}}]})";
  const Told told = trace(
      generation("outer", "01", kAsk, completion, R"(,"usageDetails":{"input":9,"output":9})") +
      "," +
      generation("inner", "01", "", "",
                 R"(,"parentObservationId":"outer","usageDetails":{"input":4,"output":1})"));
  const auto answers = told.steps<events::RecordResponse>();
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].call_id, "inner");
  EXPECT_EQ(answers[0].usage->input_text, 4U);
  EXPECT_EQ(text_of(answers[0].parts), "Hi") << "what the inner one lacks comes from around it";
  EXPECT_EQ(answers[0].finish_reason, events::FinishReason::stop);
  EXPECT_EQ(told.only().attached, 1U);
}

TEST(Langfuse, AnOutputCalledNoneIsWhatTheLayerAroundItSaysOrItself) {
  const Told wrapped =
      trace(generation("outer", "01", kAsk, kCalls) + "," +
            generation("inner", "01", kAsk, "None", R"(,"parentObservationId":"outer")"));
  EXPECT_EQ(wrapped.steps<events::CallTool>().size(), 1U);
  const Told alone = trace(generation("inner", "01", kAsk, "None"));
  EXPECT_EQ(text_of(alone.steps<events::RecordResponse>().at(0).parts), "None");
}

TEST(Langfuse, AnErrorIsAFailedCall) {
  const Told told =
      trace(generation("o", "01", kAsk, "", R"(,"level":"ERROR","statusMessage":"rate limited")") +
            R"(,{"id":"t","type":"TOOL","name":"f","level":"ERROR",
                              "startTime":"2025-06-11T14:01:05Z","endTime":"2025-06-11T14:01:06Z",
                              "statusMessage":"no","input":null,"output":null})");
  EXPECT_EQ(dump(*told.steps<events::FailResponse>().at(0).error), R"("rate limited")");
  EXPECT_TRUE(told.steps<events::RecordResponse>().empty());
  EXPECT_EQ(dump(told.steps<events::FailTool>().at(0).error), R"("no")");
}

TEST(Langfuse, ACallThatHasNotEndedIsOnlyAsked) {
  const Told told = trace(
      R"({"id":"o","type":"GENERATION","startTime":"2025-06-11T14:01:05Z","endTime":null,
          "input":"hi","output":null})");
  EXPECT_EQ(told.steps<events::RequestResponse>().size(), 1U);
  EXPECT_TRUE(told.steps<events::RecordResponse>().empty());
}

TEST(Langfuse, OtherObservationsAndUnknownFormsAreAttached) {
  const Told told =
      trace(R"({"id":"s","type":"SPAN","name":"graph","startTime":"2025-06-11T14:01:00Z"},)" +
            generation("o", "01", R"({"content":"role"})", R"({"odd":1})"));
  EXPECT_EQ(told.only().attached, 2U) << "the span and the input; the output is what was said";
  EXPECT_EQ(text_of(told.steps<events::RecordResponse>().at(0).parts), R"({"odd":1})");
}

TEST(Langfuse, ScoresNameTheCallTheyJudge) {
  const Told told = trace(generation("o", "01", kAsk, "x"),
                          R"(,"scores":[
        {"id":"s1","name":"good","value":0.5,"dataType":"NUMERIC","source":"EVAL","comment":"so",
         "observationId":"o","timestamp":"2025-06-11T15:00:00Z"},
        {"id":"s2","name":"kind","value":0,"stringValue":"polite","dataType":"CATEGORICAL"},
        {"id":"s3","name":"ok","value":1,"dataType":"BOOLEAN"},
        {"id":"s4","name":"none","value":null}],
      "corrections":[{"id":"k1","name":"output","value":0,"longStringValue":"better"}])");
  const auto scores = told.steps<events::RecordScore>();
  ASSERT_EQ(scores.size(), 3U);
  EXPECT_EQ(scores[0].target_id, "o");
  EXPECT_EQ(scores[0].evaluator, "EVAL");
  EXPECT_EQ(dump(scores[1].value), R"("polite")");
  EXPECT_EQ(dump(scores[2].value), "true");
  EXPECT_EQ(told.only().attached, 2U);
}

TEST(Langfuse, WhatFrameworksCallAMessageIsUnderstood) {
  struct Case {
    std::string_view theirs, ours;
  };
  const Case cases[] = {
      {R"({"type":"human","content":"a"})", R"({"role":"user","content":"a","type":"human"})"},
      {R"({"lc":1,"type":"constructor","id":["x","HumanMessage"],"kwargs":{"content":"a"}})",
       R"({"role":"user","content":"a"})"},
      {R"({"role":"user","parts":[{"type":"text","content":"a"}]})",
       R"({"role":"user","content":"a"})"},
      {R"({"role":"model","parts":[{"text":"a"}]})", R"({"role":"assistant","content":"a"})"},
      {R"({"role":"assistant","content":[{"type":"tool_use","id":"i","name":"f","input":{}}]})",
       R"({"role":"assistant","content":null,"tool_calls":[{"id":"i","type":"function","function":{"name":"f","arguments":{}}}]})"},
      {R"({"role":"get_weather","content":"sunny"})",
       R"({"role":"tool","content":"sunny","name":"get_weather"})"},
  };
  for (const Case& each : cases) {
    const auto read = langfuse::openai_message(json(each.theirs));
    ASSERT_TRUE(read) << each.theirs;
    EXPECT_EQ(dump(*read), each.ours);
  }
  EXPECT_FALSE(langfuse::openai_message(json(R"({"content":"role"})")));
  EXPECT_FALSE(langfuse::openai_message(json("3")));
}

TEST(Langfuse, InputsOfFrameworksAreUnderstood) {
  const auto roles = [](std::string_view text) {
    std::string all;
    for (const Json& message : langfuse::read_input(json(text)).messages) {
      all += *message.find("role")->if_string() + " ";
    }
    return all;
  };
  EXPECT_EQ(roles(R"({"prompt":"a","system":"b"})"), "system user ");
  EXPECT_EQ(roles(R"({"contents":"a","model":"m"})"), "user ");
  EXPECT_EQ(roles(R"({"args":["a"]})"), "user ");
  EXPECT_EQ(roles(R"("\"[{\\\"role\\\":\\\"user\\\",\\\"content\\\":\\\"a\\\"}]\"")"), "user ");
  EXPECT_EQ(roles(R"("system: be kind\nuser: hi")"), "system user ");
  EXPECT_EQ(roles(R"({"messages":["role='user' content='a'"]})"), "");
  const auto tools = langfuse::read_input(json(
                                              R"([{"role":"user","content":"a"},
          {"role":"tool","content":{"type":"function","function":{"name":"f"}}}])"))
                         .tools;
  ASSERT_TRUE(tools);
  EXPECT_EQ(tools->if_array()->size(), 1U);
}

TEST(Langfuse, TheTotalTellsWhetherDetailsAreInside) {
  const auto usage = [](std::string_view text) { return langfuse::usage_of(json(text)); };
  const auto beside = usage(R"({"input":179,"output":35,"total":278,"output_reasoning":64})");
  EXPECT_EQ(beside.output_text, 35U);
  EXPECT_EQ(beside.output_reasoning, 64U);
  const auto inside =
      usage(R"({"total":2061,"input":6,"completion_details.reasoning":1104,"output":2055})");
  EXPECT_EQ(inside.output_text, 951U);
  EXPECT_EQ(inside.output_reasoning, 1104U);
  EXPECT_FALSE(usage("{}").input_text);
}

TEST(Langfuse, WhatIsNoExportIsRefused) {
  const Told told = read(importers::langfuse_reader,
                         "{\"trace\":{},\"observations\":[]}\n{\"trace\":{\"id\":\"t\"}}\n"
                         "{\"trace\":{\"id\":\"t\"},\"observations\":[{}]}\n");
  ASSERT_EQ(told.failed.size(), 3U);
  EXPECT_EQ(told.failed[0].second.field, "trace.id");
  EXPECT_EQ(told.failed[1].second.field, "observations");
  EXPECT_EQ(told.failed[2].second.field, "observations[0]");
}

}  // namespace
