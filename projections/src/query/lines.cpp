#include "projections/query/lines.h"

#include "events/json.h"
#include "projections/json.h"
#include "projections/query/json.h"
#include "projections/query/names.h"

namespace hansard::projections::query {
namespace {

bool is_hashed(const DimensionRef& dimension) {
  return dimension.dimension == Dimension::user || dimension.dimension == Dimension::tag;
}

class Csv {
 public:
  /// Quoted where a reader would otherwise cut it, RFC 4180 §2.
  void field(std::string_view text) {
    if (!first_) out_ += ',';
    first_ = false;
    if (text.find_first_of("\",\r\n") == std::string_view::npos) {
      out_ += text;
      return;
    }
    out_ += '"';
    for (const char c : text) {
      if (c == '"') out_ += '"';
      out_ += c;
    }
    out_ += '"';
  }
  void end_line() {
    out_ += "\r\n";
    first_ = true;
  }
  std::string take() { return std::move(out_); }

 private:
  std::string out_;
  bool first_ = true;
};

std::string shown(const Cell& cell) {
  if (!cell.known) return {};
  return cell.whole ? to_text(cell.integer) : events::dump(events::Json::number(cell.real));
}

}  // namespace

std::vector<std::string> column_names(const Answer& answer) {
  std::vector<std::string> names;
  for (const DimensionRef& dimension : answer.group_by) {
    names.push_back(to_text(dimension));
    if (is_hashed(dimension)) names.push_back(to_text(dimension) + "_hash");
  }
  for (const Aggregate& aggregate : answer.aggregates) names.push_back(to_text(aggregate));
  if (!answer.earlier) return names;
  for (const Aggregate& aggregate : answer.aggregates) {
    names.push_back("previous " + to_text(aggregate));
    names.push_back("change_percent " + to_text(aggregate));
  }
  return names;
}

std::string to_csv(const Answer& answer) {
  Csv out;
  for (const std::string& name : column_names(answer)) out.field(name);
  out.end_line();
  for (const Group& group : answer.groups) {
    for (std::size_t i = 0; i < group.keys.size(); ++i) {
      const Key& key = group.keys[i];
      out.field(key.erased ? kErasedText : key.text ? std::string_view(*key.text) : "");
      if (is_hashed(answer.group_by[i])) out.field(key.hash);
    }
    for (const Cell& cell : group.cells) out.field(shown(cell));
    for (std::size_t i = 0; i < group.earlier.size(); ++i) {
      out.field(shown(group.earlier[i]));
      const auto change = change_percent(group.cells[i], group.earlier[i]);
      out.field(change ? events::dump(events::Json::number(*change)) : "");
    }
    out.end_line();
  }
  return out.take();
}

std::string to_ndjson(const Answer& answer) {
  std::string out = events::dump(head_to_json(answer)) + '\n';
  for (const Group& group : answer.groups) out += events::dump(to_json(answer, group)) + '\n';
  return out;
}

std::string remarks(const Answer& answer) {
  std::string text;
  const auto add = [&](std::string_view name, std::uint64_t count) {
    if (count == 0) return;
    if (!text.empty()) text += ", ";
    text.append(name).append("=").append(std::to_string(count));
  };
  add("calls_without_usage", answer.calls_without_usage);
  add("calls_estimated", answer.calls_estimated);
  add("calls_unpriced", answer.calls_unpriced);
  add("calls_partly_priced", answer.calls_partly_priced);
  add("calls_cost_estimated", answer.calls_cost_estimated);
  add("undated_calls_left_out", answer.undated_left_out);
  if (answer.earlier) {
    const std::string before = remarks(*answer.earlier);
    if (!before.empty()) text += (text.empty() ? "previous: " : "; previous: ") + before;
  }
  if (answer.groups_before_limit > answer.groups.size()) {
    add("groups_left_out", answer.groups_before_limit - answer.groups.size());
  }
  return text;
}

}  // namespace hansard::projections::query
