#include <optional>

#include "fresh_store.h"
#include "raw_rocksdb.h"
#include "report.h"
#include "suite.h"
#include "workload.h"

namespace hansard::bench {
namespace {

using rocks::Family;

constexpr std::size_t kClients = 4;

/// Hashes nothing: what an append costs without its hashes is the difference to one with them.
class NoHasher final : public core::Hasher {
 public:
  [[nodiscard]] core::Hash sha256(std::initializer_list<std::string_view>) const override {
    return constant();
  }
  [[nodiscard]] core::Hash hmac_sha256(std::string_view,
                                       std::initializer_list<std::string_view>) const override {
    return constant();
  }

 private:
  static core::Hash constant() {
    core::Hash hash{};
    hash.fill(1);  // all zero would say "not sealed"
    return hash;
  }
};

/// Question: how many events a second become durable when 4 clients send 100 at a time and wait?
/// Expected: the bytes are few (100 x 1.3 KB = 130 KB a request, 0.1 ms of disk), the work is not:
/// per event 3 us of hashing, 2 us of encoding and copying, 6 us of RocksDB (log, three memtable
/// inserts), 3 us of flushing: 14 us on two cores that share it unevenly, so about 80k/s.
void append_batches(benchmark::State& state, const core::Hasher& used, bool check_root,
                    std::size_t events) {
  measure_log(state, used, check_root, [&](core::EventLog& log) {
    return closed_loop(log, used, make_clients(kClients, events, kBatch));
  });
}

/// What `append_batches` stored, written once per process.
const std::vector<std::vector<StoredKey>>& stored_batches(std::size_t events) {
  static const auto batches = [events] {
    FreshStore fresh("replay_source", hasher());
    const Load load = closed_loop(fresh.log(), hasher(), make_clients(kClients, events, kBatch));
    HANSARD_ASSERT(!load.problem, "the batches that are replayed were stored");
    const auto closed = fresh.store().close();
    HANSARD_ASSERT(closed, "a store that works closes");
    return read_batches(fresh.database(), events, kBatch);
  }();
  return batches;
}

struct Replay {
  RawFamilies::Writers writers = RawFamilies::Writers::many;
  std::optional<Family> without = {};
};

/// Question: how fast does RocksDB alone write the very same keys and values, batch for batch,
/// synced, from as many threads? What does it save when one family is left out?
/// Expected: no hashing, no encoding, no receipts: 9 us an event instead of 14; but each thread
/// waits for its own group's sync, and nothing is prepared meanwhile. About 90k/s.
void replay(benchmark::State& state, std::size_t events, const Replay& how) {
  const auto& batches = stored_batches(events);
  KeyCounts expected = count_keys(batches);
  if (how.without) expected[static_cast<std::size_t>(*how.without)] = 0;
  for (auto iteration : state) {
    static_cast<void>(iteration);
    const Scratch scratch("replay");
    RawFamilies raw(scratch.path() / "db", how.writers);
    scratch.settle();
    Load load = blocking_loop(kClients, batches.size() / kClients, kBatch,
                              [&](std::size_t client, std::size_t i) {
                                return raw.write(batches[i * kClients + client], how.without);
                              });
    const Meter settling;
    raw.finish();
    const double later = settling.stop().background_cpu_seconds;
    auto wrong = load.problem;
    if (!wrong && raw.count() != expected) wrong = "keys are missing";
    if (wrong) {
      state.SkipWithError(wrong->c_str());
      return;
    }
    report(state, load.usage, load.events, load.events * kPayloadBytes, load.latencies);
    state.counters["background_us/event"] =
        1e6 * (load.usage.background_cpu_seconds + later) / static_cast<double>(load.events);
  }
}

/// Question: what does it cost to learn that an event id is new, with the ids of a whole run in
/// memtables and files? Bloom filters answer nearly all of it.
/// Expected: one probe of a bloom filter per memtable and file, each a cache miss of 0.1 us, and
/// the call through RocksDB: 1 to 2 us.
void find_unknown(benchmark::State& state, std::size_t events) {
  FreshStore fresh("find_unknown", hasher());
  const Load load = closed_loop(fresh.log(), hasher(), make_clients(kClients, events, kBatch));
  TextSource text(99);
  for (auto iteration : state) {
    static_cast<void>(iteration);
    const core::EventId id{core::uuid_v8(text.bytes32())};
    const auto found = fresh.log().find({}, id);
    if (load.problem || !found || found->has_value()) {
      state.SkipWithError("a new id was found, or could not be looked for");
      return;
    }
  }
}

template <class Run>
benchmark::internal::Benchmark* add(const char* name, Run run) {
  return benchmark::RegisterBenchmark(name, run)->Iterations(1)->UseManualTime()->Unit(
      benchmark::kMillisecond);
}

}  // namespace

void register_batches(const Sizes& sizes) {
  const std::size_t events = sizes.batch_events;
  add("BM_RawRocksDB_Replay/clients:4/batch:100",
      [events](benchmark::State& state) { replay(state, events, {}); });
  add("BM_EventLog_Append/clients:4/batch:100",
      [events](benchmark::State& state) { append_batches(state, hasher(), true, events); });
  add("BM_RawRocksDB_Replay/clients:4/batch:100/one_writer_options",
      [events](benchmark::State& state) {
        replay(state, events, {RawFamilies::Writers::one, {}});
      });
}

void register_shares(const Sizes& sizes) {
  const std::size_t events = sizes.batch_events;
  add("BM_EventLog_Append/clients:4/batch:100/without:hashes", [events](benchmark::State& state) {
    static const NoHasher none{};
    append_batches(state, none, false, events);
  });
  add("BM_RawRocksDB_Replay/clients:4/batch:100/without:ids", [events](benchmark::State& state) {
    replay(state, events, {RawFamilies::Writers::many, Family::ids});
  });
  add("BM_RawRocksDB_Replay/clients:4/batch:100/without:merkle", [events](benchmark::State& state) {
    replay(state, events, {RawFamilies::Writers::many, Family::merkle});
  });
  benchmark::RegisterBenchmark("BM_EventLog_FindUnknown", [events](benchmark::State& state) {
    find_unknown(state, events);
  })->MinTime(0.2);
}

}  // namespace hansard::bench
