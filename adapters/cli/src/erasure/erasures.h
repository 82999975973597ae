#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <vector>

#include "erasure/erasure_book.h"
#include "erasure/erasure_ports.h"
#include "erasure/erasure_record.h"
#include "erasure/erasure_selection.h"
#include "erasure/erasure_status.h"
#include "erasure/erasure_worker.h"

namespace hansard::cli {

/// Erasures of one log, from the order to the last file: taken here, on any thread, carried out by
/// the worker. What is asked is in `<data>/erasing` before anything else happens, so that a kill at
/// any point is gone on from; and in the ledger outside of the data directory before anything is
/// destroyed, so that a copy of the directory from before is brought to the same state when it is
/// opened.
/// Threads: safe to call concurrently; created, started and stopped by one.
class Erasures {
 public:
  using Ports = ErasurePorts;

  /// Reads what is under way, and what the ledger knows and the log does not, and makes it
  /// unreadable. Errors: corruption, unavailable.
  static core::Result<std::unique_ptr<Erasures>> open(Ports ports);
  ~Erasures() { stop(); }
  Erasures(const Erasures&) = delete;
  Erasures& operator=(const Erasures&) = delete;

  /// Carries out, from then on. Not for engines that only read or record.
  /// Errors: unavailable, out_of_space (what the ledger brought back cannot be put down).
  core::Status start();
  void stop() { worker_.stop(); }

  /// Answers once the content is unreadable and the order on disk. Blocks on storage.
  /// Errors: not_found, rejected (a hold stands and is named), overloaded, too_large, those of the
  /// log.
  core::Result<ErasureStatus> ask(const ErasureAsk& ask);
  [[nodiscard]] std::optional<ErasureStatus> find(const core::ProjectId& project,
                                                  std::string_view id) const {
    return book_.find(project, id);
  }
  /// Those under way first, then the latest that are done, at most `most` of these.
  [[nodiscard]] std::vector<ErasureStatus> list(const core::ProjectId& project,
                                                std::size_t most) const {
    return book_.list(project, most);
  }
  [[nodiscard]] ErasureCounts counts() const { return book_.counts(); }

 private:
  explicit Erasures(Ports ports);

  core::Status load_orders();
  core::Status load_ledger();
  /// What of an erasure that the ledger knows this log has not done. Errors: those of the log.
  core::Result<std::vector<ErasureTarget>> undone(LedgerErasure& known) const;
  core::Result<ErasureOrder> order_of(const ErasureAsk& ask) const;
  /// What the order would do.
  core::Result<ErasureStatus> try_out(ErasureOrder order) const;
  /// Unless it is ready: puts the order on record in each stream, selects, hides, writes the
  /// ledger. `asking_` is held.
  core::Status admit(ErasureWork& work);

  const ErasurePorts ports_;
  const ErasureSelection selection_;
  std::mutex asking_;  ///< one order is taken at a time
  ErasureBook book_;
  ErasureRecord record_;
  ErasureWorker worker_;  ///< last, so that its thread ends first
};

}  // namespace hansard::cli
