#include "projections/history.h"

#include "projections/context.h"
#include "projections/json.h"
#include "projections/overview.h"
#include "recorder.h"

namespace hansard::projections::test {
namespace {

class HistoryTest : public ::testing::Test {
 protected:
  core::Result<History> read(std::string_view session, AsOf as_of = AsOf::head()) {
    return SessionReader(recorder.log())
        .history(recorder.project(), support::stream("session-" + std::string(session)), as_of);
  }
  History history(std::string_view session, AsOf as_of = AsOf::head()) {
    auto history = read(session, as_of);
    EXPECT_TRUE(history) << history.error().message;
    return *std::move(history);
  }
  ContextWindow window(std::string_view session, AsOf as_of = AsOf::head()) {
    return window_after(history(session, as_of));
  }
  /// The message id, or the type, of each entry.
  static std::vector<std::string> labels(const std::vector<Entry>& entries) {
    std::vector<std::string> labels;
    labels.reserve(entries.size());
    for (const Entry& entry : entries) labels.push_back(label(entry));
    return labels;
  }
  static std::vector<std::string> labels(const ContextWindow& window) {
    std::vector<std::string> labels;
    labels.reserve(window.messages.size());
    for (const auto& message : window.messages) labels.push_back(label(message.entry));
    return labels;
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
  core::RecordReceipt fork(std::string_view parent, std::uint64_t at, std::string_view child) {
    events::SessionForked forked;
    forked.child = child;
    forked.at_version = at;
    recorder.add("session-" + std::string(parent), forked);
    events::SessionCreated created;
    created.parent = events::Parent{std::string(parent), at, events::ForkReason::edit};
    return recorder.add("session-" + std::string(child), created);
  }
  template <class E>
  core::RecordReceipt result(std::string_view session, std::string_view tool_call_id,
                             std::string_view text,
                             std::optional<std::pair<std::string, std::uint32_t>> call = {}) {
    E event;
    event.tool_call_id = tool_call_id;
    if (call) {
      event.message_id = call->first;
      event.index = call->second;
    }
    if constexpr (std::is_same_v<E, events::ToolCompleted>) {
      event.output = events::Json(text);
    } else {
      event.error = events::Json(text);
    }
    return recorder.add("session-" + std::string(session), event);
  }
  static std::string output(const std::optional<ToolOutcome>& outcome) {
    if (!outcome) return "none";
    const auto& done = std::get<events::ToolCompleted>(outcome->event);
    return done.output.as_string("output").value();
  }
  using Labels = std::vector<std::string>;

  Recorder recorder;
};

TEST_F(HistoryTest, EntriesComeInOrderWithTheirPlaceInTheLog) {
  recorder.create("s1", "ada");
  recorder.occurring(support::at_us(5));
  const auto sent = recorder.say("s1", "m1", "hello");
  recorder.occurring({});
  recorder.answer("s1", response("m2", "hi"));
  recorder.add("session-s1", events::ScoreRecorded{});
  recorder.add("session-s1", events::SessionConfigured{});
  const auto ended = recorder.add("session-s1", events::SessionEnded{});

  const History read = history("s1");
  EXPECT_EQ(labels(read.entries),
            (Labels{"m1", "m2", "ScoreRecorded", "SessionConfigured", "SessionEnded"}));
  EXPECT_EQ(read.entries[0].info.version, sent.version);
  EXPECT_EQ(read.entries[0].info.position, sent.position);
  EXPECT_EQ(read.entries[0].info.occurred_at, support::at_us(5));
  EXPECT_FALSE(read.entries[1].info.occurred_at);
  EXPECT_TRUE(read.ended);
  EXPECT_EQ(read.as_of.version, ended.version);
  EXPECT_EQ(std::get<events::SessionCreated>(read.created->event).user, "ada");
}

TEST_F(HistoryTest, AsOfStopsAtTheVersionPositionOrTimeIncluded) {
  recorder.create("s1");
  recorder.create("s2");
  const auto first = recorder.say("s1", "m1", "one");
  const auto first_time = recorder.now();
  recorder.say("s2", "x", "elsewhere");
  recorder.say("s1", "m2", "two");
  recorder.add("session-s1", events::SessionEnded{});

  EXPECT_EQ(labels(history("s1", AsOf::at(first.version)).entries), Labels{"m1"});
  EXPECT_EQ(labels(history("s1", AsOf::at(first.position)).entries), Labels{"m1"});
  EXPECT_EQ(labels(history("s1", AsOf::at(core::Position{first.position.value + 1})).entries),
            Labels{"m1"});
  EXPECT_EQ(labels(history("s1", AsOf::at(first_time)).entries), Labels{"m1"});
  EXPECT_EQ(labels(history("s1", AsOf::at(first_time - std::chrono::microseconds(1))).entries),
            Labels{});
  EXPECT_FALSE(history("s1", AsOf::at(core::Version{2})).ended);
  EXPECT_TRUE(history("s1", AsOf::at(core::Version{3})).ended);
}

TEST_F(HistoryTest, AMomentThatTheSessionDoesNotHaveIsNotFound) {
  recorder.create("s0");
  recorder.create("s1");
  const auto code = [&](std::string_view session, AsOf as_of) {
    const auto answer = read(session, as_of);
    return answer ? "found" : answer.error().message;
  };
  EXPECT_EQ(code("s1", AsOf::at(core::Version{1})), "session 's1' has no version 1: its last is 0");
  EXPECT_EQ(code("s1", AsOf::at(core::Position{0})),
            "session 's1' did not exist yet as of position 0");
  EXPECT_EQ(code("s2", AsOf::head()), "there is no session 's2'");
  EXPECT_EQ(read("s2").error().code, core::Errc::not_found);
  EXPECT_EQ(SessionReader(recorder.log())
                .history(recorder.project(), support::stream("system"), {})
                .error()
                .code,
            core::Errc::not_found);
}

TEST_F(HistoryTest, ARepeatedToolCallIdIsAnsweredLatestOpenCallFirst) {
  recorder.create("s1");
  recorder.answer("s1", response("m1", "first"));
  recorder.add("session-s1", tool_call("m1", 0, "same"));
  result<events::ToolCompleted>("s1", "same", "one");
  recorder.answer("s1", response("m2", "second"));
  recorder.add("session-s1", tool_call("m2", 0, "same"));
  recorder.add("session-s1", tool_call("m2", 1, "same"));
  result<events::ToolCompleted>("s1", "same", "two");
  result<events::ToolCompleted>("s1", "same", "three");
  result<events::ToolCompleted>("s1", "same", "four");

  const History read = history("s1");
  EXPECT_EQ(labels(read.entries), (Labels{"m1", "m2", "ToolCompleted"}));
  EXPECT_EQ(output(read.entries[0].tools.at(0).outcome), "one");
  EXPECT_EQ(output(read.entries[1].tools.at(1).outcome), "two");
  EXPECT_EQ(output(read.entries[1].tools.at(0).outcome), "three");
}

TEST_F(HistoryTest, AResultThatNamesItsCallClosesThatOneWhateverItsId) {
  recorder.create("s1");
  recorder.answer("s1", response("m1", "x"));
  recorder.add("session-s1", tool_call("m1", 1, "same"));
  recorder.add("session-s1", tool_call("m1", 0, "same"));
  result<events::ToolCompleted>("s1", "same", "of 1", {{"m1", 1}});
  result<events::ToolCompleted>("s1", "same", "again of 1", {{"m1", 1}});
  const History read = history("s1");
  ASSERT_EQ(labels(read.entries), (Labels{"m1", "ToolCompleted"})) << "a second result is kept";
  EXPECT_EQ(read.entries[0].tools.at(0).event.index, 0U) << "by index, not by arrival";
  EXPECT_EQ(output(read.entries[0].tools.at(0).outcome), "none");
  EXPECT_EQ(output(read.entries[0].tools.at(1).outcome), "of 1");
}

TEST_F(HistoryTest, OrphansAreEntriesOfTheirOwn) {
  recorder.create("s1");
  result<events::ToolCompleted>("s1", "nobody", "lost");
  recorder.add("session-s1", tool_call("unheard", 0, "t"));
  result<events::ToolFailed>("s1", "t", "broken");
  const History read = history("s1");
  EXPECT_EQ(labels(read.entries), (Labels{"ToolCompleted", "ToolCalled"}));
  ASSERT_TRUE(read.entries[1].outcome);
  EXPECT_EQ(to_json(read).find("messages")->if_array()->size(), 2U);
}

TEST_F(HistoryTest, AForkStartsWithWhatItInherits) {
  recorder.create("a", "ada");
  recorder.say("a", "a1", "one");
  recorder.answer("a", response("a2", "two"));
  recorder.add("session-a", tool_call("a2", 0, "t"));
  fork("a", 3, "b");
  recorder.say("a", "a3", "not inherited");
  recorder.add("session-a", events::SessionEnded{});
  result<events::ToolCompleted>("b", "t", "in the fork", {{"a2", 0}});
  recorder.say("b", "b1", "three");
  fork("b", 2, "c");
  recorder.say("c", "c1", "four");

  const History read = history("c");
  EXPECT_EQ(labels(read.entries), (Labels{"a1", "a2", "b1", "c1"}));
  EXPECT_EQ(read.entries[0].info.inherited_from, "a");
  EXPECT_EQ(read.entries[2].info.inherited_from, "b");
  EXPECT_FALSE(read.entries[3].info.inherited_from);
  EXPECT_EQ(output(read.entries[1].tools.at(0).outcome), "in the fork");
  EXPECT_FALSE(read.ended) << "the end of the parent is not the fork's";
  ASSERT_TRUE(read.origin);
  EXPECT_EQ(read.origin->session, "b");
  EXPECT_TRUE(read.origin->found);
  EXPECT_EQ(labels(history("a").entries),
            (Labels{"a1", "a2", "SessionForked", "a3", "SessionEnded"}));

  const Overview overview = summarise(history("b"));
  EXPECT_EQ(overview.counters.messages, 1U) << "inherited ones are the parent's";
  EXPECT_EQ(overview.counters.tool_calls, 0U);
  EXPECT_EQ(overview.first.version, core::Version{0});
}

TEST_F(HistoryTest, AForkOfAnUnknownParentInheritsNothingAndSaysSo) {
  events::SessionCreated created;
  created.parent = events::Parent{"gone", 7, {}};
  recorder.add("session-s1", created);
  recorder.say("s1", "m1", "alone");
  const History read = history("s1");
  EXPECT_EQ(labels(read.entries), Labels{"m1"});
  ASSERT_TRUE(read.origin);
  EXPECT_FALSE(read.origin->found);
}

TEST_F(HistoryTest, ARingOfForksIsCutAtTheNamedDepth) {
  events::SessionCreated created;
  created.parent = events::Parent{"b", 1, {}};
  recorder.add("session-a", created);
  recorder.say("a", "a1", "round");
  created.parent = events::Parent{"a", 1, {}};
  recorder.add("session-b", created);
  recorder.say("b", "b1", "and round");
  const History read = history("a");
  EXPECT_TRUE(read.inherited_cut);
  EXPECT_EQ(read.entries.size(), kForkDepthMax + 1);
}

TEST_F(HistoryTest, ErasedContentIsGoneAndTheFactsRemain) {
  recorder.create("s1", "ada", {{"team", "red"}});
  const auto said = recorder.say("s1", "m1", "a secret");
  recorder.answer("s1", response("m2", "an answer", "m1", tokens(5, 2)));
  const auto called = recorder.add("session-s1", tool_call("m2", 0, "t", "look"));
  const auto done = result<events::ToolCompleted>("s1", "t", "an output");
  for (const auto& receipt : {core::RecordReceipt{}, said, called, done}) {
    ASSERT_TRUE(recorder.log().erase(receipt.position));
  }
  const History read = history("s1");
  EXPECT_EQ(labels(read.entries), (Labels{"m1", "m2"}));
  EXPECT_TRUE(read.entries[0].info.erased);
  EXPECT_TRUE(read.entries[1].tools.at(0).outcome->info.erased);
  const std::string json = events::dump(to_json(read));
  for (const auto* word : {"secret", "an output", "\\\"q\\\"", "ada", "red"}) {
    EXPECT_EQ(json.find(word), std::string::npos) << word;
  }
  for (const auto* word : {R"("user":"erased")", R"("tags":{"team":"erased"})", R"("erased":true)",
                           R"("tool":"look")", "an answer"}) {
    EXPECT_NE(json.find(word), std::string::npos) << word;
  }
}

TEST_F(HistoryTest, UnknownTypesAreCountedAndLeftOut) {
  recorder.create("s1");
  const auto odd = recorder.add_raw("session-s1", "SomethingNew", "{}");
  EXPECT_EQ(history("s1").unknown_events, 1U);
  EXPECT_EQ(history("s1").as_of.version, odd.version);
}

TEST_F(HistoryTest, SaysThatItIsBeingErasedFromTheOrderUntilTheEnd) {
  recorder.create("s1");
  const auto said = recorder.say("s1", "m1", "hello");
  const auto asked = recorder.add_raw(
      "session-s1", "ErasureRequested",
      R"({"erasure_id":"e1","scope":"message","message_id":"m1","reason":"gdpr_17"})");
  History read = history("s1");
  EXPECT_TRUE(is_erasing(read.erasures));
  EXPECT_FALSE(read.erased) << "in this log nothing is masked";
  EXPECT_EQ(read.unknown_events, 0U);
  EXPECT_EQ(read.as_of.version, asked.version);
  EXPECT_FALSE(is_erasing(history("s1", AsOf::at(said.version)).erasures));
  ASSERT_TRUE(recorder.log().erase(said.position));
  recorder.add_raw("session-s1", "ContentErased", R"({"erasure_id":"e1","events":1})");
  read = history("s1");
  EXPECT_FALSE(is_erasing(read.erasures));
  EXPECT_TRUE(read.erased);
  const std::string json = events::dump(to_json(summarise(read)));
  EXPECT_NE(json.find(R"("erased":true,"erasures":[{"erasure_id":"e1","state":"erased",)"
                      R"("scope":"message","message":"m1","reason":"gdpr_17","version":2,)"
                      R"("events":1}])"),
            std::string::npos)
      << json;
}

TEST_F(HistoryTest, TheOverviewKeepsEachSettingUntilItChanges) {
  recorder.create("s1");
  events::SessionConfigured config;
  config.model = "big";
  config.system = "be brief";
  config.system_hash = "h1";
  recorder.add("session-s1", config);
  events::SessionConfigured second;
  second.model = "small";
  const auto changed = recorder.add("session-s1", second);
  Overview overview = summarise(history("s1"));
  EXPECT_EQ(overview.config.model, "small");
  EXPECT_EQ(overview.config.system, "be brief");
  overview = summarise(history("s1", AsOf::at(core::Version{changed.version.value - 1})));
  EXPECT_EQ(overview.config.model, "big");
}

TEST_F(HistoryTest, TheWindowIsWhatAModelWouldBeSentNext) {
  recorder.create("s1");
  recorder.say("s1", "m0", "be brief", events::Role::system);
  recorder.say("s1", "m1", "one");
  recorder.answer("s1", response("m2", "two", "m1", tokens(100, 10)));
  auto other = response("m2b", "two again");
  other.call_id = "call-m2";
  other.choice = 1;
  recorder.answer("s1", other);
  recorder.say("s1", "m3", "three");
  EXPECT_EQ(labels(window("s1")), (Labels{"m0", "m1", "m2", "m3"})) << "of two choices the first";
  EXPECT_EQ(window("s1").tokens->count, 110U);

  events::ContextOptimized optimised;
  optimised.strategy = "summary";
  optimised.summarised = {"m1", "m2"};
  optimised.summary = events::Parts{events::Part::make_text("they counted")};
  optimised.tokens_after = 30;
  const auto first = recorder.add("session-s1", optimised);
  const ContextWindow summed = window("s1");
  EXPECT_EQ(labels(summed), (Labels{"m0", "ContextOptimized", "m3"}));
  EXPECT_EQ(summed.messages[1].summary_of, (Labels{"m1", "m2"}));
  EXPECT_EQ(summed.tokens->count, 30U);
  EXPECT_EQ(summed.removed, (Labels{"m1", "m2"}));

  events::ContextOptimized again;
  again.strategy = "truncate";
  again.removed = {"m1", "m2", "m3"};
  recorder.add("session-s1", again);
  EXPECT_EQ(labels(window("s1")), Labels{"m0"}) << "the summary goes with what it stands for";
  EXPECT_EQ(labels(window("s1", AsOf::at(first.version))),
            (Labels{"m0", "ContextOptimized", "m3"}));
}

TEST_F(HistoryTest, AWindowOfUnknownSizeHasNoTokens) {
  recorder.create("s1");
  recorder.answer("s1", response("m1", "hi"));
  EXPECT_FALSE(window("s1").tokens);
}

TEST_F(HistoryTest, AsOfReadsWhatUsersWrite) {
  EXPECT_EQ(parse_as_of("head").value(), AsOf::head());
  EXPECT_EQ(parse_as_of("7").value(), AsOf::at(core::Version{7}));
  EXPECT_EQ(parse_as_of("version:7").value(), AsOf::at(core::Version{7}));
  EXPECT_EQ(parse_as_of("position:120").value(), AsOf::at(core::Position{120}));
  EXPECT_EQ(parse_as_of("1970-01-01T00:00:01Z").value(), AsOf::at(support::at_us(1'000'000)));
  for (const auto* text :
       {"", "-1", "7x", "version:", "position:-1", "yesterday", "99999999999999999999"}) {
    const auto bad = parse_as_of(text);
    ASSERT_FALSE(bad) << text;
    EXPECT_EQ(bad.error().field, "as_of");
  }
}

}  // namespace
}  // namespace hansard::projections::test
