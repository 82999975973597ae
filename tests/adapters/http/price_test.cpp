// Prices, estimates and costs over HTTP; what a call costs is tested in tests/events/pricing.
#include "engine_server.h"

namespace hansard::http::testing {
namespace {

constexpr std::string_view kEntries =
    R"([{"provider":"anthropic","model":"claude-3-7-sonnet","mode":"chat","input_max":200000,)"
    R"("output_max":128000,"retires":"2026-02-19","prices":{"standard":{"input_text":3000000,)"
    R"("input_cache_read":300000,"input_cache_write_5m":3750000,"input_cache_write_1h":6000000,)"
    R"("output_text":15000000}}},)"
    R"({"provider":"openai","model":"gpt-5","home":true,"prices":{"standard":)"
    R"({"input_text":1250000,"input_cache_read":125000,"output_text":10000000},)"
    R"("priority":{"input_text":2500000,"output_text":20000000}},)"
    R"("units":{"web_search":10000000000}},)"
    R"({"provider":"google","model":"gemini-3-flash","prices":{"standard":)"
    R"({"input_text":500000,"input_cache_read":50000,"output_text":3000000}}}])";

std::string body_of(std::string_view version, std::string_view entries,
                    std::string_view more = "") {
  return R"({"book":"ours","version":")" + std::string(version) + R"(","provenance":"a test")" +
         std::string(more) + R"(,"entries":)" + std::string(entries) + "}";
}

class Pricing : public EngineServer {
 protected:
  void publish(std::string_view version, std::string_view entries, std::string_view more = "") {
    const Answer answer = post("/v1/prices", body_of(version, entries, more));
    ASSERT_EQ(answer.status, 201) << answer.body;
  }
  void called(std::string_view id, std::string_view provider, std::string_view model,
              std::string_view usage, std::string_view more = "") {
    const std::string name(id);
    post("/v1/sessions", R"({"session_id":"s-)" + name + "\"}");
    const Answer answer = post("/v1/sessions/s-" + name + "/responses",
                               R"({"call_id":"c","message_id":"m","parts":[],"provider":")" +
                                   std::string(provider) + R"(","model":")" + std::string(model) +
                                   R"(","occurred_at":"2026-03-05T10:00:00Z","usage":)" +
                                   std::string(usage) + std::string(more) + "}");
    ASSERT_EQ(answer.status, 201) << answer.body;
  }
  Answer costs(std::string_view more = "") {
    return post("/v1/query", R"q({"measures":["sum(cost)"],"group_by":["model"],)q"
                             R"("order":["model"],"at_least":)" +
                                 std::to_string(log_.end().value) + std::string(more) + "}");
  }
  core::Error refused(std::string_view target, std::string_view body) {
    const Answer answer = post(target, body);
    EXPECT_EQ(answer.status, 400) << answer.body;
    const events::Json problem = json(answer);
    return {core::Errc::invalid_argument, text(problem, "detail"), text(problem, "field")};
  }
};

/// reference vectors: an invoice and two corrected ones.
TEST_F(Pricing, CallsOfTheVectorsCostWhatTheirInvoicesSay) {
  publish("1", kEntries);
  called("a", "anthropic", "claude-3-7-sonnet",
         R"({"input_text":3,"input_cache_write_5m":12304,"output_text":550})");
  called("b", "openai", "gpt-5",
         R"({"input_text":51232,"input_cache_read":1188096,"output_text":12909})");
  called("c", "google", "gemini-3-flash",
         R"({"input_text":3914,"input_cache_read":16298,"output_text":931})");
  const Answer answer = costs();
  ASSERT_EQ(answer.status, 200) << answer.body;
  for (const char* expected : {R"q("model":"claude-3-7-sonnet","sum(cost)":54399000000)q",
                               R"q("model":"gpt-5","sum(cost)":341642000000)q",
                               R"q("model":"gemini-3-flash","sum(cost)":5564900000)q"}) {
    EXPECT_TRUE(answer.says(expected)) << expected << "\n" << answer.body;
  }
  EXPECT_TRUE(answer.says(R"q("books":["ours 1"])q")) << answer.body;
}

