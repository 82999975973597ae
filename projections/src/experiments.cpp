#include "projections/experiments.h"

#include <mutex>
#include <utility>

#include "beyond.h"

namespace hansard::projections {
namespace {

using core::ProjectId;
using core::RecordedEvent;
using core::Result;
using events::ExperimentState;

Result<ExperimentState> fold(ExperimentState state, const RecordedEvent& event) {
  auto decoded = events::experiment_codec().decode(event);
  if (!decoded) return std::move(decoded.error());
  return events::after(std::move(state), event, decoded->event);
}

/// The first `VariantAssigned` of a unit's stream.
Result<std::optional<events::VariantAssigned>> recorded(const core::EventLog& log,
                                                        const ProjectId& project,
                                                        const core::StreamId& stream) {
  std::optional<events::VariantAssigned> found;
  core::Status status = core::Ok{};
  const auto read = log.read_stream(project, stream, {}, [&](const RecordedEvent& event) {
    auto decoded = events::assignment_codec().decode(event, events::Want::facts);
    if (!decoded) {
      status = std::move(decoded.error());
      return false;
    }
    if (auto* assigned = std::get_if<events::VariantAssigned>(&decoded->event)) {
      found = std::move(*assigned);
    }
    return !found;
  });
  if (!status) return std::move(status.error());
  if (!read) return read.error();
  return found;
}

}  // namespace

Result<core::StreamId> experiment_stream(std::string_view name) {
  auto stream = core::StreamId::make("experiment", name);
  if (stream) return stream;
  return core::Error{core::Errc::invalid_argument,
                     "experiment: a name has 1 to 100 of A-Z a-z 0-9 . _ ~ -", "experiment"};
}

std::optional<AssignedUnit> ExposedUnits::find(const std::string& key) {
  const std::lock_guard lock(mutex_);
  const auto found = index_.find(key);
  if (found == index_.end()) return {};
  units_.splice(units_.begin(), units_, found->second);
  return found->second->second;
}

void ExposedUnits::keep(const std::string& key, const AssignedUnit& unit) {
  const std::lock_guard lock(mutex_);
  if (index_.contains(key)) return;
  if (units_.size() == kUnitsMax) {
    index_.erase(units_.back().first);
    units_.pop_back();
  }
  units_.emplace_front(key, unit);
  index_.emplace(units_.front().first, units_.begin());
}

ExperimentReader::ExperimentReader(const core::EventLog& log, const core::KeyedHash& keyed_hash)
    : log_(log),
      keyed_hash_(keyed_hash),
      states_(log, fold, [](const events::ExperimentState& state) {
        return events::approximate_bytes(state);
      }) {}

Result<std::shared_ptr<const ExperimentState>> ExperimentReader::read(const ProjectId& project,
                                                                      std::string_view name) {
  const auto stream = experiment_stream(name);
  if (!stream) return stream.error();
  return states_.read(project, *stream);
}

Result<std::optional<AssignedUnit>> ExperimentReader::assign(const ProjectId& project,
                                                             std::string_view name,
                                                             const ExperimentState& state,
                                                             std::string_view unit) {
  AssignedUnit assigned;
  assigned.name = events::assignment_name(project, name, state.plan->unit, unit, keyed_hash_);
  const std::string key = project.text() + '/' + assigned.name;
  // Only what is on record is kept: it never changes, while a unit drawn now may be exposed by the
  // next call, after a reweighting.
  if (auto known = exposed_.find(key)) return known;

  const auto stream = core::StreamId::make("assignment", assigned.name);
  if (!stream) return stream.error();
  const auto head = log_.head(project, *stream);
  if (!head) return head.error();
  if (*head) {
    const auto first = recorded(log_, project, *stream);
    if (!first) return first.error();
    if (*first) {
      const auto index = state.variant((*first)->variant);
      if (!index) return std::optional<AssignedUnit>();  // of a plan that was never this one
      assigned.variant = *index;
      assigned.edition = (*first)->edition;
      assigned.bucket = (*first)->bucket;
      assigned.exposed = true;
      exposed_.keep(key, assigned);
      return std::optional(std::move(assigned));
    }
  }
  const auto drawn = events::draw(state, unit);
  if (!drawn) return std::optional<AssignedUnit>();
  assigned.variant = drawn->variant;
  assigned.edition = drawn->edition;
  assigned.bucket = drawn->bucket;
  return std::optional(std::move(assigned));
}

Result<ExperimentState> experiment_as_of(const core::EventLog& log, const ProjectId& project,
                                         std::string_view name, const AsOf& as_of) {
  const auto stream = experiment_stream(name);
  if (!stream) return stream.error();
  ExperimentState state;
  const auto read = fold_stream(log, project, *stream, {}, state, fold,
                                [&](const RecordedEvent& event) { return beyond(event, as_of); });
  if (!read) return read.error();
  return state;
}

}  // namespace hansard::projections
