#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <span>
#include <vector>

#include "projections/facts/columns.h"
#include "projections/query/query.h"

namespace hansard::projections::query {

/// Values of the columns a query needs, for a chunk of rows.
struct Chunk {
  std::array<std::vector<std::int64_t>, facts::kColumns> columns;
  std::bitset<facts::kColumns> some;  ///< columns of which the segment knows some value
  [[nodiscard]] const std::int64_t* of(facts::Column column) const {
    return columns[facts::index_of(column)].data();
  }
};

/// A pricer and what was met when it was asked. Confined to one thread of a query.
struct Pricing {
  std::vector<facts::Column> columns = {};
  Pricer price = {};
  std::uint64_t unpriced = 0;
  std::uint64_t partly = 0;
  std::uint64_t estimated = 0;
};

/// True for `cost` and `saved_cost`.
constexpr bool is_cost(Measure measure) {
  return measure == Measure::cost || measure == Measure::saved_cost;
}

/// The columns that a measure is computed from.
std::vector<facts::Column> columns_of(Measure measure, const CostHook& cost);

/// True for tokens, rates of tokens and cost: what rests on usage.
bool rests_on_usage(Measure measure);

/// Writes the measure of each chosen row of the chunk, kNull where it has none. Sums over 2^63-1
/// stand as that.
void evaluate(Measure measure, Pricing& pricing, const Chunk& chunk,
              std::span<const std::uint32_t> rows, std::int64_t* out);

}  // namespace hansard::projections::query
