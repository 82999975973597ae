// Single bits of a data directory flip, anywhere. Each is refused at open, told by whoever reads
// it, found by `verify`, or changes nothing of what is read.

#include "bit_flips.h"

#include <array>
#include <cstdio>

#include "rig.h"

namespace hansard::faults {
namespace {

class Shares {
 public:
  void count(const std::string& kind, Noticed noticed) {
    ++counts_[kind][static_cast<std::size_t>(noticed)];
  }
  void print() const {
    std::printf("%-16s %7s", "flipped in", "flips");
    for (std::size_t i = 0; i < kNoticed; ++i) {
      std::printf(" %10s", std::string(name_of(static_cast<Noticed>(i))).c_str());
    }
    for (const auto& [kind, counts] : counts_) {
      std::uint64_t all = 0;
      for (const auto count : counts) all += count;
      std::printf("\n%-16s %7llu", kind.c_str(), static_cast<unsigned long long>(all));
      for (const auto count : counts) {
        std::printf(" %10llu", static_cast<unsigned long long>(count));
      }
    }
    std::printf("\n");
  }

 private:
  std::map<std::string, std::array<std::uint64_t, kNoticed>> counts_;
};

const Specimen& specimen() {
  static const Specimen instance = make_specimen(seed());
  return instance;
}

void flip(const Flip& flip, Shares& shares) {
  const Verdicts verdict = flip_one(specimen(), flip);
  shares.count(kind_of(flip.path), verdict.noticed);
  EXPECT_NE(verdict.noticed, Noticed::silent)
      << flip.path << ", byte " << flip.byte << ", bit " << flip.bit << ": " << verdict.why
      << "\nHANSARD_TEST_SEED=" << seed();
}

TEST(BitFlips, AFlipAnywhereIsNoticedOrHasNoEffect) {
  const std::uint64_t rounds = number_from("HANSARD_TEST_ROUNDS", HANSARD_FLIPS);
  std::vector<std::pair<std::string, std::uint64_t>> files;
  std::uint64_t bytes = 0;
  for (const auto& [path, size] : specimen().disk->files()) {
    if (kind_of(path).empty() || size == 0) continue;
    files.emplace_back(path, size);
    bytes += size;
  }
  std::printf("seed %llu: %llu flips over %zu files of %llu bytes, %zu events\n",
              static_cast<unsigned long long>(seed()), static_cast<unsigned long long>(rounds),
              files.size(), static_cast<unsigned long long>(bytes),
              specimen().contents.events.size());
  std::mt19937_64 random(seed());
  Shares shares;
  for (std::uint64_t i = 0; i < rounds; ++i) {
    std::uint64_t byte = random() % bytes;
    auto file = files.begin();
    for (; byte >= file->second; ++file) byte -= file->second;
    flip({file->first, byte, static_cast<unsigned>(random() % 8)}, shares);
  }
  shares.print();
}

/// The small files are seldom met by chance.
TEST(BitFlips, AFlipInASmallFileIsNoticedOrHasNoEffect) {
  Shares shares;
  std::uint64_t turn = 0;
  for (const auto& [path, size] : specimen().disk->files()) {
    const std::string kind = kind_of(path);
    if (kind.empty() || kind == "ballast" || kind == "table" || size > 1024) continue;
    for (std::uint64_t at = 0; at < 8 * size; ++at) {
      if (turn++ % HANSARD_FLIP_STRIDE != 0) continue;
      flip({path, at / 8, static_cast<unsigned>(at % 8)}, shares);
    }
  }
  shares.print();
}

TEST(BitFlips, OtherBytesThatNobodySpeaksOfAreCalledSilent) {
  const Flip harmless{"/data/ballast", 100, 1};
  EXPECT_EQ(flip_one(specimen(), harmless).noticed, Noticed::no_effect);
  Specimen other = specimen();
  other.contents.events[7].back() ^= 1;
  EXPECT_EQ(flip_one(other, harmless).noticed, Noticed::silent);
  other = specimen();
  other.contents.rows.pop_back();
  EXPECT_EQ(flip_one(other, harmless).noticed, Noticed::silent);
}

TEST(BitFlips, TheSpecimenHasEveryKindOfFile) {
  std::map<std::string, std::uint64_t> kinds;
  for (const auto& [path, size] : specimen().disk->files()) kinds[kind_of(path)] += size;
  for (const char* kind : {"table", "write-ahead log", "manifest", "CURRENT", "IDENTITY", "OPTIONS",
                           "HEAD", "LOCK", "ballast", "keys/store.key", "keys/log.id"}) {
    EXPECT_GT(kinds[kind], 0U) << kind;
  }
}

}  // namespace
}  // namespace hansard::faults
