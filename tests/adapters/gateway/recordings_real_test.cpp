// Every recorded exchange at hand, through the gateway.

#include <sstream>

#include "../../events/real_data.h"
#include "recordings.h"

namespace hansard::gateway::testing {
namespace {

namespace real = events::real;

std::string text_at(const Json& object, std::string_view key) {
  const Json* value = object.find(key);
  const std::string* text = value == nullptr ? nullptr : value->if_string();
  return text == nullptr ? std::string() : *text;
}

std::string content_type(const Json& record) {
  const Json* fields = record.find("response_headers");
  return fields == nullptr ? "" : text_at(*fields, "content-type");
}

class RealRecordingsTest : public RecordingsTest {
 protected:
  void SetUp() override {
    if (real::folder().empty()) GTEST_SKIP() << "HANSARD_SHARED_DATA is not set";
  }
  /// At most one in fifty is kept as it came.
  void expect_covered() {
    std::cout << coverage_.text() << "\n";
    EXPECT_GT(coverage_.calls, 0U);
    EXPECT_LE(coverage_.whole_answers * 50, coverage_.answers);
    EXPECT_LE(coverage_.whole_lists * 50, coverage_.calls);
  }
};

TEST_F(RealRecordingsTest, ExchangesAreServedAndHadAgain) {
  real::each_line("http_exchanges.jsonl.zst", [&](const Json& line) {
    Recording recording;
    recording.where = text_at(line, "path") + " " + dump(*line.find("n"));
    recording.target = text_at(line, "target");
    recording.request = text_at(line, "request_body");
    recording.status = static_cast<int>(*line.find("status")->as_uint("status"));
    recording.content_type = content_type(line);
    recording.answer = text_at(line, "response_body");
    serve(recording);
  });
  expect_covered();
}

TEST_F(RealRecordingsTest, StreamsAreServedAndHadAgain) {
  std::istringstream index(real::read_file(real::folder() + "/streams/index.jsonl"));
  for (std::string text; std::getline(index, text);) {
    const Json line = parsed(text);
    Recording recording;
    recording.where = text_at(line, "file");
    recording.target = text_at(line, "target");
    recording.request = text_at(line, "request_body");
    recording.content_type = text_at(line, "content_type");
    recording.answer = real::read_file(real::folder() + "/streams/" + recording.where);
    serve(recording);
    serve(recording, 0);
  }
  expect_covered();
}

/// How a fixture, which has no request, was asked for; nothing for an API of nobody here.
std::optional<Recording> asked_for(const Json& first, bool streams) {
  const std::string object = text_at(first, "object");
  const std::string type = text_at(first, "type");
  Json request = Json::Object{{"model", "m"}};
  Recording recording;
  const Json::Array messages{Json::Object{{"role", "user"}, {"content", "Go on."}}};
  if (object.starts_with("chat.completion")) {
    recording.target = kChat;
    request.add("messages", messages);
    if (streams) request.add("stream_options", Json::Object{{"include_usage", true}});
  } else if (object == "response" || type.starts_with("response.")) {
    recording.target = kResponses;
    request.add("input", "Go on.");
  } else if (type == "message" || type == "message_start") {
    recording.target = kMessages;
    request.add("max_tokens", 64).add("messages", messages);
  } else {
    return {};
  }
  if (streams) request.add("stream", true);
  recording.request = dump(request);
  recording.content_type = streams ? "text/event-stream" : "application/json";
  return recording;
}

TEST_F(RealRecordingsTest, FixturesAreServedAndHadAgain) {
  real::each_line("vercel_ai_stream_fixtures.jsonl.zst", [&](const Json& line) {
    const std::string kind = text_at(line, "kind");
    const Json* payloads = line.find("payloads");
    const bool listed = payloads != nullptr && payloads->is_array();
    std::string first = text_at(line, "body");
    if (kind == "sse") first = first.substr(first.find('{'), first.find('\n') - first.find('{'));
    if (listed && !payloads->if_array()->empty())
      first = *payloads->if_array()->front().if_string();
    const auto json = events::parse_json(first);
    auto recording = json ? asked_for(*json, kind != "response_json") : std::nullopt;
    if (!recording) {
      ++coverage_.uncovered["fixture of " + text_at(line, "package")];
      return;
    }
    recording->where = text_at(line, "path");
    recording->answer = text_at(line, "body");
    if (listed) {
      recording->answer.clear();
      for (const Json& each : *payloads->if_array()) {
        const Json data = parsed(*each.if_string());
        const std::string type = text_at(data, "type");
        if (!type.empty()) recording->answer += "event: " + type + "\r\n";
        recording->answer += "data: " + *each.if_string() + "\r\n\r\n";
      }
      if (recording->target == kChat) recording->answer += "data: [DONE]\r\n\r\n";
    }
    serve(*recording);
  });
  expect_covered();
}

}  // namespace
}  // namespace hansard::gateway::testing
