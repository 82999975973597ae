#include "http/experiment_desk.h"

#include <algorithm>
#include <utility>

namespace hansard::http {

using core::Errc;
using core::Error;
using core::Result;
using core::Status;
using events::ExperimentState;

namespace {

Error rejected(std::string why, std::string field = {}) {
  return {.code = Errc::rejected, .message = std::move(why), .field = std::move(field)};
}

core::CommandContext context_of(const Hand& hand, core::StreamId stream) {
  core::CommandContext with;
  with.project = hand.project;
  with.stream = std::move(stream);
  with.recorded_at = hand.at;
  with.actor = hand.actor;
  with.durability = hand.durability;
  with.expected_version = hand.expected_version;
  with.may_block = true;
  return with;
}

/// True when somebody wrote to another stream that the action rests on.
bool others_were_faster(const Error& error, const core::StreamId& stream) {
  const auto& all = error.violations;
  return error.code == Errc::version_conflict &&
         std::any_of(all.begin(), all.end(),
                     [&](const core::Violation& each) { return each.stream != stream.text(); });
}

/// Prompts that a step rests on: those of the plan on record, or of the one to come.
std::vector<std::string> prompts_for(const ExperimentState& state,
                                     const events::ExperimentStep& step) {
  if (state.plan) return events::prompts_of(*state.plan);
  const auto* create = std::get_if<events::CreateExperiment>(&step);
  return create == nullptr ? std::vector<std::string>{} : events::prompts_of(create->plan);
}

}  // namespace

struct ExperimentDesk::Change {
  Hand hand;
  core::StreamId stream;
  std::string name;
  events::ExperimentStep step;
  core::AppendDone done;
  int attempts = 0;
};

Result<std::shared_ptr<const ExperimentState>> ExperimentDesk::find(const core::ProjectId& project,
                                                                    std::string_view name) const {
  auto state = ports_.experiments->read(project, name);
  if (!state || (*state)->plan) return state;
  return Error{Errc::not_found, "there is no experiment " + std::string(name), "name"};
}

void ExperimentDesk::change(const Hand& hand, const std::string& name, events::ExperimentStep step,
                            core::AppendDone done) const {
  auto stream = projections::experiment_stream(name);
  if (!stream) return done(stream.error());
  bool closed = false;
  {
    const std::lock_guard lock(mutex_);
    closed = closed_;
    if (!closed) ++under_way_;
  }
  if (closed) return done(Error{Errc::cancelled, "the engine is stopping"});
  attempt(std::make_shared<Change>(
      Change{hand, *std::move(stream), name, std::move(step), std::move(done)}));
}

void ExperimentDesk::finish(const Change& change, Result<core::Receipt> receipt) const {
  change.done(std::move(receipt));
  const std::lock_guard lock(mutex_);
  if (--under_way_ == 0) idle_.notify_all();
}

void ExperimentDesk::close() const {
  std::unique_lock lock(mutex_);
  closed_ = true;
  idle_.wait(lock, [this] { return under_way_ == 0; });
}

void ExperimentDesk::attempt(std::shared_ptr<Change> change) const {
  ++change->attempts;
  const auto state = ports_.experiments->read(change->hand.project, change->name);
  if (!state) return finish(*change, state.error());
  core::CommandContext with = context_of(change->hand, change->stream);
  // A plan that is known, to be started now.
  with.known = core::Known::skip;
  events::ExperimentCommand command{{}, change->step, {}};
  command.meta.occurred_at = change->hand.at;
  command.meta.salt_seed = ports_.draw_random();
  for (const std::string& name : prompts_for(**state, change->step)) {
    auto prompt = ports_.prompts->read(change->hand.project, name);
    const auto stream = projections::prompt_stream(name);
    if (!prompt) return finish(*change, prompt.error());
    if (!stream) return finish(*change, stream.error());
    const std::uint64_t next = (*prompt)->next_version;
    with.checks.push_back({*stream, next == 0 ? core::Expected::none()
                                              : core::Expected::exactly(core::Version{next - 1})});
    command.prompts.push_back({name, *std::move(prompt)});
  }
  ports_.change(std::move(with), std::move(command), [this, change](Result<core::Receipt> receipt) {
    const bool again = !receipt && change->attempts < kAttemptsMax &&
                       others_were_faster(receipt.error(), change->stream);
    if (!again) return finish(*change, std::move(receipt));
    ports_.post([this, change] { attempt(change); });
  });
}

void ExperimentDesk::expose(const Hand& hand, const std::string& name, ExposeRequest request,
                            std::function<void(Result<ExposedUnit>)> done) const {
  if (auto s = check_unit(request.unit); !s) return done(s.error());
  const auto found = find(hand.project, name);
  if (!found) return done(found.error());
  const ExperimentState& state = **found;
  const auto unit = ports_.experiments->assign(hand.project, name, state, request.unit);
  if (!unit) return done(unit.error());
  std::optional<std::size_t> chosen;
  if (request.variant) {
    chosen = state.variant(*request.variant);
    if (!chosen) {
      return done(events::bad_field("variant", name + " has no variant " + *request.variant));
    }
  }
  const bool known = *unit && (*unit)->exposed;
  if (!known) {
    if (const std::string why = why_closed(state); !why.empty()) return done(rejected(why));
    if (!*unit && !chosen) {
      return done(rejected("the unit takes no part: it is outside of the coverage", "unit"));
    }
  }
  events::ExposeUnit expose;
  expose.experiment = name;
  expose.unit_kind = state.plan->unit;
  const std::size_t variant = chosen.value_or(*unit ? (*unit)->variant : 0);
  expose.variant = state.plan->variants[variant].name;
  expose.edition = *unit ? (*unit)->edition : state.shares.back().edition;
  // The application's own choice has no place among the buckets.
  if (*unit && (*unit)->variant == variant) expose.bucket = (*unit)->bucket;
  expose.session = std::move(request.session);
  expose.call_id = std::move(request.call_id);
  expose.unit = request.unit;
  auto stream = core::StreamId::make(
      "assignment", events::assignment_name(hand.project, name, state.plan->unit, request.unit,
                                            ports_.keyed_hash));
  if (!stream) return done(stream.error());
  core::CommandContext with = context_of(hand, *std::move(stream));
  with.expected_version.reset();
  events::AssignmentCommand command{{}, expose};
  command.meta.occurred_at = request.occurred_at.value_or(hand.at);
  command.meta.occurred_at_from_client = request.occurred_at.has_value();
  command.meta.salt_seed = ports_.draw_random();
  ports_.unit(std::move(with), std::move(command),
              [done = std::move(done), variant = expose.variant](Result<core::Receipt> receipt) {
                if (!receipt) return done(std::move(receipt.error()));
                done(ExposedUnit{variant, *std::move(receipt)});
              });
}

void ExperimentDesk::record(const Hand& hand, const std::string& name, const std::string& unit,
                            events::CommandMeta meta, events::RecordOutcome outcome,
                            core::AppendDone done) const {
  if (auto s = check_unit(unit); !s) return done(s.error());
  const auto found = find(hand.project, name);
  if (!found) return done(found.error());
  auto stream = core::StreamId::make(
      "assignment",
      events::assignment_name(hand.project, name, (*found)->plan->unit, unit, ports_.keyed_hash));
  if (!stream) return done(stream.error());
  outcome.experiment = name;
  const std::uint32_t revision = outcome.revision;
  core::CommandContext with = context_of(hand, *std::move(stream));
  with.expected_version.reset();
  meta.salt_seed = ports_.draw_random();
  ports_.unit(std::move(with), {std::move(meta), std::move(outcome)},
              [done = std::move(done), revision](Result<core::Receipt> receipt) {
                if (!receipt && receipt.error().code == Errc::id_reused) {
                  return done(Error{Errc::id_reused,
                                    "revision " + std::to_string(revision) +
                                        " of this outcome says something else; a correction is "
                                        "revision " +
                                        std::to_string(revision + 1),
                                    "revision"});
                }
                done(std::move(receipt));
              });
}

Status check_unit(std::string_view unit) {
  if (!unit.empty() && unit.size() <= kUnitBytesMax) return core::Ok{};
  return events::bad_field("unit", "expected 1 to " + std::to_string(kUnitBytesMax) + " bytes");
}

std::string why_closed(const ExperimentState& state) {
  using events::ExperimentStatus;
  switch (state.status) {
    case ExperimentStatus::running:
      return {};
    case ExperimentStatus::planned:
      return "the experiment was not started";
    case ExperimentStatus::paused:
      return "the experiment is paused";
    case ExperimentStatus::stopped:
      return "the experiment is stopped";
    default:
      return "the experiment is concluded";
  }
}

}  // namespace hansard::http
