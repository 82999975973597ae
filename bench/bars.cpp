#include <array>
#include <cstdio>
#include <functional>

#include "summary.h"

namespace hansard::bench {
namespace {

/// Looks a number up; a bar that misses one of its benchmarks (they were filtered) is left out.
class Numbers {
 public:
  Numbers(const Collector& collector, std::size_t round) : collector_(collector), round_(round) {}
  double operator()(const char* name, const char* number) {
    const auto value = collector_.get(round_, name, number);
    if (!value) complete_ = false;
    return value.value_or(1);
  }
  [[nodiscard]] std::optional<double> when_complete(double value) const {
    return complete_ ? std::optional<double>(value) : std::nullopt;
  }

 private:
  const Collector& collector_;
  const std::size_t round_;
  bool complete_ = true;
};

constexpr const char* kRawSingle = "BM_RawRocksDB_Put/threads:16";
constexpr const char* kSingle = "BM_EventLog_Append/writers:16";
constexpr const char* kOutstanding = "BM_EventLog_Append/outstanding:64";
constexpr const char* kBatches = "BM_EventLog_Append/clients:4/batch:100";
constexpr const char* kUnhashed = "BM_EventLog_Append/clients:4/batch:100/without:hashes";
constexpr const char* kReplay = "BM_RawRocksDB_Replay/clients:4/batch:100";
constexpr const char* kReplayNoIds = "BM_RawRocksDB_Replay/clients:4/batch:100/without:ids";
constexpr const char* kReplayNoTiles = "BM_RawRocksDB_Replay/clients:4/batch:100/without:merkle";
constexpr const char* kFind = "BM_EventLog_FindUnknown";
constexpr const char* kRate = "events/s";
constexpr const char* kForeground = "foreground_us/event";
constexpr const char* kBackground = "background_us/event";

/// CPU of one event, of all threads. Ours are measured; flushing and compacting what they wrote is
/// taken from the replay of the same keys, where it can be waited for.
double append_cpu(Numbers& of, const char* benchmark) {
  return of(benchmark, kForeground) + of(kReplay, kBackground);
}

/// What goes away, of all threads, when a family is left out of the replay.
double saved_without(Numbers& of, const char* replay) {
  return of(kReplay, kForeground) + of(kReplay, kBackground) - of(replay, kForeground) -
         of(replay, kBackground);
}

/// CPU of the tree: what goes away with the hashes, and with the tiles.
double tree_cpu(Numbers& of) {
  return of(kBatches, kForeground) - of(kUnhashed, kForeground) + saved_without(of, kReplayNoTiles);
}

/// CPU of idempotency: looking an id up, and what goes away with the `ids` keys.
double idempotency_cpu(Numbers& of) {
  return of(kFind, "cpu_us") + saved_without(of, kReplayNoIds);
}

std::vector<Bar> bars(const Collector& collector, std::size_t rounds) {
  const auto from = [&](const std::function<double(Numbers&)>& compute) {
    std::vector<double> values;
    for (std::size_t round = 0; round < rounds; ++round) {
      Numbers of(collector, round);
      const double value = compute(of);
      if (of.when_complete(value)) values.push_back(value);
    }
    return values;
  };
  return {
      {"16 writers, events/s over raw RocksDB's", true, 1.0,
       from([](Numbers& of) { return of(kSingle, kRate) / of(kRawSingle, kRate); })},
      {"64 outstanding, events/s", true, 60'000,
       from([](Numbers& of) { return of(kOutstanding, kRate); })},
      {"100 a request, events/s over raw RocksDB's, same keys", true, 0.85,
       from([](Numbers& of) { return of(kBatches, kRate) / of(kReplay, kRate); })},
      {"100 a request, events/s", true, 60'000,
       from([](Numbers& of) { return of(kBatches, kRate); })},
      {"append CPU, us an event, 100 a request", false, Bar::kNone,
       from([](Numbers& of) { return append_cpu(of, kBatches); })},
      {"tree CPU, us an event", false, Bar::kNone, from([](Numbers& of) { return tree_cpu(of); })},
      {"idempotency CPU, us an event", false, Bar::kNone,
       from([](Numbers& of) { return idempotency_cpu(of); })},
      {"tree, % of append CPU, 100 a request", false, 15,
       from([](Numbers& of) { return 100 * tree_cpu(of) / append_cpu(of, kBatches); })},
      {"tree, % of append CPU, 16 writers", false, 15,
       from([](Numbers& of) { return 100 * tree_cpu(of) / append_cpu(of, kSingle); })},
      {"idempotency, % of append CPU, 100 a request", false, 10,
       from([](Numbers& of) { return 100 * idempotency_cpu(of) / append_cpu(of, kBatches); })},
      {"idempotency, % of append CPU, 16 writers", false, 10,
       from([](Numbers& of) { return 100 * idempotency_cpu(of) / append_cpu(of, kSingle); })},
  };
}

std::string cell(const std::map<std::string, std::vector<double>>& numbers, const char* number,
                 bool with_range) {
  const auto found = numbers.find(number);
  if (found == numbers.end()) return "";
  const Spread all = spread(found->second);
  char text[96];
  if (with_range) {
    std::snprintf(text, sizeof text, "%.4g (%.4g to %.4g)", all.median, all.min, all.max);
  } else {
    std::snprintf(text, sizeof text, "%.3g", all.median);
  }
  return text;
}

/// Medians; of what is compared, also the smallest and the largest.
void print_rows(const Collector& collector) {
  static constexpr std::array kDurable = {
      "p50_us",         "p99_us",      "foreground_us/event", "background_us/event",
      "switches/event", "events/sync", "others_cpu_%"};
  std::printf("\n| durable writes | events/s |");
  for (const char* number : kDurable) std::printf(" %s |", number);
  std::printf("\n|---|---|---|---|---|---|---|---|---|\n");
  for (const auto& row : collector.rows()) {
    if (row.numbers.count(kRate) == 0) continue;
    std::printf("| %s | %s |", row.name.c_str(), cell(row.numbers, kRate, true).c_str());
    for (const char* number : kDurable)
      std::printf(" %s |", cell(row.numbers, number, false).c_str());
    std::printf("\n");
  }
  std::printf("\n| parts | cpu_us |\n|---|---|\n");
  for (const auto& row : collector.rows()) {
    if (row.numbers.count(kRate) != 0) continue;
    std::printf("| %s | %s |\n", row.name.c_str(), cell(row.numbers, "cpu_us", true).c_str());
  }
}

}  // namespace

void print_summary(const Collector& collector, std::size_t rounds) {
  print_rows(collector);
  print_verdicts(bars(collector, rounds));
}

}  // namespace hansard::bench
