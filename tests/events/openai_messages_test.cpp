#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iostream>

#include "events/dialects/openai/messages.h"
#include "events/session_spec.h"

namespace hansard::events::openai {
namespace {

using spec::Spec;

MessageIds ids(std::size_t i) { return {"m" + std::to_string(i), "c" + std::to_string(i)}; }

Json parsed(std::string_view text) {
  auto value = parse_json(text);
  EXPECT_TRUE(value) << (value ? "" : value.error().message);
  return value ? *std::move(value) : Json();
}

/// The events that a recording of `messages` leaves, read back from their stored bytes.
std::vector<SessionEvent> recorded(const Json& messages) {
  auto turns = read_messages(messages, ids);
  if (!turns) {
    ADD_FAILURE() << turns.error().message;
    return {};
  }
  std::vector<SessionStep> steps;
  for (auto& turn : *turns) {
    for (auto& step : turn.steps) steps.push_back(std::move(step));
  }
  std::vector<SessionEvent> events;
  Spec spec;
  spec.when(spec::recording(std::move(steps)));
  for (const auto& record : spec.records()) events.push_back(spec::decoded(record));
  return events;
}

/// Whether the original had to be kept whole.
bool kept_raw(const std::vector<SessionEvent>& events) {
  for (const auto& event : events) {
    if (SessionCodec().encode(event).content.find("\"raw\":") != std::string::npos) return true;
  }
  return false;
}

void expect_round_trip(std::string_view messages_text, bool raw = false) {
  const Json messages = parsed(messages_text);
  const auto events = recorded(messages);
  const Json written(write_messages(events));
  EXPECT_TRUE(same_tree(written, messages)) << dump(written) << "\n" << dump(messages);
  EXPECT_EQ(kept_raw(events), raw) << messages_text;
}

const char* const kConversation = R"([
  {"role":"system","content":"You book flights."},
  {"role":"user","content":"To Oslo","name":"Ann"},
  {"role":"assistant","content":null,"tool_calls":[
    {"id":"t1","type":"function","function":{"name":"search","arguments":"{\"to\": \"OSL\"}"}},
    {"id":"t2","type":"function","function":{"name":"search","arguments":""}}]},
  {"role":"tool","tool_call_id":"t2","name":"search","content":"none"},
  {"role":"tool","tool_call_id":"t1","content":"[1]"},
  {"role":"assistant","content":"One flight."}
])";

TEST(OpenAiMessages, BecomeTheEventsOfAConversation) {
  const auto events = recorded(parsed(kConversation));
  std::vector<std::string> types;
  for (const auto& event : events) types.emplace_back(SessionCodec().encode(event).type);
  EXPECT_EQ(types,
            (std::vector<std::string>{"SessionCreated", "MessageSent", "MessageSent",
                                      "ResponseReceived", "ToolCalled", "ToolCalled",
                                      "ToolCompleted", "ToolCompleted", "ResponseReceived"}));
  const auto& answer = std::get<ResponseReceived>(events[3]);
  EXPECT_EQ(answer.call_id, "c2");
  EXPECT_EQ(answer.model, std::nullopt) << "nothing is invented";
  EXPECT_EQ(answer.usage, std::nullopt);
  EXPECT_EQ(std::get<ToolCalled>(events[4]).arguments_bytes, 13U);
  const auto& second = std::get<ToolCompleted>(events[6]);
  EXPECT_EQ(second.message_id, "m2");
  EXPECT_EQ(second.index, 1U);
  EXPECT_EQ(std::get<MessageSent>(events[2]).name, "Ann");
}

