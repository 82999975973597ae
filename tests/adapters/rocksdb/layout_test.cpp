// The stored bytes, literally. These tests may be added to, never changed.

#include "layout.h"

#include <gtest/gtest.h>

#include "support/events.h"

namespace hansard::rocks {
namespace {

using namespace std::string_literals;

std::string hex(std::string_view bytes) { return core::to_hex(bytes); }

TEST(Layout, AnEventKeyIsItsPositionBigEndian) {
  const auto key = event_key(core::Position{0x0102030405060708});
  EXPECT_EQ(hex({key.data(), key.size()}), "0102030405060708");
  EXPECT_EQ(parse_event_key({key.data(), key.size()})->value, 0x0102030405060708U);
  EXPECT_FALSE(parse_event_key("1234567"));
}

TEST(Layout, AStoredEventEndsWithItsXxh3LittleEndian) {
  std::string value = "abc";
  seal_value(value);
  EXPECT_EQ(checksum("abc"), 0x78af5f94892f3950U);  // published test vector of XXH3-64
  EXPECT_EQ(hex(value), "61626350392f89945faf78");
  EXPECT_EQ(open_value(value), "abc");
  value[1] = 'B';
  EXPECT_EQ(open_value(value), std::nullopt);
  EXPECT_EQ(open_value("short"), std::nullopt);
}

TEST(Layout, ARunIsFoundUnderItsStreamAndFirstVersion) {
  std::string key;
  put_stream_prefix(key, "default", "session-1");
  EXPECT_EQ(stream_prefix_bytes(key), key.size());
  put_be64(key, 258);
  EXPECT_EQ(hex(key), "0764656661756c740973657373696f6e2d310000000000000102");
  std::string value;
  put_run_value(value, {core::Version{258}, core::Position{66051}, 7});
  EXPECT_EQ(hex(value), "000000000001020300000007");

  const auto parsed = parse_run_key(key);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->project, "default");
  EXPECT_EQ(parsed->stream, "session-1");
  const auto run = parse_run(*parsed, value).value();
  EXPECT_EQ(run.first_version.value, 258U);
  EXPECT_EQ(run.first_position.value, 66051U);
  EXPECT_EQ(run.count, 7U);
  EXPECT_FALSE(parse_run(*parsed, "short"));
  EXPECT_FALSE(parse_run(*parsed, std::string(12, '\0'))) << "a run of no events does not exist";
  for (std::size_t cut = 0; cut < key.size(); ++cut) {
    EXPECT_FALSE(parse_run_key(std::string_view(key).substr(0, cut))) << cut;
  }
}

TEST(Layout, AnIdIsFoundWithinItsProject) {
  core::EventId id;
  for (std::uint8_t i = 0; i < 16; ++i) id.bytes[i] = i;
  std::string key;
  put_id_key(key, "p1", id);
  EXPECT_EQ(hex(key), "027031000102030405060708090a0b0c0d0e0f");
  EXPECT_EQ(parse_id_key(key)->project, "p1");
  EXPECT_EQ(parse_id_key(key)->id, id);
  EXPECT_FALSE(parse_id_key(std::string_view(key).substr(1)));
}

TEST(Layout, ATileIsFoundUnderLevelAndIndex) {
  EXPECT_EQ(hex(tile_key(2, 513)), "020000000000000201");
}

TEST(Layout, AViewsRowsStartWithNameVersionAndGeneration) {
  const core::ViewId view{"usage", 2, 3};
  EXPECT_EQ(hex(view_prefix(view)), "0575736167650000000200000003");
  EXPECT_EQ(parse_view_prefix(view_prefix(view) + kViewRow + "row"), view);
  EXPECT_FALSE(parse_view_prefix("\x05usag"));
  EXPECT_TRUE(check_view_name("tool_calls"));
  for (const char* name : {"", "Usage", "usage2", "a-b", "abcdefghijklmnopqrstuvwxyzabcdefg"}) {
    EXPECT_FALSE(check_view_name(name)) << name;
  }
}

TEST(Layout, ThePrefixAfterAPrefixIsAfterEverythingInIt) {
  EXPECT_EQ(after_prefix("ab"), "ac");
  EXPECT_EQ(after_prefix("a\xff"), "b");
  EXPECT_EQ(after_prefix("\xff\xff"), std::nullopt);
}

TEST(Layout, FormatVersionIsOne) { EXPECT_EQ(kFormatVersion, 1U); }

}  // namespace
}  // namespace hansard::rocks
