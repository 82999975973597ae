#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/hash.h"
#include "core/result.h"
#include "projections/facts/reader.h"
#include "projections/query/execute.h"
#include "time_units.h"

namespace hansard::projections::query {

/// Values of a dimension as small numbers: 0 for what is not known, then up to `space() - 1`.
/// Confined to one query.
class Coder {
 public:
  /// Errors: the reader's.
  /// @param query  whose zone, `from` and `to` say which units of time there are.
  static core::Result<Coder> make(const facts::Reader& reader, const DimensionRef& dimension,
                                  const Query& query);

  [[nodiscard]] facts::Column column() const { return column_; }
  [[nodiscard]] std::uint64_t space() const { return space_; }
  /// @pre the values are of the column, of rows that the reader has.
  void codes(std::span<const std::int64_t> values, std::uint64_t* out) const;
  /// The code of a filter's text, or nothing when no row can have it.
  /// Errors: invalid_argument with field `where` (what no such dimension has; a time).
  [[nodiscard]] core::Result<std::optional<std::uint64_t>> code_of(
      const std::string& text, const core::ProjectId& project, const core::KeyedHash& hash) const;
  /// The first and last code of numbers within these bounds, or nothing when no row has any.
  /// Errors: invalid_argument with field `where` (no dimension of numbers, min above max).
  [[nodiscard]] core::Result<std::optional<std::pair<std::uint64_t, std::uint64_t>>> codes_within(
      std::optional<std::int64_t> min, std::optional<std::int64_t> max) const;
  /// The column's value behind a code, where a code stands for one value of it.
  [[nodiscard]] std::optional<std::int64_t> value_of(std::uint64_t code) const;
  /// False when no row of the segment can have one of these codes.
  [[nodiscard]] bool may_have(const facts::Segment& segment,
                              std::span<const std::uint64_t> codes) const;
  /// What a code stands for. Texts are read once each.
  core::Result<Key> key(std::uint64_t code);
  /// As comparing the keys; cheaper where the codes say it. Errors are remembered (`status`).
  int compare(std::uint64_t a, std::uint64_t b);
  [[nodiscard]] const core::Status& status() const { return status_; }

 private:
  Coder(const facts::Reader& reader, DimensionRef dimension);
  core::Status prepare_tags();
  [[nodiscard]] core::Result<std::string> text(std::uint64_t code);
  [[nodiscard]] bool by_text() const;

  const facts::Reader* reader_;
  DimensionRef dimension_;
  facts::Column column_;
  std::int64_t base_ = 0;  ///< the number that code 1 stands for
  std::uint64_t space_ = 1;
  TimeUnits units_;
  std::vector<std::uint32_t> by_tags_;                    ///< tag: code by id of the set
  std::vector<std::string> tag_values_;                   ///< tag: packed hash by code - 1
  std::unordered_map<std::uint64_t, std::string> texts_;  ///< read one by one
  std::vector<std::string> all_texts_;                    ///< once that were many
  core::Status status_ = core::Ok{};
};

}  // namespace hansard::projections::query
