#include "rocksdb_store/verify.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>

#include "store_impl.h"
#include "verify_parts.h"

namespace hansard::rocks {

using core::Position;

void SetSum::add(std::string_view key, std::uint64_t a, std::uint64_t b) {
  const std::uint64_t entry[3] = {XXH3_64bits(key.data(), key.size()), a, b};
  const XXH128_hash_t hash = XXH3_128bits(entry, sizeof entry);
  low_ += hash.low64;
  high_ += hash.high64;
  ++count_;
}

void FaultLog::event(Position position, std::string what) {
  ++report_.event_faults;
  note(position, std::move(what));
}

void FaultLog::index(Position position, std::string what) {
  ++report_.index_faults;
  note(position, std::move(what));
}

void FaultLog::tree(Position position, std::string what) {
  ++report_.tree_faults;
  note(position, std::move(what));
}

void FaultLog::lost(Position position, const std::string& why) {
  ++report_.lost_events;
  if (!report_.first || position < report_.first->position) report_.first = {position, why};
  // Positions come in order, so a range only ever grows at its end.
  if (!lost_.empty() && lost_.rbegin()->second == position.value) {
    ++lost_.rbegin()->second;
    if (!report_.lost.empty() && report_.lost.back().end == position) {
      ++report_.lost.back().end.value;
    }
    return;
  }
  lost_.emplace(position.value, position.value + 1);
  if (report_.lost.size() < VerifyReport::kFaultsListed) {
    report_.lost.push_back({position, Position{position.value + 1}, why});
  }
}

bool FaultLog::is_lost(Position position) const {
  const auto after = lost_.upper_bound(position.value);
  return after != lost_.begin() && position.value < std::prev(after)->second;
}

void FaultLog::note(Position position, std::string what) {
  if (!report_.first || position < report_.first->position) report_.first = {position, what};
  if (report_.faults.size() < VerifyReport::kFaultsListed) {
    report_.faults.push_back({position, std::move(what)});
  }
}

core::Result<VerifyReport> RocksStore::verify(const VerifyOptions& options) const {
  const core::TreeHead head = impl_->published.tree();
  const auto database = impl_->databases.get();
  if (!database) return database.error();
  const Position visible{head.size};
  VerifyReport report;
  report.end = std::min(options.end.value_or(visible), visible);
  report.from = std::min(options.from, report.end);
  const VerifyRange range{report.from, report.end};
  FaultLog faults(report);
  const auto sums = verify_events(**database, *impl_->options.hasher, range, options, faults);
  if (!sums) return sums.error();
  if (report.tree && range.end == visible && report.tree->root != head.root) {
    faults.tree(Position{visible.value - 1}, "the root over all events is not the log's");
  }
  if (range.from.value != 0) report.tree.reset();  // it stands on stored tiles then
  if (auto done = verify_indexes(**database, range, visible, *sums, faults); !done) {
    return done.error();
  }
  if (options.progress) static_cast<void>(options.progress(range.end, range.end));
  return report;
}

}  // namespace hansard::rocks
