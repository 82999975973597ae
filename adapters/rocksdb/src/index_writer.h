#pragma once

#include <rocksdb/write_batch.h>

#include <string>
#include <vector>

#include "core/event.h"
#include "core/merkle.h"
#include "database.h"

namespace hansard::rocks {

/// Writes what the log keeps beside its events (`ids`, `streams`, `merkle`), and where asked the
/// events, in position order: for logs that do not come through the sequencer. A batch holds whole
/// events, so that after a kill either all of an event's keys are there or none.
/// Caller synchronises.
class IndexWriter {
 public:
  /// @param edge  of the tree over the events before the first that is added. `database` and
  ///              `hasher` outlive this.
  IndexWriter(const Database& database, core::MerkleEdge edge, const core::Hasher& hasher)
      : database_(database), hasher_(hasher), edge_(std::move(edge)) {}

  /// @param stored  the event's bytes (`core/event_bytes.h`) to be written too; empty: they are
  ///                there.
  core::Status add(const core::RecordedEvent& event, std::string_view stored = {});
  /// Bytes waiting to be written.
  [[nodiscard]] std::size_t bytes() const { return batch_.GetDataSize(); }
  /// Writes what waits. Errors: those of RocksDB, translated.
  core::Status write(bool sync);
  [[nodiscard]] core::TreeHead head() const { return edge_.head(); }

 private:
  void put(Family family, std::string_view key, std::string_view value);
  void end_run();

  const Database& database_;
  const core::Hasher& hasher_;
  core::MerkleEdge edge_;
  rocksdb::WriteBatch batch_;
  std::string run_prefix_;  ///< of the open run; empty: none
  Run run_;
  std::string value_;
  std::vector<core::FullTile> tiles_;
};

}  // namespace hansard::rocks
