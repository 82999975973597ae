// What was said to one API, told to another: the nearest request that this one takes.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "answer_checks.h"
#include "events/dialects/anthropic/requests.h"
#include "events/dialects/ollama/requests.h"
#include "events/dialects/openai/requests.h"
#include "request_checks.h"
#include "request_validity.h"

namespace hansard::events {
namespace {

using checks::parsed;
using checks::read_events;

Json told(const RequestDialect& from, const RequestDialect& to, const std::string& messages) {
  const Json given = parsed(messages);
  const auto* list = given.if_array();
  if (list == nullptr) return {};
  return to.write(read_events(from, *list));
}

void says(const Json& written, std::string_view expected) {
  EXPECT_TRUE(same_tree(written, parsed(expected))) << dump(written) << "\n" << expected;
}

const std::string kChat = R"([
  {"role":"developer","content":"be brief"},
  {"role":"user","content":[{"type":"text","text":"look"},
    {"type":"image_url","image_url":{"url":"data:image/jpeg;base64,/9j/AA==","detail":"low"}},
    {"type":"image_url","image_url":{"url":"https://x/y.png"}},
    {"type":"file","file":{"file_id":"file-1"}}]},
  {"role":"assistant","reasoning_content":"hm","content":"two","refusal":null,"tool_calls":[
    {"id":"functions.f:0","type":"function","function":{"name":"f","arguments":"{\"a\":1.0}"}},
    {"id":"c2","type":"function","function":{"name":"g","arguments":""}}]},
  {"role":"tool","tool_call_id":"c2","content":[{"type":"text","text":"no"},
    {"type":"text","text":"where"}]},
  {"role":"tool","tool_call_id":"functions.f:0","content":"yes"},
  {"role":"user","content":"so?","name":"ann"}])";

TEST(RequestsAcross, FromChatToAnthropic) {
  const Json written = told(openai::chat_requests(), anthropic::requests(), kChat);
  checks::valid_anthropic(*written.if_array());
  says(written, R"([
    {"role":"system","content":"be brief"},
    {"role":"user","content":[{"type":"text","text":"look"},
      {"type":"image","source":{"type":"base64","media_type":"image/jpeg","data":"/9j/AA=="}},
      {"type":"image","source":{"type":"url","url":"https://x/y.png"}}]},
    {"role":"assistant","content":[{"type":"text","text":"two"},
      {"type":"tool_use","id":"functions_f_0","name":"f","input":{"a":1.0}},
      {"type":"tool_use","id":"c2","name":"g","input":{}}]},
    {"role":"user","content":[
      {"type":"tool_result","tool_use_id":"c2","content":"no\nwhere"},
      {"type":"tool_result","tool_use_id":"functions_f_0","content":"yes"}]},
    {"role":"user","content":"so?"}])");
}

TEST(RequestsAcross, FromChatToResponses) {
  const Json written = told(openai::chat_requests(), openai::response_requests(), kChat);
  checks::valid_items(*written.if_array());
  says(written, R"([
    {"type":"message","role":"developer","content":[{"type":"input_text","text":"be brief"}]},
    {"type":"message","role":"user","content":[{"type":"input_text","text":"look"},
      {"type":"input_image","image_url":"data:image/jpeg;base64,/9j/AA==","detail":"auto"},
      {"type":"input_image","image_url":"https://x/y.png","detail":"auto"}]},
    {"type":"message","role":"assistant","content":[{"type":"output_text","text":"two"}]},
    {"type":"function_call","call_id":"functions.f:0","name":"f","arguments":"{\"a\":1.0}"},
    {"type":"function_call","call_id":"c2","name":"g","arguments":""},
    {"type":"function_call_output","call_id":"c2","output":"no\nwhere"},
    {"type":"function_call_output","call_id":"functions.f:0","output":"yes"},
    {"type":"message","role":"user","content":[{"type":"input_text","text":"so?"}]}])");
}

