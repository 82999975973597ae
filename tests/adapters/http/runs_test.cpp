// /v1/runs: runs of prompts in a handful of numbers.
#include "engine_server.h"

namespace hansard::http::testing {
namespace {

class Running : public EngineServer {
 protected:
  void run(std::string_view prompt, std::string_view version, unsigned latency_ms, bool success,
           std::string_view at) {
    const Answer answer =
        post("/v1/runs/record",
             R"({"prompt_id":")" + std::string(prompt) + R"(","version":)" + std::string(version) +
                 R"(,"latency_ms":)" + std::to_string(latency_ms) +
                 R"(,"input_tokens":100,"output_tokens":10,"success":)" +
                 (success ? "true" : "false") + R"(,"at":")" + std::string(at) + R"("})");
    EXPECT_EQ(answer.status, 204) << answer.body;
  }
  Answer aggregates(const std::string& parameters) {
    return get("/v1/runs/aggregates?at_least=" + std::to_string(log_.end().value) +
               (parameters.empty() ? "" : "&" + parameters));
  }
  /// `key runs/successes`, in the order of the answer.
  std::string told(const std::string& parameters) {
    const Answer answer = aggregates(parameters);
    EXPECT_EQ(answer.status, 200) << answer.body;
    std::string out;
    const events::Json document = json(answer);
    for (const events::Json& each : *document.find("aggregates")->if_array()) {
      out += text(each, "key") + " " + dump(*each.find("runs")) + "/" +
             dump(*each.find("success_count")) + ";";
    }
    return out;
  }
};

TEST_F(Running, AreSummedByPromptVersionDayAndHour) {
  run("greet", R"("1.0.0")", 100, true, "2026-03-01T09:00:00Z");
  run("greet", R"("1.0.0")", 300, false, "2026-03-01T10:30:00Z");
  run("greet", "2", 200, true, "2026-03-02T10:00:00Z");
  run("bye", R"("1.0.0")", 400, true, "2026-03-02T10:00:00Z");
  record_conversation("s1");  // calls without a prompt are no runs
  EXPECT_EQ(told(""), "all 4/3;");
  EXPECT_EQ(told("group_by=prompt"), "greet 3/2;bye 1/1;");
  EXPECT_EQ(told("group_by=version"), "greet@1.0.0 2/1;bye@1.0.0 1/1;greet@2 1/1;");
  EXPECT_EQ(told("group_by=day"), "2026-03-01 2/1;2026-03-02 2/2;");
  EXPECT_EQ(told("group_by=hour"), "2026-03-02-10 2/2;2026-03-01-09 1/1;2026-03-01-10 1/0;");
  EXPECT_EQ(told("group_by=prompt&limit=1"), "greet 3/2;");
  EXPECT_EQ(told("prompt_id=greet&version=2"), "all 1/1;");
  // Both ends are meant.
  EXPECT_EQ(told("from=2026-03-01T10:30:00Z&to=2026-03-02T10:00:00Z"), "all 3/2;");
  const Answer answer = aggregates("prompt_id=greet");
  EXPECT_TRUE(answer.says(R"("avg_latency_ms":200,"avg_latency_ms_of_successes":150)"))
      << answer.body;
  EXPECT_TRUE(answer.says(R"("p50_latency_ms":200,"p95_latency_ms":300,"p99_latency_ms":300)"))
      << answer.body;
  EXPECT_TRUE(answer.says(R"("total_input_tokens":300,"total_output_tokens":30)")) << answer.body;
}

TEST_F(Running, ARepeatWithAKeyIsTheSameRun) {
  const std::string body =
      R"({"prompt_id":"p","version":1,"success":true,"at":"2026-03-01T09:00:00Z"})";
  EXPECT_EQ(post("/v1/runs/record", body, "Idempotency-Key: one\r\n").status, 204);
  EXPECT_EQ(post("/v1/runs/record", body, "Idempotency-Key: one\r\n").status, 204);
  EXPECT_EQ(told(""), "all 1/1;");
  EXPECT_EQ(post("/v1/runs/record", body).status, 204);
  EXPECT_EQ(told(""), "all 2/2;");
}

TEST_F(Running, WhatIsWrongIsNamed) {
  const auto field = [&](const std::string& body) {
    const Answer answer = post("/v1/runs/record", body);
    EXPECT_EQ(answer.status, 400) << body;
    return text(json(answer), "field");
  };
  EXPECT_EQ(field(R"({"version":"1"})"), "prompt_id");
  EXPECT_EQ(field(R"({"prompt_id":"p"})"), "version");
  EXPECT_EQ(field(R"({"prompt_id":"p","version":"1","latency_ms":-1})"), "latency_ms");
  EXPECT_EQ(field(R"({"prompt_id":"p","version":"1","at":"yesterday"})"), "at");
  EXPECT_EQ(field(R"({"prompt_id":"p","version":"1","model":"m"})"), "model");
  EXPECT_EQ(get("/v1/runs/aggregates?group_by=user").status, 400);
  EXPECT_EQ(get("/v1/runs/aggregates?limit=0").status, 400);
  EXPECT_EQ(get("/v1/runs/health").body, "ok");
}

}  // namespace
}  // namespace hansard::http::testing
