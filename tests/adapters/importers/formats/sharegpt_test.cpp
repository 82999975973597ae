#include "formats/sharegpt.h"

#include "collect.h"

namespace {

using namespace hansard;
using importers::test::read;
using importers::test::text_of;
using importers::test::Told;

Told sharegpt(std::string_view text) { return read(importers::sharegpt_reader, text); }

constexpr std::string_view kTwo = R"([
  {"id": "identity_0", "conversations": [
    {"from": "human", "value": "Who are you?"}, {"from": "gpt", "value": "A model."}]},
  {"id": "identity_1", "conversations": [
    {"from": "human", "value": "Who are you?"}, {"from": "gpt", "value": "Another."}]}
])";

TEST(ShareGpt, EachConversationKeepsItsIdAndItsTurns) {
  const Told told = sharegpt(kTwo);
  ASSERT_EQ(told.pieces.size(), 2U);
  EXPECT_EQ(told.pieces[0].session.id, "identity_0");
  EXPECT_EQ(told.pieces[1].session.id, "identity_1");
  EXPECT_EQ(told.pieces[0].messages, 2U);
  EXPECT_EQ(text_of(told.steps<events::SendMessage>().at(0).parts), "Who are you?");
  EXPECT_EQ(text_of(told.steps<events::RecordResponse>().at(1).parts), "Another.");
  EXPECT_EQ(told.pieces[0].attached, 0U);
}

TEST(ShareGpt, NothingIsInventedThatTheFormatCannotSay) {
  const Told told = sharegpt(kTwo);
  const auto answer = told.steps<events::RecordResponse>().at(0);
  EXPECT_FALSE(answer.model || answer.usage || answer.finish_reason || answer.usage_source);
  EXPECT_FALSE(told.pieces[0].created_at);
  EXPECT_FALSE(told.pieces[0].steps.at(0).occurred_at);
  EXPECT_TRUE(told.steps<events::RequestResponse>().empty());
}

TEST(ShareGpt, AFunctionCallAndItsObservationFindEachOther) {
  const Told told = sharegpt(R"({"id":"t","conversations":[
    {"from":"human","value":"weather?"},
    {"from":"function_call","value":"{\"name\":\"weather\",\"arguments\":{\"city\":\"Rome\"}}"},
    {"from":"observation","value":"sunny"},
    {"from":"gpt","value":"It is sunny."}]})");
  const auto calls = told.steps<events::CallTool>();
  const auto results = told.steps<events::CompleteTool>();
  ASSERT_EQ(calls.size(), 1U);
  ASSERT_EQ(results.size(), 1U);
  EXPECT_EQ(calls[0].tool, "weather");
  EXPECT_EQ(dump(calls[0].arguments), R"({"city":"Rome"})");
  EXPECT_EQ(results[0].message_id, calls[0].message_id);
  EXPECT_EQ(results[0].index, calls[0].index);
  EXPECT_EQ(dump(results[0].output), R"("sunny")");
  EXPECT_EQ(told.only().messages, 4U);
}

TEST(ShareGpt, SeveralCallsOfOneTurnTakeTheirResultsInOrder) {
  const Told told = sharegpt(R"({"id":"t","conversations":[
    {"from":"function_call","value":"[{\"name\":\"a\",\"arguments\":{}},{\"name\":\"b\",\"arguments\":{}}]"},
    {"from":"tool","value":"1"},{"from":"tool","value":"2"}]})");
  const auto results = told.steps<events::CompleteTool>();
  ASSERT_EQ(results.size(), 2U);
  EXPECT_EQ(results[0].tool, "a");
  EXPECT_EQ(results[1].tool, "b");
}

TEST(ShareGpt, AnObservationWithoutACallIsAnOrphanAndCounted) {
  const Told told = sharegpt(R"({"id":"t","conversations":[
    {"from":"human","value":"x"},{"from":"observation","value":"out of the blue"}]})");
  EXPECT_EQ(told.only().attached, 1U);
  EXPECT_FALSE(told.steps<events::CompleteTool>().at(0).message_id);
}

TEST(ShareGpt, WhatIsNoCallOrNoKnownSpeakerIsAttachedWithItsPlace) {
  const Told told = sharegpt(R"({"id":"t","conversations":[
    {"from":"human","value":"x"},
    {"from":"function_call","value":"not json"},
    {"from":"narrator","value":"meanwhile"},
    {"from":"gpt"}]})");
  const auto& piece = told.only();
  EXPECT_EQ(piece.messages, 1U);
  EXPECT_EQ(piece.attached, 3U);
  ASSERT_EQ(told.attached_at().size(), 3U);
  EXPECT_EQ(told.attached_at()[0], "conversations[1]");
  EXPECT_NE(told.attached_because()[1].find("narrator"), std::string::npos);
  EXPECT_EQ(dump(told.steps<events::AttachRecord>()[2].record), R"({"from":"gpt"})");
}

TEST(ShareGpt, SystemAndToolsBesideTheTurnsAreSettings) {
  const Told told = sharegpt(R"({"id":"t","system":"Be kind.","tools":"[{\"name\":\"f\"}]",
    "lang":"en","conversations":[{"from":"human","value":"x"}]})");
  const auto settings = told.steps<events::ConfigureSession>();
  ASSERT_EQ(settings.size(), 1U);
  EXPECT_EQ(settings[0].system, "Be kind.");
  EXPECT_EQ(dump(*settings[0].tools), R"([{"name":"f"}])");
  EXPECT_EQ(dump(*told.only().create.metadata), R"({"lang":"en"})");
}

TEST(ShareGpt, WithoutAnIdTheNameFollowsFromHowItBegins) {
  const std::string turn = R"({"from":"human","value":"x"})";
  const std::string grown = turn + R"(,{"from":"gpt","value":"y"})";
  const auto seed = [](const std::string& turns) {
    return sharegpt("{\"conversations\":[" + turns + "]}").only().session.seed;
  };
  EXPECT_EQ(seed(turn), seed(grown)) << "a grown conversation is the same one";
  EXPECT_NE(seed(turn), seed(R"({"from":"human","value":"z"})"));
  const std::string line = "{\"conversations\":[" + turn + "]}\n";
  const Told twice = sharegpt(line + line);
  ASSERT_EQ(twice.pieces.size(), 2U);
  EXPECT_NE(twice.pieces[0].session.seed, twice.pieces[1].session.seed);
}

TEST(ShareGpt, ABrokenRecordCostsItselfOnly) {
  const Told told = sharegpt(
      "{\"id\":\"a\",\"conversations\":[{\"from\":\"human\",\"value\":\"x\"}]}\n"
      "{\"id\":\"b\",\"conversations\":[]}\n"
      "{\"id\":\"c\",\"conversations\":\n"
      "{\"id\":\"d\",\"conversations\":[{\"from\":\"human\",\"value\":\"y\"}]}\n");
  ASSERT_EQ(told.pieces.size(), 2U);
  ASSERT_EQ(told.failed.size(), 2U);
  EXPECT_EQ(told.failed[0].first, 2U);
  EXPECT_EQ(told.failed[1].first, 3U);
}

TEST(ShareGpt, IsToldFromOtherListsByItsTurns) {
  const auto is = [](std::string_view text) {
    return importers::is_sharegpt(*events::parse_json(text));
  };
  EXPECT_TRUE(is(R"({"conversations":[{"from":"human","value":"x"}]})"));
  EXPECT_FALSE(is(R"({"conversations":[{"role":"user","content":"x"}]})"));
  EXPECT_FALSE(is(R"({"messages":[]})"));
}

}  // namespace
