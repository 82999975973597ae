#include "text/query_text.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>

#include "events/pricing/dollars.h"
#include "projections/query/names.h"
#include "text/json_view.h"

namespace hansard::cli {

namespace {

using events::Json;
namespace query = projections::query;
using query::Function;
using query::Measure;

constexpr double kDigitsMax = 9e15;  // below it a double has every whole number

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

/// Commas between thousands of a number as JSON writes it.
std::string grouped_digits(std::string digits) {
  const std::size_t first = digits.starts_with('-') ? 1 : 0;
  const std::size_t point = std::min(digits.find_first_of(".eE"), digits.size());
  for (std::size_t at = point; at > first + 3;) {
    at -= 3;
    digits.insert(at, ",");
  }
  return digits;
}

std::string decimals(double value, int digits) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", digits, value);
  return grouped_digits(text);
}

std::string dollars(double pico_usd) {
  if (std::abs(pico_usd) >= kDigitsMax * 1e3) return "$" + decimals(pico_usd / 1e12, 2);
  const auto pico = static_cast<std::int64_t>(std::llround(pico_usd));
  const unsigned digits = std::abs(pico_usd) >= 1e14 ? 2 : 4;  // of 100 dollars cents are enough
  const std::string text = events::pricing::rounded_dollars(pico, digits);
  return text.starts_with('-') ? "-$" + grouped_digits(text.substr(1)) : "$" + grouped_digits(text);
}

std::string time_span(double us) {
  if (us < 0 || us > kDigitsMax) return decimals(us / 1e6, 1) + " s";
  return duration_text(static_cast<std::uint64_t>(std::llround(us)));
}

bool is_duration(Measure measure) {
  return measure == Measure::latency_us || measure == Measure::ttft_us ||
         measure == Measure::duration_us;
}

/// `2026-10-25T02:00:00+02:00` without what says nothing.
std::string shown_time(std::string text, bool utc) {
  if (text.size() < 19) return text;
  text[10] = ' ';
  return text.substr(0, 16) + (utc ? "" : " " + text.substr(19));
}

const Json* member(const Json& group, std::string_view object, std::string_view name) {
  const Json* found = group.find(object);
  return found == nullptr ? nullptr : found->find(name);
}

std::string shown_change(const Json* percent) {
  if (percent == nullptr || !percent->is_number()) return "-";
  const auto value = percent->as_double("");
  if (!value) return "-";
  return (*value > 0 ? "+" : "") + decimals(*value, 1) + " %";
}

void add_count(std::string& out, const Json& from, const char* key, const char* says) {
  const auto count = number_at(from, key);
  if (count && *count > 0) out += grouped(*count) + " " + says + "\n";
}

void add_counts(std::string& out, const Json& from) {
  add_count(out, from, "calls_without_usage", "calls do not say their tokens");
  add_count(out, from, "calls_estimated", "calls have estimated tokens");
  add_count(out, from, "calls_unpriced", "calls have no price: their cost is not in the sums");
  add_count(out, from, "calls_partly_priced", "calls have no price for a part of them");
  add_count(out, from, "calls_cost_estimated", "calls have an estimated cost");
  add_count(out, from, "undated_calls_left_out", "rows without a time are not in this period");
}

}  // namespace

std::string pointed(const std::string& text, const query::TextError& error) {
  // Columns count characters, so line feeds among them.
  std::size_t begin = 0;
  std::size_t line_column = 1;
  std::size_t column = 1;
  for (std::size_t i = 0; i < text.size() && column < error.column; ++i) {
    if (is_continuation(text[i])) continue;
    ++column;
    if (text[i] != '\n') continue;
    begin = i + 1;
    line_column = column;
  }
  const std::string line = text.substr(begin, text.find('\n', begin) - begin);
  std::string marks(error.column - line_column, ' ');
  const std::size_t rest = columns_of(line) + 1 - std::min(columns_of(line), marks.size());
  marks +=
      std::string(std::clamp<std::size_t>(error.length, 1, std::max<std::size_t>(rest, 1)), '^');
  return "  " + printable(line) + "\n  " + marks + "\n";
}

