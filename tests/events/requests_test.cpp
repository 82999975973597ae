// Requests of every API: cut into pieces and put together, read and written again.
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "answer_checks.h"
#include "events/dialects/anthropic/requests.h"
#include "events/dialects/ollama/requests.h"
#include "events/dialects/openai/requests.h"
#include "request_checks.h"

namespace hansard::events {
namespace {

using checks::parsed;
using checks::read_events;
using checks::rebuilds_request;

CallRequest pieces(const RequestDialect& dialect, std::string_view body) {
  auto request = dialect.split(parsed(body));
  EXPECT_TRUE(request) << (request ? "" : request.error().message);
  return request ? *std::move(request) : CallRequest{};
}

void refuses(const RequestDialect& dialect, std::string_view body, std::string_view field) {
  const auto request = dialect.split(parsed(body));
  ASSERT_FALSE(request) << body;
  EXPECT_EQ(request.error().code, core::Errc::invalid_argument);
  EXPECT_EQ(request.error().field, field) << request.error().message;
}

TEST(ChatRequests, AreCutIntoWhatIsSaidAndWhatIsSet) {
  const auto request = pieces(openai::chat_requests(), R"({"model":"m","stream":true,
    "messages":[{"role":"user","content":"hi"}],"tools":[{"type":"function"}],"temperature":0.50,
    "user":"u1","safety_identifier":"s1","metadata":{"team":"red","session_id":"x","n":1}})");
  EXPECT_EQ(request.kind, CallKind::chat);
  EXPECT_EQ(request.model, "m");
  EXPECT_TRUE(request.stream);
  EXPECT_EQ(request.messages.size(), 1U);
  EXPECT_TRUE(request.tools);
  EXPECT_EQ(request.user, "u1");
  EXPECT_EQ(request.tags, (StringMap{{"team", "red"}, {"session_id", "x"}}));
  EXPECT_FALSE(request.conversation);
  EXPECT_EQ(request.parameters.find("messages"), nullptr);
  EXPECT_EQ(dump(*request.parameters.find("temperature")), "0.50");
}

TEST(ChatRequests, GoOutAsTheyCame) {
  const auto& dialect = openai::chat_requests();
  rebuilds_request(dialect, parsed(R"({"messages":[],"stream":false,"model":null,"tools":null})"));
  rebuilds_request(dialect, parsed(R"({"functions":[{"name":"f"}],"function_call":"auto",
    "messages":[{"role":"user","content":"2+2"},
      {"role":"assistant","content":null,"function_call":{"name":"f","arguments":"{}"}},
      {"role":"function","name":"f","content":"4"}]})"));
  rebuilds_request(dialect, parsed(R"({"functions":[],"tools":[],"messages":[]})"));
  rebuilds_request(dialect, parsed(R"({"hansard.form":{"tools":"functions"},"messages":[]})"));
  rebuilds_request(dialect, parsed(R"({"functions":[1],"hansard.form":{"a":1},"messages":[]})"));
  rebuilds_request(dialect, parsed(R"({"messages":[],"messages":[1],"model":"a","model":"b"})"));
  rebuilds_request(dialect, parsed(R"({"messages":[
    {"role":"developer","content":[{"type":"text","text":"be brief","cache_control":{"x":1}}]},
    {"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,AA=="}},
      {"type":"server_tool_use","name":"odd"},{"type":"thinking","thinking":"odd"}],"name":"ann"},
    {"role":"assistant","reasoning_content":"hm","content":"ok","refusal":null,"tool_calls":[
      {"id":"a","type":"function","function":{"name":"f","arguments":"{\"x\":1.0}"}},
      {"id":"a","type":"function","function":{"name":"g","arguments":{"y":2}}}]},
    {"role":"tool","tool_call_id":"a","content":[{"type":"text","text":"2"}]},
    {"role":"tool","tool_call_id":"a","content":null},
    {"role":"tool","tool_call_id":"nobody","content":"?"}]})"));
}

TEST(ChatRequests, NameTheFieldThatIsWrong) {
  const auto& dialect = openai::chat_requests();
  refuses(dialect, "[]", "");
  refuses(dialect, "{}", "messages");
  refuses(dialect, R"({"messages":"hi"})", "messages");
  refuses(dialect, R"({"messages":[],"model":7})", "model");
  refuses(dialect, R"({"messages":[],"stream":"yes"})", "stream");
  const auto turns = dialect.read(Json::Array{Json::Object{{"role", "bard"}}}, checks::kRequestIds);
  ASSERT_FALSE(turns);
  EXPECT_EQ(turns.error().field, "messages[0].role");
}

