#include "fresh_store.h"

#include <cstdio>
#include <cstdlib>

#include "report.h"

namespace hansard::bench {
namespace {

/// Bytes have no equal but themselves here; no benchmark sends an event twice.
const core::EventEquivalence& equivalence() {
  static const core::EventEquivalence instance{};
  return instance;
}

}  // namespace

FreshStore::FreshStore(const std::string& name, const core::Hasher& hasher) : scratch_(name) {
  rocks::OpenOptions options;
  options.directory = scratch_.path() / "data";
  options.hasher = &hasher;
  options.equivalence = &equivalence();
  options.ballast_bytes = 0;  // written before anything is measured, and slow to write
  options.notice = [](std::string_view what) {
    std::fprintf(stderr, "store: %.*s\n", static_cast<int>(what.size()), what.data());
  };
  auto opened = rocks::RocksStore::open(std::move(options));
  if (!opened) {
    std::fprintf(stderr, "cannot open a store: %s\n", opened.error().message.c_str());
    std::exit(EXIT_FAILURE);
  }
  store_ = *std::move(opened);
  scratch_.settle();
}

FreshStore::~FreshStore() = default;

void measure_log(benchmark::State& state, const core::Hasher& used, bool check_root,
                 const std::function<Load(core::EventLog& log)>& run) {
  for (auto iteration : state) {
    static_cast<void>(iteration);
    FreshStore fresh("event_log", used);
    Load load = run(fresh.log());
    const rocks::Stats stats = fresh.store().stats();
    auto wrong = load.problem;
    if (!wrong && check_root) wrong = check_log(fresh.log(), used, load.events);
    if (!wrong && fresh.log().end().value != load.events) wrong = "events are missing";
    if (!wrong && stats.events != load.events) wrong = "the statistics miscount";
    if (wrong) {
      state.SkipWithError(wrong->c_str());
      return;
    }
    report(state, load.usage, load.events, load.events * kPayloadBytes, load.latencies);
    const auto groups = static_cast<double>(stats.groups);
    state.counters["events/sync"] = static_cast<double>(load.events) / groups;
    state.counters["sync_us"] = static_cast<double>(stats.sync_time.count()) / groups;
  }
}

std::vector<std::vector<core::AppendRequest>> make_clients(std::size_t clients, std::size_t events,
                                                           std::size_t per_request) {
  std::vector<std::vector<core::AppendRequest>> all;
  for (std::size_t client = 0; client < clients; ++client) {
    all.push_back(make_requests(1000 + client, events / clients, per_request));
  }
  return all;
}

}  // namespace hansard::bench
