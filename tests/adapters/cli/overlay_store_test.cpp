#include "engine/overlay_store.h"

#include <gtest/gtest.h>

#include <random>

#include "core/projection_runner.h"

namespace {

using namespace hansard;
using core::Position;
using core::RowWrite;
using core::ViewId;

const ViewId kView{"usage", 1, 0};

std::vector<std::string> rows(const core::ReadModel& model, std::string_view prefix = "",
                              std::string_view from = "") {
  std::vector<std::string> seen;
  const auto status = model.scan(prefix, from, [&](std::string_view key, std::string_view row) {
    seen.push_back(std::string(key) + "=" + std::string(row));
    return true;
  });
  EXPECT_TRUE(status);
  return seen;
}

using Seen = std::vector<std::string>;

TEST(OverlayStore, ReadsThroughWhatItWasNotTold) {
  const auto base = core::make_in_memory_read_model_store();
  ASSERT_TRUE(base->commit(kView, {{"a", "1"}, {"b", "2"}}, Position{5}));
  ASSERT_TRUE(base->activate(kView));
  const cli::OverlayStore overlay(*base);
  const auto model = overlay.open(kView).value();
  EXPECT_EQ(model->checkpoint(), Position{5});
  EXPECT_EQ(rows(*model), (Seen{"a=1", "b=2"}));
  EXPECT_EQ(overlay.active("usage").value(), kView);
}

TEST(OverlayStore, WritesLieAboveAndLeaveTheBaseAlone) {
  const auto base = core::make_in_memory_read_model_store();
  ASSERT_TRUE(base->commit(kView, {{"a", "1"}, {"c", "3"}, {"d", "4"}}, Position{5}));
  cli::OverlayStore overlay(*base);
  const auto before = overlay.open(kView).value();
  ASSERT_TRUE(overlay.commit(kView, {{"b", "2"}, {"c", "33"}, {"d", std::nullopt}, {"e", "5"}},
                             Position{9}));
  const auto after = overlay.open(kView).value();
  EXPECT_EQ(after->checkpoint(), Position{9});
  EXPECT_EQ(rows(*after), (Seen{"a=1", "b=2", "c=33", "e=5"}));
  EXPECT_EQ(after->get("d").value(), std::nullopt);
  EXPECT_EQ(after->get("c").value(), "33");
  EXPECT_EQ(rows(*before), (Seen{"a=1", "c=3", "d=4"}));
  EXPECT_EQ(rows(*base->open(kView).value()), (Seen{"a=1", "c=3", "d=4"}));
}

TEST(OverlayStore, AScanCanBeStopped) {
  const auto base = core::make_in_memory_read_model_store();
  ASSERT_TRUE(base->commit(kView, {{"b", "2"}}, Position{1}));
  cli::OverlayStore overlay(*base);
  ASSERT_TRUE(overlay.commit(kView, {{"a", "1"}, {"c", "3"}}, Position{2}));
  const auto model = overlay.open(kView).value();
  for (std::size_t want = 1; want <= 3; ++want) {
    std::size_t seen = 0;
    ASSERT_TRUE(model->scan("", "", [&](auto, auto) { return ++seen < want; }));
    EXPECT_EQ(seen, want);
  }
}

TEST(OverlayStore, NewBuildsLiveInMemoryOnly) {
  const auto base = core::make_in_memory_read_model_store();
  ASSERT_TRUE(base->activate(kView));
  cli::OverlayStore overlay(*base);
  const ViewId next{"usage", 2, 0};
  ASSERT_TRUE(overlay.commit(next, {{"a", "1"}}, Position{1}));
  EXPECT_EQ(overlay.drop(kView).error().code, core::Errc::rejected);
  ASSERT_TRUE(overlay.activate(next));
  EXPECT_EQ(overlay.active("usage").value(), next);
  EXPECT_EQ(base->active("usage").value(), kView);
}

/// Against the plain store given the same commits: every key, every prefix, from anywhere.
TEST(OverlayStore, AnswersLikeAStoreWithEverythingInIt) {
  std::mt19937 random(20261121);
  for (int round = 0; round < 30; ++round) {
    const auto base = core::make_in_memory_read_model_store();
    const auto whole = core::make_in_memory_read_model_store();
    cli::OverlayStore overlay(*base);
    const std::uint64_t commits = random() % 12;
    const std::uint64_t stored = commits == 0 ? 0 : random() % commits;
    for (std::uint64_t i = 0; i < commits; ++i) {
      std::vector<RowWrite> batch;
      for (std::uint64_t n = random() % 20; n > 0; --n) {
        std::string key = std::to_string(random() % 60);
        if (random() % 4 == 0) {
          batch.emplace_back(std::move(key), std::nullopt);
        } else {
          batch.emplace_back(std::move(key), std::to_string(random() % 1000));
        }
      }
      std::map<std::string, std::optional<std::string>> once(batch.begin(), batch.end());
      batch.assign(once.begin(), once.end());
      ASSERT_TRUE(whole->commit(kView, batch, Position{i + 1}));
      if (i < stored) {
        ASSERT_TRUE(base->commit(kView, batch, Position{i + 1}));
      } else {
        ASSERT_TRUE(overlay.commit(kView, batch, Position{i + 1}));
      }
    }
    const auto expected = whole->open(kView).value();
    const auto found = overlay.open(kView).value();
    for (const auto* prefix : {"", "1", "5", "44", "x"}) {
      for (const auto* from : {"", "12", "5", "7"}) {
        EXPECT_EQ(rows(*found, prefix, from), rows(*expected, prefix, from)) << round;
      }
    }
    for (int key = 0; key < 60; ++key) {
      EXPECT_EQ(found->get(std::to_string(key)).value(),
                expected->get(std::to_string(key)).value());
    }
  }
}

}  // namespace
