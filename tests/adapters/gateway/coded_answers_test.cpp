// Compressed answers pass byte for byte, and are recorded as what they say.

#include <zlib.h>
#include <zstd.h>

#include <string>

#include "content_decoder.h"
#include "rig.h"
#include "samples.h"

namespace hansard::gateway::testing {
namespace {

/// `pieces`, each flushed, so that it can be read when it comes.
std::vector<std::string> deflated(const std::vector<std::string>& pieces, int window) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, window, 8, 0), Z_OK);
  std::vector<std::string> out;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    std::string room(pieces[i].size() + 1000, '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(pieces[i].data()));
    stream.avail_in = static_cast<uInt>(pieces[i].size());
    stream.next_out = reinterpret_cast<Bytef*>(room.data());
    stream.avail_out = static_cast<uInt>(room.size());
    deflate(&stream, i + 1 == pieces.size() ? Z_FINISH : Z_SYNC_FLUSH);
    room.resize(room.size() - stream.avail_out);
    out.push_back(std::move(room));
  }
  deflateEnd(&stream);
  return out;
}

std::vector<std::string> zstandard(const std::vector<std::string>& pieces) {
  ZSTD_CCtx* context = ZSTD_createCCtx();
  std::vector<std::string> out;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    std::string room(ZSTD_compressBound(pieces[i].size()) + 100, '\0');
    ZSTD_inBuffer from{pieces[i].data(), pieces[i].size(), 0};
    ZSTD_outBuffer to{room.data(), room.size(), 0};
    const auto end = i + 1 == pieces.size() ? ZSTD_e_end : ZSTD_e_flush;
    EXPECT_EQ(ZSTD_compressStream2(context, &to, &from, end), 0U);
    room.resize(to.pos);
    out.push_back(std::move(room));
  }
  ZSTD_freeCCtx(context);
  return out;
}

std::vector<std::string> coded(const std::string& coding, const std::vector<std::string>& pieces) {
  if (coding == "zstd") return zstandard(pieces);
  if (coding == "gzip") return deflated(pieces, 15 + 16);
  return deflated(pieces, coding == "deflate" ? 15 : -15);
}

std::string joined(const std::vector<std::string>& pieces) {
  std::string all;
  for (const std::string& piece : pieces) all += piece;
  return all;
}

class CodedAnswersTest : public GatewayTest, public ::testing::WithParamInterface<const char*> {
 protected:
  [[nodiscard]] static std::string coding() { return GetParam(); }
  [[nodiscard]] static std::vector<core::HttpField> head() {
    return {{"Content-Type", "text/event-stream"},
            {"Content-Encoding", coding() == "raw" ? "deflate" : coding()}};
  }
};

TEST_P(CodedAnswersTest, StreamsPassAsTheyCameAndAreRecordedDecoded) {
  for (const SampleStream& sample : sample_streams()) {
    const auto pieces = coded(coding(), sample.frames);
    for (const bool bytewise : {false, true}) {
      const std::size_t before = recorded_of<events::ResponseReceived>().size();
      Client& client = send(sample.target, sample.request, {{"Accept-Encoding", "gzip"}});
      upstream().head(200, head());
      for (const std::string& piece : pieces) {
        if (!bytewise) {
          upstream().piece(piece);
          continue;
        }
        for (const char byte : piece) upstream().piece(std::string(1, byte));
      }
      upstream().end();
      EXPECT_TRUE(client.over) << sample.target;
      EXPECT_EQ(client.received, joined(pieces)) << sample.target;
      EXPECT_GT(recorded_of<events::ResponseReceived>().size(), before) << sample.target;
    }
  }
}

TEST_P(CodedAnswersTest, WhatIsFlushedGoesOnAndTheEndWaits) {
  for (const SampleStream& sample : sample_streams()) {
    const auto pieces = coded(coding(), sample.frames);
    Client& client = send(sample.target, sample.request);
    upstream().head(200, head());
    log_.holds = true;
    std::string sent;
    for (std::size_t i = 0; i + 1 < pieces.size(); ++i) {
      upstream().piece(pieces[i]);
      sent += pieces[i];
      EXPECT_EQ(client.received, sent) << sample.target << " piece " << i;
    }
    upstream().piece(pieces.back());
    upstream().end();
    EXPECT_EQ(client.received, sent) << "what ends it waits";
    EXPECT_FALSE(client.over);
    log_.release();
    EXPECT_EQ(client.received, joined(pieces));
    EXPECT_TRUE(client.over);
  }
}

