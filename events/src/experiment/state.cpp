#include "events/experiment/state.h"

#include <algorithm>
#include <utility>

#include "events/experiment/assignment.h"

namespace hansard::events {
namespace {

/// Roughly, of a state without its texts.
constexpr std::size_t kStateBytes = 2'048;

class Fold {
 public:
  Fold(ExperimentState& state, const core::RecordedEvent& recorded)
      : state_(state), recorded_(recorded) {}

  void operator()(const ExperimentCreated& event) {
    if (state_.plan) return;  // only the first says what the experiment is
    state_.plan = event;
    Shares shares;
    for (const VariantPlan& variant : event.variants) shares.of.push_back(variant.share);
    shares.coverage = event.coverage;
    shares.since = recorded_.position;
    state_.shares.push_back(std::move(shares));
  }
  void operator()(const ExperimentStarted&) {
    if (state_.over()) return;
    state_.status = ExperimentStatus::running;
    if (state_.started) return;
    state_.started = recorded_.position;
    state_.started_at = recorded_.recorded_at;
  }
  void operator()(const ExperimentPaused&) {
    if (!state_.over()) state_.status = ExperimentStatus::paused;
  }
  void operator()(const ExperimentReweighted& event) {
    state_.shares.push_back({event.edition, event.shares, event.coverage, recorded_.position});
  }
  void operator()(const ExperimentStopped& event) {
    if (state_.over()) return;
    state_.status = ExperimentStatus::stopped;
    state_.stopped = event;
  }
  void operator()(const WinnerDeclared& event) {
    if (state_.winner) return;
    state_.winner = event;
    state_.winner_at = recorded_.position;
  }
  void operator()(const ExperimentConcluded& event) {
    if (state_.over()) return;
    state_.status = ExperimentStatus::concluded;
    state_.concluded = event;
  }
  void operator()(const Unrecognised&) {}

 private:
  ExperimentState& state_;
  const core::RecordedEvent& recorded_;
};

}  // namespace

std::optional<std::size_t> ExperimentState::variant(std::string_view name) const {
  if (!plan) return {};
  const auto& all = plan->variants;
  const auto found = std::find_if(all.begin(), all.end(),
                                  [&](const VariantPlan& each) { return each.name == name; });
  if (found == all.end()) return {};
  return static_cast<std::size_t>(found - all.begin());
}

ExperimentState after(ExperimentState state, const core::RecordedEvent& recorded,
                      const ExperimentEvent& event) {
  state.next_version = recorded.version.value + 1;
  state.changed_at = recorded.recorded_at;
  state.ids.insert(recorded.id);
  std::visit(Fold(state, recorded), event);
  return state;
}

std::optional<Drawn> draw(const ExperimentState& state, std::string_view unit) {
  const Shares& shares = state.shares.back();
  // Whole parts of kSharesWhole, so that no rounding moves a border between two units.
  const double at = experiment::bucket(state.plan->seed, unit);
  const auto bucket = static_cast<std::uint32_t>(at * kSharesWhole + 0.5);
  std::uint32_t lower = 0;
  const std::vector<std::uint32_t> taken = buckets_taken(shares);
  for (std::size_t i = 0; i < shares.of.size(); ++i) {
    if (bucket >= lower && bucket < lower + taken[i]) return Drawn{i, bucket, shares.edition};
    lower += shares.of[i];
  }
  return {};
}

std::vector<std::uint32_t> buckets_taken(const Shares& shares) {
  std::vector<std::uint32_t> taken;
  for (const std::uint32_t share : shares.of) {
    const std::uint64_t covered = std::uint64_t{share} * shares.coverage;
    // Rounded up, so that a variant with a share is never without a bucket.
    taken.push_back(static_cast<std::uint32_t>((covered + kSharesWhole - 1) / kSharesWhole));
  }
  return taken;
}

std::size_t approximate_bytes(const ExperimentState& state) {
  constexpr std::size_t kIdBytes = 48;
  constexpr std::size_t kVariantBytes = 512;
  return kStateBytes + state.ids.size() * kIdBytes +
         (state.plan ? state.plan->variants.size() * kVariantBytes : 0);
}

}  // namespace hansard::events
