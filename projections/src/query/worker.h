#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "aggregation.h"
#include "groups.h"
#include "plan.h"

namespace hansard::projections::query {

/// What the threads of a query watch together. Thread-safe.
struct Watch {
  std::atomic<std::size_t> bytes{0};  ///< kept by all of them
  std::atomic<std::size_t> next{0};   ///< segment that nobody has taken
  std::atomic<bool> stop{false};      ///< one of them failed
};

/// Takes segments into groups, on one thread. Confined to it.
class Worker {
 public:
  /// Errors: those of making a pricer.
  static core::Result<Worker> make(const Plan& plan);
  /// Takes segments until none is left. Errors: too_large, timed_out, and the reader's.
  core::Status run(Watch& watch);
  /// Takes in what another has met.
  void merge(Worker& other);

  GroupIndex& groups() { return groups_; }
  Aggregation& aggregation() { return aggregation_; }
  /// Adds its counts.
  void tell(Answer& answer) const;

 private:
  using Data = std::array<std::optional<facts::ColumnData>, facts::kColumns>;

  Worker(const Plan& plan, Aggregation aggregation, Pricing pricing);
  core::Status scan(const facts::Segment& segment, Watch& watch);
  core::Status breathe(Watch& watch);
  void read(const Columns& columns, const Data& data, std::uint32_t first, std::uint32_t count);
  void take(const Data& data, std::uint32_t first, std::uint32_t count);
  void keep(const Wanted& wanted);
  void keep(const MeasureFilter& filter);
  void keep_times();
  void count_usage();
  void pick(facts::Column column);
  template <class Keep>
  void keep_if(Keep&& keep);

  const Plan* plan_;
  GroupIndex groups_;
  Aggregation aggregation_;
  Pricing pricing_;  ///< of the filters
  Chunk chunk_;
  Columns unknown_;                     ///< columns of `chunk_` in which nothing is known
  std::vector<std::uint32_t> rows_;     ///< of the chunk, that are still kept
  std::vector<std::uint32_t> of_rows_;  ///< their groups
  std::vector<std::uint64_t> keys_;
  std::vector<std::uint64_t> codes_;
  std::vector<std::int64_t> picked_;
  std::size_t bytes_ = 0;  ///< that `Watch` knows of
  std::uint64_t rows_looked_at_ = 0;
  std::uint64_t calls_ = 0;
  std::uint64_t without_usage_ = 0;
  std::uint64_t estimated_ = 0;
  std::uint64_t undated_ = 0;
};

}  // namespace hansard::projections::query
