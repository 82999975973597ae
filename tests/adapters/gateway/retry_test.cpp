// A call that fails in a way that may pass is made again, before anything of it reached the client.

#include <string>
#include <utility>
#include <vector>

#include "route_rig.h"
#include "samples.h"

namespace hansard::gateway::testing {
namespace {

using core::Errc;
using events::FailureReason;
using events::ResponseFailed;
using events::ResponseReceived;
using events::ResponseRequested;
using namespace std::chrono_literals;

constexpr std::uint64_t kHalf = std::uint64_t{1} << 63U;
constexpr const char* kBusy = R"({"error":{"message":"busy","type":"rate_limit_exceeded"}})";

class RetryTest : public RouteTest {
 protected:
  RetryTest() {
    route_.retry.attempts_max = 3;
    route_.retry.base = 1s;
    use();
    chance_ = kHalf;  // half of every pause
  }
};

TEST_F(RetryTest, ACallThatFailsIsMadeAgainAfterAPause) {
  Client& client = send(kChat, plain_request());
  answer(429, kBusy);
  EXPECT_FALSE(client.told);
  EXPECT_EQ(attempts(), 1U);
  wait(499ms);
  EXPECT_EQ(attempts(), 1U);
  wait(1ms);
  ASSERT_EQ(attempts(), 2U);
  EXPECT_EQ(upstream().sent.body, provider_.calls[0]->sent.body);
  answer(200, plain_answer());
  EXPECT_TRUE(client.over);
  EXPECT_EQ(client.status, 200);
  EXPECT_EQ(client.received, plain_answer());
  EXPECT_EQ(timers(), 0U);

  EXPECT_EQ(story(sessions().at(0)), "cmqfqr");
  const auto requests = recorded_of<ResponseRequested>();
  ASSERT_EQ(requests.size(), 2U);
  EXPECT_EQ(requests[0].call_id, requests[1].call_id);
  EXPECT_EQ(requests[1].attempt, 2U);
  ASSERT_EQ(requests[1].policies.size(), 1U);
  EXPECT_EQ(requests[1].policies[0].name, "retry");
  EXPECT_EQ(requests[1].policies[0].outcome, "after_429");
  EXPECT_EQ(requests[1].policies[0].target, "stub");
  EXPECT_EQ(requests[1].policies[0].wait_us, 500'000U);
  const auto failed = recorded_of<ResponseFailed>().at(0);
  EXPECT_EQ(failed.attempt, 1U);
  EXPECT_EQ(failed.status, 429U);
  EXPECT_EQ(failed.error_type, "rate_limit_exceeded");
  EXPECT_EQ(failed.retryable, true);
  EXPECT_EQ(failed.provider, "stub");
  EXPECT_EQ(recorded_of<ResponseReceived>().at(0).attempt, 2U);
}

TEST_F(RetryTest, TheLastFailureGoesToTheClientAsItCame) {
  Client& client = send(kChat, plain_request());
  answer(503, "one");
  wait(1s);
  answer(503, "two");
  wait(1s);
  ASSERT_EQ(attempts(), 3U);
  answer(503, "three", {{"x-request-id", "r3"}});
  EXPECT_EQ(client.status, 503);
  EXPECT_EQ(client.received, "three");
  EXPECT_TRUE(client.over);
  ASSERT_EQ(client.fields.size(), 4U);
  EXPECT_EQ(client.fields[0].value, "r3");
  EXPECT_EQ(story(sessions().at(0)), "cmqfqfqf");
  EXPECT_EQ(timers(), 0U);
}

TEST_F(RetryTest, WhatIsWrongWithTheCallIsToldAtOnce) {
  for (const int status : {400, 401, 403, 404, 413, 422, 501}) {
    Client& client = send(kChat, plain_request());
    const std::size_t before = attempts();
    answer(status, "no");
    EXPECT_EQ(client.status, status);
    EXPECT_EQ(attempts(), before) << status;
  }
}

TEST_F(RetryTest, ACallWithoutAnAnswerIsMadeAgain) {
  for (const char* field : {"connect", "tls", "first_byte", "reset", "connections"}) {
    Client& client = send(kChat, plain_request());
    const std::size_t before = attempts();
    upstream().refuse(Errc::unavailable, field);
    wait(1s);
    ASSERT_EQ(attempts(), before + 1) << field;
    answer(200, plain_answer());
    EXPECT_EQ(client.status, 200);
  }
  EXPECT_EQ(recorded_of<ResponseFailed>().size(), 5U);
  EXPECT_EQ(recorded_of<ResponseFailed>()[0].error_type, "connect");
}

TEST_F(RetryTest, TheLastErrorIsTold) {
  route_.retry.attempts_max = 2;
  use();
  Client& client = send(kChat, plain_request());
  upstream().refuse(Errc::timed_out, "connect");
  wait(1s);
  upstream().refuse(Errc::unavailable, "reset");
  ASSERT_TRUE(client.error);
  EXPECT_EQ(client.error->field, "reset");
  EXPECT_EQ(client.told, 1);
}

TEST_F(RetryTest, AnAnswerThatBreaksIsNotMadeAgain) {
  Client& client = send(kChat, plain_request());
  upstream().head(200);
  upstream().piece("{\"id\":");
  upstream().fail(Errc::unavailable, "truncated");
  EXPECT_TRUE(client.error);
  wait(1h);
  EXPECT_EQ(attempts(), 1U);
}

TEST_F(RetryTest, TheProviderSaysHowLongToWait) {
  Client& client = send(kChat, plain_request());
  answer(429, kBusy, {{"Retry-After", "7"}});
  wait(6999ms);
  EXPECT_EQ(attempts(), 1U);
  wait(1ms);
  ASSERT_EQ(attempts(), 2U);
  answer(529, kBusy, {{"retry-after-ms", "20"}});
  wait(20ms);
  ASSERT_EQ(attempts(), 3U);
  answer(200, plain_answer());
  EXPECT_EQ(client.status, 200);
}

TEST_F(RetryTest, AProviderThatAsksForTooMuchIsLeft) {
  Client& client = send(kChat, plain_request());
  answer(429, kBusy, {{"Retry-After", "61"}});
  EXPECT_EQ(client.status, 429);
  EXPECT_EQ(client.received, kBusy);
  EXPECT_EQ(timers(), 0U);
}

TEST_F(RetryTest, TheDeadlineSpansAttemptsAndPauses) {
  route_.deadlines.emplace();
  route_.deadlines->total = 1000ms;
  use();
  Client& client = send(kChat, plain_request());
  EXPECT_EQ(upstream().sent.deadlines->total, 1000ms);
  wait(300ms);
  answer(503, "one");
  wait(500ms);
  ASSERT_EQ(attempts(), 2U);
  EXPECT_EQ(upstream().sent.deadlines->total, 200ms);
  answer(503, "two");
  EXPECT_EQ(client.status, 503) << "the next pause would end after the deadline";
  EXPECT_EQ(client.received, "two");
  EXPECT_EQ(timers(), 0U);
}

TEST_F(RetryTest, WhoGoesDuringAPauseEndsIt) {
  Client& client = send(kChat, plain_request());
  answer(503, kBusy);
  EXPECT_EQ(timers(), 1U);
  client.leave();
  EXPECT_EQ(timers(), 0U);
  wait(1h);
  EXPECT_EQ(attempts(), 1U);
  EXPECT_EQ(story(sessions().at(0)), "cmqf");
  const auto failed = recorded_of<ResponseFailed>().at(0);
  EXPECT_EQ(failed.reason, FailureReason::error) << "that is what became of the one attempt";
  EXPECT_EQ(failed.status, 503U);
}

TEST_F(RetryTest, WhoGoesDuringAnAttemptEndsIt) {
  Client& client = send(kChat, plain_request());
  answer(503, kBusy);
  wait(1s);
  client.leave();
  EXPECT_TRUE(upstream().dropped);
  EXPECT_EQ(story(sessions().at(0)), "cmqfqf");
  EXPECT_EQ(recorded_of<ResponseFailed>()[1].reason, FailureReason::cancelled);
  EXPECT_EQ(recorded_of<ResponseFailed>()[1].attempt, 2U);
}

TEST_F(RetryTest, AFailureWhoseBodyNeverEndsIsGivenUp) {
  Client& client = send(kChat, plain_request());
  upstream().head(503);
  upstream().piece("{\"error\":");
  wait(2s);
  EXPECT_TRUE(provider_.calls[0]->dropped);
  wait(1s);
  ASSERT_EQ(attempts(), 2U);
  answer(200, plain_answer());
  EXPECT_EQ(client.status, 200);
}

TEST_F(RetryTest, AFailureWithALongBodyIsCutShort) {
  Client& client = send(kChat, plain_request());
  upstream().head(503);
  for (int i = 0; i < 3; ++i) upstream().piece(std::string(40'000, 'x'));
  EXPECT_TRUE(provider_.calls[0]->dropped);
  wait(1s);
  ASSERT_EQ(attempts(), 2U);
  answer(200, plain_answer());
  EXPECT_EQ(client.status, 200);
}

TEST_F(RetryTest, AnAttemptIsAnsweredBeforeStartReturns) {
  provider_.on_start = [&](ScriptedCall& call) {
    const bool last = provider_.calls.size() == 3;
    call.head(last ? 200 : 503);
    call.piece(last ? plain_answer() : "no");
    call.end();
  };
  Client& client = send(kChat, plain_request());
  wait(2s);
  wait(2s);
  EXPECT_EQ(client.status, 200);
  EXPECT_TRUE(client.over);
  EXPECT_EQ(story(sessions().at(0)), "cmqfqfqr");
}

TEST_F(RetryTest, CallsThatNobodyRecordsAreMadeAgainToo) {
  GatewayOptions options;
  options.recording = Recording::off;
  options.routes["stub"] = route_;
  restart(options);
  Client& client = send(kChat, plain_request());
  answer(503, kBusy);
  wait(1s);
  answer(200, plain_answer());
  EXPECT_EQ(client.received, plain_answer());
  EXPECT_TRUE(recorded().empty());
}

TEST_F(RetryTest, WithoutARouteNothingIsTriedAgain) {
  restart();
  Client& client = send(kChat, plain_request());
  answer(503, kBusy);
  EXPECT_EQ(client.status, 503);
  EXPECT_EQ(attempts(), 1U);
}

}  // namespace
}  // namespace hansard::gateway::testing
