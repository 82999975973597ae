#include "formats/http.h"

#include "collect.h"
#include "formats/http_exchange.h"
#include "importers/formats.h"
#include "support/golden.h"

namespace {

using namespace hansard;
using events::AttachRecord;
using events::FailResponse;
using events::Json;
using events::RecordResponse;
using events::RequestResponse;
using events::SendMessage;
using importers::test::read;
using importers::test::text_of;
using importers::test::Told;
using Texts = std::vector<std::string>;

Told http(std::string_view text) { return read(importers::http_reader, text); }
Told fixture() { return http(support::golden("import/http.jsonl")); }

std::string chat(std::string_view messages, std::string_view answer, std::string_view more = "") {
  return R"({"url":"http://h/v1/chat/completions","request_body":{"model":"m","messages":[)" +
         std::string(messages) +
         R"(]},"status":200,"response_body":{"id":"a","model":"m","choices":[{"index":0,)"
         R"("message":{"role":"assistant","content":")" +
         std::string(answer) + R"("},"finish_reason":"stop"}]})" + std::string(more) + "}\n";
}
std::string user(std::string_view text) {
  return R"({"role":"user","content":")" + std::string(text) + "\"}";
}
std::string assistant(std::string_view text) {
  return R"({"role":"assistant","content":")" + std::string(text) + "\"}";
}

std::set<std::string> sessions(const Told& told) {
  std::set<std::string> names;
  for (const auto& piece : told.pieces) names.insert(piece.session.id + piece.session.seed);
  return names;
}

TEST(Http, CallsAreJoinedByTheHistoryTheyCarry) {
  const Told told = fixture();
  ASSERT_GE(told.pieces.size(), 2U);
  EXPECT_EQ(told.pieces[0].session.seed, told.pieces[1].session.seed);
  EXPECT_FALSE(told.pieces[0].continues);
  EXPECT_TRUE(told.pieces[1].continues);
  Texts said;
  for (const auto& message : told.steps<SendMessage>()) said.push_back(text_of(message.parts));
  EXPECT_EQ(said, (Texts{"Capital of France?", "And of Italy?", "Hello?", "Hi"}))
      << "each message once";
  const auto settings = told.steps<events::ConfigureSession>();
  ASSERT_EQ(settings.size(), 1U);
  EXPECT_EQ(settings[0].system, "Answer in one word.");
}

