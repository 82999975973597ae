#include "engine/gauges.h"

#include <string>
#include <utility>

namespace hansard::cli {

namespace {

using http::Gauge;

class Gauges {
 public:
  void gauge(const char* name, const char* help, double value,
             std::vector<std::pair<std::string, std::string>> labels = {}) {
    all_.push_back(Gauge{name, help, std::move(labels), value, false});
  }
  void counter(const char* name, const char* help, double value,
               std::vector<std::pair<std::string, std::string>> labels = {}) {
    all_.push_back(Gauge{name, help, std::move(labels), value, true});
  }
  std::vector<Gauge> take() { return std::move(all_); }

 private:
  std::vector<Gauge> all_;
};

void add_store(Gauges& out, rocks::RocksStore& store) {
  const rocks::Stats stats = store.stats();
  const auto number = [](auto value) { return static_cast<double>(value); };
  out.gauge("hansard_log_end", "One past the last visible position.",
            number(store.log().end().value));
  out.counter("hansard_store_groups_total", "Groups of appends synced.", number(stats.groups));
  out.counter("hansard_store_requests_total", "Appends synced.", number(stats.requests));
  out.counter("hansard_store_events_total", "Events written.", number(stats.events));
  out.counter("hansard_store_bytes_total", "Bytes of write batches.", number(stats.bytes));
  out.counter("hansard_store_overloaded_total", "Appends refused because the queue was full.",
              number(stats.overloaded));
  out.counter("hansard_store_out_of_space_total", "Appends refused below the free-space floor.",
              number(stats.out_of_space));
  out.counter("hansard_store_commit_failures_total", "Groups that could not be committed.",
              number(stats.commit_failures));
  out.counter("hansard_store_reopened_total", "Times the store was opened again after a failure.",
              number(stats.reopened));
  out.counter("hansard_store_sync_seconds_total", "Time spent committing.",
              number(stats.sync_time.count()) / 1e6);
  out.gauge("hansard_store_queue_requests", "Appends waiting.", number(stats.queue_requests));
  out.gauge("hansard_store_queue_bytes", "Their payload bytes.", number(stats.queue_bytes));
  out.gauge("hansard_store_serving", "1 while the store accepts appends.", stats.serving ? 1 : 0);
  out.gauge("hansard_store_space_short", "1 below the free-space floor.",
            stats.space_short ? 1 : 0);
}

void add_checkpoints(Gauges& out, const Engine& engine) {
  const auto status = engine.checkpoints();
  if (!status) return;
  const auto number = [](auto value) { return static_cast<double>(value); };
  out.gauge("hansard_checkpoint_size", "Events under the latest signed checkpoint.",
            number(status->size));
  out.counter("hansard_checkpoints_total", "Checkpoints signed.", number(status->written));
  out.counter("hansard_checkpoint_failures_total", "Checkpoints that could not be written.",
              number(status->failures));
  for (const CheckpointCopies::Status& copy : status->copies) {
    out.gauge("hansard_checkpoint_copy_size", "Events under the checkpoint that arrived last.",
              number(copy.size), {{"to", copy.place}});
    out.counter("hansard_checkpoint_copy_failures_total", "Attempts that failed.",
                number(copy.failures), {{"to", copy.place}});
  }
}

void add_erasures(Gauges& out, const Engine& engine) {
  const auto counts = engine.erasures();
  if (!counts) return;
  const auto number = [](auto value) { return static_cast<double>(value); };
  out.counter("hansard_erasures_requested_total",
              "Erasures taken on, also those gone on with at the start.",
              number(counts->requested));
  out.counter("hansard_erasures_done_total", "Erasures whose content is gone from every file.",
              number(counts->done));
  out.gauge("hansard_erasures_pending", "Erasures whose content is being destroyed.",
            number(counts->pending));
  out.counter("hansard_erasure_failures_total", "Attempts at erasing that ended early.",
              number(counts->failures));
  out.counter("hansard_erasure_events_total", "Events whose content was destroyed.",
              number(counts->events_erased));
  out.counter("hansard_erasure_seconds_total", "Time spent on destroying content, to the end.",
              counts->seconds);
}

void add_memory(Gauges& out, const Engine& engine) {
  for (const rocks::MemoryUse& use : engine.memory_usage()) {
    const std::string purpose(use.name);
    out.gauge("hansard_memory_bytes", "Memory in use, by purpose.", static_cast<double>(use.bytes),
              {{"purpose", purpose}});
    out.gauge("hansard_memory_budget_bytes", "Its bound; 0: none of its own.",
              static_cast<double>(use.budget_bytes), {{"purpose", purpose}});
  }
}

void add_views(Gauges& out, Engine& engine) {
  const std::uint64_t end = engine.store().log().end().value;
  for (const core::ProjectionState& view : engine.views().states()) {
    const std::uint64_t behind = end - std::min(end, view.checkpoint.value);
    out.gauge("hansard_projection_behind", "Events not yet absorbed.", static_cast<double>(behind),
              {{"projection", view.name}});
    out.gauge("hansard_projection_stopped", "1 when a projection stopped on an error.",
              view.phase == core::ProjectionState::Phase::stopped ? 1 : 0,
              {{"projection", view.name}});
  }
  if (const auto texts = engine.texts()) {
    const std::uint64_t behind = end - std::min(end, texts->checkpoint.value);
    out.gauge("hansard_projection_behind", "Events not yet absorbed.", static_cast<double>(behind),
              {{"projection", "search"}});
    out.gauge("hansard_projection_stopped", "1 when a projection stopped on an error.",
              texts->phase == projections::SearchState::Phase::stopped ? 1 : 0,
              {{"projection", "search"}});
    out.counter("hansard_search_rebuilds_total", "Times the index of texts was built anew.",
                static_cast<double>(texts->rebuilds));
  }
}

void add_policies(Gauges& out, const Engine& engine) {
  const auto counts = engine.policies();
  if (!counts) return;
  const auto decided = [&](const char* policy, const char* outcome, std::uint64_t count) {
    out.counter("hansard_gateway_decisions_total", "What policies of the gateway decided.",
                static_cast<double>(count), {{"policy", policy}, {"outcome", outcome}});
  };
  decided("budget", "allowed", counts->budget_allowed);
  decided("budget", "refused", counts->budget_refused);
  decided("budget", "unpriced", counts->budget_unpriced_refused);
  decided("rate_limit", "passed", counts->limit_passed);
  decided("rate_limit", "waited", counts->limit_waited);
  decided("rate_limit", "refused", counts->limit_refused);
  decided("cache", "hit", counts->cache_hits);
  decided("cache", "miss", counts->cache_misses);
  decided("cache", "bypassed", counts->cache_bypassed);
  decided("retry", "again", counts->retries);
  decided("fallback", "elsewhere", counts->fallbacks);
  decided("breaker", "refused", counts->breaker_refused);
  decided("playback", "hit", counts->playback_hits);
  decided("playback", "miss", counts->playback_misses);
  out.counter("hansard_gateway_unpriced_total",
              "Calls that are not in the money spent of a budget, or saved by a cache.",
              static_cast<double>(counts->budget_unpriced), {{"policy", "budget"}});
  out.counter("hansard_gateway_unpriced_total",
              "Calls that are not in the money spent of a budget, or saved by a cache.",
              static_cast<double>(counts->cache_saved_unpriced), {{"policy", "cache"}});
  constexpr double kPicoPerDollar = 1e12;
  out.counter("hansard_gateway_cache_saved_usd_total",
              "US dollars that answers from caches would have cost, by today's prices.",
              static_cast<double>(counts->cache_saved_pico_usd) / kPicoPerDollar);
  out.gauge("hansard_gateway_waiting_calls", "Calls held back by a rate limit.",
            static_cast<double>(counts->limit_waiting));
  out.gauge("hansard_gateway_cache_entries", "Answers in the caches of routes.",
            static_cast<double>(counts->cache_entries));
  out.gauge("hansard_gateway_cache_bytes", "Memory they take, about.",
            static_cast<double>(counts->cache_bytes));
}

void add_breakers(Gauges& out, const Engine& engine) {
  for (const gateway::BreakerStatus& breaker : engine.breakers()) {
    const double state = breaker.state == gateway::BreakerState::closed      ? 0
                         : breaker.state == gateway::BreakerState::half_open ? 1
                                                                             : 2;
    out.gauge("hansard_gateway_breaker_state", "0 closed, 1 half open, 2 open.", state,
              {{"route", breaker.route}, {"provider", breaker.provider}});
    out.counter("hansard_gateway_breaker_opened_total", "Times a breaker has opened.",
                static_cast<double>(breaker.opened),
                {{"route", breaker.route}, {"provider", breaker.provider}});
  }
}

}  // namespace

std::vector<Gauge> gauges(Engine& engine) {
  Gauges out;
  add_store(out, engine.store());
  add_checkpoints(out, engine);
  add_erasures(out, engine);
  add_memory(out, engine);
  add_views(out, engine);
  add_policies(out, engine);
  for (const auto& [rule, count] : engine.filtered()) {
    out.counter("hansard_filter_removed_total", "What was taken out before it was recorded.",
                static_cast<double>(count), {{"rule", rule}});
  }
  add_breakers(out, engine);
  return out.take();
}

}  // namespace hansard::cli
