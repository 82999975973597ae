// A call takes part in an experiment: which variant it gets, what goes out, and what is on record.

#include <map>
#include <string>
#include <utility>

#include "events/session/ids.h"
#include "named_rig.h"

namespace hansard::gateway::testing {
namespace {

using events::PromptRole;
using events::ResponseRequested;
using events::Unit;
using events::VariantAssigned;

class ExperimentCalls : public NamedTest {
 protected:
  using Header = std::vector<core::HttpField>;

  ExperimentCalls() {
    store("greeting", "1", {{PromptRole::system, "Briefly."}});
    store("greeting", "2", {{PromptRole::system, "At length."}});
    label("greeting", "production", "1");
  }
  /// Versions 1 and 2, on trial.
  void try_versions() {
    run("longer",
        experiment({variant("a", 5'000, "greeting", "1"), variant("b", 5'000, "greeting", "2")}));
    put_prompt("greeting", events::PromptTrialStarted{"longer"});
  }
  static Header of_user(const std::string& user, Header more = {{"Hansard-Prompt", "greeting"}}) {
    more.push_back({"Hansard-User", user});
    return more;
  }
  static Header of_experiment(const std::string& name, const std::string& user) {
    return of_user(user, {{"Hansard-Experiment", name}});
  }
  void ask(Header fields, const std::string& text = "Hi") {
    exchange(
        kChat,
        parsed(R"({"model":"gpt-x","messages":[{"role":"user","content":")" + text + R"("}]})"),
        plain_answer(), std::move(fields));
  }
  /// A user of the variant.
  std::string user_of(const std::string& variant, const std::string& experiment = "longer") {
    const auto state = experiments_reader().read({}, experiment).value();
    for (int i = 0;; ++i) {
      const std::string user = variant + std::to_string(i);
      const auto drawn = events::draw(*state, user);
      if (drawn && state->plan->variants[drawn->variant].name == variant) return user;
    }
  }
};

TEST_F(ExperimentCalls, ACallOfAPromptOnTrialGetsTheVersionOfItsVariant) {
  try_versions();
  ask(of_user(user_of("b")));
  EXPECT_NE(sent_body().find("At length."), std::string::npos) << sent_body();
  const ResponseRequested asked = last_request();
  EXPECT_EQ(asked.prompt->version->text, "2");
  EXPECT_FALSE(asked.prompt->label);
  ASSERT_TRUE(asked.variant);
  EXPECT_EQ(asked.variant->experiment, "longer");
  EXPECT_EQ(asked.variant->variant, "b");
  EXPECT_EQ(decision("experiment"), "assigned longer:b");
  ASSERT_EQ(exposures().size(), 1U);
  const VariantAssigned exposed = exposures()[0];
  EXPECT_EQ(exposed.variant, "b");
  EXPECT_EQ(exposed.experiment, "longer");
  EXPECT_EQ(exposed.call_id, asked.call_id);
  EXPECT_EQ(exposed.session, "session-" + sessions().back());
  EXPECT_EQ(exposed.unit, user_of("b"));
  EXPECT_TRUE(exposed.bucket);
}

TEST_F(ExperimentCalls, AUnitIsExposedOnceAndStaysWhereItIs) {
  try_versions();
  const std::string user = user_of("b");
  ask(of_user(user));
  put_experiment("longer", events::ExperimentReweighted{2, {10'000, 0}, events::kCoverage, {}});
  ask(of_user(user), "Again");
  EXPECT_EQ(decision("experiment"), "kept longer:b");
  EXPECT_EQ(last_request().variant->variant, "b");
  EXPECT_EQ(exposures().size(), 1U);
  ask(of_user(user + " and another"));
  EXPECT_EQ(decision("experiment"), "assigned longer:a") << "by the new shares";
}

TEST_F(ExperimentCalls, OnlyWhoAsksForNoVersionMeetsTheTrial) {
  try_versions();
  ask(of_user("u", {{"Hansard-Prompt", "greeting@2"}}));
  EXPECT_FALSE(last_request().variant);
  ask(of_user("u", {{"Hansard-Prompt", "greeting@production"}}));
  EXPECT_TRUE(last_request().variant);
  put_prompt("greeting", events::PromptTrialEnded{"longer"});
  ask(of_user("u"));
  EXPECT_FALSE(last_request().variant);
  EXPECT_EQ(last_request().prompt->version->text, "1");
}

TEST_F(ExperimentCalls, WhatTheVariantSetsGoesOverTheBody) {
  auto with = variant("only", 10'000);
  with.model = "gpt-y";
  with.parameters = parsed(R"({"temperature":0.1,"top_p":0.5})");
  run("cooler", experiment({with}));
  exchange(
      kChat,
      parsed(R"({"model":"gpt-x","temperature":1,"messages":[{"role":"user","content":"Hi"}]})"),
      plain_answer(), of_experiment("cooler", "u"));
  EXPECT_EQ(sent_body(),
            R"({"model":"gpt-y","messages":[{"role":"user","content":"Hi"}],"temperature":0.1,)"
            R"("top_p":0.5})");
  EXPECT_EQ(last_request().model, "gpt-y");
  EXPECT_FALSE(last_request().prompt);
}

TEST_F(ExperimentCalls, ItsProviderStandsForTheTargetAndIsNotShownTheClientsKey) {
  GatewayOptions options;
  options.routes["stub"].targets = {{"one", "m1", {}, 1}, {"two", "m2", {}, 1}};
  restart(options);
  dialects_["three"] = "anthropic";
  auto with = variant("only", 10'000);
  with.provider = "three";
  with.model = "claude-y";
  run("elsewhere", experiment({with}));
  Header fields = of_experiment("elsewhere", "u");
  fields.push_back({"Authorization", "Bearer sk-of-the-client"});
  send(kChat, plain_request(), fields);
  EXPECT_EQ(upstream().sent.provider, "three");
  EXPECT_EQ(upstream().sent.target, "/v1/messages");
  EXPECT_EQ(*sent_json().find("model")->if_string(), "claude-y");
  for (const core::HttpField& field : upstream().sent.fields) {
    EXPECT_EQ(field.value.find("sk-of-the-client"), std::string::npos) << field.name;
  }
  upstream().head(200);
  EXPECT_EQ(last_request().provider, "three");
  EXPECT_EQ(decision("target"), "");
}

TEST_F(ExperimentCalls, ItsProviderNeedsNoRoute) {
  auto with = variant("only", 10'000);
  with.provider = "three";
  run("elsewhere", experiment({with}));
  send(kChat, plain_request(), of_experiment("elsewhere", "u"));
  EXPECT_EQ(upstream().sent.provider, "three");
}

TEST_F(ExperimentCalls, ItsModelStandsForThatOfTheDrawnTargetButNotOfAFallback) {
  GatewayOptions options;
  options.routes["stub"].targets = {{"one", "m1", {}, 1}};
  options.routes["stub"].fallbacks = {{"two", "m2", {}, 1}};
  restart(options);
  auto with = variant("only", 10'000);
  with.model = "gpt-y";
  run("other", experiment({with}));
  send(kChat, plain_request(), of_experiment("other", "u"));
  EXPECT_EQ(*sent_json().find("model")->if_string(), "gpt-y");
  upstream().refuse(core::Errc::unavailable, "connect");
  EXPECT_EQ(*sent_json().find("model")->if_string(), "m2");
  EXPECT_EQ(exposures().size(), 1U) << "a fallback exposes nobody again";
}

TEST_F(ExperimentCalls, WhatTheCacheAnswersExposesNobody) {
  GatewayOptions options;
  options.routes["stub"].cache = CacheOptions{};
  restart(options);
  run("same", experiment({variant("a", 5'000), variant("b", 5'000)}));
  ask(of_experiment("same", user_of("a", "same")));
  EXPECT_EQ(exposures().size(), 1U);
  send(kChat, plain_request(), of_experiment("same", user_of("b", "same")));
  EXPECT_EQ(provider_.calls.size(), 1U);
  EXPECT_EQ(exposures().size(), 1U);
  EXPECT_EQ(last_request().variant->variant, "b") << "counted apart, by what served it";
}

TEST_F(ExperimentCalls, TheCacheKeepsTheAnswersOfVariantsApart) {
  GatewayOptions options;
  options.routes["stub"].cache = CacheOptions{};
  restart(options);
  try_versions();
  ask(of_user(user_of("a")));
  send(kChat, plain_request(), of_user(user_of("b")));
  EXPECT_EQ(provider_.calls.size(), 2U) << "another prompt";
  auto elsewhere = variant("d", 5'000);
  elsewhere.provider = "three";
  run("where", experiment({variant("c", 5'000), elsewhere}));
  send(kChat, plain_request(), of_experiment("where", user_of("c", "where")));
  upstream().head(200);
  upstream().piece(plain_answer());
  upstream().end();
  const std::size_t before = provider_.calls.size();
  send(kChat, plain_request(), of_experiment("where", user_of("d", "where")));
  EXPECT_EQ(provider_.calls.size(), before + 1) << "another provider";
}

TEST_F(ExperimentCalls, WhatIsRefusedExposesNobody) {
  GatewayOptions options;
  options.routes["stub"].budgets.emplace_back().requests = 0;
  restart(options);
  try_versions();
  EXPECT_EQ(send(kChat, plain_request(), of_user("u")).status, 429);
  EXPECT_TRUE(last_request().variant);
  EXPECT_TRUE(exposures().empty());
}

TEST_F(ExperimentCalls, ARetryExposesNobodyAgain) {
  GatewayOptions options;
  options.routes["stub"].retry.attempts_max = 3;
  restart(options);
  try_versions();
  send(kChat, plain_request(), of_user("u"));
  upstream().refuse(core::Errc::unavailable, "connect");
  wait(std::chrono::minutes(1));
  EXPECT_EQ(provider_.calls.size(), 2U);
  const auto asked = recorded_of<ResponseRequested>();
  ASSERT_EQ(asked.size(), 2U);
  EXPECT_EQ(asked[1].variant->variant, asked[0].variant->variant);
  EXPECT_EQ(exposures().size(), 1U);
}

TEST_F(ExperimentCalls, WhoTakesNoPartGoesOutAsWithoutAndIsToldWhy) {
  put_experiment("planned", experiment({variant("a", 10'000)}));
  ask(of_experiment("planned", "u"));
  EXPECT_EQ(decision("experiment"), "not_running planned");
  run("users", experiment({variant("a", 10'000)}));
  ask({{"Hansard-Experiment", "users"}});
  EXPECT_EQ(decision("experiment"), "no_unit users");
  auto few = experiment({variant("a", 10'000)});
  few.coverage = 0;
  run("few", few);
  ask(of_experiment("few", "u"));
  EXPECT_EQ(decision("experiment"), "left_out few");
  auto some = experiment({variant("a", 10'000)});
  some.eligibility.emplace();
  some.eligibility->agents = {"bot"};
  some.eligibility->tag_hashes.emplace_back("plan",
                                            events::tag_hash({}, "plan", "pro", keyed_hash_));
  run("some", some);
  ask(of_experiment("some", "u"));
  EXPECT_EQ(decision("experiment"), "not_eligible some");
  Header fits = of_experiment("some", "u");
  fits.push_back({"Hansard-Agent", "bot"});
  fits.push_back({"Hansard-Tag-plan", "pro"});
  ask(fits, "Another");
  EXPECT_EQ(decision("experiment"), "assigned some:a");
  EXPECT_EQ(exposures().size(), 1U) << "of all these";
}

TEST_F(ExperimentCalls, ACallThatTakesNoPartGoesOutByteForByte) {
  put_experiment("planned", experiment({variant("a", 10'000)}));
  for (const std::string body :
       {R"({ "model":"gpt-x",  "messages":[] })", R"({"model":"gpt-x"})", R"({"model":)"}) {
    send(kChat, body, of_experiment("planned", "u"));
    EXPECT_EQ(sent_body(), body);
  }
}

TEST_F(ExperimentCalls, WhatIsPlayedBackExposesNobody) {
  GatewayOptions options;
  options.routes["stub"].mode = Mode::record_playback;
  restart(options);
  run("same", experiment({variant("a", 5'000), variant("b", 5'000)}));
  ask(of_experiment("same", user_of("a", "same")));
  Client& again = send(kChat, plain_request(), of_experiment("same", user_of("b", "same")));
  EXPECT_EQ(again.status, 200);
  EXPECT_EQ(provider_.calls.size(), 1U);
  EXPECT_EQ(last_request().variant->variant, "b");
  EXPECT_EQ(exposures().size(), 1U);
}

TEST_F(ExperimentCalls, UnitsAreUsersSessionsOrCalls) {
  auto sessions_plan = experiment({variant("a", 10'000)});
  sessions_plan.unit = Unit::session;
  run("sessions", sessions_plan);
  ask({{"Hansard-Experiment", "sessions"}, {"Hansard-Session", "s1"}});
  EXPECT_EQ(exposures().back().unit, "s1");
  ask(of_experiment("sessions", "u"));
  EXPECT_EQ(decision("experiment"), "no_unit sessions");
  auto calls_plan = experiment({variant("a", 10'000)});
  calls_plan.unit = Unit::request;
  run("calls", calls_plan);
  ask({{"Hansard-Experiment", "calls"}});
  EXPECT_EQ(exposures().back().unit, last_request().call_id);
  ask({{"Hansard-Experiment", "calls"}}, "Another");
  EXPECT_EQ(exposures().size(), 3U);
}

TEST_F(ExperimentCalls, ACallCannotAskForAnotherPromptThanItsExperiment) {
  try_versions();
  store("other", "1", {{PromptRole::system, "Else."}});
  for (const std::string prompt : {"other@1", "greeting@1"}) {
    Client& client =
        send(kChat, plain_request(),
             of_user("u", {{"Hansard-Prompt", prompt}, {"Hansard-Experiment", "longer"}}));
    EXPECT_EQ(client.status, 409) << client.received;
    EXPECT_NE(client.received.find("chooses the version of prompt 'greeting'"), std::string::npos);
  }
  EXPECT_TRUE(provider_.calls.empty());
  EXPECT_TRUE(exposures().empty());
}

TEST_F(ExperimentCalls, EmbeddingsAreExposedToo) {
  auto with = variant("only", 10'000);
  with.model = "embed-y";
  run("vectors", experiment({with}));
  send("/v1/embeddings", R"({"model":"embed-x","input":"Hi"})", of_experiment("vectors", "u"));
  EXPECT_EQ(*sent_json().find("model")->if_string(), "embed-y");
  ASSERT_EQ(exposures().size(), 1U);
  EXPECT_TRUE(exposures()[0].session->starts_with("calls-"));
}

TEST_F(ExperimentCalls, OtherCallsOfAClientThatAlwaysNamesItsExperimentPass) {
  GatewayRequest request;
  request.provider = "stub";
  request.method = "GET";
  request.target = "/v1/models";
  request.fields = {{"Hansard-Experiment", "whatever"}};
  send(std::move(request));
  EXPECT_EQ(provider_.calls.size(), 1U);
}

}  // namespace
}  // namespace hansard::gateway::testing
