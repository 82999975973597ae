// What the events say is written anew, whatever happened to it; the events stay what they were.

#include "rocksdb_store/repair.h"

#include <fstream>

#include "store_fixture.h"

namespace hansard::rocks::testing {
namespace {

using core::Errc;
using core::Position;

class Repair : public ::testing::Test {
 protected:
  static constexpr int kEvents = 600;

  void SetUp() override {
    const auto store = must_open(options_);
    for (int at = 0; at < kEvents; at += 50) {
      std::vector<core::NewEvent> events;
      for (int i = at; i < at + 50; ++i) {
        events.push_back(
            support::event("session-" + std::to_string(i % 7), "e" + std::to_string(i), "text"));
      }
      ASSERT_TRUE(support::append(store->log(), support::request(std::move(events))));
      heads_.push_back(store->log().tree());
    }
    const core::ViewId view{"usage", 1, 0};
    ASSERT_TRUE(store->views().commit(view, {{"key", "row"}}, Position{kEvents}));
    ASSERT_TRUE(store->views().activate(view));
  }
  void expect_as_before() {
    const auto store = must_open(options_);
    ASSERT_TRUE(store);
    EXPECT_EQ(store->log().tree(), heads_.back());
    const auto report = store->verify({}).value();
    EXPECT_TRUE(report.sound()) << (report.first ? report.first->what : "");
    EXPECT_EQ(report.tree, heads_.back());
    EXPECT_EQ(report.events, std::uint64_t{kEvents});
    append_events(store->log(), 3, "further");
  }
  /// Flips a byte in the middle of each table of the families that come from the events.
  void damage_tables(Family family) {
    std::vector<std::string> names;
    {
      const auto files = open_files(directory_.data());
      rocksdb::DB& db = files->db();
      ASSERT_TRUE(db.Flush(rocksdb::FlushOptions(), (*files)[family]).ok());
      rocksdb::ColumnFamilyMetaData meta;
      db.GetColumnFamilyMetaData((*files)[family], &meta);
      for (const auto& level : meta.levels) {
        for (const auto& file : level.files) names.push_back(file.name);
      }
    }
    ASSERT_FALSE(names.empty());
    for (const std::string& name : names) {
      std::fstream file(directory_.data() / "db" / name.substr(1),
                        std::ios::in | std::ios::out | std::ios::binary);
      file.seekg(20);
      const int byte = file.get();
      file.seekp(20);
      file.put(static_cast<char>(byte ^ 0x40));
    }
  }

