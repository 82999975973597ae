// Calls that belong to no conversation: embeddings, APIs that nobody here knows, bodies that do not
// read.

#include <set>
#include <string>

#include "events/dialects/other.h"
#include "other_call.h"
#include "rig.h"
#include "samples.h"

namespace hansard::gateway::testing {
namespace {

class OtherCallsTest : public GatewayTest {
 protected:
  std::set<std::string> streams() {
    std::set<std::string> found;
    const auto read = memory_.read({}, [&](const core::RecordedEvent& event) {
      found.insert(std::string(event.stream));
      return true;
    });
    EXPECT_TRUE(read);
    return found;
  }
  projections::Exchange rebuilt_call() {
    const auto stream = core::StreamId::parse(*streams().begin()).value();
    const auto asked = recorded_of<events::ResponseRequested>();
    const auto exchange = projections::exchange_of(
        projections::SessionReader(memory_).history({}, stream, {}).value(), asked.at(0).call_id);
    EXPECT_TRUE(exchange);
    return exchange ? *exchange : projections::Exchange{};
  }
};

constexpr const char* kEmbeddings = "/v1/embeddings";

TEST_F(OtherCallsTest, EmbeddingsAreRecordedOutsideConversations) {
  const Json request = parsed(R"({"model":"e","input":["one","two"],"dimensions":2})");
  exchange(kEmbeddings, request,
           R"({"object":"list","data":[{"object":"embedding","index":0,"embedding":[1,2]},)"
           R"({"object":"embedding","index":1,"embedding":[3,4]}],"model":"e-1",)"
           R"("usage":{"prompt_tokens":4,"total_tokens":4}})");
  ASSERT_EQ(streams().size(), 1U);
  EXPECT_TRUE(streams().begin()->starts_with("calls-"));
  const auto asked = recorded_of<events::ResponseRequested>();
  ASSERT_EQ(asked.size(), 1U);
  EXPECT_EQ(asked[0].kind, events::CallKind::embedding);
  const auto answers = recorded_of<events::ResponseReceived>();
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].usage->input_text, 4U);
  EXPECT_EQ(answers[0].model, "e-1");
  EXPECT_EQ(dump(*answers[0].extra->find("dimensions")), "2");
  EXPECT_EQ(answers[0].extra->find("sha")->if_string()->size(), 64U);
  EXPECT_TRUE(same_tree(*rebuilt_call().request, request));
  EXPECT_EQ(raw_log().find("[3,4]"), std::string::npos) << "vectors are not kept";
}

TEST_F(OtherCallsTest, EachEmbeddingApiIsKnown) {
  for (const char* target :
       {"/openai/deployments/d/embeddings?api-version=2024", "/api/embed", "/api/embeddings"}) {
    const Json request = parsed(R"({"model":"e","input":"one"})");
    const bool ollama = std::string_view(target).starts_with("/api");
    exchange(target, request,
             ollama ? R"({"model":"e","embeddings":[[1,2]],"prompt_eval_count":2})"
                    : R"({"data":[{"embedding":"AACAPw=="}]})");
  }
  EXPECT_EQ(recorded_of<events::ResponseReceived>().size(), 3U);
  EXPECT_EQ(streams().size(), 3U);
}

TEST_F(OtherCallsTest, ACallOfAnUnknownApiIsRecordedAsItWasSent) {
  const Json request = parsed(R"({"think":["hard",1.50]})");
  exchange("/v9/think?mode=deep&key=AIzaPlanted", request, R"({"thought":true})",
           {{"Content-Type", "application/json"}}, 201);
  ASSERT_EQ(streams().size(), 1U);
  EXPECT_TRUE(streams().begin()->starts_with("calls-"));
  const auto asked = recorded_of<events::ResponseRequested>();
  ASSERT_EQ(asked.size(), 1U);
  EXPECT_EQ(asked[0].kind, events::CallKind::other);
  EXPECT_EQ(asked[0].provider, "stub");
  EXPECT_EQ(dump(*rebuilt_call().request),
            R"~({"method":"POST","target":"/v9/think?mode=deep&key=(key)",)~"
            R"~("type":"application/json","body":{"think":["hard",1.50]}})~");
  EXPECT_EQ(dump(*rebuilt_call().answer), R"({"status":201,"body":{"thought":true}})");
  EXPECT_EQ(raw_log().find("AIzaPlanted"), std::string::npos);
}

TEST_F(OtherCallsTest, ABodyThatDoesNotReadIsRecordedAsItWasSent) {
  for (const std::string body : {R"({"model":)", R"({"model":"m","messages":7})", "", "[1]"}) {
    Client& client = send(kChat, body);
    EXPECT_EQ(upstream().sent.body, body) << "it passes as it came";
    upstream().head(400);
    upstream().piece(R"({"error":{"message":"no"}})");
    upstream().end();
    EXPECT_EQ(client.received, R"({"error":{"message":"no"}})");
  }
  const auto failures = recorded_of<events::ResponseFailed>();
  ASSERT_EQ(failures.size(), 4U);
  for (const auto& failure : failures) EXPECT_EQ(failure.status, 400U);
  const auto asked = recorded_of<events::ResponseRequested>();
  ASSERT_EQ(asked.size(), 4U);
  EXPECT_EQ(dump(*asked[0].parameters->find("body")), R"({"text":"{\"model\":"})");
  EXPECT_EQ(dump(*asked[1].parameters->find("body")), R"({"model":"m","messages":7})");
}

