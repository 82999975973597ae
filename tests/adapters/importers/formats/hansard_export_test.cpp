#include "formats/hansard_export.h"

#include "collect.h"

namespace {

using namespace hansard;
using importers::Piece;
using importers::test::Told;

constexpr std::string_view kHeader =
    R"({"hansard_export":1,"log_id":"6f1c7b5e-0000-4000-8000-000000000001","scope":"log"})"
    "\n";
constexpr std::string_view kEnd = "{\"end\":1}\n";

Told read(const std::string& lines, std::string_view end = kEnd) {
  return importers::test::read(importers::hansard_export_reader,
                               std::string(kHeader) + lines + std::string(end));
}
std::string line(std::string_view stream, std::string_view type, std::string_view facts,
                 std::string_view content = "{}", std::string_view project = "default") {
  static int count = 0;
  return R"({"position":0,"project":")" + std::string(project) + R"(","stream":")" +
         std::string(stream) + R"(","version":0,"type":")" + std::string(type) +
         R"(","schema":1,"event_id":"event-)" + std::to_string(++count) +
         R"(","recorded_at":"2026-02-03T04:05:06Z","occurred_at":"2026-02-03T04:05:06Z","salt":"",)"
         R"("facts":)" +
         std::string(facts) + R"(,"content":)" + std::string(content) + "}\n";
}
std::string begun(std::string_view stream, std::string_view content = "{}",
                  std::string_view facts = "{}") {
  return line(stream, "SessionCreated", facts, content);
}
std::string said(std::string_view stream, std::string_view id) {
  return line(stream, "MessageSent", R"({"message_id":")" + std::string(id) + R"(","role":"user"})",
              R"({"parts":[{"type":"text","text":"hi"}]})");
}

TEST(HansardExport, ASessionKeepsItsIdsAndTimes) {
  const Told told = read(begun("session-s1", R"({"user":"ada"})", R"({"agent":"helper"})") +
                         said("session-s1", "m1") +
                         line("session-s1", "ToolCalled",
                              R"({"tool_call_id":"t1","message_id":"m0","index":2,"tool":"find"})",
                              R"({"arguments":{"a":1}})"));
  const Piece& piece = told.only();
  EXPECT_EQ(piece.session.id, "s1");
  EXPECT_EQ(piece.create.user, "ada");
  EXPECT_EQ(piece.create.agent, "helper");
  EXPECT_EQ(core::format_time(*piece.created_at).substr(0, 19), "2026-02-03T04:05:06");
  EXPECT_EQ(told.steps<events::SendMessage>().at(0).message_id, "m1");
  EXPECT_EQ(told.steps<events::CallTool>().at(0).index, 2U);
  EXPECT_TRUE(piece.steps.at(0).occurred_at);
}

TEST(HansardExport, SessionsThatInterleaveGoOnWhereTheyWere) {
  const Told told = read(begun("session-a") + begun("session-b") + said("session-a", "m1") +
                         said("session-b", "m2"));
  ASSERT_EQ(told.pieces.size(), 4U);
  EXPECT_FALSE(told.pieces[0].continues);
  EXPECT_FALSE(told.pieces[1].continues);
  EXPECT_TRUE(told.pieces[2].continues);
  EXPECT_EQ(told.pieces[3].session.id, "b");
}

TEST(HansardExport, ABranchIsMadeWithWhatItsFirstEventSays) {
  const std::string fork =
      line("session-a", "SessionForked", R"({"child":"b","at_version":1,"reason":"edit"})");
  const std::string child = begun("session-b", R"({"title":"another try"})",
                                  R"({"parent":{"session":"a","at_version":1,"reason":"edit"}})");
  for (const std::string& lines : {begun("session-a") + said("session-a", "m1") + fork + child,
                                   child + begun("session-a") + said("session-a", "m1") + fork}) {
    const Told told = read(lines);
    EXPECT_TRUE(told.failed.empty());
    EXPECT_EQ(told.steps<events::ForkSession>().at(0).title, "another try");
    EXPECT_EQ(told.steps<events::ForkSession>().at(0).at_version, 1U);
  }
}

TEST(HansardExport, ANameThatIsAHashIsTakenByTheIdBehindIt) {
  const Told told =
      read(begun("session-0123abcd", R"({"session_id":"a b/c"})") + said("session-0123abcd", "m1"));
  EXPECT_EQ(told.only().session.id, "a b/c");
}

TEST(HansardExport, EndsAreCountedSoThatEachIsItselfAgain) {
  const Told told =
      read(begun("session-a") + line("session-a", "SessionEnded", "{}") +
           line("session-a", "SessionReopened", "{}") + line("session-a", "SessionEnded", "{}"));
  const auto ends = told.steps<events::EndSession>();
  ASSERT_EQ(ends.size(), 2U);
  EXPECT_EQ(ends[0].number, 1U);
  EXPECT_EQ(ends[1].number, 2U);
  EXPECT_EQ(told.steps<events::ReopenSession>().at(0).number, 1U);
}

TEST(HansardExport, ARequestOffersTheToolsThatItsHashNames) {
  const Told told =
      read(begun("session-a") +
           line("session-a", "SessionConfigured", R"({"tools_hash":"ab","tools_count":1})",
                R"({"tools":[{"name":"find"}]})") +
           line("session-a", "ResponseRequested", R"({"call_id":"c1","tools_hash":"ab"})") +
           line("session-a", "ResponseRequested", R"({"call_id":"c2"})"));
  const auto requests = told.steps<events::RequestResponse>();
  ASSERT_EQ(requests.size(), 2U);
  EXPECT_EQ(dump(*requests[0].tools), R"([{"name":"find"}])");
  EXPECT_FALSE(requests[1].tools);
}

TEST(HansardExport, WhatIsNoConversationOrOfAnotherProjectIsToldAndTheRestGoesOn) {
  const Told told = read(begun("session-a") + line("custom-x", "Noted", "{}") +
                         line("session-b", "SessionCreated", "{}", "{}", "other") + "{\"x\":1}\n" +
                         said("session-a", "m1"));
  ASSERT_EQ(told.failed.size(), 3U);
  EXPECT_NE(told.failed[0].second.message.find("custom-x"), std::string::npos);
  EXPECT_NE(told.failed[1].second.message.find("project other"), std::string::npos);
  EXPECT_EQ(told.failed[2].second.field, "project");
  EXPECT_EQ(told.pieces.at(0).steps.size(), 1U);
}

TEST(HansardExport, AnExportThatBreaksOffIsTakenAsFarAsItGoesAndSaid) {
  const Told told = read(begun("session-a") + said("session-a", "m1"), "");
  EXPECT_EQ(told.pieces.size(), 1U);
  ASSERT_EQ(told.failed.size(), 1U);
  EXPECT_NE(told.failed[0].second.message.find("breaks off"), std::string::npos);
}

}  // namespace