TEST(ResponseRequests, TakeATextOrItems) {
  const auto& dialect = openai::response_requests();
  const auto request = pieces(dialect, R"({"input":"hi","instructions":"be brief","model":"m",
    "previous_response_id":"resp_1","conversation":{"id":"conv_1"},"metadata":{"a":"b"}})");
  EXPECT_EQ(request.messages.size(), 1U);
  EXPECT_EQ(dump(request.system.value_or(Json())), R"("be brief")");
  EXPECT_EQ(request.previous_answer, "resp_1");
  EXPECT_EQ(request.conversation, "conv_1");
  EXPECT_EQ(pieces(dialect, R"({"input":[],"conversation":"conv_2"})").conversation, "conv_2");

  rebuilds_request(dialect, parsed(R"({"input":"hi","previous_response_id":null})"));
  rebuilds_request(dialect, parsed(R"({"prompt":{"id":"p"}})"));
  rebuilds_request(dialect, parsed(R"({"input":null,"prompt":{"id":"p"}})"));
  rebuilds_request(dialect, parsed(R"({"input":[{"role":"user","content":"hi"}]})"));
  rebuilds_request(dialect, parsed(R"({"instructions":[{"role":"user","content":"x"}],"input":[
    {"role":"user","content":[{"type":"input_text","text":"look"},
      {"type":"input_image","image_url":"https://x/y.png","detail":"low"}]},
    {"type":"additional_tools","role":"developer","tools":[{"name":"t"}]},
    {"type":"reasoning","id":"rs_1","summary":[],"encrypted_content":"zz"},
    {"type":"message","role":"assistant","id":"msg_1","status":"completed",
      "content":[{"type":"output_text","text":"a","annotations":[]}]},
    {"type":"function_call","id":"fc_1","call_id":"c1","name":"f","arguments":"{}"},
    {"type":"function_call_output","call_id":"c1","output":[{"type":"input_text","text":"r"}]},
    {"type":"item_reference","id":"msg_9"},
    {"type":"mcp_approval_response","approve":true,"approval_request_id":"m"},
    {"type":"tool_search_call","call_id":"t1","execution":"client","arguments":{}},
    {"type":"tool_search_output","call_id":"t1","execution":"client","tools":[]},
    {"type":"compaction","encrypted_content":"yy"}]})"));
  refuses(dialect, R"({"input":7})", "input");
  refuses(dialect, "{\"input\":[],\"instructions\":7}", "instructions");
}

TEST(ResponseRequests, ARunOfItemsIsOneAnswer) {
  const auto turns = openai::response_requests().read(
      *parsed(R"([{"role":"user","content":"hi"},{"type":"reasoning","summary":[]},
        {"type":"function_call","call_id":"c","name":"f","arguments":"{}"},
        {"type":"function_call","call_id":"d","name":"g","arguments":"{}"},
        {"type":"function_call_output","call_id":"d","output":"1"}])")
           .if_array(),
      checks::kRequestIds);
  ASSERT_TRUE(turns);
  ASSERT_EQ(turns->size(), 5U);
  EXPECT_EQ((*turns)[1].steps.size(), 3U);
  EXPECT_TRUE((*turns)[2].steps.empty());
  const auto& result = std::get<CompleteTool>((*turns)[4].steps.front());
  EXPECT_EQ(result.message_id, "m1");
  EXPECT_EQ(result.index, 1U);
}

