// Each way a call can end badly has its answer to the client and its truthful event.

#include <string>
#include <utility>
#include <vector>

#include "rig.h"
#include "samples.h"

namespace hansard::gateway::testing {
namespace {

using core::Errc;
using events::FailureReason;
using events::ResponseFailed;
using events::ResponseReceived;

class FailuresTest : public GatewayTest {
 protected:
  /// The one failure on record, and nothing is left under way behind it.
  ResponseFailed failure() {
    const auto failures = recorded_of<ResponseFailed>();
    EXPECT_EQ(failures.size(), 1U);
    EXPECT_TRUE(recorded_of<ResponseReceived>().empty());
    return failures.empty() ? ResponseFailed{} : failures.front();
  }
  static std::string text_of(const ResponseFailed& failure) {
    return failure.parts ? plain_text(*failure.parts) : std::string("(none)");
  }
};

TEST_F(FailuresTest, EachFailureOfAProviderIsToldAndRecorded) {
  struct Row {
    Errc code;
    const char* field;
    FailureReason reason;
    bool retryable;
  };
  for (const Row& row : {Row{Errc::timed_out, "connect", FailureReason::timeout, true},
                         Row{Errc::timed_out, "first_byte", FailureReason::timeout, true},
                         Row{Errc::timed_out, "total", FailureReason::timeout, true},
                         Row{Errc::unavailable, "connect", FailureReason::error, true},
                         Row{Errc::unavailable, "tls", FailureReason::error, true},
                         Row{Errc::unavailable, "reset", FailureReason::error, true},
                         Row{Errc::unavailable, "protocol", FailureReason::error, true},
                         Row{Errc::overloaded, "connections", FailureReason::error, true},
                         Row{Errc::not_found, "provider", FailureReason::error, false},
                         Row{Errc::unauthenticated, "key", FailureReason::error, false},
                         Row{Errc::invalid_argument, "target", FailureReason::error, false},
                         Row{Errc::cancelled, "stopping", FailureReason::interrupted, true}}) {
    Client& client = send(kChat, plain_request());
    upstream().refuse(row.code, row.field);
    ASSERT_TRUE(client.error) << row.field;
    EXPECT_EQ(client.error->code, row.code);
    EXPECT_EQ(client.error->field, row.field);
    EXPECT_EQ(client.told, 1);
    EXPECT_FALSE(client.has_answer());
    const auto failed = recorded_of<ResponseFailed>().back();
    EXPECT_EQ(failed.error_type, row.field);
    EXPECT_EQ(failed.reason, row.reason) << row.field;
    EXPECT_EQ(failed.retryable, row.retryable) << row.field;
    EXPECT_EQ(failed.provider, "stub");
    EXPECT_EQ(failed.model, "gpt-x");
    EXPECT_FALSE(failed.status);
  }
  EXPECT_EQ(recorded_of<ResponseFailed>().size(), 12U);
  EXPECT_EQ(sessions().size(), 1U) << "each was the next attempt of the same call";
}

TEST_F(FailuresTest, TheFailureOfAProviderIsToldWhenItIsOnRecord) {
  Client& client = send(kChat, plain_request());
  log_.holds = true;
  upstream().refuse(Errc::unavailable, "connect");
  EXPECT_EQ(client.told, 0);
  log_.release();
  EXPECT_EQ(client.told, 1);
}

TEST_F(FailuresTest, ABreakWithinAStreamIsToldAndKeepsWhatHadCome) {
  const std::vector<std::pair<const char*, FailureReason>> rows{
      {"truncated", FailureReason::truncated}, {"idle", FailureReason::timeout}};
  for (const auto& [field, reason] : rows) {
    Client& client = send(kChat, chat_stream().request);
    upstream().head(200);
    upstream().piece(chat_delta("Half an "));
    upstream().piece(chat_delta("answer"));
    upstream().piece("data: {\"id");
    upstream().fail(reason == FailureReason::timeout ? Errc::timed_out : Errc::unavailable, field);
    ASSERT_TRUE(client.error);
    EXPECT_EQ(client.error->field, field);
    EXPECT_FALSE(client.over);
    const auto failed = recorded_of<ResponseFailed>().back();
    EXPECT_EQ(failed.reason, reason);
    EXPECT_EQ(text_of(failed), "Half an answer");
    EXPECT_TRUE(failed.ttft_us);
    EXPECT_TRUE(failed.latency_us);
  }
}

TEST_F(FailuresTest, AStreamThatEndsWithoutItsEndIsTruncated) {
  for (const SampleStream& sample : sample_streams()) {
    const auto failures = recorded_of<ResponseFailed>().size();
    Client& client = send(sample.target, sample.request);
    upstream().head(200);
    std::string bytes;
    // A chat completion that has said why it finished is whole without its last line.
    const std::size_t left_out = sample.target == kChat ? 3 : 1;
    for (std::size_t i = 0; i + left_out < sample.frames.size(); ++i) bytes += sample.frames[i];
    upstream().piece(bytes);
    log_.holds = true;
    upstream().end();
    EXPECT_FALSE(client.over) << "before it is on record";
    log_.release();
    EXPECT_TRUE(client.over);
    EXPECT_EQ(client.received, bytes);
    ASSERT_EQ(recorded_of<ResponseFailed>().size(), failures + 1);
    const auto failed = recorded_of<ResponseFailed>().back();
    EXPECT_EQ(failed.reason, FailureReason::truncated) << sample.target;
    EXPECT_NE(text_of(failed).find("Gr\xc3\xbc"), std::string::npos) << sample.target;
  }
}

TEST_F(FailuresTest, AnErrorWithinAStreamIsAFailureAndPassesAsItCame) {
  struct Row {
    SampleStream sample;
    std::string error;
    const char* type;
  };
  const std::vector<Row> rows{
      {chat_stream(), sse(R"({"error":{"message":"Overloaded","type":"server_error"}})"),
       "server_error"},
      {message_stream(),
       sse("error", R"({"type":"error","error":{"type":"overloaded_error","message":"Later"}})"),
       "overloaded_error"},
      {ollama_stream(), "{\"error\":\"out of memory\"}\n", nullptr}};
  for (const Row& row : rows) {
    for (const std::size_t size : {std::size_t{1}, std::size_t{1000}}) {
      Client& client = send(row.sample.target, row.sample.request);
      upstream().head(200);
      const std::string begun = row.sample.frames[0] + row.sample.frames[1] + row.sample.frames[2];
      const std::string bytes = begun + row.error;
      log_.holds = true;
      for (std::size_t at = 0; at < bytes.size(); at += size) {
        upstream().piece(bytes.substr(at, size));
      }
      EXPECT_EQ(log_.held(), 1U) << "who reads the error may leave at once: it is recorded first";
      EXPECT_TRUE(client.received.starts_with(begun)) << row.sample.target;
      EXPECT_LT(client.received.size(), bytes.size()) << "whole frames are what clients act on";
      log_.release();
      EXPECT_EQ(client.received, bytes) << row.sample.target;
      client.leave();
      const auto failed = recorded_of<ResponseFailed>().back();
      EXPECT_EQ(failed.reason, FailureReason::error) << row.sample.target;
      EXPECT_EQ(failed.status, 200U);
      if (row.type != nullptr) {
        EXPECT_EQ(failed.error_type, row.type);
      }
    }
  }
  EXPECT_EQ(recorded_of<ResponseFailed>().size(), rows.size() * 2);
}

TEST_F(FailuresTest, AResponseThatFailsIsAFailure) {
  const SampleStream sample = response_stream();
  Client& client = send(sample.target, sample.request);
  upstream().head(200);
  const std::string bytes =
      sample.frames[0] +
      sse("response.failed",
          R"({"type":"response.failed","sequence_number":1,"response":{"id":"resp_1",)"
          R"("object":"response","status":"failed","model":"gpt-x","output":[],)"
          R"("error":{"code":"server_error","message":"x"}}})");
  upstream().piece(bytes);
  upstream().end();
  EXPECT_EQ(client.received, bytes);
  EXPECT_TRUE(client.over);
  EXPECT_EQ(failure().reason, FailureReason::error);
}

TEST_F(FailuresTest, GarbageIsAnAnswerThatCannotBeRead) {
  for (const std::string& garbage :
       {std::string("<html>Bad gateway</html>"), std::string("\xff\xfe\x00\x01", 4),
        std::string(R"({"object":"of tomorrow"})"), std::string("7"), std::string()}) {
    const auto failures = recorded_of<ResponseFailed>().size();
    Client& client = send(kChat, plain_request());
    upstream().head(200);
    if (!garbage.empty()) upstream().piece(garbage);
    upstream().end();
    EXPECT_EQ(client.received, garbage);
    EXPECT_TRUE(client.over);
    ASSERT_EQ(recorded_of<ResponseFailed>().size(), failures + 1) << garbage;
    EXPECT_EQ(recorded_of<ResponseFailed>().back().error_type, "unreadable_answer") << garbage;
  }
}

TEST_F(FailuresTest, AnAnswerThatIsNoStreamThoughAskedForIsAnAnswer) {
  Client& client = send(kChat, chat_stream().request);
  upstream().head(200, {{"content-type", "application/json; charset=utf-8"}});
  upstream().piece(plain_answer());
  upstream().end();
  EXPECT_EQ(client.received, plain_answer());
  ASSERT_EQ(recorded_of<ResponseReceived>().size(), 1U);
  EXPECT_EQ(plain_text(recorded_of<ResponseReceived>()[0].parts), "Ho");
}

TEST_F(FailuresTest, ErrorsOfAProviderPassAndAreRecordedWithStatusAndBody) {
  struct Row {
    int status;
    const char* body;
    const char* type;
    bool retryable;
  };
  for (const Row& row :
       {Row{400, R"({"error":{"message":"no","type":"invalid_request_error"}})",
            "invalid_request_error", false},
        Row{429, R"({"error":{"message":"slow","type":"rate_limit_exceeded"}})",
            "rate_limit_exceeded", true},
        Row{503, "<html>down</html>", nullptr, true}, Row{502, "", nullptr, true}}) {
    Client& client = send(kChat, chat_stream().request);
    upstream().head(row.status);
    if (*row.body != '\0') upstream().piece(row.body);
    upstream().end();
    EXPECT_EQ(client.status, row.status);
    EXPECT_EQ(client.received, row.body);
    EXPECT_TRUE(client.over);
    const auto failed = recorded_of<ResponseFailed>().back();
    EXPECT_EQ(failed.status, static_cast<std::uint64_t>(row.status));
    EXPECT_EQ(failed.retryable, row.retryable) << row.status;
    if (row.type != nullptr) {
      EXPECT_EQ(failed.error_type, row.type);
    }
  }
  EXPECT_EQ(recorded_of<ResponseFailed>().size(), 4U);
}

TEST_F(FailuresTest, AClientThatGoesBeforeTheHeadCancelsTheProvider) {
  Client& client = send(kChat, chat_stream().request);
  EXPECT_FALSE(upstream().dropped);
  client.leave();
  EXPECT_TRUE(upstream().dropped);
  EXPECT_EQ(failure().reason, FailureReason::cancelled);
  EXPECT_EQ(failure().retryable, false);
  EXPECT_EQ(client.told, 0);
}

TEST_F(FailuresTest, AClientThatGoesBeforeTheRequestIsOnRecordIsRecordedToo) {
  log_.holds = true;
  Client& client = send(kChat, chat_stream().request);
  upstream().head(200);
  client.leave();
  EXPECT_TRUE(upstream().dropped);
  log_.release();
  EXPECT_EQ(story(sessions().front()), "cmqf");
  EXPECT_EQ(failure().reason, FailureReason::cancelled);
  EXPECT_EQ(client.told, 0);
}

TEST_F(FailuresTest, ARefusalThatTheClientLeavesUnreadIsOne) {
  Client& client = send(kChat, plain_request());
  client.waits = true;
  upstream().head(429);
  client.leave();
  const auto failures = recorded_of<ResponseFailed>();
  ASSERT_EQ(failures.size(), 1U);
  EXPECT_EQ(failures[0].reason, FailureReason::error);
  EXPECT_EQ(failures[0].status, 429U);
}

TEST_F(FailuresTest, AClientThatGoesWithinAStreamLeavesWhatItHadGot) {
  for (const SampleStream& sample : sample_streams()) {
    Client& client = send(sample.target, sample.request);
    upstream().head(200);
    for (std::size_t i = 0; i + 1 < sample.frames.size(); ++i) upstream().piece(sample.frames[i]);
    client.leave();
    EXPECT_TRUE(upstream().dropped);
    const auto failed = recorded_of<ResponseFailed>().back();
    EXPECT_EQ(failed.reason, FailureReason::cancelled) << sample.target;
    EXPECT_NE(text_of(failed).find("Gr\xc3\xbc"), std::string::npos) << sample.target;
  }
  EXPECT_EQ(recorded_of<ResponseFailed>().size(), 4U);
}

TEST_F(FailuresTest, AClientThatGoesAtTheEndHasHadItsAnswer) {
  const SampleStream sample = chat_stream();
  Client& client = send(sample.target, sample.request);
  upstream().head(200);
  log_.holds = true;
  upstream().piece(sample.bytes());
  client.leave();
  log_.release();
  EXPECT_EQ(recorded_of<ResponseReceived>().size(), 1U);
  EXPECT_TRUE(recorded_of<ResponseFailed>().empty());
  EXPECT_TRUE(upstream().dropped);
}

TEST_F(FailuresTest, AClientThatGoesAfterTheEndChangesNothing) {
  Client& client = exchange(kChat, parsed(chat_stream().request), chat_stream().bytes());
  client.leave();
  EXPECT_EQ(recorded_of<ResponseReceived>().size(), 1U);
  EXPECT_TRUE(recorded_of<ResponseFailed>().empty());
}

TEST_F(FailuresTest, AMalformedRequestGoesOnAsItCame) {
  for (const std::string body :
       {"{\"model\":", "", "[]", R"({"model":"gpt-x","messages":"none"})", "\xff"}) {
    Client& client = send(kChat, body);
    EXPECT_EQ(upstream().sent.body, body);
    upstream().head(400);
    upstream().piece("{\"error\":{}}");
    upstream().end();
    EXPECT_EQ(client.status, 400);
    EXPECT_EQ(client.received, "{\"error\":{}}");
    EXPECT_TRUE(client.over);
  }
  EXPECT_EQ(recorded_of<ResponseFailed>().size(), 5U) << "and is recorded as it was sent";
}

TEST_F(FailuresTest, WhereNothingCanBeRecordedNothingIsSent) {
  writable_ = core::Error{Errc::out_of_space, "the disk is full"};
  Client& client = send(kChat, plain_request());
  EXPECT_TRUE(provider_.calls.empty());
  ASSERT_TRUE(client.error);
  EXPECT_EQ(client.error->code, Errc::unavailable);
  EXPECT_TRUE(client.error->field.empty());
  EXPECT_NE(client.error->message.find("the disk is full"), std::string::npos);
  writable_ = core::Ok{};
  EXPECT_TRUE(exchange(kChat, parsed(plain_request()), plain_answer()).over);
}

TEST_F(FailuresTest, ARequestThatCannotBeRecordedReleasesNothing) {
  log_.fails = core::Error{Errc::unavailable, "the log is broken"};
  Client& client = send(kChat, plain_request());
  ASSERT_TRUE(client.error);
  EXPECT_EQ(client.error->code, Errc::unavailable);
  EXPECT_TRUE(client.error->field.empty());
  EXPECT_EQ(client.told, 1);
  EXPECT_TRUE(upstream().dropped);
  log_.fails.reset();
  exchange(kChat, parsed(plain_request()), plain_answer());
  EXPECT_EQ(story(sessions().front()), "cmqr") << "and nothing of it is remembered";
}

TEST_F(FailuresTest, AnAnswerThatCannotBeRecordedDoesNotComplete) {
  for (const SampleStream& sample : sample_streams()) {
    Client& client = send(sample.target, sample.request);
    upstream().head(200);
    log_.fails = core::Error{Errc::out_of_space, "the disk is full"};
    upstream().piece(sample.bytes());
    upstream().end();
    ASSERT_TRUE(client.error) << sample.target;
    EXPECT_EQ(client.error->code, Errc::unavailable);
    EXPECT_FALSE(client.over);
    const std::size_t before = sample.bytes().size() - sample.frames.back().size();
    EXPECT_EQ(client.received, sample.bytes().substr(0, before)) << sample.target;
    log_.fails.reset();
  }
  Client& client = send(kChat, plain_request());
  upstream().head(200);
  log_.holds = true;
  upstream().piece(plain_answer());
  upstream().end();
  log_.lose({Errc::unavailable, "the sync failed"});
  ASSERT_TRUE(client.error);
  EXPECT_EQ(client.received, plain_answer().substr(0, plain_answer().size() - 1));
}

TEST_F(FailuresTest, RelaxedACallThatCannotBeRecordedGoesOnAsItWas) {
  GatewayOptions options;
  options.recording = Recording::relaxed;
  restart(options);
  writable_ = core::Error{Errc::out_of_space, "the disk is full"};
  log_.fails = core::Error{Errc::out_of_space, "the disk is full"};
  for (const std::size_t size : {std::size_t{1}, std::size_t{1000}}) {
    Client& client = send(
        kChat, R"({"model":"gpt-x","stream":true,"messages":[{"role":"user","content":"H"}]})");
    upstream().head(200);
    const std::string bytes = chat_delta("Hi") + chat_usage() + sse("[DONE]") + ": farewell\n\n";
    for (std::size_t at = 0; at < bytes.size(); at += size)
      upstream().piece(bytes.substr(at, size));
    upstream().end();
    EXPECT_TRUE(client.over);
    EXPECT_EQ(client.received, chat_delta("Hi") + sse("[DONE]") + ": farewell\n\n")
        << "without the frame that only we asked for";
  }
  EXPECT_TRUE(recorded().empty());
}

TEST_F(FailuresTest, CallsThatAFormerProcessLeftWereInterrupted) {
  Client& client = send(kChat, plain_request());
  log_.fails = core::Error{Errc::cancelled, "going down"};
  client.leave();
  log_.fails.reset();
  restart();
  const auto asked = recorded_of<events::ResponseRequested>();
  gateway().interrupted({{{}, sessions()[0], asked[0].call_id, asked[0].attempt}});
  EXPECT_EQ(story(sessions()[0]), "cmqf");
  EXPECT_EQ(failure().reason, FailureReason::interrupted);
  gateway().interrupted({{{}, sessions()[0], asked[0].call_id, asked[0].attempt}});
  EXPECT_EQ(story(sessions()[0]), "cmqf") << "once";
}

}  // namespace
}  // namespace hansard::gateway::testing
