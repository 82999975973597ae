// Bodies that are odd in one to three places: refused with a reason, or equal when put together and
// written again; and never more than another API can be told.
#include <gtest/gtest.h>

#include <iostream>
#include <random>
#include <string>
#include <vector>

#include "answer_checks.h"
#include "events/dialects/anthropic/requests.h"
#include "events/dialects/ollama/requests.h"
#include "events/dialects/openai/requests.h"
#include "events/dialects/translate.h"
#include "request_checks.h"

namespace hansard::events {
namespace {

using checks::parsed;

struct Sample {
  const RequestDialect& dialect;
  std::string_view body;
};

const std::vector<Sample>& samples() {
  static const std::vector<Sample> all{
      {openai::chat_requests(), R"({"model":"m","stream":true,"messages":[
        {"role":"developer","content":[{"type":"text","text":"be brief"}]},
        {"role":"user","name":"ann","content":[{"type":"text","text":"look"},
          {"type":"image_url","image_url":{"url":"data:image/png;base64,AA=="}},
          {"type":"input_audio","input_audio":{"data":"AA==","format":"wav"}},
          {"type":"file","file":{"file_data":"data:application/pdf;base64,AA=="}}]},
        {"role":"assistant","reasoning_content":"hm","content":"ok","refusal":"no",
          "audio":{"id":"a"},"tool_calls":[
          {"id":"a","type":"function","function":{"name":"f","arguments":"{\"x\":1}"}},
          {"id":"b","type":"custom","custom":{"name":"g","input":"y"}}]},
        {"role":"tool","tool_call_id":"a","content":"1"},
        {"role":"tool","tool_call_id":"b","content":[{"type":"text","text":"2"}]},
        {"role":"assistant","content":null,"function_call":{"name":"h","arguments":""}},
        {"role":"function","name":"h","content":"3"}],
        "tools":[{"type":"function","function":{"name":"f","parameters":{}}}],
        "functions":[{"name":"h"}],"user":"u","metadata":{"a":"b"},"hansard.form":{"tools":"x"},
        "tool_choice":{"type":"function","function":{"name":"f"}},"stop":["a"],
        "response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{}}}})"},
      {openai::response_requests(), R"({"model":"m","instructions":"be brief","input":[
        {"role":"user","content":"hi"},
        {"type":"message","role":"user","content":[{"type":"input_text","text":"look"},
          {"type":"input_image","image_url":"https://x/y.png"},
          {"type":"input_file","file_data":"data:application/pdf;base64,AA=="}]},
        {"type":"reasoning","id":"r","summary":[{"type":"summary_text","text":"hm"}]},
        {"type":"message","role":"assistant","id":"m","status":"completed",
          "content":[{"type":"output_text","text":"a","annotations":[]},
            {"type":"refusal","refusal":"no"}]},
        {"type":"function_call","call_id":"c","name":"f","arguments":"{}","id":"i"},
        {"type":"web_search_call","id":"w","action":{"query":"q"}},
        {"type":"tool_search_call","call_id":"t","execution":"client","arguments":{}},
        {"type":"function_call_output","call_id":"c","output":[{"type":"input_text","text":"1"}]},
        {"type":"tool_search_output","call_id":"t","tools":[]},
        {"type":"additional_tools","role":"developer","tools":[]},
        {"type":"item_reference","id":"x"},{"type":"compaction","encrypted_content":"e"}],
        "tools":[{"type":"function","name":"f"}],"conversation":{"id":"c"},
        "previous_response_id":"p","text":{"format":{"type":"json_object"}},"reasoning":{}})"},
      {openai::response_requests(), R"({"input":"hi","instructions":null,"metadata":{"a":1}})"},
      {openai::completion_requests(), R"({"prompt":["a",[1,2],{"x":1}],"suffix":"b"})"},
      {openai::completion_requests(), R"({"prompt":"a","model":"m","stream":false})"},
      {openai::embedding_requests(), R"({"input":[[1,2],[3]],"dimensions":4})"},
      {openai::embedding_requests(), R"({"input":"a","hansard.form":{"list":true}})"},
      {anthropic::requests(), R"({"model":"c","max_tokens":9,"system":[{"type":"text","text":"s"}],
        "messages":[{"role":"user","content":[{"type":"text","text":"hi"},
          {"type":"image","source":{"type":"base64","media_type":"image/png","data":"AA=="}},
          {"type":"document","source":{"type":"text","data":"t"}}]},
        {"role":"assistant","content":[{"type":"thinking","thinking":"hm","signature":"s"},
          {"type":"redacted_thinking","data":"x"},{"type":"text","text":"ok"},
          {"type":"server_tool_use","id":"s","name":"web_search","input":{}},
          {"type":"tool_use","id":"a","name":"f","input":{"x":1}},
          {"type":"tool_use","id":"b","name":"g","input":{}}]},
        {"role":"user","content":[{"type":"tool_result","tool_use_id":"a","content":"1"}]},
        {"role":"user","content":[{"type":"tool_result","tool_use_id":"b","is_error":true,
            "content":[{"type":"text","text":"2"}]},{"type":"text","text":"so?"}]},
        {"id":"m","type":"message","role":"assistant","content":[{"type":"text","text":"x"}],
          "model":"c","stop_reason":"end_turn","usage":{"input_tokens":1,"output_tokens":1}},
        {"role":"system","content":"now in verse"}],
        "tools":[{"name":"f","input_schema":{}}],"tool_choice":{"type":"tool","name":"f"},
        "metadata":{"user_id":"user_a_account_b_session_c"}})"},
      {ollama::chat_requests(), R"({"model":"m","messages":[{"role":"system","content":"s"},
        {"role":"user","content":"look","images":["AA=="]},
        {"role":"assistant","content":"","thinking":"hm","tool_calls":[
          {"function":{"name":"f","arguments":{"a":1}}},
          {"id":"x","function":{"index":1,"name":"g","arguments":{}}}]},
        {"role":"tool","content":"1","tool_name":"f"},{"role":"tool","content":"2"},
        {"role":"tool","content":"3","tool_call_id":"x"}],"options":{"num_predict":1},
        "tools":[{"type":"function","function":{"name":"f"}}],"format":"json"})"},
      {ollama::generate_requests(), R"({"model":"m","prompt":"a","system":"s","images":["AA=="],
        "context":[1,2],"stream":false})"},
      {ollama::embed_requests(), R"({"prompt":"a","input":["b"],"options":{}})"}};
  return all;
}

