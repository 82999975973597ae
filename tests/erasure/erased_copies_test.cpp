// Copies of a log of which content was erased: exports, backups made before, while and after, and
// what is made of them again.
#include <fstream>
#include <iterator>

#include "events/json.h"
#include "planted_run.h"

namespace hansard::erasure {
namespace {

namespace fs = std::filesystem;
using events::Json;

std::string text_in(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

class ErasedCopies : public ::testing::Test {
 protected:
  [[nodiscard]] std::string at(const std::string& name) const {
    return (run_.folder() / name).string();
  }
  [[nodiscard]] std::string data() const { return run_.data().string(); }
  /// In place of the data directory; the ledger beside it stays where it is.
  void restore_from(const std::string& backup, std::vector<std::string> more = {}) {
    fs::remove_all(run_.data());
    std::vector<std::string> arguments{"restore", backup, "--data", data()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    run_.command(arguments);
  }
  /// What the ledger knows and the directory does not is done by the time this returns.
  void expect_erased_by_the_next_server(std::vector<std::string> more = {}) {
    run_.start(std::move(more));
    EXPECT_EQ(run_.http().get("/v1/events?from=0")->body.find("kx9vuh"), std::string::npos)
        << "not even the first request reads it";
    const Json listed = run_.get("/v1/admin/erasures");
    for (const Json& each : *listed.find("erasures")->if_array()) {
      run_.see_through(text_of(each, "erasure_id"));
    }
    run_.stop();
    EXPECT_EQ(run_.found(), std::vector<std::string>{});
    run_.expect_sound();
  }
  void erase_all() {
    run_.erase(R"({"session":"s1"})");
    run_.erase(R"({"session":"s2"})");
  }

  PlantedRun run_;
};

TEST_F(ErasedCopies, AnExportIsImportedUnderTheSameRootAndStaysErased) {
  run_.start();
  run_.record();
  erase_all();
  run_.stop();
  const std::uint64_t size = run_.size();
  const core::Hash root = run_.root_of(size);
  run_.command({"export", "--data", data(), "--out", at("log.ndjson"), "--keys", at("log.keys")});
  EXPECT_EQ(text_in(at("log.ndjson")).find("kx9vuh"), std::string::npos);
  fs::remove_all(run_.data());
  fs::remove(run_.ledger());
  run_.command(
      {"import", "--restore", at("log.ndjson"), "--keys", at("log.keys"), "--data", data()});
  EXPECT_EQ(run_.size(), size);
  EXPECT_EQ(run_.root_of(size), root);
  EXPECT_EQ(run_.found(), std::vector<std::string>{});
  run_.expect_sound();
  run_.start();
  const Json session = run_.get("/v1/sessions/s1");
  EXPECT_TRUE(flag_of(session, "erased")) << dump(session);
  EXPECT_EQ(session.find("erasing"), nullptr) << dump(session);
  run_.stop();
}

TEST_F(ErasedCopies, ABackupFromBeforeIsRestoredWithTheLedger) {
  run_.start();
  run_.record();
  run_.command({"backup", at("before"), "--data", data()});
  erase_all();
  run_.stop();
  ASSERT_FALSE(run_.found(at("before")).empty());
  restore_from(at("before"), {"--ledger", run_.ledger().string()});
  expect_erased_by_the_next_server();
  // The ledger beside the directory is found without a word.
  restore_from(at("before"));
  expect_erased_by_the_next_server();
  // A server that is killed while it does so goes on, although nobody ordered it of this log.
  restore_from(at("before"));
  run_.start();
  run_.kill();
  expect_erased_by_the_next_server();
}

TEST_F(ErasedCopies, AnErasureOrderedWhileABackupRunsIsInItOrInTheLedger) {
  for (int round = 0; round < 3; ++round) {
    const std::string name = std::to_string(round);
    PlantedRun run;
    const std::string backup = (run.folder() / "backup").string();
    run.start();
    run.record();
    run.record_others("a", 50);
    std::string to;
    events::dump_string_to(backup, to);
    run.post("/v1/admin/backup", R"({"to":)" + to + "}");
    std::vector<std::string> asked;
    for (const std::string session : {"s1", "s2"}) {
      const Json answer = run.post("/v1/erasures", R"({"session":")" + session + "\"}");
      asked.push_back(text_of(answer, "erasure_id"));
    }
    for (const std::string& id : asked) run.see_through(id);
    std::string state = "running";
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(120);
    while (state == "running" && std::chrono::steady_clock::now() < until) {
      state = text_of(run.get("/v1/admin/backup"), "state");
    }
    EXPECT_EQ(state, "done") << dump(run.get("/v1/admin/backup"));
    run.stop();
    EXPECT_EQ(run.found(), std::vector<std::string>{});
    fs::remove_all(run.data());
    run.command({"restore", backup, "--data", run.data().string()});
    run.start();
    EXPECT_EQ(run.http().get("/v1/search?q=kx9vuh")->body.find("planted"), std::string::npos);
    for (const std::string& id : asked) {
      // Where the backup ends before the order, only the ledger knows of it.
      run.see_through(id);
    }
    run.stop();
    EXPECT_EQ(run.found(), std::vector<std::string>{}) << name;
    run.expect_sound();
  }
}

TEST_F(ErasedCopies, ALedgerIsJudgedBeforeAnythingIsRestored) {
  run_.start();
  run_.record();
  run_.command({"backup", at("before"), "--data", data()});
  erase_all();
  run_.stop();
  std::string foreign = text_in(run_.ledger());
  const std::string log = "\"log\":\"";
  for (auto place = foreign.find(log); place != std::string::npos;
       place = foreign.find(log, place + 1)) {
    foreign[place + log.size()] = foreign[place + log.size()] == '0' ? '1' : '0';
  }
  std::ofstream(at("foreign")) << foreign;
  std::ofstream(at("broken")) << text_in(run_.ledger()) << "{\"log\":\n";
  std::ofstream(at("binary")) << std::string(100, '\1');
  const auto refused = [&](const std::string& ledger, int exit_code) {
    const std::string said = run_.command(
        {"restore", at("before"), "--data", at("restored"), "--ledger", at(ledger)}, exit_code);
    EXPECT_FALSE(fs::exists(at("restored"))) << "something was restored with " << ledger;
    EXPECT_FALSE(fs::exists(at("restored.erasures"))) << "it was laid beside it: " << ledger;
    return said;
  };
  EXPECT_NE(refused("missing", 7).find("there is no such file"), std::string::npos);
  EXPECT_NE(refused("foreign", 8).find("another"), std::string::npos);
  EXPECT_NE(refused("broken", 18).find("line "), std::string::npos);
  EXPECT_NE(refused("binary", 18).find("is no ledger"), std::string::npos);
}

TEST_F(ErasedCopies, TheLedgerOfTheConfigurationIsHonoured) {
  const std::vector<std::string> configured{"--config", at("hansard.toml")};
  std::string ledger;
  events::dump_string_to(at("kept.erasures"), ledger);
  std::ofstream(at("hansard.toml")) << "[erasure]\nledger = " << ledger << "\n";
  run_.start(configured);
  run_.record();
  run_.command({"backup", at("before"), "--data", data()});
  erase_all();
  run_.stop();
  EXPECT_FALSE(fs::exists(run_.ledger()));
  restore_from(at("before"), configured);
  EXPECT_FALSE(fs::exists(run_.ledger()));
  expect_erased_by_the_next_server(configured);
  // Brought from elsewhere, it is put where the configuration says.
  fs::rename(at("kept.erasures"), at("elsewhere"));
  restore_from(at("before"), {"--config", at("hansard.toml"), "--ledger", at("elsewhere")});
  EXPECT_EQ(text_in(at("kept.erasures")), text_in(at("elsewhere")));
  expect_erased_by_the_next_server(configured);
  std::ofstream(at("kept.erasures"), std::ios::app) << "{}\n";
  fs::remove_all(run_.data());
  const std::string said =
      run_.command({"restore", at("before"), "--data", data(), "--config", at("hansard.toml")}, 18);
  EXPECT_NE(said.find("kept.erasures"), std::string::npos) << said;
}

}  // namespace
}  // namespace hansard::erasure
