// WS /v1/live: the same frames as a followed log, over a WebSocket.
#include <gtest/gtest.h>

#include <thread>

#include "engine_server.h"
#include "websocket_client.h"
#include "websocket_frames.h"

namespace hansard::http::testing {
namespace {

class Live : public EngineServer {
 protected:
  void SetUp() override {
    EngineServer::SetUp();
    record_conversation("s1");
  }
  static events::Json frame(WebSocketClient& client) {
    const auto message = client.read();
    EXPECT_TRUE(message) << client.close_code() << " " << client.close_reason();
    auto parsed = events::parse_json(message.value_or("null"));
    EXPECT_TRUE(parsed);
    return parsed ? *std::move(parsed) : events::Json();
  }
  void note() {
    post("/v1/append", R"({"records":[{"stream":"custom-a","type":"Noted","facts":{}}]})");
  }
  [[nodiscard]] bool comes_to_count(const std::string& line) const {
    const auto until = std::chrono::steady_clock::now() + RawClient::kPatience;
    while (metrics_.text().find(line + "\n") == std::string::npos) {
      if (std::chrono::steady_clock::now() > until) return false;
      std::this_thread::yield();
    }
    return true;
  }
  static std::string upgrade(std::string_view target = "/v1/live?from=head") {
    return get_bytes(
        target,
        "Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n");
  }
  /// Sends bytes that no library would, and expects this close code.
  void expect_close(const std::string& bytes, std::uint16_t code) {
    RawClient client(port());
    client.send(upgrade());
    ASSERT_EQ(client.read_until("\r\n\r\n").substr(0, 12), "HTTP/1.1 101");
    client.send(bytes);
    std::string close;
    while (close.empty() || close[0] != '\x88') {  // after the caught_up frame and pongs
      const std::string head = client.read_exactly(2);
      ASSERT_EQ(head.size(), 2U) << "closed without a word, expected " << code;
      close = head + client.read_exactly(static_cast<unsigned char>(head[1]));
    }
    ASSERT_GE(close.size(), 4U);
    EXPECT_EQ(static_cast<unsigned char>(close[2]) * 256 + static_cast<unsigned char>(close[3]),
              code);
    EXPECT_TRUE(client.closed());
    expect_serving();
  }
};

TEST_F(Live, AClientSubscribesByMessage) {
  WebSocketClient client(port());
  ASSERT_TRUE(client.open());
  EXPECT_EQ(client.status(), 101);
  ASSERT_TRUE(client.send(
      R"({"subscribe":{"from":0,"types":["MessageSent","SessionEnded"],"sessions":["s1"]}})"));
  EXPECT_EQ(number(frame(client), "position"), 1U);
  EXPECT_EQ(number(frame(client), "position"), 6U);
  EXPECT_EQ(text(frame(client), "frame"), "caught_up");
  note();
  post("/v1/sessions/s1/end", "{}");
  const events::Json ended = frame(client);
  EXPECT_EQ(text(ended, "frame"), "event");
  EXPECT_EQ(text(ended, "type"), "SessionEnded");
  EXPECT_EQ(number(ended, "position"), 8U);
}

TEST_F(Live, OrByItsQueryAndThenFromTheHeadUnlessItSaysOtherwise) {
  WebSocketClient client(port(), "/v1/live?type=Noted");
  EXPECT_EQ(text(frame(client), "frame"), "caught_up");
  note();
  EXPECT_EQ(text(frame(client), "type"), "Noted");
  WebSocketClient past(port(), "/v1/live?from=5");
  EXPECT_EQ(number(frame(past), "position"), 5U);
}

TEST_F(Live, WhatCannotBeSubscribedToIsRefusedWithItsReason) {
  const std::vector<std::pair<const char*, const char*>> cases{
      {"{", "JSON"},
      {R"([1])", "object"},
      {R"({"unsubscribe":{}})", "subscribe: expected"},
      {R"({"subscribe":{"form":1}})", "subscribe.form: no such member"},
      {R"({"subscribe":{"from":"tail"}})", "subscribe.from: expected a position"},
      {R"({"subscribe":{"from":-1}})", "subscribe.from: expected a position"},
      {R"({"subscribe":{"types":"MessageSent"}})", "subscribe.types: expected a list"},
      {R"({"subscribe":{"types":["no type"]}})", "subscribe.types: expected event types"},
      {R"({"subscribe":{"sessions":[7]}})", "subscribe.sessions"},
  };
  for (const auto& [message, reason] : cases) {
    WebSocketClient client(port());
    ASSERT_TRUE(client.send(message));
    EXPECT_TRUE(client.closed()) << message;
    EXPECT_EQ(client.close_code(), 1008) << message;
    EXPECT_NE(client.close_reason().find(reason), std::string::npos)
        << message << ": " << client.close_reason();
  }
  WebSocketClient twice(port(), "/v1/live?from=head");
  ASSERT_TRUE(twice.send(R"({"subscribe":{}})"));
  EXPECT_TRUE(twice.closed());
  EXPECT_EQ(twice.close_code(), 1008);
}

TEST_F(Live, PassesTheSameGateAsEveryRequest) {
  EXPECT_EQ(WebSocketClient(port(), "/v1/live", "example.org").status(), 403);
  EXPECT_EQ(WebSocketClient(port(), "/v1/live", "localhost", "http://evil.example").status(), 403);
  EXPECT_EQ(WebSocketClient(port(), "/v1/live?form=0").status(), 400);
  const auto project = core::ProjectId::parse("default").value();
  // Without `audit`: what such a key reads is an event itself, and would be told first.
  start({ApiKey{"app", "hsd_0123456789abcdef0123", project, {Scope::read}}});
  EXPECT_EQ(WebSocketClient(port()).status(), 401);
  WebSocketClient keyed(port(), "/k/hsd_0123456789abcdef0123/v1/live?from=head");
  EXPECT_EQ(text(frame(keyed), "frame"), "caught_up");
}

TEST_F(Live, WithoutAProperHandshakeItIsAPlainError) {
  const Answer plain = get("/v1/live");
  EXPECT_EQ(plain.status, 426);
  EXPECT_EQ(plain.header("Upgrade"), "websocket");
  const std::string fields = "Upgrade: websocket\r\nConnection: Upgrade\r\n";
  const Answer old = get("/v1/live", fields + "Sec-WebSocket-Version: 8\r\n");
  EXPECT_EQ(old.status, 426);
  EXPECT_EQ(old.header("Sec-WebSocket-Version"), "13");
  EXPECT_EQ(get("/v1/live", fields + "Sec-WebSocket-Version: 13\r\n").status, 400);
  EXPECT_EQ(
      get("/v1/live", fields + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: short\r\n").status,
      400);
  RawClient sample(port());
  sample.send(upgrade());
  EXPECT_NE(
      sample.read_until("\r\n\r\n").find("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
      std::string::npos)
      << "the example of RFC 6455 §1.3";
}

TEST_F(Live, PingsAreAnsweredAndSent) {
  limit("live_checkpoint_ms", 30);
  start();
  WebSocketClient client(port(), "/v1/live?from=head&type=Never");
  ASSERT_TRUE(client.ping("are you there"));
  // Beast answers the server's pings while it reads, so the client outlives many silent periods.
  for (int i = 0; i < 12; ++i) {
    EXPECT_EQ(text(frame(client), "frame"), i == 0 ? "caught_up" : "checkpoint");
  }
  EXPECT_EQ(client.pong(), "are you there");
}

TEST_F(Live, AClientThatAnswersNoPingsIsTakenForGone) {
  limit("live_checkpoint_ms", 20);
  start();
  RawClient client(port());
  client.send(upgrade());
  EXPECT_FALSE(client.read_until("no answer to pings").empty());
  EXPECT_TRUE(client.closed());
}

TEST_F(Live, AClientThatNeverSubscribesIsTold) {
  limit("header_ms", 50);
  start();
  WebSocketClient client(port());
  EXPECT_TRUE(client.closed());
  EXPECT_EQ(client.close_code(), 1008);
}

TEST_F(Live, ClosesInOrderWhicheverSideBegins) {
  WebSocketClient client(port(), "/v1/live?from=head");
  EXPECT_EQ(text(frame(client), "frame"), "caught_up");
  client.close();
  EXPECT_EQ(client.close_code(), 1000);
  EXPECT_TRUE(comes_to_count("hansard_live_closed_total{reason=\"client\"} 1"));
  WebSocketClient last(port(), "/v1/live?from=0&limit=2");
  frame(last);
  frame(last);
  EXPECT_TRUE(last.closed());
  EXPECT_EQ(last.close_code(), 1000);
  WebSocketClient stopped(port(), "/v1/live?from=head");
  EXPECT_EQ(text(frame(stopped), "frame"), "caught_up");
  std::thread stopper([&] { server_->stop(); });
  EXPECT_TRUE(stopped.closed());
  EXPECT_EQ(stopped.close_code(), 1001);
  stopper.join();
  EXPECT_TRUE(comes_to_count("hansard_live_subscribers 0"));
}

TEST_F(Live, HostileFramesAreClosedWithTheirCode) {
  std::string unmasked = client_frame(1, "x");
  unmasked[1] = 1;
  expect_close(unmasked, 1002);
  expect_close(client_frame(2, "binary"), 1003);
  expect_close(client_frame(1, "\xff\xfe"), 1007);
  expect_close(client_frame(1, std::string(20'000, 'x')), 1009);
  expect_close(client_frame(9, std::string(126, 'x')), 1002);
  std::string pings;
  for (int i = 0; i < 2000; ++i) pings += client_frame(9, "0123456789012345678901234567890");
  expect_close(pings, 1008);
  std::string fragments = client_frame(1, "", false);
  for (int i = 0; i < 20'000; ++i) fragments += client_frame(0, "", false);
  expect_close(fragments, 1008);
  EXPECT_TRUE(comes_to_count("hansard_live_subscribers 0"));
}

TEST_F(Live, OneThatNeverReadsIsClosedAndOthersDoNotWaitForIt) {
  limit("body_stall_ms", 100);
  limit("live_queue_events", 4);
  start();
  RawClient sleeper(port());
  sleeper.receive_buffer(4096);
  sleeper.send(upgrade());
  WebSocketClient reader(port(), "/v1/live?from=head");
  EXPECT_EQ(text(frame(reader), "frame"), "caught_up");
  const std::string filling(200U << 10, 'x');
  for (std::uint64_t i = 0; i < 60; ++i) {
    const Answer stored =
        post("/v1/append", R"({"records":[{"stream":"custom-a","type":"Noted","facts":{"t":")" +
                               filling + R"("}}]})");
    ASSERT_EQ(stored.status, 201);
    events::Json next = frame(reader);
    while (text(next, "frame") != "event") next = frame(reader);
    EXPECT_EQ(number(next, "position"), 7 + i);
  }
  EXPECT_TRUE(comes_to_count("hansard_live_closed_total{reason=\"slow\"} 1"));
  EXPECT_TRUE(comes_to_count("hansard_live_subscribers 1"));
}

}  // namespace
}  // namespace hansard::http::testing
