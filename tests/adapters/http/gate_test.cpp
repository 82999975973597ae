#include "http/gate.h"

#include <gtest/gtest.h>

#include "support/events.h"

namespace hansard::http {
namespace {

constexpr std::string_view kWriteKey = "hsd_write_0123456789abcdef";
constexpr std::string_view kAdminKey = "hsd_admin_0123456789abcdef";

Route make_route(Method method, std::string pattern, Rule rule, Takes takes = Takes::nothing) {
  Route route(method, std::move(pattern), rule);
  route.takes = takes;
  return route;
}

class Gates : public ::testing::Test {
 protected:
  static KeyRing some_keys() {
    const core::KeyedHash keyed_hash(support::hasher(), core::Hash{});
    return KeyRing::make(
               keyed_hash,
               {{"writer",
                 std::string(kWriteKey),
                 support::project("acme"),
                 {Scope::write, Scope::read}},
                {"boss", std::string(kAdminKey), support::project("acme"), {Scope::admin}}})
        .value();
  }

  static Request request(Method method, std::string target, NameValues headers = {},
                         std::string host = "localhost:7070") {
    Request request;
    request.method = method;
    request.target = std::move(target);
    if (!host.empty()) request.headers.add("Host", std::move(host));
    for (auto& [name, value] : headers) request.headers.add(name, value);
    return request;
  }

  /// Status of the refusal, or 0 when admitted.
  int status(const KeyRing& keys, Request& request, bool has_body = false) {
    Gate gate(router_, keys, limits_, core::ProjectId());
    admission_ = gate.admit(request, has_body);
    return admission_.refusal ? admission_.refusal->status : 0;
  }
  int status(const KeyRing& keys, Request&& request, bool has_body = false) {
    return status(keys, request, has_body);
  }
  [[nodiscard]] std::string field() const { return admission_.refusal->error->field; }

