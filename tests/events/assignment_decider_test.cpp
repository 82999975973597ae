// What may happen to a unit of an experiment: given what was asked before, when, then.
#include <gtest/gtest.h>

#include "core/event_bytes.h"
#include "events/assignment/decider.h"
#include "support/events.h"

namespace hansard::events {
namespace {

class UnitSpec {
 public:
  using Step = decltype(AssignmentCommand::step);
  UnitSpec()
      : hash_(support::hasher(), support::salt("store key")), decider_(hash_, support::hasher()) {}

  UnitSpec& given(std::vector<Step> steps) {
    for (auto& step : steps) {
      when(std::move(step));
      if (!result_) ADD_FAILURE() << "given: " << result_.error().message;
      if (!result_) return *this;
      for (auto& record : *result_) append(std::move(record));
    }
    return *this;
  }
  /// Exposed by a call of a session, so under another id.
  UnitSpec& given_exposed_by_call() {
    VariantAssigned assigned;
    assigned.experiment = "greeting";
    assigned.variant = "b";
    const auto encoded = assignment_codec().encode(AssignmentEvent(assigned));
    core::NewEvent record;
    record.stream = stream_;
    record.type = std::string(encoded.type);
    record.id = support::event_id("by a call");
    record.facts = encoded.facts;
    record.content = encoded.content;
    append(std::move(record));
    return *this;
  }
  UnitSpec& when(Step step) {
    result_ = decider_.decide(state_, {}, stream_, {{}, std::move(step)});
    return *this;
  }
  UnitSpec& then(std::size_t events) {
    if (!result_) ADD_FAILURE() << result_.error().message;
    if (result_) {
      EXPECT_EQ(result_->size(), events);
    }
    return *this;
  }
  UnitSpec& then_again(std::size_t version) {
    then(1);
    if (result_ && result_->size() == 1) {
      EXPECT_EQ(result_->front().id, history_.at(version).id);
    }
    return *this;
  }
  UnitSpec& then_error(core::Errc code, std::string_view says) {
    EXPECT_FALSE(result_);
    if (result_) return *this;
    EXPECT_EQ(result_.error().code, code) << result_.error().message;
    EXPECT_NE(result_.error().message.find(says), std::string::npos) << result_.error().message;
    return *this;
  }

 private:
  void append(core::NewEvent record) {
    core::seal(record, support::hasher());
    std::string bytes;
    const std::uint64_t version = state_.next_version;
    core::encode_event(record, {}, {}, {{version}, {version}, support::at_us(1)}, bytes);
    const auto owned = core::OwnedEvent::decode(std::move(bytes)).value();
    state_ = decider_.evolve(std::move(state_), owned.event()).value();
    history_.push_back(std::move(record));
  }

  const core::KeyedHash hash_;
  const AssignmentDecider decider_;
  const core::StreamId stream_ = support::stream("assignment-00ff");
  AssignmentState state_;
  std::vector<core::NewEvent> history_;
  core::Result<std::vector<core::NewEvent>> result_ = std::vector<core::NewEvent>{};
};

ExposeUnit expose(std::string variant = "b") {
  ExposeUnit command;
  command.experiment = "greeting";
  command.variant = std::move(variant);
  command.unit = "ada";
  return command;
}
RecordOutcome outcome(std::string id, Json value = true, std::uint32_t revision = 1) {
  RecordOutcome command;
  command.experiment = "greeting";
  command.outcome_id = std::move(id);
  command.metric = "thumbs";
  command.value = std::move(value);
  command.revision = revision;
  return command;
}

TEST(UnitOfExperiment, IsExposedOnce) {
  UnitSpec().when(expose()).then(1);
  UnitSpec().given({expose()}).when(expose()).then(0);
  UnitSpec()
      .given({expose()})
      .when(expose("a"))
      .then_error(core::Errc::rejected, "has variant b on record");
  UnitSpec().given_exposed_by_call().when(expose()).then(0);
  UnitSpec()
      .given_exposed_by_call()
      .when(expose("a"))
      .then_error(core::Errc::rejected, "has variant b on record");
}

TEST(UnitOfExperiment, HasOutcomesOnlyOnceItIsExposed) {
  UnitSpec().when(outcome("o1")).then_error(core::Errc::not_found, "was not exposed");
  UnitSpec().given({expose()}).when(outcome("o1")).then(1);
  UnitSpec().given({expose(), outcome("o1")}).when(outcome("o1")).then_again(1);
  UnitSpec().given({expose(), outcome("o1")}).when(outcome("o2", Json::Number{"0.5"})).then(1);
}

TEST(UnitOfExperiment, OutcomesAreCorrectedByTheNextRevision) {
  UnitSpec().given({expose(), outcome("o1")}).when(outcome("o1", false, 2)).then(1);
  UnitSpec()
      .given({expose(), outcome("o1"), outcome("o1", false, 2)})
      .when(outcome("o1", true, 4))
      .then_error(core::Errc::rejected, "the latest is 2, so the next is 3");
  UnitSpec()
      .given({expose()})
      .when(outcome("o1", true, 2))
      .then_error(core::Errc::rejected, "there is none yet, so the next is 1");
  UnitSpec()
      .given({expose(), outcome("o1"), outcome("o1", false, 2)})
      .when(outcome("o1", true, 1))
      .then_again(1);
}

TEST(UnitOfExperiment, ValuesAreNumbersFlagsOrShortWords) {
  UnitSpec spec;
  spec.given({expose()});
  for (const Json& bad : {Json(Json::Number{"1e999"}), Json(Json::Number{"1e13"}),
                          Json(Json::Array{}), Json(""), Json(std::string(65, 'x'))}) {
    spec.when(outcome("o", bad)).then_error(core::Errc::invalid_argument, "value");
  }
  spec.when(outcome("o", "kind")).then(1);
  RecordOutcome text;
  text.experiment = "greeting";
  text.outcome_id = "t";
  text.metric = "remark";
  spec.when(text).then_error(core::Errc::invalid_argument, "value");
  text.text = "it was very kind";
  spec.when(text).then(1);
}

}  // namespace
}  // namespace hansard::events
