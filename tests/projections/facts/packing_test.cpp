#include "projections/facts/packing.h"

#include <gtest/gtest.h>

#include <random>

#include "projections/facts/columns.h"

namespace hansard::projections::facts {
namespace {

std::vector<std::int64_t> through_bytes(const std::vector<std::int64_t>& values) {
  const std::string bytes = pack(values);
  const auto packed = Packed::open(bytes);
  EXPECT_TRUE(packed);
  std::vector<std::int64_t> out(packed->size());
  packed->read(0, out);
  return out;
}

TEST(Packing, GivesBackWhatWasPackedAtEveryWidth) {
  std::mt19937_64 random(7);
  for (unsigned width = 0; width <= 64; ++width) {
    for (const bool nulls : {false, true}) {
      std::vector<std::int64_t> values;
      for (int i = 0; i < 300; ++i) {
        const std::uint64_t bits = width == 0 ? 0 : random() >> (64 - width);
        // 64 bits with unknown ones among them is more than a distance can say.
        const auto shifted = static_cast<std::int64_t>(nulls && width == 64 ? bits >> 1 : bits);
        values.push_back(nulls && random() % 3 == 0 ? kNull : std::max(shifted, kNull + 1));
      }
      ASSERT_EQ(through_bytes(values), values) << width << " bits";
    }
  }
}

TEST(Packing, GivesBackAnyPart) {
  std::vector<std::int64_t> values;
  for (std::int64_t i = 0; i < 1'000; ++i) values.push_back(i % 7 == 0 ? kNull : i * i - 500);
  const std::string bytes = pack(values);
  const auto packed = Packed::open(bytes);
  ASSERT_TRUE(packed);
  for (std::size_t from = 0; from <= 1'000; from += 13) {
    std::vector<std::int64_t> part(std::min<std::size_t>(50, 1'000 - from));
    packed->read(from, part);
    for (std::size_t i = 0; i < part.size(); ++i) ASSERT_EQ(part[i], values[from + i]);
  }
}

TEST(Packing, KnowsTheEdges) {
  constexpr auto kMax = std::numeric_limits<std::int64_t>::max();
  for (const std::vector<std::int64_t>& values : {std::vector<std::int64_t>{},
                                                  {kNull},
                                                  {kNull, kNull},
                                                  {0},
                                                  {-1},
                                                  {kMax, kNull + 1},
                                                  {kMax, kMax, kNull},
                                                  {kNull + 1, kNull},
                                                  {0, kMax, kNull}}) {
    EXPECT_EQ(through_bytes(values), values);
  }
}

TEST(Packing, RefusesBytesThatAreNoColumn) {
  const std::string whole = pack(std::vector<std::int64_t>{1, 500, kNull});
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(Packed::open(std::string_view(whole).substr(0, size))) << size;
  }
  EXPECT_FALSE(Packed::open(whole + '\0'));
  std::string other = whole;
  other[0] = 9;
  EXPECT_FALSE(Packed::open(other));
}

}  // namespace
}  // namespace hansard::projections::facts