TEST_F(Pricing, ABookIsPublishedOnceAndShown) {
  publish("1", kEntries, R"(,"collected_at":"2026-01-01T00:00:00Z")");
  EXPECT_EQ(post("/v1/prices", body_of("1", kEntries, R"(,"collected_at":"2026-01-01T00:00:00Z")"))
                .status,
            200)
      << "the same edition is the same";
  EXPECT_EQ(post("/v1/prices", body_of("1", kEntries)).status, 409) << "and no other";
  const Answer shown = get("/v1/prices?model=gpt-5&provider=openai&at=2026-03-01T00:00:00Z");
  ASSERT_EQ(shown.status, 200) << shown.body;
  EXPECT_TRUE(shown.says(R"("books":[{"project":"default","book":"ours","version":"1")"));
  EXPECT_TRUE(shown.says(R"("match":"exact","of_project":true,"price":{"provider":"openai")"))
      << shown.body;
  EXPECT_TRUE(shown.says(R"("price_id":"0/1")")) << shown.body;
  EXPECT_FALSE(get("/v1/prices?model=gpt-5&prices_as_of=0").says("\"price\""));
  EXPECT_EQ(get("/v1/prices?provider=openai").status, 400);

  const Answer models = get("/v1/models/catalogue?pattern=claude*&at=2026-03-01T00:00:00Z");
  EXPECT_TRUE(models.says(R"("retires":"2026-02-19")")) << models.body;
  EXPECT_TRUE(models.says(R"("retired":true)"));
  EXPECT_EQ(number(json(models), "total"), 1U);
  EXPECT_EQ(number(json(get("/v1/models/catalogue?limit=1")), "total"), 3U);
  EXPECT_EQ(number(json(get("/v1/models/catalogue?provider=openai")), "total"), 1U);
  EXPECT_EQ(number(json(get("/v1/models/catalogue?mode=chat")), "total"), 1U);
}

TEST_F(Pricing, ABookIsRefusedWithWhatIsWrongInIt) {
  EXPECT_EQ(refused("/v1/prices", body_of("1", R"([{"model":"m","prices":{"standard":)"
                                               R"({"input_text":-1}}}])"))
                .field,
            "entries[0] (m).prices.standard.input_text");
  EXPECT_EQ(refused("/v1/prices", body_of("1", "[]")).field, "entries");
  EXPECT_EQ(refused("/v1/prices", body_of("1", kEntries, R"(,"since":"x")")).field, "since");
  EXPECT_EQ(refused("/v1/prices", body_of("1", kEntries, R"(,"effective_from":"May")")).field,
            "effective_from");
  EXPECT_EQ(refused("/v1/prices", R"({"book":"default"})").field, "book");
  EXPECT_EQ(refused("/v1/prices", R"({"book":"b","version":"1"})").field, "provenance");
  EXPECT_EQ(log_.end(), core::Position{0}) << "nothing is recorded";
}

TEST_F(Pricing, IsPublishedByAdministratorsOnly) {
  start({{"reader", "hsd_aaaaaaaaaaaaaaaa", core::ProjectId(), {Scope::read}}});
  EXPECT_EQ(
      post("/v1/prices", body_of("1", kEntries), "Hansard-Key: hsd_aaaaaaaaaaaaaaaa\r\n").status,
      403);
}

