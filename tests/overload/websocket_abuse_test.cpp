#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/http/raw_client.h"
#include "adapters/http/websocket_frames.h"
#include "stage.h"

namespace hansard::overload {
namespace {

using http::testing::client_frame;
using http::testing::RawClient;

constexpr std::uint64_t kMessageBytes = 4096;

/// The code of the close frame that ends what comes, 0 when there is none.
unsigned close_code(RawClient& client) {
  for (;;) {
    const std::string head = client.read_exactly(2);
    if (head.size() < 2) return 0;
    std::size_t length = static_cast<unsigned char>(head[1]);
    if (length == 126) {
      const std::string more = client.read_exactly(2);
      if (more.size() < 2) return 0;
      length = static_cast<unsigned char>(more[0]) * 256U + static_cast<unsigned char>(more[1]);
    }
    const std::string payload = client.read_exactly(length);
    if ((static_cast<unsigned char>(head[0]) & 15U) != 8) continue;
    if (payload.size() < 2) return 0;
    return static_cast<unsigned char>(payload[0]) * 256U + static_cast<unsigned char>(payload[1]);
  }
}

TEST(HostileSubscribers, AreClosedWithTheirCodeAndCountedWhileOthersGoOn) {
  Stage stage({{"connections", crowd() + 64},
               {"live_message_bytes", kMessageBytes},
               {"body_stall_ms", 2000},
               {"header_ms", 2000}});
  ASSERT_NO_FATAL_FAILURE(stage.start());
  std::string flood;
  while (flood.size() < 32U << 10) flood += client_frame(9, "ping");
  while (flood.size() < 64U << 10) flood += client_frame(0, "", false);
  std::string pings;
  while (pings.size() < 256U << 10) pings += client_frame(9, "");
  const struct {
    std::string_view what;
    std::string bytes;
    unsigned code;
    std::string_view reason;  ///< as counted
  } attacks[] = {
      {"unmasked", std::string("\x81\x02hi"), 1002, "protocol"},
      {"oversized", client_frame(1, std::string(kMessageBytes + 1, 'x')), 1009, "protocol"},
      {"announced only", std::string("\x81\xFF\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFFmask", 14), 1009,
       "protocol"},
      {"oversized in fragments",
       client_frame(1, std::string(kMessageBytes, 'x'), false) + client_frame(0, "x"), 1009,
       "protocol"},
      {"binary", client_frame(2, "x"), 1003, "protocol"},
      {"no UTF-8", client_frame(1, "\xC3("), 1007, "protocol"},
      {"a fragment of nothing", client_frame(0, "x"), 1002, "protocol"},
      {"an opcode of no meaning", client_frame(3, "x"), 1002, "protocol"},
      {"a long control frame", client_frame(9, std::string(126, 'x')), 1002, "protocol"},
      {"a flood of pings", pings, 1008, "refused"},
      {"a flood of fragments", client_frame(1, "", false) + flood, 1008, "refused"},
      {"nonsense", client_frame(1, "subscribe, please"), 1008, "refused"},
  };
  const std::size_t each = std::max<std::size_t>(1, crowd() / std::size(attacks));
  const double before_mb = stage.resident_mb();
  for (const auto& attack : attacks) {
    const std::string series =
        "hansard_live_closed_total{reason=\"" + std::string(attack.reason) + "\"}";
    const double before = stage.metric(series);
    std::vector<std::unique_ptr<RawClient>> clients;
    for (std::size_t i = 0; i < each; ++i) {
      clients.push_back(std::make_unique<RawClient>(stage.port()));
      clients.back()->send(
          "GET /v1/live HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
          "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
          "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
      ASSERT_NE(clients.back()->read_until("\r\n\r\n").find("101"), std::string::npos);
      clients.back()->send(attack.bytes);
    }
    for (auto& client : clients) EXPECT_EQ(close_code(*client), attack.code) << attack.what;
    clients.clear();
    EXPECT_TRUE(stage.reaches(series, before + static_cast<double>(each))) << attack.what;
  }
  EXPECT_LT(stage.resident_mb() - before_mb, 128);
  EXPECT_TRUE(stage.reaches("hansard_http_limit_hits_total{limit=\"live_message_bytes\"}",
                            static_cast<double>(5 * each)));
  stage.end();
}

}  // namespace
}  // namespace hansard::overload
