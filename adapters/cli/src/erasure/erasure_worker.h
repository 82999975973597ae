#pragma once

#include <functional>
#include <thread>

#include "core/position_set.h"
#include "core/result.h"
#include "erasure/erasure_book.h"
#include "erasure/erasure_ports.h"
#include "erasure/erasure_record.h"

namespace hansard::cli {

/// Carries erasures out, on a thread of its own that goes last in line: all that are under way at
/// once, so that the tables are rewritten once for them. What fails is tried again, ever more
/// seldom. The steps: the views drop what they derived, the store destroys the content, the index
/// of texts is thrown away, and then every stream says that it is done. Threads: `start` and `stop`
/// by one.
class ErasureWorker {
 public:
  /// Does for an erasure what is missing before it can be carried out (see `ErasureWork::ready`).
  using Admit = std::function<core::Status(ErasureWork&)>;

  /// References outlive it.
  ErasureWorker(const ErasurePorts& ports, ErasureBook& book, ErasureRecord& record, Admit admit)
      : ports_(ports), book_(book), record_(record), admit_(std::move(admit)) {}
  ~ErasureWorker() { stop(); }
  ErasureWorker(const ErasureWorker&) = delete;
  ErasureWorker& operator=(const ErasureWorker&) = delete;

  void start();
  /// Ends what is being done; a start goes on from there.
  void stop();

 private:
  void run();
  /// Those of `works` that can be carried out; refused ones are dropped.
  core::Status admit_new(ErasureWorks& works);
  core::Status carry_out(const ErasureWorks& works);
  /// What a backup copies is not destroyed under its hands: it would have the index of texts from
  /// before and the word that all is done from after, and nobody would erase that again.
  core::Status await_backup(const ErasureWorks& works);
  core::Status await_views();
  core::Status purge_texts();
  void forget(const ErasureWorks& works);

  const ErasurePorts& ports_;
  ErasureBook& book_;
  ErasureRecord& record_;
  const Admit admit_;
  std::thread thread_;
};

/// Trying again would not help.
bool is_refusal(const core::Error& error);

/// Streams of an order.
std::vector<core::StreamId> streams_of(const ErasureOrder& order);

}  // namespace hansard::cli
