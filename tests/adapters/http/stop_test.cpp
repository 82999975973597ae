#include <filesystem>
#include <thread>

#include "test_server.h"

namespace hansard::http::testing {
namespace {

class Stopping : public TestServer {
 protected:
  /// Asked of a socket of our own: a free port may be somebody else's a moment later.
  [[nodiscard]] bool listens() const { return RawClient(socket_).connected(); }
  void start() {
    ServerOptions options;
    options.unix_socket = socket_;
    TestServer::start(options);
  }
  const std::string socket_ = (std::filesystem::temp_directory_path() /
                               ("hansard_stop_" + std::to_string(::getpid()) + ".sock"))
                                  .string();
};

TEST_F(Stopping, EndsIdleConnectionsAtOnce) {
  start();
  RawClient silent(port());
  RawClient idle(port());
  idle.send(get("/hello"));
  EXPECT_EQ(idle.read_answer().body, "hello");
  const auto began = std::chrono::steady_clock::now();
  server_->stop();
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(5));
  EXPECT_TRUE(idle.closed());
  EXPECT_FALSE(listens()) << "nobody listens any more";
}

TEST_F(Stopping, LetsARequestInFlightFinish) {
  start();
  RawClient client(port());
  client.send(get("/held"));
  const Responder respond = take_held();
  std::thread stopper([&] { server_->stop(); });
  while (listens()) std::this_thread::yield();
  respond(text("in time"));
  const Answer answer = client.read_answer();
  EXPECT_EQ(answer.body, "in time");
  EXPECT_EQ(answer.header("Connection"), "close");
  EXPECT_TRUE(client.closed());
  stopper.join();
}

TEST_F(Stopping, CutsOffWhatDoesNotFinishByTheDeadline) {
  limit("stop_ms", 50);
  start();
  RawClient client(port());
  client.send(get("/held"));
  const Responder respond = take_held();
  server_->stop();
  EXPECT_TRUE(client.closed());
  respond(text("too late"));  // must be harmless
}

TEST_F(Stopping, EndsAnEndlessAnswerCleanly) {
  start();
  RawClient client(port());
  client.send(get("/follow"));
  script_->give(std::string("one\n"));
  EXPECT_FALSE(client.read_until("one\n\r\n").empty());
  ASSERT_TRUE(script_->wait_asked());
  server_->stop();
  EXPECT_FALSE(client.read_until("0\r\n\r\n").empty()) << "the last chunk says that it is whole";
}

TEST_F(Stopping, LetsAFiniteStreamFinish) {
  start();
  RawClient client(port());
  client.send(get("/stream"));
  script_->give(std::string("one\n"));
  std::thread stopper([&] { server_->stop(); });
  while (listens()) std::this_thread::yield();
  script_->give(std::string("two\n"));
  script_->give(std::string());
  const Answer answer = client.read_answer();
  EXPECT_EQ(answer.body, "one\ntwo\n");
  EXPECT_TRUE(answer.whole);
  stopper.join();
}

TEST_F(Stopping, TwiceIsFineAndSoIsNeverHavingStarted) {
  start();
  server_->stop();
  server_->stop();
  Server unstarted({}, Router::make({}).value(), KeyRing(), pool_, *log_, metrics_, clock_);
  unstarted.stop();
}

TEST_F(Stopping, UnderLoadLosesNothingThatWasAnsweredAndHangsNever) {
  start();
  std::atomic<bool> go = true;
  std::vector<std::thread> clients;
  for (int i = 0; i < 8; ++i) {
    clients.emplace_back([&] {
      while (go) {
        RawClient client(port());
        for (int k = 0; k < 20 && client.send(get(k % 2 == 0 ? "/hello" : "/pooled")); ++k) {
          const Answer answer = client.read_answer();
          if (answer.status == 0) break;
          EXPECT_TRUE(answer.whole || answer.status == 0);
        }
      }
    });
  }
  // Enough traffic to stop in the middle of.
  while (metrics_.text().find("route=\"/pooled\",status=\"200\"} 2") == std::string::npos) {
    std::this_thread::yield();
  }
  server_->stop();
  go = false;
  for (auto& client : clients) client.join();
}

}  // namespace
}  // namespace hansard::http::testing
