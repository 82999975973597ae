#include "formats/codex.h"

#include <map>

#include "collect.h"
#include "events/session/step_body.h"
#include "support/golden.h"

namespace {

using namespace hansard;
using events::AttachRecord;
using events::RecordResponse;
using events::SendMessage;
using importers::Piece;
using importers::test::read;
using importers::test::text_of;
using importers::test::Told;
using Texts = std::vector<std::string>;

Told codex(std::string_view text) { return read(importers::codex_reader, text); }
Told fixture() { return codex(support::golden("import/codex.jsonl")); }

Texts kinds(const Told& told) {
  Texts found;
  for (const auto& each : told.steps<AttachRecord>()) found.push_back(each.kind);
  return found;
}

std::string item(std::string_view payload) {
  return R"({"timestamp":"2026-02-03T04:05:06Z","type":"response_item","payload":)" +
         std::string(payload) + "}\n";
}
std::string answer(std::string_view text) {
  return item(R"({"type":"message","role":"assistant","content":[{"type":"output_text","text":")" +
              std::string(text) + R"("}]})");
}
std::string asked(std::string_view text) {
  return item(R"({"type":"message","role":"user","content":[{"type":"input_text","text":")" +
              std::string(text) + R"("}]})");
}
std::string event(std::string_view payload) {
  return R"({"timestamp":"2026-02-03T04:05:06Z","type":"event_msg","payload":)" +
         std::string(payload) + "}\n";
}
/// Totals so far.
std::string counted(std::uint64_t input, std::uint64_t output) {
  return event(R"({"type":"token_count","info":{"total_token_usage":{"input_tokens":)" +
               std::to_string(input) + R"(,"output_tokens":)" + std::to_string(output) + "}}}");
}

TEST(Codex, ARolloutIsOneSessionNamedByItsBeginning) {
  const Told told = fixture();
  EXPECT_TRUE(told.failed.empty());
  const Piece& first = told.only();
  EXPECT_EQ(first.session.id, "rollout-1");
  EXPECT_EQ(first.create.app, "codex_cli_rs");
  EXPECT_EQ(dump(*first.create.metadata->find("cwd")), R"("/srv/app")");
  EXPECT_EQ(first.create.metadata->find("instructions"), nullptr) << "they are the settings";
  EXPECT_TRUE(first.created_at);
}

TEST(Codex, TextsAreTakenFromTheItemsOnceEach) {
  const Told told = fixture();
  Texts said;
  for (const auto& each : told.steps<SendMessage>()) said.push_back(text_of(each.parts));
  EXPECT_EQ(said, (Texts{"List the files.", "Patch it."}));
  const auto answers = told.steps<RecordResponse>();
  ASSERT_EQ(answers.size(), 3U);
  EXPECT_EQ(answers[0].parts.at(0).kind(), "thinking");
  EXPECT_EQ(text_of(answers[1].parts), "One file: a.txt.");
  for (const RecordResponse& each : answers) EXPECT_TRUE(each.may_have_grown);
}

TEST(Codex, CumulativeCountsBecomeTheUsageOfSingleCalls) {
  const auto answers = fixture().steps<RecordResponse>();
  ASSERT_EQ(answers.size(), 3U);
  EXPECT_EQ(answers[0].usage->input_text, 400U);
  EXPECT_EQ(answers[0].usage->input_cache_read, 600U);
  EXPECT_EQ(answers[0].usage->output_text, 30U);
  EXPECT_EQ(answers[0].usage->output_reasoning, 20U);
  EXPECT_EQ(answers[1].usage->input_text, 500U) << "1500 of which 1000 cached, not 2500";
  EXPECT_EQ(answers[1].usage->input_cache_read, 1000U);
  EXPECT_EQ(answers[1].usage->output_text, 10U);
  EXPECT_EQ(answers[1].usage_source, events::UsageSource::imported);
  EXPECT_FALSE(answers[2].usage) << "unknown is not 0";
}

