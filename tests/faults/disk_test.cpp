// The simulated disk keeps what was synced, and may lose anything else.

#include "disk.h"

#include <gtest/gtest.h>

#include <set>

#include "rig.h"

namespace hansard::faults {
namespace {

/// What `path` holds after power losses with many seeds; "-" when it is not there.
std::set<std::string> after_losses(Disk& disk, const std::string& path, unsigned seeds = 200) {
  disk.lose_power();
  std::set<std::string> seen;
  for (unsigned seed = 0; seed < seeds; ++seed) {
    const auto found = disk.after_power_loss(seed);
    seen.insert(found->size(path) ? found->contents(path) : "-");
  }
  return seen;
}

class SimulatedDisk : public ::testing::Test {
 protected:
  Disk::Handle synced_file(const std::string& path, std::string_view bytes) {
    auto file = disk_.create(path, false).file;
    EXPECT_EQ(disk_.append(file, bytes), Outcome::ok);
    EXPECT_EQ(disk_.sync(file), Outcome::ok);
    EXPECT_EQ(disk_.sync_directory("/"), Outcome::ok);
    return file;
  }
  Disk disk_{1};
};

TEST_F(SimulatedDisk, WhatWasSyncedSurvivesAPowerLoss) {
  synced_file("/f", "hello");
  EXPECT_EQ(after_losses(disk_, "/f"), std::set<std::string>{"hello"});
}

TEST_F(SimulatedDisk, UnsyncedBytesSurviveWhollyPartlyOrNotAtAll) {
  const auto file = synced_file("/f", "ab");
  EXPECT_EQ(disk_.append(file, "cd"), Outcome::ok);
  const auto seen = after_losses(disk_, "/f");
  EXPECT_TRUE(seen.contains("ab"));
  EXPECT_TRUE(seen.contains("abc")) << "torn";
  EXPECT_TRUE(seen.contains("abcd"));
  EXPECT_TRUE(seen.contains(std::string("ab\0\0", 4))) << "a page that was never written";
  EXPECT_EQ(seen.size(), 4U);
}

TEST_F(SimulatedDisk, OverwrittenBytesAreOldOrNewOrTornInOnePlace) {
  const auto file = synced_file("/f", "aaaa");
  EXPECT_EQ(disk_.write(file, 0, "bbbb"), Outcome::ok);
  const auto seen = after_losses(disk_, "/f");
  EXPECT_EQ(seen, (std::set<std::string>{"aaaa", "baaa", "bbaa", "bbba", "bbbb"}));
}

TEST_F(SimulatedDisk, NamesWithoutASyncOfTheirDirectoryMayRevert) {
  synced_file("/old", "1");
  const auto created = disk_.create("/new", false).file;
  EXPECT_EQ(disk_.sync(created), Outcome::ok) << "the file, not its name";
  EXPECT_EQ(disk_.rename("/new", "/renamed"), Outcome::ok);
  EXPECT_EQ(disk_.remove("/old"), Outcome::ok);
  EXPECT_EQ(after_losses(disk_, "/old"), (std::set<std::string>{"-", "1"}));
  EXPECT_EQ(after_losses(disk_, "/renamed"), (std::set<std::string>{"", "-"}));
  EXPECT_EQ(after_losses(disk_, "/new"), (std::set<std::string>{"", "-"}));
}

TEST_F(SimulatedDisk, AfterASyncThatFailedALaterOneDoesNotSaveItsBytes) {
  const auto file = synced_file("/f", "ab");
  EXPECT_EQ(disk_.append(file, "cd"), Outcome::ok);
  disk_.set_plan(
      [](const Step& step) { return step.op == Op::sync ? Verdict::io_error : Verdict::proceed; });
  EXPECT_EQ(disk_.sync(file), Outcome::io_error);
  disk_.set_plan({});
  EXPECT_EQ(disk_.sync(file), Outcome::ok);
  EXPECT_GT(after_losses(disk_, "/f").size(), 1U);
}

TEST_F(SimulatedDisk, AFullDiskStoresWhatFits) {
  const auto file = synced_file("/f", "ab");
  disk_.set_capacity(3);
  EXPECT_EQ(disk_.append(file, "cd"), Outcome::no_space);
  EXPECT_EQ(disk_.contents("/f"), "abc");
  EXPECT_EQ(disk_.free(), 0U);
  EXPECT_EQ(disk_.remove("/f"), Outcome::ok);
  EXPECT_EQ(disk_.free(), 3U);
}

TEST_F(SimulatedDisk, ThePlanChoosesTheStepAndNothingHappensWithoutPower) {
  const auto file = synced_file("/f", "ab");
  const auto next = disk_.steps() + 2;
  disk_.set_plan([next](const Step& step) {
    return step.number == next ? Verdict::lose_power : Verdict::proceed;
  });
  EXPECT_EQ(disk_.append(file, "c"), Outcome::ok);
  EXPECT_EQ(disk_.sync(file), Outcome::io_error);
  EXPECT_FALSE(disk_.has_power());
  EXPECT_EQ(disk_.append(file, "d"), Outcome::io_error);
  EXPECT_EQ(disk_.open("/f").outcome, Outcome::io_error);
  EXPECT_EQ(disk_.contents("/f"), "abc");
}

/// Not of the disk, but of how the store uses it: else a power loss could leave a CURRENT that
/// names a manifest which is not there.
TEST(StoreOnADisk, CurrentNamesAManifestOnlyOnceTheManifestsNameIsDurable) {
  const auto disk = std::make_shared<Disk>(seed());
  bool unsynced = false;
  int renames = 0;
  disk->set_plan([&](const Step& step) {  // RocksDB does these on the thread that opens
    if (step.op == Op::create && step.path.find("/MANIFEST-") != std::string::npos) unsynced = true;
    if (step.op == Op::sync_directory && step.path.find("/db") != std::string::npos) {
      unsynced = false;
    }
    if (step.op == Op::rename && step.path.find("/db/") != std::string::npos &&
        (step.path.ends_with(".dbtmp") || step.path.ends_with("/CURRENT"))) {
      ++renames;
      EXPECT_FALSE(unsynced) << step.path;
    }
    return Verdict::proceed;
  });
  for (int time = 0; time < 2; ++time) {
    const auto store = rocks::RocksStore::open(store_on(disk));
    ASSERT_TRUE(store) << store.error().message;
  }
  EXPECT_GE(renames, 2);
}

}  // namespace
}  // namespace hansard::faults
