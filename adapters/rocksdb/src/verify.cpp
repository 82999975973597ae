#include "rocksdb_store/verify.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>

#include "log_state.h"
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

void SetSum::add(const SetSum& other) {
  low_ += other.low_;
  high_ += other.high_;
  count_ += other.count_;
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

void FaultLog::root(Position position, std::string what) {
  ++report_.root_faults;
  note(position, std::move(what));
}

void FaultLog::other(Position position, std::string what) {
  ++report_.other_faults;
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

void FaultLog::wrong_head(const WrongHead& head) {
  ++report_.wrong_heads;
  if (!report_.first_wrong || head.given.size < report_.first_wrong->given.size) {
    report_.first_wrong = head;
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

void FaultLog::add(FaultLog part) {
  VerifyReport& from = part.report_;
  report_.events += from.events;
  report_.event_bytes += from.event_bytes;
  report_.lost_events += from.lost_events;
  report_.event_faults += from.event_faults;
  report_.index_faults += from.index_faults;
  report_.tree_faults += from.tree_faults;
  report_.root_faults += from.root_faults;
  report_.other_faults += from.other_faults;
  report_.streams += from.streams;
  report_.runs += from.runs;
  report_.tiles += from.tiles;
  if (from.first && (!report_.first || from.first->position < report_.first->position)) {
    report_.first = std::move(from.first);
  }
  for (Fault& fault : from.faults) {
    if (report_.faults.size() == VerifyReport::kFaultsListed) break;
    report_.faults.push_back(std::move(fault));
  }
  for (LostRange& range : from.lost) {
    if (!report_.lost.empty() && report_.lost.back().end == range.from) {
      report_.lost.back().end = range.end;
    } else if (report_.lost.size() < VerifyReport::kFaultsListed) {
      report_.lost.push_back(std::move(range));
    }
  }
  for (const auto& [first, end] : part.lost_) {
    if (!lost_.empty() && lost_.rbegin()->second == first) {
      lost_.rbegin()->second = end;
    } else {
      lost_.emplace_hint(lost_.end(), first, end);
    }
  }
}

namespace {

/// Nothing before a trusted head is read, so its root must come out of the stored tree.
core::Status check_trusted(const Database& database, const core::Hasher& hasher,
                           const core::TreeHead& trusted, Position visible, FaultLog& faults) {
  if (trusted.size > visible.value) {
    faults.root(visible, "the trusted head is of " + std::to_string(trusted.size) +
                             " events, but the log has " + std::to_string(visible.value));
    return core::Ok{};
  }
  const auto edge = edge_at(database, hasher, trusted.size);
  if (!edge) {
    if (edge.error().code != core::Errc::corruption) return edge.error();
    faults.tree(Position{trusted.size},
                "the tree before it cannot be had: " + edge.error().message);
    return core::Ok{};
  }
  const core::Hash found = edge->head().root;
  if (found == trusted.root) return core::Ok{};
  faults.root(Position{trusted.size},
              "the root over the events before it is " + core::to_hex(core::as_bytes(found)) +
                  ", but the trusted one is " + core::to_hex(core::as_bytes(trusted.root)) +
                  "; verify from the start to find where they part");
  return core::Ok{};
}

}  // namespace

core::Result<VerifyReport> RocksStore::verify(const VerifyOptions& options) const {
  HANSARD_ASSERT(options.threads >= 1 && options.threads <= kVerifyThreadsMax,
                 "the number of threads is checked where it is read");
  const core::TreeHead head = impl_->published.tree();
  const auto database = impl_->databases.get();
  if (!database) return database.error();
  const core::Hasher& hasher = *impl_->options.hasher;
  const Position visible{head.size};
  FaultLog faults;
  VerifyReport& report = faults.report();
  report.log_events = head.size;
  if (options.trusted) {
    if (auto checked = check_trusted(**database, hasher, *options.trusted, visible, faults);
        !checked) {
      return checked.error();
    }
  }
  report.end = std::min(options.end.value_or(visible), visible);
  report.from =
      std::min(options.trusted ? Position{options.trusted->size} : options.from, report.end);
  const VerifyRange range{report.from, report.end};
  const auto sums = verify_events(**database, hasher, range, visible, options, faults);
  if (!sums) return sums.error();
  if (report.tree && range.end == visible && report.tree->root != head.root) {
    // It was put together from stored tiles when the log was opened.
    faults.tree(Position{visible.value - 1}, "the root over all events is not the log's");
  }
  // Otherwise it stands on stored tiles that nobody vouches for.
  if (range.from.value != 0 && !options.trusted) report.tree.reset();
  if (auto done = verify_indexes(**database, range, visible, *sums, options.threads, faults);
      !done) {
    return done.error();
  }
  if (auto done = verify_leftovers(**database, faults); !done) return done.error();
  if (options.progress) {
    static_cast<void>(options.progress(range.end, range.end, report.event_bytes));
  }
  return std::move(report);
}

}  // namespace hansard::rocks
