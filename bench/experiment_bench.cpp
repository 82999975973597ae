#include <algorithm>
#include <cstdlib>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>

#include "benchmark/benchmark.h"
#include "core/projection.h"
#include "core/projection_runner.h"
#include "projections/experiment_report.h"
#include "projections/facts/observations.h"

/// Question: how long does a report take over a million units, each with an exposure and a score?
/// Expected: two million rows of twelve columns at about a nanosecond a value, 24 ms; a unit's
/// value looked up and added, 20 ms; its square, 10 ms; a look at the split every hundred
/// exposures, 5 ms: 60 ms. Bar: 200 ms.
namespace hansard::bench {
namespace {

constexpr std::uint64_t kSeed = 7;

/// The view of one experiment, folded from made-up events.
class Experiment {
 public:
  explicit Experiment(std::uint64_t units) : store_(core::make_in_memory_read_model_store()) {
    open();
    std::mt19937_64 random(kSeed);
    for (std::uint64_t i = 0; i < units; ++i) {
      const bool treated = random() % 2 == 1;
      const std::string stream = "assignment-" + std::to_string(i);
      apply("VariantAssigned", stream,
            std::string(R"({"experiment":"greeting","variant":")") + (treated ? "b" : "a") +
                R"(","edition":0})");
      // A score comes to somebody who was exposed a while ago.
      const std::uint64_t whose = i - random() % std::min<std::uint64_t>(i + 1, 50'000);
      const bool good = random() % 10 == 0;
      good_ += good ? 1 : 0;
      apply("OutcomeRecorded", "assignment-" + std::to_string(whose),
            R"({"experiment":"greeting","outcome_id":")" + std::to_string(i) +
                R"(","metric":"thumbs","value":)" + (good ? "true}" : "false}"));
    }
    commit();
  }
  [[nodiscard]] const core::ReadModel& model() const { return *model_; }
  [[nodiscard]] std::uint64_t good() const { return good_; }

 private:
  void apply(std::string_view type, const std::string& stream, const std::string& facts) {
    core::RecordedEvent event;
    event.position = core::Position{position_++};
    event.type = type;
    event.project = "default";
    event.stream = stream;
    event.facts = facts;
    event.content = "{}";
    if (!view_.apply(event, *batch_)) std::abort();
    constexpr std::uint64_t kBatch = 32'768;
    if (position_ % kBatch == 0) commit();
  }
  void open() {
    model_ = store_->open(id_).value();
    batch_.emplace(*model_);
  }
  void commit() {
    if (!store_->commit(id_, batch_->take(), core::Position{position_})) std::abort();
    batch_.reset();
    open();
  }

  std::unique_ptr<core::ReadModelStore> store_;
  const projections::facts::ObservationsView view_;
  const core::ViewId id_{"observations", 1, 0};
  std::unique_ptr<core::ReadModel> model_;
  std::optional<core::ReadModelBatch> batch_;
  std::uint64_t position_ = 0;
  std::uint64_t good_ = 0;
};

events::ExperimentState state_of() {
  events::ExperimentState state;
  state.plan.emplace();
  for (const char* name : {"a", "b"}) state.plan->variants.emplace_back().name = name;
  state.plan->metric.name = "thumbs";
  state.plan->guardrails.emplace_back().name = "errors";
  state.shares.push_back({0, {5'000, 5'000}, events::kCoverage, {}});
  return state;
}

void experiment_report(benchmark::State& state) {
  const auto units = static_cast<std::uint64_t>(state.range(0));
  // Made once: the benchmark's repetitions ask the same view.
  static std::map<std::uint64_t, Experiment> made;
  const Experiment& experiment = made.try_emplace(units, units).first->second;
  const events::ExperimentState plan = state_of();
  const auto project = core::ProjectId::parse("default").value();
  const auto report = projections::experiment_report(experiment.model(), project, "greeting", plan);
  std::uint64_t values = 0;
  if (report) {
    for (const auto& each : report->seen.metrics[0]) values += each.values;
  }
  if (values != units || report->exposed[0] + report->exposed[1] != units) {
    return state.SkipWithError("the report does not count what was made");
  }
  for (auto iteration : state) {
    static_cast<void>(iteration);
    benchmark::DoNotOptimize(
        projections::experiment_report(experiment.model(), project, "greeting", plan));
  }
  state.SetItemsProcessed(state.iterations() * state.range(0) * 2);
}
BENCHMARK(experiment_report)
    ->Name("BM_Experiment_Report")
    ->ArgName("units")
    ->Arg(1'000)
    ->Arg(1'000'000)
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace hansard::bench

BENCHMARK_MAIN();
