#include <algorithm>
#include <charconv>
#include <cmath>

#include "projections/query/json.h"
#include "projections/query/names.h"
#include "projections/query/request.h"
#include "projections/query/text.h"
#include "projections/usage.h"

namespace hansard::projections::query {
namespace {

using events::bad_field;
using events::Json;

core::Result<std::int64_t> whole(const Json& value, const std::string& path) {
  const auto* number = value.if_number();
  std::int64_t read = 0;
  if (number) {
    const std::string& text = number->lexeme;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), read);
    if (error == std::errc() && end == text.data() + text.size() && read != facts::kNull) {
      return read;
    }
  }
  return bad_field(path, "expected a whole number of 64 bits");
}

core::Result<std::vector<std::string>> names(const Json& value, const std::string& path) {
  const auto* list = value.if_array();
  if (!list) return bad_field(path, "expected a list of names");
  if (list->size() > kListMax) {
    return core::Error{core::Errc::too_large,
                       path + ": more than " + std::to_string(kListMax) + " entries", path};
  }
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < list->size(); ++i) {
    auto text = (*list)[i].as_string(events::join_path(path, i));
    if (!text) return text.error();
    texts.push_back(*std::move(text));
  }
  return texts;
}

/// The two bounds of an object; `read` turns a value into a number.
template <class T, class F>
core::Status bounds(const Json& value, const std::string& path, std::optional<T>& min,
                    std::optional<T>& max, F&& read) {
  const auto* object = value.if_object();
  if (!object) return bad_field(path, "expected an object with min, max or both");
  for (const auto& [key, bound] : *object) {
    const std::string at = events::join_path(path, key);
    if (key != "min" && key != "max") return bad_field(at, "no such field; there are min and max");
    const auto number = read(bound, at);
    if (!number) return number.error();
    (key == "min" ? min : max) = *number;
  }
  if (!min && !max) return bad_field(path, "min or max is required");
  return core::Ok{};
}

core::Result<std::optional<std::string>> filter_value(const Json& value, const std::string& path) {
  if (value.is_null()) return std::optional<std::string>();
  if (const auto* text = value.if_string()) return std::optional(*text);
  if (const auto* number = value.if_number()) return std::optional(number->lexeme);
  if (const auto* flag = value.if_boolean()) {
    return std::optional(std::string(*flag ? "true" : "false"));
  }
  return bad_field(path, "expected a text, a number, true, false or null");
}

core::Status filter_by_dimension(const DimensionRef& dimension, const Json& value,
                                 const std::string& path, Query& query) {
  DimensionFilter filter{dimension, {}};
  if (const Json* others = value.find("not")) {
    if (value.if_object()->size() > 1) return bad_field(path, "not stands alone");
    if (others->is_object()) return bad_field(path + ".not", "expected a value or several");
    if (auto s = filter_by_dimension(dimension, *others, path + ".not", query); !s) return s;
    query.where.back().negated = true;
    return core::Ok{};
  }
  if (value.is_object()) {
    if (auto s = bounds(value, path, filter.min, filter.max, whole); !s) return s;
  } else if (const auto* list = value.if_array()) {
    if (list->empty()) return bad_field(path, "an empty list keeps nothing");
    if (list->size() > kValuesMax) {
      return core::Error{core::Errc::too_large,
                         path + ": more than " + std::to_string(kValuesMax) + " values", path};
    }
    for (std::size_t i = 0; i < list->size(); ++i) {
      auto read = filter_value((*list)[i], events::join_path(path, i));
      if (!read) return read.error();
      filter.values.push_back(*std::move(read));
    }
  } else {
    auto read = filter_value(value, path);
    if (!read) return read.error();
    filter.values.push_back(*std::move(read));
  }
  query.where.push_back(std::move(filter));
  return core::Ok{};
}

