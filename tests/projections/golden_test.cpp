#include "support/golden.h"
#include "projections/context.h"
#include "projections/facts/calls.h"
#include "projections/json.h"
#include "projections/overview.h"
#include "recorder.h"

/// The JSON that every surface prints, member for member. Golden files are laid out for reading;
/// white space does not count, the order of members does.
namespace hansard::projections::test {
namespace {

/// A conversation with a tool that works and one that fails, a failed call, a summary, a score, an
/// erased message, and a fork that ends.
class Golden : public ::testing::Test {
 protected:
  Golden() {
    recorder.occurring(support::at_us(day_us(19'999)));
    recorder.create("s1", "ada", {{"team", "red"}});
    events::SessionConfigured config;
    config.model = "big";
    config.system = "be brief";
    recorder.add("session-s1", config);
    recorder.say("s1", "m1", "what is the weather?");
    recorder.occurring({});
    auto answer = response("m2", "let me look", "big", tokens(100, 12));
    answer.usage->input_cache_read = 40;
    answer.finish_reason = events::FinishReason::tool_call;
    answer.latency_us = 1'500'000;
    answer.ttft_us = 200'000;
    answer.parts.push_back(events::Part::make_tool_call("t1", 0));
    answer.parts.push_back(events::Part::make_tool_call("t1", 1));
    recorder.answer("s1", answer);
    recorder.add("session-s1", tool_call("m2", 0, "t1", "weather"));
    recorder.add("session-s1", tool_call("m2", 1, "t1", "radar"));
    events::ToolCompleted done;
    done.tool_call_id = "t1";
    done.message_id = "m2";
    done.index = 0;
    done.output = events::parse_json(R"({"sky":"clear"})").value();
    done.duration_us = 90'000;
    recorder.add("session-s1", done);
    events::ToolFailed failed;
    failed.tool_call_id = "t1";
    failed.error = events::Json("no radar here");
    failed.error_type = "not_found";
    recorder.add("session-s1", failed);
    events::ResponseFailed lost;
    lost.call_id = "call-m3";
    lost.reason = events::FailureReason::timeout;
    lost.model = "big";
    recorder.add("session-s1", lost);
    recorder.answer("s1", response("m3", "clear skies", "big"));
    const auto private_words = recorder.say("s1", "m4", "my address is ...");
    events::ContextOptimized optimised;
    optimised.strategy = "summary";
    optimised.summarised = {"m1", "m2"};
    optimised.summary = events::Parts{events::Part::make_text("asked about the weather")};
    optimised.tokens_after = 20;
    recorder.add("session-s1", optimised);
    events::ScoreRecorded score;
    score.score_id = "k1";
    score.target_kind = events::TargetKind::message;
    score.target_id = "m3";
    score.name = "helpful";
    score.value = events::Json(true);
    recorder.add("session-s1", score);
    events::SessionForked forked;
    forked.child = "s2";
    forked.at_version = 3;
    recorder.add("session-s1", forked);
    events::SessionCreated child;
    child.parent = events::Parent{"s1", 3, events::ForkReason::edit};
    recorder.add("session-s2", child);
    recorder.say("s2", "n1", "and tomorrow?");
    events::SessionEnded ended;
    ended.reason = "done";
    recorder.add("session-s2", ended);
    EXPECT_TRUE(recorder.log().erase(private_words.position));
  }

  static void expect_golden(const events::Json& actual, const std::string& name) {
    const auto expected =
        events::parse_json(support::read_file(HANSARD_GOLDEN_DIR "/projections/" + name));
    ASSERT_TRUE(expected) << expected.error().message;
    EXPECT_EQ(events::dump(actual), events::dump(*expected)) << name;
  }
  History history(std::string_view stream) {
    return SessionReader(recorder.log())
        .history(recorder.project(), support::stream(stream), AsOf::head())
        .value();
  }

  Recorder recorder;
};

TEST_F(Golden, History) { expect_golden(to_json(history("session-s1")), "history.json"); }

TEST_F(Golden, HistoryOfAFork) { expect_golden(to_json(history("session-s2")), "fork.json"); }

TEST_F(Golden, Overview) {
  expect_golden(to_json(summarise(history("session-s1"))), "overview.json");
}

TEST_F(Golden, ContextWindow) {
  expect_golden(to_json(window_after(history("session-s1"))), "context.json");
}

TEST_F(Golden, Directory) {
  const Built built(recorder.log(), Sessions{});
  SessionQuery query;
  query.now = recorder.now();
  query.limit = 1;
  auto page = SessionDirectory(recorder.log(), keyed_hash()).list(built.model(), query).value();
  query.cursor = *page.next;
  const auto second =
      SessionDirectory(recorder.log(), keyed_hash()).list(built.model(), query).value();
  page.sessions.insert(page.sessions.end(), second.sessions.begin(), second.sessions.end());
  expect_golden(to_json(page), "sessions.json");
}

TEST_F(Golden, Usage) {
  const Built built(recorder.log(), facts::CallsView());
  UsageQuery query;
  query.group_by = {UsageDimension::day, UsageDimension::user, UsageDimension::provider};
  expect_golden(to_json(query_usage(built.model(), recorder.log(), keyed_hash(), query).value()),
                "usage.json");
}

}  // namespace
}  // namespace hansard::projections::test
