#include "scripted/script.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>
#include <iterator>
#include <utility>

namespace hansard::scripted {

namespace {

using core::Errc;
using core::Error;
using core::Result;
using core::Status;
using events::bad_field;
using events::Json;
using std::chrono::milliseconds;

/// `20ms`, `2s`, `1m`.
Result<milliseconds> read_time(const Json& value, std::string_view field) {
  auto text = value.as_string(field);
  if (!text) return text.error();
  std::int64_t number = 0;
  const char* const end = text->data() + text->size();
  const auto read = std::from_chars(text->data(), end, number);
  const std::string_view unit(read.ptr, static_cast<std::size_t>(end - read.ptr));
  constexpr std::array<std::pair<std::string_view, int>, 3> kUnits{
      {{"ms", 1}, {"s", 1000}, {"m", 60'000}}};
  for (const auto& [name, factor] : kUnits) {
    if (read.ec != std::errc{} || unit != name || number < 0) continue;
    if (number > Script::kTimeMax.count() / factor) break;
    return milliseconds(number * factor);
  }
  return bad_field(field, "expected a time like 20ms, 2s or 1m, at most 10m");
}

Status read_calls(const Json& value, std::vector<Rule::Call>& calls) {
  const Json::Array* list = value.if_array();
  if (list == nullptr) return bad_field("tool_calls", "expected a list");
  for (const Json& each : *list) {
    const Json* name = each.find("name");
    const Json* arguments = each.find("arguments");
    if (name == nullptr || !name->is_string()) return bad_field("tool_calls.name", "is missing");
    if (arguments != nullptr && !arguments->is_object()) {
      return bad_field("tool_calls.arguments", "expected an object");
    }
    calls.push_back({*name->if_string(), arguments == nullptr ? Json(Json::Object{}) : *arguments});
  }
  return core::Ok{};
}

Status read_member(const std::string& key, const Json& value, Rule& rule) {
  if (key == "when" || key == "answer") {
    auto text = value.as_string(key);
    if (!text) return text.error();
    if (key == "when") {
      rule.when = *std::move(text);
    } else {
      rule.answer = *std::move(text);
    }
    return core::Ok{};
  }
  if (key == "tool_calls") return read_calls(value, rule.tool_calls);
  if (key == "status") {
    const auto status = value.as_uint(key);
    if (!status) return status.error();
    if (*status < 400 || *status > 599) return bad_field(key, "expected 400 to 599");
    rule.status = static_cast<int>(*status);
    return core::Ok{};
  }
  if (key != "delay" && key != "pace") return bad_field(key, "no such member");
  auto time = read_time(value, key);
  if (!time) return time.error();
  (key == "delay" ? rule.delay : rule.pace) = *time;
  return core::Ok{};
}

Result<Rule> read_rule(std::string_view line) {
  auto members = events::parse_json_object(line);
  if (!members) return members.error();
  Rule rule;
  for (const Json::Member& member : *members) {
    if (auto read = read_member(member.key, member.value, rule); !read) return read.error();
  }
  if (rule.answer.empty() && rule.tool_calls.empty()) {
    return bad_field("answer", "a rule answers or calls a tool");
  }
  if (rule.status != 200 && !rule.tool_calls.empty()) {
    return bad_field("tool_calls", "an error calls no tool");
  }
  return rule;
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool stands_in(std::string_view part, std::string_view text) {
  const auto same = [](char a, char b) { return lower(a) == lower(b); };
  return std::search(text.begin(), text.end(), part.begin(), part.end(), same) != text.end() ||
         part.empty();
}

}  // namespace

Result<Script> Script::parse(std::string_view text, std::string_view name) {
  if (text.size() > kBytesMax) {
    return Error{Errc::too_large, std::string(name) + ": a script has at most 4 MiB"};
  }
  Script script;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) continue;
    auto rule = read_rule(line);
    if (!rule) {
      Error error = std::move(rule).error();
      error.message = std::string(name) + ":" + std::to_string(number) + ": " + error.message;
      return error;
    }
    if (script.rules_.size() == kRulesMax) {
      return Error{Errc::too_large, std::string(name) + ": a script has at most 10000 rules"};
    }
    script.rules_.push_back(*std::move(rule));
  }
  return script;
}

Result<Script> Script::load(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return Error{Errc::not_found, "the script " + path + " cannot be opened"};
  std::string text(std::istreambuf_iterator<char>(file), {});
  if (file.bad()) return Error{Errc::unavailable, "the script " + path + " cannot be read"};
  return parse(text, path);
}

const Rule* Script::choose(std::string_view said) const {
  const auto found = std::find_if(rules_.begin(), rules_.end(), [&](const Rule& rule) {
    return !rule.when || stands_in(*rule.when, said);
  });
  return found == rules_.end() ? nullptr : &*found;
}

}  // namespace hansard::scripted
