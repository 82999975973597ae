// What may happen to an experiment: given what was asked before, when, then.
#include "events/experiment/decider.h"

#include <gtest/gtest.h>

#include "core/event_bytes.h"
#include "events/experiment/plan_rules.h"
#include "events/session/ids.h"
#include "support/events.h"

namespace hansard::events {
namespace {

const core::KeyedHash& experiment_hash() {
  static const core::KeyedHash instance(support::hasher(), support::salt("store key"));
  return instance;
}

ExperimentCreated greeting_plan(std::string_view more = "") {
  const std::string text = R"({"name":"greeting","metric":"thumbs","variants":[
      {"name":"a","prompt":"greet@1"},{"name":"b","prompt":"greet@2"}])" +
                           std::string(more) + "}";
  auto asked = read_plan(parse_json(text).value(), {}, experiment_hash());
  if (!asked) {
    ADD_FAILURE() << asked.error().message;
    return {};
  }
  return asked->plan;
}

/// A prompt `greet` with versions 1 and 2, and what experiments write on its stream.
class ExperimentSpec {
 public:
  ExperimentSpec() : decider_(experiment_hash(), support::hasher()) {
    for (const std::uint64_t number : {1, 2}) {
      PromptVersionStored stored;
      stored.version = number;
      stored.content_hash = "h" + std::to_string(number);
      stored.messages = {{PromptRole::user, "hi", {}}};
      on_prompt(stored);
    }
  }
  ExperimentSpec& given(std::vector<ExperimentStep> steps) {
    for (auto& step : steps) {
      when(std::move(step));
      if (!result_) ADD_FAILURE() << "given: " << result_.error().message;
      if (!result_) return *this;
      for (const auto& record : *result_) apply(record);
    }
    return *this;
  }
  ExperimentSpec& given_on_prompt(const PromptEvent& event) {
    on_prompt(event);
    return *this;
  }
  ExperimentSpec& when(ExperimentStep step) {
    ExperimentCommand command{{}, std::move(step), {{"greet", prompt_state()}}};
    result_ = decider_.decide(state_, {}, stream_, command);
    return *this;
  }
  /// Types of the events made, those on the prompt's stream with `greet:` in front.
  ExperimentSpec& then(const std::vector<std::string>& types) {
    if (!result_) ADD_FAILURE() << result_.error().message;
    if (!result_) return *this;
    std::vector<std::string> made;
    for (const auto& record : *result_) {
      made.push_back(record.stream == stream_
                         ? record.type
                         : std::string(record.stream.name()) + ":" + record.type);
    }
    EXPECT_EQ(made, types);
    return *this;
  }
  ExperimentSpec& then_again(std::size_t version) {
    if (!result_ || result_->size() != 1) ADD_FAILURE() << "not one event";
    if (!result_ || result_->size() != 1) return *this;
    EXPECT_EQ(result_->front().id, history_.at(version).id);
    EXPECT_EQ(result_->front().facts, history_.at(version).facts);
    return *this;
  }
  ExperimentSpec& then_error(core::Errc code, std::string_view says, std::string_view field = "") {
    EXPECT_FALSE(result_);
    if (result_) return *this;
    EXPECT_EQ(result_.error().code, code) << result_.error().message;
    EXPECT_NE(result_.error().message.find(says), std::string::npos) << result_.error().message;
    EXPECT_EQ(result_.error().field, field);
    return *this;
  }
  template <class E>
  E on_prompt_stream(std::size_t index) {
    const auto& record = result_->at(index);
    return std::get<E>(prompt_codec()
                           .decode_strict(record.type, record.schema, record.facts, record.content)
                           .value());
  }
  [[nodiscard]] const ExperimentState& state() const { return state_; }

 private:
  [[nodiscard]] std::shared_ptr<const PromptState> prompt_state() const {
    return std::make_shared<const PromptState>(prompt_);
  }
  void on_prompt(const PromptEvent& event) {
    EncodedEvent encoded = prompt_codec().encode(event);
    core::NewEvent record;
    record.stream = support::stream("prompt-greet");
    record.type = std::string(encoded.type);
    record.id = support::event_id("p" + std::to_string(prompt_.next_version));
    record.facts = encoded.facts;
    record.content = encoded.content;
    apply(record);
  }
  void apply(core::NewEvent record) {
    const bool ours = record.stream == stream_;
    const std::uint64_t version = ours ? state_.next_version : prompt_.next_version;
    core::seal(record, support::hasher());
    std::string bytes;
    core::encode_event(record, {}, {}, {{position_++}, {version}, support::at_us(1)}, bytes);
    const auto owned = core::OwnedEvent::decode(std::move(bytes)).value();
    if (ours) {
      state_ = decider_.evolve(std::move(state_), owned.event()).value();
      history_.push_back(std::move(record));
    } else {
      const auto decoded = prompt_codec().decode(owned.event()).value();
      prompt_ = after(std::move(prompt_), owned.event(), decoded.event, false);
    }
  }

