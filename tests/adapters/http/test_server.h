#pragma once

#include <gtest/gtest.h>

#include <condition_variable>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "http/problem.h"
#include "http/server.h"
#include "ossl/clock.h"
#include "raw_client.h"
#include "support/events.h"

namespace hansard::http::testing {

/// A body given out piece by piece by the test.
class ScriptedBody final : public BodySource {
 public:
  /// What the test holds of it.
  struct Script {
    std::mutex mutex;
    std::condition_variable changed;
    std::function<void(core::Result<std::string>)> asked;
    bool destroyed = false;

    /// Waits until the server asks, then answers.
    void give(core::Result<std::string> piece) {
      std::unique_lock lock(mutex);
      if (!changed.wait_for(lock, RawClient::kPatience, [&] { return asked != nullptr; })) return;
      auto done = std::exchange(asked, nullptr);
      lock.unlock();
      done(std::move(piece));
    }
    bool wait_destroyed() {
      std::unique_lock lock(mutex);
      return changed.wait_for(lock, RawClient::kPatience, [&] { return destroyed; });
    }
    /// False when the server let the body go instead.
    bool wait_asked() {
      std::unique_lock lock(mutex);
      changed.wait_for(lock, RawClient::kPatience, [&] { return asked || destroyed; });
      return asked != nullptr && !destroyed;
    }
  };
  ScriptedBody(std::shared_ptr<Script> script, bool endless)
      : script_(std::move(script)), endless_(endless) {}
  ~ScriptedBody() override {
    const std::lock_guard lock(script_->mutex);
    script_->destroyed = true;
    script_->changed.notify_all();
  }
  void next(std::function<void(core::Result<std::string>)> done) override {
    const std::lock_guard lock(script_->mutex);
    script_->asked = std::move(done);
    script_->changed.notify_all();
  }
  [[nodiscard]] bool endless() const override { return endless_; }

 private:
  std::shared_ptr<Script> script_;
  bool endless_;
};

/// A server on a free loopback port with a few routes that do what a test tells them.
class TestServer : public ::testing::Test {
 protected:
  void start(ServerOptions options = {}, std::vector<ApiKey> keys = {}) {
    const core::KeyedHash keyed_hash(support::hasher(), core::Hash{});
    if (options.listen.size() == 1) options.listen[0].port = 0;
    options.limits = limits_;
    options.threads = 2;
    server_ = std::make_unique<Server>(std::move(options), Router::make(routes()).value(),
                                       KeyRing::make(keyed_hash, std::move(keys)).value(), pool_,
                                       *log_, metrics_, clock_);
    const auto started = server_->start();
    ASSERT_TRUE(started) << started.error().message;
  }
  void limit(std::string_view name, std::uint64_t value) {
    ASSERT_TRUE(limits_.set(name, value)) << name;
  }
  [[nodiscard]] std::uint16_t port() const { return server_->port(); }

  static std::string get(std::string_view target, std::string_view more = "") {
    return "GET " + std::string(target) + " HTTP/1.1\r\nHost: localhost\r\n" + std::string(more) +
           "\r\n";
  }
  static std::string post(std::string_view target, std::string_view body,
                          std::string_view more = "") {
    return "POST " + std::string(target) +
           " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: " +
           std::to_string(body.size()) + "\r\n" + std::string(more) + "\r\n" + std::string(body);
  }
  /// What every hostile case ends with: the server still serves others.
  void expect_serving() {
    RawClient client(port());
    client.send(get("/hello"));
    const Answer answer = client.read_answer();
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, "hello");
  }
  /// The requests that wait in `/held`; each may be answered by the test.
  Responder take_held() {
    std::unique_lock lock(mutex_);
    held_changed_.wait_for(lock, RawClient::kPatience, [&] { return !held_.empty(); });
    Responder first = held_.at(0);
    held_.erase(held_.begin());
    return first;
  }
  static Response text(std::string body) {
    Response response;
    response.body = std::move(body);
    return response;
  }

  Limits limits_;
  Pool pool_{{"test", 2, 4, 0}};
  std::unique_ptr<Log> log_ = Log::silent();
  Metrics metrics_;
  ossl::SystemClock clock_;
  std::shared_ptr<ScriptedBody::Script> script_ = std::make_shared<ScriptedBody::Script>();
  std::mutex mutex_;
  std::condition_variable held_changed_;
  std::vector<Responder> held_;
  std::string seen_;                ///< target and body of a request to `/waiting`
  std::promise<void> gone_;         ///< its client went
  std::unique_ptr<Server> server_;  // stops before what its handlers use

 private:
  std::vector<Route> routes() {
    const auto route = [](Method method, std::string pattern, Runs runs, Takes takes,
                          Handler handler) {
      Route made(method, std::move(pattern), Rule::anyone());
      made.runs = runs;
      made.takes = takes;
      made.handler = std::move(handler);
      return made;
    };
    std::vector<Route> all;
    all.push_back(
        route(Method::get, "/hello", Runs::loop, Takes::nothing,
              [](const RequestPtr&, const Responder& respond) { respond(text("hello")); }));
    all.push_back(
        route(Method::get, "/pooled", Runs::pool, Takes::nothing,
              [](const RequestPtr&, const Responder& respond) { respond(text("pooled")); }));
    all.push_back(route(
        Method::post, "/echo", Runs::loop, Takes::json,
        [](const RequestPtr& request, const Responder& respond) { respond(text(request->body)); }));
    all.push_back(route(Method::get, "/held", Runs::loop, Takes::nothing,
                        [this](const RequestPtr&, const Responder& respond) {
                          const std::lock_guard lock(mutex_);
                          held_.push_back(respond);
                          held_changed_.notify_all();
                        }));
    all.push_back(route(Method::post, "/waiting/{rest...}", Runs::loop, Takes::anything,
                        [this](const RequestPtr& request, const Responder& respond) {
                          request->departure->then([this] { gone_.set_value(); });
                          const std::lock_guard lock(mutex_);
                          seen_ = request->target + " " + request->body;
                          held_.push_back(respond);
                          held_changed_.notify_all();
                        }));
    all.back().waits = true;
    all.push_back(route(Method::get, "/blocked", Runs::pool, Takes::nothing,
                        [this](const RequestPtr&, const Responder& respond) {
                          std::promise<void> released;
                          {
                            const std::lock_guard lock(mutex_);
                            held_.push_back(Responder([&](Response) { released.set_value(); }));
                            held_changed_.notify_all();
                          }
                          released.get_future().wait();
                          respond(text("released"));
                        }));
    all.push_back(route(Method::get, "/lost", Runs::loop, Takes::nothing,
                        [](const RequestPtr&, const Responder&) {}));
    all.push_back(
        route(Method::get, "/throws", Runs::loop, Takes::nothing,
              [](const RequestPtr&, const Responder&) { throw std::runtime_error("a bug"); }));
    for (const bool endless : {false, true}) {
      all.push_back(route(Method::get, endless ? "/follow" : "/stream", Runs::loop, Takes::nothing,
                          [this, endless](const RequestPtr&, const Responder& respond) {
                            Response response;
                            response.stream = std::make_unique<ScriptedBody>(script_, endless);
                            respond(std::move(response));
                          }));
    }
    return all;
  }
};

}  // namespace hansard::http::testing
