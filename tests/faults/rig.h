#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "counts.h"
#include "disk.h"
#include "disk_files.h"
#include "rocksdb_store/store.h"
#include "rocksdb_store/verify.h"
#include "support/events.h"
#include "support/log.h"

/// What the fault tests share: a store on a simulated disk.
namespace hansard::faults {

/// A positive number from the environment, or `fallback`.
inline std::uint64_t number_from(const char* variable, std::uint64_t fallback) {
  const char* const text = std::getenv(variable);
  const std::uint64_t number = text == nullptr ? 0 : std::strtoull(text, nullptr, 10);
  return number == 0 ? fallback : number;
}
/// Printed by every test that draws; repeats its draws (not what the scheduler does).
inline std::uint64_t seed() { return number_from("HANSARD_TEST_SEED", 20261121); }

inline const core::EventEquivalence& equivalence() {
  static const core::EventEquivalence instance;
  return instance;
}

/// Small buffers, so that flushes and compactions happen within a test.
inline rocks::OpenOptions store_on(const std::shared_ptr<Disk>& disk) {
  rocks::OpenOptions options;
  options.directory = "/data";
  options.hasher = &support::hasher();
  options.equivalence = &equivalence();
  options.file_system = rocksdb_files(disk);
  options.own_files = own_files(disk);
  options.free_space_floor_bytes = 0;
  options.free_space_hard_floor_bytes = 0;
  options.ballast_bytes = 0;
  options.block_cache_bytes = 1U << 20;
  options.views_flush_interval = std::chrono::milliseconds{20};
  options.reopen_pause_max = std::chrono::milliseconds{50};
  return options;
}

inline core::RunnerOptions quick_retries() {
  core::RunnerOptions options;
  options.retry_pause_max = std::chrono::milliseconds{10};
  return options;
}

/// What verifying found wrong, in words; empty: sound.
inline std::string unsound(rocks::RocksStore& store) {
  const auto report = store.verify({});
  if (!report) return "verifying failed: " + report.error().message;
  if (!report->sound())
    return "position " + std::to_string(report->first->position.value) + ": " + report->first->what;
  return report->tree == store.log().tree() ? "" : "the root is not that of the events";
}

/// What tells the view from a rebuild, in words; empty: nothing. Waits until it has caught up.
inline std::string unlike_a_rebuild(const core::ProjectionRunner& runner, core::EventLog& log) {
  const Counts counts;
  const auto end = log.end();
  const auto live =
      runner.read("counts", end, std::chrono::steady_clock::now() + std::chrono::seconds(30));
  if (!live) return "the view does not answer: " + live.error().message;
  const auto fresh = core::make_in_memory_read_model_store();
  const core::ViewId view{"counts", 1, 0};
  if (auto built = core::build(log, *fresh, counts, view, (*live)->checkpoint()); !built) {
    return "the rebuild failed: " + built.error().message;
  }
  const auto rebuilt = fresh->open(view);
  if (!rebuilt) return rebuilt.error().message;
  return rows_of(**live) == rows_of(**rebuilt) ? "" : "the view is not what a rebuild gives";
}

}  // namespace hansard::faults
