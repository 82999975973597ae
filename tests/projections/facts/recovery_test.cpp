#include <cstdlib>
#include <memory>
#include <vector>

#include "projections/facts/optimisations.h"
#include "projections/facts/scores.h"
#include "projections/facts/tool_calls.h"
#include "tables_oracle.h"

namespace hansard::projections::facts::test {
namespace {

using projections::test::Built;
using projections::test::Recorder;

int recovery_rounds() {
  const char* text = std::getenv("HANSARD_TEST_ROUNDS");
  return 4 * std::max(1, text ? std::atoi(text) : 1);
}

/// Folds as a process that dies again and again would: whatever was folded since the last commit
/// is gone, and the next one goes on from the checkpoint. Segments are small, so that it dies
/// within seals as well. @return how often it died with rows in hand.
int fold_and_die(const core::EventLog& log, const core::Projection& view,
                 core::ReadModelStore& store, const core::ViewId& id, std::mt19937_64& random) {
  int deaths = 0;
  for (;;) {
    const auto base = store.open(id).value();
    if (base->checkpoint() == log.end()) return deaths;
    core::ReadModelBatch batch(*base);
    const std::uint64_t most = 1 + random() % 120;
    std::uint64_t folded = 0;
    EXPECT_TRUE(log.read(base->checkpoint(), [&](const core::RecordedEvent& event) {
      EXPECT_TRUE(view.apply(event, batch));
      return ++folded < most;
    }));
    auto rows = batch.take();
    if (random() % 3 == 0) {
      deaths += rows.empty() ? 0 : 1;
      continue;
    }
    EXPECT_TRUE(
        store.commit(id, std::move(rows), core::Position{base->checkpoint().value + folded}));
  }
}

class Recovery : public ::testing::TestWithParam<int> {};

TEST_P(Recovery, AFoldThatDiesAnywhereGoesOnToTheSameRows) {
  const auto seed = static_cast<std::uint64_t>(GetParam());
  std::mt19937_64 random(seed);
  Recorder recorder;
  add_rich_others(recorder, random, 700);
  add_rich_calls(recorder, random, 300);
  std::vector<std::unique_ptr<core::Projection>> views;
  constexpr std::uint32_t kRows = 24;
  views.push_back(std::make_unique<CallsView>(kRows));
  views.push_back(std::make_unique<ToolCallsView>(kRows));
  views.push_back(std::make_unique<ScoresView>(kRows));
  views.push_back(std::make_unique<OptimisationsView>(kRows));
  for (const auto& view : views) {
    const auto store = core::make_in_memory_read_model_store();
    const core::ViewId id{std::string(view->name()), view->version(), 0};
    EXPECT_GT(fold_and_die(recorder.log(), *view, *store, id, random), 0);
    std::vector<std::pair<std::string, std::string>> rows;
    const auto model = store->open(id).value();
    EXPECT_TRUE(model->scan({}, {}, [&](std::string_view key, std::string_view row) {
      rows.emplace_back(key, row);
      return true;
    }));
    EXPECT_EQ(rows, Built(recorder.log(), *view).rows()) << view->name() << ", seed " << seed;
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, Recovery, ::testing::Range(1, 1 + recovery_rounds()));

}  // namespace
}  // namespace hansard::projections::facts::test