  const ExperimentDecider decider_;
  const core::StreamId stream_ = support::stream("experiment-greeting");
  std::uint64_t position_ = 0;
  ExperimentState state_;
  PromptState prompt_;
  std::vector<core::NewEvent> history_;
  core::Result<std::vector<core::NewEvent>> result_ = std::vector<core::NewEvent>{};
};

CreateExperiment created(std::string_view more = "", bool start = false) {
  return {greeting_plan(more), start};
}
ReweightExperiment reweight(std::vector<std::uint32_t> shares) {
  ReweightExperiment command;
  command.shares = std::move(shares);
  return command;
}
DeclareWinner winner(std::string variant) {
  DeclareWinner command;
  command.variant = std::move(variant);
  command.evidence = Json(Json::Object{{"position", 7}});
  return command;
}

TEST(Experiment, IsCreatedOnceAndTheSamePlanAgainIsTheSameEvent) {
  ExperimentSpec().when(created()).then({"ExperimentCreated"});
  ExperimentSpec().given({created()}).when(created()).then_again(0);
}

TEST(Experiment, AnotherPlanUnderTheNameIsRefusedNamingWhatDiffers) {
  ExperimentSpec()
      .given({created()})
      .when(created(R"(,"alpha":0.01)"))
      .then_error(core::Errc::id_reused, "alpha", "alpha");
  auto other = created();
  other.plan.metric.name = "stars";
  ExperimentSpec()
      .given({created("", true)})
      .when(other)
      .then_error(core::Errc::id_reused, "metric", "metric");
}

TEST(Experiment, StartedAtOnceItTakesItsPromptsInTheSameAppend) {
  ExperimentSpec()
      .when(created("", true))
      .then({"ExperimentCreated", "ExperimentStarted", "greet:PromptTrialStarted"});
  ExperimentSpec()
      .given({created()})
      .when(created("", true))
      .then({"ExperimentCreated", "ExperimentStarted", "greet:PromptTrialStarted"});
  ExperimentSpec().given({created("", true)}).when(created("", true)).then_again(0);
}

TEST(Experiment, MissingAndDeletedPromptVersionsAreRefusedByName) {
  auto missing = created();
  missing.plan.variants[1].prompt->version = std::uint64_t{3};
  ExperimentSpec().when(missing).then_error(core::Errc::rejected, "there is no greet@3",
                                            "variants[1].prompt");
  auto elsewhere = created();
  elsewhere.plan.variants[0].prompt->name = "other";
  ExperimentSpec().when(elsewhere).then_error(core::Errc::rejected, "there is no prompt other",
                                              "variants[0].prompt");
  PromptVersionDeleted deleted;
  deleted.version = std::uint64_t{2};
  ExperimentSpec()
      .given({created()})
      .given_on_prompt(deleted)
      .when(StartExperiment{})
      .then_error(core::Errc::rejected, "greet@2 is deleted", "variants[1].prompt");
}

TEST(Experiment, OnePromptHasOneTrial) {
  PromptTrialStarted other;
  other.experiment = "older";
  ExperimentSpec()
      .given({created()})
      .given_on_prompt(other)
      .when(StartExperiment{})
      .then_error(core::Errc::rejected, "experiment older decides for prompt greet");
}

TEST(Experiment, PausesAndGoesOn) {
  ExperimentSpec()
      .given({created("", true)})
      .when(PauseExperiment{})
      .then({"ExperimentPaused", "greet:PromptTrialEnded"});
  ExperimentSpec()
      .given({created("", true), PauseExperiment{}})
      .when(PauseExperiment{})
      .then_again(2);
  ExperimentSpec()
      .given({created("", true), PauseExperiment{}})
      .when(StartExperiment{})
      .then({"ExperimentStarted", "greet:PromptTrialStarted"});
  ExperimentSpec()
      .given({created("", true), PauseExperiment{}, StartExperiment{}})
      .when(StartExperiment{})
      .then_again(3);
  ExperimentSpec()
      .given({created()})
      .when(PauseExperiment{})
      .then_error(core::Errc::rejected, "was not started");
}

