#include <gtest/gtest.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "adapters/http/raw_client.h"
#include "stage.h"

/// Clients that mean it badly, many at a time, on the real server. Each is told what it did and
/// counted, and the healthy clients notice nothing but time.
namespace hansard::overload {
namespace {

using http::testing::Answer;
using http::testing::RawClient;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr std::uint64_t kBodyBytes = 1U << 20;

std::string head(std::string_view method, std::string_view target, std::string_view fields) {
  return std::string(method) + " " + std::string(target) + " HTTP/1.1\r\nHost: localhost\r\n" +
         "Content-Type: application/json\r\n" + std::string(fields) + "\r\n";
}

std::string gzipped(std::uint64_t count, std::string_view unit) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out;
  std::string room(64U << 10, '\0');
  std::string piece;
  while (piece.size() < (1U << 20)) piece += unit;
  for (std::uint64_t left = count; left > 0;) {
    const auto now = static_cast<uInt>(std::min<std::uint64_t>(left, piece.size()));
    left -= now;
    stream.next_in = reinterpret_cast<Bytef*>(piece.data());
    stream.avail_in = now;
    do {
      stream.next_out = reinterpret_cast<Bytef*>(room.data());
      stream.avail_out = static_cast<uInt>(room.size());
      EXPECT_GE(deflate(&stream, left == 0 ? Z_FINISH : Z_NO_FLUSH), Z_OK);
      out.append(room, 0, room.size() - stream.avail_out);
    } while (stream.avail_out == 0);
  }
  deflateEnd(&stream);
  return out;
}

std::string zstandard(const std::string& bytes, int window_log) {
  ZSTD_CCtx* const context = ZSTD_createCCtx();
  ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, window_log);
  std::string out(ZSTD_compressBound(bytes.size()), '\0');
  ZSTD_inBuffer from{bytes.data(), bytes.size(), 0};
  ZSTD_outBuffer to{out.data(), out.size(), 0};
  // As a stream, so that the window is as large as asked for and not as the content.
  EXPECT_EQ(ZSTD_isError(ZSTD_compressStream2(context, &to, &from, ZSTD_e_flush)), 0U);
  EXPECT_EQ(ZSTD_isError(ZSTD_compressStream2(context, &to, &from, ZSTD_e_end)), 0U);
  ZSTD_freeCCtx(context);
  out.resize(to.pos);
  return out;
}

class HostileCrowds : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    stage_ = std::make_unique<Stage>(Stage::Limits{
        {"connections", crowd() + 64},
        {"header_ms", 1500},
        {"body_stall_ms", 1500},
        {"body_grace_ms", 1500},
        {"bytes_per_second", 16U << 10},
        {"body_bytes", kBodyBytes},
        {"line_bytes", 64U << 10},
        {"bodies_bytes", 32U << 20},
    });
    stage_->start();
  }
  static void TearDownTestSuite() {
    if (stage_->port() != 0) stage_->end();
    stage_ = nullptr;
  }
  void SetUp() override {
    ASSERT_NE(stage_->port(), 0);
    served_ = stage_->served();
    before_mb_ = stage_->resident_mb();
  }
  void TearDown() override {
    if (stage_->port() == 0) return;
    EXPECT_TRUE(others_go_on()) << "the healthy clients are not served any more";
    EXPECT_LT(stage_->resident_mb() - before_mb_, 256) << "of memory, in MB";
  }
  bool others_go_on() const {
    const std::uint64_t now = stage_->served();
    const auto until = Clock::now() + std::chrono::seconds(5);
    while (stage_->served() < now + 16 && Clock::now() < until) {
      std::this_thread::sleep_for(milliseconds(5));
    }
    return stage_->served() >= now + 16 && stage_->served() > served_;
  }

  using Crowd = std::vector<std::unique_ptr<RawClient>>;
  static Crowd come(std::size_t count) {
    Crowd clients;
    for (std::size_t i = 0; i < count; ++i) {
      clients.push_back(std::make_unique<RawClient>(stage_->port()));
      EXPECT_TRUE(clients.back()->connected());
    }
    return clients;
  }
  /// A byte of `bytes` from each in turn (then its last one again and again), until all are told
  /// something.
  static void dribble(Crowd& clients, std::string_view bytes) {
    std::vector<bool> told(clients.size());
    const auto until = Clock::now() + std::chrono::seconds(60);
    std::size_t left = clients.size();
    for (std::size_t at = 0; left > 0; ++at) {
      ASSERT_LT(Clock::now(), until) << left << " of " << clients.size() << " still dribble";
      const auto pace = Clock::now() + milliseconds(20);
      for (std::size_t i = 0; i < clients.size(); ++i) {
        if (told[i]) continue;
        const bool taken = clients[i]->send(bytes.substr(std::min(at, bytes.size() - 1), 1));
        told[i] = !taken || clients[i]->readable(milliseconds(0));
        if (told[i]) --left;
      }
      std::this_thread::sleep_until(pace);
    }
  }
  static void expect_told(const Answer& answer, int status, std::string_view code) {
    EXPECT_EQ(answer.status, status) << answer.head << answer.body;
    EXPECT_TRUE(answer.says("\"code\":\"" + std::string(code) + "\"")) << answer.body;
  }

  static inline std::unique_ptr<Stage> stage_;
  std::uint64_t served_ = 0;
  double before_mb_ = 0;
};

