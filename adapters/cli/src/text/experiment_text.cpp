#include "text/experiment_text.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "text/json_view.h"
#include "text/terminal.h"

namespace hansard::cli {

namespace {

using events::Json;

constexpr std::size_t kPlotColumns = 48;

double real_at(const Json& object, std::string_view key) {
  const Json* value = object.find(key);
  if (value == nullptr || !value->is_number()) return 0;
  const auto number = value->as_double("");
  return number ? *number : 0;
}

std::string number_text(double value, bool with_sign = false) {
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), with_sign ? "%+.4g" : "%.4g", value);
  return text.data();
}
std::string percent_change(double part) {
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), "%+.3g %%", part * 100);
  return text.data();
}
std::string count_at(const Json& object, std::string_view key) {
  return grouped(number_at(object, key).value_or(0));
}

/// What a variant changes in a call, in words.
std::string changes_of(const Json& variant) {
  std::string text;
  const auto add = [&](const std::string& more) { text += (text.empty() ? "" : ", ") + more; };
  for (const char* name : {"prompt", "model", "provider"}) {
    if (variant.find(name) != nullptr) add(std::string(name) + " " + text_at(variant, name));
  }
  if (const Json* parameters = variant.find("parameters")) add(dump(*parameters));
  return text.empty() ? "the call as it is" : text;
}

void add_head(const Json& report, std::string& out) {
  out += printable(text_at(report, "experiment")) + " (" + text_at(report, "status") + ")\n";
  if (report.find("hypothesis") != nullptr) {
    out += "Hypothesis: " + printable(text_at(report, "hypothesis")) + "\n";
  }
  const double coverage = real_at(report, "coverage");
  out += coverage < 1 ? number_text(coverage * 100) + " % of all " : "Every ";
  out += text_at(report, "unit") + (coverage < 1 ? "s take" : " takes") + " part";
  const std::string since = text_at(report, "started_at");
  if (!since.empty()) out += " since " + since.substr(0, 19);
  out += "; " + count_at(report, "exposed") + " met their variant.\n";
  const std::string first = text_at(report, "first_exposure");
  if (!first.empty()) {
    out += "The first at " + first.substr(0, 19) + ", the latest at " +
           text_at(report, "latest_exposure").substr(0, 19) + ".\n";
  }
}

void add_variants(const Json& report, std::size_t columns, std::string& out) {
  using Align = Table::Align;
  Table table({{"variant"},
               {"what it is", Align::left, true},
               {"weight", Align::right},
               {"units", Align::right},
               {"answered", Align::right},
               {"failed", Align::right},
               {"cached", Align::right},
               {"refused", Align::right}});
  for (const Json& variant : list_at(report, "variants")) {
    const Json* calls = variant.find("calls");
    const auto of_calls = [&](const char* name) {
      return calls == nullptr ? std::string() : count_at(*calls, name);
    };
    table.add({text_at(variant, "variant"), changes_of(variant),
               number_text(real_at(variant, "weight")), count_at(variant, "exposed"),
               of_calls("answered"), of_calls("failed"), of_calls("cached"), of_calls("refused")});
  }
  out += "\n" + table.text(columns);
}

std::string judgement(const Json& comparison) {
  if (flag_at(comparison, "harmful")) return "does harm";
  if (flag_at(comparison, "better")) return "better";
  if (flag_at(comparison, "worse")) return "worse";
  return flag_at(comparison, "enough") ? "not proven" : "too early";
}

void add_needed(const Json& comparison, std::string& out) {
  const Json* needed = comparison.find("needed");
  if (needed == nullptr) return;
  if (const auto units = number_at(*needed, "units_per_variant")) {
    out += "    If the difference stays as it is, some " + grouped(*units) +
           " units a variant prove it (power 80 %).\n";
  }
}

