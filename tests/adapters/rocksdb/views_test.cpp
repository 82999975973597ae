#include <rocksdb/db.h>

#include <filesystem>
#include <memory>
#include <thread>

#include "faulty_file_system.h"
#include "store_fixture.h"
#include "view_store.h"

namespace hansard::rocks::testing {
namespace {

using core::Errc;
using core::Position;
using core::ViewId;
using Rows = std::vector<std::pair<std::string, std::string>>;

class Views : public ::testing::Test {
 protected:
  void SetUp() override { open(); }
  void open() {
    store_.reset();
    store_ = must_open(options_);
  }
  core::ReadModelStore& views() { return store_->views(); }
  void commit(const ViewId& view, std::vector<core::RowWrite> rows, std::uint64_t checkpoint) {
    const auto done = views().commit(view, std::move(rows), Position{checkpoint});
    ASSERT_TRUE(done) << done.error().message;
  }
  std::uint64_t checkpoint(const ViewId& view) {
    return views().open(view).value()->checkpoint().value;
  }
  static Rows scan(const core::ReadModel& model, std::string_view prefix = "",
                   std::string_view from = "", std::size_t limit = 100) {
    Rows rows;
    EXPECT_TRUE(model.scan(prefix, from, [&](std::string_view key, std::string_view row) {
      rows.emplace_back(key, row);
      return rows.size() < limit;
    }));
    return rows;
  }
  /// Appends so many events, for views to have something to be a view of.
  void log_events(int count) { append_events(store_->log(), count); }

