#include "events/json.h"

#include <gtest/gtest.h>

#include <random>

namespace hansard::events {
namespace {

/// Parses what must parse.
Json parsed(std::string_view text) {
  auto value = parse_json(text);
  if (!value) {
    ADD_FAILURE() << text << ": " << value.error().message;
    return {};
  }
  return *std::move(value);
}

TEST(Json, KeepsEverythingATextSays) {
  for (const char* text :
       {"null", "true", "false", "0", "-0", "1.0", "1e400", "-12.50E+007",
        "123456789012345678901234567890", "\"\"", "\"a\"", "[]", "{}", "[1,[2,[3]],{}]",
        R"({"b":1,"a":{"b":[true,false,null]},"b":2})", R"("\"\\\b\f\n\r\t\u0001")",
        "\"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\""}) {
    EXPECT_EQ(dump(parsed(text)), text);
  }
}

TEST(Json, IgnoresWhiteSpaceAndUnescapesWhatNeedsNoEscape) {
  EXPECT_EQ(dump(parsed(" \t\r\n[ 1 ,\n{ \"a\" : \"\\u0041\\/\\ud83d\\ude00\" } ] \n")),
            "[1,{\"a\":\"A/\xF0\x9F\x98\x80\"}]");
  EXPECT_EQ(dump(parsed("  7 ")), "7");
  EXPECT_EQ(dump(parsed("  \"x\" ")), "\"x\"");
}

TEST(Json, RefusesBrokenDocumentsAlsoInsideValuesNobodyReads) {
  const char* broken[] = {"",
                          " ",
                          "{",
                          "}",
                          "[",
                          "]",
                          "[1",
                          "[1,",
                          "[1,]",
                          "[,1]",
                          "[1 2]",
                          "[1]]",
                          "[1]x",
                          "{}{}",
                          "1 2",
                          "{\"a\"}",
                          "{\"a\":}",
                          "{\"a\":1,}",
                          "{,}",
                          "{\"a\" 1}",
                          "{a:1}",
                          "{1:2}",
                          "{\"a\":1 \"b\":2}",
                          "{\"a\":1]",
                          "[1}",
                          "{\"a\":[1}",
                          "[[1]",
                          "tru",
                          "truex",
                          "True",
                          "nul",
                          "nulll",
                          "[tru]",
                          "[falsee]",
                          "{\"skip\":tru,\"b\":1}",
                          "[01]",
                          "01",
                          "-",
                          "[-]",
                          "+1",
                          "[+1]",
                          ".5",
                          "[.5]",
                          "1.",
                          "[1.]",
                          "[1.e3]",
                          "1e",
                          "[1e+]",
                          "[0x10]",
                          "[1.2.3]",
                          "[1a]",
                          "[1\"a\"]",
                          "[\"a\"1]",
                          "NaN",
                          "[Infinity]",
                          "\"abc",
                          "[\"abc]",
                          "\"a\" \"b\"",
                          "[\"\\x\"]",
                          "[\"\\u12\"]",
                          "[\"\\u12G4\"]",
                          "[\"\\ud800\"]",
                          "[\"\\udc00\"]",
                          "{\"\\ud800x\":1}",
                          "[\"a\nb\"]",
                          "[\"\x01\"]",
                          "[\"\\\"]",
                          "'a'",
                          "[1,/*c*/2]",
                          "\xEF\xBB\xBF[]",
                          "[\"\xFF\"]",
                          "[\"\xC0\xAF\"]",
                          "[\"\xED\xA0\x80\"]",
                          "[\"\xF4\x90\x80\x80\"]",
                          "[\"\xE2\x82\"]",
                          "[1]\x01",
                          "{\"a\":\"b\"\"c\"}",
                          "[1:2]",
                          "{\"a\",1}",
                          "[\"\xE2\x82",
                          "{\"a\":{\"b\":[1,2,{\"c\":nul}]}}",
                          "[1,,2]",
                          "{\"a\":1,,\"b\":2}",
                          "[{]}"};
  for (const char* text : broken) {
    const auto value = parse_json(text);
    EXPECT_FALSE(value) << text;
    if (!value) {
      EXPECT_EQ(value.error().code, core::Errc::invalid_argument) << text;
      EXPECT_NE(value.error().message.find("not valid JSON"), std::string::npos) << text;
    }
    EXPECT_FALSE(check_json(text)) << text;
  }
  using namespace std::string_view_literals;
  EXPECT_FALSE(parse_json("[1]\0"sv));
  EXPECT_FALSE(parse_json("[1,\0]"sv));
  EXPECT_FALSE(parse_json("[\"a\0b\"]"sv));
  EXPECT_FALSE(parse_json("\0"sv));
}

TEST(Json, NamesPlaceAndReason) {
  const auto literal = parse_json(R"({"a":{"b":[1,2,{"c":nul}]}})");
  ASSERT_FALSE(literal);
  EXPECT_EQ(literal.error().field, "a.b[2].c");
  EXPECT_NE(literal.error().message.find("byte 20"), std::string::npos) << literal.error().message;

  const auto utf8 = parse_json("[\"abc\xFF\"]");
  ASSERT_FALSE(utf8);
  EXPECT_EQ(utf8.error().message, "not valid JSON: the text is not valid UTF-8 at byte 5");

  const auto surrogate = parse_json(R"(["ok","\ud800"])");
  ASSERT_FALSE(surrogate);
  EXPECT_EQ(surrogate.error().field, "[1]");
  EXPECT_NE(surrogate.error().message.find("lone surrogate"), std::string::npos);

  const auto after = parse_json("{} x");
  ASSERT_FALSE(after);
  EXPECT_NE(after.error().message.find("follows the end"), std::string::npos)
      << after.error().message;
}

TEST(Json, RefusesADocumentDeeperThanTheLimit) {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  EXPECT_TRUE(parse_json(nested(kMaxJsonDepth)));
  const auto deep = parse_json(nested(kMaxJsonDepth + 1));
  ASSERT_FALSE(deep);
  EXPECT_EQ(deep.error().code, core::Errc::too_large);
  EXPECT_FALSE(parse_json(nested(100000)));
  EXPECT_FALSE(parse_json(std::string(100000, '[')));
  EXPECT_FALSE(parse_json(nested(3), {.depth = 2}));
  std::string objects;
  for (int i = 0; i < 5000; ++i) objects += "{\"a\":";
  EXPECT_FALSE(parse_json(objects));
}

TEST(Json, ReadsLargeDocumentsAndSmallOnesAfterwards) {
  std::string text = "[";
  for (int i = 0; i < 300000; ++i) text += "\"0123456789\",";
  text += "1]";
  EXPECT_EQ(dump(parsed(text)), text);
  EXPECT_EQ(dump(parsed("[1]")), "[1]");
  text.back() = '}';
  EXPECT_FALSE(parse_json(text));
}

TEST(Json, ReadsWholeNumbersExactlyOrSaysWhyNot) {
  EXPECT_EQ(*Json(Json::Number{"18446744073709551615"}).as_uint("n"), 18446744073709551615ULL);
  for (const char* text : {"18446744073709551616", "-1", "1.0", "1e3"}) {
    const auto value = Json(Json::Number{text}).as_uint("usage.input");
    ASSERT_FALSE(value) << text;
    EXPECT_EQ(value.error().field, "usage.input");
  }
  EXPECT_EQ(Json("1").as_uint("n").error().message, "n: expected a whole number, found a string");
}

TEST(Json, ReadsDoublesAndRefusesInfinity) {
  EXPECT_DOUBLE_EQ(*Json(Json::Number{"-1.25e2"}).as_double("x"), -125.0);
  EXPECT_FALSE(Json(Json::Number{"1e400"}).as_double("x"));
  EXPECT_NEAR(*Json(Json::Number{"1e-400"}).as_double("x"), 0.0, 1e-300);
  EXPECT_EQ(dump(Json::number(0.1)), "0.1");
  EXPECT_TRUE(Json::number(1.0 / 0.0).is_null());
}

TEST(Json, ComparesTreesWithFreeObjectOrderAndExactNumbers) {
  EXPECT_TRUE(same_tree(parsed(R"({"a":1,"b":[2,{"x":1,"y":2}]})"),
                        parsed(R"({"b":[2,{"y":2,"x":1}],"a":1})")));
  EXPECT_FALSE(same_tree(parsed("[1,2]"), parsed("[2,1]")));
  EXPECT_FALSE(same_tree(parsed("1"), parsed("1.0")));
  EXPECT_FALSE(same_tree(parsed(R"({"a":null})"), parsed("{}")));
  EXPECT_FALSE(same_tree(parsed(R"({"a":1})"), parsed(R"({"b":1})")));
  EXPECT_TRUE(same_tree(parsed(R"({"a":1,"b":0,"a":2})"), parsed(R"({"b":0,"a":1,"a":2})")));
  EXPECT_FALSE(same_tree(parsed(R"({"a":1,"a":2})"), parsed(R"({"a":2,"a":1})")));
  EXPECT_FALSE(same_tree(parsed("[]"), parsed("{}")));
}

TEST(Json, FindsTheFirstRepeatedKeyAtAnyDepth) {
  EXPECT_EQ(first_duplicate_key(parsed(R"({"a":1,"b":{"a":1}})")), std::nullopt);
  EXPECT_EQ(first_duplicate_key(parsed(R"({"a":1,"a":1})")), "a");
  EXPECT_EQ(first_duplicate_key(parsed(R"({"x":[0,{"k":1,"\u006b":2}]})")), "x[1].k");
}

Json random_tree(std::mt19937& random, int depth) {
  const auto text = [&] {
    std::string made;
    for (auto n = random() % 6; n > 0; --n) {
      static const char* const kPieces[] = {
          "a", "\"", "\\", "\n", "\x01", "\xC3\xA9", "/", "\xF0\x9F\x98\x80", " ", "0"};
      made += kPieces[random() % 10];
    }
    return made;
  };
  switch (random() % (depth > 0 ? 6 : 4)) {
    case 0:
      return {};
    case 1:
      return random() % 2 == 0;
    case 2:
      return Json::Number{std::to_string(static_cast<int>(random())) +
                          (random() % 2 == 0 ? "" : ".50e+9")};
    case 3:
      return text();
    case 4: {
      Json::Array array;
      for (auto n = random() % 4; n > 0; --n) array.push_back(random_tree(random, depth - 1));
      return array;
    }
    default: {
      Json::Object object;
      for (auto n = random() % 4; n > 0; --n) {
        object.push_back({text(), random_tree(random, depth - 1)});
      }
      return object;
    }
  }
}

TEST(Json, ParsingUndoesDumping) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  for (int i = 0; i < 3000; ++i) {
    const Json tree = random_tree(random, 5);
    const std::string text = dump(tree);
    const Json again = parsed(text);
    ASSERT_TRUE(same_tree(tree, again)) << text;
    ASSERT_EQ(dump(again), text);
  }
}

TEST(Json, EveryCutOfADocumentIsRefused) {
  const std::string text = R"({"a":[1.5,true,null,"x\u00e9\n"],"b":{"c":{}}})";
  ASSERT_TRUE(parse_json(text));
  for (std::size_t n = 0; n < text.size(); ++n) {
    EXPECT_FALSE(parse_json(std::string_view(text).substr(0, n))) << n;
  }
}

TEST(Json, CheckingAgreesWithParsingOnDamagedDocuments) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const std::string text =
      R"({"a":[1.5,true,null,"x\u00e9\n",-2e+3],"b":{"c":{"d":"\ud83d\ude00"}}})";
  for (int i = 0; i < 20000; ++i) {
    std::string damaged = text;
    for (auto n = 1 + random() % 2; n > 0; --n) {
      damaged[random() % damaged.size()] = static_cast<char>(random());
    }
    const auto value = parse_json(damaged);
    ASSERT_EQ(value.has_value(), check_json(damaged).has_value()) << damaged;
    if (value) {
      ASSERT_TRUE(parse_json(dump(*value))) << damaged;
    }
  }
}

}  // namespace
}  // namespace hansard::events
