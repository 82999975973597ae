#include <algorithm>
#include <future>
#include <thread>

#include "core/in_memory_event_log.h"
#include "engine_server.h"
#include "shared/event_body.h"
#include "support/log.h"

namespace hansard::http::testing {
namespace {

class Reading : public EngineServer {
 protected:
  void SetUp() override {
    EngineServer::SetUp();
    record_conversation("s1");
  }
  static std::string count_of(const events::Json& json, std::string_view list) {
    const events::Json* found = json.find(list);
    return found == nullptr || !found->is_array() ? "none"
                                                  : std::to_string(found->if_array()->size());
  }
  std::string at_end() const { return "at_least=" + std::to_string(log_.end().value); }
};

TEST_F(Reading, HistoryShowsMessagesToolsAndWhatItReflects) {
  const Answer answer = get("/v1/sessions/s1/history");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.header("Hansard-Position"), "7");
  for (const char* text : {"Where is it?", "find", "on its way", "Thanks"}) {
    EXPECT_TRUE(answer.says(text)) << text << answer.body;
  }
  EXPECT_EQ(number(json(answer), "checkpoint"), 7U);
}

TEST_F(Reading, EveryFormOfAsOfSeesThePast) {
  const events::Json page = json(get("/v1/sessions/s1/events"));
  const std::string time = text(page.find("events")->if_array()->at(1), "recorded_at");
  for (const std::string& as_of : {std::string("version:1"), std::string("1"), std::string("v1"),
                                   std::string("position:1"), std::string("p1"), time}) {
    const Answer answer = get("/v1/sessions/s1/history?as_of=" + as_of);
    EXPECT_EQ(answer.status, 200) << as_of << answer.body;
    const events::Json history = json(answer);
    EXPECT_EQ(number(*history.find("as_of"), "version"), 1U) << as_of;
    EXPECT_TRUE(answer.says("Where is it?"));
    EXPECT_FALSE(answer.says("Thanks"));
  }
  EXPECT_TRUE(get("/v1/sessions/s1/history?as_of=head").says("Thanks"));
  expect_problem(get("/v1/sessions/s1/history?as_of=version:99"), 404, core::Errc::not_found,
                 "as_of");
  expect_problem(get("/v1/sessions/s1?as_of=2001-01-01T00:00:00Z"), 404, core::Errc::not_found,
                 "as_of");
}

TEST_F(Reading, OverviewAndContextTakeAsOfToo) {
  EXPECT_EQ(number(*json(get("/v1/sessions/s1?as_of=v2")).find("as_of"), "version"), 2U);
  EXPECT_EQ(count_of(json(get("/v1/sessions/s1/context?as_of=v1")), "messages"), "1");
  EXPECT_EQ(get("/v1/sessions/none/context").status, 404);
}

TEST_F(Reading, EventsOfASessionComeInPages) {
  std::string versions;
  std::string next = "0";
  for (int page = 0; page < 10 && !next.empty(); ++page) {
    const events::Json answer = json(get("/v1/sessions/s1/events?limit=3&from=" + next));
    for (const events::Json& event : *answer.find("events")->if_array()) {
      versions += std::to_string(number(event, "version"));
    }
    next = answer.find("next") != nullptr ? std::to_string(number(answer, "next")) : "";
  }
  EXPECT_EQ(versions, "0123456");
  EXPECT_EQ(count_of(json(get("/v1/sessions/s1/events?as_of=v2")), "events"), "3");
  EXPECT_EQ(count_of(json(get("/v1/sessions/s1/events?type=MessageSent")), "events"), "2");
  EXPECT_EQ(count_of(json(get("/v1/sessions/s1/events?from=7")), "events"), "0");
  EXPECT_EQ(get("/v1/sessions/none/events").status, 404);
}

TEST_F(Reading, TheDirectoryFiltersAndPages) {
  for (int i = 0; i < 5; ++i) {
    post("/v1/sessions", "{\"session_id\":\"x" + std::to_string(i) +
                             "\",\"user\":\"bob\",\"tags\":{\"team\":\"red\"}}");
  }
  const events::Json all = json(get("/v1/sessions?" + at_end()));
  EXPECT_EQ(count_of(all, "sessions"), "6");
  EXPECT_EQ(number(all, "checkpoint"), log_.end().value);
  EXPECT_EQ(count_of(json(get("/v1/sessions?user=bob&" + at_end())), "sessions"), "5");
  EXPECT_EQ(count_of(json(get("/v1/sessions?tag=team:red&" + at_end())), "sessions"), "5");
  EXPECT_EQ(count_of(json(get("/v1/sessions?tag=team:blue&" + at_end())), "sessions"), "0");
  EXPECT_EQ(count_of(json(get("/v1/sessions?status=active&" + at_end())), "sessions"), "6");
  EXPECT_EQ(
      count_of(json(get("/v1/sessions?status=active&active_within=0s&" + at_end())), "sessions"),
      "0");
  const events::Json first = json(get("/v1/sessions?limit=4&" + at_end()));
  EXPECT_EQ(count_of(first, "sessions"), "4");
  EXPECT_EQ(count_of(json(get("/v1/sessions?limit=4&cursor=" + text(first, "next"))), "sessions"),
            "2");
}

TEST_F(Reading, UsageSumsByWhatIsAsked) {
  const events::Json answer = json(get("/v1/usage?by=model,user&" + at_end()));
  ASSERT_EQ(count_of(answer, "groups"), "1");
  const events::Json& group = answer.find("groups")->if_array()->at(0);
  EXPECT_EQ(text(group, "model"), "gpt-4o");
  EXPECT_EQ(text(group, "user"), "ada");
  EXPECT_EQ(number(*group.find("tokens"), "input"), 10U);
  EXPECT_EQ(count_of(json(get("/v1/usage?by=model&session=s1&" + at_end())), "groups"), "1");
  EXPECT_EQ(count_of(json(get("/v1/usage?by=model&session=other&" + at_end())), "groups"), "0");
}

TEST_F(Reading, LatestOnlyViewsRefuseThePast) {
  expect_problem(get("/v1/sessions?as_of=v1"), 501, core::Errc::unsupported, "as_of");
  expect_problem(get("/v1/usage?as_of=v1"), 501, core::Errc::unsupported, "as_of");
}

TEST_F(Reading, AWriteIsReadBackByItsReceipt) {
  for (int i = 0; i < 20; ++i) {
    const std::string id = "r" + std::to_string(i);
    const events::Json receipt = json(post("/v1/sessions", "{\"session_id\":\"" + id + "\"}"));
    const Answer answer =
        get("/v1/sessions?at_least=" + std::to_string(number(receipt, "at_least")));
    EXPECT_TRUE(answer.says("\"session_id\":\"" + id + "\"")) << i;
  }
}

TEST_F(Reading, AQueryWaitsForAPositionThatIsStillToCome) {
  const std::string later = std::to_string(log_.end().value + 1);
  RawClient from_view(port());
  RawClient from_log(port());
  from_view.send(get_bytes("/v1/sessions?at_least=" + later));
  from_log.send(get_bytes("/v1/sessions/s1?at_least=" + later));
  EXPECT_FALSE(from_log.readable(std::chrono::milliseconds(50)));
  post("/v1/sessions", R"({"session_id":"s2"})");
  EXPECT_TRUE(from_view.read_answer().says("\"session_id\":\"s2\""));
  EXPECT_EQ(from_log.read_answer().header("Hansard-Position"), later);
}

TEST_F(Reading, AQueryForAPositionThatNeverComesTimesOut) {
  limit("wait_ms", 30);
  start();
  for (const char* target : {"/v1/sessions?at_least=1000", "/v1/usage?at_least=1000",
                             "/v1/sessions/s1/history?at_least=1000", "/v1/events?at_least=1000"}) {
    expect_problem(get(target), 504, core::Errc::timed_out, "at_least");
  }
}

TEST_F(Reading, StoppingTheServerDoesNotWaitForWaitingQueries) {
  limit("wait_ms", 3'600'000);
  limit("stop_ms", 20);
  start();
  RawClient client(port());
  client.send(get_bytes("/v1/sessions/s1?at_least=1000"));
  EXPECT_FALSE(client.readable(std::chrono::milliseconds(50)));
  server_.reset();
  EXPECT_TRUE(client.closed());
  start();
}

TEST_F(Reading, TheLogIsOneEventALine) {
  const Answer answer = get("/v1/events?from=0");
  EXPECT_EQ(answer.header("Content-Type"), "application/x-ndjson");
  EXPECT_EQ(answer.header("Hansard-Position"), "7");
  std::uint64_t position = 0;
  for (std::size_t from = 0; from < answer.body.size();) {
    const std::size_t end = answer.body.find('\n', from);
    const auto event = events::parse_json(answer.body.substr(from, end - from));
    ASSERT_TRUE(event);
    EXPECT_EQ(number(*event, "position"), position++);
    EXPECT_TRUE(event->find("facts")->is_object());
    EXPECT_TRUE(event->find("content")->is_object());
    from = end + 1;
  }
  EXPECT_EQ(position, 7U);
}

TEST_F(Reading, TheLogIsFilteredOnTheServer) {
  const auto lines = [](const Answer& answer) {
    return std::count(answer.body.begin(), answer.body.end(), '\n');
  };
  EXPECT_EQ(lines(get("/v1/events?type=MessageSent")), 2);
  EXPECT_EQ(lines(get("/v1/events?type=MessageSent,ToolCalled&type=ToolCompleted")), 4);
  EXPECT_EQ(lines(get("/v1/events?limit=3")), 3);
  EXPECT_EQ(lines(get("/v1/events?last=2")), 2);
  EXPECT_EQ(lines(get("/v1/events?last=200")), 7);
  EXPECT_EQ(lines(get("/v1/events?from=5")), 2);
  EXPECT_EQ(lines(get("/v1/events?stream=session-s1&type=ToolCalled")), 1);
  EXPECT_EQ(lines(get("/v1/events?from=1000")), 0);
}

TEST_F(Reading, AnErasedEventSaysSo) {
  ASSERT_TRUE(log_.erase(core::Position{1}));
  const Answer answer = get("/v1/events?from=1&limit=1");
  EXPECT_TRUE(answer.says("\"erased\":true")) << answer.body;
  EXPECT_FALSE(answer.says("\"content\""));
  EXPECT_FALSE(answer.says("Where is it?"));
}

TEST(EventBody, EndsWhereTheLogEndedWhenItWasAskedForWhateverIsRecordedMeanwhile) {
  static const core::EventEquivalence equivalence;
  core::InMemoryEventLog log(support::hasher(), equivalence);
  const auto record = [&log](const char* name) {
    ASSERT_TRUE(support::append(log, support::request({support::event("session-s1", name)})));
  };
  for (const char* name : {"one", "two", "three"}) record(name);
  Pool pool({"test", 1, 8, 0});
  EventBody body(log, pool, {core::ProjectId(), {}, {}, {}}, core::Position{1}, log.end());
  record("recorded before the client reads");
  std::string all;
  for (bool ended = false; !ended;) {
    std::promise<std::string> promise;
    body.next([&](core::Result<std::string> piece) { promise.set_value(*std::move(piece)); });
    const std::string piece = promise.get_future().get();
    ended = piece.empty();
    all += piece;
    if (!ended) record("recorded between two pieces");
  }
  EXPECT_EQ(std::count(all.begin(), all.end(), '\n'), 2);
}

}  // namespace
}  // namespace hansard::http::testing
