#include "commands/prompt_file.h"

#include <gtest/gtest.h>

#include <random>

namespace hansard::cli {
namespace {

using events::Json;

std::string again(const PromptFile& prompt) {
  const auto read = read_prompt_file(write_prompt_file(prompt), "f");
  if (!read) return read.error().message;
  return read->name + " " + read->stored_at + " " + dump(read->body);
}
std::string whole(const PromptFile& prompt) {
  return prompt.name + " " + prompt.stored_at + " " + dump(prompt.body);
}

TEST(PromptFiles, AreWrittenForPeople) {
  PromptFile prompt;
  prompt.name = "greet";
  prompt.body = events::parse_json(R"({"version":3,"kind":"chat","labels":["production"],)"
                                   R"("variables":[{"name":"tone","default":"kind"},{"name":"q"}],)"
                                   R"("config":{"model":"gpt-4o","temperature":0.20},)"
                                   R"("messages":[{"role":"system","content":"Be {{ tone }}.",)"
                                   R"("section":"frame"},{"role":"user","content":"{{ q }}\n"}],)"
                                   R"("examples":[{"input":"=== a","output":"\\=== b"}]})")
                    .value();
  EXPECT_EQ(write_prompt_file(prompt),
            "---\nname: greet\nversion: 3\nkind: chat\nlabels: [\"production\"]\n"
            "variables: [\n  {\"name\":\"tone\",\"default\":\"kind\"},\n  {\"name\":\"q\"}\n]\n"
            "config: {\n  \"model\": \"gpt-4o\",\n  \"temperature\": 0.20\n}\n---\n"
            "=== system [frame]\nBe {{ tone }}.\n=== user\n{{ q }}\n\n"
            "=== example input\n\\=== a\n=== example output\n\\\\=== b\n");
  EXPECT_EQ(again(prompt), whole(prompt));
}

TEST(PromptFiles, LoseNothing) {
  for (const char* version : {"1", "\"1.0\"", "\"2.0.1-rc\"", "\"01\"", "\"v1\"", "\"true\""}) {
    for (const char* description : {"\"\"", "\"3\"", "\" x\"", "\"a\\nb\"", "\"plain: text\"",
                                    "\"null\"", "\"\\\"quoted\\\"\"", "\"{}\""}) {
      PromptFile prompt;
      prompt.name = "p";
      prompt.stored_at = "2026-01-01T00:00:00Z";
      prompt.body = events::parse_json(R"({"version":)" + std::string(version) +
                                       R"(,"description":)" + description +
                                       R"(,"metadata":{"a":{"b":[1,null]},"c":1e400},)"
                                       R"("messages":[{"role":"user","content":""}]})")
                        .value();
      EXPECT_EQ(again(prompt), whole(prompt));
    }
  }
  std::mt19937 random(7);
  static const char* const kPieces[] = {"===", "\\", "\n", "a", " ", "---", "[x]", "\r", "{{ b }}"};
  for (int round = 0; round < 500; ++round) {
    PromptFile prompt;
    prompt.name = "p";
    prompt.body = Json::Object{};
    Json messages = Json::Array{};
    for (std::size_t i = 1 + random() % 3; i > 0; --i) {
      std::string text;
      for (std::size_t k = random() % 12; k > 0; --k) text += kPieces[random() % 9];
      Json message = Json::Object{};
      message.add("role", "user");
      message.add("content", std::move(text));
      if (random() % 2 == 0) message.add("section", "s" + std::to_string(i) + "]");
      messages.push(std::move(message));
    }
    prompt.body.add("messages", std::move(messages));
    EXPECT_EQ(again(prompt), whole(prompt)) << "round " << round;
  }
}

TEST(PromptFiles, SayWhereTheyAreWrong) {
  const auto error = [](std::string_view text) {
    const auto read = read_prompt_file(text, "greet.prompt");
    return read ? "fine" : read.error().message;
  };
  EXPECT_EQ(error("---\n---\n=== user\nhi"), "fine");
  EXPECT_EQ(error(""), "greet.prompt:0: is empty");
  EXPECT_EQ(error("---\nname: a\n"), "greet.prompt:2: the fields do not end with ---");
  EXPECT_EQ(error("---\nnaem: a\n---\n"), "greet.prompt:2: no such field: naem");
  EXPECT_EQ(error("---\nname: a\nconfig: {\n  \"a\": }\n---\n"),
            "greet.prompt:3: config: expected JSON");
  EXPECT_EQ(error("---\n---\nhi\n=== user\n"), "greet.prompt:3: expected `=== role`");
  EXPECT_EQ(error("---\n---\n=== example output\nx\n"),
            "greet.prompt:3: an example is an input, then an output");
  EXPECT_EQ(error("---\n---\n=== example input\nx\n"),
            "greet.prompt:4: the last example has no output");
  EXPECT_EQ(error("{\"text\":1"),
            "greet.prompt: " + events::parse_json("{\"text\":1").error().message);
}

TEST(PromptFiles, MayBeMessagesAloneOrAText) {
  const auto body = [](std::string_view text) {
    const auto read = read_prompt_file(text, "f");
    return read ? dump(read->body) : read.error().message;
  };
  EXPECT_EQ(body("=== system\nBe kind.\n=== user\n{{ q }}\n"),
            R"({"messages":[{"role":"system","content":"Be kind."},)"
            R"({"role":"user","content":"{{ q }}"}]})");
  EXPECT_EQ(body("Greet {{ name }}.\nBriefly.\n"), R"({"text":"Greet {{ name }}.\nBriefly."})");
  EXPECT_EQ(body("{{ greeting }}, you"), R"({"text":"{{ greeting }}, you"})");
}

TEST(PromptFiles, MayBeJson) {
  const auto read = read_prompt_file(R"({"name":"a","text":"hi"})", "f");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->name, "a");
  EXPECT_EQ(dump(read->body), R"({"text":"hi"})");
}

}  // namespace
}  // namespace hansard::cli
