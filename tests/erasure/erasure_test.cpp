// A planted text, erased through the program itself: it is nowhere, and everything else is as it
// was.
#include <atomic>
#include <fstream>
#include <thread>

#include "events/json.h"
#include "planted_run.h"

namespace hansard::erasure {
namespace {

namespace fs = std::filesystem;
using events::Json;

TEST(ErasedSession, IsNowhereAndEverythingElseIsAsItWas) {
  PlantedRun run;
  run.start();
  run.record();
  run.stop();
  const std::uint64_t size = run.size();
  const core::Hash root = run.root_of(size);
  run.start();
  run.record_others("a", 20);
  ASSERT_NE(run.get("/v1/search?q=planted").find("hits"), nullptr);
  const std::string totals = run.totals();
  // The whole subtree: the fork repeats what was said, and is erased by itself.
  run.erase(R"({"session":"s1","reason":"gdpr_17","comment":"by letter"})");
  const Json fork = run.erase(R"({"session":"s2"})");
  EXPECT_EQ(text_of(fork, "scope"), "session");
  EXPECT_EQ(run.totals(), totals);
  const auto history = run.http().get("/v1/sessions/s2/history");
  ASSERT_TRUE(history && history->status == 200);
  EXPECT_NE(history->body.find("erased"), std::string::npos);
  EXPECT_EQ(history->body.find("kx9vuh"), std::string::npos);
  const auto again = run.http().post("/v1/erasures", R"({"session":"s1","reason":"gdpr_17"})");
  ASSERT_TRUE(again);
  EXPECT_NE(again->body.find("\"duplicate\":true"), std::string::npos) << again->body;
  // Sent once more it is the same message, of which nobody knows the text.
  const auto repeated = run.http().post(
      "/v1/sessions/s4/messages",
      R"({"message_id":"m1","role":"user","parts":[{"type":"text","text":"kept for bo"}]})");
  ASSERT_TRUE(repeated);
  EXPECT_NE(repeated->body.find("\"duplicate\":true"), std::string::npos) << repeated->body;
  run.stop();
  EXPECT_EQ(run.found(), std::vector<std::string>{});
  EXPECT_EQ(run.root_of(size), root);
  EXPECT_FALSE(fs::exists(run.data() / "erasing"));
  EXPECT_TRUE(fs::exists(run.ledger()));
  run.expect_sound();
}

TEST(ErasedMessage, TakesWhatRepeatsItAlongAlsoInForks) {
  PlantedRun run;
  run.start();
  run.record();
  run.stop();
  const std::uint64_t size = run.size();
  const core::Hash root = run.root_of(size);
  run.start();
  const auto inherited = run.http().post("/v1/erasures", R"({"session":"s2","message":"m1"})");
  ASSERT_TRUE(inherited);
  EXPECT_EQ(inherited->status, 404);
  EXPECT_NE(inherited->body.find("session s1"), std::string::npos) << inherited->body;
  const auto would =
      run.http().post("/v1/erasures", R"({"session":"s1","message":"m1","dry_run":true})");
  ASSERT_TRUE(would);
  EXPECT_EQ(text_of(events::parse_json(would->body).value(), "state"), "dry_run");
  run.erase(R"({"session":"s1","message":"m1"})");
  bool stays = false;
  ASSERT_TRUE(run.http().get_lines("/v1/events?from=0", [&](std::string_view line) {
    stays = stays || line.find("good morning") != std::string_view::npos;
    if (line.find("\"SessionCreated\"") != std::string_view::npos) return;
    EXPECT_EQ(line.find("zq7wym-kx9vuh"), std::string_view::npos) << line;
  }));
  EXPECT_TRUE(stays);
  run.stop();
  EXPECT_EQ(run.root_of(size), root);
  // The title of the session is no message: it still says the text.
  run.start();
  run.erase(R"({"session":"s1"})");
  run.stop();
  EXPECT_EQ(run.found(), std::vector<std::string>{});
  run.expect_sound();
}

TEST(ErasedUser, IsGoneFromEverySessionButNobodyElseIs) {
  PlantedRun run;
  run.start();
  run.record();
  run.stop();
  const std::uint64_t size = run.size();
  const core::Hash root = run.root_of(size);
  run.start();
  const std::string totals = run.totals();
  const Json done = run.erase(R"({"user":"ada"})");
  EXPECT_EQ(text_of(done, "scope"), "user");
  EXPECT_EQ(run.totals(), totals);
  EXPECT_NE(run.http().get("/v1/sessions/s4/history")->body.find("kept for bo"), std::string::npos);
  EXPECT_EQ(run.http().get("/v1/sessions/s3/history")->body.find("something else"),
            std::string::npos);
  run.erase(R"({"session":"s2"})");  // a fork without a user of its own
  run.stop();
  EXPECT_EQ(run.found(), std::vector<std::string>{});
  EXPECT_EQ(run.root_of(size), root);
  run.expect_sound();
}

TEST(LegalHold, StopsAnErasureUntilItIsReleased) {
  PlantedRun run;
  run.start();
  run.record();
  run.post("/v1/sessions/s1/hold", R"({"hold":"case-7","reason":"litigation"})");
  const auto refused = run.http().post("/v1/erasures", R"({"session":"s1"})");
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->status, 422) << refused->body;
  EXPECT_NE(refused->body.find("case-7"), std::string::npos) << refused->body;
  EXPECT_NE(run.http().get("/v1/sessions/s1/history")->body.find("zq7wym-kx9vuh"),
            std::string::npos);
  run.post("/v1/sessions/s1/hold/release", R"({"hold":"case-7","reason":"settled"})");
  run.erase(R"({"session":"s1"})");
  EXPECT_EQ(run.http().get("/v1/sessions/s1/history")->body.find("zq7wym-kx9vuh"),
            std::string::npos);
  run.stop();
  run.expect_sound();
}

TEST(Retention, ErasesWhatARuleHasOutlivedAndNothingThatIsHeld) {
  PlantedRun run;
  const fs::path config = run.data().parent_path() / "hansard.toml";
  std::ofstream(config) << "[[retention]]\nname = \"ended\"\nolder_than = \"0s\"\n"
                           "status = \"ended\"\n";
  run.start({"--config", config.string()});
  run.record();
  for (const std::string id : {"s1", "s2", "s3"}) {
    run.post("/v1/sessions/" + id + "/end", R"({"reason":"done"})");
  }
  run.post("/v1/sessions/s3/hold", R"({"hold":"case-7","reason":"litigation"})");
  const Json would = run.get("/v1/admin/retention");
  const Json& rule = would.find("rules")->if_array()->front();
  EXPECT_EQ(dump(*rule.find("sessions")), "2");
  EXPECT_EQ(dump(*rule.find("held")), "1");
  EXPECT_NE(run.http().get("/v1/sessions/s1/history")->body.find("zq7wym-kx9vuh"),
            std::string::npos)
      << "to look changes nothing";
  const Json done = run.post("/v1/admin/retention", "{}");
  run.see_through(text_of(done.find("rules")->if_array()->front(), "erasure_id"));
  const Json after = run.get("/v1/admin/retention");
  EXPECT_EQ(dump(*after.find("rules")->if_array()->front().find("sessions")), "0");
  EXPECT_NE(run.http().get("/v1/sessions/s3/history")->body.find("something else"),
            std::string::npos);
  EXPECT_NE(run.http().get("/v1/sessions/s4/history")->body.find("kept for bo"), std::string::npos);
  run.stop();
  EXPECT_EQ(run.found(), std::vector<std::string>{});
  run.expect_sound();
}

TEST(Ledger, ErasesAgainWhatAnOlderCopyOfTheDirectoryHolds) {
  PlantedRun run;
  run.start();
  run.record();
  run.stop();
  const fs::path older = run.data().parent_path() / "older";
  fs::copy(run.data(), older, fs::copy_options::recursive);
  run.start();
  run.erase(R"({"session":"s1"})");
  run.erase(R"({"session":"s2"})");
  run.stop();
  fs::remove_all(run.data());
  fs::rename(older, run.data());
  ASSERT_FALSE(run.found().empty());
  run.start();
  EXPECT_EQ(run.http().get("/v1/events?from=0")->body.find("zq7wym-kx9vuh"), std::string::npos)
      << "not even the first request reads it";
  const Json listed = run.get("/v1/admin/erasures");
  for (const Json& each : *listed.find("erasures")->if_array()) {
    run.see_through(text_of(each, "erasure_id"));
  }
  run.stop();
  EXPECT_EQ(run.found(), std::vector<std::string>{});
  run.expect_sound();
}

TEST(Readers, ThatPageThroughEverythingNeitherSeeItNorKeepIt) {
  PlantedRun run;
  run.start();
  run.record();
  run.record_others("a", 50);
  std::atomic<bool> done{false};
  std::atomic<int> pages{0};
  std::vector<std::thread> readers;
  for (const std::string target : {"/v1/export", "/v1/events?from=0"}) {
    readers.emplace_back([&, target] {
      crash::HttpClient client(run.port());
      for (; !done; ++pages) {
        ASSERT_TRUE(client.get_lines(target, [](std::string_view) {}));
      }
    });
  }
  const Json asked = run.post("/v1/erasures", R"({"session":"s1"})");
  EXPECT_EQ(run.http().get("/v1/sessions/s1/history")->body.find("zq7wym-kx9vuh"),
            std::string::npos)
      << "unreadable as soon as it was asked";
  run.see_through(text_of(asked, "erasure_id"));
  run.erase(R"({"session":"s2"})");
  done = true;
  for (std::thread& reader : readers) reader.join();
  EXPECT_GT(pages, 0);
  run.stop();
  EXPECT_EQ(run.found(), std::vector<std::string>{});
}

}  // namespace
}  // namespace hansard::erasure
