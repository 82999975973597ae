#include "events/experiment/decider.h"

#include <algorithm>
#include <utility>

#include "core/command_loop.h"
#include "events/experiment/plan_rules.h"
#include "events/prompt/facts.h"
#include "events/session/ids.h"
#include "experiment/check.h"
#include "sealing.h"

namespace hansard::events {
namespace {

using core::Errc;
using core::Error;
using core::Ok;
using core::Result;
using core::Status;

static_assert(core::Decider<ExperimentDecider>);

Error rejected(std::string why, std::string field = {}) {
  return {.code = Errc::rejected, .message = std::move(why), .field = std::move(field)};
}

/// One decision in the making. Lives for one `decide`.
class ExperimentDecision {
 public:
  ExperimentDecision(const ExperimentState& state, const core::ProjectId& project,
                     const core::StreamId& stream, const ExperimentCommand& command,
                     const core::KeyedHash& keyed_hash, const core::Hasher& hasher)
      : state_(state),
        project_(project),
        stream_(stream),
        command_(command),
        keyed_hash_(keyed_hash),
        hasher_(hasher) {}

  Status on(const CreateExperiment& create) {
    if (auto s = check_event(ExperimentEvent(create.plan)); !s) return s;
    if (state_.plan) {
      if (auto s = same_plan(create.plan); !s) return s;
    } else if (auto s = versions_exist(create.plan); !s) {
      return s;
    }
    add(ExperimentCreated(create.plan), id_of(ExperimentCreated::kType, {}));
    if (!create.start || (state_.plan && state_.status != ExperimentStatus::planned)) return Ok{};
    return start(create.plan, ExperimentStarted{}, 1);
  }

  Status on(const StartExperiment& command) {
    if (auto s = begun(); !s) return s;
    if (state_.over()) return rejected(name() + " is over: make another experiment");
    const std::uint32_t times = times_of(ExperimentStarted::kType);
    if (state_.status == ExperimentStatus::running) return again(ExperimentStarted(command), times);
    return start(*state_.plan, ExperimentStarted(command), times + 1);
  }

  Status on(const PauseExperiment& command) {
    if (auto s = begun(); !s) return s;
    if (state_.over()) return rejected(name() + " is over");
    const std::uint32_t times = times_of(ExperimentPaused::kType);
    if (state_.status == ExperimentStatus::paused) return again(ExperimentPaused(command), times);
    if (state_.status != ExperimentStatus::running) return rejected(name() + " was not started");
    add(ExperimentPaused(command), numbered(ExperimentPaused::kType, times + 1));
    return end_trials();
  }

  Status on(const ReweightExperiment& command) {
    if (auto s = begun(); !s) return s;
    if (state_.over()) return rejected(name() + " is over");
    ExperimentReweighted event = command;
    const Shares& latest = state_.shares.back();
    if (event.shares.size() != state_.plan->variants.size()) {
      return bad_field("weights", "one for each variant");
    }
    const bool same = latest.of == event.shares && latest.coverage == event.coverage;
    if (same && latest.edition == 0) {
      return rejected("units are spread in this way since " + name() + " was created", "weights");
    }
    event.edition = latest.edition + (same ? 0 : 1);
    if (auto s = check_event(ExperimentEvent(event)); !s) return s;
    const std::uint32_t edition = event.edition;
    add(std::move(event), numbered(ExperimentReweighted::kType, edition));
    return Ok{};
  }

  Status on(const StopExperiment& command) {
    if (auto s = begun(); !s) return s;
    const auto id = id_of(ExperimentStopped::kType, {});
    if (state_.over() && !known(id)) return rejected(name() + " is concluded");
    if (auto s = check_event(ExperimentEvent(ExperimentStopped(command))); !s) return s;
    add(ExperimentStopped(command), id);
    return known(id) ? Status(Ok{}) : end_trials();
  }

  Status on(const DeclareWinner& command) {
    if (auto s = begun(); !s) return s;
    const auto id = id_of(WinnerDeclared::kType, {});
    if (auto s = check_event(ExperimentEvent(WinnerDeclared(command))); !s) return s;
    const auto index = state_.variant(command.variant);
    if (!index) return bad_field("variant", name() + " has no variant " + command.variant);
    if (known(id)) {
      add(WinnerDeclared(command), id);
      return Ok{};
    }
    if (state_.winner) return rejected(state_.winner->variant + " has won " + name() + " already");
    if (state_.over()) return rejected(name() + " is over");
    if (!state_.started) return rejected(name() + " was not started");
    add(WinnerDeclared(command), id);
    ExperimentConcluded concluded;
    concluded.conclusion = Conclusion::winner;
    concluded.evidence = command.evidence;
    add(std::move(concluded), id_of(ExperimentConcluded::kType, {}));
    if (auto s = move_label(*index, command.evidence); !s) return s;
    return end_trials();
  }

