#include "tokenizer.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "unicode.h"

namespace hansard::search {
namespace {

using Words = std::vector<std::string>;

Words words(std::string_view text) {
  Tokenizer tokenizer;
  Words found;
  for (const Token& token : tokenizer.tokens(text)) found.push_back(token.text);
  return found;
}

TEST(Tokenizer, LettersAndDigitsAreWordsAndTheRestSeparates) {
  EXPECT_EQ(words("Hello, world-wide 42; foo_bar"),
            (Words{"hello", "world", "wide", "42", "foo", "bar"}));
  EXPECT_EQ(words(" -- !? ,."), Words{});
}

TEST(Tokenizer, CaseAndAccentsMakeNoDifference) {
  EXPECT_EQ(words("Café CAFÉ cafe\u0301 Ångström"), (Words{"cafe", "cafe", "cafe", "angstrom"}));
  EXPECT_EQ(words("ấp"), Words{"ap"});
}

TEST(Tokenizer, ArabicVowelSignsAndFormsOfLettersMakeNoDifference) {
  EXPECT_EQ(words("مُحَمَّد"), words("محمد"));
  EXPECT_EQ(words("أحمد"), words("احمد"));
  EXPECT_EQ(words("مدرســة"), words("مدرسه"));
  EXPECT_EQ(words("الكتاب الجديد").size(), 2U);
}

TEST(Tokenizer, FullWidthLettersAreTheirNarrowOnes) {
  EXPECT_EQ(words("ＡＢＣ １２"), (Words{"abc", "12"}));
}

TEST(Tokenizer, AWordOfAnIndicScriptStaysWhole) { EXPECT_EQ(words("हिन्दी भाषा").size(), 2U); }

TEST(Tokenizer, ScriptsWithoutSpacesGiveACharacterAToken) {
  Tokenizer tokenizer;
  const auto tokens = tokenizer.tokens("abc東京ab 都、ไทย");
  ASSERT_EQ(tokens.size(), 8U);
  EXPECT_EQ(tokens[0].text, "abc");
  EXPECT_EQ(tokens[1].text, "東");
  EXPECT_FALSE(tokens[1].joined);
  EXPECT_EQ(tokens[2].text, "京");
  EXPECT_TRUE(tokens[2].joined);
  EXPECT_EQ(tokens[3].text, "ab");
  EXPECT_FALSE(tokens[4].joined);  // a space divides runs
  EXPECT_TRUE(tokens[7].joined);
}

TEST(Tokenizer, PlacesAreBytesOfTheText) {
  Tokenizer tokenizer;
  const std::string text = "  Größe 東京";
  const auto tokens = tokenizer.tokens(text);
  ASSERT_EQ(tokens.size(), 3U);
  EXPECT_EQ(text.substr(tokens[0].begin, tokens[0].end - tokens[0].begin), "Größe");
  EXPECT_EQ(text.substr(tokens[2].begin, tokens[2].end - tokens[2].begin), "京");
}

TEST(Tokenizer, AnOverlongTokenIsCutBetweenCharacters) {
  const std::string text = "a" + std::string(kTokenBytesMax, 'b');
  EXPECT_EQ(words(text).at(0).size(), kTokenBytesMax);
  std::string wide = "a";
  for (int i = 0; i < 100; ++i) wide += "ж";
  const std::string cut = words(wide).at(0);
  EXPECT_EQ(cut.size(), kTokenBytesMax - 1);
  std::size_t bad = 0;
  EXPECT_TRUE(is_utf8(cut, bad));
}

TEST(Tokenizer, MalformedBytesDoNotStopIt) {
  EXPECT_EQ(words("ab \xE6\x9D zz \xF0\x9F").front(), "ab");
  EXPECT_EQ(words(std::string_view("a\0b", 3)), (Words{"a", "b"}));
}

}  // namespace
}  // namespace hansard::search
