#include <gtest/gtest.h>

#include "events/dialects/openai/responses.h"

namespace {

using namespace hansard::events;
using openai::ItemKind;
using openai::ItemReader;

Json json(std::string_view text) {
  auto parsed = parse_json(text);
  EXPECT_TRUE(parsed) << parsed.error().message << ": " << text;
  return parsed ? *std::move(parsed) : Json();
}

ToolCalled called(const CallTool& call) {
  ToolCalled event;
  event.tool_call_id = call.tool_call_id;
  event.message_id = *call.message_id;
  event.index = *call.index;
  event.tool = call.tool;
  event.arguments = call.arguments;
  return event;
}

struct Answer {
  RecordResponse response;
  std::vector<ToolCalled> calls;
  std::vector<CallTool> commands;
};

/// Reads `items` as one answer; each must be part of one.
Answer answer_of(ItemReader& reader, const Json& items) {
  for (const Json& item : *items.if_array()) {
    EXPECT_EQ(openai::item_kind(item), ItemKind::answer) << dump(item);
    const auto status = reader.add(item, {"a1", "c1"}, "item");
    EXPECT_TRUE(status) << status.error().message;
  }
  Answer answer;
  for (const SessionStep& step : reader.end_answer()) {
    if (const auto* response = std::get_if<RecordResponse>(&step)) answer.response = *response;
    if (const auto* call = std::get_if<CallTool>(&step)) {
      answer.calls.push_back(called(*call));
      answer.commands.push_back(*call);
    }
  }
  return answer;
}

constexpr std::string_view kAnswer = R"([
  {"type":"reasoning","id":"rs_1","summary":[{"type":"summary_text","text":"Look first."}],
   "content":null,"encrypted_content":"gAAA"},
  {"type":"message","role":"assistant","id":"msg_1","status":"completed",
   "content":[{"type":"output_text","text":"I look.","annotations":[],"logprobs":[]}]},
  {"type":"function_call","name":"shell","arguments":"{\"cmd\":[\"ls\"]}","call_id":"call_1",
   "id":"fc_1","status":"completed"},
  {"type":"web_search_call","id":"ws_1","status":"completed","action":{"type":"search","query":"q"}},
  {"type":"custom_tool_call","call_id":"call_2","name":"apply_patch","input":"*** Begin"},
  {"type":"local_shell_call","call_id":"call_3","status":"completed",
   "action":{"type":"exec","command":["pwd"]}}])";

TEST(OpenAiItems, ARunOfItemsIsOneAnswerWithItsCalls) {
  ItemReader reader;
  const Answer answer = answer_of(reader, json(kAnswer));
  EXPECT_EQ(answer.response.message_id, "a1");
  EXPECT_EQ(answer.response.call_id, "c1");
  ASSERT_EQ(answer.response.parts.size(), 6U);
  EXPECT_EQ(answer.response.parts[0].kind(), "thinking");
  EXPECT_EQ(answer.response.parts[0].text(), "Look first.");
  EXPECT_EQ(answer.response.parts[1].text(), "I look.");
  EXPECT_EQ(answer.response.parts[2].tool_call_id(), "call_1");
  EXPECT_EQ(answer.response.parts[3].kind(), "web_search_call");
  ASSERT_EQ(answer.commands.size(), 3U);
  EXPECT_EQ(answer.commands[0].tool, "shell");
  EXPECT_EQ(*answer.commands[0].arguments.if_string(), R"({"cmd":["ls"]})");
  EXPECT_EQ(answer.commands[1].tool, "apply_patch");
  EXPECT_EQ(answer.commands[2].tool, "local_shell");
  EXPECT_EQ(answer.commands[2].index, 2U);
  EXPECT_FALSE(reader.answering());
}