  Status on(const ConcludeExperiment& command) {
    if (auto s = begun(); !s) return s;
    const auto id = id_of(ExperimentConcluded::kType, {});
    if (state_.over() && !known(id)) return rejected(name() + " is stopped");
    if (!state_.started) return rejected(name() + " was not started: stop it instead");
    if (auto s = check_event(ExperimentEvent(ExperimentConcluded(command))); !s) return s;
    add(ExperimentConcluded(command), id);
    return known(id) ? Status(Ok{}) : end_trials();
  }

  std::vector<core::NewEvent> records;

 private:
  [[nodiscard]] std::string name() const { return "experiment " + std::string(stream_.name()); }
  [[nodiscard]] bool known(const core::EventId& id) const { return state_.ids.contains(id); }

  [[nodiscard]] core::EventId id_of(std::string_view type,
                                    std::initializer_list<std::string_view> natural_id) const {
    return derive_event_id(project_, stream_, type, natural_id, keyed_hash_);
  }
  [[nodiscard]] core::EventId numbered(std::string_view type, std::uint32_t number) const {
    return id_of(type, {std::to_string(number)});
  }
  /// How many times it has happened by our hand.
  [[nodiscard]] std::uint32_t times_of(std::string_view type) const {
    std::uint32_t times = 0;
    while (known(numbered(type, times + 1))) ++times;
    return times;
  }

  void add(ExperimentEvent event, const core::EventId& id) {
    records.push_back(
        sealed_by(experiment_codec().encode(event), stream_, id, command_.meta, hasher_));
  }
  template <class Event>
  Status again(Event event, std::uint32_t times) {
    if (times == 0) return rejected(name() + " is in that state by another's event already");
    add(std::move(event), numbered(Event::kType, times));
    return Ok{};
  }

  [[nodiscard]] Status begun() const {
    if (state_.plan) return Ok{};
    return Error{.code = Errc::not_found,
                 .message = "there is no experiment " + std::string(stream_.name())};
  }

  /// Names the first field that differs, which the log cannot.
  [[nodiscard]] Status same_plan(const ExperimentCreated& asked) const {
    const auto facts_of = [](const ExperimentCreated& plan) {
      return parse_json_object(experiment_codec().encode(ExperimentEvent(plan)).facts);
    };
    const auto was = facts_of(*state_.plan);
    const auto is = facts_of(asked);
    if (!was) return was.error();
    if (!is) return is.error();
    const auto differs = [](const Json::Object& a, const Json::Object& b) -> const std::string* {
      for (const auto& each : a) {
        const auto other = std::find_if(
            b.begin(), b.end(), [&](const Json::Member& member) { return member.key == each.key; });
        if (other == b.end() || !same_tree(each.value, other->value)) return &each.key;
      }
      return nullptr;
    };
    const std::string* field = differs(*was, *is);
    if (field == nullptr) field = differs(*is, *was);
    if (field == nullptr) return Ok{};
    return Error{.code = Errc::id_reused,
                 .message = *field + ": " + name() +
                            " exists with another plan; only weights and "
                            "coverage change, by its route weights",
                 .field = *field};
  }

  [[nodiscard]] const PromptState* prompt(std::string_view named) const {
    for (const PromptAtHand& each : command_.prompts) {
      if (each.name == named) return each.state.get();
    }
    return nullptr;
  }

  [[nodiscard]] Status versions_exist(const ExperimentCreated& plan) const {
    for (std::size_t i = 0; i < plan.variants.size(); ++i) {
      const auto& ref = plan.variants[i].prompt;
      if (!ref) continue;
      const std::string field = join_path(join_path("variants", i), "prompt");
      const std::string what = ref->name + "@" + ref->version->text;
      const PromptState* state = prompt(ref->name);
      if (state == nullptr || !state->exists()) {
        return rejected(field + ": there is no prompt " + ref->name, field);
      }
      const StoredPrompt* version = state->find(*ref->version);
      if (version == nullptr) return rejected(field + ": there is no " + what, field);
      if (version->deleted) return rejected(field + ": " + what + " is deleted", field);
      if (version->erased) return rejected(field + ": " + what + " is erased", field);
    }
    return Ok{};
  }

