#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "events/dialects/apis.h"
#include "rig.h"
#include "samples.h"

/// Whole conversations, turn by turn, and what they look like when had again from the log.
namespace hansard::gateway::testing {

class ExchangeTest : public GatewayTest {
 protected:
  struct Made {
    std::string target;
    Json request;
    Json answer;  ///< without streaming
  };

  /// Makes a call that is answered in one piece, or as the stream that says the same.
  void make(const std::string& target, Json request, const std::string& answer) {
    const Json body = parsed(answer);
    const Json* streams = request.find("stream");
    if (streams == nullptr) {
      exchange(target, request, answer);
    } else {
      exchange(target, request, stream_of(target, body));
    }
    made_.push_back({target, std::move(request), body});
  }
  static std::string stream_of(const std::string& target, const Json& body) {
    const events::Api* api = events::api_at(target);
    std::string bytes;
    for (const events::TimedFrame& frame : api->answers.write_stream(body, {})) {
      bytes += api->stream == events::Api::Stream::lines ? frame.data + "\n"
               : frame.event.empty()                     ? sse(frame.data)
                                                         : sse(frame.event, frame.data);
    }
    return bytes;
  }
  /// All that was made is on record, in one session, as it was.
  void expect_all_rebuilt() {
    ASSERT_EQ(sessions().size(), 1U);
    const auto asked = recorded_of<events::ResponseRequested>();
    ASSERT_EQ(asked.size(), made_.size());
    for (std::size_t i = 0; i < made_.size(); ++i) {
      const auto both = rebuilt(sessions()[0], asked[i].call_id, asked[i].attempt);
      ASSERT_TRUE(both.request && both.answer) << i;
      EXPECT_TRUE(same_tree(*both.request, made_[i].request)) << i << "\n"
                                                              << dump(*both.request) << "\n"
                                                              << dump(made_[i].request);
      EXPECT_TRUE(same_tree(*both.answer, made_[i].answer)) << i << "\n"
                                                            << dump(*both.answer) << "\n"
                                                            << dump(made_[i].answer);
    }
  }
  std::size_t longest_form() {
    std::size_t longest = 0;
    for (const events::ResponseRequested& asked : recorded_of<events::ResponseRequested>()) {
      EXPECT_EQ(asked.extra->find("messages"), nullptr) << dump(*asked.extra);
      longest = std::max(longest, dump(*asked.extra).size());
    }
    return longest;
  }
  static std::size_t count(const std::string& text, const std::string& what) {
    std::size_t found = 0;
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++found;
    return found;
  }

  std::vector<Made> made_;
};

inline constexpr const char* kChatTools =
    R"([{"type":"function","function":{"name":"weather","description":"Of the schema, once",)"
    R"("parameters":{"type":"object","properties":{"city":{"type":"string"}}}}}])";

/// A conversation over chat completions with two tool calls, the whole history with every call.
struct ChatTalk {
  Json::Array said;
  bool streams = false;

  Json request() const {
    Json body = Json::Object{{"model", "gpt-x"},
                             {"messages", said},
                             {"tools", parsed(kChatTools)},
                             {"temperature", Json::number(0.5)}};
    if (streams) {
      body.add("stream", true).add("stream_options", Json::Object{{"include_usage", true}});
    }
    return body;
  }
  void say(const std::string& message) { said.push_back(parsed(message)); }
};

inline std::string chat_answer(const std::string& message, const std::string& reason) {
  return R"({"id":"c1","object":"chat.completion","created":1,"model":"gpt-x","choices":[)"
         R"({"index":0,"message":)" +
         message + R"(,"finish_reason":")" + reason +
         R"("}],"usage":{"prompt_tokens":30,"completion_tokens":5,"total_tokens":35}})";
}

}  // namespace hansard::gateway::testing
