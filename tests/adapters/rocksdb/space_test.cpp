#include "space_guard.h"

#include <optional>

#include "store_fixture.h"

namespace hansard::rocks::testing {
namespace {

using core::Errc;
using Level = SpaceGuard::Level;

constexpr std::uint64_t kMiB = 1U << 20;
constexpr std::uint64_t kMoreThanAnyDisk = std::uint64_t{1} << 60;

class Space : public ::testing::Test {
 protected:
  static constexpr SpaceGuard::Limits kLimits{80 * kMiB, 16 * kMiB, 4 * kMiB};

  TempDirectory directory_;
  std::filesystem::path ballast_ = directory_.path() / "ballast";
  std::vector<std::string> notices_;
  std::function<void(std::string_view)> notice_ = [this](std::string_view text) {
    notices_.emplace_back(text);
  };
  std::optional<std::uint64_t> free_ = 1000 * kMiB;
  SpaceGuard guard_{*posix_files(), ballast_, kLimits, notice_, [this] { return free_; }};
};

TEST_F(Space, WithRoomTheBallastIsMadeAndEverythingAdmitted) {
  EXPECT_EQ(guard_.refresh(), Level::enough);
  EXPECT_EQ(std::filesystem::file_size(ballast_), 4 * kMiB);
  EXPECT_TRUE(guard_.admit(false));
  free_ = 80 * kMiB;
  EXPECT_EQ(guard_.refresh(), Level::enough);
  EXPECT_TRUE(notices_.empty());
}

TEST_F(Space, BelowTheFloorTheBallastGoesAndOnlyAnswersAreAdmitted) {
  guard_.refresh();
  free_ = 79 * kMiB;
  EXPECT_EQ(guard_.refresh(), Level::answers_only);
  EXPECT_FALSE(std::filesystem::exists(ballast_));
  EXPECT_TRUE(guard_.admit(true));
  const auto refused = guard_.admit(false);
  EXPECT_EQ(refused.error().code, Errc::out_of_space);
  EXPECT_NE(refused.error().message.find("79 MiB"), std::string::npos) << refused.error().message;
  ASSERT_EQ(notices_.size(), 1U);
  EXPECT_NE(notices_[0].find("ballast"), std::string::npos);
}

TEST_F(Space, BelowTheHardFloorNothingIsAdmittedUntilThereIsSomeSpaceAgain) {
  guard_.refresh();
  free_ = 10 * kMiB;
  EXPECT_EQ(guard_.refresh(), Level::answers_only) << "the ballast has just made room";
  EXPECT_EQ(guard_.refresh(), Level::none);
  EXPECT_EQ(guard_.admit(true).error().code, Errc::out_of_space);
  free_ = 17 * kMiB;
  EXPECT_EQ(guard_.refresh(), Level::answers_only);
}

TEST_F(Space, AppendsGoOnOnlyWhenThereIsPlentyAgainAndTheBallastIsBack) {
  guard_.refresh();
  free_ = 70 * kMiB;
  guard_.refresh();
  free_ = 90 * kMiB;  // above the floor, but not by the ballast and an eighth: it would flap
  EXPECT_EQ(guard_.refresh(), Level::answers_only);
  EXPECT_FALSE(std::filesystem::exists(ballast_));
  free_ = 94 * kMiB;
  EXPECT_EQ(guard_.refresh(), Level::enough);
  EXPECT_EQ(std::filesystem::file_size(ballast_), 4 * kMiB);
  EXPECT_TRUE(guard_.admit(false));
  EXPECT_EQ(notices_.size(), 2U);
}

TEST_F(Space, ADiskThatCannotBeAskedChangesNothing) {
  guard_.refresh();
  free_.reset();
  EXPECT_EQ(guard_.refresh(), Level::enough);
}

TEST_F(Space, ABallastOfAnotherSizeIsReplaced) {
  guard_.refresh();
  SpaceGuard other(*posix_files(), ballast_, {80 * kMiB, 16 * kMiB, 2 * kMiB}, notice_,
                   [this] { return free_; });
  other.refresh();
  EXPECT_EQ(std::filesystem::file_size(ballast_), 2 * kMiB);
}

TEST_F(Space, AStoreBelowItsFloorRefusesAppendsReadsOnAndRecordsAnswersInFlight) {
  auto options = options_for(directory_.data());
  options.ballast_bytes = 4 * kMiB;
  append_events(must_open(options)->log(), 3);
  EXPECT_EQ(std::filesystem::file_size(directory_.data() / "ballast"), 4 * kMiB);

  options.free_space_floor_bytes = kMoreThanAnyDisk;
  const auto store = must_open(options);
  EXPECT_TRUE(store->stats().space_short);
  EXPECT_FALSE(std::filesystem::exists(directory_.data() / "ballast"));
  const auto refused =
      support::append(store->log(), support::request({support::event("session-1", "new")}));
  EXPECT_EQ(refused.error().code, Errc::out_of_space);
  EXPECT_EQ(store->log().end().value, 3U);
  EXPECT_EQ(support::read_all(store->log()).size(), 3U);

  const auto known =
      support::append(store->log(), support::request({support::event("session-0", "e0")}));
  ASSERT_TRUE(known) << "a retry of a stored event needs no space";
  EXPECT_TRUE(known->duplicate());
  auto answer = support::request({support::event("session-1", "answer")});
  answer.completes_answer = true;
  ASSERT_TRUE(support::append(store->log(), std::move(answer)));
  EXPECT_EQ(store->log().end().value, 4U);
  EXPECT_EQ(store->stats().out_of_space, 1U);
  EXPECT_TRUE(store->verify({}).value().sound());
}

}  // namespace
}  // namespace hansard::rocks::testing
