// POST /v1/query; what answers mean is tested in tests/projections/facts.
#include "engine_server.h"

namespace hansard::http::testing {
namespace {

class Querying : public EngineServer {
 protected:
  void SetUp() override {
    EngineServer::SetUp();
    record_conversation("s1");
    post("/v1/sessions",
         R"q({"session_id":"a client's own id","user":"eve","tags":{"team":"red, or \"blue\""}})q");
    post("/v1/sessions/a%20client%27s%20own%20id/responses",
         R"q({"call_id":"c1","message_id":"m1","model":"tiny","parts":[],)q"
         R"q("occurred_at":"2024-03-05T10:00:00Z","usage":{"input_text":7}})q");
  }
  /// `query` with everything recorded so far.
  Answer ask(std::string query, std::string_view headers = "") {
    query.insert(1, "\"at_least\":" + std::to_string(log_.end().value) + ",");
    return post("/v1/query", query, headers);
  }
};

TEST_F(Querying, GroupsAreToldWithTheirPosition) {
  const Answer answer =
      ask(R"q({"measures":["calls","sum(tokens)"],"group_by":["model"],"order":["model"]})q");
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_TRUE(answer.says(R"q("groups":[{"model":"gpt-4o","sum(calls)":1,"sum(tokens)":15},)q"
                          R"q({"model":"tiny","sum(calls)":1,"sum(tokens)":7}])q"))
      << answer.body;
  const std::string end = std::to_string(log_.end().value);
  EXPECT_EQ(answer.header("Hansard-Position"), end);
  EXPECT_TRUE(answer.says(R"q("as_of":{"position":)q" + end + "}"));
  EXPECT_EQ(text(json(answer), "asked_at").substr(0, 2), "20");
}

TEST_F(Querying, UsersTagsAndSessionsHaveTheirNames) {
  const Answer answer = ask(
      R"q({"measures":["calls"],"group_by":["user","tag:team","session"],"order":["session"]})q");
  EXPECT_TRUE(answer.says(R"q("user":"ada","tag:team":null,"session":"s1")q")) << answer.body;
  EXPECT_TRUE(
      answer.says(R"q("user":"eve","tag:team":"red, or \"blue\"","session":"a client's own id")q"))
      << answer.body;
  EXPECT_TRUE(answer.says(R"q("hashes":{"user":")q"));
  EXPECT_TRUE(
      ask(R"q({"measures":["calls"],"where":{"session":"a client's own id","user":"eve"}})q")
          .says(R"q("groups":[{"sum(calls)":1}])q"));
}

TEST_F(Querying, ErasedNamesAreToldApartByTheirHashes) {
  for (std::uint64_t at = 0; at < log_.end().value; ++at) {
    ASSERT_TRUE(log_.erase(core::Position{at}));
  }
  const Answer answer = ask(R"q({"measures":["calls"],"group_by":["user"]})q");
  const events::Json groups = *json(answer).find("groups");
  ASSERT_EQ(groups.if_array()->size(), 2U);
  std::vector<std::string> hashes;
  for (const events::Json& group : *groups.if_array()) {
    EXPECT_EQ(text(group, "user"), "erased");
    EXPECT_EQ(dump(*group.find("erased")), R"q(["user"])q");
    hashes.push_back(text(*group.find("hashes"), "user"));
  }
  EXPECT_NE(hashes[0], hashes[1]);
  EXPECT_EQ(hashes[0].size(), 64U);
}

TEST_F(Querying, LinesAreCsvOrNdjson) {
  const std::string query =
      R"q({"measures":["calls","avg(latency_us)"],"group_by":["tag:team"],"order":["tag:team"]})q";
  const Answer csv = ask(query, "Accept: text/csv\r\n");
  EXPECT_EQ(csv.header("Content-Type"), "text/csv; charset=utf-8");
  EXPECT_TRUE(
      csv.body.starts_with("tag:team,tag:team_hash,sum(calls),avg(latency_us)\r\n"
                           ",,1,\r\n\"red, or \"\"blue\"\"\","))
      << csv.body;
  EXPECT_TRUE(csv.body.ends_with(",1,\r\n"));
  const Answer lines = ask(query, "Accept: application/x-ndjson\r\n");
  EXPECT_TRUE(lines.body.starts_with(R"q({"as_of":{)q")) << lines.body;
  EXPECT_EQ(std::count(lines.body.begin(), lines.body.end(), '\n'), 3);
  EXPECT_EQ(ask(R"q({"measures":["calls"],"format":"csv"})q").body, "sum(calls)\r\n2\r\n");
}

TEST_F(Querying, WhatIsUnpricedIsSaid) {
  const Answer answer = ask(R"q({"measures":["cost"],"format":"csv"})q");
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(answer.body, "sum(cost)\r\n\r\n");
  EXPECT_EQ(answer.header("Hansard-Remarks"), "calls_unpriced=2");
}

TEST_F(Querying, TheMomentIsChosen) {
  EXPECT_TRUE(ask(R"q({"measures":["calls"],"as_of":8})q").says(R"q([{"sum(calls)":1}])q"));
  EXPECT_TRUE(
      ask(R"q({"measures":["calls"],"from":"2024-03-01","to":"2024-04-01","group_by":["month"]})q")
          .says(R"q([{"month":"2024-03","sum(calls)":1}])q"));
}

TEST_F(Querying, WhatCannotBeAskedIsRefusedByItsField) {
  const auto refused = [&](const std::string& query, std::string_view field,
                           core::Errc code = core::Errc::invalid_argument, int status = 400) {
    expect_problem(post("/v1/query", query), status, code, field);
  };
  refused(R"q({})q", "measures");
  refused(R"q({"measures":["calls"],"format":"xml"})q", "format");
  refused(R"q({"measures":["calls"],"prices_as_of":-1})q", "prices_as_of");
  refused(R"q({"measures":["calls"],"group_by":["colour"]})q", "group_by[0]");
  refused(R"q({"measures":["calls"],"as_of":1000000})q", "as_of");
  refused(R"q([])q", "");
  expect_problem(post("/v1/query?by=model", R"q({"measures":["calls"]})q"), 400,
                 core::Errc::invalid_argument, "by");
  expect_serving();
}

TEST_F(Querying, AQueryOverItsMemoryIsRefusedAndCounted) {
  limit("query_bytes", 1U << 20);
  start();
  // An array for every possible pair of values is more than that by itself.
  std::string many;
  for (int i = 0; i < 400; ++i) {
    many += R"q({"post":"/v1/sessions/s1/responses","body":{"call_id":"d)q" + std::to_string(i) +
            R"q(","message_id":"d)q" + std::to_string(i) + R"q(","parts":[],"model":"m)q" +
            std::to_string(i) + R"q(","occurred_at":"2024-03-05T10:00:00Z"}})q" + "\n";
  }
  RawClient client(port());
  client.send(
      "POST /v1/ingest HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-ndjson\r\n"
      "Content-Length: " +
      std::to_string(many.size()) + "\r\n\r\n" + many);
  ASSERT_EQ(client.read_answer().status, 200);
  expect_problem(ask(R"q({"measures":["calls"],"group_by":["model","day"]})q"), 413,
                 core::Errc::too_large, "group_by", "1048576 bytes");
  EXPECT_TRUE(get("/metrics").says(R"q(limit_hits_total{limit="query_bytes"} 1)q"));
}

}  // namespace
}  // namespace hansard::http::testing
