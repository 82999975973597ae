#include "events/dialects/anthropic/messages.h"

#include <gtest/gtest.h>

namespace hansard::events::anthropic {
namespace {

Json json(std::string_view text) { return parse_json(text).value(); }

std::vector<SessionStep> steps_of(std::string_view text) {
  auto steps = read_message(json(text), {"m1", "c1"}, "message");
  EXPECT_TRUE(steps) << steps.error().message;
  return steps ? *std::move(steps) : std::vector<SessionStep>{};
}

/// The message written from what was read.
Json written(std::string_view text) {
  std::vector<SessionEvent> results;
  std::vector<ToolCalled> calls;
  const MessageSent* sent = nullptr;
  const ResponseReceived* answer = nullptr;
  const auto steps = steps_of(text);
  for (const auto& step : steps) {
    if (const auto* done = std::get_if<CompleteTool>(&step)) results.emplace_back(*done);
    if (const auto* failed = std::get_if<FailTool>(&step)) results.emplace_back(*failed);
    if (const auto* call = std::get_if<CallTool>(&step)) {
      ToolCalled event;
      event.tool_call_id = call->tool_call_id;
      event.index = *call->index;
      event.tool = call->tool;
      event.arguments = call->arguments;
      calls.push_back(std::move(event));
    }
    if (const auto* each = std::get_if<SendMessage>(&step)) sent = each;
    if (const auto* each = std::get_if<RecordResponse>(&step)) answer = each;
  }
  if (answer != nullptr) return write_message(*answer, calls);
  return sent != nullptr ? write_message(*sent, results) : write_results(results);
}

TEST(AnthropicMessages, EveryMessageComesOutEqualAsATree) {
  for (const std::string_view text : {
           R"({"role":"user","content":"hi"})",
           R"({"role":"user","content":[{"type":"text","text":"hi"}]})",
           R"({"role":"user","content":[]})",
           R"({"role":"user","content":[{"type":"text","text":"a","cache_control":{"type":"e"}},
               {"type":"image","source":{"type":"base64","data":"x"}}],"odd":1.50})",
           R"({"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":"ok"},
               {"type":"tool_result","tool_use_id":"t2","is_error":true,"content":[]}]})",
           R"({"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","is_error":false},
               {"type":"text","text":"go on"},
               {"type":"tool_result","tool_use_id":"t2","content":{"a":1}}]})",
           R"({"role":"user","content":[{"type":"tool_result","tool_use_id":"t1"}],"odd":true})",
           R"({"role":"system","content":"Be brief."})",
           R"({"role":"assistant","content":"hello"})",
           R"({"role":"assistant","content":[]})",
           R"({"role":"assistant","content":[{"type":"thinking","thinking":"hm","signature":"s"},
               {"type":"redacted_thinking","data":"x"},{"type":"text","text":"a"},
               {"type":"tool_use","id":"t1","name":"f","input":{"a":1.0},"caller":{"type":"d"}},
               {"type":"tool_use","id":"t2","name":"g"},
               {"type":"tool_use","id":"t3","name":"h","input":"{}"},
               {"type":"server_tool_use","id":"s1","name":"web_search","input":{}},
               {"type":"tool_call","odd":1},{"type":"thinking","text":"no thinking"}]})",
           R"({"id":"m1","type":"message","role":"assistant","model":"x","content":[],
               "stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":1}})",
           R"({"id":"other","type":"message","role":"assistant","model":"","content":"a",
               "stop_reason":"end_turn","usage":null,"container":{"id":"c"}})",
           R"({"role":"assistant","content":"a","role":"assistant"})",
       }) {
    EXPECT_TRUE(same_tree(written(text), json(text))) << text << "\n" << dump(written(text));
  }
}

