// The provider as its port has it: when things come, and how calls end.

#include "scripted/provider.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <optional>
#include <string>
#include <thread>

namespace hansard::scripted {
namespace {

using core::ProviderHead;
using core::Result;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::chrono::seconds kPatience{10};

class FixedClock final : public core::Clock {
 public:
  [[nodiscard]] core::Timestamp now() const override {
    return core::Timestamp(std::chrono::microseconds(1'764'499'721'000'000));
  }
};

/// One call, waited for.
struct Call {
  std::promise<Result<ProviderHead>> head_promise;
  std::future<Result<ProviderHead>> head = head_promise.get_future();
  std::unique_ptr<core::ProviderExchange> exchange;

  Result<ProviderHead> wait_head() {
    if (head.wait_for(kPatience) == std::future_status::ready) return head.get();
    ADD_FAILURE() << "no head came";
    return core::Error{core::Errc::internal, "no head came"};
  }
  Result<std::string> next() {
    auto told = std::make_shared<std::promise<Result<std::string>>>();
    auto piece = told->get_future();
    exchange->next([told](Result<std::string> bytes) { told->set_value(std::move(bytes)); });
    if (piece.wait_for(kPatience) == std::future_status::ready) return piece.get();
    ADD_FAILURE() << "no piece came";
    return core::Error{core::Errc::internal, "no piece came"};
  }
  /// All of the body, or why not.
  Result<std::string> rest() {
    std::string all;
    while (true) {
      auto piece = next();
      if (!piece) return piece.error();
      if (piece->empty()) return all;
      all += *piece;
    }
  }
};

class ProviderTest : public testing::Test {
 protected:
  void use(std::string_view script) {
    Providers providers;
    providers.emplace("demo", Scripted{"openai", *Script::parse(script, "test")});
    provider_.emplace(std::move(providers), clock_);
  }
  std::unique_ptr<Call> start(bool stream, core::ProviderDeadlines deadlines = {},
                              const std::string& name = "demo") {
    auto call = std::make_unique<Call>();
    core::ProviderCall request;
    request.provider = name;
    request.method = "POST";
    request.target = "/v1/chat/completions";
    request.body = std::string(R"({"model":"m","stream":)") + (stream ? "true" : "false") +
                   R"(,"messages":[{"role":"user","content":"hi"}]})";
    request.deadlines = deadlines;
    call->exchange =
        provider_->start(std::move(request), [&call = *call](Result<ProviderHead> head) {
          call.head_promise.set_value(std::move(head));
        });
    return call;
  }

  FixedClock clock_;
  std::optional<Provider> provider_;
};

TEST_F(ProviderTest, AnswersWholeAndThenSaysTheEndAgainAndAgain) {
  use(R"({"answer":"one two"})");
  const auto call = start(false);
  const auto head = call->wait_head();
  ASSERT_TRUE(head);
  EXPECT_EQ(head->status, 200);
  const auto body = call->rest();
  ASSERT_TRUE(body);
  EXPECT_NE(body->find("one two"), std::string::npos);
  EXPECT_EQ(*call->next(), "");
}

TEST_F(ProviderTest, NoPieceComesBeforeItsTime) {
  use(R"({"answer":"a b c d","delay":"30ms","pace":"20ms"})");
  const auto begun = steady_clock::now();
  const auto call = start(true);
  ASSERT_TRUE(call->wait_head());
  EXPECT_GE(steady_clock::now() - begun, milliseconds(30));
  const auto body = call->rest();
  ASSERT_TRUE(body);
  EXPECT_GE(steady_clock::now() - begun, milliseconds(30 + 3 * 20));
  EXPECT_NE(body->find("[DONE]"), std::string::npos);
}

TEST_F(ProviderTest, DeadlinesOfACallAreKept) {
  use(R"({"answer":"a b","delay":"5m","pace":"5m"})");
  core::ProviderDeadlines first;
  first.first_byte = milliseconds(5);
  const auto slow = start(false, first)->wait_head();
  ASSERT_FALSE(slow);
  EXPECT_EQ(slow.error().code, core::Errc::timed_out);
  EXPECT_EQ(slow.error().field, "first_byte");
  core::ProviderDeadlines total;
  total.total = milliseconds(5);
  EXPECT_EQ(start(false, total)->wait_head().error().field, "total");

  use(R"({"answer":"a b","pace":"5m"})");
  core::ProviderDeadlines idle;
  idle.idle = milliseconds(5);
  const auto call = start(true, idle);
  ASSERT_TRUE(call->wait_head());
  for (int time = 0; time < 2; ++time) {
    const auto body = call->rest();
    ASSERT_FALSE(body);
    EXPECT_EQ(body.error().code, core::Errc::timed_out);
    EXPECT_EQ(body.error().field, "idle");
  }
}

TEST_F(ProviderTest, NobodyHearsOfACallThatWasLetGoOf) {
  use(R"({"answer":"a b","delay":"5m"})");
  const auto call = start(true);
  call->exchange.reset();
  provider_.reset();
  EXPECT_EQ(call->head.wait_for(milliseconds(0)), std::future_status::timeout);
}

TEST_F(ProviderTest, ACallMayEndItselfWhileItIsTold) {
  use(R"({"answer":"a b"})");
  std::promise<void> ended;
  std::unique_ptr<core::ProviderExchange> exchange;
  std::promise<void> there;
  auto is_there = there.get_future().share();
  core::ProviderCall request;
  request.provider = "demo";
  request.method = "POST";
  request.target = "/v1/chat/completions";
  request.body = R"({"messages":[]})";
  exchange = provider_->start(std::move(request), [&, is_there](const Result<ProviderHead>&) {
    is_there.wait();
    exchange.reset();
    ended.set_value();
  });
  there.set_value();
  EXPECT_EQ(ended.get_future().wait_for(kPatience), std::future_status::ready);
}

TEST_F(ProviderTest, AProviderThatStopsTellsEverybodyAndTheyMayLeaveLater) {
  use(R"({"answer":"a b","delay":"5m"})");
  const auto waiting = start(true);
  provider_.reset();
  const auto head = waiting->wait_head();
  ASSERT_FALSE(head);
  EXPECT_EQ(head.error().code, core::Errc::cancelled);
  EXPECT_EQ(head.error().field, "stopping");

  use(R"({"answer":"a b","pace":"5m"})");
  const auto reading = start(true);
  ASSERT_TRUE(reading->wait_head());
  ASSERT_TRUE(reading->next());
  provider_.reset();
  EXPECT_EQ(reading->rest().error().field, "stopping");
  EXPECT_EQ(reading->rest().error().field, "stopping");
}

TEST_F(ProviderTest, AReloadIsForTheCallsAfterIt) {
  use(R"({"answer":"old words","pace":"30ms"})");
  const auto before = start(true);
  ASSERT_TRUE(before->wait_head());
  Providers fresh;
  fresh.emplace("demo", Scripted{"openai", *Script::parse(R"({"answer":"new words"})", "test")});
  fresh.emplace("more", Scripted{"ollama", Script()});
  provider_->reload(std::move(fresh));
  const auto after = start(false);
  ASSERT_TRUE(after->wait_head());
  EXPECT_NE(after->rest()->find("new words"), std::string::npos);
  const auto rest = before->rest();
  ASSERT_TRUE(rest);
  EXPECT_NE(rest->find("old"), std::string::npos);
  EXPECT_TRUE(provider_->has("more"));
}

TEST_F(ProviderTest, CallsAreCountedByHowTheyEnd) {
  use(R"({"answer":"a","pace":"5m"})");
  auto whole = start(false);
  ASSERT_TRUE(whole->wait_head());
  ASSERT_TRUE(whole->rest());
  whole.reset();
  start(false).reset();
  const auto waiting = start(false);
  const auto all = provider_->status();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].name, "demo");
  EXPECT_EQ(all[0].calls, 3U);
  EXPECT_EQ(all[0].succeeded, 1U);
  EXPECT_EQ(all[0].cancelled, 1U);
}

TEST_F(ProviderTest, AProviderOfNoNameIsNotFound) {
  use(R"({"answer":"a"})");
  EXPECT_TRUE(provider_->has("demo"));
  EXPECT_FALSE(provider_->has("other"));
  const auto head = start(false, {}, "other")->wait_head();
  ASSERT_FALSE(head);
  EXPECT_EQ(head.error().code, core::Errc::not_found);
  EXPECT_EQ(head.error().field, "provider");
}

TEST_F(ProviderTest, TooManyCallsAreRefusedAndThereIsRoomAgain) {
  use(R"({"answer":"a","delay":"5m"})");
  std::vector<std::unique_ptr<Call>> calls;
  for (std::size_t i = 0; i < Provider::kCallsMax; ++i) calls.push_back(start(false));
  const auto refused = start(false)->wait_head();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, core::Errc::overloaded);
  calls.clear();
  use(R"({"answer":"a"})");
  EXPECT_TRUE(start(false)->wait_head());
}

TEST_F(ProviderTest, ManyCallsAtOnceAndInTheMiddleOfThemManyLeave) {
  use(R"({"answer":"a b c d e f","delay":"2ms","pace":"1ms"})");
  std::vector<std::thread> threads;
  std::atomic<int> whole{0};
  std::atomic<int> waited_for{0};
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&, thread] {
      for (int i = 0; i < 50; ++i) {
        const auto call = start(true);
        if ((i + thread) % 3 == 0) {
          call->exchange.reset();
          continue;
        }
        EXPECT_TRUE(call->wait_head());
        if ((i + thread) % 3 == 1) continue;
        ++waited_for;
        whole += call->rest() ? 1 : 0;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_GT(whole, 0);
  EXPECT_EQ(whole, waited_for);
}

}  // namespace
}  // namespace hansard::scripted