  TempDirectory directory_;
  OpenOptions options_ = options_for(directory_.data());
  std::vector<core::TreeHead> heads_;
};

TEST_F(Repair, EntriesThatAreMissingOrWrongAreWrittenAnew) {
  {
    const auto files = open_files(directory_.data());
    std::string id;
    put_id_key(id, "default", support::event_id("e42"));
    ASSERT_TRUE(files->db().Delete(rocksdb::WriteOptions(), (*files)[Family::ids], id).ok());
    std::string position;
    put_be64(position, 7);
    id.clear();
    put_id_key(id, "default", support::event_id("nobody's"));
    put(*files, Family::ids, id, position);
    put(*files, Family::merkle, tile_key(0, 1), std::string(256 * 32, 'x'));
    put(*files, Family::streams, "nonsense", "x");
  }
  EXPECT_TRUE(must_open(options_)->verify({}).value().rebuildable());
  RepairPlan plan;
  plan.heads = heads_;
  const auto report = repair(options_, plan);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->tree, heads_.back());
  expect_as_before();
}

TEST_F(Repair, ATileWithoutWhichNothingOpensIsWrittenAnew) {
  {
    const auto files = open_files(directory_.data());
    ASSERT_TRUE(
        files->db().Delete(rocksdb::WriteOptions(), (*files)[Family::merkle], tile_key(0, 0)).ok());
  }
  EXPECT_EQ(must_refuse(options_).code, Errc::corruption);
  ASSERT_TRUE(repair(options_, {}));
  expect_as_before();
}

TEST_F(Repair, DamagedTablesOfAnIndexGoAsAWhole) {
  damage_tables(Family::ids);
  damage_tables(Family::streams);
  ASSERT_TRUE(repair(options_, {}));
  expect_as_before();
}

TEST_F(Repair, ViewsAreDroppedOnlyWhereAsked) {
  ASSERT_TRUE(repair(options_, {}));
  {
    const auto store = must_open(options_);
    EXPECT_TRUE(store->views().active("usage").value());
  }
  damage_tables(Family::views);
  RepairPlan plan;
  plan.views = true;
  ASSERT_TRUE(repair(options_, plan));
  const auto store = must_open(options_);
  EXPECT_FALSE(store->views().active("usage").value());
  EXPECT_TRUE(store->views().builds().value().empty());
}

TEST_F(Repair, ALostEventIsNotMadeUpAndNothingIsChanged) {
  {
    const auto files = open_files(directory_.data());
    ASSERT_TRUE(files->db()
                    .Delete(rocksdb::WriteOptions(), (*files)[Family::events], key_of(Position{77}))
                    .ok());
  }
  const auto refused = repair(options_, {});
  EXPECT_EQ(refused.error().code, Errc::corruption);
  EXPECT_NE(refused.error().message.find("position 77"), std::string::npos)
      << refused.error().message;
  const auto report = must_open(options_)->verify({}).value();
  EXPECT_EQ(report.index_faults + report.tree_faults, 0U);
}

TEST_F(Repair, EventsThatAreNotThoseThatWereSignedAreNotSealedAnew) {
  {
    const auto files = open_files(directory_.data());
    const auto stored = files->get(Family::events, key_of(Position{300}), "reading").value();
    std::string forged(open_value(*stored).value());
    forged[forged.size() - 3] = 'z';
    seal_value(forged);
    put(*files, Family::events, key_of(Position{300}), forged);
  }
  RepairPlan plan;
  plan.heads = {heads_.back(), heads_[2]};
  EXPECT_EQ(repair(options_, plan).error().code, Errc::rejected);
  EXPECT_GE(must_open(options_)->verify({}).value().tree_faults, 1U) << "and it still shows";
  plan.heads = {{kEvents + 10, {}}};
  EXPECT_EQ(repair(options_, plan).error().code, Errc::rejected) << "a shorter log";
}

TEST_F(Repair, AHeadFileThatDoesNotHoldIsWrittenAnew) {
  std::filesystem::resize_file(directory_.data() / "HEAD", 10);
  EXPECT_EQ(must_refuse(options_).code, Errc::corruption);
  const auto report = repair(options_, {});
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_TRUE(report->head_replaced);
  expect_as_before();
}

TEST_F(Repair, AKillAtAnyPointLeavesADirectoryThatOpensOrSaysToRepeat) {
  constexpr int kMany = 40'000;
  {
    const auto store = must_open(options_);
    for (int at = 0; at < kMany; at += 1000) {
      std::vector<core::NewEvent> events;
      for (int i = at; i < at + 1000; ++i) {
        events.push_back(support::event("session-many", "m" + std::to_string(i)));
      }
      ASSERT_TRUE(support::append(store->log(), support::request(std::move(events))));
    }
    heads_.push_back(store->log().tree());
  }
  std::vector<std::unique_ptr<TempDirectory>> killed;
  RepairPlan plan;
  plan.views = true;
  plan.progress = [&](Position, Position) {
    killed.push_back(std::make_unique<TempDirectory>());
    copy_as_killed(directory_.data(), killed.back()->data());
  };
  ASSERT_TRUE(repair(options_, plan));
  plan.progress = nullptr;
  ASSERT_GE(killed.size(), 4U);
  int repeats = 0;
  for (const auto& copy : killed) {
    auto options = options_for(copy->data());
    auto store = RocksStore::open(options);
    if (!store) {
      EXPECT_EQ(store.error().code, Errc::rejected);
      EXPECT_NE(store.error().message.find("doctor --repair"), std::string::npos);
      ++repeats;
      ASSERT_TRUE(repair(options, {}));
      store = RocksStore::open(options);
    }
    ASSERT_TRUE(store) << store.error().message;
    EXPECT_EQ((*store)->log().tree(), heads_.back());
    EXPECT_TRUE((*store)->verify({}).value().sound());
  }
  EXPECT_GE(repeats, 1) << "some were killed while writing";
}

TEST_F(Repair, ADirectoryInUseIsLeftAlone) {
  const auto store = must_open(options_);
  EXPECT_EQ(repair(options_, {}).error().code, Errc::unavailable);
}

}  // namespace
}  // namespace hansard::rocks::testing
