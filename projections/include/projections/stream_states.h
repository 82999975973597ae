#pragma once

#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "core/event_log.h"

namespace hansard::projections {

/// Folds events of one stream from version `from` into `state`, until `ends` says so of one or the
/// stream does. @return the version to continue from.
/// Errors: those of reading the log and of the fold.
template <class State, class Fold, class Ends>
core::Result<core::Version> fold_stream(const core::EventLog& log, const core::ProjectId& project,
                                        const core::StreamId& stream, core::Version from,
                                        State& state, Fold&& fold, Ends&& ends) {
  core::Status status = core::Ok{};
  const auto next = log.read_stream(project, stream, from, [&](const core::RecordedEvent& event) {
    if (ends(event)) return false;
    auto folded = fold(std::move(state), event);
    if (!folded) {
      status = std::move(folded.error());
      return false;
    }
    state = *std::move(folded);
    return true;
  });
  if (!status) return std::move(status.error());
  return next;
}

/// The latest states of streams that are asked for again and again: folded when first asked for,
/// and from then on only what is new. For states that are small beside what is done with them
/// (prompts, experiments). Threads: safe to call concurrently.
template <class State>
class StreamStates {
 public:
  using Fold = std::function<core::Result<State>(State, const core::RecordedEvent&)>;
  using Bytes = std::function<std::size_t(const State&)>;
  // What is kept, the least recently used dropped; the latest is always kept.
  static constexpr std::size_t kStatesMax = 1'024;
  static constexpr std::size_t kBytesMax = 32U << 20;

  /// `log` outlives this. @param bytes  of a state, roughly
  StreamStates(const core::EventLog& log, Fold fold, Bytes bytes)
      : log_(log), fold_(std::move(fold)), bytes_of_(std::move(bytes)) {}

  /// As of the log's visible end; the initial state where there is no such stream. Stays valid.
  /// Cost: one look at the stream's head when nothing is new, else its new events.
  /// Errors: those of reading the log and of the fold.
  core::Result<std::shared_ptr<const State>> read(const core::ProjectId& project,
                                                  const core::StreamId& stream) {
    const auto head = log_.head(project, stream);
    if (!head) return head.error();
    const core::Version end{*head ? (*head)->value + 1 : 0};
    const Key key{project.text(), stream.text()};
    const std::lock_guard lock(mutex_);
    Entry& entry = at(key);
    if (entry.next >= end) return entry.state;
    State state = *entry.state;
    const auto next = fold_stream(log_, project, stream, entry.next, state, fold_,
                                  [](const core::RecordedEvent&) { return false; });
    if (!next) return next.error();
    entry.next = *next;
    entry.state = std::make_shared<const State>(std::move(state));
    bytes_ -= entry.bytes;
    entry.bytes = bytes_of_(*entry.state);
    bytes_ += entry.bytes;
    while (bytes_ > kBytesMax && entries_.size() > 1) drop_last();
    return entry.state;
  }

 private:
  using Key = std::pair<std::string, std::string>;
  struct Entry {
    Key key;
    core::Version next{};
    std::size_t bytes = 0;
    std::shared_ptr<const State> state = std::make_shared<const State>();
  };

  /// The entry of a stream, now the latest used.
  Entry& at(const Key& key) {
    const auto found = index_.find(key);
    if (found != index_.end()) {
      entries_.splice(entries_.begin(), entries_, found->second);
      return entries_.front();
    }
    if (entries_.size() == kStatesMax) drop_last();
    entries_.push_front(Entry{key});
    index_[key] = entries_.begin();
    return entries_.front();
  }

  void drop_last() {
    bytes_ -= entries_.back().bytes;
    index_.erase(entries_.back().key);
    entries_.pop_back();
  }

  const core::EventLog& log_;
  const Fold fold_;
  const Bytes bytes_of_;
  std::mutex mutex_;
  std::size_t bytes_ = 0;
  std::list<Entry> entries_;
  std::map<Key, typename std::list<Entry>::iterator> index_;
};

}  // namespace hansard::projections
