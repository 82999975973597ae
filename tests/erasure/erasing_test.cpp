// An erasure that cannot go on for a while: everybody is told so, and nothing gets round it.
#include "events/json.h"
#include "planted_run.h"

namespace hansard::erasure {
namespace {

using events::Json;

/// What is said of a session where it is asked for by itself, as a conversation and in the list.
std::vector<Json> answers_about(PlantedRun& run, const std::string& session) {
  std::vector<Json> answers{run.get("/v1/sessions/" + session),
                            run.get("/v1/sessions/" + session + "/history")};
  const std::string seen = dump(*answers.front().find("checkpoint"));
  const Json list = run.get("/v1/sessions?limit=200&at_least=" + seen);
  for (const Json& each : *list.find("sessions")->if_array()) {
    if (text_of(each, "session_id") == session) answers.push_back(each);
  }
  EXPECT_EQ(answers.size(), 3U);
  return answers;
}

TEST(Erasing, IsSaidByEveryAnswerUntilItIsDoneAndThenThatItIs) {
  PlantedRun run;
  run.start();
  run.record();
  for (const Json& answer : answers_about(run, "s1")) {
    EXPECT_EQ(answer.find("erasing"), nullptr) << dump(answer);
    EXPECT_EQ(answer.find("erased"), nullptr) << dump(answer);
  }
  run.hold_back();
  const std::string id = text_of(run.post("/v1/erasures", R"({"session":"s1"})"), "erasure_id");
  EXPECT_EQ(text_of(run.see_fail(id), "state"), "erasing");
  const auto expect_erasing = [&] {
    for (const Json& answer : answers_about(run, "s1")) {
      EXPECT_TRUE(flag_of(answer, "erasing")) << dump(answer);
      EXPECT_EQ(dump(answer).find("kx9vuh"), std::string::npos) << dump(answer);
    }
    const Json session = run.get("/v1/sessions/s1");
    ASSERT_NE(session.find("erasures"), nullptr) << dump(session);
    const Json& erasure = session.find("erasures")->if_array()->front();
    EXPECT_EQ(text_of(erasure, "erasure_id"), id);
    EXPECT_EQ(text_of(erasure, "state"), "erasing");
    EXPECT_NE(run.command({"show", "s1", "--data", run.data().string()}).find("being erased"),
              std::string::npos);
    EXPECT_NE(run.command({"sessions", "--data", run.data().string()}).find("erasing"),
              std::string::npos);
    for (const Json& answer : answers_about(run, "s3")) {
      EXPECT_EQ(answer.find("erasing"), nullptr) << dump(answer);
    }
    EXPECT_EQ(run.metric("hansard_erasures_pending"), 1);
    EXPECT_EQ(run.metric("hansard_erasures_requested_total"), 1);
    EXPECT_EQ(run.metric("hansard_erasures_done_total"), 0);
    EXPECT_GE(run.metric("hansard_erasure_failures_total").value_or(0), 1);
  };
  expect_erasing();
  run.kill();
  run.start();
  run.see_fail(id);
  expect_erasing();
  run.let_go();
  const Json done = run.see_through(id);
  for (const Json& answer : answers_about(run, "s1")) {
    EXPECT_EQ(answer.find("erasing"), nullptr) << dump(answer);
    EXPECT_TRUE(flag_of(answer, "erased")) << dump(answer);
  }
  const Json session = run.get("/v1/sessions/s1");
  const Json& erasure = session.find("erasures")->if_array()->front();
  EXPECT_EQ(text_of(erasure, "state"), "erased");
  EXPECT_EQ(dump(*erasure.find("events")), dump(*done.find("events")));
  EXPECT_EQ(run.get("/v1/sessions/s1/history").find("unknown_events"), nullptr);
  const std::string shown = run.command({"show", "s1", "--data", run.data().string()});
  EXPECT_EQ(shown.find("being erased"), std::string::npos) << shown;
  EXPECT_NE(shown.find("erased"), std::string::npos) << shown;
  EXPECT_EQ(run.metric("hansard_erasures_pending"), 0);
  EXPECT_EQ(run.metric("hansard_erasures_done_total"), 1);
  EXPECT_EQ(dump(*done.find("events")),
            dump(Json(static_cast<std::uint64_t>(
                run.metric("hansard_erasure_events_total").value_or(0)))));
  EXPECT_GT(run.metric("hansard_erasure_seconds_total").value_or(0), 0);
  run.erase(R"({"session":"s2"})");
  run.stop();
  EXPECT_EQ(run.found(), std::vector<std::string>{});
  run.expect_sound();
}

TEST(Erasing, RefusesAHoldThatComesTooLateAndABackup) {
  PlantedRun run;
  run.start();
  run.record();
  run.hold_back();
  const std::string id = text_of(run.post("/v1/erasures", R"({"session":"s1"})"), "erasure_id");
  run.see_fail(id);
  const std::string data = run.data().string();
  const std::string held = run.command({"hold", "s1", "--data", data}, 8);
  EXPECT_NE(held.find(id), std::string::npos) << held;
  const std::string backup = (run.folder() / "backup").string();
  const std::string refused = run.command({"backup", backup, "--data", data}, 8);
  EXPECT_NE(refused.find("an erasure is under way"), std::string::npos) << refused;
  EXPECT_FALSE(std::filesystem::exists(backup));
  run.let_go();
  run.see_through(id);
  run.erase(R"({"session":"s2"})");
  run.command({"backup", backup, "--data", data});
  run.stop();
  EXPECT_EQ(run.found(backup), std::vector<std::string>{});
}

TEST(LegalHold, IsPlacedAndReleasedByTheProgramAndNamedWhereItStopsAnErasure) {
  PlantedRun run;
  run.start();
  run.record();
  const std::string data = run.data().string();
  const auto hansard = [&](std::vector<std::string> arguments, int exit_code = 0) {
    arguments.insert(arguments.end(), {"--data", data});
    return run.command(std::move(arguments), exit_code);
  };
  hansard({"hold", "s1", "--hold", "case-7", "--reason", "litigation"});
  hansard({"hold", "s1", "--hold", "case-9"});
  EXPECT_NE(hansard({"erase", "--session", "s1"}, 8).find("case-7 (litigation)"),
            std::string::npos);
  EXPECT_NE(hansard({"erase", "--session", "s1", "--message", "m1"}, 8).find("case-7"),
            std::string::npos);
  // Of a user everything goes but what is held, and that is said.
  const std::string of_user = hansard({"erase", "--user", "ada"});
  EXPECT_NE(of_user.find("held: session-s1"), std::string::npos) << of_user;
  EXPECT_NE(run.http().get("/v1/sessions/s1/history")->body.find("kx9vuh"), std::string::npos);
  EXPECT_EQ(run.http().get("/v1/sessions/s3/history")->body.find("something else"),
            std::string::npos);
  hansard({"hold", "s1", "--hold", "case-7", "--release"});
  EXPECT_NE(hansard({"erase", "--session", "s1"}, 8).find("case-9"), std::string::npos);
  hansard({"hold", "s1", "--hold", "case-9", "--release"});
  hansard({"hold", "s1", "--hold", "case-10", "--release"}, 7);
  hansard({"erase", "--session", "s1", "--wait"});
  hansard({"erase", "--session", "s2", "--wait"});
  run.stop();
  EXPECT_EQ(run.found(), std::vector<std::string>{});
  run.expect_sound();
}

}  // namespace
}  // namespace hansard::erasure