core::Status where(const Json& value, Query& query) {
  const auto* object = value.if_object();
  if (!object) return bad_field("where", "expected an object");
  for (const auto& [name, condition] : *object) {
    const std::string path = "where." + name;
    const auto dimension = parse_dimension(name, path);
    if (dimension) {
      if (auto s = filter_by_dimension(*dimension, condition, path, query); !s) return s;
      continue;
    }
    const auto measure = parse_measure(name, path);
    if (!measure) {
      return core::Error{core::Errc::invalid_argument,
                         dimension.error().message + "; and measures: " + measure.error().message,
                         path};
    }
    MeasureFilter filter{*measure, {}, {}};
    const auto read = [&](const Json& bound, const std::string& at) -> core::Result<std::int64_t> {
      const auto scale = static_cast<double>(scale_of(*measure));
      if (scale == 1.0) return whole(bound, at);
      const auto number = bound.as_double(at);
      if (!number) return number.error();
      if (std::abs(*number * scale) >= 9e18) return bad_field(at, "is too large");
      return static_cast<std::int64_t>(std::llround(*number * scale));
    };
    if (auto s = bounds(condition, path, filter.min, filter.max, read); !s) return s;
    query.where_measure.push_back(filter);
  }
  return core::Ok{};
}

core::Status having(const Json& value, Query& query) {
  const auto* object = value.if_object();
  if (!object) return bad_field("having", "expected an object");
  for (const auto& [name, condition] : *object) {
    const std::string path = "having." + name;
    auto aggregate = parse_aggregate(name, path);
    if (!aggregate) return aggregate.error();
    Having made{*std::move(aggregate), {}, {}};
    const auto read = [](const Json& bound, const std::string& at) { return bound.as_double(at); };
    if (auto s = bounds(condition, path, made.min, made.max, read); !s) return s;
    query.having.push_back(std::move(made));
  }
  return core::Ok{};
}

core::Status order(const Json& value, Query& query) {
  const auto list = names(value, "order");
  if (!list) return list.error();
  for (std::size_t i = 0; i < list->size(); ++i) {
    std::string_view name = (*list)[i];
    const std::string path = events::join_path("order", i);
    Order made;
    made.descending = name.starts_with('-');
    if (made.descending) name.remove_prefix(1);
    if (auto dimension = parse_dimension(name, path)) {
      made.by = *std::move(dimension);
    } else {
      auto aggregate = parse_aggregate(name, path);
      if (!aggregate) {
        return core::Error{core::Errc::invalid_argument,
                           path + ": neither a dimension nor a measure asked for: \"" +
                               std::string(name.substr(0, 80)) + "\"",
                           path};
      }
      made.by = *std::move(aggregate);
    }
    query.order.push_back(std::move(made));
  }
  return core::Ok{};
}

core::Result<core::Timestamp> moment(const Json& value, const Zone& zone, const std::string& path) {
  const auto text = value.as_string(path);
  if (!text) return text.error();
  if (text->size() == 10) {
    const auto day = parse_day(*text, path);
    if (!day) return day.error();
    return zone.start_of(std::chrono::local_days(day->time_since_epoch()));
  }
  const auto time = core::parse_time(*text);
  if (!time) return bad_field(path, "expected a day (2026-11-21) or a time (RFC 3339)");
  return *time;
}

core::Status member(const std::string& key, const Json& value, Query& query) {
  if (key == "measures") {
    const auto list = names(value, key);
    if (!list) return list.error();
    for (std::size_t i = 0; i < list->size(); ++i) {
      auto aggregate = parse_aggregate((*list)[i], events::join_path(key, i));
      if (!aggregate) return aggregate.error();
      query.aggregates.push_back(*std::move(aggregate));
    }
    return core::Ok{};
  }
  if (key == "group_by") {
    const auto list = names(value, key);
    if (!list) return list.error();
    for (std::size_t i = 0; i < list->size(); ++i) {
      auto dimension = parse_dimension((*list)[i], events::join_path(key, i));
      if (!dimension) return dimension.error();
      query.group_by.push_back(*std::move(dimension));
    }
    return core::Ok{};
  }
  if (key == "where") return where(value, query);
  if (key == "having") return having(value, query);
  if (key == "order") return order(value, query);
  if (key == "zone") {
    const auto name = value.as_string(key);
    if (!name) return name.error();
    auto zone = Zone::named(*name);
    if (!zone) return zone.error();
    query.zone = *std::move(zone);
    return core::Ok{};
  }
  if (key == "table") {
    const auto word = value.as_string(key);
    if (!word) return word.error();
    const auto table = asked_table_of(*word);
    if (!table) {
      return bad_field(key, "there are calls, tool_calls, scores and optimisations");
    }
    query.table = *table;
    return core::Ok{};
  }
  if (key == "compare") {
    const auto word = value.as_string(key);
    if (!word) return word.error();
    if (*word != "previous") return bad_field(key, "expected previous");
    query.compare = Compare::previous;
    return core::Ok{};
  }
  if (key == "limit") {
    const auto limit = value.as_uint(key);
    if (!limit) return limit.error();
    if (*limit > kLimitMax) {
      return core::Error{core::Errc::too_large, "limit: at most " + std::to_string(kLimitMax), key};
    }
    query.limit = *limit;
    return core::Ok{};
  }
  if (key == "as_of") {
    const auto position = value.as_uint(key);
    if (!position) return position.error();
    query.as_of = core::Position{*position};
    return core::Ok{};
  }
  return bad_field(key,
                   "no such field; there are table, measures, group_by, where, from, to, zone, "
                   "compare, having, order, limit and as_of (and of requests at_least, "
                   "prices_as_of and format)");
}

