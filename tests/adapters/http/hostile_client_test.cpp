#include <map>
#include <sstream>
#include <thread>

#include "malformed_shapes.h"
#include "test_server.h"

namespace hansard::http::testing {
namespace {

using std::chrono::milliseconds;

class HostileClients : public TestServer {};

TEST_F(HostileClients, MalformedRequestsGet400AndTheConnectionEnds) {
  start();
  for (const char* bytes : {"\x16\x03\x01\x02 tls hello\r\n\r\n",
                            "GET /hello HTTP/1.1\r\nBad Header: x\r\n\r\n", "nonsense\r\n\r\n"}) {
    RawClient client(port());
    client.send(bytes);
    const Answer answer = client.read_answer();
    EXPECT_EQ(answer.status, 400) << bytes;
    EXPECT_TRUE(answer.says("\"code\":\"invalid_argument\"")) << answer.body;
    EXPECT_TRUE(answer.says("\"field\":")) << answer.body;
    EXPECT_TRUE(client.closed());
  }
  expect_serving();
}

TEST_F(HostileClients, EveryMalformedShapeIsCountedByItsReason) {
  start();
  const auto counted = [&] {
    std::map<std::string, int> all;
    std::istringstream text(metrics_.text());
    constexpr std::string_view kName = "hansard_http_malformed_total{reason=\"";
    for (std::string line; std::getline(text, line);) {
      if (!line.starts_with(kName)) continue;
      const std::size_t quote = line.find('"', kName.size());
      all[line.substr(kName.size(), quote - kName.size())] = std::stoi(line.substr(quote + 2));
    }
    return all;
  };
  auto expected = counted();
  EXPECT_EQ(expected.size(), kMalformedCount) << "every reason is there from the start";
  auto shapes = unreadable_shapes();
  for (const MalformedShape& more : refused_shapes()) shapes.push_back(more);
  for (const MalformedShape& shape : shapes) {
    RawClient client(port());
    client.send(shape.bytes);
    const Answer answer = client.read_answer();
    EXPECT_EQ(answer.status, shape.status) << shape.bytes;
    EXPECT_TRUE(answer.says("\"field\":\"" + std::string(shape.field) + "\"")) << answer.body;
    ++expected[std::string(name(shape.reason))];
    EXPECT_EQ(counted(), expected) << shape.bytes;
  }
  expect_serving();
  EXPECT_EQ(counted(), expected) << "what is well formed counts as nothing";
}

TEST_F(HostileClients, OversizeHeadsTargetsAndBodiesAreToldTheirLimit) {
  limit("header_bytes", 2048);
  limit("target_bytes", 512);
  limit("body_bytes", 1024);
  start();
  const struct {
    std::string bytes;
    int status;
    std::string says;
  } cases[] = {
      {"GET /" + std::string(4096, 'a'), 431, "header_bytes = 2048"},
      {get("/" + std::string(600, 'a')), 414, "target_bytes = 512"},
      {post("/echo", std::string(5000, ' ')), 413, "body_bytes = 1024"},
      {"POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
       "Transfer-Encoding: chunked\r\n\r\n800\r\n" +
           std::string(2048, ' ') + "\r\n",
       413, "body_bytes = 1024"},
  };
  for (const auto& c : cases) {
    RawClient client(port());
    client.send(c.bytes);
    const Answer answer = client.read_answer();
    EXPECT_EQ(answer.status, c.status) << c.says;
    EXPECT_TRUE(answer.says(c.says)) << answer.body;
    EXPECT_TRUE(answer.says("\"code\":\"too_large\"")) << answer.body;
  }
  EXPECT_NE(metrics_.text().find("hansard_http_limit_hits_total{limit=\"body_bytes\"} 2"),
            std::string::npos);
  expect_serving();
}

TEST_F(HostileClients, TheAnswerToAnOversizeBodyArrivesAlthoughTheBodyIsStillBeingSent) {
  limit("body_bytes", 1024);
  start();
  RawClient client(port());
  const std::string body(8U << 20, ' ');
  std::thread sender([&] { client.send(post("/echo", body)); });
  EXPECT_EQ(client.read_answer().status, 413);
  sender.join();
}

TEST_F(HostileClients, AClientThatNeverSpeaksIsTold408AndEnded) {
  limit("header_ms", 50);
  start();
  RawClient client(port());
  const Answer answer = client.read_answer();
  EXPECT_EQ(answer.status, 408);
  EXPECT_TRUE(answer.says("\"code\":\"timed_out\""));
  EXPECT_TRUE(client.closed());
  expect_serving();
}

TEST_F(HostileClients, ADribbledHeadIsEnded) {
  limit("header_ms", 100);
  start();
  RawClient client(port());
  for (const char c : get("/hello", "X: " + std::string(1000, 'x') + "\r\n")) {
    if (!client.send(std::string(1, c)) || client.readable(milliseconds(5))) break;
  }
  EXPECT_EQ(client.read_answer().status, 408);
  EXPECT_TRUE(client.closed());
  expect_serving();
}

TEST_F(HostileClients, ASilentBodyIsEnded) {
  limit("body_stall_ms", 50);
  start();
  RawClient client(port());
  client.send(post("/echo", "{}").substr(0, post("/echo", "{}").size() - 1));
  const Answer answer = client.read_answer();
  EXPECT_EQ(answer.status, 408);
  EXPECT_TRUE(answer.says("body_stall_ms = 50")) << answer.body;
  EXPECT_TRUE(client.closed());
  expect_serving();
}

TEST_F(HostileClients, ADribbledBodyIsEndedThoughItNeverStalls) {
  limit("body_stall_ms", 2000);
  limit("body_grace_ms", 100);
  limit("bytes_per_second", 1U << 20);
  start();
  RawClient client(port());
  client.send(
      "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
      "Content-Length: 100000\r\n\r\n");
  const auto began = std::chrono::steady_clock::now();
  while (client.send(" ") && !client.readable(milliseconds(5))) {
    ASSERT_LT(std::chrono::steady_clock::now() - began, RawClient::kPatience);
  }
  const Answer answer = client.read_answer();
  EXPECT_EQ(answer.status, 408);
  EXPECT_TRUE(answer.says("bytes_per_second")) << answer.body;
  expect_serving();
}

TEST_F(HostileClients, EmptyChunkExtensionsBuyNoTime) {
  limit("body_grace_ms", 100);
  limit("bytes_per_second", 1U << 20);
  start();
  RawClient client(port());
  client.send(
      "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
      "Transfer-Encoding: chunked\r\n\r\n");
  const std::string padded = "1;" + std::string(1000, 'e') + "\r\nx\r\n";
  const auto began = std::chrono::steady_clock::now();
  while (client.send(padded) && !client.readable(milliseconds(2))) {
    ASSERT_LT(std::chrono::steady_clock::now() - began, RawClient::kPatience);
  }
  EXPECT_EQ(client.read_answer().status, 408);
  expect_serving();
}

TEST_F(HostileClients, AnIdleConnectionEndsQuietly) {
  limit("idle_ms", 50);
  start();
  RawClient client(port());
  client.send(get("/hello"));
  EXPECT_EQ(client.read_answer().body, "hello");
  EXPECT_TRUE(client.closed());
}

TEST_F(HostileClients, AClientThatReadsNothingIsCutOff) {
  limit("body_stall_ms", 100);
  start();
  RawClient client(port());
  client.receive_buffer(4096);
  client.send(get("/stream"));
  const std::string piece(1U << 20, 'x');
  for (int i = 0; i < 64; ++i) {
    if (!script_->wait_asked()) break;
    script_->give(piece);
  }
  EXPECT_TRUE(script_->wait_destroyed());
  expect_serving();
}

TEST_F(HostileClients, ConnectionsBeyondTheCapGet503AndTheOthersGoOn) {
  limit("connections", 2);
  start();
  RawClient first(port());
  RawClient second(port());
  first.send(get("/hello"));
  second.send(get("/hello"));
  EXPECT_EQ(first.read_answer().status, 200);
  EXPECT_EQ(second.read_answer().status, 200);
  {
    RawClient third(port());
    const Answer answer = third.read_answer();
    EXPECT_EQ(answer.status, 503);
    EXPECT_TRUE(answer.says("connections = 2")) << answer.body;
    EXPECT_TRUE(answer.header("Retry-After"));
    EXPECT_TRUE(third.closed());
  }
  first.send(get("/hello"));
  EXPECT_EQ(first.read_answer().body, "hello");
}

TEST_F(HostileClients, BodiesHeldByAllTogetherAreBounded) {
  limit("bodies_bytes", 1U << 20);
  start();
  RawClient holder(port());
  const std::string whole = post("/echo", std::string(900U << 10, ' '));
  holder.send(std::string_view(whole).substr(0, whole.size() - 1));
  const std::string held = "hansard_http_bodies_bytes " + std::to_string((900U << 10) - 1) + "\n";
  const auto began = std::chrono::steady_clock::now();
  while (metrics_.text().find(held) == std::string::npos) {
    ASSERT_LT(std::chrono::steady_clock::now() - began, RawClient::kPatience) << metrics_.text();
    std::this_thread::yield();
  }
  {
    RawClient second(port());
    second.send(post("/echo", std::string(300U << 10, ' ')));
    const Answer answer = second.read_answer();
    EXPECT_EQ(answer.status, 503);
    EXPECT_TRUE(answer.says("bodies_bytes")) << answer.body;
  }
  holder.send(" ");
  EXPECT_EQ(holder.read_answer().status, 200) << "who was there first is not harmed";
  RawClient third(port());
  third.send(post("/echo", std::string(300U << 10, ' ')));
  const Answer answer = third.read_answer();
  EXPECT_EQ(answer.status, 200) << "the budget comes back";
}

TEST_F(HostileClients, AResetInTheMiddleOfARequestHurtsNobody) {
  start();
  for (int i = 0; i < 20; ++i) {
    RawClient client(port());
    client.send(post("/echo", "{}").substr(0, static_cast<std::size_t>(10 + i * 5)));
    client.reset();
  }
  expect_serving();
}

}  // namespace
}  // namespace hansard::http::testing