TEST_F(OtherCallsTest, BytesThatAreNoTextAreKeptAsBase64) {
  const std::string bytes("\x00\xff\x10\x80", 4);
  Client& client = send("/v1/audio/transcriptions", bytes);
  upstream().head(200);
  upstream().piece(bytes + "!");
  upstream().end();
  EXPECT_EQ(client.received, bytes + "!");
  EXPECT_EQ(dump(*rebuilt_call().request->find("body")), R"({"base64":"AP8QgA=="})");
  EXPECT_EQ(dump(*rebuilt_call().answer->find("body")), R"({"base64":"AP8QgCE="})");
}

TEST_F(OtherCallsTest, OfALargeBodyTheBeginningIsKept) {
  std::string body = "[\"";
  while (body.size() <= kOtherBytesMax) body += "\xC3\xA9";
  body += "\"]";
  Client& client = send("/v9/think", body);
  EXPECT_EQ(upstream().sent.body, body);
  upstream().head(200);
  for (std::size_t at = 0; at < body.size(); at += 100'000) {
    upstream().piece(body.substr(at, 100'000));
  }
  upstream().end();
  EXPECT_EQ(client.received, body);
  const auto call = rebuilt_call();
  for (const Json& each : {*call.request, *call.answer}) {
    EXPECT_EQ(dump(*each.find("cut")), std::to_string(body.size()));
    const std::string& kept = *each.find("body")->find("text")->if_string();
    EXPECT_LE(kept.size(), kOtherBytesMax);
    EXPECT_GE(kept.size(), kOtherBytesMax - 4);
  }
}

TEST_F(OtherCallsTest, StrictRulesHold) {
  log_.holds = true;
  Client& client = send("/v9/think", "{}");
  upstream().head(200, {{"Content-Length", "8"}});
  upstream().piece("thoughts");
  EXPECT_FALSE(client.has_answer()) << "the request is not on record";
  EXPECT_TRUE(log_.release_one());
  EXPECT_TRUE(client.has_answer());
  upstream().end();
  EXPECT_LT(client.received.size(), 8U) << "nor is the answer";
  EXPECT_FALSE(client.over);
  log_.release();
  EXPECT_EQ(client.received, "thoughts");
  EXPECT_TRUE(client.over);
}

TEST_F(OtherCallsTest, AStreamOfAnUnknownApiIsNotHeldBack) {
  Client& client = send("/v9/think", "{}");
  upstream().head(200, {{"Content-Type", "text/event-stream"}});
  upstream().piece("data: 1\n\n");
  EXPECT_EQ(client.received, "data: 1\n\n") << "whoever reads frames has it whole";
  log_.holds = true;
  upstream().end();
  EXPECT_FALSE(client.over) << "but its end waits for the record";
  log_.release();
  EXPECT_TRUE(client.over);
}

TEST_F(OtherCallsTest, ACallThatWasLeftGetsItsOutcome) {
  Client& client = send("/v9/think", "{}");
  const auto asked = recorded_of<events::ResponseRequested>();
  ASSERT_EQ(asked.size(), 1U);
  gateway().interrupted({{{}, ":" + asked[0].call_id, asked[0].call_id, 1}});
  const auto failures = recorded_of<events::ResponseFailed>();
  ASSERT_EQ(failures.size(), 1U);
  EXPECT_EQ(failures[0].reason, events::FailureReason::interrupted);
  EXPECT_EQ(streams().size(), 1U);
  client.leave();
}

TEST_F(OtherCallsTest, KeysAreTakenOutOfBodies) {
  const std::string key = "sk-planted-0123456789abcdef";
  exchange("/v9/think", parsed(R"({"key":")" + key + R"("})"), R"({"echo":")" + key + R"("})",
           {{"Authorization", "Bearer " + key}});
  EXPECT_EQ(raw_log().find(key), std::string::npos);
}

TEST_F(OtherCallsTest, ListsOfModelsAreNotRecorded) {
  GatewayRequest request;
  request.provider = "stub";
  request.method = "GET";
  request.target = "/v1/models";
  Client& client = send(std::move(request));
  upstream().head(200);
  upstream().piece("{}");
  upstream().end();
  EXPECT_TRUE(client.over);
  EXPECT_TRUE(recorded().empty());
}

TEST_F(OtherCallsTest, QueriesSayNothingSecret) {
  const auto shown = [](std::string_view target) { return target_without_secrets(target); };
  EXPECT_EQ(shown("/a"), "/a");
  EXPECT_EQ(shown("/a?api-version=2024-06-01&beta=true"), "/a?api-version=2024-06-01&beta=true");
  EXPECT_EQ(shown("/a?key=abc&X-Amz-Signature=1&flag"), "/a?key=(key)&X-Amz-Signature=(key)&flag");
  EXPECT_EQ(shown("/a?x=" + std::string(40, 'y')), "/a?x=(key)");
  EXPECT_EQ(shown("/a?" + std::string(40, 'y') + "&b=1"), "/a?(key)&b=1");
}

}  // namespace
}  // namespace hansard::gateway::testing
