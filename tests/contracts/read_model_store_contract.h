#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "core/read_model_store.h"

/// The contract of the ReadModelStore port. Use it as `event_log_contract.h`:
///
///   INSTANTIATE_TEST_SUITE_P(RocksDb, ReadModelStoreContract,
///                            ::testing::Values(ReadModelStoreFactory{"RocksDb", make}));
namespace hansard::contracts {

class ReadModelStoreUnderTest {
 public:
  virtual ~ReadModelStoreUnderTest() = default;
  virtual core::ReadModelStore& store() = 0;
  /// True when an orderly reopen keeps what was committed.
  [[nodiscard]] virtual bool persists() const = 0;
  virtual void reopen() = 0;
};

struct ReadModelStoreFactory {
  std::string name;
  std::function<std::unique_ptr<ReadModelStoreUnderTest>()> make;
};

inline void PrintTo(const ReadModelStoreFactory& factory, std::ostream* out) {
  *out << factory.name;
}

class ReadModelStoreContract : public ::testing::TestWithParam<ReadModelStoreFactory> {
 protected:
  using Rows = std::vector<std::pair<std::string, std::string>>;

  void SetUp() override { under_test_ = GetParam().make(); }
  core::ReadModelStore& store() { return under_test_->store(); }
  ReadModelStoreUnderTest& under_test() { return *under_test_; }

  void commit(const core::ViewId& view, std::vector<core::RowWrite> rows,
              std::uint64_t checkpoint) {
    store().commit(view, std::move(rows), core::Position{checkpoint}).value();
  }
  std::unique_ptr<core::ReadModel> open(const core::ViewId& view) {
    return store().open(view).value();
  }
  static Rows rows(const core::ReadModel& model, std::string_view prefix = {},
                   std::string_view from = {}) {
    Rows found;
    model
        .scan(prefix, from,
              [&](std::string_view key, std::string_view row) {
                found.emplace_back(key, row);
                return true;
              })
        .value();
    return found;
  }

  const core::ViewId view_{"usage", 1, 0};

