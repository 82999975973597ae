#include "experiment_scan.h"

#include <algorithm>

#include "events/session/words.h"

namespace hansard::projections {

using facts::Column;
using facts::kNull;
using Of = MetricRows::Of;

namespace {

constexpr std::array kAlways{Column::experiment, Column::unit,        Column::observation,
                             Column::variant,    Column::edition,     Column::sign,
                             Column::metric,     Column::value,       Column::category,
                             Column::failure,    Column::served_from, Column::recorded_at};

}  // namespace

ExperimentScan::ExperimentScan(const facts::Reader& reader, const Plan& plan,
                               const ReportOptions& options, ExperimentReport& report)
    : reader_(reader),
      plan_(plan),
      options_(options),
      report_(report),
      columns_(kAlways.begin(), kAlways.end()),
      variant_of_(plan.units, kNoVariant),
      values_(plan.metrics.size(), std::vector<UnitValue>(plan.units)),
      unusable_(plan.metrics.size(), std::vector<std::uint64_t>(report.exposed.size())) {
  const auto want = [this](Column column) {
    if (std::find(columns_.begin(), columns_.end(), column) == columns_.end()) {
      columns_.push_back(column);
    }
  };
  for (const MetricRows& metric : plan.metrics) {
    if (metric.of == Of::latency) want(Column::latency_us);
    if (metric.of == Of::ttft) want(Column::ttft_us);
    if (metric.of == Of::tokens) {
      want(Column::token_classes);
      for (std::size_t i = 0; i < facts::kTokenClasses; ++i) {
        want(static_cast<Column>(facts::index_of(Column::input_text) + i));
      }
    }
    if (metric.of == Of::cost) {
      for (const Column column : options.costs.columns) want(column);
    }
  }
  place_.fill(-1);
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    place_[facts::index_of(columns_[i])] = static_cast<int>(i);
  }
  chunk_.resize(columns_.size());
}

core::Status ExperimentScan::run() {
  const bool priced = std::any_of(plan_.metrics.begin(), plan_.metrics.end(),
                                  [](const MetricRows& each) { return each.of == Of::cost; });
  if (priced && options_.costs.open) {
    auto pricer = options_.costs.open(reader_);
    if (!pricer) return pricer.error();
    pricer_ = *std::move(pricer);
  }
  for (const facts::Segment& segment : reader_.segments()) {
    const auto rows = reader_.rows_before(segment, options_.as_of);
    if (!rows) return rows.error();
    if (*rows == 0) break;
    const facts::Zone& zone = segment.zone(Column::experiment);
    if (!zone.any || plan_.experiment < zone.min || plan_.experiment > zone.max) continue;
    if (auto s = scan(segment, *rows); !s) return s;
  }
  return core::Ok{};
}

core::Status ExperimentScan::scan(const facts::Segment& segment, std::uint32_t rows) {
  std::vector<facts::ColumnData> data;
  for (const Column column : columns_) {
    auto read = reader_.column(segment, column);
    if (!read) return read.error();
    data.push_back(*std::move(read));
  }
  const auto mine = static_cast<std::size_t>(place_[facts::index_of(Column::experiment)]);
  for (std::uint32_t first = 0; first < rows; first += kChunk) {
    const std::size_t count = std::min<std::size_t>(kChunk, rows - first);
    const auto fill = [&](std::size_t column) {
      data[column].read(first, std::span(chunk_[column].data(), count));
    };
    fill(mine);
    const auto begin = chunk_[mine].begin();
    const auto end = begin + static_cast<std::ptrdiff_t>(count);
    if (std::find(begin, end, plan_.experiment) == end) continue;
    for (std::size_t column = 0; column < columns_.size(); ++column) {
      if (column != mine) fill(column);
    }
    for (std::size_t i = 0; i < count; ++i) {
      if (chunk_[mine][i] == plan_.experiment) row(i);
    }
  }
  return core::Ok{};
}

void ExperimentScan::row(std::size_t i) {
  const std::int64_t ordinal = at(Column::unit, i);
  // A row of a unit that this project's counter does not know cannot be; it would be out of bounds.
  if (ordinal < 0 || ordinal >= plan_.units) return;
  const auto unit = static_cast<std::uint32_t>(ordinal);
  report_.rows += plan_.first ? 1 : 0;
  switch (at(Column::observation, i)) {
    case facts::kExposure:
      return exposure(i, unit);
    case facts::kCall:
      return call(i, unit);
    default:
      return value(i, unit);
  }
}

