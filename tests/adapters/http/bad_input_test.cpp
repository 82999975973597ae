// The issue's "Bad input": every case names code, field and reason, and the server serves on.
#include "engine_server.h"

namespace hansard::http::testing {
namespace {

using core::Errc;

class BadInput : public EngineServer {
 protected:
  void SetUp() override {
    EngineServer::SetUp();
    record_conversation("s1");
    end_ = log_.end();
  }
  void TearDown() override {
    EXPECT_EQ(log_.end(), end_) << "nothing of a refused request may be written";
    expect_serving();
  }
  core::Position end_;
};

constexpr const char* kMessages = "/v1/sessions/s1/messages";

TEST_F(BadInput, MalformedJsonAnywhere) {
  const struct {
    const char* body;
    const char* reason;
  } cases[] = {
      {"{", ""},
      {"nonsense", ""},
      {"{} {}", ""},
      {R"({"message_id":"m9","role":"user","parts":[],})", ""},
      {R"({"message_id":"m9","role":"user","parts":[{"type":"x","unread":01}]})", ""},
      {R"({"message_id":"m9","role":"user","parts":[{"type":"x","unread":tru}]})", ""},
      {R"({"message_id":"m9","role":"user","parts":[],"metadata":{"deep":[1,2,,3]}})", ""},
      {R"({"message_id":"m9","role":"user","parts":[],"metadata":"\ud800"})", ""},
      {"{\"message_id\":\"m9\",\"role\":\"user\",\"parts\":[],\"metadata\":\"\xff\"}", "UTF-8"},
      {"{\"message_id\":\"m9\",\"role\":\"user\",\"parts\":[],\"metadata\":\"a\nb\"}", ""},
      {"\xef\xbb\xbf{}", ""},
  };
  for (const auto& c : cases) {
    const Answer answer = post(kMessages, c.body);
    EXPECT_EQ(answer.status, 400) << c.body << answer.body;
    const events::Json problem = json(answer);
    EXPECT_EQ(text(problem, "code"), "invalid_argument") << c.body;
    EXPECT_NE(text(problem, "field"), "") << c.body << answer.body;
    EXPECT_NE(text(problem, "detail").find(c.reason), std::string::npos) << answer.body;
  }
}

TEST_F(BadInput, FieldsOfTypedRoutes) {
  const struct {
    const char* route;
    const char* body;
    const char* field;
  } cases[] = {
      {"messages", R"({"message_id":"m9","role":"user","parts":[],"colour":"red"})", "colour"},
      {"messages", R"({"message_id":"m9","role":"user","parts":[],"role":"user"})", "role"},
      {"messages", R"({"message_id":7,"role":"user","parts":[]})", "message_id"},
      {"messages", R"({"role":"user","parts":[]})", "message_id"},
      {"messages", R"({"message_id":"m9","role":"king","parts":[]})", "role"},
      {"messages", R"({"message_id":"m9","role":"user","parts":{}})", "parts"},
      {"messages", R"({"message_id":"m9","role":"user","parts":["x"]})", "parts[0]"},
      {"messages", R"({"message_id":"m9","role":"user","parts":[{"text":"x"}]})", "parts[0].type"},
      {"messages", R"({"message_id":"m9","role":"user","parts":[{"type":"text","text":1}]})",
       "parts[0].text"},
      {"messages", R"({"message_id":"m9","role":"user","parts":[],"text_bytes":3})", "text_bytes"},
      {"messages", R"({"message_id":"m9","role":"user","parts":[],"occurred_at":"yesterday"})",
       "occurred_at"},
      {"messages", R"({"message_id":"m9","role":"user","parts":[],"correlation":"x"})",
       "correlation"},
      {"messages", R"({"message_id":"m9","role":"user","parts":[],"metadata":{"a":1,"a":2}})",
       "metadata.a"},
      {"responses", R"({"call_id":"c1","message_id":"m9","parts":[],"usage":{"input_text":-1}})",
       "usage.input_text"},
      {"responses", R"({"call_id":"c1","message_id":"m9","parts":[],"usage":{"input_text":1.5}})",
       "usage.input_text"},
      {"responses", R"({"call_id":"c1","message_id":"m9","parts":[],"usage":{"tokens":1}})",
       "usage.tokens"},
      {"responses", R"({"call_id":"c1","message_id":"m9","parts":[],"latency_us":"fast"})",
       "latency_us"},
      {"tool-results", R"({"tool_call_id":"t1","output":1,"error":2})", "output"},
      {"fork", R"({"child":"","at_version":0})", "child"},
      {"end", R"({"reason":"Because I say so"})", "reason"},
  };
  for (const auto& c : cases) {
    const Answer answer = post(std::string("/v1/sessions/s1/") + c.route, c.body);
    expect_problem(answer, 400, Errc::invalid_argument, c.field);
    EXPECT_TRUE(answer.says("\"detail\":\"")) << c.body;
  }
}

TEST_F(BadInput, BodiesThatAreNoObject) {
  for (const char* body : {"[]", "1", "\"x\"", "null", "true"}) {
    EXPECT_EQ(post(kMessages, body).status, 400) << body;
    EXPECT_EQ(post("/v1/sessions", body).status, 400) << body;
    EXPECT_EQ(post("/v1/append", body).status, 400) << body;
  }
}

TEST_F(BadInput, IdsOfTheWrongForm) {
  expect_problem(post("/v1/sessions", "{}"), 400, Errc::invalid_argument, "session_id", "missing");
  expect_problem(post("/v1/sessions", R"({"session_id":""})"), 400, Errc::invalid_argument,
                 "session_id");
  expect_problem(post("/v1/sessions", R"({"session_id":5})"), 400, Errc::invalid_argument,
                 "session_id");
  expect_problem(post("/v1/sessions", R"({"session_id":")" + std::string(2000, 'x') + R"("})"), 400,
                 Errc::invalid_argument, "session_id");
  EXPECT_EQ(post("/v1/sessions//messages", "{}").status, 404);
  expect_problem(get("/v1/sessions/%FF/history"), 400, Errc::invalid_argument, "target", "UTF-8");
  expect_problem(get("/v1/sessions/a%0Ab"), 400, Errc::invalid_argument, "target", "control");
  expect_problem(get("/v1/sessions/" + std::string(1025, 'a')), 400, Errc::invalid_argument,
                 "session_id");
}

TEST_F(BadInput, TooDeepTooLongTooMany) {
  const std::string deep = R"({"message_id":"m9","role":"user","parts":[],"metadata":)" +
                           std::string(200, '[') + std::string(200, ']') + "}";
  const events::Json problem = json(post(kMessages, deep));
  EXPECT_EQ(text(problem, "code"), "too_large");
  EXPECT_EQ(text(problem, "field").find("metadata[0][0]"), 0U) << "where it went too deep";
  EXPECT_NE(text(problem, "detail").find("128"), std::string::npos) << text(problem, "detail");

  limit("event_bytes", 2048);
  limit("batch_records", 2);
  start();
  const std::string record = R"({"stream":"custom-a","type":"Noted","facts":{}})";
  expect_problem(post("/v1/append", "{\"records\":[" + record + "," + record + "," + record + "]}"),
                 413, Errc::too_large, "records", "batch_records = 2");
  expect_problem(
      post("/v1/append",
           R"({"records":[{"stream":"custom-a","type":"Noted","facts":{},"content":{"t":")" +
               std::string(3000, 'x') + R"("}}]})"),
      413, Errc::too_large, "records[0]", "event_bytes = 2048");
}

