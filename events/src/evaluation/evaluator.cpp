#include "events/evaluation/evaluator.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cmath>
#include <utility>

namespace hansard::events {
namespace {

using core::Result;

constexpr std::array<std::string_view, 6> kKinds{"exact", "contains",    "not_contains",
                                                 "regex", "json_schema", "number"};

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const auto from = text.find_first_not_of(kSpace);
  if (from == std::string_view::npos) return {};
  return text.substr(from, text.find_last_not_of(kSpace) - from + 1);
}

/// What stands between the fences of a code block, where the text is one.
std::string_view unfenced(std::string_view text) {
  constexpr std::string_view kFence = "```";
  text = trimmed(text);
  const auto line = text.find('\n');
  const bool fenced = text.starts_with(kFence) && text.ends_with(kFence);
  if (!fenced || line == std::string_view::npos || text.size() < line + 1 + kFence.size()) {
    return text;
  }
  return trimmed(text.substr(line + 1, text.size() - line - 1 - kFence.size()));
}

/// The last number written in decimal in a text; `1,234.5` is one.
std::optional<double> last_number(std::string_view text) {
  const auto is_digit = [](char each) { return each >= '0' && each <= '9'; };
  std::size_t end = text.size();
  while (end > 0 && !is_digit(text[end - 1])) --end;
  std::size_t from = end;
  while (from > 0 && (is_digit(text[from - 1]) || text[from - 1] == '.' || text[from - 1] == ',')) {
    --from;
  }
  while (from < end && !is_digit(text[from]) && text[from] != '.') ++from;
  if (from == end) return {};
  std::string digits;
  for (const char each : text.substr(from, end - from)) {
    if (each != ',') digits.push_back(each);
  }
  if (from > 0 && text[from - 1] == '-') digits.insert(0, "-");
  double value = 0;
  const auto [stop, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || stop != digits.data() + digits.size()) return {};
  return value;
}

Result<std::vector<std::string>> read_words(const Json& json, const std::string& field) {
  std::vector<std::string> words;
  const auto take = [&](const Json& each) {
    const std::string* word = each.if_string();
    if (word == nullptr || word->empty()) return false;
    words.push_back(*word);
    return true;
  };
  const auto* list = json.if_array();
  bool ok = list != nullptr ? !list->empty() && list->size() <= kEvaluatorWordsMax : take(json);
  if (list != nullptr) {
    for (const Json& each : *list) ok = ok && take(each);
  }
  if (ok) return words;
  return bad_field(field, "expected a text, or a list of 1 to " +
                              std::to_string(kEvaluatorWordsMax) + " texts, none of them empty");
}

Result<NumberClose> read_number(const Json& json, const std::string& field) {
  const auto* members = json.if_object();
  if (members == nullptr) return bad_field(field, "expected an object with `expected`");
  NumberClose number;
  bool expected = false;
  for (const auto& [key, value] : *members) {
    const std::string path = join_path(field, key);
    if (key == "relative") {
      const auto flag = value.as_boolean(path);
      if (!flag) return flag.error();
      number.relative = *flag;
      continue;
    }
    const auto real = value.as_double(path);
    if (key != "expected" && key != "tolerance") return bad_field(path, "no such field");
    if (!real) return real.error();
    expected = expected || key == "expected";
    (key == "expected" ? number.expected : number.tolerance) = *real;
  }
  if (!expected) return bad_field(join_path(field, "expected"), "is missing");
  if (number.tolerance < 0) return bad_field(join_path(field, "tolerance"), "is below 0");
  return number;
}

std::string shown(std::string_view text) {
  constexpr std::size_t kShown = 80;
  return "\"" + std::string(text.substr(0, kShown)) + (text.size() > kShown ? "...\"" : "\"");
}

Judgement passed() { return {true, {}}; }
Judgement failed(std::string why) { return {false, std::move(why)}; }

Result<Judgement> on(const ExactMatch& wants, std::string_view answer) {
  if (trimmed(answer) == trimmed(wants.expected)) return passed();
  return failed("is not " + shown(wants.expected));
}

Result<Judgement> on(const Contains& wants, std::string_view answer) {
  for (const std::string& word : wants.all) {
    if (answer.find(word) == std::string_view::npos) return failed("missing: " + shown(word));
  }
  return passed();
}

Result<Judgement> on(const NotContains& wants, std::string_view answer) {
  for (const std::string& word : wants.none) {
    if (answer.find(word) != std::string_view::npos) return failed("has " + shown(word));
  }
  return passed();
}

Result<Judgement> on(const RegexMatch& wants, std::string_view answer) {
  return wants.pattern.found_in(answer) ? passed() : failed("no part of it matches");
}

Result<Judgement> on(const SchemaMatch& wants, std::string_view answer) {
  const auto value = parse_json(unfenced(answer));
  if (!value) return failed("is not JSON: " + value.error().message);
  auto violation = wants.schema.check(*value);
  if (!violation) return violation.error();
  if (!*violation) return passed();
  const std::string where = (*violation)->path.empty() ? "" : (*violation)->path + ": ";
  return failed(where + (*violation)->message);
}

Result<Judgement> on(const NumberClose& wants, std::string_view answer) {
  const auto number = last_number(answer);
  if (!number) return failed("has no number");
  const double room =
      wants.relative ? wants.tolerance * std::fabs(wants.expected) : wants.tolerance;
  if (std::fabs(*number - wants.expected) <= room) return passed();
  return failed(dump(Json::number(*number)) + " is not within " + dump(Json::number(room)) +
                " of " + dump(Json::number(wants.expected)));
}

}  // namespace

core::Result<Evaluator> Evaluator::read(const Json& json, std::string_view field) {
  const auto* members = json.if_object();
  if (members == nullptr || members->size() != 1) {
    return bad_field(field,
                     "expected an object with one of exact, contains, not_contains, regex, "
                     "json_schema, number");
  }
  const auto& [key, value] = members->front();
  const std::string path = join_path(field, key);
  if (key == "exact" || key == "regex") {
    const auto text = value.as_string(path);
    if (!text) return text.error();
    if (key == "exact") return Evaluator(ExactMatch{*text});
    auto pattern = Pattern::compile(*text, path);
    if (!pattern) return pattern.error();
    return Evaluator(RegexMatch{*std::move(pattern)});
  }
  if (key == "contains" || key == "not_contains") {
    auto words = read_words(value, path);
    if (!words) return words.error();
    if (key == "contains") return Evaluator(Contains{*std::move(words)});
    return Evaluator(NotContains{*std::move(words)});
  }
  if (key == "json_schema") {
    auto schema = JsonSchema::read(value, path);
    if (!schema) return schema.error();
    return Evaluator(SchemaMatch{*std::move(schema)});
  }
  if (key != "number") return bad_field(path, "no such evaluator");
  auto number = read_number(value, path);
  if (!number) return number.error();
  return Evaluator(*number);
}

std::string_view Evaluator::kind() const { return kKinds[any_.index()]; }

core::Result<Judgement> Evaluator::judge(std::string_view answer) const {
  return std::visit([&](const auto& each) { return on(each, answer); }, any_);
}

}  // namespace hansard::events
