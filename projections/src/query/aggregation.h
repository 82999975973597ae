#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "coder.h"
#include "groups.h"
#include "measures.h"
#include "plan.h"
#include "projections/query/sketch.h"

namespace hansard::projections::query {

/// What sums, averages, least and most of one measure need, by group.
struct MeasureState {
  std::uint64_t count = 0;
  Wide sum = 0;
  std::int64_t min = 0;
  std::int64_t max = 0;
};

/// Values of one measure by group: all of them, or sketches once they are too many.
class Percentiles {
 public:
  explicit Percentiles(std::size_t exact_max) : exact_max_(exact_max) {}
  void add(std::span<const std::uint32_t> groups, const std::int64_t* values);
  /// Takes in another's values; `mine` are our groups by theirs. Before `finish`.
  void merge(Percentiles& other, std::span<const std::uint32_t> mine);
  /// Call once, after the last `add`.
  void finish(std::size_t groups);
  /// The value, or nothing when the group has none.
  std::optional<std::int64_t> at(std::uint32_t group, std::uint32_t tenths);
  [[nodiscard]] bool exact() const { return !sketched_; }
  [[nodiscard]] std::size_t bytes() const;

 private:
  void sketch(std::uint32_t group, std::int64_t value);
  void to_sketches();

  std::size_t exact_max_;
  bool sketched_ = false;
  std::vector<std::uint32_t> groups_;  ///< of `values_`, until `finish`
  std::vector<std::int64_t> values_;   ///< then group after group
  std::vector<std::size_t> starts_;    ///< of each group, and the end
  std::vector<Sketch> sketches_;
  std::size_t sketch_bytes_ = 0;
};

/// Everything asked of one measure.
struct MeasurePlan {
  Measure measure = Measure::calls;
  std::optional<Percentiles> percentiles = {};
  bool bounds = false;  ///< the least or the most is asked for
  std::vector<MeasureState> states = {};
};

/// Measures and distinct counts of a query, by group.
class Aggregation {
 public:
  /// Errors: those of making a pricer.
  static core::Result<Aggregation> make(const Plan& plan);
  /// Takes the chosen rows of a chunk, of these groups, in.
  void add(const Chunk& chunk, std::span<const std::uint32_t> rows,
           std::span<const std::uint32_t> groups, std::size_t group_count);
  /// Takes in what another thread has; `mine` are our groups by its.
  void merge(Aggregation& other, std::span<const std::uint32_t> mine, std::size_t group_count);
  void finish(std::size_t groups);
  Cell cell(const Aggregate& aggregate, std::uint32_t group);
  [[nodiscard]] std::uint64_t calls(std::uint32_t group) const { return calls_[group]; }
  [[nodiscard]] PercentileMethod percentile_method() const;
  /// Adds what was met when prices were asked for.
  void tell_pricing(Answer& answer) const;
  [[nodiscard]] std::size_t bytes() const;

 private:
  std::vector<MeasurePlan> measures_;
  const Plan* plan_ = nullptr;
  std::vector<DistinctCounts> distincts_;  ///< as the plan's
  Pricing pricing_;
  std::vector<std::uint64_t> calls_;  ///< by group
  std::vector<std::int64_t> values_;
  std::vector<std::int64_t> picked_;
  std::vector<std::uint64_t> codes_;
};

}  // namespace hansard::projections::query
