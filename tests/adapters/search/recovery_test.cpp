#include <sqlite3.h>

#include <fstream>
#include <thread>

#include "schema.h"
#include "search_rig.h"
#include "sqlite.h"

namespace hansard::search::test {
namespace {

using FoundAt = std::vector<std::uint64_t>;

void say_many(SearchRig& rig, int from, int to) {
  for (int i = from; i < to; ++i) {
    const std::string number = std::to_string(i);
    rig.recorder.say("s" + std::to_string(i % 7), "m" + number,
                     "text number " + number + (i % 3 == 0 ? " divisible" : " other"));
  }
}

void change_database(const SearchRig& rig, const std::string& sql) {
  auto connection = Connection::open(rig.folder.database(), Connection::Mode::write);
  ASSERT_TRUE(connection);
  const auto status = connection->run(sql);
  ASSERT_TRUE(status) << status.error().message;
}

std::int64_t stored_number(const SearchRig& rig, const std::string& sql) {
  auto connection = Connection::open(rig.folder.database(), Connection::Mode::write);
  EXPECT_TRUE(connection);
  return connection->number(sql).value().value_or(-1);
}

/// Overwrites bytes of the file from `offset` on.
void damage(const std::string& path, std::streamoff offset, std::size_t bytes) {
  std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
  file.seekp(offset);
  const std::string noise(bytes, '\xA5');
  file.write(noise.data(), static_cast<std::streamsize>(noise.size()));
  ASSERT_TRUE(file.good());
}

/// Whatever was wrong: it is told once, and the index answers as a fresh one does.
void expect_rebuilt(SearchRig& rig, std::string_view why) {
  rig.start();
  EXPECT_EQ(rig.search("divisible").matched, 100U);
  const auto notices = rig.notices();
  ASSERT_EQ(notices.size(), 1U);
  EXPECT_NE(notices[0].find(why), std::string::npos) << notices[0];
  EXPECT_EQ(rig.index->state().rebuilds, 1U);
  EXPECT_EQ(rig.index->state().notice, notices[0]);
}

class SearchRecovery : public ::testing::Test {
 protected:
  void SetUp() override {
    say_many(rig, 0, 300);
    rig.start();
    EXPECT_EQ(rig.search("divisible").matched, 100U);
    rig.stop();
    EXPECT_TRUE(rig.notices().empty());
  }
  SearchRig rig;
};

TEST_F(SearchRecovery, AnIndexThatWasClosedGoesOnWhereItWas) {
  say_many(rig, 300, 600);
  rig.start();
  EXPECT_EQ(rig.search("divisible").matched, 200U);
  EXPECT_TRUE(rig.notices().empty());
  EXPECT_EQ(rig.search("\"number 299\"").matched, 1U);
  EXPECT_EQ(rig.search("\"number 300\"").matched, 1U);
}

TEST_F(SearchRecovery, ABatchThatWasNotCommittedIsAbsorbedAgain) {
  // As a kill leaves it: rows written, the transaction not ended.
  auto connection = Connection::open(rig.folder.database(), Connection::Mode::write);
  ASSERT_TRUE(connection);
  ASSERT_TRUE(
      connection->run("BEGIN IMMEDIATE; UPDATE state SET checkpoint=400;"
                      "INSERT INTO texts_1(rowid, text) VALUES(350, 'half divisible')"));
  connection = Connection{};
  say_many(rig, 300, 450);
  rig.start();
  EXPECT_EQ(rig.search("divisible").matched, 150U);
  EXPECT_EQ(rig.search("half").matched, 0U);
  EXPECT_TRUE(rig.notices().empty());
}

TEST_F(SearchRecovery, AFileThatIsNoDatabaseIsReplaced) {
  damage(rig.folder.database(), 0, 4096);
  expect_rebuilt(rig, "damaged");
}

TEST_F(SearchRecovery, ADamagedPageIsFound) {
  const auto bytes = std::filesystem::file_size(rig.folder.database());
  ASSERT_GT(bytes, 3U * 4096U);
  for (std::uintmax_t page = 4096; page + 4096 <= bytes; page += 4096) {
    damage(rig.folder.database(), static_cast<std::streamoff>(page), 512);
  }
  expect_rebuilt(rig, "damaged");
}

TEST_F(SearchRecovery, DamageThatShowsWhileItIsSearchedIsCuredToo) {
  rig.options.check_bytes_max = 0;  // as for a large file
  const auto bytes = std::filesystem::file_size(rig.folder.database());
  for (std::uintmax_t page = 4096; page + 4096 <= bytes; page += 4096) {
    damage(rig.folder.database(), static_cast<std::streamoff>(page), 4096);
  }
  rig.start();
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  core::Result<projections::SearchAnswer> answer = rig.try_search(rig.request("divisible"));
  while (!answer && std::chrono::steady_clock::now() < deadline) {
    EXPECT_EQ(answer.error().code, core::Errc::unavailable) << answer.error().message;
    answer = rig.try_search(rig.request("divisible"));
  }
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->matched, 100U);
  EXPECT_FALSE(rig.notices().empty());
}

TEST_F(SearchRecovery, ATruncatedFileIsReplaced) {
  std::filesystem::resize_file(rig.folder.database(), 4096U * 2);
  expect_rebuilt(rig, "damaged");
}

TEST_F(SearchRecovery, ADatabaseOfANewerVersionIsReplaced) {
  change_database(rig, "PRAGMA user_version=" + std::to_string(kSchema + 1));
  expect_rebuilt(rig, "a newer version wrote it");
  EXPECT_EQ(stored_number(rig, "PRAGMA user_version"), kSchema);
}

TEST_F(SearchRecovery, ADatabaseOfAnotherProgramIsReplaced) {
  change_database(rig, "PRAGMA application_id=7");
  expect_rebuilt(rig, "not a search database");
}

TEST_F(SearchRecovery, ADatabaseWithoutItsTablesIsReplaced) {
  change_database(rig, "DROP TABLE documents");
  rig.start();
  EXPECT_EQ(rig.search("divisible").matched, 100U);
}

TEST_F(SearchRecovery, ADatabaseOfAnotherLogIsReplaced) {
  rig.options.log_id = "log-2";
  expect_rebuilt(rig, "another log");
}

TEST_F(SearchRecovery, ADatabaseThatIsSoundIsKept) {
  rig.recorder.create("tagged", "ada", {{"team", "red"}});
  rig.recorder.say("tagged", "m1", "sound");
  for (int i = 0; i < 2; ++i) {
    rig.start();
    EXPECT_EQ(rig.search("sound").matched, 1U);
    rig.stop();
  }
  EXPECT_TRUE(rig.notices().empty());
}

TEST_F(SearchRecovery, ADatabaseAheadOfItsLogIsReplaced) {
  change_database(rig, "UPDATE state SET checkpoint=301");
  expect_rebuilt(rig, "ahead of the log");
}

TEST_F(SearchRecovery, ALogThatWentAnotherWayIsNoticed) {
  // Restored to an earlier moment and grown again: as long as before, with other events.
  SearchRig other;
  say_many(other, 0, 200);
  for (int i = 0; i < 150; ++i) {
    other.recorder.say("t", "x" + std::to_string(i), i < 33 ? "divisible" : "anew");
  }
  other.options.path = rig.folder.database();
  other.start();
  EXPECT_EQ(other.search("divisible").matched, 100U);
  ASSERT_EQ(other.notices().size(), 1U);
  EXPECT_NE(other.notices()[0].find("another event at position 299"), std::string::npos);
}

TEST_F(SearchRecovery, ATextThatTheLogDoesNotHaveIsNotServed) {
  change_database(rig, "INSERT INTO texts_1(rowid, text) VALUES(0, 'forged')");
  rig.start();
  EXPECT_EQ(rig.search("forged").hits.size(), 0U);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (rig.notices().empty() && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::yield();
  }
  ASSERT_EQ(rig.notices().size(), 1U);
  auto answer = rig.try_search(rig.request("forged"));
  while (!answer) answer = rig.try_search(rig.request("forged"));
  EXPECT_EQ(answer->matched, 0U);
}

TEST_F(SearchRecovery, ARebuildPurgesWhatWasErased) {
  // Longer than what SQLite might write by chance; the token stands in the index in full.
  rig.recorder.say("s1", "private", "pseudonymouscorrespondent wrote");
  rig.start();
  EXPECT_EQ(rig.search("pseudonymouscorrespondent").matched, 1U);
  rig.stop();
  const auto holds = [&] {
    std::string all;
    for (const char* beside : {"", "-wal"}) {
      std::ifstream file(rig.folder.database() + beside, std::ios::binary);
      all.append(std::istreambuf_iterator<char>(file), {});
    }
    return all.find("pseudonymouscorrespondent") != std::string::npos;
  };
  EXPECT_TRUE(holds());
  ASSERT_TRUE(rig.recorder.log().erase(core::Position{300}));
  rig.start();
  rig.index->rebuild("content was erased");
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (rig.notices().empty() && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::yield();
  }
  auto answer = rig.try_search(rig.request("divisible"));
  while (!answer) answer = rig.try_search(rig.request("divisible"));
  EXPECT_EQ(answer->matched, 100U);
  rig.stop();
  EXPECT_FALSE(holds());
  EXPECT_EQ(stored_number(rig, "SELECT count(*) FROM documents"), 301);  // facts stay
}

TEST(SearchFollowing, AnswersGrowWithTheLogWhileItIsWritten) {
  SearchRig rig;
  rig.start();
  std::thread writer([&] { say_many(rig, 0, 2000); });
  std::uint64_t seen = 0;
  while (seen < 667) {
    auto request = rig.request("divisible");
    request.limit = 1;
    const auto answer = rig.search(request);
    EXPECT_GE(answer.position, request.at_least);
    EXPECT_GE(answer.matched, seen);
    // As many as the log had when it was at that position.
    EXPECT_EQ(answer.matched, (answer.position.value + 2) / 3);
    seen = answer.matched;
  }
  writer.join();
}

TEST(SearchFollowing, SearchesRunBesideEachOther) {
  SearchRig rig;
  say_many(rig, 0, 600);
  rig.options.readers = 2;
  rig.start();
  std::vector<std::thread> threads;
  for (int t = 0; t < 6; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 20; ++i) EXPECT_EQ(rig.search("divisible").matched, 200U);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST(SearchFollowing, TheFileIsItsOwnersAlone) {
  SearchRig rig;
  rig.recorder.say("s1", "m1", "word");
  rig.start();
  EXPECT_EQ(rig.search("word").matched, 1U);
  for (const char* beside : {"", "-wal", "-shm"}) {
    const auto mode = std::filesystem::status(rig.folder.database() + beside).permissions();
    EXPECT_EQ(mode, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write)
        << beside;
  }
}

TEST(SearchFollowing, OnlyTheNewestMatchesAreRankedAndItIsSaid) {
  SearchRig rig;
  say_many(rig, 0, 50);
  rig.options.ranked_max = 20;
  rig.start();
  const auto answer = rig.search("text");
  EXPECT_EQ(answer.matched, 20U);
  EXPECT_TRUE(answer.more);
  for (const auto& hit : answer.hits) EXPECT_GE(hit.position.value, 30U);
}

TEST(SearchFollowing, AnEventThatCannotBeReadStopsTheIndexThereAndNotBefore) {
  SearchRig rig;
  rig.recorder.say("s1", "m1", "before");
  rig.recorder.add_raw("session-s1", "MessageSent", R"({"message_id":7})", "{}");
  rig.recorder.say("s1", "m2", "behind");
  rig.start();
  auto request = rig.request("before");
  request.at_least = core::Position{1};
  EXPECT_EQ(rig.search(request).matched, 1U);
  request.query = "behind";
  request.at_least = core::Position{3};
  const auto answer = rig.try_search(request);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, core::Errc::unavailable);
  EXPECT_NE(answer.error().message.find("stopped at position 1"), std::string::npos);
  EXPECT_EQ(rig.index->state().phase, projections::SearchState::Phase::stopped);
}

}  // namespace
}  // namespace hansard::search::test
