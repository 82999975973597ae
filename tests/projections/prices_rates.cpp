#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <random>

#include "events/pricing/book_file.h"
#include "events/system/events.h"
#include "projections/call_costs.h"
#include "projections/facts/calls.h"
#include "projections/facts/reader.h"
#include "recorder.h"

/// What does the cost of a call cost? `prices_rates [calls] [rounds]`: calls of 24 models, a few of
/// them most of the time, over 90 days, by the default book. Expected: a table entry and twelve
/// products and their masks, some 60 instructions: 15 to 25 ns. Processor time, median and spread.
namespace hansard::projections::test {
namespace {

double thread_seconds() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

int run(std::size_t calls, int rounds) {
  Recorder recorder;
  recorder.in_project("_log");
  std::vector<std::pair<std::string, std::string>> models;
  for (const auto& part : events::pricing::default_prices()) {
    const auto encoded = events::encode(part);
    recorder.add_raw("system", encoded.type, encoded.facts, encoded.content);
    const auto entries = events::pricing::parse_price_entries(part.entries, "");
    for (std::size_t i = 0; i < entries->size(); i += 67) {
      models.emplace_back((*entries)[i].provider.value_or(""), (*entries)[i].model);
    }
  }
  recorder.in_project("default");
  recorder.occurring(recorder.now());
  for (const auto& [provider, model] : models) {
    auto event = response(model, "hi", model, tokens(1, 1));
    event.provider = provider;
    recorder.answer("s1", event);
  }
  const double reading = thread_seconds();
  PriceReader reader(recorder.log());
  const auto prices = reader.read(recorder.project()).value();
  std::printf("book of %zu prices read in %.1f ms\n", prices->book.size(),
              (thread_seconds() - reading) * 1e3);

  const facts::CallsView view;
  const Built built(recorder.log(), view);
  const auto columns = facts::Reader::open(built.model(), recorder.project()).value();
  std::mt19937_64 random(7);
  constexpr std::size_t kRows = 4096;
  std::vector<facts::Row> rows(kRows);
  for (facts::Row& row : rows) {
    row.fill(facts::kNull);
    const auto set = [&](facts::Column column, std::int64_t value) {
      row[facts::index_of(column)] = value;
    };
    std::size_t nth = random() % models.size();
    if (random() % 10 != 0) nth = random() % 4;
    const auto& [provider, model] = models[nth];
    set(facts::Column::provider, *columns.find(facts::Column::provider, provider).value());
    set(facts::Column::model, *columns.find(facts::Column::model, model).value());
    set(facts::Column::occurred_at,
        day_us(20'000) + static_cast<std::int64_t>(random() % (90 * 86'400'000'000)));
    set(facts::Column::token_classes, 1 | 2 | (1 << 8));
    set(facts::Column::input_text, static_cast<std::int64_t>(random() % 20'000));
    set(facts::Column::input_cache_read, static_cast<std::int64_t>(random() % 100'000));
    set(facts::Column::output_text, static_cast<std::int64_t>(random() % 4'000));
  }
  std::vector<double> times;
  for (int round = 0; round < rounds; ++round) {
    const auto hook = cost_hook(prices, recorder.project());
    const auto pricer = hook.open(columns).value();
    const double start = thread_seconds();
    std::uint64_t sum = 0;
    std::size_t unpriced = 0;
    for (std::size_t i = 0; i < calls; ++i) {
      const auto cost = pricer(rows[i % kRows]);
      if (cost) {
        sum += static_cast<std::uint64_t>(cost->pico_usd);
      } else {
        ++unpriced;
      }
    }
    times.push_back((thread_seconds() - start) / static_cast<double>(calls) * 1e9);
    if (sum == 0) return 1;
    if (round == 0) std::printf("unpriced: %zu of %zu\n", unpriced, calls);
  }
  std::sort(times.begin(), times.end());
  std::printf("cost: %.1f ns a call (%.1f..%.1f)\n", times[times.size() / 2], times.front(),
              times.back());
  return 0;
}

}  // namespace
}  // namespace hansard::projections::test

int main(int argc, char** argv) {
  const std::size_t calls = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1'000'000;
  const int rounds = argc > 2 ? std::atoi(argv[2]) : 5;
  return hansard::projections::test::run(calls, std::max(1, rounds));
}
