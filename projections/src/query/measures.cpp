#include "measures.h"

#include <algorithm>
#include <limits>

#include "events/session/words.h"
#include "projections/query/execute.h"

namespace hansard::projections::query {
namespace {

using facts::Column;
using facts::kNull;

constexpr std::size_t kFirstClass = facts::index_of(Column::input_text);
constexpr std::size_t kInputClasses = 8;
constexpr auto kMost = std::numeric_limits<std::int64_t>::max();

/// First class and number of classes that a measure of tokens adds up.
struct Classes {
  std::size_t first = 0;
  std::size_t count = 0;
};

Classes classes_of(Measure measure) {
  switch (measure) {
    case Measure::input:
      return {kFirstClass, kInputClasses};
    case Measure::output:
    case Measure::tokens_per_second:
      return {kFirstClass + kInputClasses, facts::kTokenClasses - kInputClasses};
    case Measure::tokens:
    case Measure::saved_tokens:
      return {kFirstClass, facts::kTokenClasses};
    default:
      break;
  }
  if (measure < Measure::input_text || measure > Measure::output_image) return {};
  const auto nth =
      static_cast<std::size_t>(measure) - static_cast<std::size_t>(Measure::input_text);
  return {kFirstClass + nth, 1};
}

bool was_kept(std::int64_t served_from) {
  return served_from == static_cast<std::int64_t>(events::ServedFrom::cache) ||
         served_from == static_cast<std::int64_t>(events::ServedFrom::playback);
}

/// Sums of what is known, both sides at least 0.
std::int64_t plus(std::int64_t sum, std::int64_t more) {
  if (more == kNull) return sum;
  if (sum == kNull) return more;
  return sum > kMost - more ? kMost : sum + more;
}

void add_tokens(const Classes& classes, bool kept, const Chunk& chunk,
                std::span<const std::uint32_t> rows, std::int64_t* out) {
  const std::int64_t* served = chunk.of(Column::served_from);
  std::fill_n(out, rows.size(), kNull);
  for (std::size_t c = classes.first; c < classes.first + classes.count; ++c) {
    if (!chunk.some[c]) continue;
    const std::int64_t* tokens = chunk.columns[c].data();
    for (std::size_t i = 0; i < rows.size(); ++i) out[i] = plus(out[i], tokens[rows[i]]);
  }
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (was_kept(served[rows[i]]) != kept) out[i] = kNull;
  }
}

void copy(const std::int64_t* column, std::span<const std::uint32_t> rows, std::int64_t* out) {
  for (std::size_t i = 0; i < rows.size(); ++i) out[i] = column[rows[i]];
}

void to_rates(const Chunk& chunk, std::span<const std::uint32_t> rows, std::int64_t* out) {
  const std::int64_t* latency = chunk.of(Column::latency_us);
  const std::int64_t* ttft = chunk.of(Column::ttft_us);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::int64_t whole = latency[rows[i]];
    const std::int64_t before = ttft[rows[i]];
    if (out[i] == kNull || whole == kNull || whole <= 0) {
      out[i] = kNull;
      continue;
    }
    const std::int64_t time = before != kNull && before < whole ? whole - before : whole;
    const Wide rate = Wide{out[i]} * 1'000'000'000 / time;
    out[i] = rate > kMost ? kMost : static_cast<std::int64_t>(rate);
  }
}

void add_costs(bool kept, Pricing& pricing, const Chunk& chunk, std::span<const std::uint32_t> rows,
               std::int64_t* out) {
  const std::int64_t* served = chunk.of(Column::served_from);
  const std::int64_t* classes = chunk.of(Column::token_classes);
  const std::int64_t* source = chunk.of(Column::usage_source);
  facts::Row row;
  row.fill(kNull);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    out[i] = kNull;
    if (was_kept(served[rows[i]]) != kept) continue;
    for (const Column column : pricing.columns) {
      row[facts::index_of(column)] = chunk.of(column)[rows[i]];
    }
    const auto cost = pricing.price(row);
    if (!cost) {
      // Without usage it is not the price that is missing: those are counted as such.
      if (classes[rows[i]] != kNull) ++pricing.unpriced;
      continue;
    }
    out[i] = cost->pico_usd;
    if (!cost->complete) ++pricing.partly;
    const bool guessed =
        source[rows[i]] == static_cast<std::int64_t>(events::UsageSource::estimated);
    if (cost->estimated || guessed) ++pricing.estimated;
  }
}

}  // namespace