TEST(RequestsAcross, FromChatToOllama) {
  const Json written = told(openai::chat_requests(), ollama::chat_requests(), kChat);
  checks::valid_ollama(*written.if_array());
  says(written, R"([
    {"role":"system","content":"be brief"},
    {"role":"user","content":"look","images":["/9j/AA=="]},
    {"role":"assistant","content":"two","tool_calls":[
      {"id":"functions.f:0","function":{"name":"f","arguments":{"a":1.0}}},
      {"id":"c2","function":{"name":"g","arguments":{}}}]},
    {"role":"tool","content":"no\nwhere","tool_name":"g","tool_call_id":"c2"},
    {"role":"tool","content":"yes","tool_name":"f","tool_call_id":"functions.f:0"},
    {"role":"user","content":"so?"}])");
}

const std::string kAnthropic = R"([
  {"role":"user","content":[{"type":"text","text":"look","cache_control":{"type":"ephemeral"}},
    {"type":"image","source":{"type":"base64","media_type":"image/png","data":"AA=="}},
    {"type":"document","title":"notes","source":{"type":"text","media_type":"text/plain",
      "data":"all of it"}},
    {"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"JVBE"}}]},
  {"role":"assistant","content":[{"type":"thinking","thinking":"hm","signature":"s"},
    {"type":"redacted_thinking","data":"x"},
    {"type":"text","text":"I "},{"type":"text","text":"see"},
    {"type":"server_tool_use","id":"s1","name":"web_search","input":{}},
    {"type":"web_search_tool_result","tool_use_id":"s1","content":[]},
    {"type":"tool_use","id":"t1","name":"f","input":{"a":1}},
    {"type":"tool_use","id":"t2","name":"g","input":{}}]},
  {"role":"user","content":[
    {"type":"tool_result","tool_use_id":"t1","content":[{"type":"text","text":"one"},
      {"type":"image","source":{"type":"base64","media_type":"image/png","data":"AA=="}}]},
    {"type":"tool_result","tool_use_id":"t2","is_error":true,"content":"broken"},
    {"type":"text","text":"and?"}]},
  {"role":"assistant","content":[{"type":"thinking","thinking":"only","signature":"s"}]}])";

TEST(RequestsAcross, FromAnthropicToChat) {
  const Json written = told(anthropic::requests(), openai::chat_requests(), kAnthropic);
  checks::valid_chat(*written.if_array());
  says(written, R"([
    {"role":"user","content":[{"type":"text","text":"look"},
      {"type":"image_url","image_url":{"url":"data:image/png;base64,AA=="}},
      {"type":"text","text":"all of it"},
      {"type":"file","file":{"filename":"file.pdf",
        "file_data":"data:application/pdf;base64,JVBE"}}]},
    {"role":"assistant","content":"I see","tool_calls":[
      {"id":"t1","type":"function","function":{"name":"f","arguments":"{\"a\":1}"}},
      {"id":"t2","type":"function","function":{"name":"g","arguments":"{}"}}]},
    {"role":"tool","tool_call_id":"t1","content":"one"},
    {"role":"tool","tool_call_id":"t2","content":"broken"},
    {"role":"user","content":"and?"}])");
}

TEST(RequestsAcross, FromAnthropicToResponsesAndOllama) {
  const Json items = told(anthropic::requests(), openai::response_requests(), kAnthropic);
  checks::valid_items(*items.if_array());
  says((*items.if_array())[4], R"({"type":"function_call_output","call_id":"t1","output":[
    {"type":"input_text","text":"one"},
    {"type":"input_image","image_url":"data:image/png;base64,AA==","detail":"auto"}]})");
  const Json messages = told(anthropic::requests(), ollama::chat_requests(), kAnthropic);
  checks::valid_ollama(*messages.if_array());
  EXPECT_EQ(messages.if_array()->size(), 5U) << dump(messages);
}