void add_metric(const Json& metric, std::string& out) {
  const std::string name = printable(text_at(metric, "metric"));
  out += "\n" + name + " (" + text_at(metric, "role") + ", " + text_at(metric, "aggregate") +
         (text_at(metric, "goal") == "decrease" ? ", less" : ", more") + " is better)\n";
  const auto& variants = list_at(metric, "variants");
  std::size_t width = 0;
  for (const Json& each : variants) {
    width = std::max(width, columns_of(printable(text_at(each, "variant"))));
  }
  const auto padded = [&](const Json& each) {
    std::string text = printable(text_at(each, "variant"));
    text.append(width - std::min(width, columns_of(text)), ' ');
    return "  " + text + "  ";
  };
  for (const Json& each : variants) {
    out += padded(each);
    const bool seen = each.find("mean") != nullptr;
    out += seen ? number_text(real_at(each, "mean")) + " over " + count_at(each, "units") + " units"
                : "nothing yet";
    if (number_at(each, "unusable").value_or(0) > 0) {
      out += ", " + count_at(each, "unusable") + " values unusable";
    }
    out += "\n";
  }
  // One scale for all treatments, with 0 on it.
  double low = 0;
  double high = 0;
  for (const Json& each : list_at(metric, "comparisons")) {
    const Json* absolute = each.find("absolute");
    if (absolute == nullptr) continue;
    low = std::min(low, real_at(*absolute, "lower"));
    high = std::max(high, real_at(*absolute, "upper"));
  }
  for (const Json& each : list_at(metric, "comparisons")) {
    const Json* absolute = each.find("absolute");
    if (absolute == nullptr) {
      out += padded(each) + "cannot be compared: " + text_at(each, "unknown") + "\n";
      continue;
    }
    const double lower = real_at(*absolute, "lower");
    const double estimate = real_at(*absolute, "estimate");
    const double upper = real_at(*absolute, "upper");
    if (high > low) {
      out += padded(each) + interval_plot(lower, estimate, upper, low, high, kPlotColumns) + "\n";
    }
    out += padded(each) + number_text(estimate, true) + " [" + number_text(lower, true) + ", " +
           number_text(upper, true) + "]";
    if (const Json* relative = each.find("relative")) {
      out += ", " + percent_change(real_at(*relative, "estimate")) + " [" +
             percent_change(real_at(*relative, "lower")) + ", " +
             percent_change(real_at(*relative, "upper")) + "]";
    }
    const bool guards = each.find("harm_p") != nullptr;
    out += ", p " + number_text(real_at(each, guards ? "harm_p" : "adjusted_p")) +
           (guards ? " of harm: " : ": ") + judgement(each) + "\n";
    add_needed(each, out);
  }
}

void add_verdict(const Json& report, std::string& out) {
  const Json* verdict = report.find("verdict");
  if (verdict == nullptr) return;
  out += "\nVerdict: " + text_at(*verdict, "decision");
  if (verdict->find("variant") != nullptr) out += " " + printable(text_at(*verdict, "variant"));
  out += "\n";
  for (const Json& reason : list_at(*verdict, "reasons")) {
    out += "  " + printable(text_of(&reason)) + "\n";
  }
}

void add_notes(const Json& report, std::string& out) {
  if (const Json* split = report.find("sample_ratio"); split != nullptr) {
    out += "Units come in the shares asked for: p " + number_text(real_at(*split, "p")) +
           " (alarm below " + number_text(real_at(*split, "alarm_below")) + ").\n";
  }
  const auto note = [&](const char* key, const char* what) {
    if (number_at(report, key).value_or(0) > 0) out += count_at(report, key) + what;
  };
  note("never_exposed", " units are on record that never met their variant.\n");
  note("unexpected_outcomes", " values are of such units and count nowhere.\n");
  note("corrected", " values were corrected later.\n");
  out += "Intervals and p hold however often one looks, at alpha " +
         number_text(real_at(report, "alpha")) + ".\n";
}

}  // namespace

std::string interval_plot(double lower, double estimate, double upper, double low, double high,
                          std::size_t columns) {
  const auto place = [&](double value) {
    const double part = std::clamp((value - low) / (high - low), 0.0, 1.0);
    return static_cast<std::size_t>(std::lround(part * static_cast<double>(columns - 1)));
  };
  std::string line(columns, ' ');
  for (std::size_t i = place(lower); i <= place(upper); ++i) line[i] = '-';
  line[place(lower)] = '[';
  line[place(upper)] = ']';
  const std::size_t zero = place(0);
  line[zero] = '|';
  const std::size_t middle = place(estimate);
  line[middle] = middle == zero ? '#' : '*';
  return line;
}

std::string experiment_text(const Json& report, std::size_t columns) {
  std::string out;
  add_head(report, out);
  add_variants(report, columns, out);
  for (const Json& metric : list_at(report, "metrics")) add_metric(metric, out);
  add_verdict(report, out);
  add_notes(report, out);
  return out;
}

std::string power_text(const Json& answer) {
  std::string out;
  const std::string power = number_text(real_at(answer, "power") * 100) + " %";
  if (const auto units = number_at(answer, "units_per_variant")) {
    out += "To find " + number_text(real_at(answer, "lift"), true) + " from " +
           number_text(real_at(answer, "baseline")) + " with power " + power + " at alpha " +
           number_text(real_at(answer, "alpha")) + ":\n  " + grouped(*units) +
           " units a variant, looking whenever you like (with twice as many as horizon)\n  " +
           count_at(answer, "units_per_variant_at_one_look") +
           " units a variant, looking once, at the end\n";
  }
  if (answer.find("units") != nullptr) {
    out += count_at(answer, "units") + " units a variant find a difference of " +
           number_text(real_at(answer, "detectable_at_one_look")) + " with power " + power +
           ", looking once.\n";
  }
  return out;
}

}  // namespace hansard::cli