TEST(OpenAiItems, AnAnswerIsRebuiltFromItsEvents) {
  for (const std::string_view text :
       {kAnswer, std::string_view(R"([{"role":"assistant","content":"short form"}])"),
        std::string_view(R"([{"type":"reasoning","summary":[],"encrypted_content":"x"}])"),
        std::string_view(R"([{"type":"reasoning","content":[{"type":"reasoning_text","text":"a"},
             {"type":"reasoning_text","text":"b"}],"summary":[{"type":"summary_text","text":"c"}]}])"),
        std::string_view(R"([{"type":"reasoning","summary":[{"type":"new_kind","text":"a"}]}])"),
        std::string_view(R"([{"type":"message","role":"assistant","content":[
             {"type":"refusal","refusal":"no"},{"type":"input_text","text":"t"},
             {"type":"tool_call","x":1},{"type":"image","y":2}]}])"),
        std::string_view(
            R"([{"type":"function_call","call_id":"c","name":"f","arguments":{"a":1}}])"),
        std::string_view(R"([{"type":"shell_call","call_id":"c"},
             {"type":"computer_call","call_id":"d","action":{"type":"wait"},"id":"e"}])")}) {
    ItemReader reader;
    const Answer answer = answer_of(reader, json(text));
    EXPECT_EQ(answer.response.extra->find("raw"), nullptr) << text;
    const Json rebuilt(openai::write_items(answer.response, answer.calls));
    EXPECT_TRUE(same_tree(rebuilt, json(text))) << dump(rebuilt);
  }
}

TEST(OpenAiItems, WhatWouldNotRebuildIsKeptWhole) {
  for (const std::string_view text :
       {R"([{"type":"message","role":"assistant","content":"a","content":"b"}])",
        R"([{"type":"message","role":"assistant",
             "content":[{"type":"output_text","text":"t","form":"input_text"}]}])"}) {
    ItemReader reader;
    const Answer answer = answer_of(reader, json(text));
    EXPECT_NE(answer.response.extra->find("raw"), nullptr) << text;
    EXPECT_TRUE(same_tree(Json(openai::write_items(answer.response, answer.calls)), json(text)));
  }
}

TEST(OpenAiItems, MessagesOfPeopleAreRebuiltToo) {
  for (const std::string_view text :
       {R"({"type":"message","role":"user","content":[{"type":"input_text","text":"hi"},
            {"type":"input_image","image_url":"data:image/png;base64,AA","detail":"low"}]})",
        R"({"role":"developer","content":"be brief"})",
        R"({"type":"message","role":"system","content":[],"id":"m"})",
        R"({"type":"message","role":"user","content":[{"type":"text","text":"t"}]})"}) {
    const Json item = json(text);
    ASSERT_EQ(openai::item_kind(item), ItemKind::message);
    const auto sent = ItemReader::read_message(item, "m1", "item");
    ASSERT_TRUE(sent) << sent.error().message;
    EXPECT_TRUE(same_tree(openai::write_item(*sent), item)) << dump(openai::write_item(*sent));
  }
}

TEST(OpenAiItems, AResultBelongsToTheLatestOpenCallOfItsName) {
  ItemReader reader;
  const Answer answer = answer_of(reader, json(R"([
      {"type":"function_call","call_id":"same","name":"f","arguments":"1"},
      {"type":"function_call","call_id":"same","name":"g","arguments":"2"}])"));
  ASSERT_EQ(answer.calls.size(), 2U);
  const Json result = json(R"({"type":"function_call_output","call_id":"same","output":"o"})");
  EXPECT_EQ(openai::item_kind(result), ItemKind::result);
  const auto second = reader.read_result(result, "r1", "item");
  const auto first = reader.read_result(result, "r2", "item");
  const auto orphan = reader.read_result(result, "r3", "item");
  ASSERT_TRUE(second && first && orphan);
  EXPECT_EQ(second->index, 1U);
  EXPECT_EQ(second->tool, "g");
  EXPECT_EQ(first->index, 0U);
  EXPECT_FALSE(orphan->message_id);
  EXPECT_EQ(orphan->result_id, "r3");
}

