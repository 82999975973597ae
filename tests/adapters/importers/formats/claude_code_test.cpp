#include "formats/claude_code.h"

#include <map>

#include "collect.h"
#include "events/session/step_body.h"
#include "support/golden.h"

namespace {

using namespace hansard;
using events::AttachRecord;
using events::CallTool;
using events::CompleteTool;
using events::FailTool;
using events::ForkSession;
using events::RecordResponse;
using events::SendMessage;
using importers::Piece;
using importers::test::read;
using importers::test::text_of;
using importers::test::Told;

Told claude_code(std::string_view text) { return read(importers::claude_code_reader, text); }

Told fixture() { return claude_code(support::golden("import/claude_code.jsonl")); }

/// What was told of one session.
Told session(const Told& told, std::string_view name) {
  Told of;
  for (const Piece& piece : told.pieces) {
    if (piece.session.id == name) of.pieces.push_back(piece);
  }
  return of;
}

std::vector<std::string> said(const Told& told) {
  std::vector<std::string> texts;
  for (const Piece& piece : told.pieces) {
    for (const auto& step : piece.steps) {
      if (const auto* sent = std::get_if<SendMessage>(&step.step)) {
        texts.push_back("user: " + text_of(sent->parts));
      } else if (const auto* answer = std::get_if<RecordResponse>(&step.step)) {
        texts.push_back("answer: " + text_of(answer->parts));
      }
    }
  }
  return texts;
}
using Texts = std::vector<std::string>;

TEST(ClaudeCode, TheFirstChildOfALineGoesOnAndALaterOneIsABranch) {
  const Told told = fixture();
  EXPECT_TRUE(told.failed.empty());
  EXPECT_EQ(said(session(told, "s-1")),
            (Texts{"user: Fix the parser", "answer: I look at it.", "answer: Done.",
                   "user: Now write a test", "answer: Here is one."}));
  EXPECT_EQ(said(session(told, "s-1~u3")),
            (Texts{"user: Now write two tests", "answer: Here are two.",
                   "user: This session is being continued: two tests were written.",
                   "answer: What next?"}));
  const auto forks = told.steps<ForkSession>();
  ASSERT_EQ(forks.size(), 2U);
  EXPECT_EQ(forks[1].child, "s-1~u3");
  EXPECT_EQ(forks[1].at_message, "msg_2");
  EXPECT_EQ(forks[1].reason, events::ForkReason::edit);
}

TEST(ClaudeCode, ASubagentIsASessionOfItsOwnThatLeavesAtTheBeginning) {
  const Told told = fixture();
  EXPECT_EQ(said(session(told, "s-1~agent-abc")),
            (Texts{"user: Find tests", "answer: Found none."}));
  const auto fork = told.steps<ForkSession>().at(0);
  EXPECT_EQ(fork.child, "s-1~agent-abc");
  EXPECT_EQ(fork.at_version, 0U);
  EXPECT_EQ(fork.reason, events::ForkReason::parallel);
}

TEST(ClaudeCode, AForkIsToldBeforeWhatIsSaidInIt) {
  const Told told = fixture();
  std::map<std::string, bool> known{{"s-1", true}};
  for (const Piece& piece : told.pieces) {
    EXPECT_TRUE(known[piece.session.id]) << piece.session.id;
    for (const auto& step : piece.steps) {
      if (const auto* fork = std::get_if<ForkSession>(&step.step)) known[fork->child] = true;
    }
  }
}

TEST(ClaudeCode, AnAnswerOnSeveralLinesIsOneWithItsUsageOnce) {
  const auto answers = session(fixture(), "s-1").steps<RecordResponse>();
  ASSERT_EQ(answers.size(), 3U);
  const auto& first = answers[0];
  EXPECT_EQ(first.message_id, "msg_1");
  ASSERT_EQ(first.parts.size(), 4U);
  EXPECT_EQ(first.parts[0].kind(), "thinking");
  EXPECT_EQ(first.parts[0].text(), "Look first");
  EXPECT_EQ(first.model, "claude-sonnet-4-5");
  EXPECT_EQ(first.finish_reason, events::FinishReason::tool_call);
  EXPECT_EQ(first.usage->output_text, 77U) << "the last line knows";
  EXPECT_EQ(first.usage->input_text, 10U);
  EXPECT_EQ(first.usage->input_cache_read, 1000U);
  EXPECT_EQ(first.usage->input_cache_write_5m, 100U);
  EXPECT_EQ(first.usage_source, events::UsageSource::imported);
  EXPECT_EQ(first.metadata->find("lines")->if_array()->size(), 4U);
  EXPECT_TRUE(first.may_have_grown);
  EXPECT_EQ(first.extra->find("raw"), nullptr) << "it would be rebuilt";
}

TEST(ClaudeCode, ResultsCloseTheirCallsAlsoBetweenTheLinesOfAnAnswer) {
  const Told told = fixture();
  const auto calls = told.steps<CallTool>();
  ASSERT_EQ(calls.size(), 2U);
  EXPECT_EQ(calls[1].tool, "Bash");
  EXPECT_EQ(calls[1].index, 1U);
  EXPECT_EQ(dump(calls[1].arguments), R"({"command":"false"})");
  const auto done = told.steps<CompleteTool>();
  ASSERT_EQ(done.size(), 1U);
  EXPECT_EQ(done[0].message_id, "msg_1");
  EXPECT_EQ(done[0].index, 0U);
  EXPECT_EQ(dump(done[0].output), R"("int main;")");
  EXPECT_NE(done[0].metadata->find("toolUseResult"), nullptr);
  const auto failed = told.steps<FailTool>();
  ASSERT_EQ(failed.size(), 1U);
  EXPECT_EQ(failed[0].index, 1U);
  EXPECT_EQ(dump(failed[0].error), R"("exit 1")");
}

TEST(ClaudeCode, WhatIsNoPartOfTheConversationIsAttached) {
  const auto attached = fixture().steps<AttachRecord>();
  std::vector<std::string> kinds;
  for (const auto& each : attached) kinds.push_back(each.kind);
  EXPECT_EQ(kinds,
            (Texts{"claude_code.summary", "claude_code.file-history-snapshot", "claude_code.user",
                   "claude_code.system.turn_duration", "claude_code.system.compact_boundary",
                   "claude_code.queue-operation", "claude_code.hologram"}));
  EXPECT_EQ(dump(*attached.back().record.find("odd")), "[1,2]");
}

TEST(ClaudeCode, AnErrorOfTheApiIsAFailedCallAndCostsNothing) {
  const auto failed = fixture().steps<events::FailResponse>();
  ASSERT_EQ(failed.size(), 1U);
  EXPECT_EQ(failed[0].error_type, "rate_limit");
  EXPECT_EQ(dump(*failed[0].error), R"("API Error: 429")");
  EXPECT_FALSE(failed[0].usage || failed[0].model);
}

TEST(ClaudeCode, ACompactionTakesWhatWasSaidOutOfTheWindow) {
  const auto compact = fixture().steps<events::OptimizeContext>();
  ASSERT_EQ(compact.size(), 1U);
  EXPECT_EQ(compact[0].removed, (Texts{"u1", "msg_1", "msg_2", "u3", "msg_4"}))
      << "of this branch, with what it inherits";
  EXPECT_EQ(compact[0].tokens_before, 155000U);
  EXPECT_EQ(compact[0].reason, "auto");
}

TEST(ClaudeCode, TimesAreTheLinesAndSettingsAreSaidOnce) {
  const Told told = fixture();
  const Piece& first = told.pieces.at(0);
  EXPECT_EQ(first.session.id, "s-1");
  EXPECT_FALSE(first.continues);
  EXPECT_EQ(dump(*first.create.metadata->find("cwd")), R"("/srv/app")");
  for (const Piece& piece : told.pieces) {
    for (const auto& step : piece.steps) {
      const auto* sent = std::get_if<SendMessage>(&step.step);
      if (sent == nullptr) continue;
      EXPECT_TRUE(step.occurred_at);
      EXPECT_EQ(sent->metadata->find("cwd"), nullptr);
      EXPECT_NE(sent->metadata->find("parentUuid"), nullptr);
    }
  }
}

TEST(ClaudeCode, LinesWithoutNamesFollowEachOther) {
  const Told told = claude_code(
      R"({"type":"assistant","message":{"content":[{"type":"text","text":"a"}]}}
{"type":"assistant","message":{"content":[{"type":"tool_use","id":"t","name":"f","input":{}}]}}
{"type":"user","message":{"content":[{"type":"tool_result","tool_use_id":"t","content":"ok"}]}}
)");
  EXPECT_EQ(told.only().session.prefix, "claude-code-");
  EXPECT_EQ(told.only().messages, 3U);
  EXPECT_TRUE(told.steps<ForkSession>().empty());
  EXPECT_EQ(told.steps<RecordResponse>().at(0).message_id, "line-1");
  EXPECT_EQ(told.steps<CompleteTool>().at(0).message_id, "line-2");
  EXPECT_FALSE(told.steps<RecordResponse>().at(0).usage);
}

TEST(ClaudeCode, LinesThatAllNameNoParentFollowEachOtherToo) {
  const Told told = claude_code(
      R"({"type":"user","sessionId":"s","uuid":"a","parentUuid":null,"message":{"role":"user","content":"1"}}
{"type":"user","sessionId":"s","uuid":"b","parentUuid":null,"message":{"role":"user","content":"2"}}
)");
  EXPECT_EQ(said(told), (Texts{"user: 1", "user: 2"}));
  EXPECT_TRUE(told.steps<ForkSession>().empty());
}

TEST(ClaudeCode, ABeginningThatWasAskedAnewIsABranchAtTheBeginning) {
  const Told told = claude_code(
      R"({"type":"user","sessionId":"s","uuid":"a","parentUuid":null,"message":{"role":"user","content":"1"}}
{"type":"assistant","sessionId":"s","uuid":"b","parentUuid":"a","message":{"role":"assistant","content":"2"}}
{"type":"user","sessionId":"s","uuid":"c","parentUuid":null,"message":{"role":"user","content":"3"}}
)");
  const auto forks = told.steps<ForkSession>();
  ASSERT_EQ(forks.size(), 1U);
  EXPECT_EQ(forks[0].at_version, 0U);
  EXPECT_EQ(said(session(told, "s~c")), Texts{"user: 3"});
}

TEST(ClaudeCode, MoreOfAnAnswerThatWasToldIsKeptWithItsCalls) {
  const Told told = claude_code(
      R"({"type":"assistant","sessionId":"s","uuid":"a","message":{"id":"m","role":"assistant","content":"1"}}
{"type":"user","sessionId":"s","uuid":"b","parentUuid":"a","message":{"role":"user","content":"wait"}}
{"type":"assistant","sessionId":"s","uuid":"c","parentUuid":"a","message":{"id":"m","role":"assistant","content":[{"type":"tool_use","id":"t","name":"f","input":{}}]}}
{"type":"user","sessionId":"s","uuid":"d","parentUuid":"c","message":{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":"ok"}]}}
)");
  EXPECT_EQ(said(told), (Texts{"answer: 1", "user: wait"}));
  EXPECT_EQ(told.steps<CallTool>().at(0).message_id, "m");
  EXPECT_EQ(told.steps<CompleteTool>().at(0).index, 0U);
  EXPECT_EQ(told.attached_at(), Texts{"c"});
}

TEST(ClaudeCode, ASecondResultOfACallIsAttached) {
  const Told told = claude_code(
      R"({"type":"assistant","sessionId":"s","uuid":"a","message":{"id":"m","role":"assistant","content":[{"type":"tool_use","id":"t","name":"f","input":{}}]}}
{"type":"user","sessionId":"s","uuid":"b","parentUuid":"a","message":{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":"1"}]}}
{"type":"user","sessionId":"s","uuid":"c","parentUuid":"a","message":{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":"2"}]}}
{"type":"user","sessionId":"s","uuid":"d","message":{"role":"user","content":[{"type":"tool_result","tool_use_id":"x","content":"3"}]}}
)");
  const auto results = told.steps<CompleteTool>();
  ASSERT_EQ(results.size(), 2U);
  EXPECT_EQ(dump(results[0].output), R"("1")");
  EXPECT_EQ(results[1].result_id, "d") << "a result without its call";
  EXPECT_FALSE(results[1].message_id);
  EXPECT_EQ(told.attached_at(), Texts{"c"});
}

TEST(ClaudeCode, ABrokenLineIsToldAndTheOthersGoOn) {
  const Told told = claude_code(
      "{\"type\":\"user\",\"sessionId\":\"s\",\"message\":{\"role\":\"user\",\"content\":\"1\"}}\n"
      "{\"sessionId\":\"s\"}\n[]\n"
      "{\"type\":\"user\",\"sessionId\":\"s\",\"message\":{\"role\":\"user\",\"content\":[5]}}\n");
  EXPECT_EQ(said(told), Texts{"user: 1"});
  EXPECT_EQ(told.failed.size(), 1U);
  EXPECT_EQ(told.attached_at(), Texts{"line-4"});
}

/// The identity of a step and everything it says.
std::string fingerprint(const Piece& piece, const events::RecordedStep& step) {
  std::string text = piece.session.id;
  if (step.occurred_at) text += " " + core::format_time(*step.occurred_at);
  std::visit(
      [&](const auto& each) {
        const auto written = events::write_step({each, step.occurred_at, true});
        text += " " + std::string(written.route) + " " + written.body + written.key;
      },
      step.step);
  return text;
}

TEST(ClaudeCode, AFileThatGrowsIsToldAsBeforeAndThenMore) {
  const std::string whole = support::golden("import/claude_code.jsonl");
  std::map<std::string, std::size_t> all;
  std::map<std::string, RecordResponse> answers;
  const Told last = claude_code(whole);
  for (const Piece& piece : last.pieces) {
    for (const auto& step : piece.steps) {
      ++all[fingerprint(piece, step)];
      if (const auto* answer = std::get_if<RecordResponse>(&step.step)) {
        answers[piece.session.id + answer->message_id] = *answer;
      }
    }
  }
  for (std::size_t end = whole.find('\n'); end != std::string::npos;
       end = whole.find('\n', end + 1)) {
    SCOPED_TRACE(end);
    const Told early = claude_code(std::string_view(whole).substr(0, end + 1));
    std::size_t cut = 0;
    for (const Piece& piece : early.pieces) {
      for (const auto& step : piece.steps) {
        if (all.count(fingerprint(piece, step)) == 1) continue;
        // Only the answer at the end of the file may have been cut: it says so, and is found.
        const auto* answer = std::get_if<RecordResponse>(&step.step);
        ASSERT_NE(answer, nullptr) << fingerprint(piece, step);
        ++cut;
        const auto& grown = answers.at(piece.session.id + answer->message_id);
        EXPECT_TRUE(answer->may_have_grown);
        EXPECT_EQ(answer->call_id, grown.call_id);
        EXPECT_LT(answer->parts.size(), grown.parts.size());
      }
    }
    EXPECT_LE(cut, 1U);
  }
}

}  // namespace
