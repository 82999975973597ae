#include "importers/conversation.h"

#include <gtest/gtest.h>

#include "ossl/hasher.h"

namespace {

using namespace hansard;
using importers::Conversation;

core::Result<Conversation> read(std::string_view text, std::uint64_t repeat = 0,
                                std::uint8_t key = 7) {
  static const ossl::OpenSslHasher hasher;
  core::Hash store_key{};
  store_key.fill(key);
  const core::KeyedHash keyed_hash(hasher, store_key);
  const auto json = events::parse_json(text);
  EXPECT_TRUE(json) << text;
  return importers::read_conversation(*json, repeat, core::ProjectId(), keyed_hash);
}

std::string id(std::string_view text, std::uint64_t repeat = 0, std::uint8_t key = 7) {
  const auto conversation = read(text, repeat, key);
  EXPECT_TRUE(conversation) << conversation.error().message;
  return conversation->session_id;
}

std::string reason(std::string_view text) {
  const auto conversation = read(text);
  EXPECT_FALSE(conversation);
  return conversation ? "" : conversation.error().message;
}

constexpr std::string_view kUser = R"({"role":"user","content":"hi"})";

std::string list(std::string_view more = "") {
  return "[" + std::string(kUser) + std::string(more) + "]";
}

TEST(Conversation, AListAndAWrappedListSayTheSame) {
  const auto plain = read(list());
  const auto wrapped = read("{\"messages\":" + list() + "}");
  EXPECT_EQ(plain->session_id, wrapped->session_id);
  EXPECT_EQ(plain->steps.size(), 1U);
  EXPECT_EQ(wrapped->steps.size(), 1U);
}

TEST(Conversation, AnIdOfItsOwnIsTheSessions) {
  EXPECT_EQ(id("{\"id\":\"chat-77\",\"messages\":" + list() + "}"), "chat-77");
  EXPECT_EQ(id("{\"session_id\":\"s\",\"id\":\"x\",\"messages\":" + list() + "}"), "s");
  EXPECT_EQ(id("{\"id\":\"chat-77\",\"messages\":" + list() + "}", 1), "chat-77");
}

TEST(Conversation, ItsNameFollowsFromHowItBeginsAndGrowingKeepsIt) {
  const std::string name = id(list());
  EXPECT_EQ(id(list(R"(,{"role":"assistant","content":"hello"})")), name);
  EXPECT_NE(id(R"([{"role":"user","content":"hey"}])"), name);
  EXPECT_NE(id(list(), 1), name) << "the second of two equal records";
  EXPECT_NE(id(list(), 0, 8), name) << "another store: the name must tell nobody what it hides";
}

TEST(Conversation, NumbersOfTheWrapperTellConversationsApart) {
  const std::string first = id("{\"task_id\":3,\"trial\":0,\"traj\":" + list() + "}");
  EXPECT_EQ(first.substr(0, 15), "task-3-trial-0-");
  EXPECT_NE(id("{\"task_id\":3,\"trial\":1,\"traj\":" + list() + "}"), first);
  EXPECT_EQ(id("{\"task_id\":3,\"trial\":0,\"traj\":" + list() + "}", 5), first);
}

TEST(Conversation, WhatTheWrapperSaysIsKept) {
  const auto conversation = read(
      "{\"task_id\":3,\"trial\":0,\"reward\":0.5,\"info\":{\"a\":1},\"model\":\"m1\",\"tools\":[],"
      "\"traj\":" +
      list() + "}");
  ASSERT_TRUE(conversation);
  EXPECT_EQ(dump(*conversation->create.metadata),
            R"({"task_id":3,"trial":0,"reward":0.5,"info":{"a":1}})");
  EXPECT_EQ(conversation->create.source, "import");
  ASSERT_EQ(conversation->steps.size(), 3U);
  const auto& settings = std::get<events::ConfigureSession>(conversation->steps[0].step);
  EXPECT_EQ(settings.model, "m1");
  EXPECT_TRUE(settings.tools.has_value());
  const auto& score = std::get<events::RecordScore>(conversation->steps[2].step);
  EXPECT_EQ(score.name, "reward");
  EXPECT_EQ(dump(score.value), "0.5");
}

TEST(Conversation, NothingIsInvented) {
  const auto conversation = read(list(R"(,{"role":"assistant","content":"hello"})"));
  ASSERT_EQ(conversation->steps.size(), 2U);
  const auto& answer = std::get<events::RecordResponse>(conversation->steps[1].step);
  EXPECT_EQ(answer.call_id, "c1");
  EXPECT_EQ(answer.message_id, "m1");
  EXPECT_FALSE(answer.model || answer.usage || answer.finish_reason || answer.latency_us);
  EXPECT_FALSE(conversation->create.metadata.has_value());
  for (const auto& step : conversation->steps) EXPECT_FALSE(step.occurred_at.has_value());
}

TEST(Conversation, WhatHasNoPlaceIsNamedAndTheRestGoesOn) {
  const auto conversation =
      read(list(R"(,{"role":"narrator","content":"x"},7,{"role":"user","content":"still here"})"));
  ASSERT_TRUE(conversation);
  EXPECT_EQ(conversation->messages, 2U);
  ASSERT_EQ(conversation->unplaced.size(), 2U);
  EXPECT_EQ(conversation->unplaced[0].path, "messages[1]");
  EXPECT_EQ(std::get<events::SendMessage>(conversation->steps[1].step).message_id, "m3")
      << "places do not shift when a reader learns more";
}

TEST(Conversation, AResultWithoutItsCallIsAttached) {
  const auto conversation = read(list(R"(,{"role":"tool","tool_call_id":"gone","content":"4"})"));
  EXPECT_EQ(conversation->attached, 1U);
  EXPECT_EQ(conversation->messages, 2U);
}

TEST(Conversation, WhatIsNoneIsRefusedWithItsReason) {
  EXPECT_EQ(reason("7"), "expected a list of messages or an object, found a number");
  EXPECT_EQ(reason("{\"prompt\":\"x\"}"), "an object without messages or traj");
  EXPECT_EQ(reason("{\"messages\":{}}"), "messages: expected a list of messages");
  EXPECT_EQ(reason("[]"), "messages: the list is empty");
  EXPECT_NE(reason("[{\"role\":\"narrator\"}]").find("none of its messages"), std::string::npos);
}

}  // namespace
