#include "formats/display_text.h"

#include "collect.h"

namespace {

using namespace hansard;
using importers::split_display_text;
using importers::test::read;
using importers::test::text_of;
using importers::test::Told;

Told dialogue(std::string_view text) {
  events::Json record;
  record.add("messages_display", text);
  return read(importers::display_text_reader, dump(record));
}

TEST(DisplayText, IsCutAtLinesThatBeginWithARole) {
  const auto turns = split_display_text("user: Hi\nassistant: One\ntwo\nuser: Bye");
  ASSERT_TRUE(turns);
  ASSERT_EQ(turns->size(), 3U);
  EXPECT_EQ((*turns)[0].text, "Hi");
  EXPECT_EQ((*turns)[1].text, "One\ntwo");
  EXPECT_EQ((*turns)[2].role, "user");
}

TEST(DisplayText, EmptyTurnsAndTrailingLinesSurvive) {
  const auto turns = split_display_text("system:\nuser: a\n\nassistant: b\n");
  ASSERT_TRUE(turns);
  EXPECT_EQ((*turns)[0].text, "");
  EXPECT_EQ((*turns)[1].text, "a\n");
  EXPECT_EQ((*turns)[2].text, "b\n");
}

TEST(DisplayText, WhatIsNoConversationIsNotCut) {
  EXPECT_FALSE(split_display_text(""));
  EXPECT_FALSE(split_display_text("Once upon a time\nuser: Hi"));
  EXPECT_FALSE(split_display_text("user: I wrote\nuser: hello"));
  EXPECT_FALSE(split_display_text("user: Hi\ntool: out of the blue"));
  EXPECT_FALSE(split_display_text("assistant: I begin"));
  EXPECT_FALSE(split_display_text("username: x"));
}

TEST(DisplayText, ADialogueBecomesMessagesAnswersAndUnboundResults) {
  const Told told =
      dialogue("user: Cancel it\nassistant: None\ntool: done\nassistant: It is done.");
  const auto& piece = told.only();
  EXPECT_EQ(piece.messages, 4U);
  EXPECT_EQ(piece.attached, 1U) << "the result of a call that the text does not show";
  const auto answers = told.steps<events::RecordResponse>();
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_TRUE(answers[0].parts.empty()) << "None is no text";
  EXPECT_EQ(text_of(answers[1].parts), "It is done.");
  EXPECT_TRUE(told.steps<events::CallTool>().empty()) << "no call is invented";
  EXPECT_EQ(dump(told.steps<events::CompleteTool>().at(0).output), R"("done")");
}

TEST(DisplayText, WhatCannotBeCutIsAttachedWhole) {
  const Told told = dialogue("user: a\nuser: b");
  EXPECT_EQ(told.only().messages, 0U);
  EXPECT_EQ(told.only().attached, 1U);
  EXPECT_EQ(dump(told.steps<events::AttachRecord>().at(0).record), R"("user: a\nuser: b")");
}

TEST(DisplayText, AGrownDialogueKeepsItsName) {
  EXPECT_EQ(dialogue("user: a").only().session.seed,
            dialogue("user: a\nassistant: b").only().session.seed);
  EXPECT_NE(dialogue("user: a").only().session.seed, dialogue("user: c").only().session.seed);
}

}  // namespace
