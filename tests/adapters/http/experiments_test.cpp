// Experiments over HTTP: plans, what happens to them, units and what comes of them.
#include <set>
#include <thread>

#include "engine_server.h"

namespace hansard::http::testing {
namespace {

class ExperimentRoutes : public EngineServer {
 protected:
  void SetUp() override {
    EngineServer::SetUp();
    for (const char* version : {"1", "2"}) {
      const Answer stored = post(
          "/v1/append", R"({"records":[{"stream":"prompt-greet","type":"PromptVersionStored",)"
                        R"("facts":{"version":)" +
                            std::string(version) + R"(,"content_hash":"h)" + version +
                            R"("},"content":{"messages":[{"role":"user","content":"hi"}]}}]})");
      ASSERT_EQ(stored.status, 201) << stored.body;
    }
  }
  Answer create(std::string_view more = "", std::string_view name = "greeting") {
    return post("/v1/experiments",
                R"({"name":")" + std::string(name) +
                    R"(","metric":"thumbs","variants":[)"
                    R"({"name":"a","prompt":"greet@1"},{"name":"b","prompt":"greet@2"}])" +
                    std::string(more) + "}");
  }
  /// Without prompts, so that several run at once.
  Answer create_plain(std::string_view name, std::string_view more = "") {
    return post("/v1/experiments", R"({"name":")" + std::string(name) +
                                       R"(","metric":"thumbs","start":true,"variants":[)"
                                       R"({"name":"a"},{"name":"b","model":"m2"}])" +
                                       std::string(more) + "}");
  }
  events::Json shown(std::string_view name, std::string_view query = "") {
    const Answer answer = get("/v1/experiments/" + std::string(name) + std::string(query));
    EXPECT_EQ(answer.status, 200) << answer.body;
    return json(answer);
  }
  std::string status_of(std::string_view name) { return text(shown(name), "status"); }
  Answer step(std::string_view what, std::string_view body = "{}",
              std::string_view name = "greeting") {
    return post("/v1/experiments/" + std::string(name) + "/" + std::string(what), body);
  }
  events::Json assigned(std::string_view name, std::string_view body) {
    const Answer answer = step("assign", body, name);
    EXPECT_EQ(answer.status, 200) << answer.body;
    return json(answer);
  }
  static std::string unit(std::string_view name, std::string_view more = "") {
    return R"({"unit":")" + std::string(name) + "\"" + std::string(more) + "}";
  }
  static std::string request_of(std::string_view call, std::string_view variant,
                                std::string_view unit_name) {
    return R"({"call_id":")" + std::string(call) +
           R"(","model":"m","variant":{"experiment":"e","variant":")" + std::string(variant) +
           R"("},"unit":")" + std::string(unit_name) + R"("})";
  }
  std::size_t events_of(std::string_view type) {
    std::size_t count = 0;
    const auto read = log_.read({}, [&](const core::RecordedEvent& event) {
      count += event.type == type ? 1 : 0;
      return true;
    });
    EXPECT_TRUE(read);
    return count;
  }
};

TEST_F(ExperimentRoutes, AnExperimentGoesThroughItsLife) {
  const Answer created = create(R"(,"hypothesis":"Warmer is better.")");
  ASSERT_EQ(created.status, 201) << created.body;
  EXPECT_EQ(text(json(created), "experiment"), "greeting");
  EXPECT_EQ(create(R"(,"hypothesis":"Warmer is better.")").status, 200) << "the same again";
  EXPECT_EQ(status_of("greeting"), "planned");
  EXPECT_EQ(step("start").status, 201);
  EXPECT_EQ(step("start").status, 200);
  EXPECT_EQ(status_of("greeting"), "running");
  EXPECT_EQ(step("pause", R"({"comment":"holiday"})").status, 201);
  EXPECT_EQ(step("start").status, 201);
  EXPECT_EQ(step("weights", R"({"weights":{"a":0.9,"b":0.1}})").status, 201);
  EXPECT_EQ(step("weights", R"({"weights":{"a":0.9,"b":0.1}})").status, 200);
  EXPECT_EQ(step("stop", R"({"comment":"enough"})").status, 201);
  EXPECT_EQ(step("stop", R"({"comment":"enough"})").status, 200);
  expect_problem(step("start"), 422, core::Errc::rejected, "", "is over");

  const auto now = shown("greeting");
  EXPECT_EQ(text(now, "status"), "stopped");
  EXPECT_EQ(events::dump(*now.find("weights")), R"({"a":0.9,"b":0.1})");
  EXPECT_EQ(now.find("editions")->if_array()->size(), 2U);
  EXPECT_EQ(now.find("history")->if_array()->size(), 6U);
  EXPECT_EQ(text(*now.find("plan"), "hypothesis"), "Warmer is better.");
  EXPECT_EQ(text(shown("greeting", "?as_of=version:2"), "status"), "paused");
  EXPECT_EQ(events_of("PromptTrialStarted"), 2U);
  EXPECT_EQ(events_of("PromptTrialEnded"), 2U);
}

