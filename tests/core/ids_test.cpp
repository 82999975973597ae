#include "core/ids.h"

#include <gtest/gtest.h>

#include <unordered_set>

namespace hansard::core {
namespace {

TEST(Uuid, WritesAndReadsTheUsualForm) {
  const std::string text = "0190163d-8694-739b-aea5-966c26f8ad91";
  EXPECT_EQ(to_string(parse_uuid(text).value()), text);
  EXPECT_EQ(to_string(parse_uuid("0190163D-8694-739B-AEA5-966C26F8AD91").value()), text);
  EXPECT_TRUE(parse_uuid("00000000-0000-0000-0000-000000000000").value().is_nil());
}

TEST(Uuid, RefusesEverythingElse) {
  for (const char* text :
       {"", "0190163d-8694-739b-aea5-966c26f8ad9", "0190163d-8694-739b-aea5-966c26f8ad911",
        "0190163d8694739baea5966c26f8ad91", "0190163d-8694-739b-aea5_966c26f8ad91",
        "g190163d-8694-739b-aea5-966c26f8ad91", "{190163d-8694-739b-aea5-966c26f8ad9}"}) {
    const auto parsed = parse_uuid(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().code, Errc::invalid_argument);
  }
}

TEST(Uuid, AHashBecomesAVersionEightUuid) {
  std::array<std::uint8_t, 32> hash;
  hash.fill(0xff);
  EXPECT_EQ(to_string(uuid_v8(hash)), "ffffffff-ffff-8fff-bfff-ffffffffffff");
  hash.fill(0);
  EXPECT_EQ(to_string(uuid_v8(hash)), "00000000-0000-8000-8000-000000000000");
}

TEST(EventId, SpreadsWhereverIdsDiffer) {
  std::unordered_set<std::size_t> low_bits;
  for (std::size_t byte = 0; byte < 16; ++byte) {
    for (int value = 0; value < 256; ++value) {
      EventId id;
      id.bytes[byte] = static_cast<std::uint8_t>(value);
      low_bits.insert(std::hash<EventId>{}(id)&0xffff);
    }
  }
  EXPECT_GT(low_bits.size(), 3500U) << "4081 different ids over 65536 values";
}

TEST(ProjectId, TakesItsFormAndNothingElse) {
  EXPECT_EQ(ProjectId().text(), "default");
  for (const char* text : {"default", "_log", "a", "team-1", "0"}) {
    EXPECT_EQ(ProjectId::parse(text).value().text(), text);
  }
  EXPECT_TRUE(ProjectId::parse(std::string(63, 'p')));
  for (const std::string& text :
       {std::string(), std::string("-a"), std::string("Team"), std::string("a b"), std::string("ä"),
        std::string("a/b"), std::string(64, 'p'), std::string("a\0b", 3)}) {
    EXPECT_FALSE(ProjectId::parse(text)) << text;
  }
}

TEST(StreamId, TakesItsFormAndNothingElse) {
  EXPECT_EQ(StreamId().text(), "system");
  for (const char* text : {"system", "session-s1", "session-A.b_c~d-e", "calls-1", "a-b"}) {
    EXPECT_EQ(StreamId::parse(text).value().text(), text);
  }
  EXPECT_TRUE(StreamId::parse(std::string(20, 'c') + "-" + std::string(100, 'n')));
  for (const std::string& text :
       {std::string(), std::string("session"), std::string("session-"), std::string("-s1"),
        std::string("Session-s1"), std::string("session2-s1"), std::string("session-a b"),
        std::string("session-a/b"), std::string("session-\xc3\xa4"), std::string("system-"),
        std::string(21, 'c') + "-n", "c-" + std::string(101, 'n'), std::string("c-a\0b", 5)}) {
    const auto parsed = StreamId::parse(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().code, Errc::invalid_argument);
  }
}

TEST(StreamId, KnowsItsParts) {
  const auto id = StreamId::make("session", "a-b-c").value();
  EXPECT_EQ(id.category(), "session");
  EXPECT_EQ(id.name(), "a-b-c");
  EXPECT_EQ(StreamId().category(), "system");
  EXPECT_EQ(StreamId().name(), "");
  EXPECT_FALSE(StreamId::make("session", "someone@example.org"));
  EXPECT_TRUE(StreamId::is_plain_name("s1"));
  EXPECT_FALSE(StreamId::is_plain_name("someone@example.org"));
}

TEST(EventType, IsACapitalisedWord) {
  for (const char* text : {"A", "MessageSent", "Sha256Seen"}) EXPECT_TRUE(is_event_type(text));
  EXPECT_TRUE(is_event_type(std::string(64, 'A')));
  for (const char* text : {"", "messageSent", "Message-Sent", "Message Sent", "1A", "Mé"}) {
    EXPECT_FALSE(is_event_type(text)) << text;
  }
  EXPECT_FALSE(is_event_type(std::string(65, 'A')));
}

TEST(Ids, ErrorsQuoteHostileInputWithoutControlCharactersOrEnd) {
  const auto error = StreamId::parse("session-\x1b[2J" + std::string(5000, 'x')).error();
  EXPECT_LT(error.message.size(), 200U);
  EXPECT_EQ(error.message.find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace hansard::core
