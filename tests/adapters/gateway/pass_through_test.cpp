// The client gets the bytes of the provider, wherever the network cut them.

#include <algorithm>
#include <string>

#include "rig.h"
#include "samples.h"

namespace hansard::gateway::testing {
namespace {

class PassThroughTest : public GatewayTest {
 protected:
  /// Sends a request and hands its answer over in pieces of `size` bytes.
  Client& pass(const std::string& target, const std::string& request, const std::string& answer,
               std::size_t size) {
    Client& client = send(target, request);
    ScriptedCall& call = upstream();
    call.head(200);
    for (std::size_t at = 0; at < answer.size(); at += size) call.piece(answer.substr(at, size));
    call.end();
    EXPECT_TRUE(client.over) << (client.error ? client.error->message : "no end came");
    return client;
  }
};

TEST_F(PassThroughTest, AStreamComesAsItWasSentInPiecesOfEverySize) {
  for (const SampleStream& sample : sample_streams()) {
    const std::string bytes = sample.bytes();
    for (const std::size_t size : {std::size_t{1}, std::size_t{2}, std::size_t{3}, std::size_t{7},
                                   std::size_t{64}, bytes.size()}) {
      const auto answers = recorded_of<events::ResponseReceived>().size();
      Client& client = pass(sample.target, sample.request, bytes, size);
      EXPECT_EQ(client.received, bytes) << sample.target << " in pieces of " << size;
      EXPECT_EQ(recorded_of<events::ResponseReceived>().size(), answers + 1) << sample.target;
    }
  }
  EXPECT_TRUE(recorded_of<events::ResponseFailed>().empty());
}

TEST_F(PassThroughTest, AStreamComesAsItWasSentCutInTwoAnywhere) {
  for (const SampleStream& sample : sample_streams()) {
    const std::string bytes = sample.bytes();
    for (std::size_t cut = 1; cut < bytes.size(); ++cut) {
      Client& client = send(sample.target, sample.request);
      upstream().head(200);
      upstream().piece(bytes.substr(0, cut));
      upstream().piece(bytes.substr(cut));
      upstream().end();
      ASSERT_TRUE(client.over) << sample.target << " cut at " << cut;
      ASSERT_EQ(client.received, bytes) << sample.target << " cut at " << cut;
    }
  }
  EXPECT_TRUE(recorded_of<events::ResponseFailed>().empty());
}

TEST_F(PassThroughTest, AStreamWithCarriageReturnsComesAsItWasSent) {
  for (const SampleStream& sample : sample_streams()) {
    std::string bytes;
    for (const char c : sample.bytes()) {
      if (c == '\n' && (bytes.empty() || bytes.back() != '\r')) bytes += '\r';
      bytes += c;
    }
    for (const std::size_t size : {std::size_t{1}, std::size_t{2}, std::size_t{3}, bytes.size()}) {
      EXPECT_EQ(pass(sample.target, sample.request, bytes, size).received, bytes)
          << sample.target << " in pieces of " << size;
    }
  }
  EXPECT_TRUE(recorded_of<events::ResponseFailed>().empty());
}

TEST_F(PassThroughTest, WhatFollowsTheEndOfAStreamComesToo) {
  for (const SampleStream& sample : sample_streams()) {
    const std::string bytes = sample.bytes() + ": farewell\n\n";
    for (const std::size_t size : {std::size_t{1}, bytes.size()}) {
      EXPECT_EQ(pass(sample.target, sample.request, bytes, size).received, bytes) << sample.target;
    }
  }
}

TEST_F(PassThroughTest, APlainBodyComesAsItWasSentInPiecesOfEverySize) {
  const std::string body =
      R"({ "id":"c1","object":"chat.completion","created":1,"model":"gpt-x","choices":[)"
      R"({"index":0,"message":{"role":"assistant","content":"Hi"},"finish_reason":"stop"}],)"
      "\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":5,\"total_tokens\":8} }\n\n";
  for (const std::size_t size :
       {std::size_t{1}, std::size_t{2}, std::size_t{3}, std::size_t{7}, body.size()}) {
    EXPECT_EQ(
        pass(kChat, R"({"model":"gpt-x","messages":[{"role":"user","content":"Hi"}]})", body, size)
            .received,
        body);
  }
  EXPECT_EQ(recorded_of<events::ResponseReceived>().size(), 5U);
  EXPECT_TRUE(recorded_of<events::ResponseFailed>().empty());
}

TEST_F(PassThroughTest, TheRequestGoesOnByteForByte) {
  const std::string request =
      "{ \"messages\" : [ {\"role\":\"user\",\"content\":\"Hi\"} ],\n \"model\":\"gpt-x\", "
      "\"temperature\":1.0 }";
  send(kChat, request, {{"Authorization", "Bearer sk-own"}, {"Content-Type", "application/json"}});
  EXPECT_EQ(upstream().sent.body, request);
  EXPECT_EQ(upstream().sent.target, kChat);
  EXPECT_EQ(upstream().sent.method, "POST");
  EXPECT_EQ(upstream().sent.provider, "stub");
  for (const SampleStream& sample : sample_streams()) {
    send(sample.target, sample.request);
    EXPECT_EQ(upstream().sent.body, sample.request) << sample.target;
  }
}

TEST_F(PassThroughTest, StatusAndFieldsOfTheAnswerComeWithIt) {
  Client& client = send(kChat, chat_stream().request);
  upstream().head(201, {{"Content-Type", "text/event-stream"},
                        {"X-Request-Id", "r1"},
                        {"Connection", "keep-alive"},
                        {"Transfer-Encoding", "chunked"}});
  EXPECT_EQ(client.status, 201);
  ASSERT_EQ(client.fields.size(), 5U);
  EXPECT_EQ(client.fields[0].name, "Content-Type");
  EXPECT_EQ(client.fields[1].value, "r1");
  // And where it is on record, for who wants to judge the answer.
  EXPECT_EQ(client.fields[2].name, "Hansard-Session");
  EXPECT_EQ(client.fields[3].name, "Hansard-Call");
  EXPECT_EQ(client.fields[4].name, "Hansard-Message");
  const auto requests = recorded_of<events::ResponseRequested>();
  ASSERT_EQ(requests.size(), 1U);
  EXPECT_EQ(client.fields[3].value, requests[0].call_id);
}

TEST_F(PassThroughTest, CallsOfApisThatNobodyKnowsPassUnrecorded) {
  GatewayRequest request;
  request.provider = "stub";
  request.method = "GET";
  request.target = "/v1/models?limit=1";
  Client& client = send(std::move(request));
  EXPECT_EQ(upstream().sent.target, "/v1/models?limit=1");
  upstream().head(200);
  upstream().piece("{\"data\":[");
  EXPECT_EQ(client.received, "{\"data\":[");
  upstream().piece("]}");
  upstream().end();
  EXPECT_TRUE(client.over);
  EXPECT_EQ(client.received, "{\"data\":[]}");
  EXPECT_TRUE(recorded().empty());
}

class UsageTest : public PassThroughTest {
 protected:
  static std::string request(const std::string& more) {
    return R"({"model":"gpt-x","stream":true,"messages":[{"role":"user","content":"Hi"}])" + more +
           "}";
  }
  static std::string frames(bool with_usage) {
    return ": hello\n\n" + chat_delta("Hi") + ": between\n\n" + chat_finish() +
           (with_usage ? chat_usage() : "") + sse("[DONE]");
  }
};

TEST_F(UsageTest, AStreamThatWouldNotTellIsAskedAndTheExtraFrameStaysHere) {
  for (const std::size_t size :
       {std::size_t{1}, std::size_t{2}, std::size_t{3}, std::size_t{7}, std::size_t{4096}}) {
    Client& client = pass(kChat, request(""), frames(true), size);
    const Json sent = parsed(upstream().sent.body);
    ASSERT_NE(sent.find("stream_options"), nullptr);
    EXPECT_EQ(dump(*sent.find("stream_options")), R"({"include_usage":true})");
    EXPECT_EQ(client.received, frames(false)) << "in pieces of " << size;
  }
  const auto answers = recorded_of<events::ResponseReceived>();
  ASSERT_EQ(answers.size(), 5U);
  for (const auto& answer : answers) {
    ASSERT_TRUE(answer.usage);
    EXPECT_EQ(answer.usage->output_text, 5U);
  }
}

TEST_F(UsageTest, TheExtraFrameStaysHereWhereverTheStreamIsCut) {
  const std::string bytes = frames(true);
  for (std::size_t cut = 1; cut < bytes.size(); ++cut) {
    Client& client = send(kChat, request(""));
    upstream().head(200);
    upstream().piece(bytes.substr(0, cut));
    upstream().piece(bytes.substr(cut));
    upstream().end();
    ASSERT_EQ(client.received, frames(false)) << "cut at " << cut;
    ASSERT_TRUE(client.over);
  }
}

TEST_F(UsageTest, OtherStreamOptionsStay) {
  send(kChat, request(R"(,"stream_options":{"include_obfuscation":false})"));
  EXPECT_EQ(dump(*parsed(upstream().sent.body).find("stream_options")),
            R"({"include_obfuscation":false,"include_usage":true})");
  send(kChat, request(R"(,"stream_options":{"include_usage":false})"));
  EXPECT_EQ(dump(*parsed(upstream().sent.body).find("stream_options")),
            R"({"include_usage":true})");
}

TEST_F(UsageTest, WhatIsRecordedIsWhatTheClientSent) {
  pass(kChat, request(""), frames(true), 9);
  const auto asked = recorded_of<events::ResponseRequested>();
  ASSERT_EQ(asked.size(), 1U);
  const auto both = rebuilt(sessions().front(), asked[0].call_id);
  ASSERT_TRUE(both.request);
  EXPECT_TRUE(same_tree(*both.request, parsed(request("")))) << dump(*both.request);
}

TEST_F(UsageTest, WithoutNeedNothingIsChanged) {
  const std::string asks = request(R"(,"stream_options":{"include_usage":true})");
  EXPECT_EQ(pass(kChat, asks, frames(true), 5).received, frames(true));
  EXPECT_EQ(upstream().sent.body, asks);
  const std::string plain = R"({"model":"gpt-x","messages":[{"role":"user","content":"Hi"}]})";
  send(kChat, plain);
  EXPECT_EQ(upstream().sent.body, plain);
  GatewayOptions options;
  options.ask_for_usage = false;
  restart(options);
  EXPECT_EQ(pass(kChat, request(""), frames(false), 5).received, frames(false));
  EXPECT_EQ(upstream().sent.body, request(""));
}

}  // namespace
}  // namespace hansard::gateway::testing