TEST(Codex, ARepeatedCountAddsNothing) {
  const Told told = codex(answer("a") + counted(10, 1) + counted(10, 1) + asked("b") + answer("c") +
                          counted(10, 1) + counted(30, 3));
  const auto answers = told.steps<RecordResponse>();
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_EQ(answers[0].usage->input_text, 10U);
  EXPECT_EQ(answers[1].usage->input_text, 20U);
  EXPECT_EQ(answers[1].usage->output_text, 2U);
  EXPECT_TRUE(told.attached_at().empty());
}

TEST(Codex, ACountBeforeItsItemsGoesToTheAnswerThatBeginsNext) {
  const Told told =
      codex(asked("a") + counted(10, 1) + answer("b") + asked("c") + counted(15, 3) + answer("d"));
  const auto answers = told.steps<RecordResponse>();
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_EQ(answers[0].usage->input_text, 10U);
  EXPECT_EQ(answers[1].usage->input_text, 5U);
  EXPECT_EQ(answers[1].usage->output_text, 2U);
}

TEST(Codex, ACountThatFellBeginsAnew) {
  const Told told =
      codex(answer("a") + counted(100, 10) + asked("b") + answer("c") + counted(7, 2));
  const auto answers = told.steps<RecordResponse>();
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_EQ(answers[1].usage->input_text, 7U);
}

TEST(Codex, TokensOfATurnThatLeftNothingAreAFailedCall) {
  const Told told = codex(asked("a") + counted(10, 1) + event(R"({"type":"turn_aborted"})"));
  const auto failed = told.steps<events::FailResponse>();
  ASSERT_EQ(failed.size(), 1U);
  EXPECT_EQ(failed[0].reason, events::FailureReason::cancelled);
  EXPECT_EQ(failed[0].usage->input_text, 10U);
}

TEST(Codex, CallsAndResultsAreBoundByTheirId) {
  const Told told = fixture();
  const auto calls = told.steps<events::CallTool>();
  ASSERT_EQ(calls.size(), 2U);
  EXPECT_EQ(calls[0].tool, "shell");
  EXPECT_EQ(calls[1].tool, "apply_patch");
  EXPECT_EQ(dump(calls[1].arguments), R"("*** Begin Patch")");
  const auto done = told.steps<events::CompleteTool>();
  ASSERT_EQ(done.size(), 1U);
  EXPECT_EQ(done[0].message_id, calls[0].message_id);
  EXPECT_EQ(done[0].duration_us, 250000U);
  const auto failed = told.steps<events::FailTool>();
  ASSERT_EQ(failed.size(), 1U) << "success: false";
  EXPECT_EQ(failed[0].message_id, calls[1].message_id);
}

TEST(Codex, SettingsAreSaidWhenTheyChange) {
  const auto settings = fixture().steps<events::ConfigureSession>();
  ASSERT_EQ(settings.size(), 3U) << "the beginning, the first context, the changed one";
  EXPECT_EQ(settings[0].system, "Be brief.");
  EXPECT_EQ(settings[0].provider, "openai");
  EXPECT_EQ(settings[1].model, "gpt-5-codex");
  EXPECT_EQ(settings[2].model, "gpt-5-codex-mini");
  const auto answers = fixture().steps<RecordResponse>();
  EXPECT_EQ(answers.at(1).model, "gpt-5-codex");
  EXPECT_EQ(answers.at(1).provider, "openai");
  EXPECT_EQ(answers.at(2).model, "gpt-5-codex-mini");
}

TEST(Codex, ACompactionSaysWhatStandsForTheHistory) {
  const auto compact = fixture().steps<events::OptimizeContext>();
  ASSERT_EQ(compact.size(), 1U);
  EXPECT_EQ(text_of(*compact[0].summary), "Listed the files.");
}

