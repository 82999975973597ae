// A call that one target cannot answer goes to the next, and past breakers that are open.

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "route_rig.h"
#include "samples.h"

namespace hansard::gateway::testing {
namespace {

using core::Errc;
using events::FailureReason;
using events::Policy;
using events::ResponseFailed;
using events::ResponseReceived;
using events::ResponseRequested;
using namespace std::chrono_literals;

class FallbackTest : public RouteTest {
 protected:
  FallbackTest() {
    route_.targets = {{"a", "model-a", {}, 3}, {"b", {}, {}, 1}};
    route_.fallbacks = {{"c", "model-c", {}, 1}};
    use();
    chance_ = 0;  // the first target
  }
  static std::string told(const std::vector<Policy>& policies) {
    std::string all;
    for (const Policy& policy : policies) {
      all += policy.name + " " + policy.outcome + " " + policy.target.value_or("-") + ";";
    }
    return all;
  }
  std::string told(std::size_t request) {
    return told(recorded_of<ResponseRequested>().at(request).policies);
  }
  BreakerState state_of(const std::string& provider) {
    for (const BreakerStatus& status : gateway().breakers()) {
      if (status.provider == provider) return status.state;
    }
    ADD_FAILURE() << "no breaker of " << provider;
    return BreakerState::closed;
  }
};

TEST_F(FallbackTest, ATargetIsDrawnByWeightAndAskedForItsModel) {
  Client& client = send(kChat, plain_request());
  EXPECT_EQ(upstream().sent.provider, "a");
  EXPECT_EQ(upstream().sent.body,
            R"({"model":"model-a","messages":[{"role":"user","content":"Hi"}]})");
  answer(200, plain_answer());
  EXPECT_EQ(client.received, plain_answer());
  chance_ = ~std::uint64_t{0};
  send(kChat, plain_request());
  EXPECT_EQ(upstream().sent.provider, "b");
  EXPECT_EQ(upstream().sent.body, plain_request()) << "no byte is another";
  answer(200, plain_answer());

  EXPECT_EQ(told(0), "target drawn a;");
  EXPECT_EQ(told(1), "target drawn b;");
  const auto requests = recorded_of<ResponseRequested>();
  EXPECT_EQ(requests[0].provider, "a");
  EXPECT_EQ(requests[0].model, "model-a");
  EXPECT_EQ(requests[1].model, "gpt-x");
  EXPECT_EQ(recorded_of<ResponseReceived>()[0].provider, "a");
}

TEST_F(FallbackTest, WhatFailsThereIsTriedElsewhere) {
  for (const int status : {408, 429, 500, 501, 502, 503, 504, 520, 529}) {
    Client& client = send(kChat, plain_request());
    answer(status, "no");
    EXPECT_EQ(upstream().sent.provider, "c") << status;
    EXPECT_FALSE(client.told);
    answer(200, plain_answer());
    EXPECT_EQ(client.status, 200);
  }
  for (const char* field : {"connect", "tls", "first_byte", "reset", "protocol", "calls"}) {
    Client& client = send(kChat, plain_request());
    upstream().refuse(Errc::unavailable, field);
    EXPECT_EQ(upstream().sent.provider, "c") << field;
    answer(200, plain_answer());
    EXPECT_EQ(client.status, 200);
  }
  EXPECT_EQ(told(1), "fallback after_408 c;");
  const auto requests = recorded_of<ResponseRequested>();
  EXPECT_EQ(requests[1].provider, "c");
  EXPECT_EQ(requests[1].model, "model-c");
  EXPECT_EQ(requests[1].call_id, requests[0].call_id);
  EXPECT_EQ(requests[1].attempt, 2U);
  EXPECT_EQ(recorded_of<ResponseFailed>()[0].provider, "a");
  EXPECT_EQ(recorded_of<ResponseReceived>()[0].provider, "c");
}

TEST_F(FallbackTest, WhatIsWrongWithTheCallIsWrongEverywhere) {
  for (const int status : {400, 401, 403, 404, 422}) {
    const std::size_t before = attempts();
    Client& client = send(kChat, plain_request());
    answer(status, "no");
    EXPECT_EQ(client.status, status);
    EXPECT_EQ(attempts(), before + 1);
  }
  const std::size_t before = attempts();
  Client& client = send(kChat, plain_request());
  upstream().refuse(Errc::unauthenticated, "key");
  EXPECT_TRUE(client.error);
  EXPECT_EQ(attempts(), before + 1);
}

TEST_F(FallbackTest, RetriesComeFirst) {
  route_.retry.attempts_max = 2;
  use();
  Client& client = send(kChat, plain_request());
  answer(429, "one");
  wait(1ms);
  EXPECT_EQ(upstream().sent.provider, "a");
  answer(429, "two");
  EXPECT_EQ(upstream().sent.provider, "c");
  answer(503, "three");
  wait(1ms);
  EXPECT_EQ(attempts(), 4U);
  answer(503, "four");
  EXPECT_EQ(client.received, "four");
  EXPECT_EQ(story(sessions().at(0)), "cmqfqfqfqf");
}

TEST_F(FallbackTest, TheClientsKeyGoesToOneProviderOnly) {
  send(kChat, plain_request(), {{"Authorization", "Bearer sk-of-the-client"}, {"X-Note", "n"}});
  const auto has_key = [&] {
    for (const auto& field : upstream().sent.fields) {
      if (field.value.find("sk-of-the-client") != std::string::npos) return true;
    }
    return false;
  };
  EXPECT_TRUE(has_key()) << "the first of the targets";
  answer(503, "no");
  ASSERT_EQ(upstream().sent.provider, "c");
  EXPECT_FALSE(has_key());
  answer(200, plain_answer());
}

class BreakerRouteTest : public FallbackTest {
 protected:
  BreakerRouteTest() {
    route_.targets.clear();
    route_.fallbacks.clear();
    route_.breaker.consecutive = 2;
    use();
  }
  void fail_twice() {
    for (int i = 0; i < 2; ++i) {
      send(kChat, plain_request());
      answer(500, "no");
    }
  }
};

TEST_F(BreakerRouteTest, OpenItAnswersInTheShapeOfTheApi) {
  fail_twice();
  EXPECT_EQ(state_of("stub"), BreakerState::open);
  wait(10s);
  const std::size_t before = attempts();
  Client& client = send(kChat, plain_request());
  EXPECT_EQ(attempts(), before);
  EXPECT_EQ(client.status, 503);
  EXPECT_TRUE(client.over);
  const Json body = parsed(client.received);
  const Json* error = body.find("error");
  ASSERT_NE(error, nullptr);
  EXPECT_EQ(*error->find("type")->if_string(), "hansard_unavailable");
  std::map<std::string, std::string> fields;
  for (const auto& field : client.fields) fields[field.name] = field.value;
  EXPECT_EQ(fields["Retry-After"], "20");
  const auto failed = recorded_of<ResponseFailed>().back();
  EXPECT_EQ(failed.reason, FailureReason::stopped);
  EXPECT_EQ(failed.status, 503U);
  EXPECT_FALSE(failed.provider);
  EXPECT_EQ(told(recorded_of<ResponseRequested>().size() - 1), "breaker open stub;");
  EXPECT_FALSE(recorded_of<ResponseRequested>().back().provider);

  Client& other = send(kMessages, parsed(R"({"model":"m","max_tokens":1,"messages":[
      {"role":"user","content":"Hi"}]})"));
  EXPECT_EQ(*parsed(other.received).find("type")->if_string(), "error");
  Client& third = send(kOllama, parsed(R"({"model":"m","messages":[]})"));
  EXPECT_TRUE(parsed(third.received).find("error")->if_string() != nullptr);
}

TEST_F(BreakerRouteTest, AfterAWhileOneCallTriesAndItsAnswerCloses) {
  fail_twice();
  wait(30s);
  Client& trial = send(kChat, plain_request());
  EXPECT_EQ(state_of("stub"), BreakerState::half_open);
  const std::size_t before = attempts();
  Client& other = send(kChat, plain_request());
  EXPECT_EQ(other.status, 503);
  EXPECT_EQ(attempts(), before);
  answer(200, plain_answer());
  EXPECT_EQ(trial.status, 200);
  EXPECT_EQ(state_of("stub"), BreakerState::closed);
  EXPECT_EQ(told(2), "breaker trial stub;");
}

TEST_F(BreakerRouteTest, ATrialWhoseClientGoesIsNoVerdict) {
  fail_twice();
  wait(30s);
  Client& trial = send(kChat, plain_request());
  trial.leave();
  EXPECT_EQ(state_of("stub"), BreakerState::half_open);
  Client& next = send(kChat, plain_request());
  answer(200, plain_answer());
  EXPECT_EQ(next.status, 200);
  EXPECT_EQ(state_of("stub"), BreakerState::closed);
}

TEST_F(BreakerRouteTest, WhatTheClientDidWrongIsNoFailure) {
  for (const int status : {400, 401, 404, 422, 429}) {
    for (int i = 0; i < 3; ++i) {
      send(kChat, plain_request());
      answer(status, "no");
    }
  }
  EXPECT_EQ(state_of("stub"), BreakerState::closed);
}

TEST_F(BreakerRouteTest, ARetryEndsWhereTheBreakerOpens) {
  route_.retry.attempts_max = 5;
  use();
  Client& client = send(kChat, plain_request());
  answer(500, "one");
  wait(1ms);
  answer(500, "two");
  EXPECT_EQ(client.received, "two") << "no pause is as long as the breaker is open";
  EXPECT_EQ(timers(), 0U);
}

TEST_F(BreakerRouteTest, AnOpenBreakerIsPassedByOnTheWayToTheFallback) {
  route_.fallbacks = {{"c", {}, {}, 1}, {"d", {}, {}, 1}};
  use();
  for (int i = 0; i < 2; ++i) {
    send(kChat, plain_request());
    answer(500, "no");
    EXPECT_EQ(upstream().sent.provider, "c");
    answer(500, "no");
    EXPECT_EQ(upstream().sent.provider, "d");
    answer(200, plain_answer());
  }
  Client& client = send(kChat, plain_request());
  EXPECT_EQ(upstream().sent.provider, "d");
  answer(200, plain_answer());
  EXPECT_EQ(client.status, 200);
  const auto last = recorded_of<ResponseRequested>().size() - 1;
  EXPECT_EQ(told(last), "breaker open stub;breaker open c;fallback after_open d;");
}

TEST_F(BreakerRouteTest, WhenOthersOpenItDuringAPauseTheFailureIsTheAnswer) {
  route_.retry.attempts_max = 2;
  route_.retry.base = 1s;
  use();
  chance_ = ~std::uint64_t{0};
  Client& waits = send(kChat, plain_request());
  answer(500, "mine", {{"x-request-id", "r1"}});
  provider_.on_start = [](ScriptedCall& call) { call.refuse(Errc::unavailable, "connect"); };
  send(kChat, R"({"model":"m","messages":[{"role":"user","content":"other"}]})");
  provider_.on_start = nullptr;
  ASSERT_EQ(state_of("stub"), BreakerState::open);
  wait(1s);
  EXPECT_EQ(waits.status, 500);
  EXPECT_EQ(waits.received, "mine");
  EXPECT_TRUE(waits.over);
  ASSERT_EQ(waits.fields.size(), 4U);
  EXPECT_EQ(waits.fields[0].value, "r1");
}

}  // namespace
}  // namespace hansard::gateway::testing
