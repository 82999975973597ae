// Scripts: what they say, and what they may not say.

#include "scripted/script.h"

#include <gtest/gtest.h>

namespace hansard::scripted {
namespace {

using std::chrono::milliseconds;

const Rule* chosen(const Script& script, std::string_view said) { return script.choose(said); }

Script parsed(std::string_view text) {
  auto script = Script::parse(text, "test");
  EXPECT_TRUE(script) << (script ? "" : script.error().message);
  return script ? *std::move(script) : Script();
}

TEST(Script, TheFirstRuleThatFitsIsFollowed) {
  const Script script = parsed(R"({"when":"rain","answer":"one"}
{"when":"Rain in Spain","answer":"two"}

{"answer":"three"}
)");
  EXPECT_EQ(chosen(script, "no RAIN today")->answer, "one");
  EXPECT_EQ(chosen(script, "rain in Spain")->answer, "one");
  EXPECT_EQ(chosen(script, "sun")->answer, "three");
  EXPECT_EQ(chosen(script, "")->answer, "three");
}

TEST(Script, WhereNoRuleFitsThereIsNone) {
  EXPECT_EQ(chosen(parsed(R"({"when":"rain","answer":"one"})"), "sun"), nullptr);
  EXPECT_EQ(chosen(parsed(""), "sun"), nullptr);
}

TEST(Script, ARuleSaysAllItCan) {
  const Script script = parsed(
      R"({"when":"x","answer":"a","tool_calls":[{"name":"f","arguments":{"n":1}},{"name":"g"}],"delay":"20ms","pace":"2s"})"
      "\r\n"
      R"({"status":429,"answer":"later","delay":"1m"})");
  const Rule& first = *chosen(script, "x");
  ASSERT_EQ(first.tool_calls.size(), 2U);
  EXPECT_EQ(first.tool_calls[0].tool, "f");
  EXPECT_EQ(dump(first.tool_calls[0].arguments), R"({"n":1})");
  EXPECT_EQ(dump(first.tool_calls[1].arguments), "{}");
  EXPECT_EQ(first.delay, milliseconds(20));
  EXPECT_EQ(first.pace, milliseconds(2000));
  EXPECT_EQ(chosen(script, "y")->status, 429);
  EXPECT_EQ(chosen(script, "y")->delay, milliseconds(60'000));
}

TEST(Script, WhatIsWrongIsToldWithItsLine) {
  const char* wrong[] = {
      "nonsense",
      "[]",
      "{}",
      R"({"when":1,"answer":"x"})",
      R"({"answer":"x","unknown":1})",
      R"({"answer":"x","status":200})",
      R"({"answer":"x","status":600})",
      R"({"answer":"x","delay":"20"})",
      R"({"answer":"x","delay":"-1ms"})",
      R"({"answer":"x","delay":"11m"})",
      R"({"answer":"x","delay":"99999999999999999999s"})",
      R"({"answer":"x","pace":20})",
      R"({"tool_calls":{}})",
      R"({"tool_calls":[{"arguments":{}}]})",
      R"({"tool_calls":[{"name":"f","arguments":"text"}]})",
      R"({"tool_calls":[{"name":"f"}],"status":400})",
  };
  for (const char* line : wrong) {
    const auto script = Script::parse("{\"answer\":\"fine\"}\n" + std::string(line), "demo.ndjson");
    ASSERT_FALSE(script) << line;
    EXPECT_EQ(script.error().code, core::Errc::invalid_argument) << line;
    EXPECT_TRUE(script.error().message.starts_with("demo.ndjson:2: ")) << script.error().message;
  }
}

TEST(Script, ScriptsAreBounded) {
  std::string many;
  for (std::size_t i = 0; i <= Script::kRulesMax; ++i) many += "{\"answer\":\"x\"}\n";
  const auto rules = Script::parse(many, "test");
  ASSERT_FALSE(rules);
  EXPECT_EQ(rules.error().code, core::Errc::too_large);
  const auto bytes = Script::parse(std::string(Script::kBytesMax + 1, '\n'), "test");
  ASSERT_FALSE(bytes);
  EXPECT_EQ(bytes.error().code, core::Errc::too_large);
}

TEST(Script, AFileThatIsNotThereIsNotFound) {
  const auto script = Script::load("/nowhere/at/all.ndjson");
  ASSERT_FALSE(script);
  EXPECT_EQ(script.error().code, core::Errc::not_found);
}

TEST(Script, TheBuiltInOneAnswersEverybody) {
  const Script script = Script::builtin();
  for (const char* said : {"", "hello", "What is the weather in Graz?", "It is sunny", "fail"}) {
    EXPECT_NE(script.choose(said), nullptr) << said;
  }
}

}  // namespace
}  // namespace hansard::scripted