std::string shown_value(const std::string& aggregate, const Json* value) {
  const auto* number = value == nullptr ? nullptr : value->if_number();
  if (number == nullptr) return "-";
  const auto real = value->as_double("");
  const auto read = query::parse_aggregate(aggregate, "");
  if (!real || !read) return number->lexeme;
  const bool counts = read->distinct_of || read->function == Function::count;
  if (!counts && is_duration(read->measure)) return time_span(*real);
  if (!counts && is_money(read->measure)) return dollars(*real);
  const bool fraction = query::scale_of(read->measure) != 1 || read->function == Function::avg;
  if (counts || !fraction) return grouped_digits(number->lexeme);
  return decimals(*real, read->measure == Measure::value ? 3 : 1);
}

std::string shown_key(const std::string& dimension, const Json& group, bool utc) {
  const Json* value = group.find(dimension);
  if (value == nullptr || !value->is_string()) return "unknown";
  for (const Json& erased : list_at(group, "erased")) {
    if (text_of(&erased) != dimension) continue;
    const Json* hashes = group.find("hashes");
    return "erased " + (hashes == nullptr ? "" : text_at(*hashes, dimension).substr(0, 8));
  }
  return dimension == "hour" || dimension == "minute" ? shown_time(text_of(value), utc)
                                                      : text_of(value);
}

std::string query_table(const Json& answer, std::size_t columns,
                        const std::vector<ExtraColumn>& extra) {
  std::vector<std::string> dimensions;
  std::vector<std::string> measures;
  for (const Json& name : list_at(answer, "group_by")) dimensions.push_back(text_of(&name));
  for (const Json& name : list_at(answer, "measures")) measures.push_back(text_of(&name));
  const bool compared = answer.find("previous") != nullptr;
  std::vector<Table::Column> titles;
  for (const std::string& name : dimensions) titles.push_back({name, Table::Align::left, true});
  for (const std::string& name : measures) {
    // As it may be asked for: a bare measure is its sum.
    const bool is_sum = name.starts_with("sum(") && name.ends_with(')');
    titles.push_back({is_sum ? name.substr(4, name.size() - 5) : name, Table::Align::right});
    if (!compared) continue;
    titles.push_back({"before", Table::Align::right});
    titles.push_back({"change", Table::Align::right});
  }
  for (const ExtraColumn& each : extra) titles.push_back({each.title, each.align});
  Table table(std::move(titles));
  const bool utc = answer.find("zone") == nullptr;
  for (const Json& group : list_at(answer, "groups")) {
    std::vector<std::string> cells;
    for (const std::string& name : dimensions) cells.push_back(shown_key(name, group, utc));
    for (const std::string& name : measures) {
      cells.push_back(shown_value(name, group.find(name)));
      if (!compared) continue;
      cells.push_back(shown_value(name, member(group, "previous", name)));
      cells.push_back(shown_change(member(group, "change_percent", name)));
    }
    for (const ExtraColumn& each : extra) cells.push_back(each.cell(group));
    table.add(std::move(cells));
  }
  return table.empty() ? "nothing fits\n" : table.text(columns);
}

std::string query_remarks(const Json& answer) {
  std::string out;
  const std::uint64_t shown = list_at(answer, "groups").size();
  const std::uint64_t all = number_at(answer, "total_groups").value_or(shown);
  if (all > shown) out += grouped(shown) + " of " + grouped(all) + " groups\n";
  add_counts(out, answer);
  for (const Json& book : list_at(answer, "books"))
    out += "prices of book " + text_of(&book) + "\n";
  if (text_at(answer, "percentiles") == "sketch") out += "percentiles are within 0.5 %\n";
  const std::string from = text_at(answer, "from");
  const std::string to = text_at(answer, "to");
  if (!from.empty()) out += "from " + shown_time(from, true) + " UTC" + (to.empty() ? "\n" : " ");
  if (!to.empty()) out += "to " + shown_time(to, true) + " UTC\n";
  if (const Json* before = answer.find("previous")) {
    out += "before: from " + shown_time(text_at(*before, "from"), true) + " UTC to " +
           shown_time(text_at(*before, "to"), true) + " UTC\n";
    std::string counts;
    add_counts(counts, *before);
    if (!counts.empty()) out += "of those before: " + counts;
  }
  const std::string zone = text_at(answer, "zone");
  const Json* as_of = answer.find("as_of");
  const auto position = as_of == nullptr ? std::nullopt : number_at(*as_of, "position");
  out += "as of position " + (position ? grouped(*position) : "?");
  if (!zone.empty()) out += ", in " + zone;
  return out + "\n";
}

}  // namespace hansard::cli
