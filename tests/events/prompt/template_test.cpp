#include "events/prompt/template.h"

#include <gtest/gtest.h>

namespace hansard::events {
namespace {

Json::Object given(std::string_view json) { return parse_json_object(json).value(); }

/// What it prints, or `! ` and why not.
std::string rendered(std::string_view source, std::string_view variables = "{}") {
  const auto parsed = Template::parse(source);
  if (!parsed) return "! " + parsed.error().message;
  const auto text = parsed->render(given(variables));
  if (!text) {
    EXPECT_EQ(text.error().field, "template");
    return "! " + text.error().message;
  }
  return *text;
}

struct Case {
  std::string_view source;
  std::string_view variables;
  std::string_view expected;
};

TEST(Template, PrintsWhatItSays) {
  const Case table[] = {
      {"plain", "{}", "plain"},
      {"", "{}", ""},
      {"{ not a mark } %} }}", "{}", "{ not a mark } %} }}"},
      {"Hi {{ name }}!", R"({"name":"Ada"})", "Hi Ada!"},
      {"{{ a.b[1].c }}", R"({"a":{"b":[0,{"c":"deep"}]}})", "deep"},
      {"{{ a[key] }}", R"({"a":{"x":7},"key":"x"})", "7"},
      {"{{ n }} {{ m }}", R"({"n":1.50,"m":1e400})", "1.50 1e400"},
      {"{{ t }}{{ f }}[{{ z }}]", R"({"t":true,"f":false,"z":null})", "truefalse[]"},
      {"{{ list }} {{ object }}", R"({"list":[1,"a"],"object":{"k":null}})",
       R"([1,"a"] {"k":null})"},
      {"{{ 'it''' }}", "{}", "! line 1, column 8: `` is not expected here"},
      {R"({{ "a\n\"b\"" }})", "{}", "a\n\"b\""},
      {"{{ name | default('you') }}", "{}", "you"},
      {"{{ name | default('you') }}", R"({"name":null})", "you"},
      {"{{ a.b.c | default(3) }}", R"({"a":{}})", "3"},
      {"{{ name | upper | lower | capitalize }}", R"({"name":"aDA"})", "Ada"},
      {"{{ '  x ' | trim }}|", "{}", "x|"},
      {"{{ l | join(', ') }}", R"({"l":["a",2,null]})", "a, 2, "},
      {"{{ l | length }} {{ 'äöü' | length }}", R"({"l":[1,2]})", "2 3"},
      {"{{ l | first }}{{ l | last }}", R"({"l":[1,2,3]})", "13"},
      {"{{ s | replace('a', 'bb') }}", R"({"s":"banana"})", "bbbnbbnbb"},
      {"{{ s | truncate(3) }}", R"({"s":"日本語です"})", "日本…"},
      {"{{ s | truncate(9) }}", R"({"s":"short"})", "short"},
      {"{{ s | indent(2) }}", R"({"s":"a\nb\n\nc"})", "a\n  b\n\n  c"},
      {"{{ o | json }}", R"({"o":{"a":[true]}})", R"({"a":[true]})"},
      {"{% if a %}yes{% else %}no{% endif %}", R"({"a":[]})", "no"},
      {"{% if a == 1 %}one{% elif a == 2 %}two{% else %}more{% endif %}", R"({"a":2.0})", "two"},
      {"{% if not a and b or c %}x{% endif %}", R"({"a":0,"b":"","c":{"k":1}})", "x"},
      {"{% if a is defined and a > 3 %}x{% endif %}", "{}", ""},
      {"{% if a is not defined %}x{% endif %}", "{}", "x"},
      {"{% if 'b' in l and 'an' in s and 'k' in o %}x{% endif %}",
       R"({"l":["a","b"],"s":"banana","o":{"k":1}})", "x"},
      {"{% if s < 'b' and 2 >= 2 and 1 != 2 %}x{% endif %}", R"({"s":"a"})", "x"},
      {"{% for x in l %}{{ loop.index }}{{ x }}{% if not loop.last %},{% endif %}{% endfor %}",
       R"({"l":["a","b"]})", "1a,2b"},
      {"{% for x in l %}{{ x }}{% else %}none{% endfor %}", R"({"l":[]})", "none"},
      {"{% for r in rows %}{% for c in r %}{{ c }}{% endfor %};{% endfor %}",
       R"({"rows":[[1,2],[3]]})", "12;3;"},
      {"{% for x in l %}{{ x }}{{ y }}{% endfor %}{{ x }}", R"({"l":[1],"x":"o","y":"!"})", "1!o"},
      {"a{# not this #}b", "{}", "ab"},
      {"a \n{%- if true -%}\n b \n{%- endif -%}\n c", "{}", "abc"},
      {"a {{- 'b' -}} c {#- x -#} d", "{}", "abcd"},
      {"{{ (a or b) | upper }}", R"({"a":"","b":"x"})", "X"},
  };
  for (const Case& one : table) {
    EXPECT_EQ(rendered(one.source, one.variables), one.expected) << one.source;
  }
}

