#include <gtest/gtest.h>

#include "core/event_bytes.h"
#include "events/prompt/decider.h"
#include "support/events.h"

namespace hansard::events {
namespace {

const core::KeyedHash& prompt_hash() {
  static const core::KeyedHash kHash(support::hasher(), core::Hash{});
  return kHash;
}

StoreVersion store(std::string text, std::optional<PromptVersion> version = {}) {
  StoreVersion command;
  command.text = std::move(text);
  command.version = std::move(version);
  return command;
}
StoreVersion store_as(std::string text, std::vector<std::string> labels) {
  StoreVersion command = store(std::move(text));
  command.labels = std::move(labels);
  return command;
}
MoveLabel move_to(std::string label, PromptVersion version) {
  MoveLabel command;
  command.label = std::move(label);
  command.version = std::move(version);
  return command;
}
MoveLabel promote(PromptVersion version) {
  MoveLabel command = move_to("production", std::move(version));
  command.reason = LabelReason::promoted;
  return command;
}
RollBack roll_back(std::optional<PromptVersion> from = {}) { return {std::move(from), {}, {}}; }
RemoveLabel remove(std::string label) { return {{}, std::move(label), {}}; }
TagVersion tag(PromptVersion version, std::vector<std::string> tags) {
  return {std::move(version), std::move(tags), {}};
}
DeleteVersion drop(PromptVersion version) { return {{}, std::move(version)}; }
PromptVersion v(std::uint64_t number) { return {number}; }
PromptVersion named(const char* version) { return {std::string(version)}; }

/// Given / When / Then of one prompt.
class PromptSpec {
 public:
  using Body = decltype(PromptCommand::body);

  PromptSpec& given(std::vector<Body> commands) {
    for (Body& command : commands) {
      auto records = decide(std::move(command));
      if (!records) {
        ADD_FAILURE() << records.error().message;
        continue;
      }
      for (const core::NewEvent& record : *records) apply(record);
    }
    return *this;
  }
  PromptSpec& given_appended(const PromptEvent& event) {
    const auto encoded = prompt_codec().encode(event);
    core::NewEvent record;
    record.type = encoded.type;
    record.id = support::event_id("by hand");
    record.facts = encoded.facts;
    record.content = encoded.content;
    apply(record);
    return *this;
  }
  PromptSpec& when(Body command) {
    result_ = decide(std::move(command));
    return *this;
  }
  /// The events, each as `Type facts`, without what is computed from content.
  PromptSpec& then(std::vector<std::string> expected) {
    if (!result_) {
      ADD_FAILURE() << result_.error().message;
      return *this;
    }
    std::vector<std::string> made;
    for (const core::NewEvent& record : *result_) {
      Json::Object facts = parse_json_object(record.facts).value();
      std::erase_if(facts, [](const Json::Member& member) {
        return member.key == "content_hash" || member.key == "messages_count" ||
               member.key == "text_bytes";
      });
      made.push_back(record.type + " " + dump(facts));
    }
    EXPECT_EQ(made, expected);
    return *this;
  }
  /// The event given at this version of the stream, once more, and nothing else.
  void then_again(std::size_t version) {
    ASSERT_TRUE(result_) << result_.error().message;
    ASSERT_EQ(result_->size(), 1U);
    EXPECT_EQ(result_->front().id, history_[version].id);
    EXPECT_EQ(result_->front().facts, history_[version].facts);
    EXPECT_EQ(result_->front().content, history_[version].content);
  }
  void then_error(core::Errc code, std::string_view field) {
    ASSERT_FALSE(result_) << result_->size() << " events";
    EXPECT_EQ(result_.error().code, code) << result_.error().message;
    EXPECT_EQ(result_.error().field, field) << result_.error().message;
  }
  [[nodiscard]] const PromptState& state() const { return state_; }

 private:
  core::Result<std::vector<core::NewEvent>> decide(Body command) {
    const PromptDecider decider(prompt_hash(), support::hasher());
    return decider.decide(state_, {}, support::stream("prompt-greet"), {{}, std::move(command)});
  }
  void apply(const core::NewEvent& record) {
    const PromptDecider decider(prompt_hash(), support::hasher());
    core::NewEvent sealed = record;
    core::seal(sealed, support::hasher());
    core::RecordedEvent event;
    event.type = sealed.type;
    event.stream = "prompt-greet";
    event.id = sealed.id;
    event.facts = sealed.facts;
    event.content = sealed.content;
    event.version = core::Version{history_.size()};
    event.position = core::Position{100 + history_.size()};
    auto state = decider.evolve(std::move(state_), event);
    ASSERT_TRUE(state) << state.error().message;
    state_ = *std::move(state);
    history_.push_back(std::move(sealed));
  }