TEST(OpenAiMessages, ComeOutEqualAsTrees) {
  expect_round_trip(kConversation);
  const char* const lists[] = {
      R"([])",
      R"([{"role":"user","content":[{"type":"image","image_url":{"url":"x"}}]}])",
      R"([{"role":"developer","content":"x"}])",
      R"([{"role":"user","content":""}])",
      R"([{"role":"user","content":[]}])",
      R"([{"role":"user","content":null}])",
      R"([{"role":"user"}])",
      R"([{"role":"user","content":[{"type":"text","text":"one"}]}])",
      R"([{"role":"user","content":[{"type":"text","text":"a","cache_control":{"type":"ephemeral"}}]}])",
      R"([{"role":"user","content":[{"type":"text","text":"a"},{"type":"image_url","image_url":{"url":"data:x","detail":"low"}},{"type":"input_audio","input_audio":{"data":"aa","format":"wav"}},{"type":"file","file":{"file_id":"f"}},{"type":"hologram","depth":1.50}]}])",
      R"([{"role":"user","content":[{"type":"image","source":"other host"},{"type":"thinking","x":1},{"type":"tool_call","id":1}]}])",
      R"([{"role":"user","content":"x","name":null}])",
      R"([{"role":"user","content":"x","custom_field":{"deep":[1.0,1e400]},"weight":0}])",
      R"([{"role":"assistant","content":"x","weight":1}])",
      R"([{"role":"assistant","content":""}])",
      R"([{"role":"assistant","content":null}])",
      R"([{"role":"assistant"}])",
      R"([{"role":"assistant","content":[]}])",
      R"([{"role":"assistant","content":[{"type":"text","text":"x"}]}])",
      R"([{"role":"assistant","content":[{"type":"refusal","refusal":"no"}]}])",
      R"([{"role":"assistant","content":null,"refusal":"I can't"}])",
      R"([{"role":"assistant","content":"x","refusal":null,"annotations":[],"audio":null,"tool_calls":null,"function_call":null}])",
      R"([{"role":"assistant","content":"x","tool_calls":[]}])",
      R"([{"role":"assistant","content":"x","audio":{"id":"a1","transcript":"x"}}])",
      R"([{"role":"assistant","content":"x","name":"bot","reasoning_content":"hm"}])",
      R"([{"role":"assistant","content":"x","reasoning":"hm"}])",
      R"([{"role":"assistant","content":"x","reasoning_content":""}])",
      R"([{"role":"assistant","content":"first","tool_calls":[{"id":"t","type":"function","function":{"name":"f","arguments":"{}"}}]}])",
      R"([{"role":"assistant","tool_calls":[{"id":"t","type":"custom","custom":{"name":"f","input":"x y"}}]}])",
      R"([{"role":"assistant","content":null,"tool_calls":[{"id":"t","index":0,"type":"function","function":{"name":"f","arguments":"{}","parsed":{"a":1}}}]}])",
      R"([{"role":"assistant","content":null,"tool_calls":[{"id":"t","function":{"name":"f","arguments":{"a":[1.0]}}}]}])",
      R"([{"role":"assistant","content":null,"tool_calls":[{"id":"t","type":"function","function":{"name":"f","arguments":null}}]}])",
      R"([{"role":"assistant","content":null,"function_call":{"name":"f","arguments":"{}"}},{"role":"function","name":"f","content":"done"}])",
      R"([{"role":"tool","tool_call_id":"nobody","content":"x"}])",
      R"([{"role":"tool","tool_call_id":"t","content":[{"type":"text","text":"x"}]},{"role":"tool","tool_call_id":"t","content":{"a":1}},{"role":"tool","tool_call_id":"t"},{"role":"tool","tool_call_id":"t","content":null,"is_error":true}])",
      R"([{"role":"function","name":"nobody","content":"x"}])"};
  for (const char* list : lists) {
    SCOPED_TRACE(list);
    expect_round_trip(list);
  }
}

TEST(OpenAiMessages, WhatHasNoOtherFormIsKeptWhole) {
  for (
      const char* list :
      {R"([{"role":"user","content":"a","content":"b"}])",
       R"([{"role":"user","content":[{"type":"openai.image"}]}])",

       R"([{"role":"assistant","content":null,"tool_calls":[{"type":"function","function":{"name":"f","arguments":"{}"}}]}])",
       R"([{"role":"assistant","content":null,"tool_calls":[{"id":"t","type":"function","function":{"name":"f"}}]}])",
       R"([{"role":"assistant","content":null,"tool_calls":[{"id":"t","type":"gadget","function":{"name":"f","arguments":"1"}}]}])"}) {
    SCOPED_TRACE(list);
    expect_round_trip(list, true);
  }
}

TEST(OpenAiMessages, AResultBelongsToTheLatestOpenCallWithItsId) {
  const auto events = recorded(parsed(R"([
    {"role":"assistant","content":null,"tool_calls":[{"id":"t","type":"function","function":{"name":"f","arguments":"1"}}]},
    {"role":"tool","tool_call_id":"t","content":"a"},
    {"role":"assistant","content":null,"tool_calls":[{"id":"t","type":"function","function":{"name":"f","arguments":"2"}}]},
    {"role":"tool","tool_call_id":"t","content":"b"},
    {"role":"tool","tool_call_id":"t","content":"c"}])"));
  EXPECT_EQ(std::get<ToolCompleted>(events[3]).message_id, "m0");
  EXPECT_EQ(std::get<ToolCompleted>(events[6]).message_id, "m2");
  const auto& orphan = std::get<ToolCompleted>(events[7]);
  EXPECT_TRUE(orphan.orphan);
  EXPECT_EQ(orphan.message_id, std::nullopt);
  EXPECT_EQ(orphan.result_id, "m4");
}

TEST(OpenAiMessages, ReadAgainTheyAreTheSameEvents) {
  const Json messages = parsed(R"([
    {"role":"user","content":"x"},
    {"role":"assistant","content":null,"tool_calls":[{"id":"t","type":"function","function":{"name":"f","arguments":"1"}}]},
    {"role":"tool","tool_call_id":"t","content":"a"},
    {"role":"tool","tool_call_id":"t","content":"a again"},
    {"role":"assistant","content":null,"tool_calls":[{"id":"t","type":"function","function":{"name":"f","arguments":"2"}}]},
    {"role":"tool","tool_call_id":"t","content":"b"}])");
  const auto steps = [&] {
    std::vector<SessionStep> all;
    auto turns = read_messages(messages, ids).value();
    for (auto& turn : turns) {
      for (auto& step : turn.steps) all.push_back(std::move(step));
    }
    return spec::recording(std::move(all));
  };
  Spec().given({steps()}).when(steps()).then_again({1, 2, 3, 4, 5, 6, 7, 8});
}

