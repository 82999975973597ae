#include "events/assignment/decider.h"

#include <string>
#include <utility>

#include "assignment/check.h"
#include "core/command_loop.h"
#include "events/session/ids.h"
#include "sealing.h"

namespace hansard::events {
namespace {

using core::Errc;
using core::Error;
using core::Result;

static_assert(core::Decider<AssignmentDecider>);

Error rejected(std::string why, std::string field) {
  return {.code = Errc::rejected, .message = std::move(why), .field = std::move(field)};
}

/// An event to write, under its id; nothing: there is nothing to say.
struct Made {
  core::EventId id;
  AssignmentEvent event;
};

class Rules {
 public:
  Rules(const AssignmentState& state, const core::ProjectId& project, const core::StreamId& stream,
        const core::KeyedHash& keyed_hash)
      : state_(state), project_(project), stream_(stream), keyed_hash_(keyed_hash) {}

  Result<std::optional<Made>> on(const ExposeUnit& command) const {
    AssignmentEvent event = VariantAssigned(command);
    if (auto s = check_event(event); !s) return std::move(s.error());
    const auto id = derive_event_id(project_, stream_, VariantAssigned::kType, {}, keyed_hash_);
    if (state_.next_version == 0) return std::optional(Made{id, std::move(event)});
    if (!state_.exposed())
      return rejected("the unit's stream does not begin with a variant", "unit");
    if (state_.variant == command.variant) return std::optional<Made>();
    return rejected("the unit has variant " + state_.variant + " on record", "variant");
  }

  Result<std::optional<Made>> on(const RecordOutcome& command) const {
    AssignmentEvent event = OutcomeRecorded(command);
    if (auto s = check_event(event); !s) return std::move(s.error());
    if (!state_.exposed()) {
      return Error{.code = Errc::not_found,
                   .message = "unit: was not exposed in experiment " + command.experiment,
                   .field = "unit"};
    }
    const auto id =
        derive_event_id(project_, stream_, OutcomeRecorded::kType,
                        {command.outcome_id, std::to_string(command.revision)}, keyed_hash_);
    if (state_.ids.contains(id)) return std::optional(Made{id, std::move(event)});
    const auto found = state_.revisions.find(command.outcome_id);
    const std::uint32_t latest = found == state_.revisions.end() ? 0 : found->second;
    if (command.revision != latest + 1) {
      const std::string have =
          latest == 0 ? "there is none yet" : "the latest is " + std::to_string(latest);
      return rejected(
          "revision: of this outcome " + have + ", so the next is " + std::to_string(latest + 1),
          "revision");
    }
    if (state_.next_version >= kUnitEventsMax) {
      return Error{.code = Errc::too_large,
                   .message = "a unit has at most " + std::to_string(kUnitEventsMax) + " events",
                   .field = "unit"};
    }
    return std::optional(Made{id, std::move(event)});
  }

 private:
  const AssignmentState& state_;
  const core::ProjectId& project_;
  const core::StreamId& stream_;
  const core::KeyedHash& keyed_hash_;
};

class Fold {
 public:
  explicit Fold(AssignmentState& state) : state_(state) {}
  void operator()(const VariantAssigned& event) {
    if (state_.exposed()) return;  // only the first counts
    state_.experiment = event.experiment;
    state_.variant = event.variant;
  }
  void operator()(const OutcomeRecorded& event) {
    std::uint32_t& latest = state_.revisions[event.outcome_id];
    latest = std::max(latest, event.revision);
  }
  void operator()(const Unrecognised&) {}

 private:
  AssignmentState& state_;
};

}  // namespace

AssignmentState after(AssignmentState state, const core::RecordedEvent& recorded,
                      const AssignmentEvent& event) {
  state.next_version = recorded.version.value + 1;
  state.ids.insert(recorded.id);
  std::visit(Fold(state), event);
  return state;
}

std::size_t approximate_bytes(const AssignmentState& state) {
  constexpr std::size_t kStateBytes = 256;
  constexpr std::size_t kEventBytes = 160;  // its id, and an outcome's name
  return kStateBytes + state.ids.size() * kEventBytes;
}

AssignmentDecider::AssignmentDecider(const core::KeyedHash& keyed_hash, const core::Hasher& hasher)
    : keyed_hash_(keyed_hash), hasher_(hasher) {}

Result<AssignmentState> AssignmentDecider::evolve(AssignmentState state,
                                                  const core::RecordedEvent& event) const {
  auto decoded = assignment_codec().decode(event, Want::facts);
  if (!decoded) return std::move(decoded.error());
  return after(std::move(state), event, decoded->event);
}

Result<std::vector<core::NewEvent>> AssignmentDecider::decide(const State& state,
                                                              const core::ProjectId& project,
                                                              const core::StreamId& stream,
                                                              const Command& command) const {
  const Rules rules(state, project, stream, keyed_hash_);
  auto made = std::visit([&](const auto& step) { return rules.on(step); }, command.step);
  if (!made) return std::move(made.error());
  std::vector<core::NewEvent> records;
  if (*made) {
    records.push_back(sealed_by(assignment_codec().encode((*made)->event), stream, (*made)->id,
                                command.meta, hasher_));
  }
  return records;
}

}  // namespace hansard::events
