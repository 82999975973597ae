// Many calls at once, tried again and elsewhere, while clients go: each is told once or has gone.

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "attempts.h"
#include "core/in_memory_event_log.h"
#include "events/equivalence.h"
#include "support/events.h"
#include "support/work_pool.h"

namespace hansard::gateway {
namespace {

using core::Errc;
using core::Error;
using core::Result;

/// Something that calls back until it is cancelled, which waits for a call that is running.
class Cancellable {
 public:
  void run(const std::function<void()>& work) {
    std::unique_lock lock(mutex_);
    if (cancelled_) return;
    running_ = std::this_thread::get_id();
    lock.unlock();
    work();
    lock.lock();
    running_ = {};
    done_.notify_all();
  }
  void cancel() {
    std::unique_lock lock(mutex_);
    cancelled_ = true;
    if (running_ == std::this_thread::get_id()) return;
    done_.wait(lock, [&] { return running_ == std::thread::id(); });
  }

 private:
  std::mutex mutex_;
  std::condition_variable done_;
  std::thread::id running_;
  bool cancelled_ = false;
};

class Timer final : public core::Subscription {
 public:
  explicit Timer(std::shared_ptr<Cancellable> calls) : calls_(std::move(calls)) {}
  ~Timer() override { calls_->cancel(); }
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

 private:
  std::shared_ptr<Cancellable> calls_;
};

/// Answers on threads of a pool: every third call well, the others in one way or another badly.
class Provider final : public core::ModelProvider {
 public:
  explicit Provider(support::WorkPool& pool) : pool_(pool) {}

  std::unique_ptr<core::ProviderExchange> start(core::ProviderCall /*call*/,
                                                HeadDone head) override {
    const int kind = started++ % 3;
    auto calls = std::make_shared<Cancellable>();
    pool_.post([calls, kind, head = std::move(head)] {
      calls->run([&] {
        if (kind == 1) return head(Error{Errc::unavailable, "it broke", "reset"});
        head(core::ProviderHead{kind == 0 ? 200 : 503, {}});
      });
    });
    return std::make_unique<Exchange>(pool_, std::move(calls));
  }

  std::atomic<int> started = 0;

 private:
  class Exchange final : public core::ProviderExchange {
   public:
    Exchange(support::WorkPool& pool, std::shared_ptr<Cancellable> calls)
        : pool_(pool), calls_(std::move(calls)) {}
    ~Exchange() override { calls_->cancel(); }
    Exchange(const Exchange&) = delete;
    Exchange& operator=(const Exchange&) = delete;
    void next(std::function<void(Result<std::string>)> done) override {
      const bool over = given_++ == 3;
      pool_.post([calls = calls_, over, done = std::move(done)] {
        calls->run([&] { done(over ? std::string() : std::string("piece")); });
      });
    }

   private:
    support::WorkPool& pool_;
    std::shared_ptr<Cancellable> calls_;
    int given_ = 0;
  };

  support::WorkPool& pool_;
};

class Watch final : public CallWatch {
 public:
  void decided(events::Policy) override {}
  void goes_out(SentTo) override { ++attempts; }
  void attempt_failed(events::FailResponse) override {}
  void stopped() override {}
  void when_over(std::function<void(const CallEnd&)>) override {}
  void keep_answer() override {}

  std::atomic<int> attempts = 0;
};

TEST(AttemptsThreads, EachCallIsToldOnceOrItsClientHasGone) {
  auto pool_owner = std::make_unique<support::WorkPool>(4);
  support::WorkPool& pool = *pool_owner;
  Provider provider(pool);
  const events::VocabularyEquivalence equivalence;
  core::InMemoryEventLog log(support::hasher(), equivalence);
  const core::KeyedHash keyed_hash(support::hasher(), core::Hash{4, 7});
  class Wall final : public core::Clock {
   public:
    [[nodiscard]] core::Timestamp now() const override { return support::at_us(1); }
  } clock;
  std::atomic<std::uint64_t> drawn = 0;
  Ports ports{log,
              keyed_hash,
              clock,
              provider,
              [](core::CommandContext, events::SessionCommand, const core::AppendDone&) {},
              [](const core::ProjectId&, const events::Digest&, std::size_t) {
                return std::vector<std::string>{};
              },
              [&](std::function<void()> work) { pool.post(std::move(work)); },
              [&] { return support::salt(std::to_string(++drawn)); },
              [] { return core::Status(core::Ok{}); },
              [] { return std::chrono::steady_clock::now(); },
              [&](std::chrono::milliseconds, std::function<void()> work) {
                auto calls = std::make_shared<Cancellable>();
                pool.post([calls, work = std::move(work)] { calls->run(work); });
                return std::make_unique<Timer>(calls);
              }};
  RouteOptions route;
  route.fallbacks = {{"b", {}, {}, 1}, {"c", {}, {}, 1}};
  route.retry.attempts_max = 2;
  route.breaker.consecutive = 12;
  route.breaker.open_for = std::chrono::milliseconds(1);
  Breakers breakers({{"a", route}}, ports.now);
  const auto layer = make_attempts(ports, breakers);

  std::atomic<int> attempts = 0;
  std::atomic<int> well = 0;
  std::atomic<int> told = 0;
  std::vector<std::thread> clients;
  for (int client = 0; client < 8; ++client) {
    clients.emplace_back([&, client] {
      for (int i = 0; i < 200; ++i) {
        RoutedCall call;
        call.call.provider = "a";
        call.call.method = "GET";
        call.route = &route;
        const auto watch = std::make_shared<Watch>();
        const auto head = std::make_shared<std::promise<int>>();
        auto exchange = layer->start(std::move(call), watch, [&, head](auto result) {
          ++told;
          head->set_value(result ? result->status : 0);  // throws when it is told twice
        });
        if ((client + i) % 4 == 0) {
          exchange.reset();  // somewhere in the middle
          attempts += watch->attempts;
          continue;
        }
        const int status = head->get_future().get();
        EXPECT_TRUE(status == 0 || status == 200 || status == 503) << status;
        if (status == 200) {
          ++well;
          std::string body;
          for (bool over = false; !over;) {
            std::promise<std::string> piece;
            exchange->next([&](Result<std::string> bytes) { piece.set_value(*std::move(bytes)); });
            const std::string bytes = piece.get_future().get();
            over = bytes.empty();
            body += bytes;
          }
          EXPECT_EQ(body, "piecepiecepiece");
        }
        exchange.reset();
        attempts += watch->attempts;
      }
    });
  }
  for (auto& client : clients) client.join();
  pool_owner = nullptr;  // what was cancelled is let go of there
  EXPECT_GE(told, 1200);
  EXPECT_GT(well, 0);
  EXPECT_GE(provider.started, attempts);
}

}  // namespace
}  // namespace hansard::gateway