TEST_F(BadInput, RawRecords) {
  const auto one = [](const std::string& record) { return "{\"records\":[" + record + "]}"; };
  const struct {
    std::string body;
    const char* field;
  } cases[] = {
      {"{}", "records"},
      {R"({"records":[]})", "records"},
      {R"({"records":{}})", "records"},
      {R"({"records":[],"more":1})", "more"},
      {one("7"), "records[0]"},
      {one(R"({"type":"Noted","facts":{}})"), "records[0].stream"},
      {one(R"({"stream":"Custom a","type":"Noted","facts":{}})"), "records[0].stream"},
      {one(R"({"stream":"custom-a","facts":{}})"), "records[0].type"},
      {one(R"({"stream":"custom-a","type":"noted it","facts":{}})"), "records[0].type"},
      {one(R"({"stream":"custom-a","type":"Noted"})"), "records[0].facts"},
      {one(R"({"stream":"custom-a","type":"Noted","facts":[]})"), "records[0].facts"},
      {one(R"({"stream":"custom-a","type":"Noted","facts":{},"content":"x"})"),
       "records[0].content"},
      {one(R"({"stream":"custom-a","type":"Noted","facts":{},"event_id":"7"})"),
       "records[0].event_id"},
      {one(R"({"stream":"custom-a","type":"Noted","facts":{},"schema":0})"), "records[0].schema"},
      {one(R"({"stream":"custom-a","type":"Noted","facts":{},"position":3})"),
       "records[0].position"},
      {one(R"({"stream":"custom-a","type":"Noted","facts":{},"occurred_at":7})"),
       "records[0].occurred_at"},
      {one(R"({"stream":"session-s1","type":"Noted","facts":{}})"), "records[0].type"},
      {one(R"({"stream":"custom-a","type":"MessageSent","facts":{}})"), "records[0].stream"},
      {one(R"({"stream":"session-s1","type":"MessageSent","facts":{"role":"user"}})"),
       "records[0].facts.message_id"},
      {R"({"records":[{"stream":"custom-a","type":"Noted","facts":{"a":1,"a":2}}]})",
       "records[0].facts.a"},
      {R"({"records":[{"stream":"custom-a","type":"Noted","facts":{}}],"checks":[{"stream":"custom-a"}]})",
       "checks[0].expected"},
      {R"({"records":[{"stream":"custom-a","type":"Noted","facts":{}}],)"
       R"("checks":[{"stream":"custom-a","expected":"some"}]})",
       "checks[0].expected"},
      {R"({"records":[{"stream":"custom-a","type":"Noted","facts":{}}],"known":"maybe"})", "known"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.body);
    expect_problem(post("/v1/append", c.body), 400, Errc::invalid_argument, c.field);
  }
}

