// A write, a sync, a rename ... fails, or the disk is full, at each write point of a script in
// turn: requests are refused with a reason, the service resumes by itself, and nothing acknowledged
// is lost, also when the power goes afterwards.

#include "write_points.h"

#include <atomic>
#include <cstdio>
#include <thread>

#include "rig.h"

namespace hansard::faults {
namespace {

/// Side by side: RocksDB sleeps for a second after a flush that failed.
constexpr int kLanes = 16;

Plan fails_at(std::uint64_t first, std::uint64_t last, Verdict verdict) {
  return [=](const Step& step) {
    return step.number >= first && step.number <= last ? verdict : Verdict::proceed;
  };
}

void nothing(Disk&) {}
void without_plan(Disk& disk) { disk.set_plan({}); }

const PlannedFault kFaults[] = {
    {"FailsOnce",
     [](Disk& disk, std::uint64_t step) { disk.set_plan(fails_at(step, step, Verdict::io_error)); },
     nothing},
    {"FailsFromThenOn",
     [](Disk& disk, std::uint64_t step) {
       disk.set_plan(fails_at(step, ~std::uint64_t{0}, Verdict::io_error));
     },
     without_plan},
    {"IsFullOnce",
     [](Disk& disk, std::uint64_t step) { disk.set_plan(fails_at(step, step, Verdict::no_space)); },
     nothing},
    {"IsFullFromThenOn",
     [](Disk& disk, std::uint64_t step) {
       disk.set_plan([&disk, step](const Step& now) {
         if (now.number == step) disk.set_capacity(disk.used());
         return Verdict::proceed;
       });
     },
     [](Disk& disk) { disk.set_capacity(~std::uint64_t{0}); }},
};

class WritePoints : public ::testing::TestWithParam<PlannedFault> {};

TEST_P(WritePoints, AreSurvivedOneByOne) {
  widen_background_pools(2 * kLanes);
  const std::uint64_t points = count_write_points();
  ASSERT_GT(points, 100U);
  const std::uint64_t stride = number_from("HANSARD_TEST_ROUNDS", 0) != 0 ? 1 : HANSARD_STRIDE;
  std::printf("%s: every %llu. of %llu write points\n", GetParam().name,
              static_cast<unsigned long long>(stride), static_cast<unsigned long long>(points));
  std::atomic<std::uint64_t> next{1 + seed() % stride};
  std::vector<std::thread> lanes;
  for (int lane = 0; lane < kLanes; ++lane) {
    lanes.emplace_back([&] {
      for (auto point = next.fetch_add(stride); point <= points && !HasFailure();
           point = next.fetch_add(stride)) {
        SCOPED_TRACE("write point " + std::to_string(point));
        run_with_fault(GetParam(), point);
      }
    });
  }
  for (std::thread& lane : lanes) lane.join();
}

INSTANTIATE_TEST_SUITE_P(OneDisk, WritePoints, ::testing::ValuesIn(kFaults),
                         [](const auto& fault) { return std::string(fault.param.name); });

/// The limits of the space guard, scaled down to this disk.
TEST(FullDisk, RefusesWritesReadsOnAndResumesWithoutAFailedCommit) {
  constexpr std::uint64_t kMiB = 1U << 20;
  const auto disk = std::make_shared<Disk>(1);
  auto options = store_on(disk);
  options.free_space_floor_bytes = 4 * kMiB;
  options.free_space_hard_floor_bytes = 1 * kMiB;
  options.ballast_bytes = 1 * kMiB;
  disk->set_capacity(16 * kMiB);
  const auto opened = rocks::RocksStore::open(options);
  ASSERT_TRUE(opened) << opened.error().message;
  core::EventLog& log = (*opened)->log();
  std::uint64_t stored = 0;
  const auto append = [&](bool completes_answer) {
    auto request = support::request(
        {support::event("session-a", "e" + std::to_string(stored), std::string(1000, 'x'))});
    request.completes_answer = completes_answer;
    auto receipt = support::append(log, std::move(request));
    if (receipt) ++stored;
    return receipt;
  };
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 20; ++i) ASSERT_TRUE(append(false));
    // Somebody else fills the disk.
    disk->set_capacity(disk->used() + 3 * kMiB);
    auto refused = append(false);
    for (int i = 0; refused && i < 3; ++i) refused = append(false);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, core::Errc::out_of_space);
    EXPECT_TRUE(append(true)) << "an answer in flight is recorded";
    EXPECT_EQ(support::read_all(log).size(), stored) << "reads go on";
    EXPECT_TRUE((*opened)->stats().space_short);
    disk->set_capacity(disk->used() + 32 * kMiB);
    auto resumed = append(false);
    for (int i = 0; !resumed && i < 3; ++i) resumed = append(false);
    EXPECT_TRUE(resumed) << resumed.error().message;
  }
  EXPECT_EQ((*opened)->stats().commit_failures, 0U);
  EXPECT_EQ(unsound(**opened), "");
}

}  // namespace
}  // namespace hansard::faults