TEST_F(Pricing, AnEstimateIsTheCostOfTheCallItDescribes) {
  publish("1", kEntries);
  const Answer answer =
      post("/v1/estimate", R"({"model":"gpt-5","provider":"openai","tier":"priority",)"
                           R"("usage":{"input_text":1000,"output_text":10},)"
                           R"("units":{"web_search":2}})");
  ASSERT_EQ(answer.status, 200) << answer.body;
  // 1000 x 2.5 + 10 x 20 dollars a million, and two searches of a cent.
  EXPECT_TRUE(answer.says(R"("pico_usd":22700000000,"usd":"0.0227")")) << answer.body;
  EXPECT_TRUE(answer.says(R"("usd_by_class":{"input_text":"0.0025","output_text":"0.0002"})"));
  EXPECT_TRUE(answer.says(R"("usd_of_units":"0.02")"));
  EXPECT_FALSE(answer.says("tokens_estimated"));

  const Answer read = post("/v1/estimate", R"({"model":"gpt-5","messages":[{"role":"user",)"
                                           R"("content":"What is the weather like today?"}],)"
                                           R"("output_tokens":100})");
  EXPECT_TRUE(read.says(R"("tokens_estimated":true)")) << read.body;
  EXPECT_TRUE(read.says(R"("usage":{"input_text":11,"output_text":100})")) << read.body;

  const Answer unknown = post("/v1/estimate", R"({"model":"nobody's","input_tokens":5})");
  EXPECT_TRUE(unknown.says(R"("cost":{"unpriced":"no_price"})")) << unknown.body;
}

TEST_F(Pricing, AnEstimateIsRefusedWithTheMemberThatIsWrong) {
  EXPECT_EQ(refused("/v1/estimate", R"({"input_tokens":5})").field, "model");
  EXPECT_EQ(refused("/v1/estimate", R"({"model":"m"})").field, "usage");
  EXPECT_EQ(refused("/v1/estimate", R"({"model":"m","tier":"slow"})").field, "tier");
  EXPECT_EQ(refused("/v1/estimate", R"({"model":"m","usage":{"output":5}})").field, "usage.output");
  EXPECT_EQ(refused("/v1/estimate", R"({"model":"m","usage":{"output_text":-5}})").field,
            "usage.output_text");
  EXPECT_EQ(refused("/v1/estimate", R"({"model":"m","usage":{"input_text":5},"text":"hi"})").field,
            "usage.input_text");
  EXPECT_EQ(refused("/v1/estimate", R"({"model":"m","model":"n","text":"hi"})").field, "model");
  EXPECT_EQ(refused("/v1/estimate", R"({"model":"m","messages":"hi"})").field, "messages");
  EXPECT_EQ(refused("/v1/estimate", R"({"model":"m","tokens":5})").field, "tokens");
}

TEST_F(Pricing, AChangeOfPricesIsToldBeforeAndAfter) {
  publish("1", kEntries);
  called("a", "openai", "gpt-5", R"({"input_text":1000000})");
  called("b", "google", "gemini-3-flash", R"({"input_text":1000000})");
  called("c", "mistral", "tiny", R"({"input_text":1000000})");
  const std::string change = std::to_string(log_.end().value);
  publish("2", R"([{"provider":"openai","model":"gpt-5","prices":{"standard":{"input_text":1}}},)"
               R"({"provider":"mistral","model":"tiny","prices":{"standard":{"input_text":5}}}])");
  const std::string end = std::to_string(log_.end().value);
  const Answer answer =
      get("/v1/prices/changes?from=" + change + "&to=" + end + "&at_least=" + end);
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_TRUE(answer.says(
      R"("groups":[{"model":"gpt-5","calls":1,"before":{"pico_usd":1250000000000,"usd":"1.25"},)"
      R"("after":{"pico_usd":1000000,"usd":"0.000001"},)"
      R"("change":{"pico_usd":-1249999000000,"usd":"-1.249999"}},)"
      R"({"model":"tiny","calls":1,"after":{"pico_usd":5000000,"usd":"0.000005"})"))
      << answer.body;
  EXPECT_TRUE(answer.says(R"("books_before":["ours 1"],"books_after":["ours 1","ours 2"])"))
      << answer.body;
  EXPECT_EQ(get("/v1/prices/changes?from=9&to=2").status, 400);
  EXPECT_EQ(get("/v1/prices/changes?by=colour").status, 400);
  // The same question of the query itself.
  EXPECT_TRUE(
      costs(R"(,"prices_as_of":)" + change).says(R"q("model":"gpt-5","sum(cost)":1250000000000)q"));
  EXPECT_TRUE(costs().says(R"q("model":"gpt-5","sum(cost)":1000000)q"));
}

TEST_F(Pricing, UsageHasCostsAndSaysWhatIsNotInThem) {
  publish("1", kEntries);
  called("a", "openai", "gpt-5", R"({"input_text":1000000})");
  called("b", "openai", "gpt-5", R"({"input_text":1000000})", R"(,"served_from":"cache")");
  called("c", "mistral", "tiny", R"({"input_text":1000000})", R"(,"usage_source":"estimated")");
  const std::string end = "at_least=" + std::to_string(log_.end().value);
  const Answer usage = get("/v1/usage?by=model&as_model=google/gemini-3-flash&" + end);
  ASSERT_EQ(usage.status, 200) << usage.body;
  EXPECT_TRUE(usage.says(R"("cost":{"pico_usd":1250000000000,"usd":"1.25"},)"
                         R"("saved_cost":{"pico_usd":1250000000000,"usd":"1.25"},)"
                         R"("cost_as_model":{"pico_usd":500000000000,"usd":"0.5"}})"))
      << usage.body;
  EXPECT_TRUE(usage.says(R"("books":["ours 1"])")) << usage.body;
  const events::Json total = *json(usage).find("total");
  EXPECT_EQ(number(total, "calls_unpriced"), 1U);
  EXPECT_EQ(number(total, "calls_estimated"), 1U);
  EXPECT_EQ(text(*total.find("cost_as_model"), "usd"), "1");
  EXPECT_FALSE(get("/v1/usage?prices_as_of=0&" + end).says("\"cost\""));
  EXPECT_EQ(get("/v1/usage?as_model=nobody").status, 400);
  EXPECT_EQ(get("/v1/usage?as_provider=openai").status, 400);
}

}  // namespace
}  // namespace hansard::http::testing