TEST_F(BadInput, QueryParameters) {
  const struct {
    const char* target;
    const char* field;
  } cases[] = {
      {"/v1/sessions?colour=red", "colour"},
      {"/v1/sessions?user=a&user=b", "user"},
      {"/v1/sessions?limit=0", "limit"},
      {"/v1/sessions?limit=ten", "limit"},
      {"/v1/sessions?limit=100000", "limit"},
      {"/v1/sessions?status=asleep", "status"},
      {"/v1/sessions?from=monday", "from"},
      {"/v1/sessions?tag=team", "tag"},
      {"/v1/sessions?active_within=long", "active_within"},
      {"/v1/sessions?cursor=%25%25", "cursor"},
      {"/v1/sessions/s1/history?as_of=then", "as_of"},
      {"/v1/sessions/s1/history?at_least=-1", "at_least"},
      {"/v1/sessions/s1/events?limit=0", "limit"},
      {"/v1/events?from=-1", "from"},
      {"/v1/events?from=99999999999999999999", "from"},
      {"/v1/events?from=1&last=1", "last"},
      {"/v1/events?type=message%20sent", "type"},
      {"/v1/events?follow=maybe", "follow"},
      {"/v1/events?limit=0", "limit"},
      {"/v1/events?stream=x", "stream"},
      {"/v1/usage?by=colour", "by"},
      {"/v1/usage?by=day,day", "group_by"},
      {"/v1/usage?from=2026-13-01", "from"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.target);
    expect_problem(get(c.target), 400, Errc::invalid_argument, c.field);
  }
}

TEST_F(BadInput, TheConnectionsOtherRequestsAreUnaffected) {
  RawClient client(port());
  const auto message = [](const std::string& body) {
    return "POST " + std::string(kMessages) +
           " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: " +
           std::to_string(body.size()) + "\r\n\r\n" + body;
  };
  client.send(message("{\"broken\":") + get_bytes("/healthz") + message("[]") +
              get_bytes("/v1/sessions/s1"));
  EXPECT_EQ(client.read_answer().status, 400);
  EXPECT_EQ(client.read_answer().status, 200);
  EXPECT_EQ(client.read_answer().status, 400);
  EXPECT_EQ(client.read_answer().status, 200);
}

TEST_F(BadInput, ABodyOfAnotherType) {
  RawClient client(port());
  client.send(
      "POST /v1/sessions HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\n"
      "Content-Length: 19\r\n\r\n{\"session_id\":\"s9\"}");
  expect_problem(client.read_answer(), 415, Errc::invalid_argument, "Content-Type");
}

TEST_F(BadInput, AForeignPageCannotWrite) {
  expect_problem(post("/v1/sessions", R"({"session_id":"s9"})", "Origin: http://example.org\r\n"),
                 403, Errc::forbidden, "Origin");
}

}  // namespace
}  // namespace hansard::http::testing
