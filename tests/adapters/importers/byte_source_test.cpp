#include "importers/byte_source.h"

#include <gtest/gtest.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace {

using hansard::core::Errc;
using hansard::core::Result;
using hansard::importers::open_source;

class ByteSource : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() /
              ("hansard-bytes-" + std::to_string(::getpid()) + "-" +
               ::testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string write(const std::string& name, const std::string& bytes) {
    const auto path = folder_ / name;
    std::ofstream(path, std::ios::binary) << bytes;
    return path;
  }
  static std::string compress(const std::string& bytes) {
    ZSTD_CCtx* context = ZSTD_createCCtx();
    ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
    std::string out(ZSTD_compressBound(bytes.size()), '\0');
    out.resize(ZSTD_compress2(context, out.data(), out.size(), bytes.data(), bytes.size()));
    ZSTD_freeCCtx(context);
    return out;
  }
  static std::string gzip(const std::string& bytes) {
    z_stream stream{};
    EXPECT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
    std::string in = bytes;
    std::string out(deflateBound(&stream, in.size()), '\0');
    stream.next_in = reinterpret_cast<Bytef*>(in.data());
    stream.avail_in = static_cast<uInt>(in.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
    out.resize(stream.total_out);
    deflateEnd(&stream);
    return out;
  }
  static Result<std::string> read_all(const std::string& path) {
    auto source = open_source(path);
    if (!source) return source.error();
    std::string all;
    for (;;) {
      auto piece = (*source)->next();
      if (!piece) return piece.error();
      if (piece->empty()) return all;
      all += *piece;
    }
  }

  std::filesystem::path folder_;
};

std::string long_text() {
  std::string text;
  for (int i = 0; i < 200'000; ++i) text += std::to_string(i * 7919 % 100'003) + " ";
  return text;
}

TEST_F(ByteSource, ReadsPlainFilesWhole) {
  const std::string text = long_text();
  EXPECT_EQ(read_all(write("a.json", text)).value(), text);
  EXPECT_EQ(read_all(write("empty.json", "")).value(), "");
  EXPECT_EQ(read_all(write("tiny.json", "{}")).value(), "{}");
}

TEST_F(ByteSource, RecognisesZstandardByItsBytes) {
  const std::string text = long_text();
  EXPECT_EQ(read_all(write("named_json.json", compress(text))).value(), text);
}

TEST_F(ByteSource, ReadsSeveralFramesAsOneText) {
  EXPECT_EQ(read_all(write("a.zst", compress("one ") + compress("two"))).value(), "one two");
}

TEST_F(ByteSource, RecognisesGzipByItsBytesAndReadsItsMembersAsOneText) {
  const std::string text = long_text();
  EXPECT_EQ(read_all(write("a.gz", gzip(text))).value(), text);
  EXPECT_EQ(read_all(write("b.gz", gzip("one ") + gzip("") + gzip("two"))).value(), "one two");
}

TEST_F(ByteSource, SaysWhenAGzipFileIsCutOffOrBroken) {
  std::string bytes = gzip(long_text());
  EXPECT_NE(
      read_all(write("cut.gz", bytes.substr(0, bytes.size() / 2))).error().message.find("cut"),
      std::string::npos);
  EXPECT_EQ(read_all(write("head.gz", bytes.substr(0, 5))).error().code, Errc::invalid_argument);
  bytes[bytes.size() / 2] ^= 0x10;
  EXPECT_EQ(read_all(write("broken.gz", bytes)).error().code, Errc::invalid_argument);
}

TEST_F(ByteSource, SaysWhenTheCompressedFormIsCutOff) {
  std::string bytes = compress(long_text());
  bytes.resize(bytes.size() / 2);
  const auto result = read_all(write("cut.zst", bytes));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Errc::invalid_argument);
  EXPECT_NE(result.error().message.find("cut off"), std::string::npos) << result.error().message;
}

TEST_F(ByteSource, SaysWhenTheCompressedFormIsBroken) {
  std::string bytes = compress(long_text());
  for (std::size_t i = 1000; i < 1100; ++i) bytes[i] = static_cast<char>(bytes[i] ^ 0x5a);
  const auto result = read_all(write("broken.zst", bytes));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Errc::invalid_argument);
}

TEST_F(ByteSource, NamesWhatItCannotOpen) {
  EXPECT_EQ(read_all(folder_ / "missing").error().code, Errc::not_found);
  EXPECT_EQ(read_all(folder_).error().code, Errc::invalid_argument);
}

}  // namespace