TEST(RequestsAcross, FromResponsesToAnthropicAndChat) {
  const std::string items = R"([{"role":"user","content":[{"type":"input_text","text":"hi"},
      {"type":"input_file","filename":"a.pdf","file_data":"data:application/pdf;base64,JVBE"}]},
    {"type":"reasoning","summary":[{"type":"summary_text","text":"hm"}]},
    {"type":"web_search_call","id":"ws","status":"completed"},
    {"type":"message","role":"assistant","content":[{"type":"output_text","text":"a"}]},
    {"type":"custom_tool_call","call_id":"c","name":"patch","input":"*** Begin"},
    {"type":"custom_tool_call_output","call_id":"c","output":[{"type":"input_text","text":"1"},
      {"type":"input_image","image_url":"https://x/y.png"}]},
    {"type":"additional_tools","role":"developer","tools":[]}])";
  const Json blocks = told(openai::response_requests(), anthropic::requests(), items);
  checks::valid_anthropic(*blocks.if_array());
  says(blocks, R"([{"role":"user","content":[{"type":"text","text":"hi"},
      {"type":"document","title":"a.pdf",
        "source":{"type":"base64","media_type":"application/pdf","data":"JVBE"}}]},
    {"role":"assistant","content":[{"type":"text","text":"a"},
      {"type":"tool_use","id":"c","name":"patch","input":{"arguments":"*** Begin"}}]},
    {"role":"user","content":[{"type":"tool_result","tool_use_id":"c","content":[
      {"type":"text","text":"1"},{"type":"image","source":{"type":"url","url":"https://x/y.png"}}]}
    ]}])");
  const Json chat = told(openai::response_requests(), openai::chat_requests(), items);
  checks::valid_chat(*chat.if_array());
  EXPECT_EQ(chat.if_array()->size(), 3U) << dump(chat);
}

TEST(RequestsAcross, CallsWithoutNamesGetTheSameNameAsTheirResults) {
  const std::string messages = R"([{"role":"user","content":"x","images":["/9j/AA=="]},
    {"role":"assistant","content":"","thinking":"hm","tool_calls":[
      {"function":{"name":"f","arguments":{}}},{"function":{"name":"f","arguments":{"a":1}}}]},
    {"role":"tool","content":"1"},{"role":"tool","content":"2"}])";
  const Json blocks = told(ollama::chat_requests(), anthropic::requests(), messages);
  checks::valid_anthropic(*blocks.if_array());
  EXPECT_EQ(blocks.if_array()->size(), 3U) << dump(blocks);
  const Json chat = told(ollama::chat_requests(), openai::chat_requests(), messages);
  checks::valid_chat(*chat.if_array());
  EXPECT_EQ(chat.if_array()->size(), 4U) << dump(chat);
  checks::valid_items(
      *told(ollama::chat_requests(), openai::response_requests(), messages).if_array());
}

TEST(RequestsAcross, ANameThatRepeatsIsOneCallForWhomItMustBe) {
  const std::string messages = R"([
    {"role":"assistant","content":null,"tool_calls":[
      {"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]},
    {"role":"tool","tool_call_id":"c","content":"1"},
    {"role":"assistant","content":null,"tool_calls":[
      {"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]},
    {"role":"tool","tool_call_id":"c","content":"2"}])";
  const Json blocks = told(openai::chat_requests(), anthropic::requests(), messages);
  checks::valid_anthropic(*blocks.if_array());
}

TEST(RequestsAcross, LegacyFunctionsBecomeTools) {
  const Json blocks = told(openai::chat_requests(), anthropic::requests(), R"([
    {"role":"user","content":"2+2"},
    {"role":"assistant","content":null,"function_call":{"name":"f","arguments":"{}"}},
    {"role":"function","name":"f","content":"4"}])");
  checks::valid_anthropic(*blocks.if_array());
  EXPECT_EQ(blocks.if_array()->size(), 3U) << dump(blocks);
}

TEST(RequestsAcross, PromptsAreMessages) {
  says(told(openai::completion_requests(), anthropic::requests(),
            R"([{"role":"user","content":"a"},{"role":"user","content":[1,2]}])"),
       R"([{"role":"user","content":"a"}])");
  says(told(openai::chat_requests(), ollama::generate_requests(), kChat),
       R"([{"role":"user","content":"look","images":["/9j/AA=="]},
           {"role":"user","content":"so?"}])");
}

}  // namespace
}  // namespace hansard::events