TEST_F(ExperimentRoutes, BadPlansAreRefusedByName) {
  expect_problem(
      post("/v1/experiments", R"({"name":"e","metric":"thumbs","variants":[)"
                              R"({"name":"a","weight":0.5},{"name":"b","weight":0.4}]})"),
      400, core::Errc::invalid_argument, "variants", "add up to 0.9, not to 1");
  expect_problem(post("/v1/experiments", R"({"name":"e","metric":"thumbs","variants":[)"
                                         R"({"name":"a","prompt":"greet@1"},)"
                                         R"({"name":"b","prompt":"greet@7"}]})"),
                 422, core::Errc::rejected, "variants[1].prompt", "there is no greet@7");
  expect_problem(create(R"(,"alpha":1e999)"), 400, core::Errc::invalid_argument, "alpha");
  expect_problem(create(R"(,"minimum_sample":3)"), 400, core::Errc::invalid_argument,
                 "minimum_sample", "at least 20");
  expect_problem(create("", "a b"), 400, core::Errc::invalid_argument, "name");
  ASSERT_EQ(create(R"(,"start":true)").status, 201);
  expect_problem(create(R"(,"start":true,"alpha":0.01)"), 409, core::Errc::id_reused, "alpha",
                 "another plan");
  expect_problem(create(R"(,"start":true)", "second"), 422, core::Errc::rejected, "",
                 "experiment greeting decides for prompt greet");
  EXPECT_EQ(get("/v1/experiments/second").status, 404) << "all or nothing";
  expect_problem(step("weights", R"({"metric":"stars","weights":[0.5,0.5]})"), 422,
                 core::Errc::rejected, "metric", "does not change");
  expect_problem(step("weights", R"({"weights":[0.5,0.6]})"), 400, core::Errc::invalid_argument,
                 "weights", "add up to 1.1");
  expect_problem(step("start", "{}", "nobody"), 404, core::Errc::not_found, "", "nobody");
  expect_problem(step("start", R"({"coment":"x"})"), 400, core::Errc::invalid_argument, "coment");
}

TEST_F(ExperimentRoutes, AreListedByName) {
  ASSERT_EQ(create_plain("x1").status, 201);
  ASSERT_EQ(create_plain("x2").status, 201);
  ASSERT_EQ(create().status, 201);
  const std::string least = "at_least=" + std::to_string(log_.end().value);
  const auto names = [&](std::string_view query) {
    const Answer answer = get("/v1/experiments?" + std::string(query) + least);
    EXPECT_EQ(answer.status, 200) << answer.body;
    std::string all;
    const auto page = json(answer);
    for (const auto& each : *page.find("experiments")->if_array()) {
      all += text(each, "experiment") + " ";
    }
    return all;
  };
  EXPECT_EQ(names(""), "greeting x1 x2 ");
  EXPECT_EQ(names("prefix=x&"), "x1 x2 ");
  EXPECT_EQ(names("status=running&"), "x1 x2 ");
  EXPECT_EQ(names("status=planned&"), "greeting ");
  EXPECT_EQ(names("limit=1&"), "greeting ");
  EXPECT_EQ(names("limit=1&cursor=greeting&"), "x1 ");
  EXPECT_EQ(names("cursor=x2&"), "");
  EXPECT_EQ(get("/v1/experiments?status=open").status, 400);
}

