#include "shared/body_fields.h"

#include <algorithm>

namespace hansard::http {

using core::Result;
using events::Json;

Result<BodyFields> BodyFields::of(Json body, std::initializer_list<std::string_view> known) {
  if (auto repeated = events::first_duplicate_key(body)) {
    return events::bad_field(*repeated, "the field is repeated");
  }
  const auto* members = body.if_object();
  if (members == nullptr) {
    return events::bad_field(
        "", "expected a JSON object, found " + std::string(events::describe(body.kind())));
  }
  for (const auto& member : *members) {
    if (std::find(known.begin(), known.end(), member.key) == known.end()) {
      return events::bad_field(member.key, "no such field");
    }
  }
  return BodyFields(std::move(body));
}

const Json* BodyFields::find(std::string_view name) const {
  const Json* value = body_.find(name);
  return value == nullptr || value->is_null() ? nullptr : value;
}

std::optional<Json> BodyFields::json(std::string_view name) const {
  const Json* value = find(name);
  if (value == nullptr) return {};
  return *value;
}

Result<std::string> BodyFields::required(std::string_view name) const {
  const Json* value = find(name);
  if (value == nullptr) return events::bad_field(name, "the field is required");
  auto said = value->as_string(name);
  if (said && said->empty()) return events::bad_field(name, "must not be empty");
  return said;
}

Result<std::optional<std::string>> BodyFields::text(std::string_view name) const {
  if (!has(name)) return std::optional<std::string>();
  auto said = required(name);
  if (!said) return std::move(said.error());
  return std::optional<std::string>(*std::move(said));
}

Result<bool> BodyFields::flag(std::string_view name) const {
  const Json* value = find(name);
  return value == nullptr ? Result<bool>(false) : value->as_boolean(name);
}

Result<std::optional<std::uint64_t>> BodyFields::number(std::string_view name) const {
  const Json* value = find(name);
  if (value == nullptr) return std::optional<std::uint64_t>();
  const auto count = value->as_uint(name);
  if (!count) return count.error();
  return std::optional<std::uint64_t>(*count);
}

Result<std::optional<core::Timestamp>> BodyFields::time(std::string_view name) const {
  const auto said = text(name);
  if (!said) return said.error();
  if (!*said) return std::optional<core::Timestamp>();
  const auto time = core::parse_time(**said);
  if (!time) return events::bad_field(name, time.error().message);
  return std::optional<core::Timestamp>(*time);
}

Result<events::StringMap> BodyFields::texts(std::string_view name) const {
  events::StringMap all;
  const Json* value = find(name);
  if (value == nullptr) return all;
  const auto* members = value->if_object();
  if (members == nullptr) return events::bad_field(name, "expected an object of strings");
  for (const auto& member : *members) {
    auto said = member.value.as_string(events::join_path(name, member.key));
    if (!said) return std::move(said.error());
    all.emplace_back(member.key, *std::move(said));
  }
  return all;
}

}  // namespace hansard::http
