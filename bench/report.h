#pragma once

#include <cstdint>

#include "benchmark/benchmark.h"
#include "meter.h"

namespace hansard::bench {

/// Sets the counters that every benchmark of durable writes has, and the iteration's time.
void report(benchmark::State& state, const Usage& usage, std::uint64_t events, std::uint64_t bytes,
            Latencies& latencies);

}  // namespace hansard::bench
