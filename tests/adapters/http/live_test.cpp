// Followed event streams over HTTP: frames, filters, resuming, slow readers.
#include <algorithm>
#include <thread>

#include "engine_server.h"
#include "follower.h"

namespace hansard::http::testing {
namespace {

class Following : public EngineServer {
 protected:
  void SetUp() override {
    EngineServer::SetUp();
    record_conversation("s1");
  }
  Follower follow(const std::string& target, std::string_view headers = "") {
    return Follower(port(), get_bytes(target, headers));
  }
  void note(const std::string& text = "x", std::string_view headers = "") {
    const Answer answer = post(
        "/v1/append",
        R"({"records":[{"stream":"custom-a","type":"Noted","facts":{"t":")" + text + R"("}}]})",
        headers);
    ASSERT_EQ(answer.status, 201) << answer.body;
  }
  [[nodiscard]] bool counts(std::string_view line) const {
    return metrics_.text().find(std::string(line) + "\n") != std::string::npos;
  }
  /// Waits until the metrics say so.
  [[nodiscard]] bool comes_to_count(std::string_view line) const {
    const auto until = std::chrono::steady_clock::now() + RawClient::kPatience;
    while (!counts(line)) {
      if (std::chrono::steady_clock::now() > until) return false;
      std::this_thread::yield();
    }
    return true;
  }
};

TEST_F(Following, GoesOnFromThePastIntoThePresent) {
  Follower follower = follow("/v1/events?from=6&follow=true");
  EXPECT_NE(follower.head().find("application/x-ndjson"), std::string::npos);
  const events::Json past = follower.frame();
  EXPECT_EQ(text(past, "frame"), "event");
  EXPECT_EQ(number(past, "position"), 6U);
  EXPECT_TRUE(past.find("content")->is_object());
  const events::Json caught_up = follower.frame();
  EXPECT_EQ(text(caught_up, "frame"), "caught_up");
  EXPECT_EQ(number(caught_up, "next"), 7U);
  note();
  EXPECT_EQ(number(follower.frame(), "position"), 7U);
  note("theirs", "Hansard-Project: other\r\n");
  note();
  EXPECT_EQ(number(follower.frame(), "position"), 9U) << "8 is another project's";
}

TEST_F(Following, AnEventIsThePlainLineWithItsFrameNamed) {
  Follower follower = follow("/v1/events?from=3&follow=true&limit=1");
  const std::string plain = get("/v1/events?from=3&limit=1").body;
  EXPECT_EQ(follower.line() + "\n", "{\"frame\":\"event\"," + plain.substr(1));
}

TEST_F(Following, IsFilteredOnTheServer) {
  Follower follower =
      follow("/v1/events?from=0&follow=true&type=MessageSent,SessionCreated&session=s1&session=s2");
  EXPECT_EQ(text(follower.frame(), "type"), "SessionCreated");
  EXPECT_EQ(text(follower.frame(), "type"), "MessageSent");
  EXPECT_EQ(text(follower.frame(), "type"), "MessageSent");
  EXPECT_EQ(text(follower.frame(), "frame"), "caught_up");
  note();
  post("/v1/sessions", R"({"session_id":"s3"})");
  post("/v1/sessions", R"({"session_id":"s2"})");
  EXPECT_EQ(text(follower.frame(), "stream"), "session-s2");
}

TEST_F(Following, OfOneSessionBeginsAtAVersion) {
  note();
  Follower follower = follow("/v1/sessions/s1/events?from=5&follow=true");
  EXPECT_EQ(number(follower.frame(), "version"), 5U);
  EXPECT_EQ(number(follower.frame(), "version"), 6U);
  const events::Json caught_up = follower.frame();
  EXPECT_EQ(text(caught_up, "frame"), "caught_up");
  EXPECT_EQ(number(caught_up, "next"), 8U);
  note();
  post("/v1/sessions/s1/end", "{}");
  EXPECT_EQ(text(follower.frame(), "type"), "SessionEnded");
  expect_problem(get("/v1/sessions/nobody/events?follow=true"), 404, core::Errc::not_found, "id");
}

TEST_F(Following, FromTheHeadSkipsThePast) {
  for (const char* target :
       {"/v1/events?from=head&follow=true", "/v1/sessions/s1/events?from=head&follow=true"}) {
    Follower follower = follow(target);
    EXPECT_EQ(text(follower.frame(), "frame"), "caught_up") << target;
  }
}

TEST_F(Following, ServerSentEventsCarryPositionsAndResume) {
  Follower first = follow("/v1/events?from=5&follow=true", "Accept: text/event-stream\r\n");
  EXPECT_NE(first.head().find("text/event-stream"), std::string::npos);
  EXPECT_EQ(first.sse(), "retry: 2000");
  EXPECT_EQ(first.sse().substr(0, 38), "id: 5\ndata: {\"frame\":\"event\",\"position");
  EXPECT_EQ(first.sse().substr(0, 12), "id: 6\ndata: ");
  EXPECT_EQ(first.sse(), "id: 6\nevent: caught_up\ndata: {\"frame\":\"caught_up\",\"next\":7}");

  Follower again = follow("/v1/events?from=0&follow=true",
                          "Accept: text/html, text/event-stream;q=0.9\r\nLast-Event-ID: 5\r\n");
  EXPECT_EQ(again.sse(), "retry: 2000");
  EXPECT_EQ(again.sse().substr(0, 12), "id: 6\ndata: ");
  expect_problem(get("/v1/events?follow=true", "Last-Event-ID: five\r\n"), 400,
                 core::Errc::invalid_argument, "Last-Event-ID");
}

TEST_F(Following, ACheckpointTellsHowFarAFilterThatMatchesNothingIs) {
  limit("live_checkpoint_ms", 20);
  start();
  Follower follower = follow("/v1/events?from=head&follow=true&type=NeverRecorded");
  EXPECT_EQ(text(follower.frame(), "frame"), "caught_up");
  note();
  // Silence is broken within the period, and the position advances although nothing matched.
  events::Json frame = follower.frame();
  while (number(frame, "next") < 8) {
    ASSERT_EQ(text(frame, "frame"), "checkpoint");
    frame = follower.frame();
  }
  EXPECT_EQ(number(frame, "next"), 8U);
}

TEST_F(Following, ALongScanWithoutAMatchIsTold) {
  std::string records;
  for (int i = 0; i < 1000; ++i) {
    records +=
        std::string(i == 0 ? "" : ",") + R"({"stream":"custom-a","type":"Noted","facts":{}})";
  }
  for (int i = 0; i < 5; ++i) post("/v1/append", "{\"records\":[" + records + "]}");
  Follower follower = follow("/v1/events?from=0&follow=true&type=NeverRecorded");
  const events::Json checkpoint = follower.frame();
  EXPECT_EQ(text(checkpoint, "frame"), "checkpoint");
  EXPECT_EQ(number(checkpoint, "next"), 4096U);
  EXPECT_EQ(text(follower.frame(), "frame"), "caught_up");
}

TEST_F(Following, ASlowReaderFallsBehindAndCatchesUpWithoutLoss) {
  limit("live_queue_events", 4);
  start();
  Follower follower = follow("/v1/events?from=head&follow=true");
  EXPECT_EQ(text(follower.frame(), "frame"), "caught_up");
  // Enough to fill the sockets' buffers, so that the server has to hold the rest.
  const std::string filling(256U << 10, 'x');
  constexpr std::uint64_t kEvents = 60;
  for (std::uint64_t i = 0; i < kEvents; ++i) note(filling);
  EXPECT_TRUE(comes_to_count("hansard_live_subscribers 1"));
  std::uint64_t expected = 7;
  bool fell_behind = false;
  bool caught_up = false;
  while (!caught_up || expected < 7 + kEvents) {
    const events::Json frame = follower.frame();
    const std::string kind = text(frame, "frame");
    ASSERT_FALSE(kind.empty()) << "at " << expected;
    if (kind == "event") {
      EXPECT_EQ(number(frame, "position"), expected++);
    } else {
      EXPECT_EQ(number(frame, "next"), expected) << kind;
      caught_up = kind == "caught_up" || (caught_up && kind != "fell_behind");
      fell_behind = fell_behind || kind == "fell_behind";
    }
  }
  EXPECT_TRUE(fell_behind);
  EXPECT_FALSE(counts("hansard_live_fell_behind_total 0"));
}

TEST_F(Following, EndsAtItsLimitAndWithTheServer) {
  Follower limited = follow("/v1/events?from=0&follow=true&limit=3");
  for (int i = 0; i < 3; ++i) EXPECT_EQ(text(limited.frame(), "frame"), "event");
  EXPECT_TRUE(limited.ended());
  EXPECT_TRUE(comes_to_count("hansard_live_closed_total{reason=\"limit\"} 1"));
  Follower endless = follow("/v1/events?from=head&follow=true");
  EXPECT_EQ(text(endless.frame(), "frame"), "caught_up");
  server_->stop();
  EXPECT_TRUE(endless.ended()) << "the last chunk says that it is whole";
}

TEST_F(Following, ThoseWhoComeAndGoWhileTheLogGrowsLoseNothing) {
  std::thread writer([&] {
    for (int i = 0; i < 200; ++i) note();
  });
  for (int i = 0; i < 20; ++i) {
    Follower follower = follow("/v1/events?from=0&follow=true&limit=50&type=Noted");
    std::uint64_t next = 7;
    for (int events = 0; events < 50;) {
      const events::Json frame = follower.frame();
      if (text(frame, "frame") != "event") continue;
      EXPECT_EQ(number(frame, "position"), next++);
      ++events;
    }
    EXPECT_TRUE(follower.ended());
    Follower leaver = follow("/v1/events?from=0&follow=true");
    leaver.client().reset();
  }
  writer.join();
  EXPECT_TRUE(comes_to_count("hansard_live_subscribers 0"));
}

}  // namespace
}  // namespace hansard::http::testing