TEST_F(ExperimentRoutes, AUnitIsAssignedTheSameVariantAndKeepsItOnceExposed) {
  ASSERT_EQ(create(R"(,"start":true)").status, 201);
  const auto first = assigned("greeting", unit("ada"));
  const std::string variant = text(first, "variant");
  EXPECT_EQ(events::dump(*first.find("exposed")), "false");
  EXPECT_EQ(text(*first.find("prompt"), "name"), "greet");
  EXPECT_EQ(text(assigned("greeting", unit("ada")), "variant"), variant);
  EXPECT_EQ(events_of("VariantAssigned"), 0U) << "asking exposes nobody";

  const Answer exposed = step("exposures", unit("ada", R"(,"session":"s 1","call_id":"c1")"));
  EXPECT_EQ(exposed.status, 201) << exposed.body;
  EXPECT_EQ(text(json(exposed), "variant"), variant);
  EXPECT_EQ(step("exposures", unit("ada", R"(,"session":"s 1","call_id":"c1")")).status, 200);
  EXPECT_EQ(events_of("VariantAssigned"), 1U);

  const std::string other = variant == "a" ? "b" : "a";
  const std::string all_other = R"({"weights":{")" + other + R"(":1,")" + variant + R"(":0}})";
  ASSERT_EQ(step("weights", all_other).status, 201);
  EXPECT_EQ(text(assigned("greeting", unit("ada")), "variant"), variant) << "on record";
  for (const char* someone : {"bob", "eve", "kim"}) {
    EXPECT_EQ(text(assigned("greeting", unit(someone)), "variant"), other);
  }
  expect_problem(step("exposures", unit("ada", R"(,"variant":")" + other + "\"")), 422,
                 core::Errc::rejected, "variant", "has variant " + variant);
  EXPECT_EQ(events::dump(*assigned("greeting", unit("lin", R"(,"expose":true)")).find("exposed")),
            "true");
  EXPECT_EQ(events_of("VariantAssigned"), 2U);
}

TEST_F(ExperimentRoutes, WhoTakesNoPartIsToldWhy) {
  ASSERT_EQ(create_plain("half", R"(,"coverage":0.5,"eligibility":{"agents":["desk"],)"
                                 R"("tags":{"plan":"free"}})")
                .status,
            201);
  const std::string free = R"(,"agent":"desk","tags":{"plan":"free"})";
  EXPECT_EQ(text(assigned("half", unit("u1")), "reason"), "not_eligible");
  EXPECT_EQ(
      text(assigned("half", unit("u1", R"(,"agent":"desk","tags":{"plan":"paid"})")), "reason"),
      "not_eligible");
  std::set<std::string> reasons;
  for (int i = 0; i < 40; ++i) {
    const auto answer = assigned("half", unit("u" + std::to_string(i), free));
    reasons.insert(text(answer, "reason"));
  }
  EXPECT_EQ(reasons, (std::set<std::string>{"", "coverage"}));
  ASSERT_EQ(step("pause", "{}", "half").status, 201);
  EXPECT_EQ(text(assigned("half", unit("u1", free)), "reason"), "paused");
  expect_problem(step("exposures", unit("u1"), "half"), 422, core::Errc::rejected, "", "is paused");
  EXPECT_EQ(step("assign", "{}", "half").status, 400);
  EXPECT_EQ(step("assign", unit(std::string(1025, 'x')), "half").status, 400);
  EXPECT_EQ(step("assign", unit("u"), "nobody").status, 404);
}

