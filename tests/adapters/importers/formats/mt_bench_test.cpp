#include "formats/mt_bench.h"

#include "collect.h"

namespace {

using namespace hansard;
using importers::test::read;
using importers::test::text_of;
using importers::test::Told;

Told mt_bench(std::string_view text) { return read(importers::mt_bench_reader, text); }

TEST(MtBench, AQuestionIsASessionOfUserMessages) {
  const Told told = mt_bench(
      R"({"question_id":81,"category":"math","turns":["One?","Two?"],"reference":["1","2"]})");
  EXPECT_EQ(told.only().session.id, "question-81");
  const auto asked = told.steps<events::SendMessage>();
  ASSERT_EQ(asked.size(), 2U);
  EXPECT_EQ(text_of(asked[1].parts), "Two?");
  EXPECT_EQ(told.only().create.tags.at(0),
            (std::pair<std::string, std::string>("category", "math")));
  EXPECT_NE(told.only().create.metadata->find("reference"), nullptr);
  EXPECT_TRUE(told.steps<events::RecordResponse>().empty());
}

TEST(MtBench, AnArenaQuestionHasOnePromptAndACluster) {
  const Told told =
      mt_bench(R"({"uid":"u1","category":"a","cluster":"Puzzles","prompt":"Solve."})");
  EXPECT_EQ(told.only().session.id, "question-u1");
  EXPECT_EQ(told.only().create.tags.size(), 2U);
  EXPECT_EQ(told.steps<events::SendMessage>().size(), 1U);
}

TEST(MtBench, AnAnswerHasItsModelAndTimeAndNoInventedQuestion) {
  const Told told = mt_bench(
      R"({"question_id":101,"answer_id":"TFo","model_id":"gpt-4",
          "choices":[{"index":0,"turns":["second","last"]}],"tstamp":1686286924.844282})");
  EXPECT_EQ(told.only().session.id, "TFo");
  EXPECT_TRUE(told.steps<events::SendMessage>().empty());
  const auto answers = told.steps<events::RecordResponse>();
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_EQ(answers[1].model, "gpt-4");
  EXPECT_EQ(text_of(answers[1].parts), "last");
  EXPECT_NE(answers[0].call_id, answers[1].call_id);
  EXPECT_EQ(core::format_time(*told.only().steps[0].occurred_at), "2023-06-09T05:02:04.844282Z");
}

TEST(MtBench, ChoicesOfOneTurnAreChoicesOfOneCall) {
  const Told told = mt_bench(
      R"({"question_id":1,"answer_id":"a","model_id":"m",
          "choices":[{"index":0,"turns":["x"]},{"index":1,"turns":["y"]}]})");
  const auto answers = told.steps<events::RecordResponse>();
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_EQ(answers[0].call_id, answers[1].call_id);
  EXPECT_EQ(answers[1].choice, 1U);
  EXPECT_NE(answers[0].message_id, answers[1].message_id);
}

TEST(MtBench, ChoicesThatWentOnAreSessionsOfTheirOwn) {
  const Told told = mt_bench(
      R"({"question_id":1,"answer_id":"a","model_id":"m",
          "choices":[{"index":0,"turns":["x","xx"]},{"index":1,"turns":["y","yy"]}]})");
  ASSERT_EQ(told.pieces.size(), 2U);
  EXPECT_EQ(told.pieces[0].session.id, "a");
  EXPECT_EQ(told.pieces[1].session.id, "a.choice1");
  EXPECT_EQ(told.steps<events::RecordResponse>().at(3).choice, 0U);
}

TEST(MtBench, AnArenaAnswerHoldsItsQuestionAndOnlyTheAnswerHasTheTime) {
  const Told told = mt_bench(
      R"({"uid":"u","ans_id":"nd","model":"gpt-4-0314","messages":[
          {"content":"How?","role":"user"},
          {"content":{"answer":"So.","token_len":3},"role":"assistant"}],"tstamp":1714000000.5})");
  const auto& piece = told.only();
  EXPECT_EQ(piece.session.id, "nd");
  ASSERT_EQ(piece.steps.size(), 2U);
  EXPECT_FALSE(piece.steps[0].occurred_at);
  EXPECT_TRUE(piece.steps[1].occurred_at);
  const auto answer = told.steps<events::RecordResponse>().at(0);
  EXPECT_EQ(text_of(answer.parts), "So.");
  EXPECT_EQ(answer.model, "gpt-4-0314");
  EXPECT_EQ(dump(*answer.metadata), R"({"token_len":3})");
  EXPECT_FALSE(answer.usage);
}

TEST(MtBench, WhatIsNeitherIsRefusedWithTheField) {
  const Told told =
      mt_bench("{\"turns\":[\"x\"]}\n{\"question_id\":1}\n{\"uid\":\"u\",\"choices\":{}}\n");
  ASSERT_EQ(told.failed.size(), 3U);
  EXPECT_EQ(told.failed[0].second.field, "question_id");
  EXPECT_EQ(told.failed[1].second.field, "turns");
  EXPECT_EQ(told.failed[2].second.field, "choices");
}

TEST(MtBench, IsToldFromAWrappedMessageList) {
  const auto is = [](std::string_view text) {
    return importers::is_mt_bench(*events::parse_json(text));
  };
  EXPECT_TRUE(is(R"({"question_id":81,"turns":[]})"));
  EXPECT_TRUE(is(R"({"uid":"u","ans_id":"a","messages":[]})"));
  EXPECT_FALSE(is(R"({"uid":"u","messages":[]})"));
  EXPECT_FALSE(is(R"({"messages":[]})"));
}

}  // namespace
