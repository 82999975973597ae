#include "formats/codex_exec.h"

#include "collect.h"
#include "events/session/step_body.h"
#include "importers/formats.h"
#include "support/golden.h"

namespace {

using namespace hansard;
using events::AttachRecord;
using events::CallTool;
using events::CompleteTool;
using events::FailTool;
using events::RecordResponse;
using importers::test::read;
using importers::test::text_of;
using importers::test::Told;
using Texts = std::vector<std::string>;

Told exec(std::string_view text) { return read(importers::codex_exec_reader, text); }
Told fixture() { return exec(support::golden("import/codex_exec.jsonl")); }

std::string started(std::string_view thread) {
  return R"({"type":"thread.started","thread_id":")" + std::string(thread) + "\"}\n";
}
std::string said(std::string_view text) {
  return R"({"type":"item.completed","item":{"id":"i","type":"agent_message","text":")" +
         std::string(text) + "\"}}\n";
}
std::string completed(std::uint64_t input, std::uint64_t output) {
  return R"({"type":"turn.completed","usage":{"input_tokens":)" + std::to_string(input) +
         R"(,"cached_input_tokens":0,"output_tokens":)" + std::to_string(output) + "}}\n";
}

TEST(CodexExec, AThreadIsOneSessionNamedByItsId) {
  const Told told = fixture();
  EXPECT_EQ(told.only().session.id, "thread-1");
  EXPECT_EQ(told.only().create.app, "codex_exec");
  EXPECT_FALSE(told.only().created_at) << "there are no times";
  EXPECT_TRUE(told.steps<events::SendMessage>().empty()) << "and no messages of the user";
}

TEST(CodexExec, AnswersAreRunsOfItemsThatACallOrTheTurnEnds) {
  const auto answers = fixture().steps<RecordResponse>();
  ASSERT_EQ(answers.size(), 7U);
  EXPECT_EQ(answers[0].message_id, "m3");
  ASSERT_EQ(answers[0].parts.size(), 2U);
  EXPECT_EQ(answers[0].parts[0].kind(), "thinking");
  EXPECT_EQ(answers[0].parts[1].tool_call_id(), "item_1");
  EXPECT_EQ(text_of(answers[5].parts), "There was no c.txt; I made one.");
  EXPECT_EQ(text_of(answers[6].parts), "Done.");
  for (const RecordResponse& each : answers) {
    EXPECT_FALSE(each.model);
    EXPECT_TRUE(each.may_have_grown);
  }
}

TEST(CodexExec, CallsHaveTheirArgumentsAndResults) {
  const Told told = fixture();
  const auto calls = told.steps<CallTool>();
  ASSERT_EQ(calls.size(), 5U);
  Texts asked;
  for (const CallTool& each : calls) asked.push_back(each.tool + " " + dump(each.arguments));
  EXPECT_EQ(asked, (Texts{R"(command_execution {"command":"bash -lc ls"})",
                          R"(command_execution {"command":"bash -lc 'cat c.txt'"})",
                          R"(search {"q":"c.txt"})",
                          R"(file_change {"changes":[{"path":"/srv/app/c.txt","kind":"add"}]})",
                          R"(web_search {"query":"c.txt"})"}));
  const auto done = told.steps<CompleteTool>();
  ASSERT_EQ(done.size(), 3U) << "what a search found is not told";
  EXPECT_EQ(dump(done[0].output), R"("a.txt\nb.txt\n")");
  EXPECT_EQ(dump(*done[0].metadata), R"({"exit_code":0,"status":"completed"})");
  EXPECT_EQ(dump(done[1].output), R"({"content":[]})");
  EXPECT_EQ(dump(*done[1].metadata->find("server")), R"("docs")");
  EXPECT_EQ(done[0].message_id, calls[0].message_id);
  const auto failed = told.steps<FailTool>();
  ASSERT_EQ(failed.size(), 1U);
  EXPECT_EQ(failed[0].tool_call_id, "item_3");
  EXPECT_EQ(dump(failed[0].error), R"("cat: c.txt: No such file\n")");
}

TEST(CodexExec, CountsOfTheThreadBecomeTheUsageOfEachTurnOnItsLastAnswer) {
  const auto answers = fixture().steps<RecordResponse>();
  ASSERT_EQ(answers.size(), 7U);
  for (std::size_t i = 0; i < 5; ++i) EXPECT_FALSE(answers[i].usage) << i;
  EXPECT_EQ(answers[5].usage->input_text, 500U);
  EXPECT_EQ(answers[5].usage->input_cache_read, 1500U);
  EXPECT_EQ(answers[5].usage->output_text, 120U);
  EXPECT_EQ(dump(*answers[5].metadata), R"({"usage_of":"turn"})");
  EXPECT_EQ(answers[6].usage->input_text, 500U) << "3000 more, of which 2500 cached";
  EXPECT_EQ(answers[6].usage->input_cache_read, 2500U);
  EXPECT_EQ(answers[6].usage->output_text, 30U);
}

TEST(CodexExec, ATurnThatFailsIsAFailedCallAndItsOpenItemsAreKept) {
  const Told told = fixture();
  const auto failed = told.steps<events::FailResponse>();
  ASSERT_EQ(failed.size(), 1U);
  EXPECT_EQ(dump(*failed[0].error), R"({"message":"stream disconnected before completion"})");
  Texts kinds;
  for (const auto& each : told.steps<AttachRecord>()) kinds.push_back(each.kind);
  EXPECT_EQ(kinds, (Texts{"codex.todo_list", "codex.error", "codex.item"}));
  EXPECT_EQ(told.attached_at().back(), "record 18");
}

TEST(CodexExec, TokensOfATurnThatLeftNothingAreAFailedCall) {
  const Told told = exec(started("t") + said("a") + completed(10, 1) + completed(30, 2));
  const auto failed = told.steps<events::FailResponse>();
  ASSERT_EQ(failed.size(), 1U);
  EXPECT_EQ(failed[0].usage->input_text, 20U);
  EXPECT_EQ(failed[0].usage->output_text, 1U);
}

TEST(CodexExec, AnotherThreadIsAnotherSessionAndCountsAnew) {
  const Told told = exec(started("a") + said("1") + completed(100, 10) + started("a") + said("2") +
                         completed(150, 11) + started("b") + said("3") + completed(120, 12));
  ASSERT_EQ(told.pieces.size(), 2U);
  EXPECT_EQ(told.pieces[0].session.id, "a");
  EXPECT_EQ(told.pieces[1].session.id, "b");
  const auto answers = told.steps<RecordResponse>();
  ASSERT_EQ(answers.size(), 3U);
  EXPECT_EQ(answers[1].usage->input_text, 50U) << "a thread that is resumed goes on counting";
  EXPECT_EQ(answers[2].usage->input_text, 120U);
}

TEST(CodexExec, IsToldFromOtherLines) {
  const auto known = [](std::string_view text) {
    const auto* format = importers::format_of(events::parse_json(text).value());
    return format == nullptr ? std::string_view("none") : format->name;
  };
  EXPECT_EQ(known(R"({"type":"thread.started","thread_id":"t"})"), "codex-exec");
  EXPECT_EQ(known(R"({"type":"item.completed","item":{"id":"i","type":"reasoning","text":"x"}})"),
            "codex-exec");
  EXPECT_EQ(known(R"({"type":"item.completed","item":"x"})"), "none");
  EXPECT_EQ(known(R"({"timestamp":"2026-02-03T04:05:06Z","type":"session_meta","payload":{}})"),
            "codex");
}

}  // namespace
