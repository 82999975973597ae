#include "events/json_patch.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace hansard::events {
namespace {

Json parsed(const std::string& text) { return parse_json(text).value(); }

TEST(JsonPatch, SaysOnlyWhatDiffers) {
  const Json recorded = parsed(R"({"role":"assistant","content":"Hello","refusal":null,"n":[]})");
  const Json echoed = parsed(R"({"content":"Hello","role":"assistant"})");
  EXPECT_FALSE(diff_tree(recorded, recorded));
  const auto patch = diff_tree(recorded, echoed);
  ASSERT_TRUE(patch);
  EXPECT_EQ(dump(*patch), R"({"in":{"refusal":{"-":true},"n":{"-":true}}})");
}

TEST(JsonPatch, ReachesIntoArraysOfOneLength) {
  const auto patch = diff_tree(parsed(R"({"a":[{"t":"long text"},2]})"),
                               parsed(R"({"a":[{"t":"long text","cache":{"x":1}},2]})"));
  EXPECT_EQ(dump(*patch), R"({"in":{"a":{"at":{"0":{"in":{"cache":{"=":{"x":1}}}}}}}})");
}

TEST(JsonPatch, APatchThatDoesNotFitIsCorruption) {
  for (const char* patch :
       {R"({})", R"(7)", R"({"in":{"b":{"-":true}}})", R"({"at":{"0":{"=":1}}})",
        R"({"in":{"a":{"at":{"5":{"=":1}}}}})", R"({"in":7})"}) {
    const auto applied = apply_patch(parsed(R"({"a":[1]})"), parsed(patch));
    ASSERT_FALSE(applied) << patch;
    EXPECT_EQ(applied.error().code, core::Errc::corruption);
  }
}

/// A tree with few keys and values, so that two of them are alike in places.
Json random_tree(std::mt19937& random, int depth) {
  const auto pick = random() % (depth > 0 ? 6 : 4);
  if (pick == 0) return nullptr;
  if (pick == 1) return Json(Json::Number{std::to_string(random() % 3)});
  if (pick == 2) return std::string(1, static_cast<char>('x' + random() % 2));
  if (pick == 3) return random() % 2 == 0;
  const auto size = random() % 4;
  if (pick == 4) {
    Json::Array array;
    for (std::size_t i = 0; i < size; ++i) array.push_back(random_tree(random, depth - 1));
    return array;
  }
  Json::Object object;  // sometimes with a repeated key
  for (std::size_t i = 0; i < size; ++i) {
    const std::string key(1, static_cast<char>('a' + random() % 4));
    object.push_back({random() % 9 == 0 ? "=" : key, random_tree(random, depth - 1)});
  }
  return object;
}

TEST(JsonPatch, AppliedItGivesTheOther) {
  const unsigned seed = 20261121;
  std::mt19937 random(seed);
  for (int round = 0; round < 5000; ++round) {
    SCOPED_TRACE("seed " + std::to_string(seed) + ", round " + std::to_string(round));
    const Json from = random_tree(random, 4);
    const Json to = random_tree(random, 4);
    const auto patch = diff_tree(from, to);
    ASSERT_EQ(!patch, same_tree(from, to));
    if (!patch) continue;
    const auto applied = apply_patch(from, *patch);
    ASSERT_TRUE(applied) << applied.error().message << "\n" << dump(from) << "\n" << dump(to);
    ASSERT_TRUE(same_tree(*applied, to)) << dump(from) << "\n" << dump(to) << "\n" << dump(*patch);
  }
}

}  // namespace
}  // namespace hansard::events
