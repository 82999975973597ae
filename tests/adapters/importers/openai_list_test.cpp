#include "formats/openai_list.h"

#include <gtest/gtest.h>

#include "importers/formats.h"
#include "ossl/hasher.h"

namespace {

using namespace hansard;
using importers::Piece;

/// What the reader makes of a record that came `repeat` times before.
core::Result<Piece> read(std::string_view text, std::uint64_t repeat = 0) {
  std::optional<core::Result<Piece>> last;
  const auto reader = importers::openai_list_reader(
      {[&](Piece piece) { last = std::move(piece); },
       [&](std::uint64_t, core::Error why) { last = std::move(why); }});
  for (std::uint64_t i = 0; i <= repeat; ++i) reader->take({i + 1, std::string(text), {}});
  reader->finish();
  return *std::move(last);
}

/// The name as the README tells it.
std::string id(std::string_view text, std::uint64_t repeat = 0, std::uint8_t key = 7) {
  static const ossl::OpenSslHasher hasher;
  const auto piece = read(text, repeat);
  EXPECT_TRUE(piece) << piece.error().message;
  if (!piece->session.id.empty()) return piece->session.id;
  core::Hash store_key{};
  store_key.fill(key);
  const core::KeyedHash keyed_hash(hasher, store_key);
  const core::Hash hash = keyed_hash("import.session", "default", piece->session.seed);
  return piece->session.prefix + core::to_hex(core::as_bytes(hash).substr(0, 10));
}

std::string reason(std::string_view text) {
  const auto piece = read(text);
  EXPECT_FALSE(piece);
  return piece ? "" : piece.error().message;
}

constexpr std::string_view kUser = R"({"role":"user","content":"hi"})";

std::string list(std::string_view more = "") {
  return "[" + std::string(kUser) + std::string(more) + "]";
}

TEST(OpenAiList, AListAndAWrappedListSayTheSame) {
  const auto plain = read(list());
  const auto wrapped = read("{\"messages\":" + list() + "}");
  EXPECT_EQ(plain->session.seed, wrapped->session.seed);
  EXPECT_EQ(plain->steps.size(), 1U);
  EXPECT_EQ(wrapped->steps.size(), 1U);
}

TEST(OpenAiList, AnIdOfItsOwnIsTheSessions) {
  EXPECT_EQ(id("{\"id\":\"chat-77\",\"messages\":" + list() + "}"), "chat-77");
  EXPECT_EQ(id("{\"session_id\":\"s\",\"id\":\"x\",\"messages\":" + list() + "}"), "s");
  EXPECT_EQ(id("{\"id\":\"chat-77\",\"messages\":" + list() + "}", 1), "chat-77");
}

TEST(OpenAiList, ItsNameFollowsFromHowItBeginsAndGrowingKeepsIt) {
  const std::string name = id(list());
  EXPECT_EQ(id(list(R"(,{"role":"assistant","content":"hello"})")), name);
  EXPECT_NE(id(R"([{"role":"user","content":"hey"}])"), name);
  EXPECT_NE(id(list(), 1), name) << "the second of two equal records";
  EXPECT_NE(id(list(), 0, 8), name) << "another store: the name must tell nobody what it hides";
}

TEST(OpenAiList, NumbersOfTheWrapperTellConversationsApart) {
  const std::string first = id("{\"task_id\":3,\"trial\":0,\"traj\":" + list() + "}");
  EXPECT_EQ(first.substr(0, 15), "task-3-trial-0-");
  EXPECT_NE(id("{\"task_id\":3,\"trial\":1,\"traj\":" + list() + "}"), first);
  EXPECT_EQ(id("{\"task_id\":3,\"trial\":0,\"traj\":" + list() + "}", 5), first);
}

TEST(OpenAiList, WhatTheWrapperSaysIsKept) {
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

TEST(OpenAiList, NothingIsInvented) {
  const auto conversation = read(list(R"(,{"role":"assistant","content":"hello"})"));
  ASSERT_EQ(conversation->steps.size(), 2U);
  const auto& answer = std::get<events::RecordResponse>(conversation->steps[1].step);
  EXPECT_EQ(answer.call_id, "c1");
  EXPECT_EQ(answer.message_id, "m1");
  EXPECT_FALSE(answer.model || answer.usage || answer.finish_reason || answer.latency_us);
  EXPECT_FALSE(conversation->create.metadata.has_value());
  for (const auto& step : conversation->steps) EXPECT_FALSE(step.occurred_at.has_value());
}

TEST(OpenAiList, WhatHasNoPlaceIsNamedAndTheRestGoesOn) {
  const auto conversation =
      read(list(R"(,{"role":"narrator","content":"x"},7,{"role":"user","content":"still here"})"));
  ASSERT_TRUE(conversation);
  EXPECT_EQ(conversation->messages, 2U);
  ASSERT_EQ(conversation->unplaced.size(), 2U);
  EXPECT_EQ(conversation->unplaced[0].path, "messages[1]");
  EXPECT_EQ(std::get<events::SendMessage>(conversation->steps[1].step).message_id, "m3")
      << "places do not shift when a reader learns more";
}

TEST(OpenAiList, AResultWithoutItsCallIsAttached) {
  const auto conversation = read(list(R"(,{"role":"tool","tool_call_id":"gone","content":"4"})"));
  EXPECT_EQ(conversation->attached, 1U);
  EXPECT_EQ(conversation->messages, 2U);
}

TEST(OpenAiList, WhatIsNoneIsRefusedWithItsReason) {
  EXPECT_EQ(reason("7"), "expected a list of messages or an object, found a number");
  EXPECT_EQ(reason("{\"prompt\":\"x\"}"), "an object without messages or traj");
  EXPECT_EQ(reason("{\"messages\":{}}"), "messages: expected a list of messages");
  EXPECT_EQ(reason("[]"), "messages: the list is empty");
  EXPECT_NE(reason("[{\"role\":\"narrator\"}]").find("none of its messages"), std::string::npos);
}

}  // namespace
