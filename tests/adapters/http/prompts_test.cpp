// Prompts over HTTP; their rules are tested in tests/events/prompt.
#include "engine_server.h"

namespace hansard::http::testing {
namespace {

class PromptRoutes : public EngineServer {
 protected:
  void store(std::string_view body, int status = 201) {
    const Answer answer = post("/v1/prompts/greet/versions", body);
    EXPECT_EQ(answer.status, status) << answer.body;
  }
  std::string listed(const std::string& query) {
    const Answer answer =
        get("/v1/prompts?at_least=" + std::to_string(log_.end().value) + "&" + query);
    EXPECT_EQ(answer.status, 200) << answer.body;
    const events::Json page = json(answer);
    std::string names;
    for (const auto& prompt : *page.find("prompts")->if_array())
      names += text(prompt, "name") + " ";
    return names + text(page, "next");
  }
  /// The version in production, as text.
  std::string in_production() {
    const events::Json* version = json(get("/v1/prompts/greet")).find("labels")->find("production");
    return version == nullptr ? "none" : dump(*version);
  }
};

TEST_F(PromptRoutes, AVersionIsStoredOnce) {
  const Answer first = post("/v1/prompts/greet/versions", R"({"text":"Hello, {{ name }}."})");
  EXPECT_EQ(first.status, 201) << first.body;
  EXPECT_EQ(number(json(first), "version"), 1U);
  const Answer again = post("/v1/prompts/greet/versions", R"({"text":"Hello, {{ name }}."})");
  EXPECT_EQ(again.status, 200) << again.body;
  EXPECT_TRUE(again.says(R"("version":1,)")) << again.body;
  EXPECT_TRUE(again.says(R"("duplicate":true)")) << again.body;
  EXPECT_TRUE(again.says(R"("position":0)")) << again.body;
  EXPECT_EQ(number(json(post("/v1/prompts/greet/versions", R"({"text":"Hi."})")), "version"), 2U);
  expect_problem(post("/v1/prompts/greet/versions", R"({"version":1,"text":"No."})"), 422,
                 core::Errc::rejected, "version", "says something else");
  EXPECT_EQ(log_.end(), core::Position{2});
}

TEST_F(PromptRoutes, WhatCannotBeRenderedIsRefusedWithItsPlace) {
  expect_problem(
      post("/v1/prompts/greet/versions", R"({"messages":[{"role":"user","content":"fine"},)"
                                         R"({"role":"user","content":"a\nb {{ x | shout }}"}]})"),
      400, core::Errc::invalid_argument, "messages[1].content", "line 2, column 10");
  expect_problem(post("/v1/prompts/greet/versions", R"({"messages":[{"role":"user"}]})"), 400,
                 core::Errc::invalid_argument, "messages[0].content");
  expect_problem(post("/v1/prompts/greet/versions", R"({"text":"x","variables":[{"name":"a",)"
                                                    R"("rule":{"pattern":"("}}]})"),
                 400, core::Errc::invalid_argument, "variables[0].rule.pattern");
  expect_problem(post("/v1/prompts/gr%20eet/versions", R"({"text":"x"})"), 400,
                 core::Errc::invalid_argument, "name");
  EXPECT_EQ(log_.end(), core::Position{0}) << "nothing is recorded";
}

TEST_F(PromptRoutes, ProductionIsPromotedAndRolledBack) {
  store(R"({"text":"a","labels":["production"]})");
  store(R"({"text":"b"})");
  EXPECT_EQ(in_production(), "1");
  const Answer promoted =
      post("/v1/prompts/greet/promote", R"({"version":"latest","comment":"shorter"})");
  EXPECT_EQ(promoted.status, 201) << promoted.body;
  EXPECT_TRUE(promoted.says(R"("label":"production","version":2,"stage":"production")"))
      << promoted.body;
  EXPECT_EQ(post("/v1/prompts/greet/rollback", R"({"from":2})").status, 201);
  EXPECT_EQ(in_production(), "1");
  EXPECT_EQ(post("/v1/prompts/greet/rollback", R"({"from":2})").status, 200) << "a repeat";
  EXPECT_EQ(in_production(), "1");
  const Answer shown = get("/v1/prompts/greet");
  EXPECT_TRUE(shown.says(R"("what":"label_moved","version":2,"label":"production","from":1,)"
                         R"("reason":"promoted","comment":"shorter")"))
      << shown.body;
  EXPECT_TRUE(shown.says(R"("reason":"rolled_back")")) << shown.body;
  expect_problem(post("/v1/prompts/greet/promote", R"({"version":7})"), 404, core::Errc::not_found,
                 "version", "no version or label '7'");
}

TEST_F(PromptRoutes, ALabelMovesOnlyWhereItWasExpected) {
  store(R"({"text":"a"})");
  store(R"({"text":"b"})");
  const std::string target = "/v1/prompts/greet/labels/blue";
  EXPECT_EQ(write("put", target, R"({"version":1})", "Hansard-Expected-Version: 0\r\n").status,
            409);
  EXPECT_EQ(write("put", target, R"({"version":1})", "Hansard-Expected-Version: 1\r\n").status,
            201);
  EXPECT_TRUE(get("/v1/prompts/greet/versions/blue").says(R"("version":1)"));
  EXPECT_EQ(write("delete", target, "").status, 201);
  EXPECT_EQ(write("delete", target, "").status, 200);
  EXPECT_EQ(get("/v1/prompts/greet/versions/blue").status, 404);
  expect_problem(write("put", "/v1/prompts/greet/labels/7", R"({"version":1})"), 400,
                 core::Errc::invalid_argument, "label");
}

TEST_F(PromptRoutes, AVersionIsRenderedWithValues) {
  store(R"({"messages":[{"role":"system","content":"Be {{ tone }}."},)"
        R"({"role":"user","content":"{{ q }}"}],"variables":[{"name":"tone","default":"kind"},)"
        R"({"name":"q","type":"text","required":true}],"examples":[{"input":"1","output":"2"}],)"
        R"("labels":["production"]})");
  const Answer answer = post("/v1/prompts/greet/render", R"({"variables":{"q":"Why?"}})");
  EXPECT_EQ(answer.status, 200) << answer.body;
  EXPECT_TRUE(
      answer.says(R"("messages":[{"role":"system","content":"Be kind."},)"
                  R"({"role":"user","content":"1"},{"role":"assistant","content":"2"},)"
                  R"({"role":"user","content":"Why?"}],"variables":{"q":"Why?","tone":"kind"})"))
      << answer.body;
  expect_problem(post("/v1/prompts/greet/render", "{}"), 400, core::Errc::invalid_argument,
                 "variables.q", "missing q");
  expect_problem(post("/v1/prompts/greet/render", R"({"variables":{"q":3}})"), 400,
                 core::Errc::invalid_argument, "variables.q", "expected a text");
  expect_problem(post("/v1/prompts/greet/render", R"({"variables":{"q":"x","p":3}})"), 400,
                 core::Errc::invalid_argument, "variables.p");
  expect_problem(post("/v1/prompts/greet/render", R"({"version":3})"), 404, core::Errc::not_found,
                 "version");
  expect_problem(post("/v1/prompts/greet/render", R"({"label":"blue"})"), 404,
                 core::Errc::not_found, "label");
  expect_problem(post("/v1/prompts/greet/render", R"({"label":"a","version":1})"), 400,
                 core::Errc::invalid_argument, "label");
  expect_problem(post("/v1/prompts/nobody/render", "{}"), 404, core::Errc::not_found, "name");
  EXPECT_EQ(log_.end(), core::Position{2}) << "renderings are not recorded";
}

TEST_F(PromptRoutes, TwoVersionsAreCompared) {
  store(R"({"messages":[{"role":"user","content":"one\ntwo\nthree","section":"ask"}],)"
        R"("variables":[{"name":"x","type":"text"}],"config":{"model":"a","n":1}})");
  store(R"({"messages":[{"role":"system","content":"new"},)"
        R"({"role":"user","content":"one\n2\nthree","section":"ask"}],)"
        R"("variables":[{"name":"x","type":"any"}],"config":{"n":1,"model":"b"}})");
  const Answer answer = get("/v1/prompts/greet/diff?from=1&to=2");
  EXPECT_TRUE(
      answer.says(R"("same":false,"changes":[{"what":"changed","where":"messages[ask].content",)"
                  R"("lines":["  one","- two","+ 2","  three"]},)"
                  R"({"what":"added","where":"messages[0].content","lines":["+ new"]},)"
                  R"({"what":"changed","where":"variables.x.type","before":"text","after":"any"},)"
                  R"({"what":"changed","where":"config.model","before":"a","after":"b"}])"))
      << answer.body;
  EXPECT_TRUE(get("/v1/prompts/greet/diff?from=2").says(R"("same":true,"changes":[])"));
  expect_problem(get("/v1/prompts/greet/diff"), 404, core::Errc::not_found, "from",
                 "in production");
}

TEST_F(PromptRoutes, ADeletedVersionIsKeptButNotOffered) {
  store(R"({"text":"a"})");
  store(R"({"text":"b","labels":["production"]})");
  expect_problem(write("delete", "/v1/prompts/greet/versions/2", ""), 422, core::Errc::rejected,
                 "version", "`production` names it");
  EXPECT_EQ(write("delete", "/v1/prompts/greet/versions/1", "").status, 201);
  EXPECT_TRUE(get("/v1/prompts/greet/versions/1").says(R"("deleted":true)"));
  expect_problem(post("/v1/prompts/greet/render", R"({"version":1})"), 422, core::Errc::rejected,
                 "version", "was deleted");
  expect_problem(post("/v1/prompts/greet/versions", R"({"version":1,"text":"a"})"), 422,
                 core::Errc::rejected, "version", "its name stays taken");
}

TEST_F(PromptRoutes, ThePastStaysAsItWas) {
  store(R"({"text":"a","labels":["production"]})");
  store(R"({"text":"b","labels":["production"]})");
  const Answer then = get("/v1/prompts/greet?as_of=v1");
  EXPECT_TRUE(then.says(R"("labels":{"production":1})")) << then.body;
  EXPECT_FALSE(then.says(R"("version":2)")) << then.body;
  EXPECT_EQ(get("/v1/prompts/greet/versions/production?as_of=v1").body.find(R"("version":2)"),
            std::string::npos);
  EXPECT_EQ(get("/v1/prompts/greet?as_of=2020-01-01T00:00:00Z").status, 404);
}

TEST_F(PromptRoutes, PromptsAreListedByName) {
  for (const char* name : {"b.one", "a.two", "b.two", "c"}) {
    const std::string tags = std::string(name) == "c" ? R"(["x"])" : R"(["x","y"])";
    EXPECT_EQ(post("/v1/prompts/" + std::string(name) + "/versions",
                   R"({"text":"t","tags":)" + tags + R"(,"labels":["all"]})")
                  .status,
              201);
  }
  EXPECT_EQ(post("/v1/prompts/b.two/promote", R"({"version":1})").status, 201);
  EXPECT_EQ(listed(""), "a.two b.one b.two c ");
  EXPECT_EQ(listed("prefix=b."), "b.one b.two ");
  EXPECT_EQ(listed("tag=x&tag=y"), "a.two b.one b.two ");
  EXPECT_EQ(listed("label=production"), "b.two ");
  EXPECT_EQ(listed("limit=2"), "a.two b.one b.one");
  EXPECT_EQ(listed("limit=2&cursor=b.one"), "b.two c ");
  EXPECT_EQ(get("/v1/prompts?limit=0").status, 400);
}

TEST_F(PromptRoutes, AreReadAndWrittenByThoseWhoMay) {
  store(R"({"text":"a"})");
  start({{"reader", "hsd_aaaaaaaaaaaaaaaa", core::ProjectId(), {Scope::read}}});
  const std::string key = "Hansard-Key: hsd_aaaaaaaaaaaaaaaa\r\n";
  EXPECT_EQ(get("/v1/prompts/greet", key).status, 200);
  EXPECT_EQ(post("/v1/prompts/greet/render", R"({"version":1})", key).status, 200);
  EXPECT_EQ(post("/v1/prompts/greet/promote", R"({"version":1})", key).status, 403);
}

}  // namespace
}  // namespace hansard::http::testing