 private:
  std::unique_ptr<ReadModelStoreUnderTest> under_test_;
};

TEST_P(ReadModelStoreContract, ABuildThatWasNeverWrittenIsEmptyAtZero) {
  const auto model = open(view_);
  EXPECT_EQ(model->checkpoint(), core::Position{0});
  EXPECT_EQ(model->get("a").value(), std::nullopt);
  EXPECT_TRUE(rows(*model).empty());
  EXPECT_EQ(store().active("usage").value(), std::nullopt);
  EXPECT_TRUE(store().builds().value().empty());
}

TEST_P(ReadModelStoreContract, RowsAndCheckpointOfACommitAreReadTogether) {
  commit(view_, {{"a", "1"}, {"b", "2"}}, 5);
  commit(view_, {{"b", std::nullopt}, {"c", "3"}, {"a", "11"}}, 9);
  const auto model = open(view_);
  EXPECT_EQ(model->checkpoint(), core::Position{9});
  EXPECT_EQ(model->get("a").value(), "11");
  EXPECT_EQ(model->get("b").value(), std::nullopt);
  EXPECT_EQ(rows(*model), (Rows{{"a", "11"}, {"c", "3"}}));
}

TEST_P(ReadModelStoreContract, ACommitWithoutRowsMovesTheCheckpoint) {
  commit(view_, {}, 7);
  EXPECT_EQ(open(view_)->checkpoint(), core::Position{7});
}

TEST_P(ReadModelStoreContract, ASnapshotDoesNotMoveWithLaterCommitsOrDrops) {
  commit(view_, {{"a", "1"}}, 1);
  const auto before = open(view_);
  commit(view_, {{"a", "2"}, {"b", "2"}}, 2);
  EXPECT_EQ(before->checkpoint(), core::Position{1});
  EXPECT_EQ(rows(*before), (Rows{{"a", "1"}}));
  store().drop(view_).value();
  EXPECT_EQ(rows(*before), (Rows{{"a", "1"}}));
  EXPECT_EQ(before->get("a").value(), "1");
}

TEST_P(ReadModelStoreContract, ScansKeepToTheirPrefixAndStartWhereTold) {
  const std::string high = "\xff";
  commit(view_,
         {{"a", "1"},
          {"ab", "2"},
          {std::string("ab\0c", 4), "3"},
          {"b", "4"},
          {high, "5"},
          {high + high, "6"}},
         1);
  const auto model = open(view_);
  EXPECT_EQ(rows(*model).size(), 6U);
  EXPECT_EQ(rows(*model, "ab"), (Rows{{"ab", "2"}, {std::string("ab\0c", 4), "3"}}));
  EXPECT_EQ(rows(*model, "a", "ab").size(), 2U);
  EXPECT_EQ(rows(*model, "a", "").size(), 3U);
  EXPECT_EQ(rows(*model, "b", "a"), (Rows{{"b", "4"}})) << "from before the prefix";
  EXPECT_TRUE(rows(*model, "a", "b").empty()) << "from after the prefix";
  EXPECT_EQ(rows(*model, high), (Rows{{high, "5"}, {high + high, "6"}}));
  EXPECT_TRUE(rows(*model, "c").empty());
  int seen = 0;
  model->scan({}, {}, [&](auto, auto) { return ++seen < 2; }).value();
  EXPECT_EQ(seen, 2);
}

TEST_P(ReadModelStoreContract, BuildsShareNothing) {
  const std::vector<core::ViewId> views = {
      {"usage", 1, 0}, {"usage", 1, 1}, {"usage", 2, 0}, {"usag", 1, 0}, {"usage_", 1, 0}};
  for (std::size_t i = 0; i < views.size(); ++i) commit(views[i], {{"k", std::to_string(i)}}, i);
  store().drop(views[1]).value();
  for (std::size_t i = 0; i < views.size(); ++i) {
    EXPECT_EQ(rows(*open(views[i])), i == 1 ? Rows{} : (Rows{{"k", std::to_string(i)}})) << i;
  }
  auto left = store().builds().value();
  EXPECT_EQ(left.size(), 4U);
  for (const auto& view : left) EXPECT_NE(view, views[1]);
}

TEST_P(ReadModelStoreContract, TheActiveBuildAnswersAndIsNotDropped) {
  const core::ViewId next{"usage", 2, 0};
  commit(view_, {{"a", "1"}}, 1);
  store().activate(view_).value();
  EXPECT_EQ(store().active("usage").value(), view_);
  EXPECT_EQ(store().drop(view_).error().code, core::Errc::rejected);
  store().activate(next).value();  // never written: a view of an empty log
  EXPECT_EQ(store().active("usage").value(), next);
  store().drop(view_).value();
  EXPECT_TRUE(rows(*open(view_)).empty());
  EXPECT_EQ(open(view_)->checkpoint(), core::Position{0});
  EXPECT_EQ(store().active("sessions").value(), std::nullopt);
}

TEST_P(ReadModelStoreContract, WhatWasActivatedSurvivesAReopen) {
  if (!under_test().persists()) GTEST_SKIP() << "nothing to reopen";
  commit(view_, {{"a", "1"}}, 4);
  store().activate(view_).value();
  under_test().reopen();
  EXPECT_EQ(store().active("usage").value(), view_);
  EXPECT_EQ(open(view_)->checkpoint(), core::Position{4});
  EXPECT_EQ(rows(*open(view_)), (Rows{{"a", "1"}}));
}

TEST_P(ReadModelStoreContract, ReadersSeeNoTornCommit) {
  std::thread writer([&] {
    for (std::uint64_t i = 1; i <= 300; ++i) {
      commit(view_, {{"a", std::to_string(i)}, {"b", std::to_string(i)}}, i);
    }
  });
  std::uint64_t seen = 0;
  while (seen < 300) {
    const auto model = open(view_);
    seen = model->checkpoint().value;
    if (seen == 0) continue;
    ASSERT_EQ(model->get("a").value(), std::to_string(seen));
    ASSERT_EQ(model->get("b").value(), std::to_string(seen));
  }
  writer.join();
}

}  // namespace hansard::contracts