TEST(OpenAiMessages, MalformedOnesNameMessageAndField) {
  const struct {
    const char* list;
    const char* field;
  } cases[] = {
      {R"({})", "messages"},
      {R"([7])", "messages[0]"},
      {R"([{"content":"x"}])", "messages[0].role"},
      {R"([{"role":"user","content":"x"},{"role":3,"content":"x"}])", "messages[1].role"},
      {R"([{"role":"oracle","content":"x"}])", "messages[0].role"},
      {R"([{"role":"user","content":5}])", "messages[0].content"},
      {R"([{"role":"user","content":["x"]}])", "messages[0].content[0]"},
      {R"([{"role":"user","content":[{"text":"x"}]}])", "messages[0].content[0].type"},
      {R"([{"role":"user","content":[{"type":"text"}]}])", "messages[0].content[0].text"},
      {R"([{"role":"assistant","tool_calls":{}}])", "messages[0].tool_calls"},
      {R"([{"role":"assistant","tool_calls":[1]}])", "messages[0].tool_calls[0]"},
      {R"([{"role":"assistant","tool_calls":[{"id":"t"}]}])", "messages[0].tool_calls[0].function"},
      {R"([{"role":"assistant","tool_calls":[{"id":5,"function":{"name":"f"}}]}])",
       "messages[0].tool_calls[0].id"},
      {R"([{"role":"assistant","tool_calls":[{"id":"t","function":{"arguments":""}}]}])",
       "messages[0].tool_calls[0].function.name"},
      {R"([{"role":"assistant","function_call":"f"}])", "messages[0].function_call"},
      {R"([{"role":"tool","content":"x"}])", "messages[0].tool_call_id"},
      {R"([{"role":"tool","tool_call_id":"","content":"x"}])", "messages[0].tool_call_id"},
      {R"([{"role":"function","content":"x"}])", "messages[0].name"},
  };
  for (const auto& each : cases) {
    const auto turns = read_messages(parsed(each.list), ids);
    ASSERT_FALSE(turns) << each.list;
    EXPECT_EQ(turns.error().code, core::Errc::invalid_argument);
    EXPECT_EQ(turns.error().field, each.field) << turns.error().message;
  }
}

TEST(OpenAiMessages, EventsRecordedOtherwiseBecomeTheNearestMessage) {
  MessageSent sent;
  sent.role = Role::agent;
  sent.parts = {Part::make_text("a"), Part::make_text("b")};
  EXPECT_EQ(dump(write_message(sent)),
            R"({"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]})");
  ResponseReceived answer;
  answer.parts = {Part::make_thinking("hm"), Part::make_text("ok")};
  ToolCalled call;
  call.tool_call_id = "t";
  call.tool = "f";
  call.arguments = Json::Object{{"a", 1}};
  EXPECT_EQ(
      dump(write_message(answer, std::vector{call})),
      R"({"role":"assistant","reasoning_content":"hm","content":"ok","tool_calls":[{"id":"t","type":"function","function":{"name":"f","arguments":"{\"a\":1}"}}]})");
  ToolFailed failed;
  failed.tool_call_id = "t";
  failed.error = Json::Object{{"code", 7}};
  EXPECT_EQ(dump(write_message(failed)),
            R"({"role":"tool","tool_call_id":"t","content":"{\"code\":7}"})");
}

/// A JSONL file of message lists, or of objects with `messages` or `traj`.
TEST(OpenAiMessages, RealConversationsComeOutEqualAsTrees) {
  const char* const path = std::getenv("HANSARD_CONVERSATIONS");
  if (path == nullptr) GTEST_SKIP() << "HANSARD_CONVERSATIONS names no JSONL file of conversations";
  std::ifstream file(path);
  ASSERT_TRUE(file) << path;
  std::size_t conversations = 0;
  std::size_t messages = 0;
  for (std::string line; std::getline(file, line);) {
    const Json document = parsed(line);
    const Json* list = &document;
    for (const char* key : {"messages", "traj"}) {
      if (const Json* found = document.find(key)) list = found;
    }
    const auto events = recorded(*list);
    ASSERT_TRUE(same_tree(write_messages(events), *list)) << "line " << conversations + 1;
    ASSERT_FALSE(kept_raw(events)) << "line " << conversations + 1;
    ++conversations;
    messages += list->if_array()->size();
  }
  std::cout << conversations << " conversations, " << messages << " messages\n";
  EXPECT_GT(messages, 0U);
}

}  // namespace
}  // namespace hansard::events::openai