TEST_F(ExperimentRoutes, OutcomesBelongToExposedUnitsAndAreCorrectedByRevisions) {
  ASSERT_EQ(create_plain("e").status, 201);
  const auto outcome = [&](std::string_view more) {
    return step("outcomes",
                unit("ada", R"(,"metric":"thumbs","outcome_id":"o1")" + std::string(more)), "e");
  };
  expect_problem(outcome(R"(,"value":true)"), 404, core::Errc::not_found, "unit", "not exposed");
  ASSERT_EQ(step("exposures", unit("ada"), "e").status, 201);
  EXPECT_EQ(outcome(R"(,"value":true)").status, 201);
  EXPECT_EQ(outcome(R"(,"value":true)").status, 200);
  expect_problem(outcome(R"(,"value":false)"), 409, core::Errc::id_reused, "revision",
                 "a correction is revision 2");
  expect_problem(outcome(R"(,"value":false,"revision":3)"), 422, core::Errc::rejected, "revision",
                 "the next is 2");
  EXPECT_EQ(outcome(R"(,"value":false,"revision":2)").status, 201);
  expect_problem(outcome(R"(,"value":1e999,"revision":3)"), 400, core::Errc::invalid_argument,
                 "value");
  expect_problem(outcome(R"(,"value":[1],"revision":3)"), 400, core::Errc::invalid_argument,
                 "value", "a number, true or false");
  expect_problem(outcome(""), 400, core::Errc::invalid_argument, "value", "required");
  expect_problem(step("outcomes", R"({"unit":"ada","value":1,"outcome_id":"x"})", "e"), 400,
                 core::Errc::invalid_argument, "metric", "required");
  ASSERT_EQ(step("stop", "{}", "e").status, 201);
  EXPECT_EQ(outcome(R"(,"value":true,"revision":3)").status, 201) << "late ones count";
}

TEST_F(ExperimentRoutes, ManyOutcomesComeAtOnceAndEachIsAnswered) {
  ASSERT_EQ(create_plain("e").status, 201);
  for (const char* name : {"u1", "u2"}) ASSERT_EQ(step("exposures", unit(name), "e").status, 201);
  const std::string good = R"(,"metric":"thumbs","value":1,"outcome_id":"o")";
  const std::string list = R"({"outcomes":[)" + unit("u1", good) + "," + unit("u2", good) + "," +
                           unit("u3", good) + "," + unit("u1", good) + R"(,{"unit":"u1"}]})";
  const Answer answer = step("outcomes", list, "e");
  ASSERT_EQ(answer.status, 200) << answer.body;
  const auto told = json(answer);
  EXPECT_EQ(number(told, "recorded"), 2U);
  EXPECT_EQ(number(told, "duplicates"), 1U);
  EXPECT_EQ(number(told, "failed"), 2U);
  const auto& results = *told.find("results")->if_array();
  EXPECT_EQ(text(results[2], "code"), "not_found");
  EXPECT_EQ(text(results[4], "field"), "metric");
  EXPECT_EQ(step("outcomes", R"({"outcomes":[]})", "e").status, 400);
}

TEST_F(ExperimentRoutes, TheFirstRequestOfAUnitExposesItInTheSameAppend) {
  ASSERT_EQ(create_plain("e").status, 201);
  ASSERT_EQ(post("/v1/sessions", R"({"session_id":"s1"})").status, 201);
  const auto ask = [&](std::string_view call, std::string_view variant,
                       std::string_view unit_name = "ada") {
    return post("/v1/sessions/s1/requests", request_of(call, variant, unit_name));
  };
  const std::string mine = text(assigned("e", unit("ada")), "variant");
  const std::string other = mine == "a" ? "b" : "a";
  const Answer first = ask("c1", mine);
  ASSERT_EQ(first.status, 201) << first.body;
  EXPECT_EQ(json(first).find("events")->if_array()->size(), 2U);
  EXPECT_EQ(ask("c1", mine).status, 200) << "again";
  EXPECT_EQ(ask("c2", mine).status, 201);
  EXPECT_EQ(events_of("VariantAssigned"), 1U);
  EXPECT_EQ(events::dump(*assigned("e", unit("ada")).find("exposed")), "true");
  expect_problem(ask("c3", other), 422, core::Errc::rejected, "variant.variant", "has variant");
  expect_problem(ask("c3", "z"), 400, core::Errc::invalid_argument, "variant.variant",
                 "no variant");
  expect_problem(ask("c3", mine, ""), 400, core::Errc::invalid_argument, "unit");
  expect_problem(post("/v1/sessions/s1/requests", R"({"call_id":"c3","model":"m","unit":"ada"})"),
                 400, core::Errc::invalid_argument, "unit", "needs a variant");
  expect_problem(post("/v1/sessions/s1/requests", R"({"call_id":"c3","model":"m","unit":"ada",)"
                                                  R"("variant":{"experiment":"x","variant":"a"}})"),
                 404, core::Errc::not_found, "variant.experiment");
  ASSERT_EQ(step("pause", "{}", "e").status, 201);
  EXPECT_EQ(ask("c4", mine).status, 201) << "it is on record";
  expect_problem(ask("c5", "a", "bob"), 422, core::Errc::rejected, "unit", "is paused");
}

