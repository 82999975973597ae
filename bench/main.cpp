#include <charconv>
#include <cstdio>
#include <cstring>
#include <string_view>
#include <thread>

#include "suite.h"
#include "summary.h"
#include "workload.h"

namespace {

struct Options {
  std::size_t rounds = 10;
  bool tiny = false;
};

/// Takes our own options out of the command line; the others are Google Benchmark's.
bool take_options(int& argc, char** argv, Options& options) {
  constexpr std::string_view kRounds = "--rounds=";
  int kept = 1;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--tiny") {
      options.tiny = true;
      options.rounds = 1;
    } else if (argument.substr(0, kRounds.size()) == kRounds) {
      const auto number = argument.substr(kRounds.size());
      const char* end = number.data() + number.size();
      const auto parsed = std::from_chars(number.data(), end, options.rounds);
      if (parsed.ec != std::errc{} || parsed.ptr != end || options.rounds == 0) return false;
    } else {
      argv[kept++] = argv[i];
    }
  }
  argc = kept;
  return true;
}

void register_all(const hansard::bench::Sizes& sizes) {
  hansard::bench::register_disk(sizes);
  hansard::bench::register_single_appends(sizes);
  hansard::bench::register_batches(sizes);
  hansard::bench::register_shares(sizes);
  hansard::bench::register_core();
}

}  // namespace

/// Runs the whole list once per round, so that what is compared alternates (A B A B ...) and a
/// machine that drifts drifts for both.
int main(int argc, char** argv) {
  Options options;
  if (!take_options(argc, argv, options)) {
    std::fprintf(stderr, "--rounds must be a number above 0\n");
    return 2;
  }
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;

  const double ratio = hansard::bench::compression_ratio();
  std::printf("cores: %u  events compress %.1f times (ZSTD-1, 32 KiB blocks)\n",
              std::thread::hardware_concurrency(), ratio);
  if (ratio < 1.8 || ratio > 3.2) {
    std::fprintf(stderr, "events that compress so unlike recorded ones measure nothing\n");
    return 1;
  }
  register_all(options.tiny ? hansard::bench::Sizes::tiny() : hansard::bench::Sizes{});

  hansard::bench::Collector collector;
  for (std::size_t round = 0; round < options.rounds; ++round) {
    collector.begin_round(round);
    if (benchmark::RunSpecifiedBenchmarks(&collector) == 0) return 1;
    if (collector.failed()) return 1;
  }
  hansard::bench::print_summary(collector, options.rounds);
  benchmark::Shutdown();
  return 0;
}
