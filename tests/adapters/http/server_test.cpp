#include "http/server.h"

#include <future>
#include <optional>
#include <thread>

#include "test_server.h"

namespace hansard::http::testing {
namespace {

class HttpServer : public TestServer {};

TEST_F(HttpServer, AnswersSeveralRequestsOnOneConnection) {
  start();
  RawClient client(port());
  for (int i = 0; i < 3; ++i) {
    client.send(get(i == 1 ? "/pooled" : "/hello"));
    const Answer answer = client.read_answer();
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, i == 1 ? "pooled" : "hello");
    EXPECT_TRUE(answer.header("Date"));
    EXPECT_EQ(answer.header("X-Content-Type-Options"), "nosniff");
    EXPECT_FALSE(answer.header("Access-Control-Allow-Origin"));
  }
}

TEST_F(HttpServer, AnswersPipelinedRequestsInOrder) {
  start();
  RawClient client(port());
  std::string bytes;
  for (int i = 0; i < 50; ++i) bytes += post("/echo", std::to_string(i)) + get("/pooled");
  std::thread sender([&] { client.send(bytes); });
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(client.read_answer().body, std::to_string(i));
    EXPECT_EQ(client.read_answer().body, "pooled");
  }
  sender.join();
}

TEST_F(HttpServer, ARefusedRequestLeavesThePipelinedOnesAlone) {
  start();
  RawClient client(port());
  client.send("POST /nowhere HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc" +
              post("/hello", "{}") + get("/hello"));
  EXPECT_EQ(client.read_answer().status, 404);
  EXPECT_EQ(client.read_answer().status, 405);
  EXPECT_EQ(client.read_answer().body, "hello");
}

TEST_F(HttpServer, HeadHasTheHeadOfGetAndNoBody) {
  start();
  RawClient client(port());
  client.send("HEAD /hello HTTP/1.1\r\nHost: localhost\r\n\r\n" + get("/hello"));
  const Answer head = client.read_answer(true);
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.header("Content-Length"), "5");
  EXPECT_EQ(client.read_answer().body, "hello");
}

