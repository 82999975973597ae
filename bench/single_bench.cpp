#include <atomic>

#include "fresh_store.h"
#include "raw_rocksdb.h"
#include "report.h"
#include "suite.h"
#include "workload.h"

namespace hansard::bench {
namespace {

/// Question: how many 1 KB values does RocksDB itself make durable, one key each, when `threads`
/// threads each wait for theirs? Its write groups share syncs.
/// Expected: 16 keys a sync at a sync of 0.6 ms: 16 / 0.6 ms = 26k/s, less what waking 16 threads
/// costs; 64 threads: at most four times that.
void raw_put(benchmark::State& state, std::size_t threads, std::size_t events) {
  for (auto iteration : state) {
    static_cast<void>(iteration);
    const std::size_t each = events / threads;
    std::vector<std::vector<std::string>> values;
    for (std::size_t i = 0; i < threads; ++i) values.push_back(make_payloads(1000 + i, each));
    const Scratch scratch("raw_put");
    RawSingle raw(scratch.path() / "db");
    scratch.settle();
    std::atomic<std::uint64_t> next{0};
    Load load = blocking_loop(threads, each, 1, [&](std::size_t thread, std::size_t i) {
      return raw.put(next.fetch_add(1, std::memory_order_relaxed), values[thread][i]);
    });
    auto wrong = load.problem;
    const auto totals = raw.totals();
    if (!wrong && (totals.keys != load.events || totals.bytes != load.events * kPayloadBytes)) {
      wrong = "keys are missing";
    }
    if (wrong) {
      state.SkipWithError(wrong->c_str());
      return;
    }
    report(state, load.usage, load.events, load.events * kPayloadBytes, load.latencies);
  }
}

/// Question: how many 1 KB events a second become durable, with every index and the tree, when 16
/// writers each send one and wait for its receipt?
/// Expected: as many as raw keys. A sync carries the same 16 events; what is written besides (id,
/// stream run, tile: 0.1 KB an event) and hashed (3 us an event) is prepared while the sync before
/// runs. 16 / 0.6 ms = 26k/s.
void append_closed_loop(benchmark::State& state, std::size_t writers, std::size_t events) {
  measure_log(state, hasher(), true, [&](core::EventLog& log) {
    return closed_loop(log, hasher(), make_clients(writers, events, 1));
  });
}

/// Question: and when one client keeps 64 on their way instead of waiting for each?
/// Expected: 64 / 0.6 ms = 107k/s if the disk were all; sealing, sequencing and writing an event
/// take about 15 us on two cores, so 60k/s and more is within reach.
void append_pipelined(benchmark::State& state, std::size_t outstanding, std::size_t events) {
  measure_log(state, hasher(), true, [&](core::EventLog& log) {
    return pipelined(log, hasher(), make_requests(1000, events, 1), outstanding);
  });
}

template <class Run>
void add(const std::string& name, Run run) {
  benchmark::RegisterBenchmark(name.c_str(), run)
      ->Iterations(1)
      ->UseManualTime()
      ->Unit(benchmark::kMillisecond);
}

}  // namespace

void register_single_appends(const Sizes& sizes) {
  add("BM_RawRocksDB_Put/threads:16",
      [sizes](benchmark::State& state) { raw_put(state, 16, sizes.single_events); });
  add("BM_EventLog_Append/writers:16",
      [sizes](benchmark::State& state) { append_closed_loop(state, 16, sizes.single_events); });
  add("BM_RawRocksDB_Put/threads:64",
      [sizes](benchmark::State& state) { raw_put(state, 64, sizes.outstanding_events); });
  add("BM_EventLog_Append/outstanding:64",
      [sizes](benchmark::State& state) { append_pipelined(state, 64, sizes.outstanding_events); });
}

}  // namespace hansard::bench
