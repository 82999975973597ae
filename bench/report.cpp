#include "report.h"

namespace hansard::bench {

void report(benchmark::State& state, const Usage& usage, std::uint64_t events, std::uint64_t bytes,
            Latencies& latencies) {
  const auto count = static_cast<double>(events);
  state.SetIterationTime(usage.seconds);
  state.counters["events/s"] = count / usage.seconds;
  state.counters["bytes/s"] = static_cast<double>(bytes) / usage.seconds;
  state.counters["p50_us"] = latencies.quantile(0.50);
  state.counters["p99_us"] = latencies.quantile(0.99);
  state.counters["cpu_us/event"] = 1e6 * usage.cpu_seconds / count;
  state.counters["foreground_us/event"] =
      1e6 * (usage.cpu_seconds - usage.background_cpu_seconds) / count;
  state.counters["switches/event"] = static_cast<double>(usage.switches) / count;
  state.counters["others_cpu_%"] = usage.others_percent;
}

}  // namespace hansard::bench
