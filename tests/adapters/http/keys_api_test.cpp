// Keys made and taken away while the engine runs.
#include <thread>

#include "engine_server.h"
#include "follower.h"
#include "websocket_client.h"

namespace hansard::http::testing {
namespace {

constexpr const char* kBoss = "hsd_boss_0123456789abcdef";
constexpr const char* kOther = "hsd_other_0123456789abcdef";
constexpr const char* kLog = "hsd_log_0123456789abcdef";

std::string with_key(const std::string& key) { return "Hansard-Key: " + key + "\r\n"; }

class KeysApi : public EngineServer {
 protected:
  /// Makes a key, and gives its secret.
  std::string made(std::string_view body, const std::string& by = "", int status = 201) {
    const Answer answer = post("/v1/keys", body, by.empty() ? "" : with_key(by));
    EXPECT_EQ(answer.status, status) << answer.body;
    if (answer.status != 201) return {};
    EXPECT_EQ(answer.header("Cache-Control"), "no-store");
    const events::Json key = json(answer);
    id_ = text(key, "key_id");
    return text(key, "secret");
  }
  int status(std::string_view target, const std::string& key) {
    return get(target, with_key(key)).status;
  }
  void start_with_keys() {
    start({{"boss", kBoss, support::project("acme"), {Scope::admin, Scope::read}},
           {"other", kOther, support::project("other"), Scopes::all()},
           {"log", kLog, support::project("_log"), Scopes::all()}});
  }
  std::string everything_stored() {
    std::string all;
    const auto read = log_.read(core::Position{}, [&](const core::RecordedEvent& event) {
      all.append(event.header).append(event.facts).append(event.content);
      return true;
    });
    EXPECT_TRUE(read);
    return all;
  }
  std::string id_;
};

TEST_F(KeysApi, TheFirstKeyMakesKeysNeeded) {
  Follower follower(port(), get_bytes("/v1/events?follow=true"));
  EXPECT_NE(follower.head().find(" 200 "), std::string::npos);
  const std::string secret = made(R"({"name":"first","scopes":["admin","read"]})");
  EXPECT_EQ(secret.size(), 47U) << "hsd_ and 32 bytes in base64url";
  EXPECT_TRUE(follower.ended()) << "it came without a key";
  EXPECT_EQ(get("/v1/sessions").status, 401);
  EXPECT_EQ(status("/v1/sessions", secret), 200);
  const Answer listed = get("/v1/keys", with_key(secret));
  EXPECT_EQ(listed.status, 200);
  EXPECT_FALSE(listed.says(secret));
  EXPECT_EQ(text(json(listed).find("keys")->if_array()->at(0), "state"), "live");
  EXPECT_EQ(everything_stored().find(secret), std::string::npos);
  EXPECT_EQ(metrics_.text().find(secret), std::string::npos);

  start();
  EXPECT_EQ(get("/v1/sessions").status, 401) << "it is on record";
  EXPECT_EQ(status("/v1/sessions", secret), 200);
}

TEST_F(KeysApi, ARevokedKeyOpensNothingAndWhatItFollowedEnds) {
  start_with_keys();
  const std::string secret = made(R"({"name":"reader","scopes":["read"]})", kBoss);
  Follower follower(port(), get_bytes("/v1/events?follow=true", with_key(secret)));
  EXPECT_NE(follower.head().find(" 200 "), std::string::npos);
  WebSocketClient socket(port(), "/k/" + secret + "/v1/live?from=0");
  ASSERT_TRUE(socket.open());
  const std::string target = "/v1/keys/" + id_ + "?reason=leaked";
  EXPECT_EQ(write("delete", target, "", with_key(kOther)).status, 404) << "of another project";
  EXPECT_EQ(status("/v1/sessions", secret), 200);
  const Answer gone = write("delete", target, "", with_key(kBoss));
  EXPECT_EQ(gone.status, 200) << gone.body;
  EXPECT_EQ(status("/v1/sessions", secret), 401);
  EXPECT_TRUE(follower.ended());
  EXPECT_TRUE(socket.closed());
  EXPECT_EQ(socket.close_code(), 1008);
  EXPECT_EQ(socket.close_reason(), "the key was revoked");
  const Answer again = write("delete", target, "", with_key(kBoss));
  EXPECT_EQ(again.status, 200);
  EXPECT_TRUE(again.says("\"duplicate\":true")) << again.body;
  EXPECT_NE(metrics_.text().find("hansard_http_key_failures_total{reason=\"revoked\"} 1"),
            std::string::npos);
}

TEST_F(KeysApi, AKeyEndsAtItsTimeAndWhatItFollowedWithIt) {
  start_with_keys();
  const auto until = clock_.now() + std::chrono::seconds(3);
  const std::string secret =
      made(R"({"name":"guest","scopes":["read"],"expires_at":")" + core::format_time(until) + "\"}",
           kBoss);
  Follower follower(port(), get_bytes("/v1/events?follow=true", with_key(secret)));
  EXPECT_NE(follower.head().find(" 200 "), std::string::npos);
  WebSocketClient socket(port(), "/k/" + secret + "/v1/live?from=0");
  EXPECT_TRUE(follower.ended());
  EXPECT_TRUE(socket.closed());
  EXPECT_EQ(socket.close_reason(), "the key has expired");
  EXPECT_GE(clock_.now(), until);
  EXPECT_EQ(status("/v1/sessions", secret), 401);
}

TEST_F(KeysApi, AnUploadUnderWayEndsWithItsKey) {
  start_with_keys();
  const std::string secret =
      made(R"({"name":"loader","scopes":["write"],"project":"other"})", kOther);
  RawClient client(port());
  client.send("POST /v1/ingest?results=stream HTTP/1.1\r\nHost: localhost\r\n" + with_key(secret) +
              "Content-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n");
  const std::string line = R"({"post":"/v1/sessions","body":{"session_id":"s1"}})"
                           "\n";
  char size[16];
  std::snprintf(size, sizeof size, "%zx\r\n", line.size());
  client.send(size + line + "\r\n");
  EXPECT_NE(client.read_until("\"line\":1"), "");
  EXPECT_EQ(write("delete", "/v1/keys/" + id_, "", with_key(kOther)).status, 200);
  client.send(size + line + "\r\n");
  EXPECT_TRUE(client.read_until("no end to read to").empty()) << "the server ends it";
}

TEST_F(KeysApi, NobodyGivesAwayWhatTheyDoNotHave) {
  start_with_keys();
  made(R"({"name":"a","scopes":["read"]})", kBoss);
  expect_problem(post("/v1/keys", R"({"name":"b","scopes":["write"]})", with_key(kBoss)), 403,
                 core::Errc::forbidden, "scopes");
  expect_problem(
      post("/v1/keys", R"({"name":"b","scopes":["read"],"project":"other"})", with_key(kBoss)), 403,
      core::Errc::forbidden, "project");
  const std::string reader = made(R"({"name":"c","scopes":["read"]})", kBoss);
  EXPECT_EQ(post("/v1/keys", R"({"name":"d","scopes":["read"]})", with_key(reader)).status, 403);
  EXPECT_EQ(get("/v1/keys", with_key(reader)).status, 403);
  EXPECT_EQ(get("/v1/keys?project=other", with_key(kBoss)).status, 403);
  const std::string elsewhere = made(R"({"name":"e","scopes":["read"],"project":"other"})", kLog);
  EXPECT_EQ(status("/v1/sessions", elsewhere), 200);
  EXPECT_FALSE(get("/v1/keys", with_key(kBoss)).says("\"e\""));
  EXPECT_TRUE(get("/v1/keys", with_key(kLog)).says("\"e\""));
}

TEST_F(KeysApi, BodiesAreRefusedByField) {
  const auto refused = [&](const char* body, std::string_view field) {
    expect_problem(post("/v1/keys", body), 400, core::Errc::invalid_argument, field);
  };
  refused(R"({"scopes":["read"]})", "name");
  refused(R"({"name":"a b","scopes":["read"]})", "name");
  refused(R"({"name":"a"})", "scopes");
  refused(R"({"name":"a","scopes":["root"]})", "scopes");
  refused(R"({"name":"a","scopes":["other"]})", "scopes");
  refused(R"({"name":"a","scopes":[]})", "scopes");
  refused(R"({"name":"a","scopes":["read"],"expires_in":"soon"})", "expires_in");
  refused(R"({"name":"a","scopes":["read"],"expires_in":"99999999w"})", "expires_in");
  refused(R"({"name":"a","scopes":["read"],"expires_at":"2001-01-01T00:00:00Z"})", "expires_at");
  refused(R"({"name":"a","scopes":["read"],"project":"No"})", "project");
  refused(R"({"name":"a","scopes":["read"],"secret":"hsd_mine"})", "secret");
  EXPECT_EQ(get("/v1/sessions").status, 200) << "no key was made";
}

TEST_F(KeysApi, ConfiguredKeysStayWhereTheyAre) {
  start_with_keys();
  expect_problem(post("/v1/keys", R"({"name":"boss","scopes":["read"]})", with_key(kBoss)), 422,
                 core::Errc::rejected, "name");
  const events::Json keys = json(get("/v1/keys", with_key(kBoss)));
  const std::string id = text(keys.find("keys")->if_array()->at(0), "key_id");
  expect_problem(write("delete", "/v1/keys/" + id, "", with_key(kBoss)), 422, core::Errc::rejected,
                 "id", "configuration");
}

TEST_F(KeysApi, FailuresOfOneAddressAreBoundedAndLockNobodyOut) {
  limit("key_failures_per_minute", 3);
  start_with_keys();
  const std::string wrong = "hsd_wrong_0123456789abcdef";
  EXPECT_EQ(status("/v1/sessions", wrong), 401);
  EXPECT_EQ(status("/v1/sessions", "hsd_x"), 401);
  EXPECT_EQ(get("/k/hsd_0123456789abcdef!/v1/sessions").status, 401);
  const Answer over = get("/v1/sessions", with_key(wrong));
  EXPECT_EQ(over.status, 429);
  EXPECT_TRUE(over.header("Retry-After"));
  EXPECT_EQ(over.header("Connection"), "close");
  EXPECT_EQ(status("/v1/sessions", kBoss), 200) << "from the same address";
  EXPECT_EQ(get("/v1/sessions").status, 401) << "no key is no guess";
  const std::string metrics = metrics_.text();
  EXPECT_NE(metrics.find("key_failures_total{reason=\"unknown\"} 2"), std::string::npos) << metrics;
  EXPECT_NE(metrics.find("key_failures_total{reason=\"malformed\"} 2"), std::string::npos);
  EXPECT_EQ(metrics.find(wrong), std::string::npos);
}

}  // namespace
}  // namespace hansard::http::testing