/// Every value of a tree.
void collect(Json& value, std::vector<Json*>& to) {
  to.push_back(&value);
  if (auto* list = value.if_array()) {
    for (Json& each : *list) collect(each, to);
  } else if (auto* object = value.if_object()) {
    for (Json::Member& each : *object) collect(each.value, to);
  }
}

class Oddness {
 public:
  explicit Oddness(std::uint64_t seed) : random_(seed) {}

  void spoil(Json& body) {
    std::vector<Json*> values;
    collect(body, values);
    Json& at = *values[below(values.size())];
    auto* object = at.if_object();
    auto* list = at.if_array();
    switch (below(7)) {
      case 0:
        at = odd();
        return;
      case 1:
        at = Json(*values[below(values.size())]);
        return;
      case 2:
        if (object != nullptr && !object->empty()) {
          object->erase(object->begin() + static_cast<std::ptrdiff_t>(below(object->size())));
        }
        return;
      case 3:
        if (list != nullptr && !list->empty()) {
          list->erase(list->begin() + static_cast<std::ptrdiff_t>(below(list->size())));
        }
        return;
      case 4:
        if (object != nullptr) object->push_back({name(), odd()});
        return;
      case 5:
        if (object != nullptr && !object->empty()) {
          object->push_back({(*object)[below(object->size())].key, odd()});
        }
        return;
      default:
        if (list != nullptr && !list->empty()) list->push_back((*list)[below(list->size())]);
        return;
    }
  }
  std::size_t below(std::size_t bound) {
    return std::uniform_int_distribution<std::size_t>(0, bound - 1)(random_);
  }

