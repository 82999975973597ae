#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "benchmark/benchmark.h"
#include "load.h"
#include "rocksdb_store/store.h"
#include "scratch.h"
#include "workload.h"

namespace hansard::bench {

/// A new data directory, opened with the defaults of the product.
class FreshStore {
 public:
  /// `hasher` outlives this.
  FreshStore(const std::string& name, const core::Hasher& hasher);
  ~FreshStore();

  [[nodiscard]] core::EventLog& log() { return store_->log(); }
  [[nodiscard]] rocks::RocksStore& store() { return *store_; }
  /// Where RocksDB has its files.
  [[nodiscard]] std::filesystem::path database() const { return scratch_.path() / "data" / "db"; }

 private:
  Scratch scratch_;
  std::unique_ptr<rocks::RocksStore> store_;
};

/// Runs `load` on a fresh store, checks what the log then holds, and reports. Without `check_root`
/// (`used` does not hash) only the number of events is checked.
void measure_log(benchmark::State& state, const core::Hasher& used, bool check_root,
                 const std::function<Load(core::EventLog& log)>& load);

/// The requests of `clients` closed-loop clients, `events` in total. The same every time.
std::vector<std::vector<core::AppendRequest>> make_clients(std::size_t clients, std::size_t events,
                                                           std::size_t per_request);

}  // namespace hansard::bench
