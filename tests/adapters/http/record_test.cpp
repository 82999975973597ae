#include "engine_server.h"

namespace hansard::http::testing {
namespace {

class Recording : public EngineServer {};

TEST_F(Recording, AReceiptNamesPositionVersionAndDurability) {
  const Answer answer = post("/v1/sessions", R"({"session_id":"s1"})");
  EXPECT_EQ(answer.status, 201);
  EXPECT_EQ(answer.body,
            R"({"events":[{"position":0,"version":0}],"position":0,"version":0,"at_least":1,)"
            R"("durability":"strict","duplicate":false})"
            "\n");
  EXPECT_EQ(answer.header("Hansard-Position"), "1");
}

TEST_F(Recording, TheSameAgainIsTheOriginalReceiptWithoutANewEvent) {
  record_conversation("s1");
  const auto end = log_.end();
  const std::string body =
      R"({"message_id":"m1","role":"user","parts":[{"type":"text","text":"Where is it?"}]})";
  const Answer again = post("/v1/sessions/s1/messages", body);
  EXPECT_EQ(again.status, 200) << again.body;
  EXPECT_TRUE(again.says("\"duplicate\":true"));
  EXPECT_EQ(number(json(again), "version"), 1U);
  EXPECT_EQ(log_.end(), end);
}

TEST_F(Recording, TheSameIdWithOtherContentIsRefused) {
  record_conversation("s1");
  expect_problem(post("/v1/sessions/s1/messages",
                      R"({"message_id":"m1","role":"user","parts":[{"type":"text","text":"x"}]})"),
                 409, core::Errc::id_reused, "records[0].id");
}

TEST_F(Recording, EveryTypedRouteRecordsItsEvent) {
  record_conversation("s1");
  const std::string at = "/v1/sessions/s1/";
  const struct {
    std::string route;
    std::string body;
    std::string type;
  } cases[] = {
      {"config", R"({"model":"gpt-4o","system":"Be brief."})", "SessionConfigured"},
      {"requests", R"({"call_id":"c2","model":"gpt-4o"})", "ResponseRequested"},
      {"responses", R"({"call_id":"c2","reason":"timeout","error":"no answer"})", "ResponseFailed"},
      {"tool-calls",
       R"({"tool_call_id":"t2","message_id":"m2","index":1,"tool":"f","arguments":{}})",
       "ToolCalled"},
      {"tool-results", R"({"tool_call_id":"t2","error":"broken"})", "ToolFailed"},
      {"context", R"({"strategy":"drop_oldest","removed":["m1"]})", "ContextOptimized"},
      {"scores", R"({"score_id":"x","name":"helpful","value":true})", "ScoreRecorded"},
      {"fork", R"({"child":"s2","at_version":3,"reason":"edit"})", "SessionForked"},
      {"end", "", "SessionEnded"},
      {"reopen", R"({"reason":"follow_up"})", "SessionReopened"},
  };
  for (const auto& c : cases) {
    const Answer answer = post(at + c.route, c.body);
    EXPECT_EQ(answer.status, 201) << c.route << " " << answer.body;
    EXPECT_TRUE(get("/v1/sessions/s1/events?limit=1000").says("\"type\":\"" + c.type + "\""))
        << c.type;
  }
  EXPECT_EQ(get("/v1/sessions/s2").status, 200) << "a fork creates the child";
}

TEST_F(Recording, TypedRoutesNeverCreateOrReopen) {
  const std::string body = R"({"message_id":"m9","role":"user","parts":[]})";
  expect_problem(post("/v1/sessions/none/messages", body), 404, core::Errc::not_found, "");
  record_conversation("s1");
  EXPECT_EQ(post("/v1/sessions/s1/end", "{}").status, 201);
  EXPECT_EQ(post("/v1/sessions/s1/messages", body).status, 422);
  EXPECT_EQ(post("/v1/sessions/s1/reopen", "").status, 201);
  EXPECT_EQ(post("/v1/sessions/s1/messages", body).status, 201);
}

TEST_F(Recording, TheExpectedVersionIsCheckedAndTheConflictTellsBoth) {
  record_conversation("s1");
  const std::string body = R"({"message_id":"m9","role":"user","parts":[]})";
  const Answer conflict = post("/v1/sessions/s1/messages", body, "Hansard-Expected-Version: 2\r\n");
  EXPECT_EQ(conflict.status, 409);
  EXPECT_TRUE(
      conflict.says(R"("violations":[{"stream":"session-s1","expected":"2","actual":"6"}])"))
      << conflict.body;
  EXPECT_EQ(post("/v1/sessions/s1/messages", body, "Hansard-Expected-Version: 6\r\n").status, 201);
}

TEST_F(Recording, DurabilityIsTheClientsChoiceAndTheReceiptSaysWhich) {
  const Answer relaxed =
      post("/v1/sessions", R"({"session_id":"s1"})", "Hansard-Durability: relaxed\r\n");
  EXPECT_EQ(text(json(relaxed), "durability"), "relaxed");
  expect_problem(post("/v1/sessions", R"({"session_id":"s2"})", "Hansard-Durability: none\r\n"),
                 400, core::Errc::invalid_argument, "Hansard-Durability");
}

TEST_F(Recording, AnIdempotencyKeyNamesWhatHasNoIdOfItsOwn) {
  record_conversation("s1");
  const std::string body = R"({"system":"Be brief."})";
  const std::string key = "Idempotency-Key: k1\r\n";
  EXPECT_EQ(post("/v1/sessions/s1/config", body, key).status, 201);
  EXPECT_EQ(post("/v1/sessions/s1/config", body, key).status, 200);
  EXPECT_EQ(post("/v1/sessions/s1/config", body).status, 201) << "without a key: a new change";
  expect_problem(
      post("/v1/sessions/s1/config", body, "Idempotency-Key: " + std::string(256, 'k') + "\r\n"),
      400, core::Errc::invalid_argument, "Idempotency-Key");
}

TEST_F(Recording, TimesAreTheClientsOrTheRequests) {
  post("/v1/sessions", R"({"session_id":"s1","occurred_at":"2020-01-02T03:04:05Z"})");
  post("/v1/sessions", R"({"session_id":"s2"})");
  const events::Json first = json(get("/v1/sessions/s1/events"));
  EXPECT_EQ(text(first.find("events")->if_array()->at(0), "occurred_at"),
            "2020-01-02T03:04:05.000000Z");
  const events::Json second = json(get("/v1/sessions/s2/events"));
  const events::Json& event = second.find("events")->if_array()->at(0);
  EXPECT_EQ(text(event, "occurred_at"), text(event, "recorded_at"));
}

TEST_F(Recording, ActorAndProjectComeFromTheKeyAlone) {
  start(
      {{"app", "hsd_0123456789abcdefXYZ", support::project("acme"), {Scope::write, Scope::read}}});
  const std::string key = "Hansard-Key: hsd_0123456789abcdefXYZ\r\n";
  EXPECT_EQ(post("/v1/sessions", R"({"session_id":"s1"})").status, 401);
  expect_problem(post("/v1/sessions", R"({"session_id":"s1","actor":"me"})", key), 400,
                 core::Errc::invalid_argument, "actor");
  EXPECT_EQ(post("/v1/sessions", R"({"session_id":"s1"})", key).status, 201);
  const events::Json page = json(get("/v1/sessions/s1/events", key));
  const events::Json& event = page.find("events")->if_array()->at(0);
  EXPECT_EQ(text(event, "project"), "acme");
  const auto ring = KeyRing::make(
      keyed_hash_, {{"app", "hsd_0123456789abcdefXYZ", support::project("acme"), {Scope::read}}});
  EXPECT_EQ(text(event, "actor"),
            core::to_string(ring->find("hsd_0123456789abcdefXYZ", {}).hold->principal.actor));
  EXPECT_EQ(get("/v1/admin/projections", key).status, 403);
}

TEST_F(Recording, ProjectsDoNotSeeEachOther) {
  EXPECT_EQ(post("/v1/sessions", R"({"session_id":"s1"})", "Hansard-Project: one\r\n").status, 201);
  EXPECT_EQ(get("/v1/sessions/s1/history", "Hansard-Project: one\r\n").status, 200);
  EXPECT_EQ(get("/v1/sessions/s1/history", "Hansard-Project: two\r\n").status, 404);
  EXPECT_EQ(get("/v1/events?from=0", "Hansard-Project: two\r\n").body, "");
}

TEST_F(Recording, AnIdOfAnyFormHasItsOwnSession) {
  const std::string id = "Ünïcode / with \\\"everything\\\"";
  EXPECT_EQ(post("/v1/sessions", "{\"session_id\":\"" + id + "\"}").status, 201);
  const Answer answer =
      get("/v1/sessions/%C3%9Cn%C3%AFcode%20%2F%20with%20%22everything%22/history");
  EXPECT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(text(json(answer), "session_id"), "Ünïcode / with \"everything\"");
}

TEST_F(Recording, RawAppendsAreAtomicWithTheirChecks) {
  const std::string two =
      R"({"records":[{"stream":"custom-a","type":"Noted","facts":{"n":1}},)"
      R"({"stream":"custom-b","type":"Noted","facts":{"n":2},"content":{"t":"x"}}],)"
      R"("checks":[{"stream":"custom-a","expected":"none"}]})";
  const Answer first = post("/v1/append", two);
  EXPECT_EQ(first.status, 201) << first.body;
  const Answer second = post("/v1/append", two);
  EXPECT_EQ(second.status, 409);
  EXPECT_TRUE(second.says(R"("violations":[{"stream":"custom-a","expected":"none","actual":"0"}])"))
      << second.body;
  EXPECT_EQ(log_.end().value, 2U);
}

TEST_F(Recording, RawAppendsRepeatUnderTheirIdOrTheirKey) {
  const std::string with_id = R"({"records":[{"stream":"custom-a","type":"Noted","facts":{"n":1},)"
                              R"("event_id":"00000000-0000-8000-8000-000000000001"}]})";
  EXPECT_EQ(post("/v1/append", with_id).status, 201);
  EXPECT_EQ(post("/v1/append", with_id).status, 200);
  const std::string without =
      R"({"records":[{"stream":"custom-a","type":"Noted","facts":{"n":1}}]})";
  EXPECT_EQ(post("/v1/append", without, "Idempotency-Key: k\r\n").status, 201);
  EXPECT_EQ(post("/v1/append", without, "Idempotency-Key: k\r\n").status, 200);
  EXPECT_EQ(post("/v1/append", without).status, 201);
}

TEST_F(Recording, KnownRecordsAreSkippedWhenAsked) {
  const std::string record = R"({"stream":"custom-a","type":"Noted","facts":{"n":1},)"
                             R"("event_id":"00000000-0000-8000-8000-000000000001"})";
  const std::string more = R"({"stream":"custom-a","type":"Noted","facts":{"n":2},)"
                           R"("event_id":"00000000-0000-8000-8000-000000000002"})";
  EXPECT_EQ(post("/v1/append", "{\"records\":[" + record + "]}").status, 201);
  const std::string both = "{\"records\":[" + record + "," + more + "]";
  EXPECT_EQ(post("/v1/append", both + "}").status, 409);
  const Answer skipped = post("/v1/append", both + R"(,"known":"skip"})");
  EXPECT_EQ(skipped.status, 201);
  EXPECT_TRUE(skipped.says(R"({"position":0,"version":0,"duplicate":true})")) << skipped.body;
}

TEST_F(Recording, SystemFactsNeedTheAdminScope) {
  start({{"app", "hsd_0123456789abcdefXYZ", support::project("acme"), {Scope::write}}});
  expect_problem(
      post("/v1/append", R"({"records":[{"stream":"system","type":"Noted","facts":{}}]})",
           "Hansard-Key: hsd_0123456789abcdefXYZ\r\n"),
      403, core::Errc::forbidden, "records[0]");
}

}  // namespace
}  // namespace hansard::http::testing
