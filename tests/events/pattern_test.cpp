#include "events/pattern.h"

#include <gtest/gtest.h>

namespace hansard::events {
namespace {

TEST(Patterns, MatchTheWholeTextOrFindAPart) {
  const auto pattern = Pattern::compile("[a-z]+\\d{2}", "rule.pattern");
  ASSERT_TRUE(pattern);
  EXPECT_TRUE(pattern->matches("abc12"));
  EXPECT_FALSE(pattern->matches("see abc12"));
  EXPECT_TRUE(pattern->found_in("see abc12."));
}

TEST(Patterns, SayWhatIsWrongWithThem) {
  const auto broken = Pattern::compile("(a", "rule.pattern");
  ASSERT_FALSE(broken);
  EXPECT_EQ(broken.error().field, "rule.pattern");
  EXPECT_NE(broken.error().message.find("missing )"), std::string::npos) << broken.error().message;
  EXPECT_FALSE(Pattern::compile("(a)\\1", "p")) << "back references take exponential time";
  EXPECT_FALSE(Pattern::compile("((a{1000}){1000}){1000}", "p"));
  const auto longest = Pattern::compile(std::string(kPatternBytesMax + 1, 'a'), "p");
  ASSERT_FALSE(longest);
  EXPECT_EQ(longest.error().code, core::Errc::too_large);
}

TEST(Patterns, TakeLinearTimeForWhatMakesOthersExponential) {
  const auto pattern = Pattern::compile("(a*)*b", "p");
  ASSERT_TRUE(pattern);
  EXPECT_FALSE(pattern->found_in(std::string(1'000'000, 'a')));
}

}  // namespace
}  // namespace hansard::events