std::vector<Column> columns_of(Measure measure, const CostHook& cost) {
  switch (measure) {
    case Measure::calls:
      return {};
    case Measure::errors:
      return {Column::failure, Column::outcome};
    case Measure::scores:
    case Measure::optimisations:
      return {};
    case Measure::duration_us:
      return {Column::duration_us};
    case Measure::value:
      return {Column::value};
    case Measure::tokens_before:
      return {Column::tokens_before};
    case Measure::tokens_after:
      return {Column::tokens_after};
    case Measure::tokens_saved:
      return {Column::tokens_before, Column::tokens_after};
    case Measure::removed:
      return {Column::removed};
    case Measure::summarised:
      return {Column::summarised};
    case Measure::reported_cost:
      return {Column::reported_cost};
    case Measure::latency_us:
      return {Column::latency_us};
    case Measure::ttft_us:
      return {Column::ttft_us};
    case Measure::cost:
    case Measure::saved_cost: {
      std::vector<Column> columns = cost.columns;
      for (const Column also : {Column::served_from, Column::token_classes, Column::usage_source}) {
        columns.push_back(also);
      }
      return columns;
    }
    default:
      break;
  }
  std::vector<Column> columns{Column::served_from};
  if (measure == Measure::tokens_per_second)
    columns = {Column::served_from, Column::latency_us, Column::ttft_us};
  const Classes classes = classes_of(measure);
  for (std::size_t c = classes.first; c < classes.first + classes.count; ++c) {
    columns.push_back(static_cast<Column>(c));
  }
  return columns;
}

bool rests_on_usage(Measure measure) { return classes_of(measure).count > 0 || is_cost(measure); }

void evaluate(Measure measure, Pricing& pricing, const Chunk& chunk,
              std::span<const std::uint32_t> rows, std::int64_t* out) {
  switch (measure) {
    case Measure::calls:
    case Measure::scores:
    case Measure::optimisations:
      std::fill_n(out, rows.size(), std::int64_t{1});
      return;
    case Measure::errors: {
      const std::int64_t* failure = chunk.of(Column::failure);
      const std::int64_t* outcome = chunk.of(Column::outcome);
      for (std::size_t i = 0; i < rows.size(); ++i) {
        out[i] = failure[rows[i]] != kNull || outcome[rows[i]] == facts::kOutcomeFailed ? 1 : 0;
      }
      return;
    }
    case Measure::duration_us:
      return copy(chunk.of(Column::duration_us), rows, out);
    case Measure::value:
      return copy(chunk.of(Column::value), rows, out);
    case Measure::tokens_before:
      return copy(chunk.of(Column::tokens_before), rows, out);
    case Measure::tokens_after:
      return copy(chunk.of(Column::tokens_after), rows, out);
    case Measure::tokens_saved: {
      const std::int64_t* before = chunk.of(Column::tokens_before);
      const std::int64_t* after = chunk.of(Column::tokens_after);
      for (std::size_t i = 0; i < rows.size(); ++i) {
        const std::uint32_t row = rows[i];
        const bool known = before[row] != kNull && after[row] != kNull;
        out[i] = known ? before[row] - after[row] : kNull;
      }
      return;
    }
    case Measure::removed:
      return copy(chunk.of(Column::removed), rows, out);
    case Measure::summarised:
      return copy(chunk.of(Column::summarised), rows, out);
    case Measure::reported_cost:
      return copy(chunk.of(Column::reported_cost), rows, out);
    case Measure::latency_us:
      return copy(chunk.of(Column::latency_us), rows, out);
    case Measure::ttft_us:
      return copy(chunk.of(Column::ttft_us), rows, out);
    case Measure::cost:
    case Measure::saved_cost:
      return add_costs(measure == Measure::saved_cost, pricing, chunk, rows, out);
    default:
      add_tokens(classes_of(measure), measure == Measure::saved_tokens, chunk, rows, out);
      if (measure == Measure::tokens_per_second) to_rates(chunk, rows, out);
  }
}

}  // namespace hansard::projections::query
