#include "collect.h"
#include "formats/batch.h"
#include "formats/preference.h"

namespace {

using namespace hansard;
using importers::test::read;
using importers::test::text_of;
using importers::test::Told;

Told preference(std::string_view text) { return read(importers::preference_reader, text); }
Told batch(std::string_view text) { return read(importers::batch_reader, text); }

constexpr std::string_view kPair = R"({"input":{"messages":[{"role":"user","content":"Hi"}],
  "tools":[{"type":"function"}],"parallel_tool_calls":true},
  "preferred_output":[{"role":"assistant","content":"Hello!"}],
  "non_preferred_output":[{"role":"assistant","content":"What?"}]})";

TEST(Preference, BothOutputsAreChoicesOfOneCallAndOneIsPreferred) {
  const Told told = preference(kPair);
  const auto answers = told.steps<events::RecordResponse>();
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_EQ(answers[0].call_id, answers[1].call_id);
  EXPECT_EQ(answers[1].choice, 1U);
  EXPECT_EQ(text_of(answers[0].parts), "Hello!");
  const auto scores = told.steps<events::RecordScore>();
  ASSERT_EQ(scores.size(), 2U);
  EXPECT_EQ(scores[0].target_id, answers[0].message_id);
  EXPECT_EQ(dump(scores[0].value), "true");
  EXPECT_EQ(dump(scores[1].value), "false");
  EXPECT_EQ(told.steps<events::ConfigureSession>().size(), 1U);
  EXPECT_EQ(dump(*told.only().create.metadata), R"({"input":{"parallel_tool_calls":true}})");
}

TEST(Preference, OutputsOfSeveralMessagesAreSessionsOfTheirOwn) {
  const Told told = preference(R"({"id":"p","input":{"messages":[{"role":"user","content":"Hi"}]},
    "preferred_output":[{"role":"assistant","content":"a"},{"role":"assistant","content":"b"}],
    "non_preferred_output":[{"role":"assistant","content":"c"}]})");
  ASSERT_EQ(told.pieces.size(), 2U);
  EXPECT_EQ(told.pieces[0].session.id, "p");
  EXPECT_EQ(told.pieces[1].session.id, "p.non_preferred");
  EXPECT_EQ(told.pieces[0].messages, 3U);
  EXPECT_EQ(told.steps<events::SendMessage>().size(), 2U);
}

TEST(Preference, WithoutOneOfThemItIsRefused) {
  const Told told = preference(
      "{\"input\":{}}\n"
      "{\"input\":{\"messages\":[{}]},\"preferred_output\":[{}]}\n");
  ASSERT_EQ(told.failed.size(), 2U);
  EXPECT_EQ(told.failed[0].second.field, "input.messages");
  EXPECT_EQ(told.failed[1].second.field, "non_preferred_output");
}

TEST(Batch, ARequestIsItsMessagesAndACall) {
  const Told told = batch(R"({"custom_id":"r1","method":"POST","url":"/v1/chat/completions",
    "body":{"model":"gpt-4o","messages":[{"role":"user","content":"Hi"}],"max_tokens":9}})");
  EXPECT_EQ(told.only().session.id, "r1");
  const auto asked = told.steps<events::RequestResponse>().at(0);
  EXPECT_EQ(asked.model, "gpt-4o");
  EXPECT_EQ(dump(*asked.parameters), R"({"max_tokens":9})");
  EXPECT_EQ(dump(*asked.metadata), R"({"method":"POST","url":"/v1/chat/completions"})");
}

TEST(Batch, AResultHasModelUsageAndTimeAndMeetsItsRequest) {
  const Told told = batch(R"({"id":"b1","custom_id":"r1","error":null,"response":{"status_code":200,
    "request_id":"q","body":{"model":"gpt-4o-2024","created":1729011193,"choices":[
      {"index":0,"message":{"role":"assistant","content":"Hello"},"finish_reason":"stop"},
      {"index":1,"message":{"role":"assistant","content":"Hey"},"finish_reason":"length"}],
     "usage":{"prompt_tokens":20,"completion_tokens":10,
       "prompt_tokens_details":{"cached_tokens":5},
       "completion_tokens_details":{"reasoning_tokens":4}}}}})");
  EXPECT_EQ(told.only().session.id, "r1");
  const auto answers = told.steps<events::RecordResponse>();
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_EQ(answers[0].call_id, "r1");
  EXPECT_EQ(answers[0].model, "gpt-4o-2024");
  EXPECT_EQ(answers[0].usage->input_text, 15U);
  EXPECT_EQ(answers[0].usage->output_text, 6U);
  EXPECT_EQ(answers[1].choice, 1U);
  EXPECT_EQ(answers[1].finish_reason, events::FinishReason::length);
  EXPECT_FALSE(answers[1].usage) << "usage is the call's, on choice 0";
  EXPECT_EQ(core::format_time(*told.only().steps[0].occurred_at), "2024-10-15T16:53:13.000000Z");
}

TEST(Batch, ErrorsAndFailureStatusesAreFailedCalls) {
  const Told told = batch(
      "{\"custom_id\":\"a\",\"response\":null,"
      "\"error\":{\"code\":\"batch_expired\",\"message\":\"late\"}}\n"
      "{\"custom_id\":\"b\",\"response\":{\"status_code\":429,"
      "\"body\":{\"error\":{\"message\":\"slow down\"}}},\"error\":null}\n");
  const auto failed = told.steps<events::FailResponse>();
  ASSERT_EQ(failed.size(), 2U);
  EXPECT_EQ(failed[0].error_type, "batch_expired");
  EXPECT_EQ(failed[1].status, 429U);
  EXPECT_EQ(dump(*failed[1].error), R"({"message":"slow down"})");
}

TEST(Batch, OtherInterfacesAreAttachedAndNonsenseIsRefused) {
  const Told told = batch(
      "{\"custom_id\":\"e\",\"url\":\"/v1/embeddings\",\"body\":{\"input\":\"x\"}}\n"
      "{\"custom_id\":\"e\",\"response\":{\"status_code\":200,\"body\":{\"data\":[]}}}\n"
      "{\"body\":{}}\n{\"custom_id\":\"z\"}\n");
  ASSERT_EQ(told.pieces.size(), 2U);
  EXPECT_EQ(told.pieces[0].attached, 1U);
  EXPECT_EQ(told.pieces[1].attached, 1U);
  ASSERT_EQ(told.failed.size(), 2U);
  EXPECT_EQ(told.failed[0].second.field, "custom_id");
  EXPECT_EQ(told.failed[1].second.field, "body");
}

}  // namespace
