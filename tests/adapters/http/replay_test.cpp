// GET /v1/sessions/{id}/replay: a conversation as it happened.
#include <thread>

#include "engine_server.h"
#include "follower.h"
#include "http/pace.h"

namespace hansard::http::testing {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

core::Timestamp at(std::int64_t ms) { return core::Timestamp(milliseconds(ms)); }

TEST(ReplayPace, IsOfOccurrenceWhereBothAreKnownElseOfRecording) {
  const Pace replay{1, seconds(60)};
  EXPECT_EQ(gap_between({at(0), at(1000)}, {at(1), at(3500)}, replay), milliseconds(2500));
  EXPECT_EQ(gap_between({at(0), at(1000)}, {at(7), {}}, replay), milliseconds(7));
  EXPECT_EQ(gap_between({at(0), {}}, {at(7), at(3500)}, replay), milliseconds(7));
  EXPECT_EQ(gap_between({at(0), at(2000)}, {at(1), at(1000)}, replay), microseconds(0))
      << "time that goes backwards is no wait";
}

TEST(ReplayPace, IsDividedBySpeedAndCapped) {
  Pace replay{4, seconds(2)};
  EXPECT_EQ(gap_between({at(0), {}}, {at(1000), {}}, replay), milliseconds(250));
  EXPECT_EQ(gap_between({at(0), {}}, {at(8001), {}}, replay), seconds(2));
  replay.speed = 0.001;
  const core::Timestamp late = core::parse_time("9999-12-31T23:59:59Z").value();
  EXPECT_EQ(gap_between({at(0), {}}, {late, {}}, replay), seconds(2));
}

class Replaying : public EngineServer {
 protected:
  void SetUp() override {
    EngineServer::SetUp();
    // Versions 0..3, at 0, 40, 240 ms and then a day later.
    say("/v1/sessions", R"({"session_id":"s1",)", "00:00.000");
    say("/v1/sessions/s1/messages", R"({"message_id":"m1","role":"user","parts":[],)", "00:00.040");
    say("/v1/sessions/s1/messages", R"({"message_id":"m2","role":"user","parts":[],)", "00:00.240");
    const Answer last =
        post("/v1/sessions/s1/messages", R"({"message_id":"m3","role":"user","parts":[],)"
                                         R"("occurred_at":"2026-01-02T00:00:00Z"})");
    ASSERT_EQ(last.status, 201) << last.body;
  }
  void say(const std::string& target, const std::string& body, const std::string& time) {
    const Answer answer = post(target, body + R"("occurred_at":"2026-01-01T00:)" + time + R"(Z"})");
    ASSERT_EQ(answer.status, 201) << answer.body;
  }
  Follower replay(const std::string& query, std::string_view headers = "") {
    return Follower(port(), get_bytes("/v1/sessions/s1/replay" + query, headers));
  }
  static constexpr std::string_view kLines = "Accept: application/x-ndjson\r\n";
};

TEST_F(Replaying, KeepsTheCadenceOfTheConversation) {
  const auto began = std::chrono::steady_clock::now();
  Follower follower = replay("?speed=2&max_gap=150ms");
  EXPECT_NE(follower.head().find("text/event-stream"), std::string::npos);
  EXPECT_EQ(follower.sse(), "retry: 2000");
  const auto after = [&] {
    return std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - began);
  };
  EXPECT_EQ(follower.sse().substr(0, 12), "id: 0\ndata: ");
  EXPECT_EQ(follower.sse().substr(0, 12), "id: 1\ndata: ");
  EXPECT_GE(after(), milliseconds(20));
  EXPECT_EQ(follower.sse().substr(0, 12), "id: 2\ndata: ");
  EXPECT_GE(after(), milliseconds(120));
  EXPECT_EQ(follower.sse().substr(0, 12), "id: 3\ndata: ");
  EXPECT_GE(after(), milliseconds(270)) << "a day is capped";
  EXPECT_EQ(follower.sse(), "id: 3\nevent: end\ndata: {\"frame\":\"end\",\"next\":4}");
  EXPECT_TRUE(follower.ended());
}

TEST_F(Replaying, WithoutGapsItIsTheEventsAtOnce) {
  Follower follower = replay("?max_gap=0", kLines);
  EXPECT_NE(follower.head().find("application/x-ndjson"), std::string::npos);
  for (std::uint64_t version = 0; version < 4; ++version) {
    const events::Json frame = follower.frame();
    EXPECT_EQ(text(frame, "frame"), "event");
    EXPECT_EQ(number(frame, "version"), version);
  }
  EXPECT_EQ(text(follower.frame(), "frame"), "end");
  EXPECT_TRUE(follower.ended());
}

TEST_F(Replaying, FromAndToAndStepByStep) {
  Follower part = replay("?max_gap=0&from=v1&to=version:2", kLines);
  EXPECT_EQ(number(part.frame(), "version"), 1U);
  EXPECT_EQ(number(part.frame(), "version"), 2U);
  EXPECT_EQ(number(part.frame(), "next"), 3U);
  std::uint64_t next = 0;
  for (int step = 0; step < 4; ++step) {
    Follower one = replay("?limit=1&from=" + std::to_string(next), kLines);
    EXPECT_EQ(number(one.frame(), "version"), next);
    next = number(one.frame(), "next");
    EXPECT_TRUE(one.ended());
  }
  EXPECT_EQ(get("/v1/sessions/s1/replay?limit=1&from=4").status, 204);
}

TEST_F(Replaying, ResumesAfterTheLastEventAndEndsForGood) {
  Follower rest = replay("?max_gap=0", "Last-Event-ID: 2\r\n");
  EXPECT_EQ(rest.sse(), "retry: 2000");
  EXPECT_EQ(rest.sse().substr(0, 12), "id: 3\ndata: ");
  EXPECT_EQ(get("/v1/sessions/s1/replay", "Last-Event-ID: 3\r\n").status, 204)
      << "a browser stops coming back";
}

TEST_F(Replaying, RefusesWhatItCannotRead) {
  const std::vector<std::pair<const char*, const char*>> cases{
      {"speed=0", "speed"},       {"speed=fast", "speed"},   {"speed=-1", "speed"},
      {"speed=nan", "speed"},     {"max_gap=2h", "max_gap"}, {"max_gap=-1", "max_gap"},
      {"max_gap=61m", "max_gap"}, {"from=x", "from"},        {"from=3&to=1", "to"},
      {"limit=0", "limit"},       {"pace=1", "pace"}};
  for (const auto& [query, field] : cases) {
    expect_problem(get("/v1/sessions/s1/replay?" + std::string(query)), 400,
                   core::Errc::invalid_argument, field);
  }
  expect_problem(get("/v1/sessions/nobody/replay"), 404, core::Errc::not_found, "id");
}

TEST_F(Replaying, AWaitEndsWithTheClientAndWithTheServer) {
  for (int i = 0; i < 50; ++i) {
    Follower leaver = replay("?from=2&max_gap=1m", kLines);
    EXPECT_EQ(number(leaver.frame(), "version"), 2U);
  }
  Follower stopped = replay("?from=2&max_gap=1m", kLines);
  EXPECT_EQ(number(stopped.frame(), "version"), 2U);
  const auto began = std::chrono::steady_clock::now();
  server_->stop();
  EXPECT_LT(std::chrono::steady_clock::now() - began, seconds(5));
  EXPECT_TRUE(stopped.ended()) << "in order, and without saying that this was the end";
}

}  // namespace
}  // namespace hansard::http::testing
