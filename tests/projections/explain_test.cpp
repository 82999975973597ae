// What lies between two moments, how an answer came to be, which branches a conversation has.
#include <algorithm>

#include "events/experiment/facts.h"
#include "projections/diff.h"
#include "projections/forks.h"
#include "projections/json.h"
#include "projections/why.h"
#include "recorder.h"

namespace hansard::projections::test {
namespace {

using Labels = std::vector<std::string>;

class Explain : public ::testing::Test {
 protected:
  History history(std::string_view session, AsOf as_of = AsOf::head()) {
    auto read = reader().history(recorder.project(), stream(session), as_of);
    EXPECT_TRUE(read) << read.error().message;
    return *std::move(read);
  }
  static AsOf version(std::uint64_t value) { return AsOf::at(core::Version{value}); }
  Why why(std::string_view session, const std::string& call) {
    auto explained = explain_call(reader(), recorder.project(), stream(session), call);
    EXPECT_TRUE(explained) << explained.error().message;
    return *std::move(explained);
  }
  ForkNode tree(std::string_view session) {
    auto forks = read_forks(recorder.log(), recorder.project(), stream(session));
    EXPECT_TRUE(forks) << forks.error().message;
    return forks->root;
  }
  SessionReader reader() { return SessionReader(recorder.log()); }
  static core::StreamId stream(std::string_view session) {
    return support::stream("session-" + std::string(session));
  }
  core::RecordReceipt ask(std::string_view session, const events::ResponseRequested& request) {
    return recorder.add("session-" + std::string(session), request);
  }
  static events::ResponseRequested request(const std::string& call) {
    events::ResponseRequested out;
    out.call_id = call;
    return out;
  }
  void fork(std::string_view parent, std::uint64_t at, std::string_view child, bool told = true) {
    if (told) {
      events::SessionForked forked;
      forked.child = child;
      forked.at_version = at;
      recorder.add("session-" + std::string(parent), forked);
    }
    events::SessionCreated created;
    created.parent = events::Parent{std::string(parent), at, events::ForkReason::retry};
    recorder.add("session-" + std::string(child), created);
  }
  static Labels labels(const std::vector<ContextMessage>& window) {
    Labels out;
    for (const ContextMessage& message : window) out.push_back(label(message.entry));
    return out;
  }
  static Labels labels(const std::vector<Entry>& entries) {
    Labels out;
    for (const Entry& entry : entries) out.push_back(label(entry));
    return out;
  }
  static std::string label(const Entry& entry) {
    if (const auto* sent = std::get_if<events::MessageSent>(&entry.event)) return sent->message_id;
    if (const auto* got = std::get_if<events::ResponseReceived>(&entry.event)) {
      return got->message_id;
    }
    return std::visit(
        [](const auto& event) {
          using E = std::decay_t<decltype(event)>;
          if constexpr (std::is_same_v<E, events::Unrecognised>) {
            return event.type;
          } else {
            return std::string(E::kType);
          }
        },
        entry.event);
  }
  static bool is_unknown(const Why& why, std::string_view what) {
    return std::any_of(why.unknown.begin(), why.unknown.end(),
                       [&](const Why::Unknown& item) { return item.what == what; });
  }
  Recorder recorder;
};

TEST_F(Explain, BetweenTwoVersionsLiesWhatWasRecordedSince) {
  recorder.create("s1");                                                // 0
  recorder.say("s1", "m1", "hi");                                       // 1
  recorder.answer("s1", response("m2", "look", "big", tokens(10, 2)));  // 2
  recorder.add("session-s1", tool_call("m2", 0, "t1"));                 // 3
  events::ToolCompleted done;
  done.tool_call_id = "t1";
  done.message_id = "m2";
  done.index = 0;
  done.output = events::Json("found");
  recorder.add("session-s1", done);  // 4
  events::SessionConfigured config;
  config.model = "small";
  recorder.add("session-s1", config);                                   // 5
  recorder.answer("s1", response("m3", "so", "small", tokens(20, 3)));  // 6
  recorder.add("session-s1", events::SessionEnded{});                   // 7
  const SessionDiff found = diff(history("s1", version(3)), history("s1"));
  EXPECT_EQ(found.common, 4U);
  EXPECT_EQ(found.added.events, 4U);
  EXPECT_EQ(labels(found.added.entries),
            (Labels{"ToolCompleted", "SessionConfigured", "m3", "SessionEnded"}))
      << "the result of an older answer's call stands by itself";
  EXPECT_EQ(found.added.counters.calls, 1U);
  EXPECT_EQ(found.added.counters.tokens.input_text, 20U);
  EXPECT_EQ(found.added.window, Labels{"m3"});
  EXPECT_EQ(found.removed.events, 0U);
  EXPECT_FALSE(found.from.ended);
  EXPECT_TRUE(found.to.ended);
  const events::Json json = to_json(found);
  EXPECT_EQ(dump(*json.find("config")), R"({"model":{"to":"small"}})");
}

TEST_F(Explain, AVersionComparedWithItselfDiffersInNothing) {
  recorder.create("s1");
  recorder.say("s1", "m1", "hi");
  const SessionDiff same = diff(history("s1"), history("s1"));
  EXPECT_EQ(same.common, 2U);
  EXPECT_EQ(same.added.events + same.removed.events, 0U);
  EXPECT_TRUE(same.added.window.empty());
}

TEST_F(Explain, OptimisationTakesMessagesOutOfTheWindowAndPutsASummaryIn) {
  recorder.create("s1");
  recorder.say("s1", "m1", "hi");
  recorder.say("s1", "m2", "again");
  events::ContextOptimized optimised;
  optimised.strategy = "summary";
  optimised.summarised = {"m1", "m2"};
  recorder.add("session-s1", optimised);
  const SessionDiff found = diff(history("s1", version(2)), history("s1"));
  EXPECT_EQ(found.removed.window, (Labels{"m1", "m2"}));
  EXPECT_EQ(found.added.window, Labels{"summary of m1 m2"});
}

TEST_F(Explain, AForkAndItsParentShareWhatWasInherited) {
  recorder.create("s1");
  recorder.say("s1", "m1", "hi");
  recorder.answer("s1", response("m2", "bad"));
  fork("s1", 1, "s2");
  recorder.answer("s2", response("n2", "good"));
  const SessionDiff found = diff(history("s1"), history("s2"));
  EXPECT_EQ(found.common, 1U) << "m1; both have a creation of their own";
  EXPECT_EQ(labels(found.removed.entries), (Labels{"SessionCreated", "m2", "SessionForked"}));
  EXPECT_EQ(labels(found.added.entries), (Labels{"SessionCreated", "n2"}));
  EXPECT_EQ(found.added.window, Labels{"n2"});
  EXPECT_EQ(found.removed.window, Labels{"m2"});
}

TEST_F(Explain, AWindowListedByTheRequestIsExact) {
  recorder.create("s1");
  for (const char* id : {"m1", "m2", "m3"}) recorder.say("s1", id, id);
  events::SessionConfigured config;
  config.system = "be brief";
  recorder.add("session-s1", config);
  auto asked = request("call-a1");
  asked.model = "big";
  asked.window = events::Window{{}, {"m1", "m3", "m9"}};
  asked.parameters = events::parse_json(R"({"temperature":0})").value();
  asked.policies = {{"cache", "miss"}};
  asked.prompt = events::PromptRef{"greeting", std::uint64_t{2}};
  asked.variant = events::VariantRef{"tone", "warm"};
  ask("s1", asked);
  recorder.say("s1", "m4", "too late");
  recorder.answer("s1", response("a1", "hello", "big", tokens(5, 1)));
  recorder.add("session-s1", tool_call("a1", 0, "t1"));
  const Why found = why("s1", "call-a1");
  EXPECT_EQ(found.source, Why::Source::recorded);
  EXPECT_EQ(labels(found.window), (Labels{"m1", "m3"}));
  EXPECT_TRUE(is_unknown(found, "messages")) << "m9 is not in the record";
  EXPECT_FALSE(is_unknown(found, "window"));
  EXPECT_FALSE(is_unknown(found, "parameters"));
  EXPECT_EQ(found.config.system, "be brief");
  EXPECT_EQ(found.request()->prompt->name, "greeting");
  ASSERT_EQ(found.answers.size(), 1U);
  EXPECT_EQ(found.answers[0].tools.size(), 1U);
  const events::Json json = to_json(found);
  EXPECT_EQ(dump(*json.find("variant")), R"({"experiment":"tone","variant":"warm"})");
  EXPECT_EQ(dump(*json.find("policies")), R"([{"name":"cache","outcome":"miss"}])");
}

TEST_F(Explain, AWindowNamedByVersionIsTheHistoryUpToThereLessWhatWasRemoved) {
  recorder.create("s1");           // 0
  recorder.say("s1", "m1", "hi");  // 1
  recorder.say("s1", "m2", "hi");  // 2
  events::ContextOptimized optimised;
  optimised.strategy = "drop";
  optimised.removed = {"m1"};
  recorder.add("session-s1", optimised);  // 3
  recorder.say("s1", "m3", "later");      // 4
  auto asked = request("call-a1");
  asked.window = events::Window{3, {}};
  ask("s1", asked);
  const Why found = why("s1", "call-a1");
  EXPECT_EQ(found.source, Why::Source::by_version);
  EXPECT_EQ(labels(found.window), Labels{"m2"});
  EXPECT_EQ(found.optimisations.size(), 1U);
  EXPECT_TRUE(is_unknown(found, "answer"));
  EXPECT_TRUE(is_unknown(found, "parameters"));
}

TEST_F(Explain, AnImportedAnswerHasAnInferredWindowAndSaysSo) {
  recorder.create("s1");
  recorder.say("s1", "m1", "hi");
  recorder.answer("s1", response("a1", "hello", {}));
  recorder.say("s1", "m2", "bye");
  const Why found = why("s1", "call-a1");
  EXPECT_EQ(found.source, Why::Source::inferred);
  EXPECT_EQ(labels(found.window), Labels{"m1"});
  for (const char* what : {"request", "window", "usage", "model"}) {
    EXPECT_TRUE(is_unknown(found, what)) << what;
  }
  EXPECT_EQ(found.request(), nullptr);
}

TEST_F(Explain, EveryAttemptIsShownAndTheLastOneCounts) {
  recorder.create("s1");
  recorder.say("s1", "m1", "hi");
  ask("s1", request("call-a1"));
  events::ResponseFailed failed;
  failed.call_id = "call-a1";
  failed.reason = events::FailureReason::timeout;
  recorder.add("session-s1", failed);
  recorder.say("s1", "m2", "hello?");
  auto again = request("call-a1");
  again.attempt = 2;
  ask("s1", again);
  recorder.answer("s1", response("a1", "here"));
  const Why found = why("s1", "call-a1");
  ASSERT_EQ(found.attempts.size(), 2U);
  EXPECT_TRUE(found.attempts[0].failure);
  EXPECT_FALSE(found.attempts[1].failure);
  EXPECT_EQ(labels(found.window), (Labels{"m1", "m2"}));
}

TEST_F(Explain, AnInheritedCallIsExplainedWhereItWasRecorded) {
  recorder.create("s1");
  recorder.say("s1", "m1", "hi");
  ask("s1", request("call-a1"));
  recorder.answer("s1", response("a1", "hello"));
  fork("s1", 3, "s2");
  recorder.say("s2", "n1", "and you?");
  recorder.answer("s2", response("b1", "fine"));
  const Why inherited = why("s2", "call-a1");
  EXPECT_EQ(inherited.recorded_in, "s1");
  EXPECT_EQ(labels(inherited.window), Labels{"m1"});
  const Why own = why("s2", "call-b1");
  EXPECT_FALSE(own.recorded_in);
  EXPECT_EQ(labels(own.window), (Labels{"m1", "a1", "n1"}));
}

TEST_F(Explain, TheVariantOfACallIsExplainedByItsUnitsDraw) {
  events::ExperimentCreated plan;
  for (const char* name : {"a", "b"}) {
    events::VariantPlan variant;
    variant.name = name;
    variant.share = 5'000;
    plan.variants.push_back(std::move(variant));
  }
  plan.seed = "s";
  plan.coverage = 5'000;
  const auto put = [&](const char* stream_name, const events::EncodedEvent& encoded) {
    core::NewEvent event = support::event(stream_name, std::string(stream_name) + encoded.facts);
    event.type = encoded.type;
    event.facts = encoded.facts;
    event.content = encoded.content;
    core::seal(event, support::hasher());
    recorder.log().append(support::request({std::move(event)}),
                          [](const core::Result<core::Receipt>& done) { EXPECT_TRUE(done); });
  };
  put("experiment-tone", events::experiment_codec().encode(plan));
  events::VariantAssigned assigned;
  assigned.experiment = "tone";
  assigned.variant = "b";
  assigned.bucket = 6'000;
  assigned.session = "session-s1";
  assigned.call_id = "call-a1";
  assigned.unit = "ann";
  put("assignment-0123", events::assignment_codec().encode(assigned));
  recorder.create("s1");
  events::ResponseRequested asked = request("call-a1");
  asked.prompt = events::PromptRef{"greeting", events::PromptVersion{"2"}, "staging"};
  asked.variables = events::Json(events::Json::Object{{"who", "Ann"}});
  asked.variant = events::VariantRef{"tone", "b", "0123"};
  ask("s1", asked);
  Why found = why("s1", "call-a1");
  auto reason = explain_variant(recorder.log(), recorder.project(), *asked.variant);
  ASSERT_TRUE(reason && *reason);
  found.variant = *std::move(reason);
  const events::Json told = to_json(found);
  EXPECT_EQ(dump(*told.find("prompt")),
            R"({"name":"greeting","version":2,"label":"staging","variables":{"who":"Ann"}})");
  const events::Json& why_b = *told.find("variant")->find("assignment");
  EXPECT_EQ(dump(*why_b.find("bucket")), "6000");
  EXPECT_EQ(*why_b.find("unit")->if_string(), "ann");
  EXPECT_EQ(dump(*why_b.find("buckets")),
            R"([{"variant":"a","from":0,"until":2500},{"variant":"b","from":5000,"until":7500}])");
  EXPECT_EQ(*why_b.find("call_id")->if_string(), "call-a1");
  EXPECT_EQ(dump(*why_b.find("by_this_call")), "true");
  const events::VariantRef never{"tone", "b", "4567"};
  EXPECT_FALSE(*explain_variant(recorder.log(), recorder.project(), never));
}

TEST_F(Explain, ACallThatIsNotThereIsNotFound) {
  recorder.create("s1");
  const auto missing = explain_call(reader(), recorder.project(), stream("s1"), "nope");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, core::Errc::not_found);
  EXPECT_EQ(missing.error().field, "call");
  recorder.answer("s1", response("a1", "x"));
  EXPECT_EQ(call_of_message(reader(), recorder.project(), stream("s1"), "a1").value(), "call-a1");
  EXPECT_FALSE(call_of_message(reader(), recorder.project(), stream("s1"), "m9"));
}

TEST_F(Explain, TheTreeIsTheSameFromEveryBranch) {
  recorder.create("s1");
  recorder.say("s1", "m1", "hi");
  fork("s1", 1, "s2");
  fork("s1", 0, "s3");
  fork("s2", 0, "s4");
  recorder.add("session-s4", events::SessionEnded{});
  for (const char* from : {"s1", "s2", "s3", "s4"}) {
    const ForkNode root = tree(from);
    EXPECT_EQ(root.session, "s1") << from;
    ASSERT_EQ(root.children.size(), 2U);
    EXPECT_EQ(root.messages, 1U);
    EXPECT_EQ(root.children[0].session, "s2");
    EXPECT_EQ(root.children[0].at_version, core::Version{1});
    EXPECT_EQ(root.children[1].session, "s3");
    ASSERT_EQ(root.children[0].children.size(), 1U);
    EXPECT_TRUE(root.children[0].children[0].ended);
  }
}

TEST_F(Explain, ATreeWithMissingAndUnannouncedBranchesIsStillShown) {
  recorder.create("s1");
  fork("s1", 0, "quiet", false);
  events::SessionForked lost;
  lost.child = "lost";
  recorder.add("session-s1", lost);
  const ForkNode seen = tree("quiet");
  ASSERT_EQ(seen.children.size(), 2U);
  EXPECT_FALSE(seen.children[0].found);
  EXPECT_EQ(seen.children[1].session, "quiet");
  EXPECT_EQ(seen.children[1].reason, events::ForkReason::retry);
  EXPECT_EQ(tree("s1").children.size(), 1U) << "the parent does not know of it";

  fork("ghost", 3, "orphan", false);
  const ForkNode ghost = tree("orphan");
  EXPECT_EQ(ghost.session, "ghost");
  EXPECT_FALSE(ghost.found);
  ASSERT_EQ(ghost.children.size(), 1U);
  EXPECT_TRUE(ghost.children[0].found);
}

TEST_F(Explain, ACircleOfForksEnds) {
  fork("b", 0, "a");
  fork("a", 0, "b");
  const auto forks = read_forks(recorder.log(), recorder.project(), stream("a"));
  ASSERT_TRUE(forks);
  EXPECT_TRUE(forks->cut);
}

}  // namespace
}  // namespace hansard::projections::test