TEST(Template, SaysWhereItIsWrong) {
  const Case table[] = {
      {"a\nb {{ name }}", "{}", "line 2, column 6: `name` is not given"},
      {"é {{ a.b }}", R"({"a":{}})", "line 1, column 6: `a.b` is not given"},
      {"{{ a[2] }}", R"({"a":[1]})", "line 1, column 4: `a[2]` is not given"},
      {"{{ a", "{}", "line 1, column 1: this has no `}}`"},
      {"{# a", "{}", "line 1, column 1: the comment has no `#}`"},
      {"{{ 'a }}", "{}", "line 1, column 4: the text has no closing quote"},
      {"{{ a b }}", "{}", "line 1, column 6: `b` is not expected here"},
      {"{{ }}", "{}", "line 1, column 4: an expression is expected"},
      {"{{ a | nope }}", "{}", "line 1, column 8: there is no helper `nope`"},
      {"{{ a | replace('x') }}", "{}", "line 1, column 8: `replace` takes 2 arguments, not 1"},
      {"{{ a ; }}", "{}", "line 1, column 6: this character means nothing here"},
      {"{% if a %}x", "{}", "line 1, column 1: this has no `{% endif %}`"},
      {"{% if a %}{% endfor %}", "{}", "line 1, column 1: this has no `{% endif %}`, but `endfor`"},
      {"x{% endif %}", "{}", "line 1, column 2: `endif` ends nothing that was begun"},
      {"{% while a %}", "{}", "line 1, column 4: `if` or `for` is expected"},
      {"{% for a of b %}{% endfor %}", "{}", "line 1, column 8: `for NAME in VALUE` is expected"},
      {"{% for %}{% endfor %}", "{}", "line 1, column 8: `for NAME in VALUE` is expected"},
      {"{% for a in s %}{% endfor %}", R"({"s":"abc"})",
       "line 1, column 13: a list is expected, this is a string"},
      {"{{ 1 < 'a' }}", "{}", "line 1, column 6: only two numbers or two texts have an order"},
      {"{{ 1 < 2 < 3 }}", "{}", "line 1, column 10: comparisons do not chain; use `and`"},
      {"{{ l | upper }}", R"({"l":[]})", "line 1, column 8: `upper` is for texts, not an array"},
      {"{{ 3 | length }}", "{}", "line 1, column 8: a number has no length"},
      {"{{ 'a' | truncate('x') }}", "{}",
       "line 1, column 10: a whole number up to 4194304 is expected"},
      {"{{ and }}", "{}", "line 1, column 4: a value is expected before `and`"},
      {"{{ 'a' is defined }}", "{}", "line 1, column 4: only a path can be defined"},
      {"{{ a is big }}", "{}",
       "line 1, column 9: only `is defined` and `is not defined` are known"},
      {"{% if a %}{% else x %}{% endif %}", "{}",
       "line 1, column 19: nothing is expected after `else`"},
      {"{{ '\\q' }}", "{}", R"(line 1, column 5: only \n, \t, \\, \" and \' are escapes)"},
      {"{{ 007 }}", "{}", "line 1, column 4: a number does not begin with 0"},
  };
  for (const Case& one : table) {
    EXPECT_EQ(rendered(one.source, one.variables), "! " + std::string(one.expected)) << one.source;
  }
}

TEST(Template, NamesWhatItNeeds) {
  const auto parsed = Template::parse(
      "{{ b.c | default(d) }}{% for x in list %}{{ x }}{{ loop.index }}{{ a[k] }}{% endfor %}"
      "{% if b and e is defined %}{{ x }}{% endif %}");
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->variables(), (std::vector<std::string>{"b", "d", "list", "a", "k", "e", "x"}));
}

TEST(Template, ABombIsABoundedError) {
  // Four nested loops over a hundred: a hundred million turns.
  std::string list = R"({"l":[0)";
  for (int i = 1; i < 100; ++i) list += ",0";
  list += "]}";
  const std::string loop = "{% for x in l %}";
  const std::string end = "{% endfor %}";
  EXPECT_EQ(rendered(loop + loop + loop + loop + "x" + end + end + end + end, list)
                .find("! line 1, column"),
            0U);
  // Much to look at in every turn.
  const std::string heavy = R"({"l":)" + std::string(list, 5, list.size() - 6) + R"(,"s":")" +
                            std::string(1'000'000, 'x') + "\"}";
  EXPECT_NE(rendered(loop + loop + "{{ s | length }}" + end + end, heavy).find("goes on for more"),
            std::string::npos);
  // Text that doubles.
  std::string bomb = "{{ s";
  for (int i = 0; i < 30; ++i) bomb += " | replace('a', 'aa')";
  bomb += " }}";
  EXPECT_NE(rendered(bomb, R"({"s":"a"})").find("would be longer than"), std::string::npos);
  // Nesting: of blocks, of brackets.
  std::string blocks;
  for (int i = 0; i < 40; ++i) blocks += "{% if 1 %}";
  EXPECT_NE(rendered(blocks).find("nest deeper than 32"), std::string::npos);
  EXPECT_NE(rendered("{{ " + std::string(100'000, '(') + " }}").find("nests deeper"),
            std::string::npos);
  EXPECT_NE(rendered("{{ a" + std::string(100'000, '[') + " }}").find("! "), std::string::npos);
  std::string nots = "{{ ";
  for (int i = 0; i < 100'000; ++i) nots += "not ";
  EXPECT_EQ(rendered(nots + "1 }}"), "true");
  EXPECT_NE(rendered(std::string(kTemplateBytesMax + 1, 'x')).find("at most"), std::string::npos);
}

TEST(Template, AThousandVariablesAndAMegabyteAreRendered) {
  std::string source;
  std::string variables = "{";
  for (int i = 0; i < 1'000; ++i) {
    const std::string name = "v" + std::to_string(i);
    source += "{{ " + name + " }}";
    variables += (i == 0 ? "\"" : ",\"") + name + "\":\"" + std::string(1'000, 'x') + '"';
  }
  EXPECT_EQ(rendered(source, variables + "}").size(), 1'000'000U);
}

}  // namespace
}  // namespace hansard::events
