#pragma once

#include <bitset>
#include <optional>
#include <vector>

#include "coder.h"
#include "core/hash.h"
#include "measures.h"
#include "projections/facts/reader.h"
#include "projections/query/query.h"

namespace hansard::projections::query {

/// A filter by dimension, with its values as codes. Immutable once made.
struct Wanted {
  explicit Wanted(Coder of) : coder(std::move(of)) {}
  Coder coder;
  std::vector<std::uint64_t> codes = {};  ///< sorted
  std::vector<bool> array = {};           ///< by code, where that is small
  bool range = false;                     ///< all from the first to the last of two codes
  bool negated = false;                   ///< the others
  std::optional<std::int64_t> only = {};  ///< the one value of the column that is kept

  [[nodiscard]] bool may_keep(const facts::Segment& segment) const;
  [[nodiscard]] bool keeps(std::uint64_t code) const { return has(code) != negated; }

 private:
  [[nodiscard]] bool has(std::uint64_t code) const;
};

/// A dimension whose different values are counted.
struct Distinct {
  DimensionRef dimension;
  Coder coder;
};

using Columns = std::bitset<facts::kColumns>;

/// What all threads of a query share. Immutable once made; borrows all it was made from.
struct Plan {
  /// Errors: those of `execute` that only the rows tell.
  static core::Result<Plan> make(const facts::Reader& reader, const core::KeyedHash& hash,
                                 const Query& query, const Options& options);
  /// False when no row of the segment can be kept, and none can count as undated.
  [[nodiscard]] bool may_keep(const facts::Segment& segment) const;

  const facts::Reader* reader = nullptr;
  const Query* query = nullptr;
  const Options* options = nullptr;
  core::Position as_of;
  std::vector<Coder> coders;  ///< of `group_by`
  std::uint64_t space = 1;    ///< of their codes together
  std::vector<Wanted> wanted;
  std::vector<Distinct> distincts;
  Columns filters;     ///< columns that filters look at
  Columns rest;        ///< columns that are read of the rows kept
  bool usage = false;  ///< something rests on usage

 private:
  core::Status add(const DimensionFilter& filter, const core::KeyedHash& hash);
  core::Status add_aggregates();
};

}  // namespace hansard::projections::query