TEST(OpenAiItems, ResultsAreRebuilt) {
  ItemReader reader;
  for (
      const std::string_view text :
      {R"({"type":"function_call_output","call_id":"c","output":"o","id":"i"})",
       R"({"type":"custom_tool_call_output","call_id":"c","output":[{"type":"output_text","text":"t"}]})",
       R"({"type":"function_call_output","call_id":"c"})",
       R"({"type":"function_call_output","call_id":"c","output":{"content":"x","success":false}})"}) {
    const auto result = reader.read_result(json(text), "r", "item");
    ASSERT_TRUE(result);
    EXPECT_TRUE(same_tree(openai::write_item(*result), json(text)));
  }
}

TEST(OpenAiItems, ABrokenItemIsRefusedWithItsFieldAndLeavesTheAnswerAsItWas) {
  ItemReader reader;
  const auto add = [&](std::string_view text) {
    const auto status = reader.add(json(text), {"a", "c"}, "payload");
    return status ? std::string() : status.error().field;
  };
  EXPECT_EQ(add(R"({"type":"function_call","name":"f","arguments":"{}"})"), "payload.call_id");
  EXPECT_EQ(add(R"({"type":"function_call","call_id":"c","arguments":"{}"})"), "payload.name");
  EXPECT_EQ(add(R"({"type":"message","role":"assistant","content":5})"), "payload.content");
  EXPECT_EQ(add(R"({"type":"message","role":"assistant","content":[{"text":"t"}]})"),
            "payload.content[0].type");
  EXPECT_FALSE(reader.answering());
  EXPECT_EQ(reader.read_result(json(R"({"type":"function_call_output"})"), "r", "p").error().field,
            "p.call_id");
}

TEST(OpenAiItems, OtherKindsAreLeftToTheCaller) {
  for (const std::string_view text :
       {R"({"type":"ghost_snapshot"})", R"({"type":"message","role":"alien","content":[]})", "5",
        R"({"type":7})", R"({})", R"({"type":"_call"})"}) {
    EXPECT_EQ(openai::item_kind(json(text)), ItemKind::unknown) << text;
  }
}

TEST(OpenAiItems, AnAnswerOfAnotherDialectIsWrittenAsTheNearestItems) {
  ResponseReceived answer;
  answer.parts = {Part::make_text("said"), Part::make_thinking("thought"),
                  Part::make_tool_call("c", 0)};
  ToolCalled call;
  call.tool_call_id = "c";
  call.tool = "f";
  call.arguments = json(R"({"a":1})");
  const Json items(openai::write_items(answer, std::span(&call, 1)));
  EXPECT_EQ(
      dump(items),
      R"([{"type":"reasoning","summary":[{"type":"summary_text","text":"thought"}]},)"
      R"({"type":"message","role":"assistant","content":[{"type":"output_text","text":"said"}]},)"
      R"({"type":"function_call","call_id":"c","name":"f","arguments":"{\"a\":1}"}])");
}

TEST(OpenAiItems, TokensAreCountedOnce) {
  const auto usage = openai::disjoint_usage({8576, 100, 4418, 52, 12, 8628});
  EXPECT_EQ(usage.input_text, 4058U);
  EXPECT_EQ(usage.input_cache_read, 100U);
  EXPECT_EQ(usage.input_cache_write_other, 4418U);
  EXPECT_EQ(usage.output_text, 40U);
  EXPECT_EQ(usage.output_reasoning, 12U);
  // A host that counts reasoning beside the output.
  EXPECT_EQ(openai::disjoint_usage({10, {}, {}, 5, 7, 22}).output_text, 5U);
  // What is not said stays unknown, and nothing becomes negative.
  EXPECT_FALSE(openai::disjoint_usage({}).input_text);
  EXPECT_EQ(openai::disjoint_usage({10, 20, {}, {}, {}, {}}).input_text, 0U);
}

}  // namespace
