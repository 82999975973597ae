#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "store_fixture.h"

namespace hansard::rocks::testing {
namespace {

using core::Errc;
namespace fs = std::filesystem;

unsigned mode_of(const fs::path& path) {
  struct stat info {};
  EXPECT_EQ(::stat(path.c_str(), &info), 0) << path;
  return info.st_mode & 07777;
}

std::string text_of(const fs::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

void write_text(const fs::path& path, const std::string& text) {
  std::ofstream(path, std::ios::trunc) << text;
}

class Opening : public ::testing::Test {
 protected:
  TempDirectory directory_;
  OpenOptions options_ = options_for(directory_.data());
};

TEST_F(Opening, ANewDirectoryGetsAnEmptyLogAndPrivateKeys) {
  auto store = must_open(options_);
  EXPECT_EQ(store->log().end().value, 0U);
  EXPECT_EQ(mode_of(directory_.data()), 0700U);
  EXPECT_EQ(mode_of(directory_.data() / "keys"), 0700U);
  EXPECT_EQ(mode_of(directory_.data() / "keys/store.key"), 0600U);
  EXPECT_EQ(mode_of(directory_.data() / "keys/log.id"), 0600U);
  EXPECT_EQ(text_of(directory_.data() / "keys/store.key"),
            core::to_hex(core::as_bytes(store->store_key())) + "\n");
  EXPECT_EQ(text_of(directory_.data() / "keys/log.id"), core::to_string(store->log_id()) + "\n");
}

TEST_F(Opening, TwoDirectoriesHaveDifferentKeysAndOneKeepsIts) {
  TempDirectory other;
  const auto second = must_open(options_for(other.data()));
  auto store = must_open(options_);
  EXPECT_NE(store->store_key(), second->store_key());
  EXPECT_NE(store->log_id(), second->log_id());
  const auto key = store->store_key();
  const auto id = store->log_id();
  store.reset();
  store = must_open(options_);
  EXPECT_EQ(store->store_key(), key);
  EXPECT_EQ(store->log_id(), id);
}

TEST_F(Opening, AnOpenDirectoryIsRefusedNamingWhoHasIt) {
  const auto store = must_open(options_);
  for (const bool read_only : {false, true}) {
    auto options = options_;
    options.read_only = read_only;
    const auto error = must_refuse(options);
    EXPECT_EQ(error.code, Errc::unavailable);
    EXPECT_NE(error.message.find("in use by another process (pid " + std::to_string(::getpid())),
              std::string::npos)
        << error.message;
  }
  append_events(store->log(), 1);
}

TEST_F(Opening, AnotherProcessKeepsTheDirectoryUntilItEnds) {
  int ready[2];
  int leave[2];
  ASSERT_EQ(::pipe(ready), 0);
  ASSERT_EQ(::pipe(leave), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const auto held = DataDirectory::open(posix_files(), options_.directory, {true, false});
    char byte = held ? 'y' : 'n';
    if (::write(ready[1], &byte, 1) != 1 || ::read(leave[0], &byte, 1) != 1) ::_exit(1);
    ::_exit(0);  // without closing, as a kill would
  }
  char byte = 0;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  ASSERT_EQ(byte, 'y');
  EXPECT_NE(must_refuse(options_).message.find("pid " + std::to_string(child)), std::string::npos);
  ASSERT_EQ(::write(leave[1], &byte, 1), 1);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  append_events(must_open(options_)->log(), 1);
  for (const int fd : {ready[0], ready[1], leave[0], leave[1]}) ::close(fd);
}

TEST_F(Opening, AFormatThatIsNotOursIsRefusedNamingBoth) {
  must_open(options_).reset();
  std::string newer;
  put_be32(newer, 7);
  put(*open_files(directory_.data()), Family::meta, kMetaFormat, newer);
  const auto error = must_refuse(options_);
  EXPECT_EQ(error.code, Errc::unsupported);
  EXPECT_NE(error.message.find("format 7"), std::string::npos) << error.message;
  EXPECT_NE(error.message.find("format 1"), std::string::npos) << error.message;
}

TEST_F(Opening, AColumnFamilyOfANewerFormatIsRefusedByName) {
  must_open(options_).reset();
  {
    const auto files = open_files(directory_.data());
    rocksdb::ColumnFamilyHandle* family = nullptr;
    ASSERT_TRUE(files->db().CreateColumnFamily({}, "hologram", &family).ok());
    ASSERT_TRUE(files->db().DestroyColumnFamilyHandle(family).ok());
  }
  const auto error = must_refuse(options_);
  EXPECT_EQ(error.code, Errc::unsupported);
  EXPECT_NE(error.message.find("hologram"), std::string::npos) << error.message;
}

TEST_F(Opening, AnotherLogsKeysAreRefused) {
  TempDirectory other;
  must_open(options_).reset();
  must_open(options_for(other.data())).reset();
  const auto keys = directory_.data() / "keys";
  for (const char* name : {"store.key", "log.id"}) {
    const std::string own = text_of(keys / name);
    write_text(keys / name, text_of(other.data() / "keys" / name));
    const auto error = must_refuse(options_);
    EXPECT_EQ(error.code, Errc::corruption);
    EXPECT_NE(error.message.find(name == std::string("log.id") ? "HEAD" : name), std::string::npos)
        << error.message;
    write_text(keys / name, own);
  }
  must_open(options_);
}

TEST_F(Opening, MissingOrMalformedKeysOfALogAreNamedNotReplaced) {
  must_open(options_).reset();
  const auto key = directory_.data() / "keys/store.key";
  const std::string own = text_of(key);
  for (const std::string& bad :
       {std::string("abc\n"), own.substr(0, 64), std::string(64, 'g') + "\n"}) {
    write_text(key, bad);
    const auto error = must_refuse(options_);
    EXPECT_EQ(error.code, Errc::corruption);
    EXPECT_NE(error.message.find("store.key is malformed"), std::string::npos) << error.message;
  }
  fs::remove(key);
  const auto error = must_refuse(options_);
  EXPECT_EQ(error.code, Errc::corruption);
  EXPECT_NE(error.message.find("store.key is missing"), std::string::npos) << error.message;
  EXPECT_FALSE(fs::exists(key));
}

TEST_F(Opening, WhatIsNotADataDirectoryIsSaidSo) {
  auto options = options_;
  options.create_if_missing = false;
  EXPECT_EQ(must_refuse(options).code, Errc::not_found);
  options.create_if_missing = true;
  options.read_only = true;
  EXPECT_EQ(must_refuse(options).code, Errc::not_found);
  EXPECT_FALSE(fs::exists(directory_.data())) << "looking must create nothing";

  write_text(directory_.data(), "a file");
  EXPECT_EQ(must_refuse(options_).code, Errc::invalid_argument);
}

TEST_F(Opening, ACreationThatWasInterruptedIsFinished) {
  auto store = must_open(options_);
  const auto id = store->log_id();
  store.reset();
  fs::remove_all(directory_.data() / "db");
  fs::remove(directory_.data() / "HEAD");
  store = must_open(options_);
  EXPECT_EQ(store->log_id(), id) << "keys that were synced already are used";
  append_events(store->log(), 1);
}

TEST_F(Opening, ReadOnlyReadsEverythingAndRefusesToAppend) {
  auto store = must_open(options_);
  append_events(store->log(), 20);
  const auto tree = store->log().tree();
  const core::ViewId view{"usage", 1, 0};
  ASSERT_TRUE(store->views().commit(view, {{"k", "v"}}, core::Position{20}));
  store.reset();
  auto options = options_;
  options.read_only = true;
  const auto first = must_open(options);
  const auto second = must_open(options);  // readers do not exclude each other
  EXPECT_EQ(second->log().tree(), tree);
  EXPECT_EQ(support::read_all(second->log()).size(), 20U);
  EXPECT_EQ(second->views().open(view).value()->get("k").value(), "v");
  EXPECT_TRUE(second->verify({}).value().sound());
  const auto receipt =
      support::append(first->log(), support::request({support::event("session-1", "late")}));
  EXPECT_EQ(receipt.error().code, Errc::unsupported);
  EXPECT_EQ(first->views().commit(view, {}, core::Position{1}).error().code, Errc::unsupported);
  EXPECT_NE(must_refuse(options_).message.find("reading it"), std::string::npos);
}

TEST_F(Opening, ReadOnlySeesWhatAKilledProcessLeftInItsLogFile) {
  auto options = options_;
  options.directory = directory_.path() / "killed";
  {
    const auto store = must_open(options_);
    append_events(store->log(), 4);
    copy_as_killed(options_.directory, options.directory);
  }
  options.read_only = true;
  const auto store = must_open(options);
  EXPECT_EQ(store->log().end().value, 4U);
  EXPECT_EQ(support::read_all(store->log()).size(), 4U);
}

TEST_F(Opening, ADirectoryWithoutPermissionIsAClearError) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may write everywhere";
  must_open(options_).reset();
  fs::permissions(directory_.data(), fs::perms::owner_read | fs::perms::owner_exec);
  fs::permissions(directory_.data() / "db", fs::perms::owner_read | fs::perms::owner_exec);
  const auto error = must_refuse(options_);
  EXPECT_EQ(error.code, Errc::unavailable);
  EXPECT_NE(error.message.find("ermission denied"), std::string::npos) << error.message;
  fs::permissions(directory_.data(), fs::perms::owner_all);
  fs::permissions(directory_.data() / "db", fs::perms::owner_all);
}

TEST_F(Opening, ClosingAnswersEveryAppendAndThenRefuses) {
  auto store = must_open(options_);
  std::atomic<int> answered{0};
  std::atomic<int> stored{0};
  for (int i = 0; i < 500; ++i) {
    store->log().append(support::request({support::event("session-1", "e" + std::to_string(i))}),
                        [&](core::Result<core::Receipt> receipt) {
                          ++answered;
                          if (receipt) ++stored;
                        });
  }
  ASSERT_TRUE(store->close());
  EXPECT_EQ(answered.load(), 500);
  EXPECT_EQ(stored.load(), 500) << "what was accepted before closing is committed";
  const auto late =
      support::append(store->log(), support::request({support::event("session-1", "late")}));
  EXPECT_EQ(late.error().code, Errc::cancelled);
  EXPECT_EQ(store->log().read({}, [](const auto&) { return true; }).error().code,
            Errc::unavailable);
  store.reset();
  EXPECT_EQ(must_open(options_)->log().end().value, 500U);
}

TEST_F(Opening, MemoryIsNamedAndBudgeted) {
  const auto store = must_open(options_);
  append_events(store->log(), 50);
  std::vector<std::string> names;
  for (const MemoryUse& use : store->memory_usage()) {
    names.emplace_back(use.name);
    if (use.budget_bytes != 0) {
      EXPECT_LE(use.bytes, use.budget_bytes) << use.name;
    }
  }
  const std::vector<std::string> expected = {"memtables",     "block_cache",  "head_cache",
                                             "table_readers", "append_queue", "views_unflushed"};
  EXPECT_EQ(names, expected);
  const auto stats = store->stats();
  EXPECT_EQ(stats.events, 50U);
  EXPECT_EQ(stats.requests, 50U);
  EXPECT_EQ(stats.groups, 50U) << "each was waited for";
  std::uint64_t syncs = 0;
  for (const auto count : stats.sync_buckets) syncs += count;
  EXPECT_EQ(syncs, stats.groups);
}

}  // namespace
}  // namespace hansard::rocks::testing
