// A data directory written by format 1, as a kill left it: tables, a write-ahead log, a full Merkle
// tile, an erased event, a view. It must be readable for ever; it is never edited.

#include <cstdlib>

#include "store_fixture.h"

namespace hansard::rocks::testing {
namespace {

using core::Position;
namespace fs = std::filesystem;

constexpr const char* kRoot = "3ba99edbbd289aafeeff4190db840caa71c77e2a90b44de9cfc5b47eba8698f6";
constexpr std::uint64_t kEnd = 274;
constexpr Position kErased{17};
constexpr const char* kStoreKey =
    "0ba0f2365c2797bd1ba45f8e1fa7c227ecfd09277fe4bac1efce611d19853f41";
constexpr const char* kLogId = "33e8d5fe-4347-4d08-b6e4-aa0b41dfb652";

void append_script(core::EventLog& log, int from, int to) {
  for (int i = from; i < to; ++i) {
    auto event = support::event(
        "session-" + std::to_string(i % 6), "golden" + std::to_string(i),
        "line " + std::to_string(i) + std::string(static_cast<std::size_t>(i % 40), '.'));
    if (i % 3 == 0) event.occurred_at = support::at_us(1'700'000'000'000'000 + i);
    event.occurred_at_from_client = i % 6 == 0;
    event.schema = static_cast<std::uint16_t>(1 + i % 2);
    if (i % 5 == 0) event.correlation = support::event_id("correlation");
    if (i % 7 == 0) event.causation = support::event_id("cause");
    std::vector<core::NewEvent> events{event};
    // Runs of several events in one entry of the stream index.
    if (i % 10 == 9) {
      for (int j = 0; j < 3; ++j) {
        events.push_back(
            support::event("calls-golden", "call" + std::to_string(i) + "-" + std::to_string(j)));
      }
    }
    auto request = support::request(std::move(events));
    if (i % 4 == 3) request.project = support::project("other");
    if (i % 2 == 1) request.actor = core::KeyId{support::event_id("key")};
    request.recorded_at = support::at_us(1'700'000'000'000'000 + 1000 * i);
    const auto receipt = support::append(log, std::move(request));
    ASSERT_TRUE(receipt) << receipt.error().message;
  }
}

/// How `tests/golden/store_v1` was made, once: run with HANSARD_WRITE_GOLDEN naming a new folder.
void write_golden(const fs::path& directory) {
  TempDirectory workshop;
  const auto options = options_for(workshop.data());
  append_script(must_open(options)->log(), 0, 200);
  erase_stored(workshop.data(), kErased);
  const auto store = must_open(options);
  append_script(store->log(), 200, 211);
  ASSERT_TRUE(
      store->views().commit({"usage", 1, 2}, {{"k1", "row 1"}, {"k2", "row 2"}}, Position{100}));
  ASSERT_TRUE(store->views().activate({"usage", 1, 2}));
  copy_as_killed(workshop.data(), directory);
  for (const auto& entry : fs::directory_iterator(directory / "db")) {
    const std::string name = entry.path().filename();
    if (name.starts_with("LOG") || name.starts_with("OPTIONS")) fs::remove(entry.path());
  }
}

TEST(GoldenStore, IsReadAsItWasWritten) {
  TempDirectory copy;
  fs::copy(fs::path(HANSARD_GOLDEN_DIR) / "store_v1", copy.data(), fs::copy_options::recursive);
  const auto store = must_open(options_for(copy.data()));
  ASSERT_TRUE(store);
  EXPECT_EQ(core::to_hex(core::as_bytes(store->store_key())), kStoreKey);
  EXPECT_EQ(core::to_string(store->log_id()), kLogId);
  EXPECT_EQ(store->log().end().value, kEnd);
  EXPECT_EQ(core::to_hex(core::as_bytes(store->log().tree().root)), kRoot);
  const auto report = store->verify({}).value();
  EXPECT_TRUE(report.sound()) << (report.first ? report.first->what : "");
  EXPECT_EQ(report.events, kEnd);
  EXPECT_EQ(report.tiles, 1U);

  const core::ViewId view{"usage", 1, 2};
  EXPECT_EQ(store->views().active("usage").value(), view);
  const auto rows = store->views().open(view).value();
  EXPECT_EQ(rows->checkpoint(), Position{100});
  EXPECT_EQ(rows->get("k2").value(), "row 2");
}

TEST(GoldenStore, HoldsTheEventsThatTheSameScriptWritesToday) {
  TempDirectory copy;
  fs::copy(fs::path(HANSARD_GOLDEN_DIR) / "store_v1", copy.data(), fs::copy_options::recursive);
  const auto golden = must_open(options_for(copy.data()));
  TempDirectory fresh;
  const auto today = must_open(options_for(fresh.data()));
  append_script(today->log(), 0, 211);
  EXPECT_EQ(core::to_hex(core::as_bytes(today->log().tree().root)), kRoot);
  const auto old_events = support::read_all(golden->log());
  const auto new_events = support::read_all(today->log());
  ASSERT_EQ(old_events.size(), new_events.size());
  for (std::size_t i = 0; i < old_events.size(); ++i) {
    if (i == kErased.value) {
      EXPECT_TRUE(old_events[i].event().erased);
      EXPECT_EQ(old_events[i].bytes(),
                core::erase_content(new_events[i].event(), support::hasher()));
    } else {
      EXPECT_EQ(old_events[i].bytes(), new_events[i].bytes()) << "position " << i;
    }
  }
}

TEST(GoldenStore, ARetryOfAnOldEventIsStillADuplicate) {
  TempDirectory copy;
  fs::copy(fs::path(HANSARD_GOLDEN_DIR) / "store_v1", copy.data(), fs::copy_options::recursive);
  const auto store = must_open(options_for(copy.data()));
  append_script(store->log(), 0, 211);
  EXPECT_EQ(store->log().end().value, kEnd);
  append_events(store->log(), 1, "new");
  EXPECT_EQ(store->log().end().value, kEnd + 1);
}

TEST(GoldenStore, CanBeMadeWhenAFormatIsNew) {
  const char* const directory = std::getenv("HANSARD_WRITE_GOLDEN");
  if (directory == nullptr) GTEST_SKIP() << "HANSARD_WRITE_GOLDEN names no folder";
  ASSERT_FALSE(fs::exists(directory)) << "golden files are added, never edited";
  write_golden(directory);
}

}  // namespace
}  // namespace hansard::rocks::testing
