// HEAD, and what it protects: acknowledged events that RocksDB alone would not miss.

#include "head_file.h"

#include <fstream>

#include "store_fixture.h"

namespace hansard::rocks::testing {
namespace {

using core::Errc;
using core::Position;
namespace fs = std::filesystem;

class Head : public ::testing::Test {
 protected:
  /// Appends and is killed: the events are in the write-ahead log only.
  void append_and_die(int count) {
    {
      const auto store = must_open(options_);
      append_events(store->log(), count, "killed");
      copy_as_killed(options_.directory, directory_.path() / "killed");
    }
    options_.directory = directory_.path() / "killed";
  }
  fs::path live_log() { return files_of(options_.directory, ".log").back(); }

  TempDirectory directory_;
  OpenOptions options_ = options_for(directory_.data());
};

TEST_F(Head, WhatAKilledProcessAcknowledgedIsThere) {
  append_events(must_open(options_)->log(), 4);
  append_and_die(7);
  const auto store = must_open(options_);
  EXPECT_EQ(store->log().end().value, 11U);
  EXPECT_TRUE(store->verify({}).value().sound());
}

TEST_F(Head, ALogThatLostItsWriteAheadLogIsRefusedSayingWhatIsMissing) {
  append_events(must_open(options_)->log(), 4);
  append_and_die(7);
  fs::remove(live_log());
  for (const bool read_only : {false, true}) {
    auto options = options_;
    options.read_only = read_only;
    const auto error = must_refuse(options);
    EXPECT_EQ(error.code, Errc::corruption);
    EXPECT_NE(error.message.find("7 acknowledged events are missing: positions 4 to 10"),
              std::string::npos)
        << error.message;
    EXPECT_NE(error.message.find("hansard doctor --accept-loss"), std::string::npos);
  }
}

TEST_F(Head, ATruncatedWriteAheadLogIsRefusedAndTheLossCanBeAccepted) {
  append_events(must_open(options_)->log(), 4);
  append_and_die(9);
  fs::resize_file(live_log(), fs::file_size(live_log()) / 2);
  const auto error = must_refuse(options_);
  EXPECT_EQ(error.code, Errc::corruption);
  EXPECT_NE(error.message.find("acknowledged events are missing"), std::string::npos)
      << error.message;

  auto accepting = options_;
  accepting.accept_loss = true;
  auto store = must_open(accepting);
  const auto end = store->log().end();
  EXPECT_GE(end.value, 4U);
  EXPECT_LT(end.value, 13U);
  EXPECT_TRUE(store->verify({}).value().sound());
  append_events(store->log(), 3, "after");
  store.reset();

  store = must_open(options_);  // and from then on as ever
  EXPECT_EQ(store->log().end().value, end.value + 3);
  EXPECT_TRUE(store->verify({}).value().sound());
}

TEST_F(Head, AcceptingALossCutsIndexesThatAreAheadOfTheEvents) {
  {
    const auto store = must_open(options_);
    append_events(store->log(), 600);
    ASSERT_TRUE(store->views().commit({"usage", 1, 0}, {{"k", "v"}}, Position{600}));
    ASSERT_TRUE(store->views().activate({"usage", 1, 0}));
    ASSERT_TRUE(store->views().commit({"sessions", 1, 0}, {{"k", "v"}}, Position{450}));
  }
  {
    // What a disk may leave that lost one file and not the others: events end, or have a hole.
    const auto files = open_files(directory_.data());
    for (std::uint64_t position : {500U, 501U, 599U}) {
      ASSERT_TRUE(
          files->db()
              .Delete(rocksdb::WriteOptions(), (*files)[Family::events], key_of(Position{position}))
              .ok());
    }
  }
  EXPECT_EQ(must_refuse(options_).code, Errc::corruption);
  auto accepting = options_;
  accepting.accept_loss = true;
  const auto store = must_open(accepting);
  EXPECT_EQ(store->log().end().value, 500U);
  EXPECT_EQ(store->log().find({}, support::event_id("e500")).value(), std::nullopt);
  EXPECT_EQ(store->log().find({}, support::event_id("e598")).value(), std::nullopt);
  EXPECT_EQ(store->log().head({}, support::stream("session-1")).value()->value, 99U);
  EXPECT_EQ(store->views().active("usage").value(), std::nullopt)
      << "a view ahead of the log is gone, so that it is built anew";
  EXPECT_EQ(store->views().open({"usage", 1, 0}).value()->checkpoint(), Position{0});
  EXPECT_EQ(store->views().open({"sessions", 1, 0}).value()->checkpoint(), Position{450});
  append_events(store->log(), 600);  // the lost ones are appended again, the others are known
  EXPECT_EQ(store->log().end().value, 600U);
  const auto report = store->verify({}).value();
  EXPECT_TRUE(report.sound()) << (report.first ? report.first->what : "");
  EXPECT_EQ(report.tiles, 2U);
}

TEST_F(Head, AMissingFileIsWrittenAnew) {
  append_events(must_open(options_)->log(), 4);
  fs::remove(directory_.data() / "HEAD");
  must_open(options_).reset();
  const auto head = HeadFile::open(*posix_files(), directory_.data() / "HEAD",
                                   must_open(options_)->log_id(), {true, false});
  EXPECT_EQ(head.value().end(), Position{4});
}

TEST_F(Head, WhatFollowsAGapBehindHeadWasNeverAcknowledgedAndIsDropped) {
  core::Uuid id;
  {
    const auto store = must_open(options_);
    id = store->log_id();
    append_events(store->log(), 10);
  }
  auto head = HeadFile::open(*posix_files(), directory_.data() / "HEAD", id, {}).value();
  ASSERT_TRUE(head.settle(Position{5})) << "as a power loss may leave it";
  {
    const auto files = open_files(directory_.data());
    rocksdb::WriteOptions sync;
    sync.sync = true;
    ASSERT_TRUE(files->db().Delete(sync, (*files)[Family::events], key_of(Position{7})).ok());
    std::string gone;
    put_id_key(gone, "default", support::event_id("e7"));
    ASSERT_TRUE(files->db().Delete(sync, (*files)[Family::ids], gone).ok());
    gone.clear();
    put_stream_prefix(gone, "default", "session-2");
    put_be64(gone, 1);
    ASSERT_TRUE(files->db().Delete(sync, (*files)[Family::streams], gone).ok());
  }
  auto read_only = options_;
  read_only.read_only = true;
  EXPECT_EQ(must_refuse(read_only).code, Errc::unavailable);

  const auto store = must_open(options_);
  EXPECT_EQ(store->log().end(), Position{7});
  EXPECT_EQ(store->log().find({}, support::event_id("e9")).value(), std::nullopt);
  const auto again =
      support::append(store->log(), support::request({support::event("session-4", "e9")}));
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_FALSE(again->duplicate());
  EXPECT_EQ(again->records[0].position, Position{7});
  EXPECT_TRUE(store->verify({}).value().sound());
}

class HeadSlots : public ::testing::Test {
 protected:
  HeadFile open(bool replace = false) {
    auto head = HeadFile::open(*posix_files(), path_, id_, {false, replace});
    EXPECT_TRUE(head) << head.error().message;
    return *std::move(head);
  }
  void damage(std::uint64_t offset) const {
    std::fstream file(path_, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(offset));
    file.put('!');
  }
  TempDirectory directory_;
  fs::path path_ = directory_.path() / "HEAD";
  core::Uuid id_ = support::event_id("a log");
};

TEST_F(HeadSlots, TheLastWriteCounts) {
  auto head = open();
  EXPECT_EQ(head.end(), std::nullopt);
  ASSERT_TRUE(head.settle(Position{0}));
  for (const std::uint64_t end : {3U, 9U, 4U}) ASSERT_TRUE(head.write(Position{end}));
  EXPECT_EQ(open().end(), Position{4}) << "by its counter, not by its end";
  EXPECT_EQ(fs::file_size(path_), 128U);
}

TEST_F(HeadSlots, ATornWriteLeavesTheOneBefore) {
  auto head = open();
  ASSERT_TRUE(head.settle(Position{0}));
  for (const std::uint64_t end : {3U, 9U, 11U}) ASSERT_TRUE(head.write(Position{end}));
  damage(64 + 33);  // the third write went to the second slot
  EXPECT_EQ(open().end(), Position{9});
}

TEST_F(HeadSlots, TwoDamagedSlotsAreRefusedUnlessReplaced) {
  auto head = open();
  ASSERT_TRUE(head.settle(Position{0}));
  for (const std::uint64_t end : {3U, 9U}) ASSERT_TRUE(head.write(Position{end}));
  damage(40);
  damage(64 + 40);
  EXPECT_EQ(HeadFile::open(*posix_files(), path_, id_, {}).error().code, Errc::corruption);
  EXPECT_EQ(open(true).end(), std::nullopt);
}

TEST_F(HeadSlots, ADamagedSlotIsMendedBeforeTheGoodOneIsTouched) {
  auto head = open();
  ASSERT_TRUE(head.settle(Position{0}));
  for (const std::uint64_t end : {3U, 9U, 11U}) ASSERT_TRUE(head.write(Position{end}));
  damage(64 + 33);
  auto again = open();
  ASSERT_TRUE(again.settle(*again.end()));
  damage(33);
  EXPECT_EQ(open().end(), Position{9}) << "either slot says it now";
}

TEST_F(HeadSlots, AnotherLogsFileIsRefused) {
  auto head = open();
  ASSERT_TRUE(head.settle(Position{3}));
  id_ = support::event_id("another log");
  EXPECT_EQ(HeadFile::open(*posix_files(), path_, id_, {}).error().code, Errc::corruption);
}

}  // namespace
}  // namespace hansard::rocks::testing
