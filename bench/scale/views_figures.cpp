#include "scale/views_figures.h"

#include <atomic>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "core/projection_runner.h"
#include "projections/registry.h"
#include "scale/conversations.h"
#include "scale/filled_log.h"
#include "scale/must.h"
#include "sleeping_semaphore.h"
#include "workload.h"

namespace hansard::bench {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr std::size_t kBatchEvents = 100;
constexpr unsigned kOutstanding = 16;
constexpr double kLagSecondsMax = 1.0;

/// When positions were acknowledged, oldest first, and how far behind them a view is.
class Acknowledged {
 public:
  void add(core::Position end) {
    const std::lock_guard lock(mutex_);
    if (ends_.empty() || end.value > ends_.back().first)
      ends_.emplace_back(end.value, Clock::now());
  }
  /// Seconds since the first event that a view with this checkpoint lacks was acknowledged.
  double behind(core::Position checkpoint) {
    const std::lock_guard lock(mutex_);
    while (!ends_.empty() && ends_.front().first <= checkpoint.value) ends_.pop_front();
    if (ends_.empty()) return 0;
    return std::chrono::duration<double>(Clock::now() - ends_.front().second).count();
  }

 private:
  std::mutex mutex_;
  std::deque<std::pair<std::uint64_t, Clock::time_point>> ends_;
};

/// All views, kept caught up as the product does it, or none.
class Followers {
 public:
  Followers(rocks::RocksStore& store, bool any) : log_(store.log()) {
    if (!any) return;
    keyed_hash_ = std::make_unique<core::KeyedHash>(hasher(), store.store_key());
    projections_ = projections::all(*keyed_hash_);
    std::vector<const core::Projection*> pointers;
    for (const auto& each : projections_) pointers.push_back(each.get());
    runner_ = std::make_unique<core::ProjectionRunner>(log_, store.views(), std::move(pointers));
    runner_->start();
    while (slowest() < log_.end()) std::this_thread::sleep_for(milliseconds(5));
  }
  /// The checkpoint of the view that is furthest behind; the log's end without views.
  [[nodiscard]] core::Position slowest() const {
    core::Position least = log_.end();
    if (!runner_) return least;
    for (const auto& state : runner_->states()) {
      must(state.phase != core::ProjectionState::Phase::stopped, state.name + ": " + state.error);
      least = std::min(least, state.checkpoint);
    }
    return least;
  }

 private:
  core::EventLog& log_;
  std::unique_ptr<core::KeyedHash> keyed_hash_;
  std::vector<std::unique_ptr<core::Projection>> projections_;
  std::unique_ptr<core::ProjectionRunner> runner_;
};

struct Ingested {
  double per_second = 0;
  double lag_seconds = 0;  ///< the worst that was seen
};

/// Appends batches for as long, `per_second` events (0: as fast as they are taken).
Ingested ingest(rocks::RocksStore& store, Conversations& source, double per_second, double seconds,
                bool views) {
  const Followers followers(store, views);
  Acknowledged acknowledged;
  Semaphore room(kOutstanding);
  std::atomic<bool> failed{false};
  std::atomic<bool> over{false};
  double worst = 0;
  std::thread watcher([&] {
    while (!over) {
      worst = std::max(worst, acknowledged.behind(followers.slowest()));
      std::this_thread::sleep_for(milliseconds(20));
    }
  });
  const std::uint64_t first = store.log().end().value;
  std::uint64_t sent = 0;
  const auto begun = Clock::now();
  const auto until = begun + std::chrono::duration<double>(seconds);
  while (Clock::now() < until && !failed) {
    if (per_second > 0) {
      std::this_thread::sleep_until(
          begun + std::chrono::duration<double>(static_cast<double>(sent) / per_second));
    }
    auto request = source.next(first + sent, kBatchEvents);
    for (core::NewEvent& event : request.records) core::seal(event, hasher());
    room.acquire();
    store.log().append(std::move(request), [&](const core::Result<core::Receipt>& receipt) {
      if (receipt) acknowledged.add(core::Position{receipt->records.back().position.value + 1});
      if (!receipt) failed = true;
      room.release();
    });
    sent += kBatchEvents;
  }
  for (unsigned i = 0; i < kOutstanding; ++i) room.acquire();
  const double took = std::chrono::duration<double>(Clock::now() - begun).count();
  over = true;
  watcher.join();
  must(!failed, "an append failed");
  return {static_cast<double>(sent) / took, worst};
}

}  // namespace

/// Question: how fast may events come so that what views answer is a second old at most?
/// Expected: views fold what is appended on the same two cores; the slowest reads content.
void measure_views(const std::filesystem::path& data, double seconds_each, Board& board) {
  const auto store = open_store(data);
  const core::KeyedHash keyed_hash(hasher(), store->store_key());
  // Sessions of its own, later than those of the log.
  Conversations source(
      {.seed = 77'001 + store->log().end().value,
       .going = 2'000,
       .users = 5'000,
       .start = core::Timestamp(std::chrono::sys_days{std::chrono::year{2026} / 9 / 1}),
       .step = std::chrono::milliseconds(1)},
      keyed_hash);
  const Ingested alone = ingest(*store, source, 0, seconds_each, false);
  board.note("batched ingest without views, events/s", alone.per_second);
  double held = 0;
  for (double part = 0.1; part < 1.05; part += 0.1) {
    const Ingested beside = ingest(*store, source, part * alone.per_second, seconds_each, true);
    if (beside.lag_seconds > kLagSecondsMax) {
      board.note("ingest at which a view fell behind, events/s", beside.per_second);
      board.note("and by how much, s", beside.lag_seconds);
      break;
    }
    held = beside.per_second;
    // It was asked for more than the machine gives beside them.
    if (beside.per_second < 0.95 * part * alone.per_second) break;
  }
  board.note("ingest at which all views are at most 1 s old, events/s", held);
  board.at_least("ingest with views at most 1 s old over ingest without", 0.6,
                 held / alone.per_second);
  must(store->close(), "closing");
}

}  // namespace hansard::bench
