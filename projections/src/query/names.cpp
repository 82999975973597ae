#include "projections/query/names.h"

#include <array>
#include <charconv>
#include <optional>
#include <string>

namespace hansard::projections::query {
namespace {

using facts::Column;

struct DimensionName {
  std::string_view word;
  Column column;
};

constexpr std::array<DimensionName, kDimensions> kDimensionNames{{
    {"session", Column::session},
    {"user", Column::user},
    {"agent", Column::agent},
    {"app", Column::app},
    {"source", Column::source},
    {"provider", Column::provider},
    {"model", Column::model},
    {"service_tier", Column::service_tier},
    {"finish_reason", Column::finish_reason},
    {"failure", Column::failure},
    {"error_type", Column::error_type},
    {"status", Column::status},
    {"served_from", Column::served_from},
    {"kind", Column::kind},
    {"stream", Column::stream},
    {"usage_source", Column::usage_source},
    {"attempt", Column::attempt},
    {"prompt", Column::prompt},
    {"prompt_version", Column::prompt_version},
    {"experiment", Column::experiment},
    {"variant", Column::variant},
    {"tool", Column::tool},
    {"outcome", Column::outcome},
    {"metric", Column::metric},
    {"category", Column::category},
    {"evaluator", Column::evaluator},
    {"target", Column::target},
    {"strategy", Column::strategy},
    {"reason", Column::reason},
    {"tag:<key>", Column::tags},
    {"minute", Column::occurred_at},
    {"hour", Column::occurred_at},
    {"day", Column::occurred_at},
    {"week", Column::occurred_at},
    {"month", Column::occurred_at},
}};

constexpr std::array<std::string_view, kMeasures> kMeasureWords{"calls",
                                                                "errors",
                                                                "input_text",
                                                                "input_cache_read",
                                                                "input_cache_write_5m",
                                                                "input_cache_write_1h",
                                                                "input_cache_write_other",
                                                                "input_audio",
                                                                "input_image",
                                                                "input_video",
                                                                "output_text",
                                                                "output_reasoning",
                                                                "output_audio",
                                                                "output_image",
                                                                "input",
                                                                "output",
                                                                "tokens",
                                                                "saved_tokens",
                                                                "latency_us",
                                                                "ttft_us",
                                                                "tokens_per_second",
                                                                "cost",
                                                                "saved_cost",
                                                                "duration_us",
                                                                "scores",
                                                                "value",
                                                                "optimisations",
                                                                "tokens_before",
                                                                "tokens_after",
                                                                "tokens_saved",
                                                                "removed",
                                                                "summarised",
                                                                "reported_cost"};

constexpr std::array<std::string_view, 6> kFunctionWords{"sum", "avg",   "min",
                                                         "max", "count", "count_distinct"};
constexpr std::string_view kTagPrefix = "tag:";

core::Error bad(std::string_view field, std::string what) {
  return core::Error{core::Errc::invalid_argument, std::string(field) + ": " + std::move(what),
                     std::string(field)};
}

std::string quoted(std::string_view text) { return "\"" + std::string(text.substr(0, 80)) + "\""; }

template <class List, class F>
std::string listed(const List& list, F&& word) {
  std::string out;
  for (const auto& item : list) {
    if (!out.empty()) out += ", ";
    out += word(item);
  }
  return out;
}

bool adds_up(Measure measure) {
  return measure != Measure::latency_us && measure != Measure::ttft_us &&
         measure != Measure::tokens_per_second && measure != Measure::duration_us &&
         measure != Measure::value;
}

/// `99.9` is 9990.
std::optional<std::uint32_t> parse_percentile(std::string_view digits) {
  const auto point = digits.find('.');
  const std::string_view whole = digits.substr(0, point);
  const std::string_view part =
      point == std::string_view::npos ? std::string_view() : digits.substr(point + 1);
  if (whole.empty() || whole.size() > 3 || part.size() > 2) return std::nullopt;
  if (point != std::string_view::npos && part.empty()) return std::nullopt;
  std::string text(whole);
  text += part;
  text.append(2 - part.size(), '0');
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value >= 1 && value <= 10'000 ? std::optional(value) : std::nullopt;
}

std::string percentile_text(std::uint32_t tenths) {
  std::string text = "p" + std::to_string(tenths / 100);
  const std::uint32_t rest = tenths % 100;
  if (rest == 0) return text;
  text += '.';
  text += static_cast<char>('0' + rest / 10);
  if (rest % 10 != 0) text += static_cast<char>('0' + rest % 10);
  return text;
}

}  // namespace

std::string to_text(const DimensionRef& dimension) {
  if (dimension.dimension == Dimension::tag) return std::string(kTagPrefix) + dimension.tag;
  return std::string(kDimensionNames[static_cast<std::size_t>(dimension.dimension)].word);
}

std::string_view to_word(Measure measure) {
  return kMeasureWords[static_cast<std::size_t>(measure)];
}

std::string to_text(const Aggregate& aggregate) {
  std::string text =
      aggregate.function == Function::percentile
          ? percentile_text(aggregate.per_mille_tenths)
          : std::string(kFunctionWords[static_cast<std::size_t>(aggregate.function)]);
  text += '(';
  if (aggregate.distinct_of) {
    text += to_text(*aggregate.distinct_of);
  } else {
    text += to_word(aggregate.measure);
  }
  return text + ')';
}

core::Result<DimensionRef> parse_dimension(std::string_view text, std::string_view field) {
  if (text.starts_with(kTagPrefix)) {
    if (text.size() == kTagPrefix.size()) return bad(field, "a tag needs its key: tag:<key>");
    return DimensionRef{Dimension::tag, std::string(text.substr(kTagPrefix.size()))};
  }
  for (std::size_t i = 0; i < kDimensions; ++i) {
    if (kDimensionNames[i].word == text && static_cast<Dimension>(i) != Dimension::tag) {
      return DimensionRef{static_cast<Dimension>(i)};
    }
  }
  return bad(field, "there is no dimension " + quoted(text) + "; there are " +
                        listed(kDimensionNames, [](const auto& name) { return name.word; }));
}

core::Result<Measure> parse_measure(std::string_view text, std::string_view field) {
  for (std::size_t i = 0; i < kMeasures; ++i) {
    if (kMeasureWords[i] == text) return static_cast<Measure>(i);
  }
  return bad(field, "there is no measure " + quoted(text) + "; there are " +
                        listed(kMeasureWords, [](std::string_view word) { return word; }));
}

core::Result<Aggregate> parse_aggregate(std::string_view text, std::string_view field) {
  Aggregate aggregate;
  const auto open = text.find('(');
  if (open == std::string_view::npos) {
    const auto measure = parse_measure(text, field);
    if (!measure) return measure.error();
    if (!adds_up(*measure)) {
      return bad(field, std::string(text) + " does not add up; say avg(" + std::string(text) +
                            ") or p95(" + std::string(text) + ")");
    }
    aggregate.measure = *measure;
    return aggregate;
  }
  if (!text.ends_with(')')) return bad(field, quoted(text) + " lacks its closing bracket");
  const std::string_view function = text.substr(0, open);
  const std::string_view of = text.substr(open + 1, text.size() - open - 2);
  bool known = false;
  for (std::size_t i = 0; i < kFunctionWords.size(); ++i) {
    if (kFunctionWords[i] != function) continue;
    aggregate.function = static_cast<Function>(i);
    known = true;
  }
  if (!known && function.starts_with('p')) {
    if (const auto tenths = parse_percentile(function.substr(1))) {
      aggregate.function = Function::percentile;
      aggregate.per_mille_tenths = *tenths;
      known = true;
    }
  }
  if (!known) {
    return bad(field, "there is no function " + quoted(function) + "; there are " +
                          listed(kFunctionWords, [](std::string_view word) { return word; }) +
                          ", p50, p95, p99.9 and the like, up to p100");
  }
  if (aggregate.function == Function::count_distinct) {
    auto dimension = parse_dimension(of, field);
    if (!dimension) return dimension.error();
    aggregate.distinct_of = *std::move(dimension);
    return aggregate;
  }
  const auto measure = parse_measure(of, field);
  if (!measure) return measure.error();
  if (aggregate.function == Function::sum && *measure == Measure::tokens_per_second) {
    return bad(field, "rates do not add up; say avg(tokens_per_second)");
  }
  aggregate.measure = *measure;
  return aggregate;
}

facts::Column column_of(Dimension dimension) {
  return kDimensionNames[static_cast<std::size_t>(dimension)].column;
}

std::optional<facts::Table> asked_table_of(std::string_view word) {
  const auto table = facts::table_of(word);
  return table == facts::Table::observations ? std::nullopt : table;
}

bool is_of(facts::Table table, Dimension dimension) {
  return facts::has(table, column_of(dimension));
}

bool is_of(facts::Table table, Measure measure) {
  using facts::Table;
  switch (measure) {
    case Measure::calls:
    case Measure::errors:
      return table == Table::calls || table == Table::tool_calls;
    case Measure::duration_us:
      return table == Table::tool_calls;
    case Measure::scores:
    case Measure::value:
      return table == Table::scores;
    case Measure::optimisations:
    case Measure::tokens_before:
    case Measure::tokens_after:
    case Measure::tokens_saved:
    case Measure::removed:
    case Measure::summarised:
      return table == Table::optimisations;
    default:
      return table == Table::calls;
  }
}

std::string dimensions_of(facts::Table table) {
  std::string names;
  for (std::size_t i = 0; i < kDimensions; ++i) {
    if (!is_of(table, static_cast<Dimension>(i))) continue;
    if (!names.empty()) names += ", ";
    names += kDimensionNames[i].word;
  }
  return names;
}

std::string measures_of(facts::Table table) {
  std::string names;
  for (std::size_t i = 0; i < kMeasures; ++i) {
    if (!is_of(table, static_cast<Measure>(i))) continue;
    if (!names.empty()) names += ", ";
    names += kMeasureWords[i];
  }
  return names;
}

}  // namespace hansard::projections::query
