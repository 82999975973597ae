// How well the detectors tell what is one from what looks like one: on a made corpus, with floors.
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <map>

#include "corpus.h"

namespace hansard::events {
namespace {

constexpr std::uint32_t kSeed = 20'260'301;
constexpr int kPerKind = 3'000;
constexpr int kNothings = 12'000;

struct Tally {
  int right = 0;
  int missed = 0;
  int wrong = 0;
  std::map<std::string, int> missed_forms;
  std::map<std::string, int> wrong_forms;
  [[nodiscard]] double precision() const {
    return static_cast<double>(right) / std::max(1, right + wrong);
  }
  [[nodiscard]] double recall() const {
    return static_cast<double>(right) / std::max(1, right + missed);
  }
};

std::string shown(const std::map<std::string, int>& forms) {
  std::string out;
  for (const auto& [form, count] : forms) out += " " + form + ":" + std::to_string(count);
  return out;
}

/// A hit counts when its bytes are those expected, no more and no fewer.
TEST(DetectorsOnACorpus, FindWhatIsThereAndNothingElse) {
  corpus::Maker maker(kSeed);
  std::vector<corpus::Sample> samples;
  for (int i = 0; i < kPerKind; ++i) {
    samples.push_back(maker.email());
    samples.push_back(maker.phone());
    samples.push_back(maker.card());
    samples.push_back(maker.key());
  }
  for (int i = 0; i < kNothings; ++i) samples.push_back(maker.nothing());

  std::array<Tally, kDetectorNames.size()> tallies;
  std::map<std::string, std::string> examples;
  for (const auto& sample : samples) {
    bool found = false;
    for (const Hit& hit : detect(sample.text, Detectors::all())) {
      auto& tally = tallies[static_cast<std::size_t>(hit.what)];
      if (sample.expected && hit == *sample.expected) {
        found = true;
        ++tally.right;
      } else {
        ++tally.wrong;
        ++tally.wrong_forms[sample.form];
        examples.emplace("wrong " + sample.form,
                         sample.text + " -> " + sample.text.substr(hit.begin, hit.end - hit.begin));
      }
    }
    if (sample.expected && !found) {
      auto& tally = tallies[static_cast<std::size_t>(sample.expected->what)];
      ++tally.missed;
      ++tally.missed_forms[sample.form];
      examples.emplace("missed " + sample.form, sample.text);
    }
  }

  std::printf("seed %u, %d of each kind, %d of none\n", kSeed, kPerKind, kNothings);
  for (std::size_t i = 0; i < tallies.size(); ++i) {
    const Tally& tally = tallies[i];
    std::printf("%-6s precision %.4f recall %.4f (right %d, missed %d, wrong %d)%s%s%s%s\n",
                std::string(kDetectorNames[i]).c_str(), tally.precision(), tally.recall(),
                tally.right, tally.missed, tally.wrong, tally.missed > 0 ? " missed:" : "",
                shown(tally.missed_forms).c_str(), tally.wrong > 0 ? " wrong:" : "",
                shown(tally.wrong_forms).c_str());
    const bool phone = static_cast<Detector>(i) == Detector::phone;
    const double floor = phone ? 0.95 : 0.98;
    EXPECT_GE(tally.precision(), floor) << kDetectorNames[i];
    EXPECT_GE(tally.recall(), floor) << kDetectorNames[i];
  }
  for (const auto& [form, example] : examples) {
    std::printf("  %s: %s\n", form.c_str(), example.substr(0, 160).c_str());
  }
}

}  // namespace
}  // namespace hansard::events
