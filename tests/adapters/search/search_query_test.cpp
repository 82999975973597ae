#include "search_query.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "projections/search.h"

namespace hansard::search {
namespace {

Query read(std::string_view text) {
  Tokenizer tokenizer;
  auto query = parse_query(text, tokenizer);
  EXPECT_TRUE(query) << text << ": " << query.error().message;
  return query ? *std::move(query) : Query{};
}

std::string expression(std::string_view text) { return fts_expression(read(text)); }

std::string error(std::string_view text) {
  Tokenizer tokenizer;
  const auto query = parse_query(text, tokenizer);
  EXPECT_FALSE(query) << text;
  if (query) return {};
  EXPECT_EQ(query.error().code, core::Errc::invalid_argument);
  EXPECT_EQ(query.error().field, "q");
  return query.error().message;
}

bool found(std::string_view query, std::string_view text) {
  Tokenizer tokenizer;
  return match(read(query), text, tokenizer).matches;
}

TEST(SearchQuery, WordsMustAllBeThere) {
  EXPECT_EQ(expression("red green"), R"((("red" AND "green")))");
  EXPECT_EQ(expression("red AND green"), R"((("red" AND "green")))");
  EXPECT_TRUE(found("red green", "Green and RED"));
  EXPECT_FALSE(found("red green", "green and blue"));
}

TEST(SearchQuery, AlternativesAndExclusions) {
  EXPECT_EQ(expression("a b OR -c d"), R"((("a" AND "b")) OR (("d") NOT ("c")))");
  EXPECT_TRUE(found("red OR blue -sky", "blue sea"));
  EXPECT_FALSE(found("red OR blue -sky", "blue sky"));
  EXPECT_TRUE(found("red OR blue -sky", "red sky"));
}

TEST(SearchQuery, PhrasesAreInOrder) {
  EXPECT_TRUE(found("\"green tea\"", "hot green-tea"));
  EXPECT_FALSE(found("\"green tea\"", "tea, green"));
  EXPECT_TRUE(found("foo_bar", "call foo_bar()"));
  EXPECT_FALSE(found("foo_bar", "bar foo"));
}

TEST(SearchQuery, PrefixesOfWordsAndOfPhrases) {
  EXPECT_EQ(expression("wea*"), R"((("wea"*)))");
  EXPECT_TRUE(found("wea*", "the weather"));
  EXPECT_FALSE(found("wea*", "a tweak"));
  EXPECT_TRUE(found("\"the wea\"*", "the weather"));
  EXPECT_FALSE(found("\"the wea\"*", "their weather"));
}

TEST(SearchQuery, CharactersOfScriptsWithoutSpacesMustStandTogether) {
  EXPECT_TRUE(found("東京", "私は東京都に"));
  EXPECT_FALSE(found("東都", "東京都"));
  EXPECT_FALSE(found("東京", "東 京"));
  EXPECT_TRUE(found("京", "東京都"));
}

TEST(SearchQuery, NothingAUserWritesIsReadAsAnExpression) {
  EXPECT_EQ(expression("NEAR(a b)"), R"_((("NEAR(a" AND "b)")))_");
  EXPECT_EQ(expression("text:x ^y"), R"((("text:x" AND "^y")))");
  EXPECT_EQ(expression("it's {a}"), R"((("it's" AND "{a}")))");
  EXPECT_EQ(expression("\"OR\" and \"AND\""), R"((("OR" AND "and" AND "AND")))");
}

TEST(SearchQuery, PunctuationIsPassedOver) {
  EXPECT_EQ(expression("a & b"), R"((("a" AND "b")))");
  EXPECT_EQ(expression("--verbose"), R"((("--verbose")))");
  EXPECT_EQ(expression("foo.*"), R"((("foo.")))");
}

TEST(SearchQuery, ErrorsNameThePlace) {
  EXPECT_EQ(error("été \"open"), "q: at character 5: this quotation mark is never closed");
  EXPECT_EQ(error("OR b"),
            "q: at character 1: OR stands between what may be found; write \"OR\" for the word");
  EXPECT_EQ(error("a OR "), "q: at character 6: nothing follows OR");
  EXPECT_EQ(error("a OR -b"), "q: at character 6: only what must not be there; say also what must");
  EXPECT_EQ(error("  !!"),
            "q: at character 3: nothing to search for: a word has a letter or a digit");
  EXPECT_EQ(error(""), "q: at character 1: nothing to search for: a word has a letter or a digit");
  EXPECT_EQ(error("x y*"), "q: at character 3: the beginning of a word needs 2 characters or more");
  EXPECT_EQ(error(std::string_view("a\0b", 3)), "q: at character 2: a NUL character");
  EXPECT_EQ(error("ab\xFF"), "q: at character 3: not UTF-8");
}

TEST(SearchQuery, SizesAreBounded) {
  EXPECT_NE(error(std::string(projections::kSearchQueryBytesMax + 1, 'a')).find("longer"),
            std::string::npos);
  std::string many;
  for (std::size_t i = 0; i <= kTermsMax; ++i) many += "w" + std::to_string(i) + " ";
  EXPECT_NE(error(many).find("more than 32"), std::string::npos);
  std::string phrase = "\"";
  for (std::size_t i = 0; i <= kTermTokensMax; ++i) phrase += "w ";
  EXPECT_NE(error(phrase + "\"").find("in one phrase"), std::string::npos);
}

TEST(SearchQuery, RangesAreWhereTheTermsStand) {
  Tokenizer tokenizer;
  const std::string text = "Der grüne Tee, grüner Tee";
  const Match matched = match(read("\"grune tee\" OR nothing"), text, tokenizer);
  ASSERT_EQ(matched.ranges.size(), 1U);
  EXPECT_EQ(text.substr(matched.ranges[0].begin, matched.ranges[0].end - matched.ranges[0].begin),
            "grüne Tee");
}

}  // namespace
}  // namespace hansard::search
