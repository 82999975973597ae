#include "live_crowd.h"

namespace hansard::http::testing {
namespace {

/// Events per crowd: 300, or what HANSARD_TEST_ROUNDS says.
std::size_t rounds() {
  const char* chosen = std::getenv("HANSARD_TEST_ROUNDS");
  const unsigned long value = chosen == nullptr ? 0 : std::strtoul(chosen, nullptr, 10);
  return value == 0 ? 300 : value;
}

TEST_F(LiveCrowd, OneSubscriberIsServedWithinMilliseconds) { push(1, rounds()); }

TEST_F(LiveCrowd, ThirtyTwoSubscribersGetEveryEventOnceInOrder) { push(32, rounds()); }

TEST_F(LiveCrowd, AThousandSubscribersGetEveryEventOnceInOrder) {
  push(1000, rounds(), std::chrono::milliseconds(50));
}

/// Faster than two cores can deliver.
TEST_F(LiveCrowd, AThousandSubscribersMissNothingAtTheFullRateOfOneWriter) { push(1000, rounds()); }

/// Resident memory of this process, in bytes.
std::size_t resident() {
  std::size_t pages = 0;
  std::size_t mapped = 0;
  FILE* file = std::fopen("/proc/self/statm", "r");
  if (file == nullptr) return 0;
  const int read = std::fscanf(file, "%zu %zu", &mapped, &pages);
  std::fclose(file);
  return read == 2 ? pages * 4096 : 0;
}

TEST_F(LiveCrowd, OnesThatNeverReadCostTheirQueueAndAreClosed) {
  limit("connections", 2000);
  limit("body_stall_ms", 3000);
  limit("live_queue_bytes", 64U << 10);
  start();
  constexpr std::size_t kSleepers = 200;
  std::vector<std::unique_ptr<RawClient>> sleepers;
  for (std::size_t i = 0; i < kSleepers; ++i) {
    sleepers.push_back(std::make_unique<RawClient>(port()));
    sleepers.back()->receive_buffer(4096);
    sleepers.back()->send(
        get_bytes("/v1/live?from=head",
                  "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"));
    ASSERT_FALSE(sleepers.back()->read_until("caught_up").empty());
  }
  const std::size_t before = resident();
  std::size_t most = before;
  const std::string filling(30U << 10, 'x');
  const auto closed = [&] {
    return metrics_.text().find("hansard_live_closed_total{reason=\"slow\"} " +
                                std::to_string(kSleepers) + "\n") != std::string::npos;
  };
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  std::size_t events = 0;
  while (!closed() && std::chrono::steady_clock::now() < until) {
    const Answer stored =
        post("/v1/append", R"({"records":[{"stream":"custom-a","type":"Noted","facts":{"t":")" +
                               filling + R"("}}]})");
    ASSERT_EQ(stored.status, 201) << stored.body;
    ++events;
    most = std::max(most, resident());
  }
  EXPECT_TRUE(closed());
  // The log in memory keeps every event itself; what is above that is held for the sleepers.
  const std::size_t held = most - before - std::min(most - before, events * filling.size());
  std::printf("%zu sleepers, %zu events of 30 KiB: %zu KiB held for each at most\n", kSleepers,
              events, held / kSleepers / 1024);
  EXPECT_LT(held / kSleepers, 512U << 10);
}

}  // namespace
}  // namespace hansard::http::testing
