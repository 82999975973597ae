// What was given out, as an event.
#include <gtest/gtest.h>

#include "events/system/events.h"
#include "support/golden.h"

namespace hansard::events {
namespace {

TEST(AccessRecorded, KeepsItsBytes) {
  const auto golden = parse_json(support::golden("events/AccessRecorded.v1.json"));
  ASSERT_TRUE(golden) << golden.error().message;
  const std::string facts = dump(*golden->find("facts"));
  const auto event = decode_system("AccessRecorded", 1, facts, "{}");
  ASSERT_TRUE(event) << event.error().message;
  const EncodedEvent encoded = encode(*event);
  EXPECT_EQ(encoded.type, "AccessRecorded");
  EXPECT_EQ(encoded.facts, facts);
  EXPECT_EQ(encoded.content, "{}");
}

TEST(AccessRecorded, TakesNoOtherWord) {
  EXPECT_FALSE(decode_system("AccessRecorded", 1,
                             R"({"route":"GET /","access":"look","status":200})", "{}"));
  EXPECT_FALSE(decode_system("AccessRecorded", 1, R"({"route":"GET /","status":200})", "{}"));
}

}  // namespace
}  // namespace hansard::events