TEST_F(HostileCrowds, SlowHeadsAreTold408AndCounted) {
  const double before = stage_->hits("header_ms");
  Crowd clients = come(crowd());
  dribble(clients, "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Slow: xx");
  for (auto& client : clients) {
    expect_told(client->read_answer(), 408, "timed_out");
    EXPECT_TRUE(client->closed());
  }
  EXPECT_EQ(stage_->hits("header_ms") - before, static_cast<double>(clients.size()));
}

TEST_F(HostileCrowds, ThoseThatNeverSpeakAreTold408AndCounted) {
  const double before = stage_->hits("header_ms");
  Crowd clients = come(crowd());
  for (auto& client : clients) expect_told(client->read_answer(), 408, "timed_out");
  EXPECT_EQ(stage_->hits("header_ms") - before, static_cast<double>(clients.size()));
}

TEST_F(HostileCrowds, SlowBodiesAreTold408AndCounted) {
  const double before = stage_->hits("bytes_per_second") + stage_->hits("body_stall_ms");
  Crowd clients = come(crowd());
  for (auto& client : clients) {
    EXPECT_TRUE(client->send(head("POST", "/v1/append", "Content-Length: 100000\r\n")));
  }
  dribble(clients, "  ");
  for (auto& client : clients) {
    expect_told(client->read_answer(), 408, "timed_out");
    EXPECT_TRUE(client->closed());
  }
  const double now = stage_->hits("bytes_per_second") + stage_->hits("body_stall_ms");
  EXPECT_EQ(now - before, static_cast<double>(clients.size()));
}

TEST_F(HostileCrowds, APipelineIsAnsweredInOrderAtItsReadersPace) {
  constexpr std::size_t kRequests = 20'000;
  RawClient client(stage_->port());
  std::thread writer([&] {
    std::string batch;
    for (std::size_t i = 0; i < kRequests; ++i) {
      batch += "GET /nothing/" + std::to_string(i) + " HTTP/1.1\r\nHost: localhost\r\n\r\n";
    }
    client.send(batch);
  });
  std::size_t answered = 0;
  while (answered < kRequests && client.read_answer().status == 404) ++answered;
  writer.join();
  EXPECT_EQ(answered, kRequests);
}

TEST_F(HostileCrowds, PipelinesThatAreNeverReadAreCutAndCounted) {
  const double before = stage_->hits("bytes_per_second");
  const std::size_t count = std::min<std::size_t>(crowd(), 200);
  const std::string request = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
  std::string batch;
  while (batch.size() < 64U << 10) batch += request;
  std::vector<std::thread> writers;
  // Each sends until the server stops taking, and is then cut.
  for (std::size_t i = 0; i < count; ++i) {
    writers.emplace_back([&] {
      RawClient client(stage_->port());
      client.receive_buffer(4096);
      while (client.send(batch)) {
      }
    });
  }
  for (auto& writer : writers) writer.join();
  EXPECT_TRUE(stage_->reaches("hansard_http_limit_hits_total{limit=\"bytes_per_second\"}",
                              before + static_cast<double>(count)));
}

TEST_F(HostileCrowds, RequestsWithTwoReadingsAreRefusedWithWhatFollowsThem) {
  const std::string hidden = "GET /v1/sessions HTTP/1.1\r\nHost: localhost\r\n\r\n";
  const struct {
    std::string_view what;
    std::string bytes;
    std::string_view field;
    int status = 400;
  } shapes[] = {
      {"length and chunks",
       head("POST", "/v1/append", "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n") +
           "0\r\n\r\n",
       "Transfer-Encoding"},
      {"chunks and length",
       head("POST", "/v1/append", "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n") +
           "0\r\n\r\n",
       "Content-Length"},
      {"two lengths",
       head("POST", "/v1/append", "Content-Length: 2\r\nContent-Length: 30\r\n") + "{}",
       "Content-Length"},
      {"one length twice",
       head("POST", "/v1/append", "Content-Length: 2\r\nContent-Length: 2\r\n") + "{}",
       "Content-Length"},
      {"a length with a sign", head("POST", "/v1/append", "Content-Length: +2\r\n") + "{}",
       "Content-Length"},
      {"two codings",
       head("POST", "/v1/append", "Transfer-Encoding: gzip, chunked\r\n") + "0\r\n\r\n",
       "Transfer-Encoding"},
      {"an unknown coding", head("POST", "/v1/append", "Transfer-Encoding: xchunked\r\n"),
       "Transfer-Encoding"},
      {"a space before the colon",
       head("POST", "/v1/append", "Transfer-Encoding : chunked\r\n") + "0\r\n\r\n", "header"},
      {"a chunk of a negative size",
       head("POST", "/v1/append", "Transfer-Encoding: chunked\r\n") + "-1\r\n\r\n", "body"},
      {"a chunk larger than numbers",
       head("POST", "/v1/append", "Transfer-Encoding: chunked\r\n") + "fffffffffffffffff\r\n\r\n",
       "body"},
      {"a line break of one byte", "GET /healthz HTTP/1.1\nHost: localhost\n\n", "version", 505},
      {"a length after the body",
       head("POST", "/v1/append", "Transfer-Encoding: chunked\r\n") +
           "2\r\n{}\r\n0\r\nContent-Length: 9\r\n\r\n",
       "Content-Length"},
      {"a second host", "GET /healthz HTTP/1.1\r\nHost: localhost\r\nHost: b\r\n\r\n", "Host"},
  };
  for (const auto& shape : shapes) {
    RawClient client(stage_->port());
    ASSERT_TRUE(client.send(shape.bytes + hidden));
    const Answer answer = client.read_answer();
    expect_told(answer, shape.status, "invalid_argument");
    EXPECT_TRUE(answer.says("\"field\":\"" + std::string(shape.field)))
        << shape.what << ": " << answer.body;
    if (shape.what == "a second host") continue;  // its framing is sound: the next one is its own
    EXPECT_TRUE(client.closed()) << shape.what << ": what follows was read as a request";
  }
}

