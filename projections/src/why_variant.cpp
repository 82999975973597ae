#include "projections/why_variant.h"

#include <algorithm>
#include <utility>

#include "projections/experiments.h"

namespace hansard::projections {
namespace {

using core::Result;

Result<std::optional<WhyVariant>> exposure_of(const core::EventLog& log,
                                              const core::ProjectId& project,
                                              const core::StreamId& unit) {
  std::optional<WhyVariant> found;
  core::Status status = core::Ok{};
  const auto read = log.read_stream(project, unit, {}, [&](const core::RecordedEvent& event) {
    auto decoded = events::assignment_codec().decode(event);
    if (!decoded) {
      status = std::move(decoded.error());
      return false;
    }
    if (auto* assigned = std::get_if<events::VariantAssigned>(&decoded->event)) {
      found =
          WhyVariant{std::move(*assigned), decoded->erased, event.position, event.recorded_at, {}};
    }
    return !found;
  });
  if (!status) return std::move(status.error());
  if (!read) return read.error();
  return found;
}

}  // namespace

Result<std::optional<WhyVariant>> explain_variant(const core::EventLog& log,
                                                  const core::ProjectId& project,
                                                  const events::VariantRef& variant) {
  if (!variant.unit) return std::optional<WhyVariant>();
  const auto unit = core::StreamId::make("assignment", *variant.unit);
  if (!unit) return std::optional<WhyVariant>();  // of another recorder, who calls units otherwise
  auto found = exposure_of(log, project, *unit);
  if (!found || !*found) return found;
  const auto state = experiment_as_of(log, project, variant.experiment, AsOf::head());
  if (!state) return state.error();
  if (!state->plan) return found;
  const auto drawn_by = std::find_if(
      state->shares.begin(), state->shares.end(),
      [&](const events::Shares& each) { return each.edition == (*found)->assigned.edition; });
  if (drawn_by == state->shares.end()) return found;
  std::uint32_t from = 0;
  for (std::size_t i = 0; i < std::min(drawn_by->of.size(), state->plan->variants.size()); ++i) {
    const std::uint64_t taken =
        std::uint64_t{drawn_by->of[i]} * drawn_by->coverage / events::kSharesWhole;
    (*found)->buckets.push_back(
        {state->plan->variants[i].name, from, from + static_cast<std::uint32_t>(taken)});
    from += drawn_by->of[i];
  }
  return found;
}

}  // namespace hansard::projections