  TempDirectory directory_;
  OpenOptions options_ = options_for(directory_.data());
  std::unique_ptr<RocksStore> store_;
  const ViewId usage_{"usage", 1, 0};
};

TEST_F(Views, AViewThatWasNeverWrittenIsEmptyAtZero) {
  const auto model = views().open(usage_).value();
  EXPECT_EQ(model->checkpoint(), Position{0});
  EXPECT_EQ(model->get("a").value(), std::nullopt);
  EXPECT_TRUE(scan(*model).empty());
  EXPECT_TRUE(views().builds().value().empty());
  EXPECT_EQ(views().active("usage").value(), std::nullopt);
}

TEST_F(Views, ASnapshotKeepsRowsAndCheckpointOfOneMoment) {
  commit(usage_, {{"a", "1"}, {"b", "2"}}, 3);
  const auto before = views().open(usage_).value();
  commit(usage_, {{"a", "9"}, {"b", std::nullopt}, {"c", "3"}}, 5);
  EXPECT_EQ(before->checkpoint(), Position{3});
  EXPECT_EQ(scan(*before), (Rows{{"a", "1"}, {"b", "2"}}));
  const auto after = views().open(usage_).value();
  EXPECT_EQ(after->checkpoint(), Position{5});
  EXPECT_EQ(scan(*after), (Rows{{"a", "9"}, {"c", "3"}}));
  EXPECT_EQ(after->get("b").value(), std::nullopt);
}

TEST_F(Views, ScansAreInKeyOrderWithinThePrefixFromTheCursor) {
  const std::string high = "b\xff\xff";
  commit(usage_, {{"a1", "1"}, {"b", "2"}, {"b1", "3"}, {"b2", "4"}, {high, "5"}, {"c", "6"}}, 1);
  const auto model = views().open(usage_).value();
  EXPECT_EQ(scan(*model, "b"), (Rows{{"b", "2"}, {"b1", "3"}, {"b2", "4"}, {high, "5"}}));
  EXPECT_EQ(scan(*model, "b", "b2"), (Rows{{"b2", "4"}, {high, "5"}}));
  EXPECT_EQ(scan(*model, "b", "a"), scan(*model, "b")) << "a cursor before the prefix";
  EXPECT_EQ(scan(*model, "b", "", 2).size(), 2U) << "the sink says when to stop";
  EXPECT_TRUE(scan(*model, "d").empty());
}

TEST_F(Views, BuildsAreApartAndOneOfThemAnswers) {
  const ViewId rebuilt{"usage", 1, 1};
  const ViewId newer{"usage", 2, 0};
  const ViewId longer_name{"usage_by_model", 1, 0};
  for (const ViewId& view : {usage_, rebuilt, newer, longer_name}) {
    commit(view, {{"k", std::to_string(view.version) + "." + std::to_string(view.generation)}}, 1);
  }
  EXPECT_EQ(views().open(newer).value()->get("k").value(), "2.0");
  EXPECT_EQ(views().builds().value(), (std::vector<ViewId>{usage_, rebuilt, newer, longer_name}));
  ASSERT_TRUE(views().activate(usage_));
  EXPECT_EQ(views().active("usage").value(), usage_);
  ASSERT_TRUE(views().activate(rebuilt));
  EXPECT_EQ(views().active("usage").value(), rebuilt);
  EXPECT_EQ(views().active("usage_by_model").value(), std::nullopt);

  EXPECT_EQ(views().drop(rebuilt).error().code, Errc::rejected);
  ASSERT_TRUE(views().drop(usage_));
  EXPECT_EQ(views().builds().value(), (std::vector<ViewId>{rebuilt, newer, longer_name}));
  EXPECT_EQ(checkpoint(usage_), 0U);
  EXPECT_EQ(views().open(rebuilt).value()->get("k").value(), "1.1");
}

/// What the tables of the views hold, deletions included, once the store is closed.
std::uint64_t entries_on_disk(const std::filesystem::path& database) {
  std::vector<std::string> names;
  EXPECT_TRUE(rocksdb::DB::ListColumnFamilies({}, database.string(), &names).ok());
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  for (const std::string& name : names) families.emplace_back(name, rocksdb::ColumnFamilyOptions());
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* opened = nullptr;
  const auto status = rocksdb::DB::Open({}, database.string(), families, &handles, &opened);
  EXPECT_TRUE(status.ok()) << status.ToString();
  if (!status.ok()) return 0;
  const std::unique_ptr<rocksdb::DB> closes(opened);
  std::uint64_t entries = 0;
  for (rocksdb::ColumnFamilyHandle* const family : handles) {
    rocksdb::TablePropertiesCollection tables;
    EXPECT_TRUE(opened->GetPropertiesOfAllTables(family, &tables).ok());
    for (const auto& [name, table] : tables) {
      if (family->GetName() == "views") entries += table->num_entries;
    }
    opened->DestroyColumnFamilyHandle(family);
  }
  return entries;
}

TEST_F(Views, ADroppedBuildLeavesNothingToStepOver) {
  const ViewId rebuilt{"usage", 1, 1};
  std::vector<core::RowWrite> rows;
  for (int i = 0; i < 1000; ++i) rows.push_back({std::to_string(i), "row"});
  commit(usage_, rows, 1);
  open();  // so that the rows are in files
  commit(rebuilt, rows, 1);
  ASSERT_TRUE(views().activate(rebuilt));
  ASSERT_TRUE(views().drop(usage_));
  EXPECT_EQ(views().builds().value(), (std::vector<ViewId>{rebuilt}));
  store_.reset();
  EXPECT_EQ(entries_on_disk(directory_.data() / "db"), 1001U) << "its rows and its checkpoint";
}

TEST_F(Views, ANameOfTheWrongFormIsRefused) {
  const ViewId bad{"Usage-1", 1, 0};
  EXPECT_EQ(views().open(bad).error().code, Errc::invalid_argument);
  EXPECT_EQ(views().commit(bad, {}, Position{1}).error().code, Errc::invalid_argument);
  EXPECT_EQ(views().active("").error().code, Errc::invalid_argument);
  EXPECT_EQ(views().activate(bad).error().code, Errc::invalid_argument);
}

TEST_F(Views, AnOrderlyCloseKeepsEverything) {
  log_events(7);
  commit(usage_, {{"a", "1"}}, 7);
  ASSERT_TRUE(views().activate(usage_));
  commit({"usage", 1, 1}, {{"b", "2"}}, 4);
  open();
  EXPECT_EQ(views().active("usage").value(), usage_);
  EXPECT_EQ(checkpoint(usage_), 7U);
  EXPECT_EQ(checkpoint({"usage", 1, 1}), 4U);
}

TEST_F(Views, AKillTakesNoMoreThanWhatWasNotFlushedAndNeverHalfOfIt) {
  log_events(30);
  commit(usage_, {{"a", "1"}, {"b", "1"}}, 10);
  ASSERT_TRUE(views().activate(usage_));
  commit(usage_, {{"a", "2"}, {"b", "2"}}, 20);
  copy_as_killed(options_.directory, directory_.path() / "killed");
  options_.directory = directory_.path() / "killed";
  open();
  EXPECT_EQ(views().active("usage").value(), usage_);
  const auto model = views().open(usage_).value();
  const std::string expected = model->checkpoint() == Position{20} ? "2" : "1";
  EXPECT_GE(model->checkpoint(), Position{10}) << "activating made it durable";
  EXPECT_EQ(scan(*model), (Rows{{"a", expected}, {"b", expected}}));
}

TEST_F(Views, UnflushedCommitsAreFlushedByThemselves) {
  options_.views_flush_interval = std::chrono::milliseconds(20);
  open();
  const auto unflushed = [&] {
    for (const MemoryUse& use : store_->memory_usage()) {
      if (use.name == "views_unflushed") return use.bytes;
    }
    return std::size_t{0};
  };
  commit(usage_, {{"a", std::string(1000, 'x')}}, 1);
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (unflushed() != 0 && std::chrono::steady_clock::now() < until) std::this_thread::yield();
  EXPECT_EQ(unflushed(), 0U);
}

TEST_F(Views, WhatIsKeptForAReopeningIsBounded) {
  const std::string row(1U << 20, 'x');
  for (int i = 0; i < 80; ++i) {
    commit(usage_, {{"k" + std::to_string(i), row}}, static_cast<std::uint64_t>(i));
    for (const MemoryUse& use : store_->memory_usage()) {
      if (use.name == "views_unflushed") {
        ASSERT_LE(use.bytes, 2 * ViewStore::kUnflushedBytes + row.size() + 100);
      }
    }
  }
}

TEST_F(Views, AViewAheadOfTheLogIsDroppedWhenOpened) {
  log_events(5);
  commit(usage_, {{"a", "1"}}, 9);
  ASSERT_TRUE(views().activate(usage_));
  commit({"sessions", 1, 0}, {{"a", "1"}}, 5);
  open();
  EXPECT_EQ(views().active("usage").value(), std::nullopt);
  EXPECT_EQ(views().builds().value(), (std::vector<ViewId>{{"sessions", 1, 0}}));
}

}  // namespace
}  // namespace hansard::rocks::testing
