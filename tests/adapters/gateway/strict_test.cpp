// What the client has seen is on record, and nothing else waits.

#include <algorithm>
#include <string>

#include "rig.h"
#include "samples.h"

namespace hansard::gateway::testing {
namespace {

class StrictTest : public GatewayTest {};

TEST_F(StrictTest, NothingIsReleasedBeforeTheRequestIsOnRecord) {
  for (const SampleStream& sample : sample_streams()) {
    log_.holds = true;
    Client& client = send(sample.target, sample.request);
    EXPECT_EQ(log_.held(), 1U);
    upstream().head(200);
    upstream().piece(sample.bytes());
    EXPECT_FALSE(client.has_answer()) << sample.target;
    EXPECT_TRUE(log_.release_one());
    EXPECT_TRUE(client.has_answer()) << sample.target;
    EXPECT_FALSE(client.received.empty());
    log_.release();
    upstream().end();
    EXPECT_EQ(client.received, sample.bytes());
  }
}

TEST_F(StrictTest, TheProviderIsCalledWhileTheRequestIsBeingRecorded) {
  log_.holds = true;
  send(kChat, chat_stream().request);
  EXPECT_EQ(provider_.calls.size(), 1U);
  holds_posts_ = true;
  send(kChat, chat_stream().request);
  EXPECT_EQ(provider_.calls.size(), 2U);
}

TEST_F(StrictTest, TheEndOfAStreamWaitsForTheRecordAndNothingElseDoes) {
  for (const SampleStream& sample : sample_streams()) {
    const std::string end = sample.frames.back();
    const std::string before = sample.bytes().substr(0, sample.bytes().size() - end.size());
    for (const std::size_t size : {std::size_t{1}, std::size_t{5}, sample.bytes().size()}) {
      Client& client = send(sample.target, sample.request);
      upstream().head(200);
      log_.holds = true;
      const std::string bytes = sample.bytes();
      for (std::size_t at = 0; at < bytes.size(); at += size) {
        upstream().piece(bytes.substr(at, size));
      }
      upstream().end();
      EXPECT_EQ(log_.held(), 1U) << "the answer is being recorded";
      EXPECT_TRUE(client.received.starts_with(before)) << sample.target << ", " << size;
      EXPECT_LT(client.received.size(), bytes.size() - 1) << sample.target << ", " << size;
      EXPECT_FALSE(client.over);
      log_.release();
      EXPECT_EQ(client.received, bytes);
      EXPECT_TRUE(client.over);
    }
  }
}

TEST_F(StrictTest, TheLastByteOfABodyWaitsForTheRecord) {
  Client& client = send(kChat, plain_request());
  upstream().head(200);
  log_.holds = true;
  const std::string bytes = plain_answer();
  upstream().piece(bytes);
  upstream().end();
  EXPECT_EQ(client.received, bytes.substr(0, bytes.size() - 1));
  EXPECT_FALSE(client.over);
  log_.release();
  EXPECT_EQ(client.received, bytes);
  EXPECT_TRUE(client.over);
}

TEST_F(StrictTest, TheLastByteOfAnErrorWaitsToo) {
  Client& client = send(kChat, plain_request());
  upstream().head(500);
  log_.holds = true;
  upstream().piece("oh");
  upstream().end();
  EXPECT_EQ(client.received, "o");
  EXPECT_FALSE(client.over);
  log_.release();
  EXPECT_EQ(client.received, "oh");
  EXPECT_TRUE(client.over);
}

TEST_F(StrictTest, EachPieceReachesTheClientInTheVeryCallThatBringsIt) {
  for (const SampleStream& sample : sample_streams()) {
    Client& client = send(sample.target, sample.request);
    upstream().head(200);
    std::string sent;
    for (std::size_t i = 0; i + 1 < sample.frames.size(); ++i) {
      sent += sample.frames[i];
      upstream().piece(sample.frames[i]);
      EXPECT_EQ(client.received, sent) << sample.target << ", frame " << i;
    }
  }
}

TEST_F(StrictTest, HalfAFrameThatCannotBeTheLastIsNotHeld) {
  for (const SampleStream& sample : {chat_stream(), message_stream(), response_stream()}) {
    Client& client = send(sample.target, sample.request);
    upstream().head(200);
    std::string sent;
    for (std::size_t i = 0; i + 1 < sample.frames.size(); ++i) {
      // As soon as it differs from every frame that may end the stream.
      const std::string& frame = sample.frames[i];
      const std::size_t half = std::max<std::size_t>(frame.size() / 2, 25);
      if (half >= frame.size()) {
        upstream().piece(frame);
        sent += frame;
        continue;
      }
      upstream().piece(frame.substr(0, half));
      EXPECT_EQ(client.received, sent + frame.substr(0, half)) << sample.target << ", " << i;
      upstream().piece(frame.substr(half));
      sent += frame;
      EXPECT_EQ(client.received, sent) << sample.target << ", frame " << i;
    }
  }
}

TEST_F(StrictTest, AnEndThatIsCutIsHeldFromItsFirstByte) {
  const SampleStream sample = chat_stream();
  Client& client = send(sample.target, sample.request);
  upstream().head(200);
  upstream().piece(chat_delta("Hi"));
  upstream().piece("data: [DO");
  EXPECT_EQ(client.received, chat_delta("Hi"));
  upstream().piece("NE]\n");
  EXPECT_EQ(client.received, chat_delta("Hi"));
  log_.holds = true;
  upstream().piece("\n");
  EXPECT_EQ(client.received, chat_delta("Hi"));
  EXPECT_EQ(log_.held(), 1U);
  log_.release();
  EXPECT_EQ(client.received, chat_delta("Hi") + sse("[DONE]"));
  EXPECT_FALSE(client.over);
  upstream().end();
  EXPECT_TRUE(client.over);
}

TEST_F(StrictTest, ABodyIsPulledAtThePaceOfTheClientAndOnePieceAhead) {
  Client& client = send(kChat, chat_stream().request);
  client.waits = true;
  upstream().head(200);
  EXPECT_TRUE(upstream().is_asked());
  upstream().piece(chat_delta("Hi"));
  EXPECT_FALSE(upstream().is_asked());
  EXPECT_TRUE(client.pieces.empty());
  client.pull();
  EXPECT_EQ(client.pieces.size(), 1U);
  EXPECT_FALSE(upstream().is_asked());
  client.pull();
  EXPECT_TRUE(upstream().is_asked());
}

TEST_F(StrictTest, AnAnswerThatIsThereBeforeItsRequestIsOnRecordWaitsForBoth) {
  holds_posts_ = true;
  Client& client = send(kChat, plain_request());
  upstream().head(200);
  upstream().piece(plain_answer());
  upstream().end();
  EXPECT_FALSE(client.has_answer());
  EXPECT_TRUE(recorded().empty());
  holds_posts_ = false;
  run_posted();
  EXPECT_EQ(client.received, plain_answer());
  EXPECT_TRUE(client.over);
  EXPECT_EQ(story(sessions().front()), "cmqr");
}

TEST_F(StrictTest, AHeadToldBeforeTheCallHasReturnedIsFine) {
  provider_.on_start = [](ScriptedCall& call) { call.head(200); };
  Client& client = send(kChat, plain_request());
  EXPECT_TRUE(client.has_answer());
  upstream().piece(plain_answer());
  upstream().end();
  EXPECT_EQ(client.received, plain_answer());
  provider_.on_start = [](ScriptedCall& call) { call.refuse(core::Errc::unavailable, "connect"); };
  Client& refused = send(kChat, plain_request());
  ASSERT_TRUE(refused.error);
  EXPECT_EQ(refused.error->field, "connect");
}

TEST_F(StrictTest, RelaxedAndOffWriteWhatTheySay) {
  GatewayOptions options;
  options.recording = Recording::off;
  restart(options);
  exchange(kChat, parsed(plain_request()), plain_answer());
  EXPECT_TRUE(recorded().empty());
  options.recording = Recording::relaxed;
  restart(options);
  exchange(kChat, parsed(plain_request()), plain_answer());
  EXPECT_EQ(story(sessions().front()), "cmqr");
}

}  // namespace
}  // namespace hansard::gateway::testing
