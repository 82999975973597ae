#include "formats/swe_agent.h"

#include "collect.h"

namespace {

using namespace hansard;
using importers::test::read;
using importers::test::text_of;
using importers::test::Told;

Told swe_agent(std::string_view text) { return read(importers::swe_agent_reader, text); }

constexpr std::string_view kPlain = R"({"path":"a.traj","traj":{"environment":"swe_main",
  "trajectory":[
    {"action":"ls -F\n","observation":"a.py","response":"Look.\n```\nls -F\n```","state":"{}",
     "thought":"Look.\n","execution_time":0.25},
    {"action":"submit\n","observation":"diff","response":"Done","state":"{}","thought":"Done"}],
  "history":[
    {"role":"system","content":"SETTING","agent":"primary"},
    {"role":"user","content":"Fix it","agent":"primary"},
    {"role":"assistant","content":"Look.\n```\nls -F\n```","thought":"Look.\n",
     "action":"ls -F\n","agent":"primary"},
    {"role":"user","content":"a.py\n(Open file: none) ","agent":"primary"},
    {"role":"assistant","content":"Done","thought":"Done","action":"submit\n","agent":"primary"}],
  "info":{"exit_status":"submitted","submission":"diff",
          "model_stats":{"tokens_sent":100,"api_calls":2}}}})";

TEST(SweAgent, TheHistoryIsTheConversation) {
  const Told told = swe_agent(kPlain);
  EXPECT_EQ(told.only().messages, 5U);
  EXPECT_EQ(told.only().attached, 0U);
  const auto answers = told.steps<events::RecordResponse>();
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_EQ(text_of(answers[1].parts), "Done");
  EXPECT_EQ(told.only().session.prefix, "swe-agent-");
}

TEST(SweAgent, AnActionWithoutToolCallsIsACallOfTheStepAndItsObservationTheResult) {
  const Told told = swe_agent(kPlain);
  const auto calls = told.steps<events::CallTool>();
  const auto results = told.steps<events::CompleteTool>();
  ASSERT_EQ(calls.size(), 2U);
  ASSERT_EQ(results.size(), 2U);
  EXPECT_EQ(calls[0].tool, "action");
  EXPECT_EQ(dump(calls[0].arguments), R"("ls -F\n")");
  EXPECT_EQ(dump(results[0].output), R"("a.py")");
  EXPECT_EQ(results[0].duration_us, 250000U);
  EXPECT_FALSE(results[1].duration_us);
  const auto answer = told.steps<events::RecordResponse>().at(0);
  EXPECT_EQ(dump(*answer.metadata), R"({"step":0,"state":"{}","execution_time":0.25})")
      << "the rest is in the call";
  for (const auto& part : answer.parts) {
    EXPECT_EQ(part.kind(), "text") << "what the model said stays as it was";
  }
}

TEST(SweAgent, SumsOverTheRunAreNeverDividedOverItsCalls) {
  const Told told = swe_agent(kPlain);
  for (const auto& answer : told.steps<events::RecordResponse>()) {
    EXPECT_FALSE(answer.usage || answer.raw_usage || answer.model);
  }
  const auto& info = *told.only().create.metadata->find("info");
  EXPECT_EQ(dump(*info.find("model_stats")), R"({"tokens_sent":100,"api_calls":2})");
}

TEST(SweAgent, TheExitStatusEndsTheSession) {
  EXPECT_EQ(swe_agent(kPlain).steps<events::EndSession>().at(0).reason, "submitted");
  const Told odd = swe_agent(
      R"({"history":[{"role":"user","content":"x"}],"info":{"exit_status":"Exit: Cost"}})");
  EXPECT_EQ(odd.steps<events::EndSession>().at(0).reason, "exit__cost");
  EXPECT_EQ(odd.steps<events::EndSession>().at(0).comment, "Exit: Cost");
}

TEST(SweAgent, ToolCallsOfTheHistoryAreBoundByTheirIds) {
  const Told told = swe_agent(R"({"history":[
    {"role":"assistant","content":"x","tool_calls":[{"id":"call_1","type":"function",
       "function":{"name":"find_file","arguments":"{}"}}]},
    {"role":"tool","content":"Found","tool_call_ids":["call_1"]}],
    "trajectory":[{"action":"find_file","observation":"Found!","response":"x"}]})");
  const auto calls = told.steps<events::CallTool>();
  ASSERT_EQ(calls.size(), 1U) << "the step is that call";
  EXPECT_EQ(calls[0].tool, "find_file");
  const auto results = told.steps<events::CompleteTool>();
  ASSERT_EQ(results.size(), 1U);
  EXPECT_EQ(results[0].message_id, calls[0].message_id);
  const auto metadata = told.steps<events::RecordResponse>().at(0).metadata;
  EXPECT_EQ(dump(*metadata), R"({"step":0,"action":"find_file","observation":"Found!"})");
}

TEST(SweAgent, AStepWithoutAnAnswerIsAttached) {
  const Told told = swe_agent(R"({"history":[{"role":"user","content":"q"},
      {"role":"assistant","content":"a","action":"one"}],
    "trajectory":[{"action":"zero","response":"other","observation":""},
                  {"action":"one","response":"a","observation":"ok"}]})");
  EXPECT_EQ(told.only().attached, 1U);
  EXPECT_EQ(told.attached_at().at(0), "trajectory[0]");
  EXPECT_EQ(told.steps<events::CallTool>().size(), 1U);
}

TEST(SweAgent, WhatTheModelWasSentInAnotherFormIsAttachedOnce) {
  const std::string q = R"({"role":"user","content":"q"})";
  const std::string cut = R"({"role":"user","content":"omitted"})";
  const std::string a = R"({"role":"assistant","content":"a"})";
  const std::string b = R"({"role":"assistant","content":"b"})";
  const Told told = swe_agent("{\"history\":[" + q + "," + a + "," + b + "],\"trajectory\":[" +
                              R"({"response":"a","messages":[)" + q + "]}," +
                              R"({"response":"b","messages":[)" + cut + "," + a + "]}," +
                              R"({"response":"c","messages":[)" + cut + "," + a + "," + b + "]}]}");
  const std::vector<std::string> places = {"trajectory[1].messages[0]", "trajectory[2]"};
  EXPECT_EQ(told.attached_at(), places);
}

TEST(SweAgent, ARunKeepsItsNameAsItGrows) {
  const auto seed = [](const std::string& more) {
    return swe_agent(
               R"({"history":[{"role":"user","content":"q"},{"role":"assistant","content":"a"})" +
               more + "]}")
        .only()
        .session.seed;
  };
  EXPECT_EQ(seed(""), seed(R"(,{"role":"user","content":"more"})"));
}

TEST(SweAgent, WithoutAHistoryItIsRefused) {
  const Told told = swe_agent(
      "{\"history\":[]}\n{\"history\":[{\"role\":\"user\",\"content\":\"x\"}],\"trajectory\":[1]}"
      "\n");
  ASSERT_EQ(told.failed.size(), 2U);
  EXPECT_EQ(told.failed[0].second.field, "history");
  EXPECT_EQ(told.failed[1].second.field, "trajectory[0]");
}

}  // namespace
