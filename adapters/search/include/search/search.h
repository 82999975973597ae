#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "core/event_log.h"
#include "projections/search.h"

namespace hansard::search {

/// What SQLite is given: caches of pages, and tokens that are gathered before they are written.
inline constexpr std::size_t kMemoryBudgetBytes = 16U << 20;

struct SearchOptions {
  /// The database; its folder exists. Beside it SQLite keeps `-wal` and `-shm`. All three may be
  /// deleted while nothing runs: they are built again.
  std::string path;
  /// Tells this log from others, so that a database copied from elsewhere is not believed.
  std::string log_id;
  /// Told why the database was thrown away and is built anew. Called on the indexer's thread; must
  /// not block.
  std::function<void(const std::string& reason)> notice = {};

  std::size_t batch_events = 16'384;        ///< of one transaction
  std::size_t batch_text_bytes = 8U << 20;  ///< after which it commits
  std::size_t readers = 4;                  ///< searches at once; others wait until their deadline
  /// Of one answer, the newest matches that are ranked. Scoring costs a few microseconds each.
  std::size_t ranked_max = 10'000;
  /// A database up to this size is checked page by page when it is opened.
  std::uint64_t check_bytes_max = 256U << 20;
  std::chrono::milliseconds retry_pause_max{5000};  ///< storage errors back off up to this
  /// Rest after a commit when little is left, unless somebody waits for a position.
  std::chrono::milliseconds gather{20};
};

/// The full-text index of one log: a thread that follows the log, and searches on the callers'
/// threads. The database lags the log and never leads it; answers say which position they reflect.
/// Whatever is wrong with the database (damaged, of another schema, of another log, ahead of the
/// log) it is built anew from the log, with a notice; meanwhile answers reflect what is there.
/// Every hit is read from the log and judged by the query once more before it is given.
/// Threads: all members are safe to call concurrently.
class Search final : public projections::SearchIndex {
 public:
  /// `log` outlives this. Nothing is opened before `start`.
  Search(core::EventLog& log, SearchOptions options);
  ~Search() override;  ///< stops
  Search(const Search&) = delete;
  Search& operator=(const Search&) = delete;

  /// Starts following. Returns at once: opening and checking happen on the thread.
  void start();
  /// Ends the thread after its batch, and waits for searches. Idempotent.
  void stop();

  [[nodiscard]] core::Result<projections::SearchAnswer> search(
      const projections::SearchRequest& request) const override;
  [[nodiscard]] projections::SearchState state() const override;
  /// Nothing of what the old database held remains in the new one: this is how an erasure purges.
  void rebuild(std::string reason) override;
  void retry() override;

  /// What SQLite holds now, in this process.
  [[nodiscard]] static std::size_t memory_bytes();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace hansard::search