  Limits limits_;
  KeyRing none_;
  KeyRing keys_ = some_keys();
  Router router_ =
      Router::make(
          {make_route(Method::get, "/healthz", Rule::anyone()),
           make_route(Method::get, "/", Rule{Scope::read, Access::none}),
           make_route(Method::get, "/v1/sessions/{id}", Rule{Scope::read, Access::none}),
           make_route(Method::post, "/v1/append", Rule{Scope::write, Access::none}, Takes::json),
           make_route(Method::post, "/v1/admin/x", Rule{Scope::admin, Access::none})})
          .value();
  Admission admission_;
};

TEST_F(Gates, WithoutKeysLoopbackMayDoEverythingInItsProject) {
  Request plain = request(Method::get, "/v1/sessions/s%201?x=1");
  ASSERT_EQ(status(none_, plain), 0);
  EXPECT_EQ(admission_.route->pattern, "/v1/sessions/{id}");
  EXPECT_EQ(plain.param("id"), "s 1");
  EXPECT_EQ(plain.parameter("x"), "1");
  EXPECT_EQ(plain.principal.project.text(), "default");
  EXPECT_TRUE(plain.principal.actor.is_nil());
  EXPECT_EQ(plain.principal.scopes, Scopes::all());

  Request named = request(Method::get, "/v1/sessions/s", {{"Hansard-Project", "team_a"}});
  ASSERT_EQ(status(none_, named), 0);
  EXPECT_EQ(named.principal.project.text(), "team_a");
}

TEST_F(Gates, WithoutKeysAnotherHostIsRefused) {
  for (const char* host :
       {"example.org", "127.0.0.1.example.org", "localhost.example.org", "10.0.0.1:7070",
        "localhost:", "localhost:x", "[::2]", "127.0.0.1:1:2"}) {
    EXPECT_EQ(status(none_, request(Method::get, "/healthz", {}, host)), 403) << host;
    EXPECT_EQ(field(), "Host");
  }
  for (const char* host : {"localhost", "LOCALHOST:1", "127.0.0.1:7070", "127.3.2.1", "[::1]:80"}) {
    EXPECT_EQ(status(none_, request(Method::get, "/healthz", {}, host)), 0) << host;
  }
}

TEST_F(Gates, WithoutKeysWhatAnotherPageFetchesIsRefused) {
  const auto fetched = [&](const char* site, const char* mode, const char* target) {
    return status(
        none_, request(Method::get, target, {{"Sec-Fetch-Site", site}, {"Sec-Fetch-Mode", mode}}));
  };
  EXPECT_EQ(fetched("cross-site", "no-cors", "/"), 403) << "an image";
  EXPECT_EQ(field(), "Sec-Fetch-Site");
  EXPECT_EQ(fetched("same-site", "cors", "/v1/sessions/s"), 403) << "a page of another port";
  EXPECT_EQ(fetched("cross-site", "navigate", "/"), 0) << "a link";
  EXPECT_EQ(fetched("same-origin", "cors", "/"), 0);
  EXPECT_EQ(fetched("none", "navigate", "/"), 0) << "typed in";
  EXPECT_EQ(status(keys_, request(Method::get, "/",
                                  {{"Sec-Fetch-Site", "cross-site"},
                                   {"Hansard-Key", std::string(kWriteKey)}})),
            0)
      << "with keys it does not matter";
}

TEST_F(Gates, WithoutKeysAForeignOriginIsRefused) {
  for (const char* origin : {"http://example.org", "null", "https://localhost:7070",
                             "http://localhost:3000", "http://localhost:7070.example.org"}) {
    EXPECT_EQ(status(none_, request(Method::get, "/healthz", {{"Origin", origin}})), 403) << origin;
    EXPECT_EQ(field(), "Origin");
  }
  EXPECT_EQ(status(none_, request(Method::get, "/healthz", {{"Origin", "http://localhost:7070"}})),
            0);
}

TEST_F(Gates, HostIsNeededOnce) {
  EXPECT_EQ(status(keys_, request(Method::get, "/healthz", {}, "")), 400);
  EXPECT_EQ(status(keys_, request(Method::get, "/healthz", {{"host", "other"}})), 400);
  EXPECT_EQ(field(), "Host");
}

TEST_F(Gates, UnknownPathsAndMethodsAreToldApart) {
  EXPECT_EQ(status(none_, request(Method::get, "/nowhere")), 404);
  EXPECT_EQ(status(none_, request(Method::del, "/v1/append")), 405);
  EXPECT_EQ(admission_.refusal->headers.find("Allow"), "POST");
  EXPECT_EQ(status(none_, request(Method::options, "/v1/append")), 405) << "no CORS preflight";
}

TEST_F(Gates, AKeyIsTakenFromEachOfItsPlaces) {
  const std::string key(kWriteKey);
  EXPECT_EQ(status(keys_, request(Method::get, "/v1/sessions/s", {{"Hansard-Key", key}})), 0);
  EXPECT_EQ(
      status(keys_, request(Method::get, "/v1/sessions/s", {{"Authorization", "bearer " + key}})),
      0);
  EXPECT_EQ(status(keys_, request(Method::get, "/v1/sessions/s", {{"x-api-key", key}})), 0);
  Request by_path = request(Method::get, "/k/" + key + "/v1/sessions/s");
  EXPECT_EQ(status(keys_, by_path), 0);
  EXPECT_EQ(by_path.param("id"), "s");
  EXPECT_EQ(by_path.target.find(key), std::string::npos) << "a key must not reach a log";
  EXPECT_EQ(by_path.principal.project.text(), "acme");
  EXPECT_EQ(by_path.principal.key_name, "writer");
  EXPECT_EQ(status(keys_, request(Method::get, "/k/" + key + "/")), 0);
  EXPECT_EQ(status(keys_, request(Method::get, "/k/" + key)), 0);
}

TEST_F(Gates, WithKeysAnyHostIsServedButNobodyUnnamed) {
  EXPECT_EQ(status(keys_, request(Method::get, "/v1/sessions/s", {}, "example.org")), 401);
  EXPECT_TRUE(admission_.refusal->headers.find("WWW-Authenticate"));
  for (const auto& [name, value] : NameValues{{"Hansard-Key", "hsd_unknown_0123456789"},
                                              {"Authorization", "Bearer sk-provider"},
                                              {"Authorization", "Basic aHNkXzE="},
                                              {"x-api-key", "sk-provider"}}) {
    EXPECT_EQ(status(keys_, request(Method::get, "/v1/sessions/s", {{name, value}})), 401) << value;
  }
}

TEST_F(Gates, OpenRoutesNeedNoKey) {
  EXPECT_EQ(status(keys_, request(Method::get, "/healthz", {}, "example.org")), 0);
}

TEST_F(Gates, AKeyWithoutTheScopeIsForbidden) {
  EXPECT_EQ(status(keys_,
                   request(Method::post, "/v1/admin/x", {{"Hansard-Key", std::string(kWriteKey)}})),
            403);
  EXPECT_EQ(status(keys_, request(Method::get, "/v1/sessions/s",
                                  {{"Hansard-Key", std::string(kAdminKey)}})),
            403)
      << "admin does not imply read";
}

TEST_F(Gates, TheProjectIsTheKeys) {
  const NameValues same{{"Hansard-Key", std::string(kWriteKey)}, {"Hansard-Project", "acme"}};
  const NameValues other{{"Hansard-Key", std::string(kWriteKey)}, {"Hansard-Project", "rival"}};
  EXPECT_EQ(status(keys_, request(Method::get, "/v1/sessions/s", same)), 0);
  EXPECT_EQ(status(keys_, request(Method::get, "/v1/sessions/s", other)), 403);
  EXPECT_EQ(status(none_, request(Method::get, "/v1/sessions/s", {{"Hansard-Project", "A B"}})),
            400);
  EXPECT_EQ(field(), "Hansard-Project");
}

TEST_F(Gates, TheReservedProjectIsReadOnly) {
  const NameValues log{{"Hansard-Project", "_log"}, {"Content-Type", "application/json"}};
  EXPECT_EQ(status(none_, request(Method::post, "/v1/append", log), true), 403);
  EXPECT_EQ(status(none_, request(Method::get, "/v1/sessions/s", log)), 0);
}

TEST_F(Gates, TheUnixSocketNeedsNeitherKeyNorLoopbackName) {
  Request local = request(Method::post, "/v1/admin/x", {}, "anything");
  local.local = true;
  EXPECT_EQ(status(keys_, local), 0);
  EXPECT_TRUE(local.principal.actor.is_nil());
}

TEST_F(Gates, BodiesNeedAJsonTypeAndACodingThatWeKnow) {
  const auto with = [](NameValues headers) {
    return request(Method::post, "/v1/append", std::move(headers));
  };
  EXPECT_EQ(status(none_, with({}), true), 415);
  for (const char* type : {"text/plain", "application/x-www-form-urlencoded", "multipart/form-data",
                           "application/jsonx", "text/json+json", "application/json, text/plain"}) {
    EXPECT_EQ(status(none_, with({{"Content-Type", type}}), true), 415) << type;
    EXPECT_EQ(field(), "Content-Type");
  }
  for (const char* type :
       {"application/json", "Application/JSON; charset=utf-8", "application/cloudevents+json"}) {
    EXPECT_EQ(status(none_, with({{"Content-Type", type}}), true), 0) << type;
  }
  for (const char* coding : {"identity", "gzip", "X-GZip", "zstd"}) {
    EXPECT_EQ(
        status(none_, with({{"Content-Type", "application/json"}, {"Content-Encoding", coding}}),
               true),
        0)
        << coding;
  }
  for (const char* coding : {"br", "deflate", "gzip, zstd"}) {
    EXPECT_EQ(
        status(none_, with({{"Content-Type", "application/json"}, {"Content-Encoding", coding}}),
               true),
        415)
        << coding;
    EXPECT_EQ(field(), "Content-Encoding");
  }
  EXPECT_EQ(status(none_, request(Method::get, "/healthz"), true), 400);
  EXPECT_EQ(field(), "body");
}

TEST_F(Gates, AnOverlongTargetIsRefusedByItsLimit) {
  EXPECT_EQ(status(none_, request(Method::get, "/" + std::string(8192, 'a'))), 414);
  EXPECT_EQ(admission_.limit, Limit::target_bytes);
  EXPECT_EQ(admission_.refusal->error->code, core::Errc::too_large);
}

}  // namespace
}  // namespace hansard::http