TEST(Experiment, UnitsAreSpreadOtherwiseAndThatAgainIsTheSame) {
  ExperimentSpec spec;
  spec.given({created("", true), reweight({9000, 1000})});
  EXPECT_EQ(spec.state().shares.back().edition, 1U);
  spec.when(reweight({9000, 1000})).then_again(2);
  spec.when(reweight({5000, 5000})).then({"ExperimentReweighted"});
  spec.when(reweight({9000, 2000}))
      .then_error(core::Errc::invalid_argument, "add up to 1.1", "shares");
  spec.when(reweight({10000})).then_error(core::Errc::invalid_argument, "one for each", "weights");
  ExperimentSpec()
      .given({created()})
      .when(reweight({5000, 5000}))
      .then_error(core::Errc::rejected, "since", "weights");
}

TEST(Experiment, AWinnerIsDeclaredOnceAndItsLabelMovesInTheSameAppend) {
  ExperimentSpec spec;
  spec.given({created(R"(,"moves_label":"production")", true)});
  spec.when(winner("b"))
      .then({"WinnerDeclared", "ExperimentConcluded", "greet:PromptLabelMoved",
             "greet:PromptTrialEnded"});
  const auto moved = spec.on_prompt_stream<PromptLabelMoved>(2);
  EXPECT_EQ(moved.label, "production");
  EXPECT_EQ(moved.version.text, "2");
  EXPECT_EQ(moved.reason, LabelReason::experiment);
  EXPECT_EQ(moved.experiment, "greeting");
  ASSERT_TRUE(moved.evidence);
  EXPECT_EQ(dump(*moved.evidence), R"({"position":7})");
  spec.given({winner("b")}).when(winner("b")).then_again(2);
  EXPECT_EQ(spec.state().status, ExperimentStatus::concluded);
  spec.when(winner("c")).then_error(core::Errc::invalid_argument, "no variant c", "variant");
  ExperimentSpec()
      .given({created("", true)})
      .when(winner("b"))
      .then({"WinnerDeclared", "ExperimentConcluded", "greet:PromptTrialEnded"});
  ExperimentSpec()
      .given({created()})
      .when(winner("b"))
      .then_error(core::Errc::rejected, "was not started");
}

TEST(Experiment, ALabelThatIsThereAlreadyDoesNotMove) {
  PromptLabelMoved moved;
  moved.label = "production";
  moved.version = std::uint64_t{1};
  ExperimentSpec()
      .given({created(R"(,"moves_label":"production")", true)})
      .given_on_prompt(moved)
      .when(winner("a"))
      .then({"WinnerDeclared", "ExperimentConcluded", "greet:PromptTrialEnded"});
}

TEST(Experiment, OverIsOver) {
  for (const bool stopped : {true, false}) {
    ExperimentSpec spec;
    spec.given({created("", true)});
    if (stopped) spec.given({StopExperiment{}});
    if (!stopped) spec.given({ConcludeExperiment{}});
    spec.when(StartExperiment{}).then_error(core::Errc::rejected, "is over");
    spec.when(PauseExperiment{}).then_error(core::Errc::rejected, "is over");
    spec.when(reweight({1000, 9000})).then_error(core::Errc::rejected, "is over");
    spec.when(winner("b")).then_error(core::Errc::rejected, "is over");
    if (stopped) spec.when(StopExperiment{}).then_again(2);
    if (stopped) spec.when(ConcludeExperiment{}).then_error(core::Errc::rejected, "is stopped");
    if (!stopped) spec.when(ConcludeExperiment{}).then_again(2);
    if (!stopped) spec.when(StopExperiment{}).then_error(core::Errc::rejected, "is concluded");
  }
}

TEST(Experiment, NothingHappensToOneThatIsNotThere) {
  const std::vector<ExperimentStep> steps{StartExperiment{},    PauseExperiment{}, StopExperiment{},
                                          ConcludeExperiment{}, reweight({1, 2}),  winner("a")};
  for (const auto& step : steps) {
    ExperimentSpec().when(step).then_error(core::Errc::not_found,
                                           "there is no experiment greeting");
  }
}

}  // namespace
}  // namespace hansard::events
