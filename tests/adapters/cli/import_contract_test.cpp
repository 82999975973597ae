// POST /v1/import against what GET /openapi.json, of the whole program, says of it.
#include "api_contract.h"
#include "engine/import_route.h"
#include "own_engine.h"

namespace hansard::cli::testing {
namespace {

constexpr const char* kImport = "/v1/import";

class ImportContract : public ::testing::Test {
 protected:
  /// The answer, after it was held against the document.
  events::Json imported(const std::string& body, int status) {
    const Answer answer = own_.post(kImport, body);
    EXPECT_EQ(answer.status, status) << answer.body;
    const auto broken = contract_.broken(
        "post", kImport, answer.status,
        answer.status == 200 ? "application/json" : "application/problem+json", answer.body);
    EXPECT_FALSE(broken) << broken.value_or("") << "\n" << answer.body;
    return events::parse_json(answer.body).value();
  }
  /// Why a body does not fit what is described; empty when it does.
  std::string misfit(const std::string& body) {
    const events::Json* schema =
        contract_.document().find("components")->find("schemas")->find("ImportBody");
    return support::JsonSchema(contract_.document())
        .violation(*schema, events::parse_json(body).value())
        .value_or("");
  }
  static std::string item(const std::string& session, const std::string& post) {
    return R"({"items":[{"line":7,"session":{"id":")" + session +
           R"("},"create":{"user":"ada"},"steps":[{"post":")" + post +
           R"(","body":{"message_id":"m1","role":"user","parts":[]}}]}]})";
  }

  OwnDirectory directory_;
  OwnEngine own_{directory_.path() / "data"};
  http::testing::ApiContract contract_{events::parse_json(own_.get("/openapi.json").body).value()};
};

TEST_F(ImportContract, EveryAnswerIsAsDescribed) {
  const std::string body = item("s1", "messages");
  EXPECT_EQ(misfit(body), "");
  const auto told = imported(body, 200);
  const events::Json& result = told.find("results")->if_array()->at(0);
  EXPECT_EQ(result.find("line")->as_uint("").value(), 7U);
  EXPECT_GT(result.find("new_events")->as_uint("").value(), 0U);
  imported(body, 200);
  imported(R"({"items":[]})", 200);
  // It is recorded as another conversation, and says so; then a piece that cannot be.
  const std::string other = R"({"items":[{"session":{"id":"s1"},"create":{"user":"ada"},"steps":[)"
                            R"({"post":"messages","body":{"message_id":"m1","role":"user",)"
                            R"("parts":[{"type":"text","text":"no"}]}}]}]})";
  EXPECT_EQ(misfit(other), "");
  const auto alike = imported(other, 200);
  EXPECT_NE(alike.find("results")->if_array()->at(0).find("alike"), nullptr) << dump(alike);
}

TEST_F(ImportContract, APieceThatFailsIsDescribedToo) {
  constexpr std::size_t kBeyondAnEvent = 17U << 20;
  const std::string bad = R"({"items":[{"session":{"id":"s1"},"create":{},"steps":[{"post":)"
                          R"("messages","body":{"message_id":"m1","role":"user","parts":[)"
                          R"({"type":"text","text":")" +
                          std::string(kBeyondAnEvent, 'x') + R"("}]}}]}]})";
  const auto told = imported(bad, 200);
  EXPECT_NE(told.find("results")->if_array()->at(0).find("error"), nullptr);
}

TEST_F(ImportContract, WhatIsRefusedIsAProblemAndDoesNotFitTheDescription) {
  imported("[]", 400);
  const std::string unknown = R"({"items":[{"session":{"id":"a"},"steps":[],"more":1}]})";
  imported(unknown, 400);
  EXPECT_NE(misfit(unknown), "");
  imported(item("s1", "nowhere"), 404);
  const auto refused = imported(R"({"things":[]})", 400);
  EXPECT_EQ(*refused.find("field")->if_string(), "things");
  EXPECT_NE(misfit(R"({"things":[]})"), "");
}

TEST_F(ImportContract, NothingThatIsDescribedOfItIsLeftUntried) {
  imported(item("s1", "messages"), 200);
  imported("[]", 400);
  for (const std::string& answer : contract_.unseen()) {
    EXPECT_EQ(answer.find(kImport), std::string::npos) << answer;
  }
  const events::Json* operation = contract_.document().find("paths")->find(kImport);
  ASSERT_NE(operation, nullptr);
  EXPECT_EQ(*operation->find("post")->find("x-scope")->if_string(), "write");
}

}  // namespace
}  // namespace hansard::cli::testing
