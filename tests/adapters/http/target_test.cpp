#include "http/target.h"

#include <gtest/gtest.h>

namespace hansard::http {
namespace {

TEST(Target, IsTakenApartAndDecoded) {
  const auto target = parse_target("/v1/a%2Fb/%C3%A9?limit=10&q=x+y%26z&flag&limit=2");
  ASSERT_TRUE(target);
  EXPECT_EQ(target->segments, (std::vector<std::string>{"v1", "a/b", "é"}));
  EXPECT_EQ(target->query,
            (NameValues{{"limit", "10"}, {"q", "x y&z"}, {"flag", ""}, {"limit", "2"}}));
}

TEST(Target, TheRootHasNoSegmentsAndATrailingSlashLeavesAnEmptyOne) {
  EXPECT_TRUE(parse_target("/")->segments.empty());
  EXPECT_EQ(parse_target("/a/")->segments, (std::vector<std::string>{"a", ""}));
  EXPECT_EQ(parse_target("//")->segments, (std::vector<std::string>{"", ""}));
}

TEST(Target, MalformedOnesAreRefused) {
  for (const char* text : {"", "*", "v1", "http://x/", "/%", "/%4", "/%zz", "/%00", "/a%0Ab",
                           "/%7F", "/%FF", "/%C3", "/%ED%A0%80", "/a?b=%G0", "/a?%FF=1"}) {
    const auto target = parse_target(text);
    ASSERT_FALSE(target) << text;
    EXPECT_EQ(target.error().code, core::Errc::invalid_argument);
    EXPECT_EQ(target.error().field, "target");
  }
}

TEST(Target, Utf8IsJudgedStrictly) {
  EXPECT_TRUE(is_utf8("plain \xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80"));
  for (const char* bad :
       {"\x80", "\xC0\xAF", "\xC1\xBF", "\xE0\x80\x80", "\xED\xA0\x80", "\xF0\x80\x80\x80",
        "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xE2\x82", "\xC3(", "\xFF"}) {
    EXPECT_FALSE(is_utf8(bad));
  }
}

}  // namespace
}  // namespace hansard::http