  PromptState state_;
  std::vector<core::NewEvent> history_;
  core::Result<std::vector<core::NewEvent>> result_ = std::vector<core::NewEvent>{};
};

TEST(PromptDecider, NumbersVersions) {
  PromptSpec().when(store("hi")).then({R"(PromptVersionStored {"version":1,"kind":"text"})"});
  PromptSpec()
      .given({store("a"), store("b", named("1.0.0")), store("c", v(7))})
      .when(store("d"))
      .then({R"(PromptVersionStored {"version":8,"kind":"text"})"});
}

TEST(PromptDecider, TheSameContentIsTheSameVersion) {
  PromptSpec().given({store("a"), store("b")}).when(store("a")).then_again(0);
  PromptSpec().given({store("a"), store("b")}).when(store("b", v(2))).then_again(1);
  // Tags say nothing about content, and are as they were in the event.
  PromptSpec().given({store("a"), tag(v(1), {"x"})}).when(store("a")).then_again(0);
  StoreVersion one = store("{{ x }}");
  one.config = parse_json(R"({"a":1,"b":{"c":2,"d":3}})").value();
  StoreVersion other = one;
  other.config = parse_json(R"({"b":{"d":3,"c":2},"a":1})").value();
  PromptSpec().given({one}).when(other).then_again(0);
}

/// As somebody appends it by hand, under an id of their own and without what is computed.
TEST(PromptDecider, KnowsContentThatWasAppendedByHand) {
  PromptVersionStored event;
  event.version = v(1);
  event.kind = PromptKind::text;
  event.messages = {{PromptRole::user, "a", {}}};
  PromptSpec().given_appended(event).when(store("a")).then({});
  PromptSpec().given_appended(event).when(store("a", v(1))).then({});
  PromptSpec()
      .given_appended(event)
      .when(store("b", v(1)))
      .then_error(core::Errc::rejected, "version");
}

TEST(PromptDecider, AVersionNeverSaysSomethingElse) {
  PromptSpec()
      .given({store("a", named("1.0"))})
      .when(store("b", named("1.0")))
      .then_error(core::Errc::rejected, "version");
  PromptSpec()
      .given({store("a"), store("b"), drop(v(1))})
      .when(store("a", v(1)))
      .then_error(core::Errc::rejected, "version");
  PromptSpec()
      .given({store("a"), store("b"), drop(v(1))})
      .when(store("a"))
      .then({R"(PromptVersionStored {"version":3,"kind":"text"})"});
  // Under a name of its own the same content is another version.
  PromptSpec()
      .given({store("a")})
      .when(store("a", v(2)))
      .then({R"(PromptVersionStored {"version":2,"kind":"text"})"});
}

TEST(PromptDecider, RefusesWhatCannotBeRendered) {
  PromptSpec().when(store("{{ x ")).then_error(core::Errc::invalid_argument, "messages[0].content");
  PromptSpec()
      .when(store("x", named("production")))
      .then_error(core::Errc::invalid_argument, "version");
  PromptSpec().when(store("x", named("a b"))).then_error(core::Errc::invalid_argument, "version");
  StoreVersion both = store("x");
  both.messages = {{PromptRole::user, "y", {}}};
  PromptSpec().when(both).then_error(core::Errc::invalid_argument, "text");
  PromptSpec().when(StoreVersion{}).then_error(core::Errc::invalid_argument, "messages");
  StoreVersion tags = store("x");
  tags.tags = {"fine", "Not Fine"};
  PromptSpec().when(tags).then_error(core::Errc::invalid_argument, "tags[1]");
}

TEST(PromptDecider, LabelsMoveInTheAppendThatStores) {
  PromptSpec()
      .when(store_as("a", {"production", "blue"}))
      .then({R"(PromptVersionStored {"version":1,"kind":"text"})",
             R"(PromptLabelMoved {"label":"production","version":1,"reason":"promoted"})",
             R"(PromptLabelMoved {"label":"blue","version":1,"reason":"set"})"});
  PromptSpec()
      .given({store("a"), store_as("b", {"production"})})
      .when(store_as("a", {"production"}))
      .then(
          {R"(PromptLabelMoved {"label":"production","version":1,"from":2,"reason":"promoted"})"});
  PromptSpec()
      .given({store_as("a", {"production"})})
      .when(store_as("a", {"production"}))
      .then_again(0);
  PromptSpec()
      .when(store_as("a", {"x", "x"}))
      .then_error(core::Errc::invalid_argument, "labels[1]");
  PromptSpec().when(store_as("a", {"7"})).then_error(core::Errc::invalid_argument, "labels[0]");
}

TEST(PromptDecider, LabelsNameWhatIsThere) {
  PromptSpec()
      .given({store("a")})
      .when(move_to("blue", v(1)))
      .then({R"(PromptLabelMoved {"label":"blue","version":1,"reason":"set"})"});
  PromptSpec()
      .given({store("a"), move_to("blue", v(1))})
      .when(promote(named("blue")))
      .then({R"(PromptLabelMoved {"label":"production","version":1,"reason":"promoted"})"});
  PromptSpec()
      .given({store("a"), store("b")})
      .when(promote(named("latest")))
      .then({R"(PromptLabelMoved {"label":"production","version":2,"reason":"promoted"})"});
  PromptSpec().given({store("a"), promote(v(1))}).when(promote(v(1))).then({});
  PromptSpec().given({store("a")}).when(promote(v(2))).then_error(core::Errc::not_found, "version");
  PromptSpec().when(promote(v(1))).then_error(core::Errc::not_found, "");
  PromptSpec()
      .given({store("a"), store("b"), drop(v(1))})
      .when(promote(v(1)))
      .then_error(core::Errc::rejected, "version");
  PromptSpec()
      .given({store("a")})
      .when(move_to("latest", v(1)))
      .then_error(core::Errc::invalid_argument, "label");
  PromptSpec()
      .given({store("a", named("blue"))})
      .when(move_to("blue", named("blue")))
      .then_error(core::Errc::rejected, "label");
  PromptSpec()
      .given({store_as("a", {"blue"})})
      .when(store("b", named("blue")))
      .then_error(core::Errc::rejected, "version");
}

TEST(PromptDecider, RollsBackThroughWhatWasInProduction) {
  const auto history = [] {
    PromptSpec spec;
    spec.given({store("a"), store("b"), store("c"), promote(v(1)), promote(v(2)), promote(v(3))});
    return spec;
  };
  history()
      .when(roll_back())
      .then(
          {R"(PromptLabelMoved {"label":"production","version":2,"from":3,"reason":"rolled_back"})"});
  history()
      .given({roll_back()})
      .when(roll_back())
      .then(
          {R"(PromptLabelMoved {"label":"production","version":1,"from":2,"reason":"rolled_back"})"});
  history()
      .given({roll_back(), roll_back()})
      .when(roll_back())
      .then_error(core::Errc::rejected, "");
  // What was deleted in between is passed over.
  history()
      .given({drop(v(2))})
      .when(roll_back())
      .then(
          {R"(PromptLabelMoved {"label":"production","version":1,"from":3,"reason":"rolled_back"})"});
  // Forward again, and back to where that began.
  history()
      .given({roll_back(), promote(v(1))})
      .when(roll_back())
      .then(
          {R"(PromptLabelMoved {"label":"production","version":2,"from":1,"reason":"rolled_back"})"});
}

TEST(PromptDecider, ARepeatedRollBackIsKnownForOne) {
  PromptSpec spec;
  spec.given({store("a"), store("b"), promote(v(1)), promote(v(2)), roll_back(v(2))});
  spec.when(roll_back(v(2))).then({});
  spec.when(roll_back(v(3))).then_error(core::Errc::rejected, "from");
  RollBack keyed;
  keyed.idempotency_key = "k1";
  PromptSpec other;
  other.given(
      {store("a"), store("b"), store("c"), promote(v(1)), promote(v(2)), promote(v(3)), keyed});
  other.when(keyed).then({});
  other.when(roll_back())
      .then(
          {R"(PromptLabelMoved {"label":"production","version":1,"from":2,"reason":"rolled_back"})"});
}

TEST(PromptDecider, RemovesLabels) {
  PromptSpec()
      .given({store_as("a", {"blue"})})
      .when(remove("blue"))
      .then({R"(PromptLabelRemoved {"label":"blue","from":1})"});
  PromptSpec().given({store_as("a", {"blue"}), remove("blue")}).when(remove("blue")).then({});
  PromptSpec().given({store("a")}).when(remove("blue")).then_error(core::Errc::not_found, "label");
  PromptSpec().given({store("a")}).when(roll_back()).then_error(core::Errc::rejected, "");
}

TEST(PromptDecider, TagsReplace) {
  PromptSpec()
      .given({store("a")})
      .when(tag(v(1), {"x", "y"}))
      .then({R"(PromptTagged {"version":1,"tags":["x","y"]})"});
  PromptSpec().given({store("a"), tag(v(1), {"x"})}).when(tag(v(1), {"x"})).then({});
  PromptSpec()
      .given({store("a"), tag(v(1), {"x"})})
      .when(tag(v(1), {}))
      .then({R"(PromptTagged {"version":1})"});
  PromptSpec().given({store("a")}).when(tag(v(3), {})).then_error(core::Errc::not_found, "version");
  PromptSpec()
      .given({store("a")})
      .when(tag(v(1), {"x", "x"}))
      .then_error(core::Errc::invalid_argument, "tags[1]");
}

TEST(PromptDecider, DeletesWhatNothingNames) {
  PromptSpec().given({store("a")}).when(drop(v(1))).then({R"(PromptVersionDeleted {"version":1})"});
  PromptSpec().given({store("a"), drop(v(1))}).when(drop(v(1))).then({});
  PromptSpec()
      .given({store_as("a", {"blue"})})
      .when(drop(v(1)))
      .then_error(core::Errc::rejected, "version");
  PromptSpec()
      .given({store("a"), StartTrial{"e1", {v(1)}}})
      .when(drop(v(1)))
      .then_error(core::Errc::rejected, "version");
  PromptSpec()
      .given({store("a"), StartTrial{"e1", {v(1)}}, EndTrial{"e1"}})
      .when(drop(v(1)))
      .then({R"(PromptVersionDeleted {"version":1})"});
  PromptSpec()
      .given({store_as("a", {"blue"})})
      .when(drop(named("blue")))
      .then_error(core::Errc::not_found, "version");
}

TEST(PromptDecider, OneExperimentAtATimeDecides) {
  PromptSpec()
      .given({store("a"), store("b")})
      .when(StartTrial{"e1", {v(1), v(2)}})
      .then({R"(PromptTrialStarted {"experiment":"e1"})"});
  PromptSpec()
      .given({store("a"), StartTrial{"e1", {v(1)}}})
      .when(StartTrial{"e1", {v(1)}})
      .then({});
  PromptSpec()
      .given({store("a"), StartTrial{"e1", {v(1)}}})
      .when(StartTrial{"e2", {v(1)}})
      .then_error(core::Errc::rejected, "experiment");
  PromptSpec()
      .given({store("a")})
      .when(StartTrial{"e1", {v(2)}})
      .then_error(core::Errc::rejected, "version");
  PromptSpec().given({store("a"), StartTrial{"e1", {v(1)}}}).when(EndTrial{"e2"}).then({});
  // Paused and started again it is another start.
  PromptSpec spec;
  spec.given({store("a"), StartTrial{"e1", {v(1)}}, EndTrial{"e1"}, StartTrial{"e1", {v(1)}}});
  EXPECT_EQ(spec.state().trial, "e1");
}

TEST(PromptDecider, StagesAreWhatLabelsSay) {
  PromptSpec spec;
  spec.given({store("a"), store("b"), store("c"), promote(v(1)), move_to("staging", v(2))});
  EXPECT_EQ(stage_of(spec.state(), v(1)), "production");
  EXPECT_EQ(stage_of(spec.state(), v(2)), "staging");
  EXPECT_EQ(stage_of(spec.state(), v(3)), "dev");
}

TEST(PromptBodies, SayWhichFieldIsWrong) {
  const auto field = [](std::string_view json) {
    const auto parsed = parse_prompt_body<StoreVersion>(parse_json(json).value());
    return parsed ? "fine" : parsed.error().field;
  };
  EXPECT_EQ(field(R"({"text":"x","labels":["a"]})"), "fine");
  EXPECT_EQ(field(R"([])"), "");
  EXPECT_EQ(field(R"({"txt":"x"})"), "txt");
  EXPECT_EQ(field(R"({"text":"x","text":"y"})"), "text");
  EXPECT_EQ(field(R"({"messages":[{"role":"user","content":"x"},{"role":"robot","content":""}]})"),
            "messages[1].role");
  EXPECT_EQ(field(R"({"messages":[{"role":"user"}]})"), "messages[0].content");
  EXPECT_EQ(field(R"({"variables":[{"name":"a","type":"texte"}]})"), "variables[0].type");
  EXPECT_EQ(field(R"({"variables":[{"name":"a","rule":{"pattern":3}}]})"),
            "variables[0].rule.pattern");
}

}  // namespace
}  // namespace hansard::events
