#include <cstdlib>
#include <memory>

#include "projections/facts/optimisations.h"
#include "projections/facts/scores.h"
#include "projections/facts/tool_calls.h"
#include "read_back.h"
#include "tables_oracle.h"

namespace hansard::projections::facts::test {
namespace {

using projections::test::Built;
using projections::test::RandomLog;
using projections::test::Recorder;

constexpr std::array kOtherTables{Table::tool_calls, Table::scores, Table::optimisations};

int tables_rounds() {
  const char* text = std::getenv("HANSARD_TEST_ROUNDS");
  return 4 * std::max(1, text ? std::atoi(text) : 1);
}

std::unique_ptr<core::Projection> view_of(Table table, std::uint32_t segment_rows) {
  switch (table) {
    case Table::tool_calls:
      return std::make_unique<ToolCallsView>(segment_rows);
    case Table::scores:
      return std::make_unique<ScoresView>(segment_rows);
    case Table::optimisations:
      return std::make_unique<OptimisationsView>(segment_rows);
    case Table::observations:  // observations_test.cpp
    case Table::calls:
      break;
  }
  return std::make_unique<CallsView>(segment_rows);
}

void expect_tables_whole(const core::EventLog& log, std::mt19937_64& random, std::uint64_t seed,
                         bool rich) {
  for (const Table table : kOtherTables) {
    for (const std::uint32_t segment_rows : {1U, 37U, kSegmentRows}) {
      const auto view = view_of(table, segment_rows);
      EXPECT_EQ(view->name(), to_word(table));
      const Built built(log, *view);
      for (const auto* name : {"default", "other"}) {
        const auto project = support::project(name);
        std::vector<core::Position> ends{log.end()};
        for (int i = 0; i < 3; ++i) ends.push_back(core::Position{random() % log.end().value});
        for (const core::Position end : ends) {
          const TablesOracle oracle(log, project, end);
          EXPECT_EQ(read_back(built.model(), project, end), oracle.rows(table))
              << to_word(table) << " of " << name << ", segments of " << segment_rows << ", as of "
              << end.value << ", seed " << seed;
          EXPECT_TRUE(!rich || end != log.end() || !oracle.rows(table).empty());
        }
        const auto reader = Reader::open(built.model(), project);
        ASSERT_TRUE(reader);
        for (const Segment& segment : reader->segments()) {
          for (std::size_t c = 0; c < kColumns; ++c) {
            const auto column = static_cast<Column>(c);
            EXPECT_TRUE(has(table, column) || !segment.zone(column).any)
                << to_word(table) << " knows " << info(column).name;
          }
        }
      }
      for (const std::size_t batch : {1U, 23U}) {
        EXPECT_EQ(Built(log, *view, batch).rows(), built.rows())
            << to_word(table) << ", batches of " << batch << ", seed " << seed;
      }
    }
  }
}

class Tables : public ::testing::TestWithParam<int> {};

TEST_P(Tables, RowsAreWhatARandomHistorySays) {
  const auto seed = static_cast<std::uint64_t>(GetParam());
  RandomLog log(seed);
  log.grow(900);
  std::mt19937_64 random(seed);
  expect_tables_whole(log.log(), random, seed, false);
}

TEST_P(Tables, RowsAreWhatRichEventsSayAndErasuresChangeNothing) {
  const auto seed = static_cast<std::uint64_t>(GetParam());
  std::mt19937_64 random(seed);
  Recorder recorder;
  add_rich_others(recorder, random, 900);
  expect_tables_whole(recorder.log(), random, seed, true);
  std::vector<decltype(Built(recorder.log(), CallsView()).rows())> before;
  for (const Table table : kOtherTables) {
    before.push_back(Built(recorder.log(), *view_of(table, 64)).rows());
  }
  for (std::uint64_t at = 0; at < recorder.log().end().value; ++at) {
    if (random() % 2 == 0) continue;
    EXPECT_TRUE(recorder.log().erase(core::Position{at}));
  }
  for (std::size_t i = 0; i < before.size(); ++i) {
    EXPECT_EQ(Built(recorder.log(), *view_of(kOtherTables[i], 64)).rows(), before[i])
        << to_word(kOtherTables[i]) << ", seed " << seed;
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, Tables, ::testing::Range(1, 1 + tables_rounds()));

TEST(ScoresInMillionths, AreRoundedToTheNearestAndEndWhereAColumnEnds) {
  constexpr auto kMost = std::numeric_limits<std::int64_t>::max();
  const std::pair<const char*, std::int64_t> cases[] = {{"0", 0},
                                                        {"-0.0", 0},
                                                        {"1", 1'000'000},
                                                        {"0.5", 500'000},
                                                        {"-0.1", -100'000},
                                                        {"0.0000004", 0},
                                                        {"0.0000005", 1},
                                                        {"-0.0000005", -1},
                                                        {"0.00000049999999999999999999", 0},
                                                        {"0.9999995", 1'000'000},
                                                        {"1.2345675", 1'234'568},
                                                        {"1.25e2", 125'000'000},
                                                        {"1.25E-3", 1'250},
                                                        {"125e-5", 1'250},
                                                        {"5e-7", 1},
                                                        {"5e-8", 0},
                                                        {"0e999999999999", 0},
                                                        {"1e-999999999999", 0},
                                                        {"1e400", kMost},
                                                        {"-1e400", -kMost},
                                                        {"1e999999999999", kMost},
                                                        {"9223372036854.775807", kMost},
                                                        {"9223372036854.775806", kMost - 1},
                                                        {"9223372036854.775808", kMost},
                                                        {"0000", 0},
                                                        {"123456789012345678901234567890", kMost}};
  for (const auto& [text, expected] : cases) EXPECT_EQ(in_millionths(text), expected) << text;
}

}  // namespace
}  // namespace hansard::projections::facts::test
