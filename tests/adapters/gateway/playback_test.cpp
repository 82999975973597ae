// What is on record answers, without any provider.

#include <chrono>
#include <string>
#include <vector>

#include "events/dialects/framing.h"
#include "rig.h"
#include "samples.h"

namespace hansard::gateway::testing {
namespace {

using events::FailureReason;
using events::ResponseFailed;
using events::ResponseReceived;
using events::ResponseRequested;
using events::ServedFrom;
using namespace std::chrono_literals;

class PlaybackTest : public GatewayTest {
 protected:
  void play(Mode mode, bool original_pace = false) {
    GatewayOptions options;
    options.routes["stub"].mode = mode;
    options.routes["stub"].original_pace = original_pace;
    restart(options);
  }
  static Json request(const std::string& text) {
    Json body = parsed(R"({"model":"gpt-x","messages":[]})");
    body.find("messages")->push(Json::Object{{"role", "user"}, {"content", text}});
    return body;
  }
  static std::string answer(const std::string& text) {
    Json body = parsed(plain_answer());
    *body.find("choices")->if_array()->front().find("message")->find("content") = text;
    return dump(body);
  }
  /// The answer to a request, which no provider was asked for.
  Client& played(const std::string& target, const std::string& body) {
    const std::size_t before = provider_.calls.size();
    Client& client = send(target, body);
    EXPECT_EQ(provider_.calls.size(), before) << "asked the provider";
    EXPECT_TRUE(client.over) << (client.error ? client.error->message : "no end came");
    return client;
  }
  std::string said(const std::string& text) {
    const Json body = parsed(played(kChat, dump(request(text))).received);
    const Json* choices = body.find("choices");
    if (choices == nullptr) return dump(body);
    return *choices->if_array()->front().find("message")->find("content")->if_string();
  }
  void record(const SampleStream& sample) {
    Client& client = send(sample.target, sample.request);
    upstream().head(200);
    for (const std::string& frame : sample.frames) upstream().piece(frame);
    upstream().end();
    EXPECT_TRUE(client.over) << sample.target;
  }
  static Json assembled(const std::string& target, const std::string& bytes) {
    const events::Api& api = *events::api_at(target);
    const auto stream = api.answers.stream();
    events::SseSplitter sse;
    events::LineSplitter lines;
    events::Splitter& splitter = api.stream == events::Api::Stream::sse
                                     ? static_cast<events::Splitter&>(sse)
                                     : static_cast<events::Splitter&>(lines);
    splitter.feed(bytes);
    splitter.end();
    while (const auto frame = splitter.next()) stream->add({frame->event, frame->data}, 0);
    events::StreamEnd end = stream->end();
    EXPECT_TRUE(end.complete) << bytes;
    return std::move(end.body);
  }
  std::string decisions() {
    std::string all;
    for (const ResponseRequested& asked : recorded_of<ResponseRequested>()) {
      for (const events::Policy& policy : asked.policies) {
        all += policy.name + " " + policy.outcome + "\n";
      }
    }
    return all;
  }
};

TEST_F(PlaybackTest, WhatIsOnRecordIsAnsweredAgainWithoutANetwork) {
  exchange(kChat, request("Hi"), answer("Ho"));
  play(Mode::playback);
  const Client& client = played(kChat, dump(request("Hi")));
  EXPECT_EQ(client.status, 200);
  EXPECT_TRUE(events::same_tree(parsed(client.received), parsed(answer("Ho"))));
  EXPECT_EQ(decisions(), "playback hit\n");
  EXPECT_EQ(recorded_of<ResponseReceived>().back().served_from, ServedFrom::playback);
}

TEST_F(PlaybackTest, WhatIsNotOnRecordIsNotFoundAndSaysHowToRecordIt) {
  play(Mode::playback);
  const Client& client = played(kChat, dump(request("Hi")));
  EXPECT_EQ(client.status, 404);
  const Json body = parsed(client.received);
  ASSERT_NE(body.find("error"), nullptr);
  const std::string& message = *body.find("error")->find("message")->if_string();
  EXPECT_NE(message.find("Nothing is recorded for this request"), std::string::npos);
  EXPECT_NE(message.find("mode = \"record-playback\""), std::string::npos) << message;
  EXPECT_EQ(decisions(), "playback miss\n");
  ASSERT_EQ(recorded_of<ResponseFailed>().size(), 1U);
  EXPECT_EQ(recorded_of<ResponseFailed>()[0].reason, FailureReason::stopped);
  EXPECT_EQ(gateway().policies().playback_misses, 1U);
}

TEST_F(PlaybackTest, RecordingPlaybackAsksTheProviderOnce) {
  play(Mode::record_playback);
  exchange(kChat, request("Hi"), answer("Ho"));
  EXPECT_EQ(said("Hi"), "Ho");
  EXPECT_EQ(said("Hi"), "Ho");
  EXPECT_EQ(decisions(), "playback miss\nplayback hit\nplayback hit\n");
}

TEST_F(PlaybackTest, SeveralAnswersComeInTheirOrderAndThenTheLastAgain) {
  for (const char* text : {"one", "two", "three"}) {
    exchange(kChat, request("Count"), answer(text), {{"Hansard-Session", text}});
  }
  for (int round = 0; round < 2; ++round) {
    play(Mode::playback);  // begins anew with the process
    EXPECT_EQ(said("Count"), "one");
    EXPECT_EQ(said("Count"), "two");
    EXPECT_EQ(said("Count"), "three");
    EXPECT_EQ(said("Count"), "three");
  }
}

TEST_F(PlaybackTest, FailedAnswersAreNotPlayed) {
  exchange(kChat, request("Hi"), R"({"error":{"message":"no"}})", {}, 500);
  play(Mode::playback);
  EXPECT_EQ(played(kChat, dump(request("Hi"))).status, 404);
}

TEST_F(PlaybackTest, EveryApiPlaysItsStreams) {
  for (const SampleStream& sample : sample_streams()) record(sample);
  play(Mode::playback);
  for (const SampleStream& sample : sample_streams()) {
    const Client& client = played(sample.target, sample.request);
    EXPECT_EQ(client.status, 200) << client.received;
    EXPECT_TRUE(events::same_tree(assembled(sample.target, client.received),
                                  assembled(sample.target, sample.bytes())))
        << client.received;
  }
}

TEST_F(PlaybackTest, AStreamOnRecordIsADocumentToWhoAsksForOne) {
  const SampleStream sample = chat_stream();
  record(sample);
  play(Mode::playback);
  Json plain = parsed(sample.request);
  plain = Json::Object{{"model", *plain.find("model")}, {"messages", *plain.find("messages")}};
  const Client& client = played(kChat, dump(plain));
  EXPECT_TRUE(events::same_tree(parsed(client.received), assembled(kChat, sample.bytes())));
}

TEST_F(PlaybackTest, ATurnLateInATalkIsFoundToo) {
  exchange(kChat, request("Hi"), answer("Ho"));
  Json second = request("Hi");
  second.find("messages")->push(Json::Object{{"role", "assistant"}, {"content", "Ho"}});
  second.find("messages")->push(Json::Object{{"role", "user"}, {"content", "And?"}});
  exchange(kChat, second, answer("So what"));
  play(Mode::playback);
  EXPECT_TRUE(
      events::same_tree(parsed(played(kChat, dump(second)).received), parsed(answer("So what"))));
}

TEST_F(PlaybackTest, AtItsOriginalPaceEachPieceComesWhenItCameFirst) {
  const SampleStream sample = message_stream();
  // The track has what the clock said while it was recorded: a few pauses make it last.
  record(sample);
  const auto track = recorded_of<ResponseReceived>().front().timing_track;
  ASSERT_TRUE(track);
  play(Mode::playback, true);
  Client& client = send(sample.target, sample.request);
  EXPECT_TRUE(client.has_answer());
  wait(1h);
  EXPECT_TRUE(client.over);
  EXPECT_TRUE(events::same_tree(assembled(sample.target, client.received),
                                assembled(sample.target, sample.bytes())));
  EXPECT_EQ(timers(), 0U);
}

TEST_F(PlaybackTest, ADocumentAtItsOriginalPaceComesAfterItsLatency) {
  exchange(kChat, request("Hi"), answer("Ho"));
  const auto latency = recorded_of<ResponseReceived>().front().latency_us;
  ASSERT_TRUE(latency);
  play(Mode::playback, true);
  Client& client = send(kChat, request("Hi"));
  EXPECT_EQ(client.over, *latency == 0);
  wait(std::chrono::ceil<std::chrono::milliseconds>(std::chrono::microseconds(*latency)));
  EXPECT_TRUE(client.over);
}

TEST_F(PlaybackTest, ARecordThatCannotBeReadIsNotTakenForAnEmptyOne) {
  exchange(kChat, request("Hi"), answer("Ho"));
  play(Mode::record_playback);
  view_status_ = core::Error{core::Errc::unavailable, "it is being built"};
  const std::size_t before = provider_.calls.size();
  const Client& client = send(kChat, request("Hi"));
  ASSERT_TRUE(client.error);
  EXPECT_EQ(client.error->code, core::Errc::unavailable);
  EXPECT_EQ(provider_.calls.size(), before);
}

}  // namespace
}  // namespace hansard::gateway::testing
