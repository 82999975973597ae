#include "events/raw_json.h"

#include <gtest/gtest.h>

#include "events/json.h"

namespace hansard::events {
namespace {

TEST(RawJson, GivesTheBytesOfEveryMember) {
  const std::string_view text =
      " { \"a\" : {\"x\": [1, 2.50, \"}\\\"]\"], \"y\":{}} ,\"b\":\"q\\\\\",\"c\":-1e400 , \"d\":[ "
      "],"
      "\"e\\u0041\":null,\"f\":true}\r\n";
  const auto members = raw_members(text);
  ASSERT_TRUE(members) << members.error().message;
  const std::vector<std::pair<std::string_view, std::string_view>> wanted{
      {"a", "{\"x\": [1, 2.50, \"}\\\"]\"], \"y\":{}}"},
      {"b", "\"q\\\\\""},
      {"c", "-1e400"},
      {"d", "[ ]"},
      {"e\\u0041", "null"},
      {"f", "true"}};
  ASSERT_EQ(members->size(), wanted.size());
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    EXPECT_EQ((*members)[i].key, wanted[i].first);
    EXPECT_EQ((*members)[i].value, wanted[i].second);
  }
  EXPECT_TRUE(raw_members("{}")->empty());
}

TEST(RawJson, RefusesWhatIsNoObjectOrNotValid) {
  for (const char* text : {"", "[]", "7", "{\"a\":1", "{\"a\":tru}", "{\"a\":1}}", "{\"a\" 1}"}) {
    const auto members = raw_members(text);
    ASSERT_FALSE(members) << text;
    EXPECT_EQ(members.error().code, core::Errc::invalid_argument) << text;
  }
}

}  // namespace
}  // namespace hansard::events
