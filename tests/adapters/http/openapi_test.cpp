#include <set>

#include "api_contract.h"
#include "engine_server.h"

namespace hansard::http::testing {
namespace {

/// Every answer of these tests is held against the document that the server itself gives.
class OpenApi : public EngineServer {
 protected:
  void SetUp() override {
    EngineServer::SetUp();
    record_conversation("s1");
    contract_.emplace(json(get("/openapi.json")));
  }
  static std::string media(const Answer& answer) {
    return std::string(answer.header("Content-Type").value_or(""));
  }
  /// The answer, after it was checked; what it answers has to be `status`.
  Answer checked(const std::string& target, int status = 200, std::string_view headers = "") {
    Answer answer = get(target, headers);
    EXPECT_EQ(answer.status, status) << target << answer.body;
    const auto broken = contract_->broken("get", target, answer.status, media(answer), answer.body);
    EXPECT_FALSE(broken) << *broken << "\n" << answer.body;
    return answer;
  }
  void posted(const std::string& target, std::string_view body, int status) {
    const Answer answer = post(target, body);
    EXPECT_EQ(answer.status, status) << target << answer.body;
    const auto broken =
        contract_->broken("post", target, answer.status, media(answer), answer.body);
    EXPECT_FALSE(broken) << *broken << "\n" << answer.body;
  }
  [[nodiscard]] const events::Json& path(std::string_view pattern) const {
    static const events::Json kNone;
    std::string written(pattern);  // `{path...}` is `{path}` there
    if (written.ends_with("...}")) written.replace(written.size() - 4, 4, "}");
    const events::Json* found = contract_->document().find("paths")->find(written);
    EXPECT_NE(found, nullptr) << pattern;
    return found == nullptr ? kNone : *found;
  }
  [[nodiscard]] const events::Json& schema(std::string_view name) const {
    return *contract_->document().find("components")->find("schemas")->find(name);
  }