 private:
  Json odd() {
    static const std::vector<std::string> kOdd{
        "null",
        "7",
        "\"\"",
        "\"x\"",
        "[]",
        "{}",
        "true",
        "1.0",
        "[{}]",
        "[[]]",
        "[null]",
        R"({"type":"text","text":"t"})",
        R"({"type":"tool_call","tool_call_id":"a","index":0})",
        R"({"type":"tool_result","tool_call_id":"a"})",
        R"({"type":"thinking","text":"t"})",
        R"({"type":"tool_result","tool_use_id":"a"})",
        R"({"type":"openai.text","text":"t"})",
        R"([{"type":"text","text":"t"}])",
        "\"message\"",
        "\"assistant\"",
        "\"tool\""};
    return parsed(kOdd[below(kOdd.size())]);
  }
  std::string name() {
    static const std::vector<std::string> kNames{
        "type",     "text",   "content",    "role",         "id",        "name", "call_id",
        "extra",    "images", "tool_calls", "hansard.form", "execution", "raw",  "fields",
        "thinking", "index",  "form",       "field",        "stream"};
    return kNames[below(kNames.size())];
  }

  std::mt19937_64 random_;
};

std::size_t rounds() {
  const char* said = std::getenv("HANSARD_TEST_ROUNDS");
  return said == nullptr ? 4000 : std::strtoul(said, nullptr, 10);
}

TEST(RandomRequests, AreRefusedOrGoOutAsTheyCame) {
  const std::uint64_t seed = 20261121;
  Oddness oddness(seed);
  std::size_t refused = 0;
  std::size_t unread = 0;
  const std::vector<const RequestDialect*> targets{
      &openai::chat_requests(), &openai::response_requests(), &anthropic::requests(),
      &ollama::chat_requests(), &ollama::generate_requests(), &openai::embedding_requests()};
  const std::size_t count = rounds();
  for (std::size_t round = 0; round < count && !testing::Test::HasFailure(); ++round) {
    const Sample& sample = samples()[oddness.below(samples().size())];
    Json body = parsed(sample.body);
    for (std::size_t i = oddness.below(3); i < 3; ++i) oddness.spoil(body);
    SCOPED_TRACE("seed " + std::to_string(seed) + " round " + std::to_string(round) + " " +
                 std::string(sample.dialect.name()));
    const auto request = sample.dialect.split(body);
    if (!request) {
      EXPECT_EQ(request.error().code, core::Errc::invalid_argument);
      ++refused;
      continue;
    }
    const Json joined = sample.dialect.join(*request);
    EXPECT_TRUE(same_tree(joined, body)) << dump(body) << "\n" << dump(joined);
    const auto turns = sample.dialect.read(request->messages, checks::kRequestIds);
    if (!turns) {
      EXPECT_EQ(turns.error().code, core::Errc::invalid_argument);
      EXPECT_FALSE(turns.error().field.empty());
      ++unread;
      continue;
    }
    EXPECT_EQ(turns->size(), request->messages.size());
    const auto events = checks::said_in(*turns);
    const Json written(sample.dialect.write(events));
    EXPECT_TRUE(same_tree(written, Json(request->messages)))
        << dump(Json(request->messages)) << "\n"
        << dump(written);
    for (const RequestDialect* target : targets) {
      const auto told = translate(*request, sample.dialect, events, *target);
      if (!told) {
        EXPECT_EQ(told.error().code, core::Errc::unsupported);
        continue;
      }
      const auto again = target->split(target->join(*told));
      ASSERT_TRUE(again) << target->name() << " " << again.error().message;
      const auto read = target->read(again->messages, checks::kRequestIds);
      EXPECT_TRUE(read) << target->name() << ": " << (read ? "" : read.error().message) << "\n"
                        << dump(Json(again->messages));
    }
  }
  std::cout << count << " bodies: " << refused << " refused, " << unread
            << " with messages that are\n";
  EXPECT_LT(refused + unread, count * 3 / 4);
}

}  // namespace
}  // namespace hansard::events