TEST_F(HostileCrowds, FoldedFieldsAndChunkExtensionsHideNothing) {
  RawClient client(stage_->port());
  ASSERT_TRUE(
      client.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-A: b\r\n "
                  "Transfer-Encoding: chunked\r\n\r\n" +
                  head("POST", "/v1/append", "Transfer-Encoding: chunked\r\n") +
                  "2;a=\"x;y\"\r\n{}\r\n0;last\r\nX-After: 9\r\n\r\n"
                  "GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n"));
  EXPECT_EQ(client.read_answer().status, 200);
  expect_told(client.read_answer(), 400, "invalid_argument");  // an append without records
  EXPECT_EQ(client.read_answer().status, 404);
}

TEST_F(HostileCrowds, BombsAreRefusedAtTheLimitOfWhatTheyExpandTo) {
  const std::string bomb = gzipped(512U << 20, std::string(1U << 20, ' '));
  const double before = stage_->hits("body_bytes");
  const std::size_t count = std::min<std::size_t>(crowd(), 64);
  Crowd clients = come(count);
  for (auto& client : clients) {
    client->send(
        head("POST", "/v1/append",
             "Content-Encoding: gzip\r\nContent-Length: " + std::to_string(bomb.size()) + "\r\n") +
        bomb);
  }
  for (auto& client : clients) expect_told(client->read_answer(), 413, "too_large");
  EXPECT_EQ(stage_->hits("body_bytes") - before, static_cast<double>(count));
  std::printf("%zu bombs of %zu bytes that expand to 512 MiB\n", count, bomb.size());
}

TEST_F(HostileCrowds, ABodyOverTheLimitOnlyWhenExpandedIsTooLargeAndOneBelowIsRead) {
  const auto send = [&](std::uint64_t bytes) {
    const std::string packed = gzipped(bytes, std::string(1U << 20, ' '));
    RawClient client(stage_->port());
    client.send(head("POST", "/v1/append",
                     "Content-Encoding: gzip\r\nContent-Length: " + std::to_string(packed.size()) +
                         "\r\n") +
                packed);
    return client.read_answer();
  };
  expect_told(send(kBodyBytes + 1), 413, "too_large");
  expect_told(send(kBodyBytes), 400, "invalid_argument");  // white space is no JSON
}

TEST_F(HostileCrowds, ABombOfALineCostsThatLineAlone) {
  const double before = stage_->hits("line_bytes");
  const std::string line = R"({"post":"/v1/sessions","body":{"session_id":"after-the-bomb"}})";
  const std::string bomb = gzipped(256U << 20, std::string(1U << 20, 'x')) +
                           gzipped(line.size() + 2, "\n" + line + "\n");
  RawClient client(stage_->port());
  client.send(
      "POST /v1/ingest HTTP/1.1\r\nHost: localhost\r\nContent-Encoding: gzip\r\n"
      "Content-Type: application/x-ndjson\r\nContent-Length: " +
      std::to_string(bomb.size()) + "\r\n\r\n" + bomb);
  const Answer answer = client.read_answer();
  EXPECT_TRUE(answer.says("too_large")) << answer.status << answer.body;
  EXPECT_TRUE(answer.says("\"accepted\":1")) << answer.body;
  EXPECT_EQ(stage_->hits("line_bytes") - before, 1);
}

TEST_F(HostileCrowds, AWindowLargerThanDecodersMustAllowIsRefused) {
  const std::string body = zstandard(std::string(4096, ' '), 27);
  RawClient client(stage_->port());
  client.send(
      head("POST", "/v1/append",
           "Content-Encoding: zstd\r\nContent-Length: " + std::to_string(body.size()) + "\r\n") +
      body);
  expect_told(client.read_answer(), 400, "invalid_argument");
}

}  // namespace
}  // namespace hansard::overload