  std::optional<ApiContract> contract_;
};

/// As documents name operations.
std::string_view word_of(Method method) {
  switch (method) {
    case Method::get:
      return "get";
    case Method::put:
      return "put";
    case Method::del:
      return "delete";
    default:
      return "post";
  }
}

TEST_F(OpenApi, EveryRouteIsDescribedWithItsScopeAndPathParameters) {
  EXPECT_EQ(text(contract_->document(), "openapi"), "3.1.0");
  std::size_t described = 0;
  for (const auto& member : *contract_->document().find("paths")->if_object()) {
    described += member.value.if_object()->size();
  }
  std::size_t served = 1;  // the document itself is not in the list it is made from
  for (const Route& route : routes(context_)) {
    const events::Json* operation = path(route.pattern).find(word_of(route.method));
    ASSERT_NE(operation, nullptr) << route.pattern;
    EXPECT_EQ(text(*operation, "summary"), route.doc);
    EXPECT_EQ(text(*operation, "x-scope"), route.rule.scope ? name(*route.rule.scope) : "");
    EXPECT_EQ(operation->find("requestBody") != nullptr, route.takes != Takes::nothing);
    served += route.pattern == "/openapi.json" ? 0 : 1;
  }
  EXPECT_EQ(described, served);
}

TEST_F(OpenApi, EveryReferenceLeadsSomewhere) {
  const support::JsonSchema schemas(contract_->document());
  const std::string text = dump(contract_->document());
  std::set<std::string> names;
  for (std::size_t at = text.find("\"$ref\":\""); at != std::string::npos;
       at = text.find("\"$ref\":\"", at + 1)) {
    const std::size_t begin = at + 8;
    names.insert(text.substr(begin, text.find('"', begin) - begin));
  }
  EXPECT_GT(names.size(), 20U);
  for (const std::string& name : names) EXPECT_NE(schemas.target(name), nullptr) << name;
}

TEST_F(OpenApi, EveryReadAnswersWhatItPromises) {
  const std::string at_end = "at_least=" + std::to_string(log_.end().value);
  for (const char* target :
       {"/", "/sessions/s1", "/v1/sessions/s1", "/v1/sessions/s1/history?as_of=v2",
        "/v1/sessions/s1/context", "/v1/sessions/s1/events?limit=3", "/v1/sessions/s1/diff?from=v1",
        "/v1/sessions/s1/why?call=c1", "/v1/sessions/s1/forks",
        "/v1/sessions/s1/replay?speed=1000&max_gap=0", "/v1/events", "/v1/export",
        "/v1/export?session=s1", "/v1/admin/projections", "/healthz", "/readyz", "/metrics",
        "/openapi.json"}) {
    checked(target);
  }
  checked("/v1/sessions?" + at_end);
  checked("/v1/usage?by=model,day&" + at_end);
  checked("/v1/admin/projections/calls/rows?" + at_end);
  checked("/v1/sessions/s1/replay?speed=1000&max_gap=0", 200, "Accept: text/event-stream\r\n");
}

TEST_F(OpenApi, EveryWriteAnswersWhatItPromises) {
  posted("/v1/sessions", R"({"session_id":"s2"})", 201);
  posted("/v1/sessions", R"({"session_id":"s2"})", 200);
  for (const char* part : {"config", "scores", "attachments", "context", "fork"}) {
    posted(std::string("/v1/sessions/s1/") + part, "{\"unknown\":1}", 400);
  }
  posted("/v1/sessions/s1/config", R"({"model":"gpt-4o"})", 201);
  posted("/v1/sessions/s1/end", "{}", 201);
  posted("/v1/sessions/s1/reopen", "{}", 201);
  posted("/v1/sessions/s1/fork", R"({"child":"s3","at_version":1,"reason":"edit"})", 201);
  posted("/v1/append", R"({"records":[{"stream":"custom-a","type":"Noted","facts":{}}]})", 201);
  posted("/v1/append",
         R"({"records":[{"stream":"custom-a","type":"Noted","facts":{}}],)"
         R"("checks":[{"stream":"custom-a","expected":"none"}]})",
         409);
  posted("/v1/admin/projections/calls/rebuild", "{}", 202);
}

TEST_F(OpenApi, ProblemsAreDocumentsOfTheirSchemaOnEveryPath) {
  checked("/v1/sessions/none", 404);
  checked("/v1/sessions?limt=1", 400);
  checked("/v1/nowhere", 404);
  posted("/v1/sessions/none/messages", "{}", 400);
  posted("/healthz", "{}", 405);
}

TEST_F(OpenApi, BodiesOfTypedWritesAreDescribedFieldByField) {
  const events::Json& message = schema("SendMessage");
  EXPECT_NE(message.find("properties")->find("message_id"), nullptr);
  EXPECT_NE(message.find("properties")->find("occurred_at"), nullptr);
  EXPECT_EQ(message.find("properties")->find("text_bytes"), nullptr) << "we compute it";
  const support::JsonSchema schemas(contract_->document());
  const auto fits = [&](const char* body) {
    return schemas.violation(message, events::parse_json(body).value());
  };
  EXPECT_FALSE(fits(R"({"message_id":"m","role":"user","parts":[{"type":"text","text":"hi"}]})"));
  EXPECT_TRUE(fits(R"({"role":"user","parts":[]})"));
  EXPECT_TRUE(fits(R"({"message_id":"m","role":"nobody","parts":[]})"));
  EXPECT_TRUE(fits(R"({"message_id":"m","role":"user","parts":[],"more":1})"));
}

TEST_F(OpenApi, AnAnswerThatBreaksThePromiseIsFound) {
  const std::string json = "application/json";
  const auto broken = [&](int status, const std::string& media, const std::string& body) {
    return contract_->broken("get", "/v1/sessions/s1/events", status, media, body).value_or("");
  };
  const std::string good = R"({"stream":"session-s1","events":[],"checkpoint":7})";
  EXPECT_EQ(broken(200, json, good), "");
  EXPECT_NE(broken(418, json, good).find("status is not described"), std::string::npos);
  EXPECT_NE(broken(200, "text/plain", good).find("text/plain"), std::string::npos);
  EXPECT_NE(broken(200, json, R"({"stream":"s","events":[]})").find("checkpoint is missing"),
            std::string::npos);
  EXPECT_NE(broken(200, json, R"({"stream":"s","events":[{}],"checkpoint":7})").find("events[0]"),
            std::string::npos);
  EXPECT_NE(broken(200, json, R"({"stream":1,"events":[],"checkpoint":7})").find("expected string"),
            std::string::npos);
  EXPECT_NE(broken(200, json, R"({"stream":"s","events":[],"checkpoint":-7})").find("minimum"),
            std::string::npos);
  EXPECT_NE(broken(404, "application/problem+json", R"({"status":404})").find("is missing"),
            std::string::npos);
  EXPECT_NE(broken(200, "application/x-ndjson", R"({"frame":"odd","next":1})").find("none of"),
            std::string::npos);
}

}  // namespace
}  // namespace hansard::http::testing