TEST_P(CodedAnswersTest, BodiesAreRecordedDecoded) {
  const auto pieces = coded(coding(), {plain_answer().substr(0, 9), plain_answer().substr(9)});
  Client& client = send(kChat, plain_request());
  upstream().head(200, {{"Content-Type", "application/json"}, head()[1]});
  for (const std::string& piece : pieces) upstream().piece(piece);
  upstream().end();
  EXPECT_EQ(client.received, joined(pieces));
  const auto answers = recorded_of<events::ResponseReceived>();
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(events::plain_text(answers[0].parts), "Ho");
}

TEST_P(CodedAnswersTest, WhatIsBrokenPassesAndIsRecordedAsUnreadable) {
  std::string bytes = joined(coded(coding(), {plain_answer()}));
  for (std::size_t i = bytes.size() / 3; i < bytes.size(); ++i) bytes[i] = 'x';
  Client& client = send(kChat, plain_request());
  upstream().head(200, head());
  upstream().piece(bytes);
  upstream().end();
  EXPECT_EQ(client.received, bytes);
  const auto failures = recorded_of<events::ResponseFailed>();
  ASSERT_EQ(failures.size(), 1U);
  EXPECT_EQ(failures[0].error_type, "unreadable_answer");
}

INSTANTIATE_TEST_SUITE_P(Codings, CodedAnswersTest,
                         ::testing::Values("gzip", "deflate", "raw", "zstd"),
                         [](const auto& each) { return std::string(each.param); });

TEST(ContentDecoder, ExpandsNoFurtherThanItMay) {
  for (const char* coding : {"gzip", "zstd"}) {
    const std::string bomb = joined(coded(coding, {std::string(8'000'000, 'a')}));
    EXPECT_FALSE(make_decoder(coding)->decode(bomb, 1'000'000)) << coding;
    EXPECT_EQ(make_decoder(coding)->decode(bomb, 8'000'000)->size(), 8'000'000U) << coding;
  }
  EXPECT_EQ(make_decoder("br"), nullptr);
  EXPECT_EQ(make_decoder("gzip, gzip"), nullptr);
}

TEST(ContentDecoder, SeveralMembersAreOneBody) {
  const std::string one = joined(coded("gzip", {"one"}));
  EXPECT_EQ(make_decoder("gzip")->decode(one + one, 100), "oneone");
}

TEST(ContentDecoder, OnlyWhatCanBeReadIsAccepted) {
  EXPECT_EQ(readable_codings("gzip, deflate, br, zstd;q=0.5"), "gzip, deflate, zstd;q=0.5");
  EXPECT_EQ(readable_codings("br"), "identity");
  EXPECT_EQ(readable_codings(""), "identity");
  EXPECT_EQ(readable_codings("*"), "identity");
  EXPECT_EQ(readable_codings("GZIP;q=1.0,identity;q=0"), "GZIP;q=1.0, identity;q=0");
}

using AcceptedTest = GatewayTest;

TEST_F(AcceptedTest, TheClientsOwnCodingsGoOnUnlessAFrameIsToBeTakenOut) {
  const auto accepted = [&] {
    return upstream().sent.fields.empty() ? "" : upstream().sent.fields.back().value;
  };
  send(kChat, plain_request(), {{"Accept-Encoding", "gzip, br"}});
  EXPECT_EQ(accepted(), "gzip");
  send(kChat, plain_request());
  EXPECT_EQ(accepted(), "identity");
  send(kChat, R"({"model":"m","stream":true,"messages":[]})", {{"Accept-Encoding", "gzip"}});
  EXPECT_EQ(accepted(), "identity");
}

}  // namespace
}  // namespace hansard::gateway::testing
