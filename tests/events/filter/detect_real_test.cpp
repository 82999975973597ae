// What the detectors find in recordings of real conversations, whose secrets were taken out before
// they were published: next to nothing is right, so what is found is printed to be looked at.
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <set>

#include "events/filter/detect.h"
#include "real_data.h"

namespace hansard::events {
namespace {

struct Found {
  std::size_t texts = 0;
  std::size_t bytes = 0;
  std::array<std::set<std::string>, kDetectorNames.size()> hits;
};

void look(const Json& tree, std::string_view name, Found& found) {
  if (const std::string* text = tree.if_string()) {
    ++found.texts;
    found.bytes += text->size();
    for (const Hit& hit : detect(*text, Detectors::all(), name)) {
      found.hits[static_cast<std::size_t>(hit.what)].insert(
          text->substr(hit.begin, hit.end - hit.begin));
    }
  } else if (const auto* array = tree.if_array()) {
    for (const Json& element : *array) look(element, name, found);
  } else if (const auto* object = tree.if_object()) {
    for (const Json::Member& member : *object) look(member.value, member.key, found);
  }
}

TEST(DetectorsOnRealTexts, FindLittle) {
  if (real::folder().empty()) GTEST_SKIP() << "HANSARD_SHARED_DATA is not set";
  Found found;
  for (const auto& file : std::filesystem::directory_iterator(real::folder())) {
    const std::string name = file.path().filename().string();
    if (!name.ends_with(".jsonl.zst")) continue;
    real::each_line(name, [&](const Json& line) { look(line, {}, found); });
  }
  std::printf("%zu texts, %zu bytes\n", found.texts, found.bytes);
  for (std::size_t i = 0; i < found.hits.size(); ++i) {
    std::printf("%s: %zu different\n", std::string(kDetectorNames[i]).c_str(),
                found.hits[i].size());
    if (static_cast<Detector>(i) == Detector::email) continue;
    for (const std::string& hit : found.hits[i]) std::printf("  %.60s\n", hit.c_str());
  }
  const auto count = [&](Detector what) {
    return found.hits[static_cast<std::size_t>(what)].size();
  };
  EXPECT_GT(found.texts, 10'000U);
  EXPECT_GT(count(Detector::email), 30U) << "made-up customers have addresses";
  EXPECT_LE(count(Detector::phone), 4U);
  EXPECT_LE(count(Detector::card), 1U);
  EXPECT_LE(count(Detector::key), 10U);
}

}  // namespace
}  // namespace hansard::events