TEST_F(HttpServer, ContinuesOnlyWhereTheBodyIsWanted) {
  start();
  RawClient client(port());
  client.send(
      "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
      "Content-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.read_answer().status, 100);
  client.send("{}");
  EXPECT_EQ(client.read_answer().body, "{}");
  client.send(
      "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nExpect: "
      "100-continue\r\n\r\n");
  EXPECT_EQ(client.read_answer().status, 415);
  EXPECT_TRUE(client.closed());
}

TEST_F(HttpServer, SpeaksHttp10) {
  start();
  RawClient client(port());
  client.send("GET /hello HTTP/1.0\r\nHost: localhost\r\n\r\n");
  const Answer answer = client.read_answer();
  EXPECT_EQ(answer.body, "hello");
  EXPECT_EQ(answer.header("Connection"), "close");
  EXPECT_TRUE(client.closed());
}

TEST_F(HttpServer, WorkBeyondThePoolsBoundIsOverloaded) {
  start();
  std::vector<std::unique_ptr<RawClient>> clients;
  // Two run and four wait: the pool of this fixture.
  for (int i = 0; i < 6; ++i) {
    clients.push_back(std::make_unique<RawClient>(port()));
    clients.back()->send(get("/blocked"));
    while (i >= 2 && pool_.waiting() < static_cast<std::size_t>(i) - 1) std::this_thread::yield();
    while (i < 2) {
      const std::lock_guard lock(mutex_);
      if (held_.size() == static_cast<std::size_t>(i) + 1) break;
    }
  }
  RawClient client(port());
  client.send(get("/blocked"));
  const Answer answer = client.read_answer();
  EXPECT_EQ(answer.status, core::traits(core::Errc::overloaded).http_status);
  EXPECT_TRUE(answer.says("\"code\":\"overloaded\""));
  for (int i = 0; i < 6; ++i) take_held()(Response{});
  for (auto& blocked : clients) EXPECT_EQ(blocked->read_answer().body, "released");
}

TEST_F(HttpServer, AHandlerThatIsLateIs504AndItsAnswerIsDropped) {
  limit("handler_ms", 50);
  start();
  RawClient client(port());
  client.send(get("/held"));
  const Answer answer = client.read_answer();
  EXPECT_EQ(answer.status, 504);
  EXPECT_TRUE(answer.says("\"code\":\"timed_out\""));
  take_held()(text("late"));
  client.send(get("/hello"));
  EXPECT_EQ(client.read_answer().body, "hello");
}

TEST_F(HttpServer, ARouteThatWaitsHasNoDeadlineAndTakesBytesAsTheyCame) {
  limit("handler_ms", 10);
  start();
  RawClient client(port());
  const std::string bytes = "\xff not JSON \x1f";
  client.send(
      "POST /waiting/a/b%20c?d=%2F HTTP/1.1\r\nHost: localhost\r\nContent-Encoding: gzip\r\n"
      "Content-Length: " +
      std::to_string(bytes.size()) + "\r\n\r\n" + bytes + get("/hello"));
  const Responder respond = take_held();
  EXPECT_EQ(seen_, "/waiting/a/b%20c?d=%2F " + bytes);
  EXPECT_FALSE(client.readable(std::chrono::milliseconds(50))) << "long past handler_ms";
  respond(text("at last"));
  EXPECT_EQ(client.read_answer().body, "at last");
  EXPECT_EQ(client.read_answer().body, "hello") << "what was sent early is the next request";
}

TEST_F(HttpServer, ARouteThatWaitsIsToldWhenItsClientGoes) {
  start();
  std::optional<Responder> respond;
  {
    RawClient client(port());
    client.send(post("/waiting/x", "{}"));
    respond = take_held();
  }
  EXPECT_EQ(gone_.get_future().wait_for(RawClient::kPatience), std::future_status::ready);
}

TEST_F(HttpServer, ACallToAModelMayBeLargerThanOtherBodies) {
  limit("body_bytes", 1024);
  limit("gateway_body_bytes", 2048);
  start();
  RawClient client(port());
  client.send(post("/waiting/x", std::string(2048, 'x')));
  take_held()(text("taken"));
  EXPECT_EQ(client.read_answer().body, "taken");
  client.send(post("/waiting/x", std::string(2049, 'x')));
  EXPECT_EQ(client.read_answer().status, 413);
}

TEST_F(HttpServer, AHandlerThatForgetsOrThrowsIsInternal) {
  start();
  RawClient client(port());
  for (const char* target : {"/lost", "/throws"}) {
    client.send(get(target));
    const Answer answer = client.read_answer();
    EXPECT_EQ(answer.status, 500) << target;
    EXPECT_FALSE(answer.says("a bug")) << "causes stay in the log";
  }
}

TEST_F(HttpServer, StreamsABodyPieceByPiece) {
  start();
  RawClient client(port());
  client.send(get("/stream") + get("/hello"));
  script_->give(std::string("one\n"));
  EXPECT_EQ(client.read_until("one\n").empty(), false) << "a piece is sent when it is there";
  script_->give(std::string("two\n"));
  script_->give(std::string());
  EXPECT_FALSE(client.read_until("two\n\r\n0\r\n\r\n").empty());
  EXPECT_EQ(client.read_answer().body, "hello") << "the pipelined request had its turn";
  EXPECT_TRUE(script_->wait_destroyed());
}

TEST_F(HttpServer, AStreamThatFailsIsBrokenOff) {
  start();
  RawClient client(port());
  client.send(get("/stream"));
  script_->give(std::string("one\n"));
  script_->give(core::Error{core::Errc::corruption, "position 7"});
  const Answer answer = client.read_answer();
  EXPECT_EQ(answer.body, "one\n");
  EXPECT_FALSE(answer.whole) << "a cut body must not look complete";
  EXPECT_TRUE(client.closed());
}

TEST_F(HttpServer, ASourceIsLetGoWhenItsClientGoesWhileItWaits) {
  start();
  auto client = std::make_unique<RawClient>(port());
  client->send(get("/follow"));
  script_->give(std::string("one\n"));
  EXPECT_FALSE(client->read_until("one\n").empty());
  ASSERT_TRUE(script_->wait_asked());
  client.reset();
  EXPECT_TRUE(script_->wait_destroyed());
  script_->give(std::string("nobody reads this\n"));
  expect_serving();
}

TEST_F(HttpServer, AHalfClosedClientStillGetsItsAnswer) {
  start();
  RawClient client(port());
  client.send(get("/pooled"));
  client.shutdown_send();
  EXPECT_EQ(client.read_answer().body, "pooled");
  EXPECT_TRUE(client.closed());
}

}  // namespace
}  // namespace hansard::http::testing