TEST(PromptRequests, AreMessagesOfTheUser) {
  const auto& completions = openai::completion_requests();
  const auto request = pieces(completions, R"({"prompt":["a","b"],"model":"m","user":"u"})");
  EXPECT_EQ(request.kind, CallKind::completion);
  EXPECT_EQ(request.user, "u");
  const auto events = read_events(completions, request.messages);
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(plain_text(std::get<MessageSent>(events[1]).parts), "b");

  for (const auto* body :
       {R"({"prompt":"a"})", R"({"prompt":["a"]})", R"({"prompt":["a","b"]})", R"({"prompt":[]})",
        R"({"prompt":[1,2]})", R"({"prompt":[[1,2],[3]]})", R"({"prompt":null})", R"({"n":1})"}) {
    rebuilds_request(completions, parsed(body));
  }
  const auto& embeddings = openai::embedding_requests();
  EXPECT_EQ(pieces(embeddings, R"({"input":"a"})").kind, CallKind::embedding);
  for (const auto* body : {R"({"input":"a","encoding_format":"base64"})", R"({"input":["a","b"]})",
                           R"({"input":[7]})", R"({"input":[[7]]})",
                           R"({"input":[{"type":"image_url","image_url":"https://x"},{"a":1}]})"}) {
    rebuilds_request(embeddings, parsed(body));
  }
  refuses(embeddings, "{}", "input");
  refuses(embeddings, R"({"input":{}})", "input");
}

TEST(AnthropicRequests, NameUserAndConversation) {
  const auto& dialect = anthropic::requests();
  const auto named = [&](const std::string& id) {
    Json body = parsed(R"({"messages":[],"system":[{"type":"text","text":"be brief"}]})");
    body.add("metadata", Json::Object{{"user_id", id}});
    const auto request = dialect.split(body);
    return std::pair(request->user.value_or(""), request->conversation.value_or(""));
  };
  using Names = std::pair<std::string, std::string>;
  EXPECT_EQ(named("ann"), (Names{"ann", ""}));
  EXPECT_EQ(named("user_ab_account_12-34_session_56-78"),
            (Names{"user_ab_account_12-34", "56-78"}));
  EXPECT_EQ(named(R"({"device_id":"d","account_uuid":"","session_id":"s"})"), (Names{"d", "s"}));
  EXPECT_EQ(named("{odd"), (Names{"{odd", ""}));
}

TEST(AnthropicRequests, GoOutAsTheyCame) {
  const auto& dialect = anthropic::requests();
  rebuilds_request(dialect, parsed(R"({"model":"c","max_tokens":9,"system":"be brief","messages":[
    {"role":"user","content":"hi"},
    {"role":"assistant","content":[{"type":"thinking","thinking":"hm","signature":"s"},
      {"type":"text","text":"ok"},
      {"type":"tool_use","id":"t.1","name":"f","input":{"a":1}},
      {"type":"tool_use","id":"t2","name":"g","input":"odd"},
      {"type":"server_tool_use","id":"s1","name":"web_search","input":{}}]},
    {"role":"user","content":[{"type":"tool_result","tool_use_id":"t2","content":[
        {"type":"image","source":{"type":"base64","media_type":"image/png","data":"AA=="}}]},
      {"type":"tool_result","tool_use_id":"t.1","is_error":true,"content":"no"},
      {"type":"text","text":"and?","cache_control":{"type":"ephemeral"}}]},
    {"role":"system","content":"from now on in verse"},
    {"role":"assistant","content":"fine"}]})"));
}

TEST(AnthropicRequests, KeepApartWhatWasSentInSeveralMessages) {
  const auto& dialect = anthropic::requests();
  const std::string asked = R"({"role":"assistant","content":[
    {"type":"tool_use","id":"a","name":"f","input":{}},
    {"type":"tool_use","id":"b","name":"f","input":{}},
    {"type":"tool_use","id":"c","name":"f","input":{}}]},)";
  const auto block = [](std::string_view id) {
    return R"({"type":"tool_result","tool_use_id":")" + std::string(id) + R"(","content":"1"})";
  };
  const std::string text = R"({"type":"text","text":"so?"})";
  const auto message = [](const std::string& content) {
    return R"({"role":"user","content":[)" + content + "]}";
  };
  for (const std::string& results : {
           message(block("a") + "," + block("b") + "," + block("c")),
           message(block("a")) + "," + message(block("b") + "," + block("c")),
           message(block("a")) + "," + message(block("b")) + "," + message(block("c") + "," + text),
           message(block("a") + "," + block("b")) + "," + message(text + "," + block("c")),
           message(block("a")) + "," + message(text),
       }) {
    SCOPED_TRACE(results);
    rebuilds_request(dialect, parsed("{\"messages\":[" + asked + results + "]}"));
  }
}