TEST(AnthropicMessages, AnAnswerHasItsCallsThoughtsAndUsage) {
  const auto steps = steps_of(R"({"id":"m1","type":"message","role":"assistant","model":"big",
      "content":[{"type":"thinking","thinking":"hm","signature":"s"},{"type":"text","text":"a"},
                 {"type":"tool_use","id":"t1","name":"f","input":{"a":1}}],
      "stop_reason":"tool_use","usage":{"input_tokens":3,"output_tokens":5}})");
  ASSERT_EQ(steps.size(), 2U);
  const auto& answer = std::get<RecordResponse>(steps[0]);
  EXPECT_EQ(answer.parts[0].kind(), "thinking");
  EXPECT_EQ(answer.parts[0].text(), "hm");
  EXPECT_EQ(answer.parts[2].tool_call_id(), "t1");
  EXPECT_EQ(answer.model, "big");
  EXPECT_EQ(answer.finish_reason, FinishReason::tool_call);
  EXPECT_EQ(answer.usage->output_text, 5U);
  EXPECT_EQ(answer.extra->find("raw"), nullptr);
  const auto& call = std::get<CallTool>(steps[1]);
  EXPECT_EQ(call.tool, "f");
  EXPECT_EQ(call.index, 0U);
  EXPECT_EQ(dump(call.arguments), R"({"a":1})");
}

TEST(AnthropicMessages, ResultsAreStepsAndWhatIsSaidBesidesIsAMessage) {
  const auto only = steps_of(R"({"role":"user","content":[
      {"type":"tool_result","tool_use_id":"t1","content":"no","is_error":true}]})");
  ASSERT_EQ(only.size(), 1U);
  EXPECT_EQ(dump(std::get<FailTool>(only[0]).error), R"("no")");
  EXPECT_EQ(std::get<FailTool>(only[0]).result_id, "m1");
  const auto both = steps_of(R"({"role":"user","content":[
      {"type":"tool_result","tool_use_id":"t1","content":"yes"},{"type":"text","text":"go"}]})");
  ASSERT_EQ(both.size(), 2U);
  EXPECT_EQ(dump(std::get<CompleteTool>(both[0]).output), R"("yes")");
  EXPECT_EQ(std::get<SendMessage>(both[1]).parts.size(), 2U);
}

TEST(AnthropicMessages, TokensAreCountedInOneClassEach) {
  const auto usage = usage_of(json(R"({"input_tokens":3,"cache_read_input_tokens":7,
      "cache_creation_input_tokens":12,"output_tokens":550,
      "cache_creation":{"ephemeral_5m_input_tokens":2,"ephemeral_1h_input_tokens":9},
      "output_tokens_details":{"thinking_tokens":50}})"));
  EXPECT_EQ(usage.input_text, 3U);
  EXPECT_EQ(usage.input_cache_read, 7U);
  EXPECT_EQ(usage.input_cache_write_5m, 2U);
  EXPECT_EQ(usage.input_cache_write_1h, 9U);
  EXPECT_EQ(usage.input_cache_write_other, 1U);
  EXPECT_EQ(usage.output_text, 500U);
  EXPECT_EQ(usage.output_reasoning, 50U);
  const auto plain = usage_of(json(R"({"input_tokens":3,"cache_creation_input_tokens":12304})"));
  EXPECT_EQ(plain.input_cache_write_5m, 12304U) << "five minutes unless said otherwise";
  EXPECT_FALSE(plain.output_text || plain.input_cache_read) << "unknown is not zero";
}

TEST(AnthropicMessages, WhatIsNoMessageIsRefusedWithItsField) {
  const auto field = [](std::string_view text) {
    const auto steps = read_message(json(text), {"m1", "c1"}, "message");
    return steps ? std::string("accepted") : steps.error().field;
  };
  EXPECT_EQ(field("[]"), "message");
  EXPECT_EQ(field(R"({"content":"x"})"), "message.role");
  EXPECT_EQ(field(R"({"role":"tool","content":"x"})"), "message.role");
  EXPECT_EQ(field(R"({"role":"user"})"), "message.content");
  EXPECT_EQ(field(R"({"role":"user","content":[1]})"), "message.content[0]");
  EXPECT_EQ(field(R"({"role":"user","content":[{"text":"x"}]})"), "message.content[0].type");
  EXPECT_EQ(field(R"({"role":"user","content":[{"type":"text"}]})"), "message.content[0].text");
  EXPECT_EQ(field(R"({"role":"user","content":[{"type":"tool_result"}]})"),
            "message.content[0].tool_use_id");
  EXPECT_EQ(field(R"({"role":"assistant","content":[{"type":"tool_use","id":"t"}]})"),
            "message.content[0].name");
}

}  // namespace
}  // namespace hansard::events::anthropic
