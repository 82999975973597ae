#include "text/report_text.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <vector>

#include "text/charts.h"
#include "text/json_view.h"
#include "text/query_text.h"
#include "text/terminal.h"

namespace hansard::cli {

namespace {

using events::Json;

constexpr std::size_t kBarColumns = 20;
/// Moments of a line; of more the latest are drawn.
constexpr std::size_t kLineColumns = 60;

std::optional<double> number_in(const Json& group, const std::string& measure) {
  const Json* value = group.find(measure);
  if (value == nullptr || !value->is_number()) return std::nullopt;
  const auto number = value->as_double("");
  return number ? std::optional(*number) : std::nullopt;
}

/// A bar per group, of the greatest among them.
ExtraColumn bars(const Json& answer, const std::string& measure) {
  double most = 0;
  for (const Json& group : list_at(answer, "groups")) {
    most = std::max(most, number_in(group, measure).value_or(0));
  }
  return {"", Table::Align::left, [measure, most](const Json& group) {
            const double value = number_in(group, measure).value_or(0);
            return most > 0 ? bar(value / most, kBarColumns) : std::string();
          }};
}

/// The context window of the group's model, and how much of it the largest call took.
std::vector<ExtraColumn> windows() {
  const auto window = [](const Json& group) { return number_at(group, "window"); };
  return {{"window", Table::Align::right,
           [window](const Json& group) {
             const auto tokens = window(group);
             return tokens ? grouped(*tokens) : std::string("-");
           }},
          {"", Table::Align::left, [window](const Json& group) {
             const auto tokens = window(group);
             const auto largest = number_in(group, "max(input)");
             if (!tokens || *tokens == 0 || !largest) return std::string();
             const double part = *largest / static_cast<double>(*tokens);
             return bar(part, kBarColumns) + " " + percent_text(part);
           }}};
}

/// How far our cost is from what the provider says.
ExtraColumn drift() {
  return {"drift", Table::Align::right, [](const Json& group) {
            const auto ours = number_in(group, "sum(cost)");
            const auto theirs = number_in(group, "sum(reported_cost)");
            if (!ours || !theirs || *theirs == 0) return std::string("-");
            const double part = *ours / *theirs - 1;
            return (part < 0 ? "-" : "+") + percent_text(std::abs(part));
          }};
}

bool asks(const Json& answer, std::string_view measure) {
  const auto& measures = list_at(answer, "measures");
  return std::any_of(measures.begin(), measures.end(),
                     [&](const Json& each) { return text_of(&each) == measure; });
}

bool has_windows(const Json& answer) {
  const auto& groups = list_at(answer, "groups");
  return std::any_of(groups.begin(), groups.end(),
                     [](const Json& group) { return group.find("window") != nullptr; });
}

/// What one group but its time has been over time.
struct Line {
  std::vector<std::string> keys;
  std::map<std::string, double> values;  ///< by moment
};

std::string lines_text(const Json& answer, const std::string& measure, std::size_t columns) {
  std::vector<std::string> dimensions;
  for (const Json& name : list_at(answer, "group_by")) dimensions.push_back(text_of(&name));
  if (dimensions.empty()) return {};
  const std::string time = dimensions.back();
  dimensions.pop_back();
  std::vector<Line> lines;
  std::map<std::string, std::size_t> moments;  ///< all of them, in order
  for (const Json& group : list_at(answer, "groups")) {
    std::vector<std::string> keys;
    for (const std::string& name : dimensions) keys.push_back(shown_key(name, group, true));
    auto line = std::find_if(lines.begin(), lines.end(),
                             [&](const Line& each) { return each.keys == keys; });
    if (line == lines.end()) line = lines.insert(lines.end(), {std::move(keys), {}});
    const std::string moment = text_at(group, time);
    if (moment.empty()) continue;  // nobody knows when
    moments[moment] = 0;
    if (const auto value = number_in(group, measure)) line->values[moment] = *value;
  }
  while (moments.size() > kLineColumns) moments.erase(moments.begin());
  if (moments.empty()) return "nothing fits\n";

  std::vector<Table::Column> titles;
  for (const std::string& name : dimensions) titles.push_back({name, Table::Align::left, true});
  titles.push_back({measure + " by " + time, Table::Align::left});
  titles.push_back({"least", Table::Align::right});
  titles.push_back({"most", Table::Align::right});
  titles.push_back({"latest", Table::Align::right});
  Table table(std::move(titles));
  for (const Line& line : lines) {
    std::vector<std::optional<double>> values;
    std::vector<double> known;
    for (const auto& [moment, unused] : moments) {
      const auto found = line.values.find(moment);
      values.push_back(found == line.values.end() ? std::nullopt : std::optional(found->second));
      if (values.back()) known.push_back(*values.back());
    }
    if (known.empty()) continue;
    std::vector<std::string> cells = line.keys;
    cells.push_back(spark(values));
    const auto [least, most] = std::minmax_element(known.begin(), known.end());
    for (const double value : {*least, *most, known.back()}) {
      const Json number = Json::number(value);
      cells.push_back(shown_value(measure, &number));
    }
    table.add(std::move(cells));
  }
  return table.text(columns) + moments.begin()->first + " to " + moments.rbegin()->first + "\n";
}

}  // namespace

std::string section_text(const Json& section, std::size_t columns) {
  const Json* answer = section.find("answer");
  if (answer == nullptr) return {};
  const std::string pictured = text_at(section, "pictured");
  const std::string picture = text_at(section, "picture");
  if (picture == "lines") return lines_text(*answer, pictured, columns);
  std::vector<ExtraColumn> extra;
  if (has_windows(*answer)) extra = windows();
  if (asks(*answer, "sum(cost)") && asks(*answer, "sum(reported_cost)")) extra.push_back(drift());
  if (picture == "bars" && list_at(*answer, "groups").size() > 1) {
    extra.push_back(bars(*answer, pictured));
  }
  return query_table(*answer, columns, extra);
}

}  // namespace hansard::cli
