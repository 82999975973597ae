// Every fuzz target over its seeds, over what is left of them when they are cut off, and over
// seeded damage: what a hunt has found once stays found, and no target rots.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "target.h"

namespace hansard::fuzz {
namespace {

constexpr std::size_t kSeedBytesMax = 8U << 10;
constexpr std::size_t kFolderBytesMax = 64U << 10;

/// A line of what `./dev fuzz` goes through.
struct Row {
  std::string target;
  std::filesystem::path seeds;
};

std::vector<Row> rows() {
  std::ifstream in(HANSARD_FUZZ_TARGETS);
  std::vector<Row> out;
  std::string target;
  std::string seeds;
  std::string dictionary;
  while (in >> target >> seeds >> dictionary) out.push_back({target, seeds});
  return out;
}

const Target* named(const std::string& name) {
  const auto found = std::find_if(targets().begin(), targets().end(),
                                  [&](const Target& target) { return target.name == name; });
  return found == targets().end() ? nullptr : &*found;
}

struct Seed {
  std::string name;
  std::string bytes;
};

std::vector<Seed> seeds_in(const std::filesystem::path& folder) {
  std::vector<Seed> seeds;
  if (!std::filesystem::is_directory(folder)) return seeds;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    std::ifstream in(entry.path(), std::ios::binary);
    std::ostringstream bytes;
    bytes << in.rdbuf();
    seeds.push_back({entry.path().filename().string(), bytes.str()});
  }
  std::sort(seeds.begin(), seeds.end(),
            [](const Seed& a, const Seed& b) { return a.name < b.name; });
  return seeds;
}

/// Damage per seed: 8, or what HANSARD_TEST_ROUNDS says.
std::size_t rounds() {
  const char* chosen = std::getenv("HANSARD_TEST_ROUNDS");
  const unsigned long value = chosen == nullptr ? 0 : std::strtoul(chosen, nullptr, 10);
  return std::max<std::size_t>(value, 8);
}

std::string damaged(std::string bytes, std::mt19937_64& random) {
  for (std::uint64_t left = 1 + random() % 4; left > 0 && !bytes.empty(); --left) {
    const std::size_t at = random() % bytes.size();
    switch (random() % 4) {
      case 0:
        bytes[at] = static_cast<char>(random());
        break;
      case 1:
        bytes.erase(at, 1 + random() % 8);
        break;
      case 2:
        bytes.insert(at, bytes.substr(random() % bytes.size(), 1 + random() % 16));
        break;
      default:
        bytes.resize(at);
    }
  }
  return bytes;
}

TEST(FuzzTargets, EachIsInTheListOfTheHuntAndEachOfTheListIsThere) {
  std::set<std::string> listed;
  for (const Row& row : rows()) listed.insert(row.target);
  std::set<std::string> announced;
  for (const Target& target : targets()) announced.insert(target.name);
  EXPECT_EQ(listed, announced);
}

TEST(FuzzTargets, SeedsAreThereAndSmall) {
  for (const Row& row : rows()) {
    const std::vector<Seed> seeds = seeds_in(row.seeds);
    EXPECT_FALSE(seeds.empty()) << row.seeds;
    if (row.seeds.parent_path().filename() != "corpus") continue;  // golden files have other rules
    std::size_t bytes = 0;
    for (const Seed& seed : seeds) {
      EXPECT_LE(seed.bytes.size(), kSeedBytesMax) << row.seeds / seed.name;
      bytes += seed.bytes.size();
    }
    EXPECT_LE(bytes, kFolderBytesMax) << row.seeds;
  }
}

TEST(FuzzTargets, HoldOnTheirSeedsAndOnDamagedOnes) {
  constexpr std::uint64_t kRandomSeed = 20240601;
  for (const Row& row : rows()) {
    const Target* target = named(row.target);
    ASSERT_NE(target, nullptr) << row.target;
    // A broken promise ends the process: the last line says of which target and seed.
    std::mt19937_64 random(kRandomSeed);
    for (const Seed& seed : seeds_in(row.seeds)) {
      SCOPED_TRACE(row.target + " on " + seed.name);
      std::printf("%s on %s, random seed %llu\n", row.target.c_str(), seed.name.c_str(),
                  static_cast<unsigned long long>(kRandomSeed));
      std::fflush(stdout);
      target->run(seed.bytes);
      for (std::size_t i = 0; i < rounds(); ++i) target->run(damaged(seed.bytes, random));
    }
    target->run("");
  }
}

}  // namespace
}  // namespace hansard::fuzz
