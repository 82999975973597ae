#include "engine_server.h"

namespace hansard::http::testing {
namespace {

class Operating : public EngineServer {};

TEST_F(Operating, HealthIsTheProcessAndReadinessTheStore) {
  EXPECT_EQ(get("/healthz").status, 200);
  const Answer ready = get("/readyz");
  EXPECT_EQ(ready.status, 200);
  EXPECT_EQ(text(json(ready), "status"), "ready");
  writable_ = false;
  const Answer not_ready = get("/readyz");
  EXPECT_EQ(not_ready.status, 503);
  EXPECT_TRUE(not_ready.says("\"code\":\"out_of_space\"")) << not_ready.body;
  EXPECT_TRUE(not_ready.says("12 MiB are left"));
  EXPECT_EQ(get("/healthz").status, 200);
}

/// A fold with a bug: it cannot take a score.
class Broken final : public core::Projection {
 public:
  [[nodiscard]] std::string_view name() const override { return "broken"; }
  [[nodiscard]] std::uint32_t version() const override { return 1; }
  core::Status apply(const core::RecordedEvent& event, core::ReadModelBatch&) const override {
    if (event.type != "ScoreRecorded") return core::Ok{};
    return core::Error{core::Errc::internal, "cannot fold a score"};
  }
};

class OperatingWithABug : public EngineServer {
 protected:
  OperatingWithABug() : EngineServer(with_a_bug()) {}
  static Projections with_a_bug() {
    Projections all = projections::all(engine_hash());
    all.push_back(std::make_unique<Broken>());
    return all;
  }
};

TEST_F(OperatingWithABug, AStoppedViewIsSeenEverywhereAndStopsNothingElse) {
  record_conversation("s1");
  EXPECT_EQ(post("/v1/sessions/s1/scores", R"({"score_id":"x","name":"n","value":1})").status, 201);
  // Asking the stopped view for the event it cannot fold waits until it has stopped, and says why.
  expect_problem(get("/v1/admin/projections/broken/rows?at_least=8"), 503, core::Errc::unavailable,
                 "", "cannot fold a score");
  const Answer ready = get("/readyz");
  EXPECT_EQ(ready.status, 200) << "recording goes on";
  EXPECT_EQ(text(json(ready), "status"), "degraded");
  EXPECT_TRUE(ready.says("\"phase\":\"stopped\"")) << ready.body;
  EXPECT_TRUE(ready.says("\"failed_at\":7"));
  EXPECT_TRUE(ready.says("cannot fold a score"));
  EXPECT_EQ(post("/v1/admin/projections/broken/retry", "").status, 202);
  EXPECT_TRUE(get("/v1/sessions?at_least=8").says("\"session_id\":\"s1\""));
  EXPECT_EQ(post("/v1/sessions", R"({"session_id":"s2"})").status, 201);
}

TEST_F(Operating, ProjectionsAreListedAndRebuilt) {
  record_conversation("s1");
  const Answer listed = get("/v1/admin/projections?at_least=7");
  EXPECT_TRUE(listed.says("\"name\":\"sessions\"")) << listed.body;
  EXPECT_TRUE(listed.says("\"name\":\"calls\""));
  // A view that is still being built for the first time cannot be rebuilt: wait until it answers.
  EXPECT_EQ(get("/v1/usage?at_least=7").status, 200);
  EXPECT_EQ(post("/v1/admin/projections/calls/rebuild", "").status, 202);
  expect_problem(post("/v1/admin/projections/none/rebuild", ""), 404, core::Errc::not_found, "");
  EXPECT_EQ(post("/v1/admin/projections/calls/retry", "").status, 422) << "it is not stopped";
}

TEST_F(Operating, RowsOfAnyProjectionCanBeLookedAt) {
  record_conversation("s1");
  const Answer rows = get("/v1/admin/projections/calls/rows?at_least=7");
  EXPECT_EQ(rows.status, 200) << rows.body;
  EXPECT_FALSE(json(rows).find("rows")->if_array()->empty());
  EXPECT_EQ(get("/v1/admin/projections/none/rows").status, 404);
}

TEST_F(Operating, MetricsCountRoutesAndHoldNoIds) {
  record_conversation("secret-session");
  get("/v1/sessions/secret-session/history");
  get("/nowhere/secret-session");
  // A request is counted when its last byte is sent, which its client may see a moment earlier.
  const auto began = std::chrono::steady_clock::now();
  Answer metrics = get("/metrics");
  while (!metrics.says("route=\"unmatched\",status=\"404\"} 1")) {
    ASSERT_LT(std::chrono::steady_clock::now() - began, RawClient::kPatience) << metrics.body;
    metrics = get("/metrics");
  }
  EXPECT_EQ(metrics.status, 200);
  EXPECT_TRUE(
      metrics.says("hansard_http_requests_total{method=\"GET\","
                   "route=\"/v1/sessions/{id}/history\",status=\"200\"} 1"))
      << metrics.body;
  EXPECT_FALSE(metrics.says("secret-session"));
}

TEST_F(Operating, RoutesDoNotOverlapAndEachSaysWhatItIs) {
  const auto router = Router::make(routes(context_));
  ASSERT_TRUE(router) << router.error().message;
  for (const Route& route : router->routes()) {
    EXPECT_FALSE(route.doc.empty()) << route.pattern;
    EXPECT_LE(route.doc.size(), 160U) << route.pattern;
    const bool open = route.pattern == "/healthz" || route.pattern == "/readyz" ||
                      route.pattern == "/openapi.json";
    EXPECT_EQ(route.rule.scope.has_value(), !open) << route.pattern;
  }
}

TEST_F(Operating, WithKeysTheOperatorsRoutesNeedAdmin) {
  start({{"app", "hsd_0123456789abcdefXYZ", core::ProjectId(), {Scope::write, Scope::read}},
         {"ops", "hsd_ops_0123456789abcdef", core::ProjectId(), {Scope::admin}}});
  for (const char* target : {"/metrics", "/v1/admin/projections"}) {
    EXPECT_EQ(get(target).status, 401) << target;
    EXPECT_EQ(get(target, "Hansard-Key: hsd_0123456789abcdefXYZ\r\n").status, 403) << target;
    EXPECT_EQ(get(target, "Hansard-Key: hsd_ops_0123456789abcdef\r\n").status, 200) << target;
  }
  EXPECT_EQ(get("/readyz").status, 200);
}

}  // namespace
}  // namespace hansard::http::testing