void ExperimentScan::exposure(std::size_t i, std::uint32_t unit) {
  const auto id = static_cast<std::size_t>(at(Column::variant, i));
  const std::uint8_t variant = id < plan_.variants.size() ? plan_.variants[id] : kNoVariant;
  variant_of_[unit] = variant;
  if (variant == kNoVariant || !plan_.first) return;
  ++report_.exposed[variant];
  // Of the shares that it was drawn by; of later ones than are known, the latest.
  auto& editions = report_.seen.editions;
  const auto edition = static_cast<std::size_t>(std::max<std::int64_t>(0, at(Column::edition, i)));
  ++editions[std::min(edition, editions.size() - 1)].exposed[variant];
  if (++exposures_ % kSampleRatioStep == 0) {
    report_.seen.sample_ratio_p =
        std::min(report_.seen.sample_ratio_p, events::experiment::sample_ratio_p(editions));
  }
  const core::Timestamp recorded{std::chrono::microseconds(at(Column::recorded_at, i))};
  if (!report_.first_exposure) report_.first_exposure = recorded;
  report_.latest_exposure = recorded;
}

void ExperimentScan::call(std::size_t i, std::uint32_t unit) {
  const auto id = static_cast<std::size_t>(at(Column::variant, i));
  const std::uint8_t named = id < plan_.variants.size() ? plan_.variants[id] : kNoVariant;
  const std::uint8_t variant = variant_of_[unit] == kNoVariant ? named : variant_of_[unit];
  if (variant == kNoVariant) return;
  const std::int64_t from = at(Column::served_from, i);
  const bool failed = at(Column::failure, i) != kNull;
  const bool kept = from == static_cast<std::int64_t>(events::ServedFrom::cache) ||
                    from == static_cast<std::int64_t>(events::ServedFrom::playback);
  // Nobody was asked before the unit was exposed.
  const bool refused = !kept && variant_of_[unit] == kNoVariant;
  if (plan_.first) {
    auto& seen = report_.seen;
    ++(kept ? seen.cached : refused ? seen.refused : failed ? seen.failed : seen.answered)[variant];
  }
  if (kept || refused) return;
  const auto add_known = [&](std::size_t m, Column column) {
    const std::int64_t number = at(column, i);
    if (number != kNull) add(m, unit, static_cast<double>(number));
  };
  for (std::size_t m = 0; m < plan_.metrics.size(); ++m) {
    switch (plan_.metrics[m].of) {
      case Of::errors:
        add(m, unit, failed ? 1 : 0);
        break;
      case Of::calls:
        add(m, unit, 1);
        break;
      case Of::latency:
        add_known(m, Column::latency_us);
        break;
      case Of::ttft:
        add_known(m, Column::ttft_us);
        break;
      case Of::tokens: {
        if (at(Column::token_classes, i) == kNull) {
          useless(m, unit);
          break;
        }
        double sum = 0;
        for (std::size_t c = 0; c < facts::kTokenClasses; ++c) {
          const auto column = static_cast<Column>(facts::index_of(Column::input_text) + c);
          if (const std::int64_t tokens = at(column, i); tokens != kNull) {
            sum += static_cast<double>(tokens);
          }
        }
        add(m, unit, sum);
        break;
      }
      case Of::cost: {
        facts::Row row;
        row.fill(kNull);
        for (const Column column : options_.costs.columns) {
          row[facts::index_of(column)] = at(column, i);
        }
        const auto cost = pricer_ ? pricer_(row) : std::nullopt;
        if (cost && cost->complete) {
          add(m, unit, static_cast<double>(cost->pico_usd));
        } else {
          useless(m, unit);
        }
        break;
      }
      case Of::scores:
      case Of::nothing:
        break;
    }
  }
}

void ExperimentScan::value(std::size_t i, std::uint32_t unit) {
  const bool back = at(Column::sign, i) < 0;
  if (plan_.first) {
    report_.corrected += back ? 1 : 0;
    if (variant_of_[unit] == kNoVariant && !back) ++report_.unexpected_outcomes;
  }
  const std::int64_t named = at(Column::metric, i);
  for (std::size_t m = 0; m < plan_.metrics.size(); ++m) {
    const MetricRows& metric = plan_.metrics[m];
    if (metric.of != Of::scores || metric.metric != named || named == kNull) continue;
    std::int64_t number = at(Column::value, i);
    if (metric.categorical) {
      const std::int64_t category = at(Column::category, i);
      number = category == kNull ? kNull : category == metric.category ? 1'000'000 : 0;
    }
    if (number == kNull) {
      useless(m, unit, back);
      continue;
    }
    if (!back) {
      add(m, unit, static_cast<double>(number));
      continue;
    }
    UnitValue& value = values_[m][unit];
    if (value.count == 0) continue;
    --value.count;
    // Of `last`, what took its place comes next.
    if (!metric.last) value.sum -= static_cast<double>(number);
  }
}

void ExperimentScan::add(std::size_t metric, std::uint32_t unit, double value) {
  UnitValue& of_unit = values_[metric][unit];
  of_unit.sum = plan_.metrics[metric].last ? value : of_unit.sum + value;
  ++of_unit.count;
}

void ExperimentScan::useless(std::size_t metric, std::uint32_t unit, bool back) {
  if (variant_of_[unit] == kNoVariant) return;
  std::uint64_t& unusable = unusable_[metric][variant_of_[unit]];
  if (!back) {
    ++unusable;
  } else if (unusable > 0) {
    --unusable;
  }
}

}  // namespace hansard::projections
