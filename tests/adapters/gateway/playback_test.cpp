// What is on record answers, without any provider.

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "events/dialects/framing.h"
#include "kept_answer.h"
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

TEST_F(PlaybackTest, AtItsOriginalPaceAStreamIsWholeInTheEnd) {
  const SampleStream sample = message_stream();
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

TEST_F(PlaybackTest, WhatWasErasedIsNotPlayed) {
  exchange(kChat, request("Count"), answer("one"), {{"Hansard-Session", "one"}});
  const core::Position first_end = memory_.end();
  exchange(kChat, request("Count"), answer("two"), {{"Hansard-Session", "two"}});
  for (std::uint64_t at = 0; at < first_end.value; ++at) {
    ASSERT_TRUE(memory_.erase(core::Position{at}));
  }
  play(Mode::playback);
  EXPECT_EQ(said("Count"), "two");
  EXPECT_EQ(said("Count"), "two");
  for (std::uint64_t at = first_end.value; at < memory_.end().value; ++at) {
    ASSERT_TRUE(memory_.erase(core::Position{at}));
  }
  EXPECT_EQ(played(kChat, dump(request("Count"))).status, 404);
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

/// An exchange on a clock that the test moves.
class PaceTest : public ::testing::Test {
 protected:
  class Timer final : public core::Subscription {};

  Pace pace() {
    return {[this] { return now_; },
            [this](std::chrono::milliseconds wait, std::function<void()> then) {
              if (too_many_) return std::unique_ptr<core::Subscription>();
              rings_at_ = now_ + wait;
              rings_ = std::move(then);
              return std::unique_ptr<core::Subscription>(std::make_unique<Timer>());
            }};
  }
  void ask(core::ProviderExchange& exchange) {
    exchange.next([this, &exchange](const core::Result<std::string>& bytes) {
      ASSERT_TRUE(bytes);
      const auto at = std::chrono::duration_cast<std::chrono::milliseconds>(now_ - start_);
      got_ += std::to_string(at.count()) + ":" + *bytes + " ";
      if (!bytes->empty()) ask(exchange);
    });
  }
  void run() {
    while (rings_) {
      now_ = rings_at_;
      std::exchange(rings_, nullptr)();
    }
  }

  const std::chrono::steady_clock::time_point start_{1h};
  std::chrono::steady_clock::time_point now_ = start_;
  std::chrono::steady_clock::time_point rings_at_;
  std::function<void()> rings_;
  bool too_many_ = false;
  std::string got_;
};

TEST_F(PaceTest, EachPieceComesAtItsTimeAndThoseOfOneTimeTogether) {
  const auto exchange =
      give({{0, "a"}, {0, "b"}, {40'000, "c"}, {40'000, "d"}, {100'500, "e"}}, pace());
  ask(*exchange);
  EXPECT_EQ(got_, "0:ab ");
  run();
  EXPECT_EQ(got_, "0:ab 40:cd 101:e 101: ");
}

TEST_F(PaceTest, WhoAsksLateGetsAllThatHasComeMeanwhile) {
  const auto exchange = give({{0, "a"}, {10'000, "b"}, {20'000, "c"}, {90'000, "d"}}, pace());
  now_ += 50ms;
  ask(*exchange);
  EXPECT_EQ(got_, "50:abc ");
  run();
  EXPECT_EQ(got_, "50:abc 90:d 90: ");
}

TEST_F(PaceTest, WithoutATimerItComesEarlyRatherThanNever) {
  too_many_ = true;
  const auto exchange = give({{10'000, "a"}, {20'000, "b"}}, pace());
  ask(*exchange);
  EXPECT_EQ(got_, "0:a 0:b 0: ");
}

TEST_F(PaceTest, AStreamKeepsTheTimesOfItsTrack) {
  const events::Api& api = *events::api_at(kChat);
  const auto stream = api.answers.stream();
  std::uint64_t at = 0;
  const SampleStream sample = chat_stream();
  events::SseSplitter splitter;
  splitter.feed(sample.bytes());
  while (const auto frame = splitter.next()) {
    stream->add({frame->event, frame->data}, at += 50'000);
  }
  events::StreamEnd end = stream->end();
  const KeptAnswer kept{&api, dump(end.body), std::move(end.track), {}};
  const auto pieces = written(kept, {.streams = true, .usage = true});
  ASSERT_TRUE(pieces);
  std::vector<std::uint64_t> times;
  for (const TimedBytes& piece : *pieces) {
    if (piece.bytes.find("Gr") != std::string::npos ||
        piece.bytes.find("is no end") != std::string::npos) {
      times.push_back(piece.at_us);
    }
  }
  EXPECT_EQ(times, (std::vector<std::uint64_t>{100'000, 150'000}));
}

}  // namespace
}  // namespace hansard::gateway::testing
