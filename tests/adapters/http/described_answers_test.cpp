// Every answer that GET /openapi.json describes is given here for real, and held against it.
#include "engine_server.h"
#include "follower.h"

namespace hansard::http::testing {
namespace {

class DescribedAnswers : public EngineServer {
 protected:
  void SetUp() override {
    EngineServer::SetUp();
    record_conversation("s1");
  }
  void expect_get(std::string_view target, int status, std::string_view headers = "") {
    const Answer answer = get(target, headers);
    EXPECT_EQ(answer.status, status) << target << "\n" << answer.body;
  }
  /// Recorded, then known.
  void expect_receipts(const std::string& target, std::string_view body,
                       std::string_view headers = "") {
    EXPECT_EQ(post(target, body, headers).status, 201) << target;
    EXPECT_EQ(post(target, body, headers).status, 200) << target;
  }
  /// A frame or more of what is followed; the rest is not waited for.
  void expect_frames(const std::string& target, std::string_view headers) {
    Follower follower(port(), get_bytes(target, headers));
    EXPECT_NE(follower.head().find(" 200 "), std::string::npos) << target;
    EXPECT_NE(headers.empty() ? follower.line() : follower.sse(), "");
    if (!headers.empty()) {
      EXPECT_NE(follower.sse(), "") << "the first only says when to come back";
    }
  }
  void write_everything() {
    const std::string s1 = "/v1/sessions/s1/";
    const std::string_view key = "Idempotency-Key: k1\r\n";
    expect_receipts("/v1/sessions", R"({"session_id":"s2","user":"ada","tags":{"team":"a"}})");
    expect_receipts(s1 + "config", R"({"model":"gpt-4o","system":"Be kind."})", key);
    expect_receipts(s1 + "messages", R"({"message_id":"m4","role":"user","parts":[]})");
    expect_receipts(s1 + "requests", R"({"call_id":"c2","model":"gpt-4o","parameters":{"n":1},)"
                                     R"("policies":[{"name":"cache","outcome":"miss"}],)"
                                     R"("prompt":{"name":"p","version":3},)"
                                     R"("variant":{"experiment":"e","variant":"b"}})");
    expect_receipts(s1 + "responses", R"({"call_id":"c2","reason":"timeout"})");
    expect_receipts(s1 + "requests", R"({"call_id":"c2","attempt":2,"model":"gpt-4o"})");
    expect_receipts(
        s1 + "responses",
        R"({"call_id":"c2","message_id":"m5","model":"gpt-4o","finish_reason":"tool_call",)"
        R"("usage":{"input_text":10,"output_text":5},"usage_source":"provider",)"
        R"("latency_us":900,"ttft_us":100,"parts":[{"type":"text","text":"Yes."},)"
        R"({"type":"tool_call","tool_call_id":"t2","index":0}]})");
    expect_receipts(s1 + "tool-calls", R"({"tool_call_id":"t2","message_id":"m5","index":0,)"
                                       R"("tool":"find","arguments":{"order":8}})");
    expect_receipts(s1 + "tool-results", R"({"tool_call_id":"t2","error":"nothing there"})");
    expect_receipts(s1 + "context",
                    R"({"strategy":"summary","removed":[],"summarised":["m1"],"summary":)"
                    R"([{"type":"text","text":"A parcel is missing."}]})",
                    key);
    expect_receipts(s1 + "scores", R"({"score_id":"r1","name":"helpful","value":true})");
    expect_receipts(s1 + "attachments",
                    R"({"attachment_id":"a1","kind":"note","record":{"text":"kept"}})");
    expect_receipts(s1 + "fork", R"({"child":"s3","at_version":1,"reason":"edit"})");
    expect_receipts(s1 + "end", R"({"reason":"done"})");
    expect_receipts(s1 + "reopen", "{}");
    expect_receipts("/v1/prices",
                    R"({"book":"b","version":"1","provenance":"x","effective_from":)"
                    R"("2020-01-01T00:00:00Z","entries":[{"model":"m","mode":"chat","prices":)"
                    R"({"standard":{"input_text":7}},"regions":{"eu":1100}}]})");
    EXPECT_EQ(
        post("/v1/estimate", R"({"model":"m","usage":{"input_text":3,"output_text":1}})").status,
        200);
    expect_receipts("/v1/append", R"({"records":[{"stream":"custom-a","type":"Noted","facts":{},)"
                                  R"("event_id":"01234567-89ab-4cde-8f01-23456789abcd"}]})");
  }
  void change_prompts() {
    const std::string greet = "/v1/prompts/greet/";
    const std::string_view key = "Idempotency-Key: k1\r\n";
    expect_receipts(greet + "versions",
                    R"({"messages":[{"role":"system","content":"Be {{ tone }}.","section":"s"},)"
                    R"({"role":"user","content":"{{ q }}"}],"variables":[{"name":"tone",)"
                    R"("type":"text","default":"kind","rule":{"max_length":9}}],)"
                    R"("examples":[{"input":"a","output":"b"}],"config":{"model":"gpt-4o"},)"
                    R"("tags":["x"],"description":"first","metadata":{"a":1}})");
    expect_receipts(greet + "versions", R"({"text":"{{ q }}?","labels":["blue","production"]})");
    expect_receipts(greet + "promote", R"({"version":1,"comment":"better"})");
    expect_receipts(greet + "rollback", R"({"from":1})");
    expect_receipts(greet + "tags", R"({"version":2,"tags":["x","y"]})", key);
    const auto put_and_delete = [&](const char* method, const std::string& target,
                                    std::string_view body) {
      EXPECT_EQ(write(method, target, body).status, 201) << target;
      EXPECT_EQ(write(method, target, body).status, 200) << target;
    };
    put_and_delete("put", greet + "labels/green", R"({"version":"latest"})");
    put_and_delete("delete", greet + "labels/green", "");
    put_and_delete("delete", greet + "versions/1", "");
    const char* rendering = R"({"label":"blue","variables":{"q":"Well"}})";
    EXPECT_EQ(post(greet + "render", rendering).status, 200);
    for (const char* target :
         {"/v1/prompts/greet", "/v1/prompts/greet/versions/1", "/v1/prompts/greet/versions/blue",
          "/v1/prompts/greet/diff?from=1"}) {
      expect_get(target, 200);
    }
    expect_get("/v1/prompts?tag=x&at_least=" + std::to_string(log_.end().value), 200);
  }
  /// An experiment's life, and a unit in it; `e1` goes on.
  void experiment() {
    const std::string e1 = "/v1/experiments/e1/";
    const char* plan =
        R"({"name":"e1","metric":"thumbs","variants":[{"name":"a"},{"name":"b","model":"m"}]})";
    expect_receipts("/v1/experiments", plan);
    expect_receipts(e1 + "start", "{}");
    expect_receipts(e1 + "pause", "{}");
    expect_receipts(e1 + "start", "{}");
    expect_receipts(e1 + "weights", R"({"weights":[0.4,0.6]})");
    EXPECT_EQ(post(e1 + "assign", R"({"unit":"ada"})").status, 200);
    expect_receipts(e1 + "exposures", R"({"unit":"ada","session":"s1","call_id":"c1"})");
    expect_receipts(e1 + "outcomes",
                    R"({"unit":"ada","metric":"thumbs","outcome_id":"o","value":true})");
    std::string other(plan);
    other[10] = '2';
    EXPECT_EQ(post("/v1/experiments", other).status, 201);
    expect_receipts("/v1/experiments/e2/stop", "{}");
    other[10] = '3';
    EXPECT_EQ(post("/v1/experiments", other).status, 201);
    EXPECT_EQ(post("/v1/experiments/e3/start", "{}").status, 201);
    expect_receipts("/v1/experiments/e3/conclude", "{}");
    EXPECT_EQ(post("/v1/experiments/e1/decide", "{}").status, 200);
    EXPECT_EQ(post("/v1/experiments/power", R"({"baseline":0.1,"lift":0.02,"units":100})").status,
              200);
    for (const char* target : {"/v1/experiments?", "/v1/experiments/e1?", "/v1/experiments/e3?",
                               "/v1/experiments/e1/report?"}) {
      expect_get(target + ("at_least=" + std::to_string(log_.end().value)), 200);
    }
  }
  void ingest_in_both_forms() {
    const std::string lines =
        R"({"post":"/v1/sessions/s1/messages","body":{"message_id":"i1","role":"user","parts":[]}})"
        "\nno json\n"
        R"({"post":"/v1/append","body":{"records":[{"stream":"custom-a","type":"N","facts":{}}],)"
        R"("checks":[{"stream":"custom-a","expected":"none"}]}})"
        "\n";
    for (const char* target : {"/v1/ingest", "/v1/ingest?results=stream"}) {
      RawClient client(port());
      client.send("POST " + std::string(target) +
                  " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-ndjson\r\n"
                  "Content-Length: " +
                  std::to_string(lines.size()) + "\r\n\r\n" + lines);
      EXPECT_EQ(promised("post", target, client.read_answer()).status, 200);
    }
  }
  void open_a_socket() {
    RawClient client(port());
    client.send(get_bytes("/v1/live",
                          "Connection: Upgrade\r\nUpgrade: websocket\r\n"
                          "Sec-WebSocket-Version: 13\r\n"
                          "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"));
    const std::string head = client.read_until("\r\n\r\n");
    EXPECT_NE(head.find(" 101 "), std::string::npos) << head;
    promised("get", "/v1/live", Answer{101, head, "", true});
  }
  /// Last: from the first key on one is needed.
  void make_and_revoke_keys() {
    const Answer made = post("/v1/keys", R"({"name":"k","scopes":["admin","audit"]})");
    EXPECT_EQ(made.status, 201);
    const std::string header = "Hansard-Key: " + text(json(made), "secret") + "\r\n";
    expect_get("/v1/keys", 200, header);
    expect_get("/v1/audit/log", 200, header);
    expect_get("/v1/audit/log", 200, header + "Accept: application/x-ndjson\r\n");
    const std::string id = text(json(made), "key_id");
    EXPECT_EQ(write("delete", "/v1/keys/" + id, "", header).status, 200);
  }
  void audit() {
    const events::Json log = json(get("/v1/audit/log?session=s1"));
    const std::string event = text(log.find("events")->if_array()->front(), "event_id");
    expect_get("/v1/audit/trace?event=" + event, 200);
    expect_get("/v1/audit/report?session=s1", 200);
    expect_get("/v1/audit/report?session=s1&format=html", 200);
  }
  /// Nobody on another host is served without a key, whatever the route.
  void refuse_everything() {
    for (const Route& route : routes(context_)) {
      RawClient client(port());
      std::string method(name(route.method));
      client.send(method + " " + route.pattern + " HTTP/1.1\r\nHost: example.com\r\n\r\n");
      std::transform(method.begin(), method.end(), method.begin(),
                     [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
      const Answer answer = promised(method, route.pattern, client.read_answer());
      EXPECT_EQ(answer.status, 403) << route.pattern;
    }
  }
};

TEST_F(DescribedAnswers, AreAllGivenAndAreAsDescribed) {
  write_everything();
  change_prompts();
  experiment();
  ingest_in_both_forms();
  const std::string caught_up = "at_least=" + std::to_string(log_.end().value);
  const std::string_view sse = "Accept: text/event-stream\r\n";
  const std::string_view ndjson = "Accept: application/x-ndjson\r\n";
  for (const std::string target : {"/",
                                   "/sessions/s1",
                                   "/v1/sessions?",
                                   "/v1/sessions/s1?",
                                   "/v1/sessions/s3?",
                                   "/v1/sessions/s1/history?",
                                   "/v1/sessions/s3/history?",
                                   "/v1/sessions/s1/context?",
                                   "/v1/sessions/s1/events?",
                                   "/v1/sessions/s1/diff?from=v3&",
                                   "/v1/sessions/s1/forks?",
                                   "/v1/sessions/s1/diff?to_session=s3&",
                                   "/v1/sessions/s1/why?call=c1&",
                                   "/v1/sessions/s1/why?call=c2&",
                                   "/v1/sessions/s1/replay?max_gap=0&",
                                   "/v1/events?",
                                   "/v1/export?",
                                   "/v1/prices?model=m&",
                                   "/v1/prices/changes?",
                                   "/v1/models/catalogue?",
                                   "/v1/usage?",
                                   "/v1/usage?by=model,day,user,session,provider&",
                                   "/v1/admin/projections",
                                   "/v1/admin/projections/calls/rows?",
                                   "/healthz",
                                   "/readyz",
                                   "/metrics",
                                   "/openapi.json"}) {
    const bool asks = target.find('?') != std::string::npos;
    expect_get(target + (asks ? caught_up : ""), 200, ndjson);
  }
  expect_get("/v1/runs/health", 200);
  for (const char* method : {"post", "put"}) {
    const char* run = R"({"prompt_id":"p","version":"1","success":true})";
    EXPECT_EQ(write(method, "/v1/runs/record", run).status, 204);
  }
  expect_get("/v1/runs/aggregates?" + caught_up, 200);
  const char* judged = R"({"session":"s1","evaluator":{"not_contains":["never"]}})";
  EXPECT_EQ(post("/v1/evaluations", judged).status, 200);
  for (const char* target :
       {"head", "checkpoint", "tile/0/000.p/1", "inclusion?position=0&size=2", "consistency?from=1",
        "stream-head?session=s1", "proof?session=s1&from=1", "proof?event=0"}) {
    expect_get(std::string("/v1/audit/") + target, 200);
  }
  expect_get("/v1/reports", 200);
  expect_get("/v1/reports/costs?" + caught_up, 200);
  expect_get("/v1/sessions/s1/replay?max_gap=0", 200, sse);
  for (const char* format : {"json", "csv", "ndjson"}) {
    const std::string query = R"q({"measures":["calls","p95(latency_us)","sum(cost)"],)q"
                              R"("group_by":["user","tag:team","day"],"from":"2020-01-01",)"
                              R"("at_least":)" +
                              std::to_string(log_.end().value) + R"(,"format":")" + format + "\"}";
    EXPECT_EQ(post("/v1/query", query).status, 200);
  }
  expect_get("/v1/sessions/s1/replay?from=v99", 204);
  expect_get("/v1/events?from=head&limit=1", 200);
  for (const std::string target :
       {"/v1/events?follow=true", "/v1/sessions/s1/events?follow=true"}) {
    expect_frames(target, "");
    expect_frames(target, sse);
  }
  EXPECT_EQ(post("/v1/admin/projections/calls/rebuild", "{}").status, 202);
  expect_get("/sessions/s1?as_of=later", 400);
  expect_get("/sessions/nobody", 404);
  writable_ = false;
  expect_get("/readyz", 503);
  writable_ = true;
  refuse_everything();

  open_a_socket();
  audit();
  make_and_revoke_keys();

  auto unseen = ApiContract::served_by(port()).unseen();
  // These need a view that has stopped, and a store that cannot be read.
  EXPECT_EQ(unseen.erase("post /v1/admin/projections/{name}/retry 202 application/json"), 1U);
  EXPECT_EQ(unseen.erase("get /sessions/{id} 503 text/html; charset=utf-8"), 1U);
  // Nothing is searched here: tests/adapters/search does.
  EXPECT_EQ(unseen.erase("get /v1/search 200 application/json"), 1U);
  for (const std::string& answer : unseen) ADD_FAILURE() << answer << " was not given";
}

TEST_F(DescribedAnswers, NameEveryMemberWithATypeAndASentence) {
  const events::Json& document = ApiContract::served_by(port()).document();
  std::set<std::string> commands;
  for (const auto& shape : events::command_shapes()) commands.insert(std::string(shape.type));
  std::size_t members = 0;
  for (const auto& schema : *document.find("components")->find("schemas")->if_object()) {
    const events::Json* properties = schema.value.find("properties");
    if (commands.contains(schema.key) || properties == nullptr) continue;
    EXPECT_TRUE(text(schema.value, "description").ends_with('.')) << schema.key;
    for (const auto& member : *properties->if_object()) {
      ++members;
      const std::string where = schema.key + "." + member.key;
      const std::string sentence = text(member.value, "description");
      EXPECT_TRUE(sentence.ends_with('.') && sentence.size() > 8) << where << ": " << sentence;
      bool typed = false;
      for (const char* word : {"type", "$ref", "enum", "anyOf"}) {
        typed = typed || member.value.find(word) != nullptr;
      }
      EXPECT_TRUE(typed) << where;
    }
  }
  EXPECT_GT(members, 200U);
}

TEST_F(DescribedAnswers, AMemberThatNobodyDescribedBreaksTheContract) {
  const ApiContract& contract = ApiContract::served_by(port());
  const std::string json = "application/json";
  const std::string lines = "application/x-ndjson";
  const auto with_more = [](std::string body) {
    body.insert(body.rfind('}'), R"(,"more":1)");
    return body;
  };
  const struct {
    const char* method;
    std::string target;
    std::string media;
    std::string body;
  } answers[] = {
      {"get", "/v1/sessions/s1", json, get("/v1/sessions/s1").body},
      {"get", "/v1/sessions/s1/why", json, get("/v1/sessions/s1/why?call=c1").body},
      {"get", "/v1/sessions/s1/diff", json, get("/v1/sessions/s1/diff?from=v3").body},
      {"get", "/v1/sessions/s1/replay", lines, R"({"frame":"end","next":4})"},
      {"post", "/v1/ingest", lines, R"({"line":1,"position":0,"version":0,"duplicate":false})"},
      {"post", "/v1/ingest", json,
       R"({"lines":0,"accepted":0,"duplicates":0,"failed":0,"errors":[]})"},
      {"get", "/v1/events", lines, R"({"frame":"caught_up","next":4})"},
  };
  for (const auto& answer : answers) {
    const auto judge = [&](const std::string& body) {
      return contract.broken(answer.method, answer.target, 200, answer.media, body).value_or("");
    };
    EXPECT_EQ(judge(answer.body), "") << answer.target;
    EXPECT_NE(judge(with_more(answer.body)).find("more is not described"), std::string::npos)
        << answer.target << ": " << judge(with_more(answer.body));
  }
  const std::string problem = get("/v1/sessions/nobody").body;
  EXPECT_TRUE(contract.broken("get", "/v1/sessions/nobody", 404, "application/problem+json",
                              with_more(problem)));
  EXPECT_FALSE(contract.broken_message("/v1/live", R"({"frame":"caught_up","next":4})"));
  EXPECT_TRUE(contract.broken_message("/v1/live", R"({"frame":"caught_up","next":4,"more":1})"));
}

}  // namespace
}  // namespace hansard::http::testing
