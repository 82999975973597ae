#include "scale/engine_figures.h"

#include <algorithm>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "core/projection_runner.h"
#include "projections/registry.h"
#include "rocksdb_store/store.h"
#include "rocksdb_store/verify.h"
#include "scale/filled_log.h"
#include "scale/must.h"
#include "workload.h"

namespace hansard::bench {
namespace {

using Phase = core::ProjectionState::Phase;

constexpr auto kBuildPatience = std::chrono::minutes(30);

/// A rate, by the wall clock and by the processor's.
struct Rate {
  double wall = 0;
  double cpu = 0;
};

Rate rate(std::uint64_t events, const Usage& usage) {
  const auto count = static_cast<double>(events);
  return {count / usage.seconds, count / usage.cpu_seconds};
}

/// The views as the product runs them: a thread each, over the store.
class Views {
 public:
  /// All of them, or only the one called `only`.
  explicit Views(rocks::RocksStore& store, std::string_view only = {})
      : log_(store.log()),
        store_(store.views()),
        keyed_hash_(hasher(), store.store_key()),
        projections_(projections::all(keyed_hash_)) {
    if (!only.empty()) {
      std::erase_if(projections_, [&](const auto& each) { return each->name() != only; });
    }
    std::vector<const core::Projection*> pointers;
    for (const auto& projection : projections_) pointers.push_back(projection.get());
    runner_ = std::make_unique<core::ProjectionRunner>(log_, store_, std::move(pointers));
    runner_->start();
    wait({});
  }

  /// From nothing to serving, as `hansard projections rebuild` does it.
  Rate rebuild() {
    const auto before = serving();
    const Meter meter;
    for (const auto& projection : projections_) {
      must(runner_->rebuild(std::string(projection->name())), "rebuilding");
    }
    wait(before);
    return rate(log_.end().value, meter.stop());
  }

 private:
  [[nodiscard]] std::vector<core::ViewId> serving() const {
    std::vector<core::ViewId> builds;
    for (const auto& projection : projections_) {
      const auto active = must(store_.active(projection->name()), "looking at a view");
      if (active) builds.push_back(*active);
    }
    return builds;
  }

  /// Until every view is served by another build than `before` and has absorbed the log.
  void wait(const std::vector<core::ViewId>& before) {
    const auto deadline = std::chrono::steady_clock::now() + kBuildPatience;
    while (true) {
      const auto now = serving();
      bool live = now.size() == projections_.size();
      for (const auto& build : before)
        live = live && std::count(now.begin(), now.end(), build) == 0;
      for (const auto& state : runner_->states()) {
        must(state.phase != Phase::stopped, state.name + " stopped: " + state.error);
        live = live && state.phase == Phase::live && state.checkpoint == log_.end();
      }
      if (live) return;
      must(std::chrono::steady_clock::now() < deadline, "the views are not built in time");
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
  }

  core::EventLog& log_;
  core::ReadModelStore& store_;
  const core::KeyedHash keyed_hash_;
  std::vector<std::unique_ptr<core::Projection>> projections_;
  std::unique_ptr<core::ProjectionRunner> runner_;
};

struct Scan {
  Rate rate;
  std::uint64_t bytes = 0;
};

/// Question: how fast is the log read from end to end, every event decoded?
/// Expected: 1 KB an event out of the page cache, decompressed at 1 to 2 GB/s, checked by XXH3 at
/// 10 GB/s: about a million a second.
Scan scan(const core::EventLog& log) {
  Scan scanned;
  std::uint64_t events = 0;
  const Meter meter;
  must(log.read({},
                [&](const core::RecordedEvent& event) {
                  scanned.bytes += event.header.size() + event.facts.size() + event.content.size();
                  ++events;
                  return true;
                }),
       "scanning");
  scanned.rate = rate(events, meter.stop());
  must(events == log.end().value, "the scan left events out");
  return scanned;
}

/// SHA-256 over `bytes` bytes, a MiB at a time, by one core: bytes a second of its time.
double raw_sha256(std::uint64_t bytes) {
  constexpr std::size_t kPiece = 1U << 20;
  std::string text;
  TextSource(3).words(kPiece, text);
  core::Hash all{};
  std::uint64_t done = 0;
  const Meter meter;
  for (; done < bytes; done += kPiece) {
    const core::Hash hash = hasher().sha256({text});
    for (std::size_t i = 0; i < hash.size(); ++i)
      all[i] = static_cast<std::uint8_t>(all[i] ^ hash[i]);
    text[done / kPiece % kPiece] ^= all[0];
  }
  return static_cast<double>(done) / meter.stop().cpu_seconds;
}

void measure_verify(const rocks::RocksStore& store, unsigned threads, Board& board) {
  rocks::VerifyOptions options;
  options.threads = threads;
  const Meter meter;
  const auto report = must(store.verify(options), "verifying");
  const Usage usage = meter.stop();
  must(report.sound(), "the log is not sound");
  const double raw = raw_sha256(std::min<std::uint64_t>(report.event_bytes, 1U << 30));
  const auto bytes = static_cast<double>(report.event_bytes);
  const std::string by = threads == 1 ? "verify, 1 thread" : "verify, 2 threads";
  board.note(by + ", events/s", static_cast<double>(report.events) / usage.seconds);
  board.at_least(by + ", over raw SHA-256 on one core, wall", 0.3, bytes / usage.seconds / raw);
  board.note(by + ", over raw SHA-256 on one core, CPU", bytes / usage.cpu_seconds / raw);
  board.disturbance(by, usage);
}

}  // namespace

void measure_engine(const std::filesystem::path& data, std::size_t rounds, Board& board) {
  const auto store = open_store(data);
  const auto events = static_cast<double>(store->log().end().value);
  for (std::size_t round = 0; round < rounds; ++round) {
    const Scan scanned = scan(store->log());
    if (round == 0) board.note("bytes an event", static_cast<double>(scanned.bytes) / events);
    board.note("raw scan, events/s", scanned.rate.wall);
    measure_verify(*store, 1, board);
    measure_verify(*store, 2, board);
    const Rate all = Views(*store).rebuild();
    board.note("rebuild of all views, events/s", all.wall);
    board.at_least("rebuild of all views over the scan, wall", 0.25, all.wall / scanned.rate.wall);
    board.at_least("rebuild of all views over the scan, CPU", 0.25, all.cpu / scanned.rate.cpu);
    const Rate calls = Views(*store, "calls").rebuild();
    board.note("rebuild of calls, events/s", calls.wall);
    board.at_least("rebuild of calls over the scan, wall", 0.5, calls.wall / scanned.rate.wall);
    board.at_least("rebuild of calls over the scan, CPU", 0.5, calls.cpu / scanned.rate.cpu);
  }
  must(store->close(), "closing");
}

void build_views(const std::filesystem::path& data) {
  const auto store = open_store(data);
  { const Views views(*store); }
  must(store->close(), "closing");
}

}  // namespace hansard::bench
