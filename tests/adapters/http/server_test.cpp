#include "http/server.h"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "test_server.h"

namespace hansard::http::testing {
namespace {

using std::chrono::milliseconds;

class HttpServer : public TestServer {};

std::string unix_path(std::string_view name) {
  return (std::filesystem::temp_directory_path() /
          ("hansard_" + std::to_string(::getpid()) + "_" + std::string(name)))
      .string();
}

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

TEST_F(HttpServer, MalformedRequestsGet400AndTheConnectionEnds) {
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

TEST_F(HttpServer, OversizeHeadsTargetsAndBodiesAreToldTheirLimit) {
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

TEST_F(HttpServer, TheAnswerToAnOversizeBodyArrivesAlthoughTheBodyIsStillBeingSent) {
  limit("body_bytes", 1024);
  start();
  RawClient client(port());
  const std::string body(8U << 20, ' ');
  std::thread sender([&] { client.send(post("/echo", body)); });
  EXPECT_EQ(client.read_answer().status, 413);
  sender.join();
}

TEST_F(HttpServer, AClientThatNeverSpeaksIsTold408AndEnded) {
  limit("header_ms", 50);
  start();
  RawClient client(port());
  const Answer answer = client.read_answer();
  EXPECT_EQ(answer.status, 408);
  EXPECT_TRUE(answer.says("\"code\":\"timed_out\""));
  EXPECT_TRUE(client.closed());
  expect_serving();
}

TEST_F(HttpServer, ADribbledHeadIsEnded) {
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

TEST_F(HttpServer, ASilentBodyIsEnded) {
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

TEST_F(HttpServer, ADribbledBodyIsEndedThoughItNeverStalls) {
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

TEST_F(HttpServer, EmptyChunkExtensionsBuyNoTime) {
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

TEST_F(HttpServer, AnIdleConnectionEndsQuietly) {
  limit("idle_ms", 50);
  start();
  RawClient client(port());
  client.send(get("/hello"));
  EXPECT_EQ(client.read_answer().body, "hello");
  EXPECT_TRUE(client.closed());
}

TEST_F(HttpServer, AClientThatReadsNothingIsCutOff) {
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

TEST_F(HttpServer, ConnectionsBeyondTheCapGet503AndTheOthersGoOn) {
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

TEST_F(HttpServer, BodiesHeldByAllTogetherAreBounded) {
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

TEST_F(HttpServer, AResetInTheMiddleOfARequestHurtsNobody) {
  start();
  for (int i = 0; i < 20; ++i) {
    RawClient client(port());
    client.send(post("/echo", "{}").substr(0, static_cast<std::size_t>(10 + i * 5)));
    client.reset();
  }
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

TEST_F(HttpServer, KeysAreAskedForAndDecideTheScope) {
  start({}, {{"w", "hsd_0123456789abcdefXYZ", core::ProjectId(), {Scope::write}}});
  expect_serving();  // open route
  RawClient client(port());
  client.send(get("/hello", "Host: second\r\n"));
  EXPECT_EQ(client.read_answer().status, 400);
}

TEST_F(HttpServer, ABusyPortIsAnErrorThatNamesIt) {
  start();
  ServerOptions options;
  options.listen[0].port = port();
  Server second(options, Router::make({}).value(), KeyRing(), pool_, *log_, metrics_, clock_);
  const auto started = second.start();
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code, core::Errc::unavailable);
  EXPECT_NE(started.error().message.find("127.0.0.1:" + std::to_string(port())), std::string::npos);
  EXPECT_NE(started.error().message.find("in use"), std::string::npos);
  expect_serving();
}

TEST_F(HttpServer, OtherMachinesAreNotServedWithoutAKey) {
  for (const char* host : {"0.0.0.0", "::", "192.0.2.1"}) {
    ServerOptions options;
    options.listen[0] = {host, 0};
    Server server(options, Router::make({}).value(), KeyRing(), pool_, *log_, metrics_, clock_);
    const auto started = server.start();
    ASSERT_FALSE(started) << host;
    EXPECT_EQ(started.error().code, core::Errc::invalid_argument);
    EXPECT_EQ(started.error().field, "listen");
  }
}

TEST_F(HttpServer, ListenAddressesAreParsed) {
  EXPECT_EQ(parse_listen("8080")->port, 8080);
  EXPECT_EQ(parse_listen("8080")->host, "127.0.0.1");
  EXPECT_EQ(parse_listen("0.0.0.0:1")->host, "0.0.0.0");
  EXPECT_EQ(parse_listen("[::1]:7")->host, "::1");
  for (const char* bad : {"", ":1", "a:b", "1:65536", "[::1]", "::1:80", "host:"}) {
    EXPECT_FALSE(parse_listen(bad)) << bad;
  }
}

TEST_F(HttpServer, TheUnixSocketIsTheOwnersAlone) {
  const std::string path = unix_path("owner.sock");
  ServerOptions options;
  options.unix_socket = path;
  start(options, {{"w", "hsd_0123456789abcdefXYZ", core::ProjectId(), {Scope::write}}});
  struct stat found {};
  ASSERT_EQ(::stat(path.c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777U, 0600U);
  RawClient client(path);
  client.send("GET /hello HTTP/1.1\r\nHost: hansard\r\n\r\n");
  EXPECT_EQ(client.read_answer().body, "hello");
  server_->stop();
  EXPECT_NE(::stat(path.c_str(), &found), 0) << "removed at the end";
}

TEST_F(HttpServer, AStaleSocketIsReplacedAndALiveOneIsNot) {
  const std::string path = unix_path("stale.sock");
  {
    const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    ASSERT_EQ(::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    ::close(fd);  // the file stays, as after a kill
  }
  ServerOptions options;
  options.unix_socket = path;
  start(options);
  options.listen.clear();
  Server second(options, Router::make({}).value(), KeyRing(), pool_, *log_, metrics_, clock_);
  const auto started = second.start();
  ASSERT_FALSE(started);
  EXPECT_NE(started.error().message.find("served by another process"), std::string::npos);
  RawClient client(path);
  EXPECT_TRUE(client.connected());
}

TEST_F(HttpServer, AFileInTheSocketsPlaceIsNotRemoved) {
  const std::string path = unix_path("file.sock");
  std::ofstream(path) << "precious";
  ServerOptions options;
  options.listen.clear();
  options.unix_socket = path;
  Server server(options, Router::make({}).value(), KeyRing(), pool_, *log_, metrics_, clock_);
  EXPECT_FALSE(server.start());
  EXPECT_TRUE(std::filesystem::exists(path));
  std::filesystem::remove(path);
}

TEST_F(HttpServer, ASocketPathMayBeLongerThanAnAddress) {
  const std::filesystem::path directory = unix_path(std::string(120, 'd'));
  std::filesystem::create_directory(directory);
  ServerOptions options;
  options.unix_socket = directory / "hansard.sock";
  start(options);
  const auto address = UnixAddress::of(options.unix_socket);
  ASSERT_TRUE(address);
  RawClient client(address->path);
  client.send(get("/hello"));
  EXPECT_EQ(client.read_answer().body, "hello");
  server_->stop();
  EXPECT_TRUE(std::filesystem::is_empty(directory));
  std::filesystem::remove(directory);
}

}  // namespace
}  // namespace hansard::http::testing
