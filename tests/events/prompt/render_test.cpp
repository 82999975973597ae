#include "events/prompt/render.h"

#include <gtest/gtest.h>

#include <chrono>

#include "events/prompt/template.h"

namespace hansard::events {
namespace {

PromptBody chat(std::vector<PromptMessage> messages) {
  PromptBody body;
  body.messages = std::move(messages);
  return body;
}

PromptMessage says(PromptRole role, std::string content) { return {role, std::move(content), {}}; }

PromptBody user_says(std::string content) { return chat({says(PromptRole::user, content)}); }

PromptVariable variable(std::string name, VariableType type) {
  return {std::move(name), type, {}, {}, {}, {}};
}

Json::Object values(std::string_view json) { return parse_json_object(json).value(); }

/// `role: text` a line, or `! field: message`.
std::string shown(const core::Result<RenderedPrompt>& rendered) {
  if (!rendered) return "! " + rendered.error().field + " | " + rendered.error().message;
  std::string out;
  for (const RenderedMessage& message : rendered->messages) {
    out += std::string(to_word(message.role)) + ": " + message.text + "\n";
  }
  return out;
}

TEST(PromptRendering, FillsTheMessagesInOrder) {
  const PromptBody body = chat({says(PromptRole::system, "Be {{ tone | default('kind') }}."),
                                says(PromptRole::user, "Hello, {{ name }}!")});
  EXPECT_EQ(shown(render_prompt(body, values(R"({"name":"Ada"})"))),
            "system: Be kind.\nuser: Hello, Ada!\n");
}

TEST(PromptRendering, NamesMessageLineAndColumnOfAnError) {
  const PromptBody body = chat({says(PromptRole::system, "x"), says(PromptRole::user, "y"),
                                says(PromptRole::user, "a\nbc {{ name | shout }}")});
  const auto parsed = PreparedPrompt::prepare(body);
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().field, "messages[2].content");
  EXPECT_EQ(parsed.error().message,
            "messages[2].content: line 2, column 14: there is no helper `shout`");
  EXPECT_EQ(shown(render_prompt(user_says("{{ a }} {{ b }}"), values(R"({"a":1})"))),
            "! messages[0].content | messages[0].content: line 1, column 12: `b` is not given");
}

TEST(PromptRendering, PutsExamplesAfterWhatLeads) {
  PromptBody body = chat({says(PromptRole::system, "S"), says(PromptRole::developer, "D"),
                          says(PromptRole::user, "{{ q }}")});
  body.examples = {{"2+{{ n }}", "4"}, {"3+3", "6"}};
  EXPECT_EQ(shown(render_prompt(body, values(R"({"q":"4+4","n":2})"))),
            "system: S\ndeveloper: D\nuser: 2+2\nassistant: 4\nuser: 3+3\nassistant: 6\n"
            "user: 4+4\n");
}

TEST(PromptRendering, PutsExamplesWhereATemplateReadsThem) {
  PromptBody body = chat({says(PromptRole::user,
                               "{% for e in examples %}Q {{ e.input }} A {{ e.output }}\n"
                               "{% endfor %}Q {{ q }}")});
  body.examples = {{"{{ q }}?", "no"}};
  EXPECT_EQ(shown(render_prompt(body, values(R"({"q":"x"})"))), "user: Q x? A no\nQ x\n");
  body.kind = PromptKind::text;
  EXPECT_EQ(shown(render_prompt(body, values(R"({"q":"x"})"))), "user: Q x? A no\nQ x\n");
  body.messages[0].content = "{{ q }}";
  EXPECT_EQ(PreparedPrompt::prepare(body).error().field, "examples");
}

TEST(PromptRendering, LeavesOutWhatIsEmpty) {
  const PromptBody body = chat(
      {says(PromptRole::system, "{% if strict %}Obey.{% endif %}"), says(PromptRole::user, "Hi")});
  EXPECT_EQ(shown(render_prompt(body, values(R"({"strict":false})"))), "user: Hi\n");
  EXPECT_EQ(render_prompt(user_says("{{ x }}"), values(R"({"x":""})")).error().field, "messages");
}

TEST(PromptRendering, ChecksWhatIsMissingThenTypesThenRules) {
  PromptBody body = user_says("{{ name }} {{ age }} {{ score }} {{ mood }}");
  body.variables = {variable("name", VariableType::text), variable("age", VariableType::integer),
                    variable("score", VariableType::number), variable("mood", VariableType::text)};
  body.variables[1].rule.emplace().min = 18;
  body.variables[3].default_value = Json("fine");
  body.variables[3].rule.emplace().one_of = {"fine", "bad"};
  const auto with = [&](std::string_view json) { return shown(render_prompt(body, values(json))); };
  EXPECT_EQ(with(R"({"age":"x"})"), "! variables | variables: missing name, score");
  EXPECT_EQ(with(R"({"name":null,"age":20,"score":1})"),
            "! variables.name | variables: missing name");
  EXPECT_EQ(with(R"({"name":"A","age":1.0,"score":"x"})"),
            "! variables.age | variables.age: expected a whole number, found 1.0");
  EXPECT_EQ(with(R"({"name":"A","age":7,"score":"x"})"),
            "! variables.score | variables.score: expected a number, found a string");
  EXPECT_EQ(with(R"({"name":"A","age":7,"score":1})"),
            "! variables.age | variables.age: is under 18");
  EXPECT_EQ(with(R"({"name":"A","age":18,"score":1,"mood":"odd"})"),
            "! variables.mood | variables.mood: is none of the texts that are allowed");
  EXPECT_EQ(with(R"({"name":"A","age":18,"score":1,"nmae":"B"})"),
            "! variables.nmae | variables.nmae: the prompt has no such variable");
  EXPECT_EQ(with(R"({"name":"A","age":18,"score":1,"mood":null})"), "user: A 18 1 fine\n");
}

TEST(PromptRendering, TellsWhatItWasRenderedWith) {
  PromptBody body = user_says("{{ a }}{{ b }}");
  body.variables = {variable("b", VariableType::list)};
  body.variables[0].default_value = Json(Json::Array{1});
  const auto rendered = render_prompt(body, values(R"({"a":"x"})"));
  ASSERT_TRUE(rendered);
  EXPECT_EQ(dump(rendered->variables), R"({"a":"x","b":[1]})");
}

TEST(PromptRendering, RefusesVariablesThatCannotBeMeant) {
  const auto refused = [](PromptVariable said) -> std::string {
    PromptBody body = user_says("x");
    body.variables = {variable("first", VariableType::any), std::move(said)};
    const auto prepared = PreparedPrompt::prepare(body);
    return prepared ? "fine" : prepared.error().field;
  };
  PromptVariable v = variable("v", VariableType::text);
  EXPECT_EQ(refused(v), "fine");
  for (const char* name : {"", "1a", "a b", "loop", "examples", "not"}) {
    EXPECT_EQ(refused(variable(name, VariableType::any)), "variables[1].name") << name;
  }
  EXPECT_EQ(refused(variable("first", VariableType::any)), "variables[1].name");
  v.default_value = Json(3);
  EXPECT_EQ(refused(v), "variables[1].default");
  v.default_value = Json("abc");
  v.rule.emplace().pattern = "[a-z]+";
  EXPECT_EQ(refused(v), "fine");
  v.rule->pattern = "[0-9]+";
  EXPECT_EQ(refused(v), "variables[1].default");
  v.rule->pattern = "(";
  EXPECT_EQ(refused(v), "variables[1].rule.pattern");
  v.rule->pattern = {};
  v.rule->min = 3;
  EXPECT_EQ(refused(v), "variables[1].rule");
  v.rule->min = {};
  v.rule->min_length = 5;
  v.rule->max_length = 4;
  EXPECT_EQ(refused(v), "variables[1].rule.min_length");
  v.rule = {};
  v.required = true;
  EXPECT_EQ(refused(v), "variables[1].default");
}

TEST(PromptRendering, RefusesMessagesThatCannotBeMeant) {
  EXPECT_EQ(PreparedPrompt::prepare(chat({})).error().field, "messages");
  PromptBody text = chat({says(PromptRole::system, "x")});
  text.kind = PromptKind::text;
  EXPECT_EQ(PreparedPrompt::prepare(text).error().field, "messages");
  PromptBody twice = chat({says(PromptRole::user, "x"), says(PromptRole::user, "y")});
  twice.messages[0].section = "a";
  twice.messages[1].section = "a";
  EXPECT_EQ(PreparedPrompt::prepare(twice).error().field, "messages[1].section");
  const std::string half(kPromptBytesMax / 2 + 1, 'x');
  const auto large =
      PreparedPrompt::prepare(chat({says(PromptRole::user, half), says(PromptRole::user, half)}));
  EXPECT_EQ(large.error().code, core::Errc::too_large);
  EXPECT_EQ(large.error().field, "messages[1].content");
}

/// The bounds hold for all messages together, so that many small bombs are one large one.
TEST(PromptRendering, BoundsAllMessagesTogether) {
  PromptBody body;
  for (int i = 0; i < 200; ++i) {
    body.messages.push_back(
        says(PromptRole::user,
             "{% for a in l %}{% for b in l %}{{ a }}{{ b }}{% endfor %}{% endfor %}"));
  }
  Json list = Json::Array{};
  for (int i = 0; i < 100; ++i) list.push(i);
  const auto rendered = render_prompt(body, Json::Object{{"l", list}});
  ASSERT_FALSE(rendered);
  EXPECT_EQ(rendered.error().code, core::Errc::too_large);
  EXPECT_TRUE(rendered.error().field.starts_with("messages[")) << rendered.error().field;
}

TEST(PromptRendering, TakesAThousandVariablesAndAMegabyteInTime) {
  PromptBody body = user_says("");
  Json::Object given;
  for (int i = 0; i < 1'000; ++i) {
    const std::string name = "v" + std::to_string(i);
    PromptVariable one = variable(name, VariableType::text);
    one.rule.emplace().pattern = "[a-z]+";
    body.variables.push_back(one);
    body.messages[0].content += "{{ " + name + " | upper }}";
    given.push_back({name, Json(std::string(1'000, 'a'))});
  }
  body.messages[0].content += std::string(kPromptBytesMax - body.messages[0].content.size(), '.');
  const auto started = std::chrono::steady_clock::now();
  const auto rendered = render_prompt(body, std::move(given));
  const auto took = std::chrono::steady_clock::now() - started;
  ASSERT_TRUE(rendered) << rendered.error().message;
  EXPECT_GT(rendered->messages[0].text.size(), 2'000'000U);
  // Some ten milliseconds with optimisation; the bound leaves room for a debug build on a busy
  // core.
  EXPECT_LT(took, std::chrono::seconds(2));
  RecordProperty(
      "microseconds",
      std::to_string(std::chrono::duration_cast<std::chrono::microseconds>(took).count()));
}

}  // namespace
}  // namespace hansard::events
