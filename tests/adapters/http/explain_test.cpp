// diff, why and forks over HTTP; what they mean is tested in tests/projections.
#include "engine_server.h"

namespace hansard::http::testing {
namespace {

class Explaining : public EngineServer {
 protected:
  void SetUp() override {
    EngineServer::SetUp();
    record_conversation("s1");
  }
  const events::Json& at(const events::Json& json, std::string_view key) {
    const events::Json* value = json.find(key);
    EXPECT_NE(value, nullptr) << key;
    return value == nullptr ? kNothing : *value;
  }
  const events::Json kNothing = events::Json::Object{};
};

TEST_F(Explaining, DiffShowsWhatCameBetweenTwoVersions) {
  const Answer answer = get("/v1/sessions/s1/diff?from=v3&to=version:6");
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(answer.header("Hansard-Position"), "7");
  const events::Json diff = json(answer);
  EXPECT_EQ(number(diff, "common_events"), 4U);
  EXPECT_EQ(number(at(diff, "added"), "event_count"), 3U);
  EXPECT_EQ(number(at(at(diff, "added"), "counts"), "tool_calls"), 1U);
  EXPECT_EQ(number(at(diff, "removed"), "event_count"), 0U);
  EXPECT_TRUE(answer.says("Thanks"));
  EXPECT_FALSE(answer.says("Where is it?"));
}

TEST_F(Explaining, DiffComparesAForkWithItsParent) {
  ASSERT_EQ(post("/v1/sessions/s1/fork", R"({"child":"s2","at_version":1,"reason":"edit"})").status,
            201);
  post("/v1/sessions/s2/messages", R"({"message_id":"n1","role":"user","parts":[]})");
  const events::Json diff = json(get("/v1/sessions/s1/diff?to_session=s2"));
  EXPECT_EQ(text(at(diff, "from"), "session"), "s1");
  EXPECT_EQ(text(at(diff, "to"), "session"), "s2");
  EXPECT_EQ(dump(at(at(diff, "added"), "window")), R"(["n1"])");
  EXPECT_EQ(dump(at(at(diff, "removed"), "window")), R"(["m2","m3"])");
}

TEST_F(Explaining, DiffRefusesWhatItCannotCompare) {
  expect_problem(get("/v1/sessions/s1/diff"), 400, core::Errc::invalid_argument, "from");
  expect_problem(get("/v1/sessions/s1/diff?from=early"), 400, core::Errc::invalid_argument, "from");
  expect_problem(get("/v1/sessions/s1/diff?from=99"), 404, core::Errc::not_found, "from");
  expect_problem(get("/v1/sessions/s1/diff?from=1&to=99"), 404, core::Errc::not_found, "to");
  EXPECT_EQ(get("/v1/sessions/s1/diff?to_session=nobody").status, 404);
}

TEST_F(Explaining, WhyTellsTheWindowOfACallAndWhatIsNotKnown) {
  const Answer answer = get("/v1/sessions/s1/why?call=c1");
  ASSERT_EQ(answer.status, 200) << answer.body;
  const events::Json why = json(answer);
  EXPECT_EQ(text(at(why, "window"), "source"), "inferred");
  EXPECT_EQ(at(at(why, "window"), "messages").if_array()->size(), 1U);
  EXPECT_EQ(at(why, "answers").if_array()->size(), 1U);
  EXPECT_TRUE(answer.says("on its way")) << "what came of it";
  EXPECT_TRUE(answer.says(R"({"what":"window")"));
  EXPECT_EQ(get("/v1/sessions/s1/why?message=m2").body, answer.body);
}

TEST_F(Explaining, WhyRefusesWhatItCannotExplain) {
  expect_problem(get("/v1/sessions/s1/why"), 400, core::Errc::invalid_argument, "call");
  expect_problem(get("/v1/sessions/s1/why?call=c1&message=m2"), 400, core::Errc::invalid_argument,
                 "call");
  expect_problem(get("/v1/sessions/s1/why?call=c9"), 404, core::Errc::not_found, "call");
  expect_problem(get("/v1/sessions/s1/why?message=m1"), 404, core::Errc::not_found, "message");
}

TEST_F(Explaining, ForksAreATree) {
  post("/v1/sessions/s1/fork", R"({"child":"s2","at_version":1,"reason":"retry"})");
  const events::Json forks = json(get("/v1/sessions/s2/forks"));
  EXPECT_EQ(text(forks, "session"), "s2");
  EXPECT_EQ(text(at(forks, "tree"), "session"), "s1");
  EXPECT_EQ(text(at(forks, "tree"), "title"), "A parcel");
  const events::Json& child = at(at(forks, "tree"), "forks").if_array()->at(0);
  EXPECT_EQ(text(child, "session"), "s2");
  EXPECT_EQ(number(child, "at_version"), 1U);
  EXPECT_EQ(text(child, "reason"), "retry");
  EXPECT_EQ(get("/v1/sessions/nobody/forks").status, 404);
}

}  // namespace
}  // namespace hansard::http::testing