  Status start(const ExperimentCreated& plan, ExperimentStarted event, std::uint32_t number) {
    if (auto s = versions_exist(plan); !s) return s;
    for (const std::string& named : prompts_of(plan)) {
      const auto& trial = prompt(named)->trial;
      if (trial && *trial != stream_.name()) {
        return rejected("experiment " + *trial + " decides for prompt " + named +
                        ": one at a time; pause or stop it first");
      }
    }
    add(std::move(event), numbered(ExperimentStarted::kType, number));
    for (const std::string& named : prompts_of(plan)) {
      if (prompt(named)->trial) continue;
      PromptTrialStarted started;
      started.experiment = std::string(stream_.name());
      if (auto s = add_to(named, std::move(started)); !s) return s;
    }
    return Ok{};
  }

  Status end_trials() {
    for (const std::string& named : prompts_of(*state_.plan)) {
      const PromptState* state = prompt(named);
      if (state == nullptr || !state->trial || *state->trial != stream_.name()) continue;
      PromptTrialEnded ended;
      ended.experiment = std::string(stream_.name());
      if (auto s = add_to(named, std::move(ended)); !s) return s;
    }
    return Ok{};
  }

  Status move_label(std::size_t winner, const std::optional<Json>& evidence) {
    const auto& label = state_.plan->moves_label;
    const auto& ref = state_.plan->variants[winner].prompt;
    if (!label || !ref || !ref->version) return Ok{};
    const PromptState* state = prompt(ref->name);
    const StoredPrompt* version = state == nullptr ? nullptr : state->find(*ref->version);
    if (version == nullptr || version->deleted) {
      return rejected("the label " + *label + " cannot move to " + ref->name + "@" +
                      ref->version->text + ", which is not there any more");
    }
    const auto now = state->labels.find(*label);
    if (now != state->labels.end() && now->second == *ref->version) return Ok{};
    PromptLabelMoved moved;
    moved.label = *label;
    moved.version = *ref->version;
    if (now != state->labels.end()) moved.from = now->second;
    moved.reason = LabelReason::experiment;
    moved.experiment = std::string(stream_.name());
    moved.evidence = evidence;
    return add_to(ref->name, std::move(moved));
  }

  /// Onto a prompt's stream. The id rests on the event of ours that it comes with, so it
  /// is new each time.
  template <class Event>
  Status add_to(const std::string& named, Event event) {
    auto stream = core::StreamId::make("prompt", named);
    if (!stream) return std::move(stream.error());
    const auto id =
        derive_event_id(project_, *stream, Event::kType,
                        {stream_.text(), core::to_string(records.front().id)}, keyed_hash_);
    records.push_back(sealed_by(prompt_codec().encode(PromptEvent(std::move(event))), *stream, id,
                                command_.meta, hasher_));
    return Ok{};
  }

  const ExperimentState& state_;
  const core::ProjectId& project_;
  const core::StreamId& stream_;
  const ExperimentCommand& command_;
  const core::KeyedHash& keyed_hash_;
  const core::Hasher& hasher_;
};

}  // namespace

std::vector<std::string> prompts_of(const ExperimentCreated& plan) {
  std::vector<std::string> names;
  for (const VariantPlan& variant : plan.variants) {
    if (!variant.prompt) continue;
    if (std::find(names.begin(), names.end(), variant.prompt->name) != names.end()) continue;
    names.push_back(variant.prompt->name);
  }
  return names;
}

ExperimentDecider::ExperimentDecider(const core::KeyedHash& keyed_hash, const core::Hasher& hasher)
    : keyed_hash_(keyed_hash), hasher_(hasher) {}

Result<ExperimentState> ExperimentDecider::evolve(ExperimentState state,
                                                  const core::RecordedEvent& event) const {
  auto decoded = experiment_codec().decode(event);
  if (!decoded) return std::move(decoded.error());
  return after(std::move(state), event, decoded->event);
}

Result<std::vector<core::NewEvent>> ExperimentDecider::decide(const State& state,
                                                              const core::ProjectId& project,
                                                              const core::StreamId& stream,
                                                              const Command& command) const {
  ExperimentDecision decision(state, project, stream, command, keyed_hash_, hasher_);
  auto status = std::visit([&](const auto& step) { return decision.on(step); }, command.step);
  if (!status) return std::move(status.error());
  return std::move(decision.records);
}

}  // namespace hansard::events