TEST(Codex, ErrorsAreFailedCallsAndTheRestIsAttached) {
  const Told told = fixture();
  EXPECT_EQ(told.steps<events::FailResponse>().size(), 1U);
  EXPECT_EQ(kinds(told), (Texts{"codex.token_count", "codex.turn_aborted", "codex.hologram",
                                "codex.event_msg"}));
  EXPECT_EQ(told.attached_because().back(), "a text that no item near it has");
}

TEST(Codex, TheOldestFilesHaveBareItemsBehindABareBeginning) {
  const std::string text =
      R"({"id":"old-1","timestamp":"2025-05-01T00:00:00Z","instructions":"Be kind."}
{"type":"message","role":"user","content":[{"type":"input_text","text":"hi"}]}
{"record_type":"state"}
{"type":"function_call","name":"shell","arguments":"{}","call_id":"c"}
{"type":"function_call_output","call_id":"c","output":"ok"}
{"type":"message","role":"assistant","content":[{"type":"output_text","text":"hello"}]}
)";
  const auto first = events::parse_json(text.substr(0, text.find('\n')));
  EXPECT_TRUE(importers::is_codex(*first));
  const Told told = codex(text);
  EXPECT_EQ(told.only().session.id, "old-1");
  EXPECT_EQ(told.steps<events::ConfigureSession>().at(0).system, "Be kind.");
  EXPECT_EQ(told.steps<SendMessage>().size(), 1U);
  EXPECT_EQ(told.steps<RecordResponse>().size(), 2U);
  EXPECT_EQ(told.steps<events::CompleteTool>().size(), 1U);
  EXPECT_EQ(kinds(told), Texts{"codex.record"});
}

TEST(Codex, ABrokenLineIsToldAndTheOthersGoOn) {
  const Told told = codex(asked("a") + "{\"a\":}\n" + asked("b") + item(R"({"type":"message"})"));
  EXPECT_EQ(told.steps<SendMessage>().size(), 2U);
  EXPECT_EQ(told.failed.size(), 1U);
  EXPECT_EQ(told.attached_at().size(), 1U);
}

/// The identity of a step and everything it says.
std::string fingerprint(const events::RecordedStep& step) {
  const std::string time = step.occurred_at ? core::format_time(*step.occurred_at) + " " : "";
  std::string text;
  std::visit(
      [&](const auto& each) {
        const auto written = events::write_step({each, step.occurred_at, true});
        text = time + std::string(written.route) + " " + written.body + written.key;
      },
      step.step);
  return text;
}

TEST(Codex, AFileThatGrowsIsToldAsBeforeAndThenMore) {
  const std::string call = R"(","type":"response_item","payload":{"type":"function_call",)"
                           R"("name":"f","arguments":"{}","call_id":")";
  const std::string whole = support::golden("import/codex.jsonl") +
                            R"({"timestamp":"2026-02-03T05:00:00Z)" + call + "x\"}}\n" +
                            R"({"timestamp":"2026-02-03T05:00:01Z)" + call + "y\"}}\n";
  std::map<std::string, int> all;
  std::map<std::string, RecordResponse> answers;
  for (const Piece& piece : codex(whole).pieces) {
    for (const auto& step : piece.steps) {
      ++all[fingerprint(step)];
      if (const auto* each = std::get_if<RecordResponse>(&step.step)) {
        answers[each->message_id] = *each;
      }
    }
  }
  for (std::size_t end = whole.find('\n'); end != std::string::npos;
       end = whole.find('\n', end + 1)) {
    const Told early = codex(std::string_view(whole).substr(0, end + 1));
    for (const Piece& piece : early.pieces) {
      for (const auto& step : piece.steps) {
        if (all.count(fingerprint(step)) == 1) continue;
        // Only the answer at the end may have been cut: the log knows it by its name.
        const auto* each = std::get_if<RecordResponse>(&step.step);
        ASSERT_NE(each, nullptr) << end << " " << fingerprint(step);
        EXPECT_TRUE(each->may_have_grown);
        EXPECT_EQ(each->call_id, answers.at(each->message_id).call_id);
      }
    }
  }
}

}  // namespace