/// Days are of the zone, wherever it stands.
core::Status moments(const Json& tree, Query& query) {
  for (const char* key : {"from", "to"}) {
    const Json* value = tree.find(key);
    if (value == nullptr) continue;
    const auto time = moment(*value, query.zone, key);
    if (!time) return time.error();
    (key[0] == 'f' ? query.from : query.to) = *time;
  }
  return core::Ok{};
}

core::Result<Format> format(const Json& value) {
  const auto text = value.as_string("format");
  if (!text) return text.error();
  for (const Format format : {Format::json, Format::csv, Format::ndjson}) {
    if (to_word(format) == *text) return format;
  }
  return bad_field("format", "expected json, csv or ndjson");
}

/// True when the member is about the request, and was read.
core::Result<bool> request_member(const std::string& key, const Json& value, Request& request) {
  if (key == "at_least" || key == "prices_as_of") {
    const auto position = value.as_uint(key);
    if (!position) return position.error();
    (key == "at_least" ? request.at_least : request.prices_as_of) = core::Position{*position};
    return true;
  }
  if (key != "format") return false;
  const auto read = format(value);
  if (!read) return read.error();
  request.format = *read;
  return true;
}

core::Result<Json> object_of(std::string_view text) {
  auto tree = events::parse_json(text);
  if (!tree) return tree.error();
  if (!tree->is_object()) {
    return core::Error{core::Errc::invalid_argument, "a query is a JSON object"};
  }
  if (const auto twice = events::first_duplicate_key(*tree)) {
    return bad_field(*twice, "the field is given twice");
  }
  return tree;
}

}  // namespace

std::string_view to_word(Format format) {
  constexpr std::string_view kWords[] = {"json", "csv", "ndjson"};
  return kWords[static_cast<std::size_t>(format)];
}

core::Result<Request> parse_request(std::string_view json, core::Timestamp now) {
  const auto tree = object_of(json);
  if (!tree) return tree.error();
  Request request;
  request.asked_at = now;
  request.query.limit = kDefaultLimit;
  const Json* text = tree->find("text");
  if (text != nullptr) {
    const auto words = text->as_string("text");
    if (!words) return words.error();
    auto read = parse_text(*words, now);
    if (!read) return read.error();
    request = *std::move(read);
  }
  for (const auto& [key, value] : *tree->if_object()) {
    const auto taken = request_member(key, value, request);
    if (!taken) return taken.error();
    if (*taken || key == "text") continue;
    if (text != nullptr) return bad_field(key, "is said by the text, or not at all");
    if (key == "from" || key == "to") continue;
    if (auto status = member(key, value, request.query); !status) return status.error();
  }
  if (text != nullptr) return request;
  if (auto status = moments(*tree, request.query); !status) return status.error();
  if (request.query.aggregates.empty()) return bad_field("measures", "at least one is required");
  complete(request);
  return request;
}

void complete(Request& request) {
  if (request.query.compare == Compare::previous && !request.query.to) {
    request.query.to = request.asked_at;
  }
}

core::Result<Query> parse_query(std::string_view text) {
  const auto tree = object_of(text);
  if (!tree) return tree.error();
  Query query;
  query.limit = kDefaultLimit;
  for (const auto& [key, value] : *tree->if_object()) {
    if (key == "from" || key == "to") continue;
    if (auto status = member(key, value, query); !status) return status.error();
  }
  if (auto status = moments(*tree, query); !status) return status.error();
  if (query.aggregates.empty()) return bad_field("measures", "at least one is required");
  return query;
}

}  // namespace hansard::projections::query
