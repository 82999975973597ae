#include <cstdlib>
#include <set>

#include "read_back.h"

namespace hansard::projections::facts::test {
namespace {

using projections::test::Built;
using projections::test::RandomLog;
using projections::test::Recorder;

int calls_rounds() {
  const char* text = std::getenv("HANSARD_TEST_ROUNDS");
  return 6 * std::max(1, text ? std::atoi(text) : 1);
}

/// `log` folded in segments and batches of several sizes, read back at several ends.
void expect_whole(const core::EventLog& log, std::mt19937_64& random, std::uint64_t seed) {
  for (const std::uint32_t segment_rows : {1U, 37U, 64U, 150U, kSegmentRows}) {
    const CallsView view(segment_rows);
    const Built built(log, view);
    for (const auto* name : {"default", "other"}) {
      const auto project = support::project(name);
      const auto expect_as_of = [&](core::Position end) {
        Oracle oracle(log, project, end);
        saturate(oracle.calls);
        EXPECT_EQ(read_back(built.model(), project, end), oracle.calls)
            << name << ", segments of " << segment_rows << ", as of " << end.value << ", seed "
            << seed;
        return oracle;
      };
      const Oracle whole = expect_as_of(log.end());
      EXPECT_GT(whole.calls.size(), 0U);
      EXPECT_EQ(Reader::open(built.model(), project)->further_choices(), whole.further_choices);
      for (int i = 0; i < 3; ++i) expect_as_of(core::Position{random() % log.end().value});
    }
    for (const std::size_t batch : {1U, 23U}) {
      EXPECT_EQ(Built(log, view, batch).rows(), built.rows())
          << "batches of " << batch << ", seed " << seed;
    }
  }
}

class Calls : public ::testing::TestWithParam<int> {};

TEST_P(Calls, RowsAreWhatARandomHistorySaysAndErasuresChangeNothing) {
  const auto seed = static_cast<std::uint64_t>(GetParam());
  RandomLog log(seed);
  log.grow(1'200);
  std::mt19937_64 random(seed);
  expect_whole(log.log(), random, seed);
  const CallsView view(16);
  const auto before = Built(log.log(), view).rows();
  log.erase(2);
  EXPECT_EQ(Built(log.log(), view).rows(), before) << "seed " << seed;
}

TEST_P(Calls, RowsAreWhatRichCallsSayAndErasuresChangeNothing) {
  const auto seed = static_cast<std::uint64_t>(GetParam());
  std::mt19937_64 random(seed);
  Recorder recorder;
  add_rich_calls(recorder, random, 600);
  expect_whole(recorder.log(), random, seed);
  const CallsView view(64);
  const auto before = Built(recorder.log(), view).rows();
  for (std::uint64_t at = 0; at < recorder.log().end().value; ++at) {
    if (random() % 2 == 0) continue;
    EXPECT_TRUE(recorder.log().erase(core::Position{at}));
  }
  EXPECT_EQ(Built(recorder.log(), view).rows(), before) << "seed " << seed;
}

INSTANTIATE_TEST_SUITE_P(Seeds, Calls, ::testing::Range(1, 1 + calls_rounds()));

TEST(FactsReader, AProjectWithoutCallsHasNone) {
  Recorder recorder;
  const Built built(recorder.log(), CallsView());
  const auto reader = Reader::open(built.model(), support::project("default"));
  ASSERT_TRUE(reader);
  EXPECT_EQ(reader->rows(), 0U);
  EXPECT_TRUE(reader->segments().empty());
  EXPECT_FALSE(reader->find(Column::model, "m").value());
}

TEST(CallsView, TellsCallsApartByHash) {
  Recorder recorder;
  for (int i = 0; i < 2'000; ++i) {
    recorder.answer("s" + std::to_string(i % 7),
                    projections::test::response("m" + std::to_string(i), "x"));
  }
  const Built built(recorder.log(), CallsView(512));
  const auto reader = Reader::open(built.model(), support::project("default"));
  ASSERT_TRUE(reader);
  std::set<std::int64_t> hashes;
  for (const Segment& segment : reader->segments()) {
    std::vector<std::int64_t> values(segment.rows);
    reader->column(segment, Column::call)->read(0, values);
    hashes.insert(values.begin(), values.end());
  }
  EXPECT_EQ(hashes.size(), 2'000U);
  EXPECT_EQ(reader->segments().size(), 4U);
  EXPECT_FALSE(reader->segments().back().sealed);
}

}  // namespace
}  // namespace hansard::projections::facts::test