TEST_F(ExperimentRoutes, RequestsOfOneUnitThatRaceExposeItOnceAndAreAllRecorded) {
  ASSERT_EQ(create_plain("e").status, 201);
  constexpr int kThreads = 6;
  constexpr int kUnits = 10;
  std::vector<std::string> variants;
  for (int i = 0; i < kUnits; ++i) {
    variants.push_back(text(assigned("e", unit("u" + std::to_string(i))), "variant"));
  }
  std::atomic<int> failures = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      const std::string session = "s" + std::to_string(t);
      post("/v1/sessions", R"({"session_id":")" + session + R"("})");
      for (int i = 0; i < kUnits; ++i) {
        const std::string number = std::to_string(i);
        const Answer answer =
            post("/v1/sessions/" + session + "/requests",
                 request_of("c" + number, variants[static_cast<std::size_t>(i)], "u" + number));
        if (answer.status != 201) ++failures;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(failures, 0);
  EXPECT_EQ(events_of("VariantAssigned"), static_cast<std::size_t>(kUnits));
  EXPECT_EQ(events_of("ResponseRequested"), static_cast<std::size_t>(kUnits * kThreads));
}

/// Units that meet the variants they are assigned, and what they say of each.
class Deciding : public ExperimentRoutes {
 protected:
  static constexpr int kUnits = 400;
  static constexpr std::string_view kQuick =
      R"(,"start":true,"minimum_sample":50,"moves_label":"production")";

  /// @param liked  of a hundred units, by variant
  void observe(std::string_view name, const std::function<int(const std::string&)>& liked,
               std::string_view metric = "thumbs") {
    std::string outcomes;
    for (int i = 0; i < kUnits; ++i) {
      const std::string user = "u" + std::to_string(i);
      const Answer exposed = step("exposures", unit(user), name);
      ASSERT_LT(exposed.status, 300) << exposed.body;
      const bool yes = i * 37 % 100 < liked(text(json(exposed), "variant"));
      outcomes += (outcomes.empty() ? "" : ",") +
                  unit(user, R"(,"outcome_id":")" + std::string(metric) + R"(","metric":")" +
                                 std::string(metric) + R"(","value":)" + (yes ? "true" : "false"));
    }
    const Answer told = step("outcomes", R"({"outcomes":[)" + outcomes + "]}", name);
    ASSERT_EQ(number(json(told), "recorded"), static_cast<std::uint64_t>(kUnits)) << told.body;
  }
  events::Json decided(std::string_view name) {
    const Answer answer = step("decide", "{}", name);
    EXPECT_EQ(answer.status, 200) << answer.body;
    return json(answer);
  }
};

TEST_F(Deciding, ABetterVariantWinsOnceAndItsLabelMoves) {
  ASSERT_EQ(create(kQuick).status, 201);
  EXPECT_EQ(text(decided("greeting"), "decision"), "wait");
  observe("greeting", [](const std::string& variant) { return variant == "b" ? 80 : 40; });
  const auto found = decided("greeting");
  EXPECT_EQ(text(found, "decision"), "winner") << events::dump(found);
  EXPECT_EQ(text(found, "variant"), "b");
  EXPECT_EQ(events::dump(*found.find("acted")), "true");
  EXPECT_EQ(text(found, "status"), "concluded");
  EXPECT_EQ(events::dump(*decided("greeting").find("acted")), "false");
  EXPECT_EQ(events_of("WinnerDeclared"), 1U);
  EXPECT_EQ(events_of("PromptLabelMoved"), 1U);
  EXPECT_EQ(events_of("PromptTrialEnded"), 1U);
  EXPECT_EQ(text(shown("greeting"), "winner"), "b");
  EXPECT_EQ(text(assigned("greeting", unit("u1")), "winner"), "b");
}

