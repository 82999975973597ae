#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "projections/experiment_report.h"
#include "projections/facts/reader.h"

namespace hansard::projections {

/// One metric of a plan, as the rows have it.
struct MetricRows {
  enum class Of : std::uint8_t { scores, errors, latency, ttft, cost, tokens, calls, nothing };
  Of of = Of::scores;
  std::int64_t metric = facts::kNull;    ///< id of the name; of scores
  std::int64_t category = facts::kNull;  ///< id of the text that counts as 1
  bool categorical = false;
  bool last = false;
};

/// What the values of a unit come to.
struct UnitValue {
  double sum = 0;  ///< whole numbers: millionths, microseconds, pico-USD; the latest of `last`
  std::uint32_t count = 0;
};

/// Reads rows of one experiment into arrays by unit. Confined to one thread.
class ExperimentScan {
 public:
  struct Plan {
    std::int64_t experiment = facts::kNull;  ///< id
    std::vector<std::uint8_t> variants;      ///< index by id of the name
    std::vector<MetricRows> metrics;         ///< that are taken this time
    std::uint32_t units = 0;
    bool first = true;  ///< counts what is no metric, too
  };
  static constexpr std::uint8_t kNoVariant = 0xff;

  ExperimentScan(const facts::Reader& reader, const Plan& plan, const ReportOptions& options,
                 ExperimentReport& report);

  /// Errors: the reader's, those of making a pricer.
  core::Status run();

  /// The variant of each unit; kNoVariant: not exposed.
  [[nodiscard]] const std::vector<std::uint8_t>& variants() const { return variant_of_; }
  /// By metric, then unit.
  [[nodiscard]] const std::vector<std::vector<UnitValue>>& values() const { return values_; }
  /// By metric, then variant.
  [[nodiscard]] const std::vector<std::vector<std::uint64_t>>& unusable() const {
    return unusable_;
  }

 private:
  static constexpr std::size_t kChunk = 2'048;
  using Values = std::array<std::int64_t, kChunk>;

  core::Status scan(const facts::Segment& segment, std::uint32_t rows);
  void row(std::size_t i);
  void exposure(std::size_t i, std::uint32_t unit);
  void call(std::size_t i, std::uint32_t unit);
  void value(std::size_t i, std::uint32_t unit);
  void add(std::size_t metric, std::uint32_t unit, double value);
  /// @param back  it is taken back
  void useless(std::size_t metric, std::uint32_t unit, bool back = false);
  [[nodiscard]] std::int64_t at(facts::Column column, std::size_t i) const {
    const auto place = place_[facts::index_of(column)];
    return place < 0 ? facts::kNull : chunk_[static_cast<std::size_t>(place)][i];
  }

  const facts::Reader& reader_;
  const Plan& plan_;
  const ReportOptions& options_;
  ExperimentReport& report_;
  query::Pricer pricer_;
  std::vector<facts::Column> columns_;        ///< that are read
  std::array<int, facts::kColumns> place_{};  ///< of each in `chunk_`, or -1
  std::vector<Values> chunk_;
  std::vector<std::uint8_t> variant_of_;
  std::vector<std::vector<UnitValue>> values_;
  std::vector<std::vector<std::uint64_t>> unusable_;
  std::uint64_t exposures_ = 0;
};

}  // namespace hansard::projections
