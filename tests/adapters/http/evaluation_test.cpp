// POST /v1/evaluations: judges without a model, and the scores they leave.
#include "engine_server.h"

namespace hansard::http::testing {
namespace {

class Evaluating : public EngineServer {
 protected:
  void SetUp() override {
    EngineServer::SetUp();
    ASSERT_EQ(post("/v1/sessions", R"({"session_id":"e1"})").status, 201);
    say("c1", "Two and two are 4.");
    say("c2", R"({\"total\": 4})");
  }
  void say(const std::string& call, const std::string& text) {
    const Answer answer = post("/v1/sessions/e1/responses",
                               R"({"call_id":")" + call + R"(","message_id":")" + call +
                                   R"(.a","parts":[{"type":"text","text":")" + text + R"("}]})");
    ASSERT_EQ(answer.status, 201) << answer.body;
  }
  Answer evaluate(const std::string& rest) { return post("/v1/evaluations", "{" + rest + "}"); }
};

TEST_F(Evaluating, JudgesEveryAnswerAndRecordsTheScoresOnce) {
  const std::string asked = R"("session":"e1","name":"sum","evaluator":{"contains":["are 4"]})";
  const Answer first = evaluate(asked);
  ASSERT_EQ(first.status, 200) << first.body;
  EXPECT_TRUE(first.says(R"("passed":1,"failed":1,"recorded":2,"known":0)")) << first.body;
  EXPECT_TRUE(first.says(R"("reason":"missing: \"are 4\"")")) << first.body;
  const Answer again = evaluate(asked);
  EXPECT_TRUE(again.says(R"("recorded":0,"known":2)")) << again.body;
  const Answer events = get("/v1/sessions/e1/events?type=ScoreRecorded");
  EXPECT_TRUE(events.says(R"("name":"sum","value":true,"evaluator":"contains")")) << events.body;
  EXPECT_TRUE(events.says(R"("target_kind":"message","target_id":"c2.a")")) << events.body;
}

TEST_F(Evaluating, AsksOnlyTheLatestOrOneAnswerAndMayLeaveNothing) {
  const std::string schema =
      R"("evaluator":{"json_schema":{"type":"object","required":["total"]}},"record":false)";
  EXPECT_TRUE(evaluate(R"("sessions":["e1"],"which":"last",)" + schema)
                  .says(R"("passed":1,"failed":0,"recorded":0)"));
  EXPECT_TRUE(evaluate(R"("session":"e1","message":"c1.a",)" + schema)
                  .says(R"("passed":0,"failed":1,"recorded":0)"));
  EXPECT_TRUE(evaluate(R"("text":"it is 3.9","evaluator":{"number":{"expected":4}})")
                  .says(R"("reason":"3.9 is not within 0 of 4")"));
  EXPECT_FALSE(get("/v1/sessions/e1/events").says("ScoreRecorded"));
}

TEST_F(Evaluating, WhatIsWrongIsNamed) {
  const auto refused = [&](const std::string& rest, int status) {
    const Answer answer = evaluate(rest);
    EXPECT_EQ(answer.status, status) << answer.body;
    return text(json(answer), "field");
  };
  const std::string yes = R"("evaluator":{"exact":"yes"})";
  EXPECT_EQ(refused(R"("session":"e1")", 400), "evaluator");
  EXPECT_EQ(refused(yes, 400), "sessions");
  EXPECT_EQ(refused(R"("session":"e1","text":"a",)" + yes, 400), "sessions");
  EXPECT_EQ(refused(R"("session":"e1","evaluator":{"regex":"("})", 400), "evaluator.regex");
  EXPECT_EQ(refused(R"("session":"e1","which":"first",)" + yes, 400), "which");
  EXPECT_EQ(refused(R"("session":"e1","judge":"me",)" + yes, 400), "judge");
  EXPECT_EQ(refused(R"("sessions":["e1",7],)" + yes, 400), "sessions[1]");
  EXPECT_EQ(refused(R"("session":"nobody",)" + yes, 404), "sessions");
  EXPECT_EQ(refused(R"("session":"e1","message":"m9",)" + yes, 404), "message");
}

}  // namespace
}  // namespace hansard::http::testing