TEST_F(Deciding, VariantsThatAreAsGoodHaveNoWinner) {
  ASSERT_EQ(create(kQuick).status, 201);
  observe("greeting", [](const std::string&) { return 50; });
  EXPECT_EQ(text(decided("greeting"), "decision"), "wait");
  EXPECT_EQ(status_of("greeting"), "running");
}

TEST_F(Deciding, AVariantThatDoesHarmIsStopped) {
  ASSERT_EQ(create(R"(,"start":true,"minimum_sample":50,"guardrails":["solved"])").status, 201);
  observe(
      "greeting", [](const std::string& variant) { return variant == "b" ? 30 : 80; }, "solved");
  const auto found = decided("greeting");
  EXPECT_EQ(text(found, "decision"), "harm") << events::dump(found);
  EXPECT_EQ(text(found, "metric"), "solved");
  EXPECT_EQ(text(found, "status"), "stopped");
  EXPECT_EQ(text(*shown("greeting").find("stopped"), "reason"), "guardrail");
}

TEST_F(Deciding, UnitsThatComeInOtherSharesBlockEveryVerdict) {
  ASSERT_EQ(create(kQuick).status, 201);
  for (int i = 0; i < kUnits; ++i) {
    ASSERT_LT(step("exposures", unit("u" + std::to_string(i),
                                     i % 4 == 0 ? R"(,"variant":"b")" : R"(,"variant":"a")"))
                  .status,
              300);
  }
  observe("greeting", [](const std::string& variant) { return variant == "b" ? 80 : 40; });
  const auto found = decided("greeting");
  EXPECT_EQ(text(found, "decision"), "blocked") << events::dump(found);
  EXPECT_EQ(events::dump(*found.find("acted")), "false");
  EXPECT_EQ(events_of("WinnerDeclared"), 0U);
}

TEST_F(Deciding, AtTheHorizonItEndsWithoutADifference) {
  ASSERT_EQ(create(R"(,"start":true,"minimum_sample":50,"horizon":400)").status, 201);
  expect_problem(step("decide", R"({"force":true})"), 400, core::Errc::invalid_argument, "force");
  observe("greeting", [](const std::string&) { return 50; });
  EXPECT_EQ(text(decided("greeting"), "decision"), "no_difference");
  EXPECT_EQ(text(*shown("greeting").find("concluded"), "conclusion"), "no_difference");
  ASSERT_EQ(create("", "other").status, 201);
  expect_problem(step("decide", "{}", "other"), 422, core::Errc::rejected, "name", "not started");
}

TEST_F(ExperimentRoutes, ThreadsThatRaceOnOneUnitExposeItOnce) {
  ASSERT_EQ(create_plain("e").status, 201);
  constexpr int kThreads = 8;
  constexpr int kUnits = 25;
  std::vector<std::thread> threads;
  std::atomic<int> failures = 0;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < kUnits; ++i) {
        const Answer answer = step("exposures", unit("u" + std::to_string(i)), "e");
        if (answer.status != 200 && answer.status != 201) ++failures;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(failures, 0);
  EXPECT_EQ(events_of("VariantAssigned"), static_cast<std::size_t>(kUnits));
}

TEST_F(ExperimentRoutes, ExperimentsThatRaceForAPromptGetItOneAfterAnother) {
  constexpr int kRacing = 4;
  std::atomic<int> started = 0;
  std::atomic<int> refused = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < kRacing; ++t) {
    threads.emplace_back([&, t] {
      const Answer answer = create(R"(,"start":true)", "e" + std::to_string(t));
      if (answer.status == 201) ++started;
      if (answer.status == 422 && answer.says("decides for prompt greet")) ++refused;
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(started, 1);
  EXPECT_EQ(refused, kRacing - 1);
}

}  // namespace
}  // namespace hansard::http::testing