TEST(AnthropicRequests, BindResultsToTheLatestCallOfTheirName) {
  const auto events = read_events(anthropic::requests(), *parsed(R"([
    {"role":"assistant","content":[{"type":"tool_use","id":"a","name":"f","input":{}}]},
    {"role":"user","content":[{"type":"tool_result","tool_use_id":"a","content":"1"}]},
    {"role":"assistant","content":[{"type":"tool_use","id":"a","name":"g","input":{}}]},
    {"role":"user","content":[{"type":"tool_result","tool_use_id":"a","content":"2"},
      {"type":"tool_result","tool_use_id":"z","content":"3"}]}])")
                                                              .if_array());
  const auto& second = std::get<ToolCompleted>(events[5]);
  EXPECT_EQ(second.message_id, "m2");
  EXPECT_EQ(second.tool, "g");
  EXPECT_FALSE(second.result_id);
  const auto& orphan = std::get<ToolCompleted>(events[6]);
  EXPECT_FALSE(orphan.message_id);
  EXPECT_EQ(orphan.result_id, "m3");
}

TEST(AnthropicRequests, SendAnswersBackAsRoleAndContent) {
  ResponseReceived answer;
  answer.message_id = "m";
  answer.model = "c";
  answer.parts = {Part::make_text("hi")};
  answer.extra =
      parsed(R"({"dialect":"anthropic","form":"message","fields":{"stop_sequence":null}})");
  const std::vector<SessionEvent> window{answer};
  EXPECT_EQ(dump(Json(anthropic::requests().write(window))),
            R"([{"role":"assistant","content":[{"type":"text","text":"hi"}]}])");
  rebuilds_request(anthropic::requests(), parsed(R"({"messages":[{"id":"msg_1","type":"message",
    "role":"assistant","content":[{"type":"text","text":"hi"}],"model":"c","stop_reason":"end_turn",
    "usage":{"input_tokens":1,"output_tokens":1}}]})"));
}

TEST(OllamaRequests, GoOutAsTheyCame) {
  const auto& dialect = ollama::chat_requests();
  EXPECT_TRUE(pieces(dialect, R"({"messages":[]})").stream);
  EXPECT_FALSE(pieces(dialect, R"({"messages":[],"stream":false})").stream);
  rebuilds_request(dialect, parsed(R"({"model":"m"})"));
  rebuilds_request(dialect, parsed(R"({"model":"m","messages":[
    {"role":"system","content":"be brief"},
    {"role":"user","content":"look","images":["iVBOR"]},{"role":"user","content":"x","images":[]},
    {"role":"assistant","content":"","thinking":"hm","tool_calls":[
      {"function":{"name":"f","arguments":{"a":1}}},{"function":{"name":"g","arguments":{}}}]},
    {"role":"tool","content":"1"},{"role":"tool","content":"2","tool_name":"g"},
    {"role":"tool","content":"3"},{"role":"assistant","content":null},{"role":"assistant"}],
    "tools":[{"type":"function"}],"stream":true})"));
  for (const auto* body : {R"({"prompt":"a","system":"s","images":["iVBOR"],"context":[1,2]})",
                           R"({"prompt":"a","images":[]})", R"({"prompt":"a","images":null})",
                           R"({"model":"m"})", R"({"prompt":null})"}) {
    rebuilds_request(ollama::generate_requests(), parsed(body));
  }
  for (const auto* body : {R"({"input":"a"})", R"({"input":["a"]})", R"({"prompt":"a"})"}) {
    rebuilds_request(ollama::embed_requests(), parsed(body));
  }
}

TEST(OllamaRequests, BindResultsInTheOrderOfTheCalls) {
  const auto events = read_events(ollama::chat_requests(), *parsed(R"([
    {"role":"assistant","content":"","tool_calls":[{"function":{"name":"f","arguments":{}}},
      {"function":{"name":"g","arguments":{}}},{"function":{"name":"f","arguments":{}}}]},
    {"role":"tool","content":"1","tool_name":"g"},{"role":"tool","content":"2"},
    {"role":"tool","content":"3"},{"role":"tool","content":"4"}])")
                                                                .if_array());
  EXPECT_EQ(std::get<ToolCompleted>(events[4]).index, 1U);
  EXPECT_EQ(std::get<ToolCompleted>(events[5]).index, 0U);
  EXPECT_EQ(std::get<ToolCompleted>(events[6]).index, 2U);
  EXPECT_FALSE(std::get<ToolCompleted>(events[7]).message_id);
}

}  // namespace
}  // namespace hansard::events
