#include "importers/zip_source.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <fstream>

#include "zip_writer.h"

namespace {

using namespace hansard;
using core::Errc;
using importers::ZipArchive;
using importers::ZipLimits;
using importers::test::zip;
using importers::test::ZipFile;
using importers::test::ZipLies;

class Zip : public testing::Test {
 protected:
  Zip() {
    std::string name = testing::TempDir() + "hansard-zip-XXXXXX";
    const int fd = ::mkstemp(name.data());
    ::close(fd);
    path_ = name;
  }
  ~Zip() override { ::unlink(path_.c_str()); }

  void write(const std::string& bytes) const {
    std::ofstream(path_, std::ios::binary | std::ios::trunc) << bytes;
  }
  core::Error refused(const std::string& bytes, ZipLimits limits = {}) const {
    write(bytes);
    auto archive = ZipArchive::open(path_, limits);
    if (!archive) return archive.error();
    for (const auto& entry : archive->entries()) {
      auto status = archive->unpack(entry, [](std::string_view) {});
      if (!status) return status.error();
    }
    return {Errc::internal, "it was read"};
  }
  core::Result<std::string> lines(const std::string& bytes, ZipLimits limits = {}) const {
    write(bytes);
    auto source = importers::open_eval(path_, limits);
    if (!source) return source.error();
    std::string all;
    for (;;) {
      auto piece = (*source)->next();
      if (!piece) return piece.error();
      if (piece->empty()) return all;
      all.append(*piece);
    }
  }

  std::string path_;
};

constexpr std::array<std::uint16_t, 3> kMethods = {0, 8, 93};

const std::vector<ZipFile> kLog = {{"_journal/start.json", "{}", 0},
                                   {"samples/1_epoch_1.json", "{\n \"id\": 1\n}", 8},
                                   {"header.json", "{\"eval\":{}}", 93},
                                   {"samples/2_epoch_1.json", "{\"id\":2}", 93},
                                   {"samples/notes.txt", "x", 0}};

TEST_F(Zip, ALogIsItsHeaderAndThenItsSamplesALineEach) {
  const auto all = lines(zip(kLog));
  ASSERT_TRUE(all) << all.error().message;
  EXPECT_EQ(*all, "{\"eval\":{}}\n{  \"id\": 1 }\n{\"id\":2}\n");
}

TEST_F(Zip, EveryMethodUnpacksToTheSame) {
  std::string text;
  for (int i = 0; i < 50'000; ++i) text += "line " + std::to_string(i * 7919 % 1000) + " ";
  for (const std::uint16_t method : kMethods) {
    write(zip({{"a", text, method}}));
    const auto archive = ZipArchive::open(path_);
    ASSERT_TRUE(archive);
    std::string out;
    const auto status = archive->unpack(archive->entries().at(0),
                                        [&](std::string_view piece) { out.append(piece); });
    EXPECT_TRUE(status) << method;
    EXPECT_EQ(out, text) << method;
  }
}

TEST_F(Zip, TheWideFormReadsTheSame) {
  EXPECT_EQ(*lines(zip(kLog, {.wide = true})), *lines(zip(kLog)));
}

TEST_F(Zip, AnArchiveWithoutAHeaderIsNoLog) {
  const auto all = lines(zip({{"samples/1.json", "{}", 0}}));
  ASSERT_FALSE(all);
  EXPECT_EQ(all.error().code, Errc::invalid_argument);
  EXPECT_NE(all.error().message.find("header.json"), std::string::npos);
}

TEST_F(Zip, SizesAndChecksumsAreNotBelieved) {
  for (const std::uint16_t method : kMethods) {
    const std::vector<ZipFile> one = {{"a.json", std::string(1000, 'x'), method}};
    EXPECT_NE(refused(zip(one, {.size = -1})).message.find("more than its size"), std::string::npos)
        << method;
    EXPECT_NE(refused(zip(one, {.size = 1})).message.find("less than its size"), std::string::npos)
        << method;
    EXPECT_NE(refused(zip(one, {.crc = 1})).message.find("checksum"), std::string::npos) << method;
  }
}

TEST_F(Zip, ABombStopsAtItsPromise) {
  const std::vector<ZipFile> bomb = {{"a.json", std::string(32U << 20, '0'), 8}};
  EXPECT_EQ(refused(zip(bomb, {.size = 1000 - (32 << 20)})).code, Errc::invalid_argument);
  EXPECT_EQ(refused(zip(bomb), {.entry_bytes_max = 1U << 20}).code, Errc::too_large);
  const auto all =
      lines(zip({{"header.json", std::string(2000, ' '), 8}}), {.document_bytes_max = 1000});
  EXPECT_EQ(all.error().code, Errc::too_large);
}

TEST_F(Zip, EntriesThatOverlapAreRefused) {
  const std::vector<ZipFile> two = {{"a", "aaaa", 0}, {"a", "aaaa", 0}};
  EXPECT_NE(refused(zip(two, {.all_at_first = true})).message.find("overlaps"), std::string::npos);
}

TEST_F(Zip, ALocalHeaderMustAgreeWithTheDirectory) {
  EXPECT_NE(refused(zip({{"a", "x", 0}}, {.local_name = "b"})).message.find("contradicts"),
            std::string::npos);
}

TEST_F(Zip, WhatIsNotReadIsSaid) {
  EXPECT_EQ(refused(zip({{"a", "x", 0}}, {.flags = 1})).code, Errc::unsupported);
  const auto why = refused(zip({{"a", "x", 12}}));
  EXPECT_EQ(why.code, Errc::unsupported);
  EXPECT_NE(why.message.find("method 12"), std::string::npos);
  EXPECT_EQ(refused(zip(kLog), {.entries_max = 2}).code, Errc::too_large);
  EXPECT_EQ(ZipArchive::open("/no/such/file").error().code, Errc::not_found);
}

TEST_F(Zip, CutOrFlippedAnywhereItIsRefusedOrReadsTheSame) {
  const std::string whole = zip(kLog);
  const std::string right = *lines(whole);
  for (std::size_t cut = 0; cut < whole.size(); ++cut) {
    const auto all = lines(whole.substr(0, cut));
    EXPECT_FALSE(all) << "cut at " << cut;
  }
  for (std::size_t at = 0; at < whole.size(); ++at) {
    const std::size_t bit = at % 8;
    std::string bent = whole;
    bent[at] = static_cast<char>(bent[at] ^ (1 << bit));
    const auto all = lines(bent);
    // A changed name takes an entry out of the log; what is read is whole.
    const bool fewer = all && all->size() < right.size();
    EXPECT_TRUE(!all || *all == right || fewer) << "bit " << bit << " of byte " << at;
  }
}

TEST_F(Zip, IsKnownByItsFirstBytes) {
  EXPECT_TRUE(importers::is_zip(zip(kLog)));
  EXPECT_FALSE(importers::is_zip("{\"a\":1}"));
  EXPECT_FALSE(importers::is_zip("PK"));
}

}  // namespace
