// What the program kept in memory of a conversation that was erased: none of it is served again,
// and none of it comes back to the disk.
#include <fstream>

#include "events/json.h"
#include "planted_run.h"

namespace hansard::erasure {
namespace {

using events::Json;

std::string json_text(const std::string& text) {
  std::string out;
  events::dump_string_to(text, out);
  return out;
}

std::string message(const std::string& id, const std::string& text) {
  return R"({"message_id":")" + id + R"(","role":"user","parts":[{"type":"text","text":)" +
         json_text(text) + "}]}";
}

TEST(Forgotten, AForkOfAnErasedSessionSaysNeitherItsUserNorItsTags) {
  PlantedRun run;
  run.start();
  const std::string planted = json_text(kPlanted);
  const std::string who = R"("user":)" + planted + R"(,"tags":{"for":)" + planted + "}}";
  for (const std::string session : {"p1", "p2"}) {
    run.post("/v1/sessions", R"({"session_id":")" + session + "\"," + who);
    run.post("/v1/sessions/" + session + "/messages", message("m1", "of " + session));
  }
  run.erase(R"({"user":)" + planted + "}");
  for (const std::string session : {"p1", "p2"}) {
    const std::string at = "/v1/sessions/" + session;
    run.post(at + "/messages", message("m2", "and on"));
    run.post(at + "/fork",
             R"({"child":"child-of-)" + session + R"(","at_version":1,"reason":"edit"})");
    run.post("/v1/sessions/child-of-" + session + "/messages", message("m3", "in the fork"));
    run.post(at + "/end", R"({"reason":"done"})");
    const Json child = run.get("/v1/sessions/child-of-" + session);
    EXPECT_EQ(child.find("user"), nullptr) << dump(child);
    EXPECT_EQ(child.find("tags"), nullptr) << dump(child);
  }
  run.stop();
  EXPECT_EQ(run.found(), std::vector<std::string>{});
  run.expect_sound();
}

/// A server that answers calls to models by itself, and keeps answers.
class ErasedTalk : public ::testing::Test {
 protected:
  void serve(const std::string& route) {
    const auto config = run_.folder() / "hansard.toml";
    std::ofstream(config) << "[providers.openai]\ndialect = \"openai\"\nscript = \"builtin\"\n"
                          << "[routes.openai]\n"
                          << route;
    run_.start({"--config", config.string()});
  }
  std::optional<crash::HttpAnswer> ask(const std::string& session, const std::string& text) {
    return run_.http().post("/openai/v1/chat/completions",
                            R"({"model":"gpt-x","hansard":{"session":")" + session +
                                R"("},"messages":[{"role":"user","content":)" + json_text(text) +
                                "}]}");
  }
  /// Asks; the answer must come, and say what was asked.
  void told(const std::string& session, const std::string& text) {
    const auto answer = ask(session, text);
    ASSERT_TRUE(answer && answer->status == 200) << (answer ? answer->body : "no answer");
    const std::string quoted = json_text(text);
    EXPECT_NE(answer->body.find(quoted.substr(1, quoted.size() - 2)), std::string::npos)
        << answer->body;
  }
  void expect_nowhere() {
    run_.stop();
    EXPECT_EQ(run_.found(), std::vector<std::string>{});
    run_.expect_sound();
  }
  PlantedRun run_;
};

TEST_F(ErasedTalk, GoesOnWithoutABitOfWhatWasSaid) {
  serve("");
  told("talk", kPlanted);
  told("talk", "good morning");
  run_.erase(R"({"session":"talk"})");
  told("talk", "good evening");
  run_.post("/v1/sessions/talk/fork", R"({"child":"other","at_version":2,"reason":"edit"})");
  told("other", "good night");
  EXPECT_EQ(run_.http().get("/v1/sessions/talk/context")->body.find("kx9vuh"), std::string::npos);
  expect_nowhere();
}

TEST_F(ErasedTalk, ItsAnswersAreNoLongerInTheCache) {
  serve("cache = { ttl = \"1h\" }\n");
  told("one", kPlanted);
  told("two", kPlanted);
  told("one", "good morning");
  EXPECT_EQ(run_.metric("hansard_gateway_cache_entries"), 2);
  run_.erase(R"({"session":"one"})");
  EXPECT_EQ(run_.metric("hansard_gateway_cache_entries"), 0);
  run_.erase(R"({"session":"two"})");
  expect_nowhere();
}

TEST_F(ErasedTalk, ItsAnswersAreNotPlayedBack) {
  serve("");
  told("one", kPlanted);
  run_.stop();
  serve("mode = \"playback\"\n");
  told("two", kPlanted);
  run_.erase(R"({"session":"one"})");
  run_.erase(R"({"session":"two"})");
  const auto missed = ask("three", kPlanted);
  ASSERT_TRUE(missed);
  EXPECT_EQ(missed->status, 404) << missed->body;
  EXPECT_NE(missed->body.find("Nothing is recorded for this request"), std::string::npos);
  EXPECT_EQ(missed->body.find("kx9vuh"), std::string::npos) << missed->body;
  run_.erase(R"({"session":"three"})");  // what was asked is on record, as of any call
  for (const std::string session : {"one", "two", "three"}) {
    const std::string played =
        run_.command({"replay", session, "--max-gap", "0", "--data", run_.data().string()});
    EXPECT_NE(played.find("erased"), std::string::npos) << played;
    EXPECT_EQ(played.find("kx9vuh"), std::string::npos) << played;
    const auto replay = run_.http().get("/v1/sessions/" + session + "/replay?max_gap=0");
    ASSERT_TRUE(replay);
    EXPECT_EQ(replay->body.find("kx9vuh"), std::string::npos) << replay->body;
  }
  expect_nowhere();
}

}  // namespace
}  // namespace hansard::erasure
