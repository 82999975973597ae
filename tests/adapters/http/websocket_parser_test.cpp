#include "server/websocket_parser.h"

#include <gtest/gtest.h>

#include <vector>

#include "websocket_frames.h"

namespace hansard::http::testing {
namespace {

using Kind = WebSocketParser::Kind;

/// What a parser makes of bytes, however they are cut.
struct Outcome {
  std::vector<WebSocketParser::Item> items;
  std::uint16_t failed = 0;
};

Outcome read_all(std::string_view bytes, std::size_t step, std::size_t message_bytes_max = 1024) {
  WebSocketParser parser(message_bytes_max);
  Outcome out;
  std::string held;
  while (!bytes.empty() || !held.empty()) {
    held += bytes.substr(0, step);
    bytes.remove_prefix(std::min(step, bytes.size()));
    for (;;) {
      WebSocketParser::Fed fed = parser.feed(held);
      held.erase(0, fed.used);
      if (fed.failure) {
        out.failed = fed.failure->code;
        return out;
      }
      if (!fed.item) break;
      out.items.push_back(*std::move(fed.item));
    }
  }
  return out;
}

void expect_failure(std::string_view bytes, std::uint16_t code, const char* why) {
  for (const std::size_t step : {1UL, 3UL, 4096UL}) {
    EXPECT_EQ(read_all(bytes, step).failed, code) << why << ", " << step << " bytes at a time";
  }
}

TEST(WebSocketParsing, JoinsFragmentsAroundControlFramesHoweverTheyAreCut) {
  const std::string bytes = client_frame(1, "Hel", false) + client_frame(9, "still there?") +
                            client_frame(0, "", false) + client_frame(0, "lo", true) +
                            client_frame(1, std::string(300, 'x')) + client_frame(8, "\x03\xe8so");
  for (const std::size_t step : {1UL, 2UL, 7UL, 64UL, 4096UL}) {
    const Outcome out = read_all(bytes, step);
    ASSERT_EQ(out.failed, 0) << step;
    ASSERT_EQ(out.items.size(), 4U) << step;
    EXPECT_EQ(out.items[0].kind, Kind::ping);
    EXPECT_EQ(out.items[0].payload, "still there?");
    EXPECT_EQ(out.items[1].payload, "Hello");
    EXPECT_EQ(out.items[2].payload, std::string(300, 'x'));
    EXPECT_EQ(out.items[3].kind, Kind::close);
    EXPECT_EQ(out.items[3].code, 1000);
    EXPECT_EQ(out.items[3].payload, "so");
  }
}

TEST(WebSocketParsing, RefusesWhatTheProtocolForbids) {
  std::string unmasked = client_frame(1, "x");
  unmasked[1] = 1;
  expect_failure(unmasked, 1002, "unmasked");
  expect_failure(std::string("\x81\x02", 2), 1002, "unmasked, and no more comes");
  std::string reserved = client_frame(1, "x");
  reserved[0] = static_cast<char>(0xC1);
  expect_failure(reserved, 1002, "reserved bit");
  for (const int opcode : {3, 7, 11, 15}) {
    expect_failure(client_frame(opcode, "x"), 1002, "unknown opcode");
  }
  expect_failure(client_frame(0, "x"), 1002, "continues nothing");
  expect_failure(client_frame(1, "x", false) + client_frame(1, "y"), 1002, "begins twice");
  expect_failure(client_frame(9, "x", false), 1002, "fragmented ping");
  expect_failure(client_frame(9, std::string(126, 'x')), 1002, "long ping");
  expect_failure(client_frame(8, "\x03"), 1002, "half a close code");
  expect_failure(client_frame(8, std::string("\x03\xed", 2)), 1002, "1005 may not be sent");
  expect_failure(std::string("\x81\xfe\x00\x05", 4) + "mask" + "12345", 1002, "length too wide");
  expect_failure(std::string("\x81\xff\xff\xff\xff\xff\xff\xff\xff\xff", 10) + "mask", 1009,
                 "2^64-1 bytes");
}

TEST(WebSocketParsing, RefusesWhatWeDoNotTake) {
  expect_failure(client_frame(2, "x"), 1003, "binary");
  expect_failure(client_frame(1, "\xff"), 1007, "no UTF-8");
  expect_failure(client_frame(1, "\xc3", false) + client_frame(0, "x"), 1007, "cut character");
  expect_failure(client_frame(1, std::string(1025, 'x')), 1009, "too long");
  expect_failure(
      client_frame(1, std::string(1000, 'x'), false) + client_frame(0, std::string(25, 'x'), false),
      1009, "too long in fragments");
  EXPECT_EQ(read_all(client_frame(1, "\xc3", false) + client_frame(0, "\xa4"), 1).failed, 0)
      << "a character may be cut between fragments";
}

TEST(WebSocketWriting, LengthsTakeAsFewBytesAsTheyNeed) {
  const auto head = [](std::size_t bytes) {
    std::string out;
    append_frame_head(WebSocketOpcode::text, bytes, out);
    return out;
  };
  EXPECT_EQ(head(125), "\x81\x7d");
  EXPECT_EQ(head(126), std::string("\x81\x7e\x00\x7e", 4));
  EXPECT_EQ(head(65536), std::string("\x81\x7f\x00\x00\x00\x00\x00\x01\x00\x00", 10));
}

TEST(WebSocketWriting, ACloseReasonIsCutAtACharactersEnd) {
  const std::string frame = close_frame({1008, std::string(122, 'x') + "\xc3\xa4"});
  EXPECT_EQ(frame, "\x88\x7c\x03\xf0" + std::string(122, 'x'));
}

}  // namespace
}  // namespace hansard::http::testing
