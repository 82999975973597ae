#include "server/content_coding.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "engine_server.h"
#include "support/compress.h"

namespace hansard::http::testing {
namespace {

using core::Errc;
using support::gzip;
using support::zstd;

constexpr std::size_t kPlenty = 64U << 20;

std::string packed(const std::string& coding, std::string_view plain) {
  return coding == "gzip" ? gzip(plain) : zstd(plain);
}

/// What `body` expands to when it comes in pieces of `size`.
core::Result<std::string> in_pieces(Expander& expander, std::string_view body, std::size_t size) {
  std::string out;
  while (!body.empty()) {
    std::string_view piece = body.substr(0, size);
    body.remove_prefix(piece.size());
    for (;;) {
      auto made = expander.expand(piece);
      if (!made) return made;
      if (made->empty()) break;
      EXPECT_LE(made->size(), Expander::kPieceBytes);
      out += *made;
    }
    EXPECT_TRUE(piece.empty());
  }
  return out;
}

class ContentCoding : public ::testing::TestWithParam<const char*> {
 protected:
  std::unique_ptr<Expander> expander_ = make_expander(GetParam());
};

TEST_P(ContentCoding, UndoesItsCompressionHoweverItComes) {
  std::string plain;
  for (int i = 0; i < 40'000; ++i) plain += std::to_string(i * i) + ",";
  const std::string body = packed(GetParam(), plain) + packed(GetParam(), "and more");
  EXPECT_EQ(expand_whole(*expander_, body, kPlenty).value(), plain + "and more");
  for (const std::size_t size : {1U, 7U, 4096U, 1U << 20}) {
    const auto again = make_expander(GetParam());
    EXPECT_EQ(in_pieces(*again, body, size).value(), plain + "and more") << size;
    EXPECT_TRUE(again->may_end());
  }
}

TEST_P(ContentCoding, ABodyCutAnywhereIsNeverTakenForWhole) {
  const std::string body = packed(GetParam(), "a message that ought to come whole");
  for (std::size_t cut = 0; cut < body.size(); ++cut) {
    const auto again = make_expander(GetParam());
    const auto expanded = expand_whole(*again, std::string_view(body).substr(0, cut), kPlenty);
    ASSERT_FALSE(expanded) << cut;
    EXPECT_EQ(expanded.error().code, Errc::invalid_argument);
    EXPECT_EQ(expanded.error().field, "body");
  }
}

TEST_P(ContentCoding, WhatIsNotOfTheCodingIsAnError) {
  EXPECT_FALSE(expand_whole(*expander_, R"({"records":[]})", kPlenty));
  const auto again = make_expander(GetParam());
  EXPECT_FALSE(expand_whole(*again, packed(GetParam(), "text") + "trailing bytes", kPlenty));
}

TEST_P(ContentCoding, ABombIsStoppedAtTheLimit) {
  const std::string bomb = packed(GetParam(), std::string(32U << 20, ' '));
  ASSERT_LT(bomb.size(), 64U << 10);
  const auto expanded = expand_whole(*expander_, bomb, 1U << 20);
  ASSERT_FALSE(expanded);
  EXPECT_EQ(expanded.error().code, Errc::too_large);
}

INSTANTIATE_TEST_SUITE_P(Codings, ContentCoding, ::testing::Values("gzip", "zstd"));

TEST(ContentCodings, AZstdWindowOverTheLimitIsRefused) {
  const auto expander = make_expander("zstd");
  const std::string body = support::zstd_with_window(std::string(64, 'x'), 27);
  const auto expanded = expand_whole(*expander, body, kPlenty);
  ASSERT_FALSE(expanded);
  EXPECT_EQ(expanded.error().code, Errc::invalid_argument);
}

class CompressedBodies : public EngineServer {
 protected:
  Answer post(std::string_view target, std::string_view type, std::string_view coding,
              const std::string& body) {
    RawClient client(port());
    client.send("POST " + std::string(target) + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: " +
                std::string(type) + "\r\nContent-Encoding: " + std::string(coding) +
                "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
    return client.read_answer();
  }
};

TEST_F(CompressedBodies, AreTakenAsIfTheyWerePlain) {
  EXPECT_EQ(post("/v1/sessions", "application/json", "gzip", gzip(R"({"session_id":"a"})")).status,
            201);
  EXPECT_EQ(post("/v1/sessions", "application/json", "zstd", zstd(R"({"session_id":"a"})")).status,
            200)
      << "the same once more";
  std::string lines;
  for (int i = 0; i < 500; ++i) {
    lines += R"({"post":"/v1/sessions/a/messages","body":{"message_id":"m)" + std::to_string(i) +
             R"(","role":"user","parts":[{"type":"text","text":"hi"}]}})" + "\n";
  }
  for (const char* coding : {"gzip", "zstd"}) {
    const Answer answer = post("/v1/ingest", "application/x-ndjson", coding, packed(coding, lines));
    ASSERT_EQ(answer.status, 200) << answer.body;
    EXPECT_NE(answer.body.find(R"("lines":500,)"), std::string::npos) << answer.body;
    EXPECT_NE(answer.body.find(R"("failed":0,)"), std::string::npos) << answer.body;
  }
}

TEST_F(CompressedBodies, ABombIsRefusedByTheLimitOfPlainBodies) {
  limit("body_bytes", 64U << 10);
  start();
  const std::string bomb = R"({"session_id":"a","user_id":")" + std::string(8U << 20, 'x') + "\"}";
  const Answer answer = post("/v1/sessions", "application/json", "gzip", gzip(bomb));
  EXPECT_EQ(answer.status, 413) << answer.body;
  EXPECT_NE(get("/metrics").body.find(R"(hansard_http_limit_hits_total{limit="body_bytes"} 1)"),
            std::string::npos);
}

TEST_F(CompressedBodies, ABrokenOrCutOneSaysSo) {
  const std::string whole = gzip(R"({"session_id":"a"})");
  const Answer cut =
      post("/v1/sessions", "application/json", "gzip", whole.substr(0, whole.size() - 4));
  EXPECT_EQ(cut.status, 400);
  EXPECT_NE(cut.body.find("ends too early"), std::string::npos) << cut.body;
  const Answer plain = post("/v1/sessions", "application/json", "gzip", R"({"session_id":"a"})");
  EXPECT_EQ(plain.status, 400);
  const Answer lines = post("/v1/ingest", "application/x-ndjson", "zstd", "{}\n");
  EXPECT_EQ(lines.status, 400) << lines.body;
}

TEST_F(CompressedBodies, ALineThatExpandsWithoutEndCostsOnlyItself) {
  limit("line_bytes", 64U << 10);
  start();
  const std::string lines = std::string(32U << 20, 'x') + "\n" +
                            R"({"post":"/v1/sessions","body":{"session_id":"a"}})" + "\n";
  const Answer answer = post("/v1/ingest", "application/x-ndjson", "zstd", zstd(lines));
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_NE(answer.body.find(R"("accepted":1,"duplicates":0,"failed":1)"), std::string::npos)
      << answer.body;
}

}  // namespace
}  // namespace hansard::http::testing
