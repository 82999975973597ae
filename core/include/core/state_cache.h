#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

#include "core/sequencer.h"

namespace hansard::core {

/// A stream's state with the events below `next` folded in.
template <class State>
struct FoldedState {
  State state;
  Version next{};
  /// Of the cache when the folding began: see `StateCache::forget`.
  std::uint64_t generation = 0;
};

/// Folded states, least recently used dropped first. A state is taken out to be used, and put back:
/// it has one owner at any time, so folding on needs no copy. All of it is discardable.
/// A state may hold content of events. `forget` lets go of it, also where the state is out and
/// would be put back: what began to be folded before does not come in any more. Threads: safe to
/// call concurrently. Cost: O(log n) per call.
template <class State>
class StateCache {
 public:
  explicit StateCache(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  /// Removes and returns the state of a stream; nothing when it is not here.
  std::optional<FoldedState<State>> take(const StreamKey& stream) {
    const std::lock_guard lock(mutex_);
    const auto found = index_.find(stream);
    if (found == index_.end()) return {};
    auto folded = std::move(found->second->folded);
    folded.generation = generation_;
    remove(found);
    return folded;
  }

  /// For a state that begins to be folded now: its `generation`.
  [[nodiscard]] std::uint64_t generation() const {
    const std::lock_guard lock(mutex_);
    return generation_;
  }

  /// Lets go of the state of a stream. States of other streams that are out at this moment are not
  /// taken back either: they are few, and are folded again.
  void forget(const StreamKey& stream) {
    const std::lock_guard lock(mutex_);
    ++generation_;
    const auto found = index_.find(stream);
    if (found != index_.end()) remove(found);
  }

  /// Puts a state of about `state_bytes` back, unless a later one has come in meanwhile, or
  /// something was forgotten since it was taken out.
  void put(const StreamKey& stream, FoldedState<State> folded, std::size_t state_bytes) {
    const std::size_t bytes =
        state_bytes + 2 * (stream.project.size() + stream.stream.size()) + kEntryBytes;
    const std::lock_guard lock(mutex_);
    if (folded.generation != generation_) return;
    const auto found = index_.find(stream);
    if (found != index_.end()) {
      if (found->second->folded.next > folded.next) return;
      remove(found);
    }
    if (bytes > bytes_max_) return;
    while (bytes_ + bytes > bytes_max_) remove(index_.find(entries_.back().stream));
    entries_.push_front(Entry{stream, std::move(folded), bytes});
    index_.emplace(stream, entries_.begin());
    bytes_ += bytes;
  }

  [[nodiscard]] std::size_t bytes() const {
    const std::lock_guard lock(mutex_);
    return bytes_;
  }

 private:
  /// List and map nodes, strings' headers: about what libstdc++ allocates per entry.
  static constexpr std::size_t kEntryBytes = 320;

  struct Entry {
    StreamKey stream;
    FoldedState<State> folded;
    std::size_t bytes;
  };
  using Entries = std::list<Entry>;
  using Index = std::map<StreamKey, typename Entries::iterator>;

  void remove(typename Index::iterator found) {
    bytes_ -= found->second->bytes;
    entries_.erase(found->second);
    index_.erase(found);
  }

  const std::size_t bytes_max_;
  mutable std::mutex mutex_;
  Entries entries_;  ///< most recently used first
  Index index_;
  std::size_t bytes_ = 0;
  std::uint64_t generation_ = 0;  ///< how often something was forgotten
};

}  // namespace hansard::core