TEST(Http, ModelUsageAndTimesAreThoseOfTheExchange) {
  const Told told = fixture();
  const auto answers = told.steps<RecordResponse>();
  ASSERT_EQ(answers.size(), 3U);
  EXPECT_EQ(answers[0].model, "gpt-4o-mini-2024-07-18");
  EXPECT_EQ(answers[0].provider, "openai");
  EXPECT_EQ(answers[0].usage->input_text, 16U);
  EXPECT_EQ(answers[0].usage->input_cache_read, 4U);
  EXPECT_EQ(answers[0].usage->output_text, 2U);
  EXPECT_EQ(answers[0].latency_us, 412'500U);
  EXPECT_EQ(answers[0].finish_reason, events::FinishReason::stop);
  EXPECT_FALSE(answers[1].usage) << "the stream told none";
  const auto& steps = told.pieces[0].steps;
  EXPECT_EQ(core::format_time(*steps.front().occurred_at), "2026-02-03T04:05:06.500000Z");
  EXPECT_EQ(core::format_time(*steps.back().occurred_at), "2026-02-03T04:05:06.912500Z");
  const auto requests = told.steps<RequestResponse>();
  EXPECT_EQ(dump(*requests[0].metadata), R"({"run":"nightly"})");
  EXPECT_EQ(requests[0].model, "gpt-4o-mini");
  EXPECT_EQ(told.pieces[0].create.user, "ada");
}

TEST(Http, StreamsArePutTogether) {
  const auto answers = fixture().steps<RecordResponse>();
  ASSERT_EQ(answers.size(), 3U);
  EXPECT_EQ(text_of(answers[1].parts), "Rome.");
  EXPECT_TRUE(answers[1].timing_track) << "with their cuts";
  EXPECT_EQ(text_of(answers[2].parts), "Hello");
  EXPECT_EQ(answers[2].usage->input_text, 11U);
}

TEST(Http, AFailureIsAFailedCallAndKeysStayOut) {
  const Told told = fixture();
  const auto failures = told.steps<FailResponse>();
  ASSERT_EQ(failures.size(), 1U);
  EXPECT_EQ(failures[0].status, 401U);
  EXPECT_EQ(failures[0].model, "gpt-4o-mini");
  EXPECT_NE(dump(*failures[0].error).find("Incorrect API key provided: (key)."), std::string::npos);
}

TEST(Http, WhatIsNotUnderstoodIsKeptBesideWithoutKeys) {
  const Told told = fixture();
  const auto attached = told.steps<AttachRecord>();
  ASSERT_EQ(attached.size(), 2U);
  EXPECT_EQ(told.attached_because()[0], "a call of an API that is not known");
  EXPECT_EQ(told.attached_at()[0], "/v9/think");
  EXPECT_NE(told.attached_because()[1].find("the request is not what its API takes"),
            std::string::npos);
  for (const auto& each : attached) {
    EXPECT_EQ(dump(each.record).find("planted"), std::string::npos) << dump(each.record);
  }
  ASSERT_EQ(told.failed.size(), 1U);
  EXPECT_NE(told.failed[0].second.message.find("GET /v1/models"), std::string::npos);
}

TEST(Http, ANamedSessionIsThatSession) {
  const Told told = fixture();
  EXPECT_EQ(told.pieces[3].session.id, "local-1");
  EXPECT_EQ(told.pieces[3].create.user, "bob");
}

TEST(Http, AnEditedHistoryIsASessionOfItsOwn) {
  const Told told =
      http(chat(user("a"), "1") + chat(user("a") + "," + assistant("1") + "," + user("b"), "2") +
           chat(user("a") + "," + assistant("1") + "," + user("c"), "3") +
           chat(user("a") + "," + assistant("1") + "," + user("b") + "," + assistant("2") + "," +
                    user("d"),
                "4"));
  ASSERT_EQ(told.pieces.size(), 4U);
  EXPECT_EQ(sessions(told).size(), 2U);
  EXPECT_EQ(told.pieces[3].session.seed, told.pieces[0].session.seed);
  EXPECT_NE(told.pieces[2].session.seed, told.pieces[0].session.seed);
  EXPECT_EQ(told.pieces[2].messages, 4U) << "it says all again";
}

TEST(Http, CallsThatAreAlikeInAllAreTwo) {
  const Told told = http(chat(user("a"), "1") + chat(user("a"), "1"));
  EXPECT_EQ(sessions(told).size(), 2U);
}

TEST(Http, AnotherAttemptAfterAFailureIsOfTheSameCall) {
  const std::string fails =
      R"({"url":"http://h/v1/chat/completions","request_body":{"model":"m","messages":[)" +
      user("a") +
      R"(]},"status":500,"response_body":"down"})"
      "\n";
  const Told told = http(fails + chat(user("a"), "1"));
  EXPECT_EQ(sessions(told).size(), 1U);
  const auto asked = told.steps<RequestResponse>();
  ASSERT_EQ(asked.size(), 2U);
  EXPECT_EQ(asked[1].call_id, asked[0].call_id);
  EXPECT_EQ(asked[1].attempt, 2U);
  EXPECT_EQ(told.steps<SendMessage>().size(), 1U);
}

TEST(Http, OnlyWhatWasCutFromOneRecordingIsJoined) {
  const auto of = [](std::string_view path, std::string_view messages, std::string_view answer) {
    std::string line = chat(messages, answer, R"(,"path":")" + std::string(path) + "\"");
    return line.replace(line.find("\"url\":\"http://h"), 15, "\"target\":\"");
  };
  const std::string more = user("a") + "," + assistant("1") + "," + user("b");
  EXPECT_EQ(sessions(http(of("one", user("a"), "1") + of("two", more, "2"))).size(), 2U);
  EXPECT_EQ(sessions(http(of("one", user("a"), "1") + of("one", more, "2"))).size(), 1U);
}

TEST(Http, HarFilesAreReadEntryByEntry) {
  const Told told = http(support::golden("import/http.har"));
  const auto answers = told.steps<RecordResponse>();
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(text_of(answers[0].parts), "Hello.") << "base64 is undone";
  EXPECT_EQ(answers[0].latency_us, 1'250'250U);
  EXPECT_EQ(answers[0].provider, "anthropic");
  ASSERT_EQ(told.failed.size(), 1U);
  EXPECT_NE(told.failed[0].second.message.find("log.entries[1]"), std::string::npos)
      << told.failed[0].second.message;
}

TEST(Http, DatesOfHeadersAreRead) {
  EXPECT_EQ(core::format_time(importers::http_date("Sun, 06 Nov 1994 08:49:37 GMT").value()),
            "1994-11-06T08:49:37.000000Z");
  for (const char* text : {"", "Sun, 06 Nov 1994 08:49:37 CET", "Sun, 06 Nov 1994 08:49:7 GMT ",
                           "Sun, 06 ovD 1994 08:49:37 GMT", "Sun, 99 Nov 1994 08:49:37 GMT"}) {
    EXPECT_FALSE(importers::http_date(text)) << text;
  }
}

TEST(Http, IsToldFromOtherLines) {
  const auto known = [](std::string_view text) {
    const auto* format = importers::format_of(events::parse_json(text).value());
    return format == nullptr ? std::string_view("none") : format->name;
  };
  EXPECT_EQ(known(R"({"method":"POST","url":"u","request_body":"","status":200})"), "http");
  EXPECT_EQ(known(R"({"request":{"url":"u","body":{}},"response":{}})"), "http");
  EXPECT_EQ(known(R"({"log":{"entries":[{"request":{"method":"GET","url":"u"},"response":{}}]}})"),
            "http");
  EXPECT_EQ(known(R"({"log":{"entries":[]}})"), "none");
  EXPECT_EQ(known(R"({"custom_id":"1","method":"POST","url":"/v1/chat/completions","body":{}})"),
            "openai-batch");
}

}  // namespace
