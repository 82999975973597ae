#pragma once

#include <rocksdb/write_batch.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/event_log.h"
#include "core/merkle.h"
#include "core/sequencer.h"
#include "database.h"

namespace hansard::rocks {

/// Who waits for an append, and what to tell them once the group is durable.
struct Answer {
  core::AppendDone done;
  core::Result<core::Receipt> outcome;
};

/// Ids of the events of one group, while only the group knows them: a flat table, because it is
/// filled and emptied once per sync. Caller synchronises.
class PendingIds {
 public:
  /// Where an event's stored value lies in the group's batch.
  struct Place {
    std::size_t offset = 0;
    std::size_t bytes = 0;
  };
  void add(std::uint64_t hash, const Place& place);
  /// Calls `same(place)` for each event whose id key may hash to `hash`, until one says true.
  template <class Same>
  bool find(std::uint64_t hash, const Same& same) const {
    if (count_ == 0) return false;
    for (std::size_t i = hash & mask(); slots_[i].place.bytes != 0; i = (i + 1) & mask()) {
      if (slots_[i].hash == hash && same(slots_[i].place)) return true;
    }
    return false;
  }
  void clear();

 private:
  struct Slot {
    std::uint64_t hash = 0;
    Place place;
  };
  [[nodiscard]] std::size_t mask() const { return slots_.size() - 1; }
  void insert(const Slot& slot);

  std::vector<Slot> slots_;  ///< a power of two, at most half full; a free slot has no bytes
  std::size_t count_ = 0;
};

/// Appends that are written together: every key of every event, the tiles they fill, and who is to
/// be told. Closed at first. Caller synchronises.
class Group {
 public:
  /// Opens it, empty, for events from `first` on.
  void begin(core::Position first);
  [[nodiscard]] bool is_open() const { return open_; }

  /// Adds what `sequence` decided. `edge` grows by its leaves.
  void add(const Database& database, const core::Hasher& hasher, core::MerkleEdge& edge,
           const core::AppendRequest& request, const std::vector<core::SequencedRecord>& writes);
  /// Counts an append that only waits here; `add` counts those that write.
  void count_request() { ++requests_; }
  /// Says that `answer` is due when this group, and so all before it, is durable.
  void answer(Answer answer) { answers_.push_back(std::move(answer)); }
  /// Completes the batch.
  void seal(const Database& database) { flush_run(database); }
  /// Closes it; its events are found in the database from now on.
  void close();

  /// The stored event with this id key, if this group writes it. Errors: corruption.
  [[nodiscard]] core::Result<std::optional<core::OwnedEvent>> find(std::string_view id_key) const;

  [[nodiscard]] core::Position first() const { return first_; }
  [[nodiscard]] bool has_writes() const { return events_ != 0; }
  [[nodiscard]] std::size_t events() const { return events_; }
  [[nodiscard]] std::size_t requests() const { return requests_; }
  [[nodiscard]] std::size_t bytes() const { return batch_.GetDataSize(); }
  [[nodiscard]] rocksdb::WriteBatch& batch() { return batch_; }
  [[nodiscard]] std::vector<Answer> take_answers() { return std::exchange(answers_, {}); }

 private:
  void extend_run(const Database& database, std::string_view project,
                  const core::SequencedRecord& record);
  void flush_run(const Database& database);
  void put(const Database& database, Family family, std::string_view key, std::string_view value);

  bool open_ = false;
  core::Position first_;
  std::size_t events_ = 0;
  std::size_t requests_ = 0;
  rocksdb::WriteBatch batch_;
  std::vector<Answer> answers_;
  PendingIds ids_;

  std::string run_prefix_;  ///< of the open run; empty: none
  Run run_;
  std::string key_;  ///< scratch, as are the next two
  std::string value_;
  std::vector<core::FullTile> tiles_;
};

}  // namespace hansard::rocks
