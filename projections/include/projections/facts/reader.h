#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/ids.h"
#include "core/projection.h"
#include "projections/facts/columns.h"
#include "projections/facts/packing.h"

namespace hansard::projections::facts {

/// A run of rows in the order of their positions: a sealed segment, or the tail.
struct Segment {
  std::uint32_t number = 0;
  std::uint32_t rows = 0;
  bool sealed = true;
  std::array<Zone, kColumns> zones;
  [[nodiscard]] const Zone& zone(Column column) const { return zones[index_of(column)]; }
};

/// The values of one column of one segment. Movable; reading is thread-safe.
class ColumnData {
 public:
  ColumnData() = default;
  explicit ColumnData(std::vector<std::int64_t> values)
      : values_(std::move(values)), rows_(values_.size()) {}
  /// Errors: corruption.
  static core::Result<ColumnData> packed(std::string bytes);
  /// Nothing is known.
  static ColumnData unknown(std::size_t rows);

  [[nodiscard]] std::size_t size() const { return rows_; }
  /// Values `from`..`from + out.size()`, kNull where unknown. @pre within `size()`.
  void read(std::size_t from, std::span<std::int64_t> out) const;

 private:
  // Without either, nothing is known.
  std::vector<std::int64_t> values_;  ///< of the tail
  std::string bytes_;                 ///< of a sealed segment
  std::size_t rows_ = 0;
};

struct Tag {
  std::string key;
  std::string hash;  ///< packed (`usage_codec.h`)
  auto operator<=>(const Tag&) const = default;
};
/// A text of the column `tags`. Errors: corruption.
core::Result<std::vector<Tag>> decode_tags(std::string_view text);

/// One project's rows of a table, as the view of that name (`table.h`) has them. Borrows the model.
/// Thread-safe.
/// All members: errors corruption, unavailable.
class Reader {
 public:
  /// Cost: the counters, a small row per sealed segment, and the rows of the tail.
  static core::Result<Reader> open(const core::ReadModel& model, const core::ProjectId& project);

  /// Oldest first, none empty; the tail, where it has rows, is the last.
  [[nodiscard]] const std::vector<Segment>& segments() const { return segments_; }
  [[nodiscard]] std::uint64_t rows() const;
  /// One past the last position that the rows reflect.
  [[nodiscard]] core::Position checkpoint() const { return model_->checkpoint(); }
  /// Answers of a choice other than the first: they are no calls of their own.
  [[nodiscard]] std::uint64_t further_choices() const { return further_choices_; }

  [[nodiscard]] core::Result<ColumnData> column(const Segment& segment, Column column) const;
  /// How many of the segment's first rows lie before `end`.
  [[nodiscard]] core::Result<std::uint32_t> rows_before(const Segment& segment,
                                                        core::Position end) const;

  /// Texts of a dictionary column have the ids below this.
  [[nodiscard]] std::uint32_t texts(Column column) const { return texts_[index_of(column)]; }
  /// The id of a text, or nothing when no row can have it.
  [[nodiscard]] core::Result<std::optional<std::uint32_t>> find(Column column,
                                                                std::string_view text) const;
  [[nodiscard]] core::Result<std::string> text(Column column, std::uint32_t id) const;
  /// All texts of the column, by id.
  [[nodiscard]] core::Result<std::vector<std::string>> all_texts(Column column) const;

 private:
  Reader(const core::ReadModel& model, std::string project)
      : model_(&model), project_(std::move(project)) {}
  core::Status read_tail(std::uint32_t number, std::uint32_t rows);

  const core::ReadModel* model_;
  std::string project_;
  std::vector<Segment> segments_;
  std::array<std::vector<std::int64_t>, kColumns> tail_;  ///< empty: nothing is known
  std::array<std::uint32_t, kColumns> texts_{};
  std::uint64_t further_choices_ = 0;
};

}  // namespace hansard::projections::facts
