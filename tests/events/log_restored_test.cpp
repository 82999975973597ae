#include "events/system/log_restored.h"

#include <gtest/gtest.h>

#include "events/system/events.h"
#include "support/golden.h"

namespace hansard::events {
namespace {

std::string golden_facts() {
  const auto golden = parse_json(support::golden("events/LogRestored.v1.json"));
  return golden ? dump(*golden->find("facts")) : golden.error().message;
}

std::string refused(LogRestored event) {
  const EncodedEvent encoded = encode(SystemEvent(std::move(event)));
  const auto again = decode_system("LogRestored", 1, encoded.facts, "{}");
  return again ? std::string("accepted") : again.error().field;
}

TEST(LogRestoredEvent, KeepsItsStoredForm) {
  const std::string facts = golden_facts();
  const auto event = decode_system("LogRestored", 1, facts, "{}");
  ASSERT_TRUE(event) << event.error().message;
  const auto& restored = std::get<LogRestored>(*event);
  EXPECT_EQ(restored.size, 120U);
  EXPECT_EQ(restored.epoch, 2U);
  EXPECT_EQ(restored.reason, "to_time");
  EXPECT_EQ(encode(*event).facts, facts);
}

TEST(LogRestoredEvent, IsRefusedWhereItContradictsItself) {
  const auto event = decode_system("LogRestored", 1, golden_facts(), "{}");
  ASSERT_TRUE(event) << event.error().message;
  const auto good = std::get<LogRestored>(*event);
  EXPECT_EQ(refused(good), "accepted");
  LogRestored bad = good;
  bad.size = bad.backup_size + 1;
  EXPECT_EQ(refused(bad), "facts.size");
  bad = good;
  bad.root.pop_back();
  EXPECT_EQ(refused(bad), "facts.root");
  bad = good;
  bad.backup_root[0] = 'A';
  EXPECT_EQ(refused(bad), "facts.backup_root");
  bad = good;
  bad.epoch = 1;
  EXPECT_EQ(refused(bad), "facts.epoch");
  bad = good;
  bad.reason = "because";
  EXPECT_EQ(refused(bad), "facts.reason");
  bad = good;
  bad.to_time = "yesterday";
  EXPECT_EQ(refused(bad), "facts.to_time");
  bad = good;
  bad.backup_made_at = "";
  EXPECT_EQ(refused(bad), "facts.backup_made_at");
}

}  // namespace
}  // namespace hansard::events
