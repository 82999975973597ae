#include "sessions/append_body.h"

#include <algorithm>
#include <array>
#include <initializer_list>

#include "shared/query.h"

namespace hansard::http {

namespace {

using core::Result;
using core::Status;
using events::bad_field;
using events::join_path;
using events::Json;

Status only(const Json& object, const std::string& path,
            std::initializer_list<std::string_view> known) {
  const Json::Object* members = object.if_object();
  if (members == nullptr) {
    return bad_field(path, "expected an object, found " + std::string(describe(object.kind())));
  }
  for (const Json::Member& member : *members) {
    if (std::find(known.begin(), known.end(), member.key) == known.end()) {
      return bad_field(join_path(path, member.key), "unknown field");
    }
  }
  return core::Ok{};
}

Result<std::string> text(const Json& object, const std::string& path, std::string_view name) {
  const Json* value = object.find(name);
  if (value == nullptr) return bad_field(join_path(path, name), "is missing");
  return value->as_string(join_path(path, name));
}

Result<core::StreamId> stream_at(const Json& object, const std::string& path) {
  const auto name = text(object, path, "stream");
  if (!name) return name.error();
  auto stream = core::StreamId::parse(*name);
  if (!stream) return bad_field(join_path(path, "stream"), stream.error().message);
  return stream;
}

Status read_uuid(const Json& object, const std::string& path, std::string_view name,
                 core::EventId& into) {
  if (object.find(name) == nullptr) return core::Ok{};
  const auto value = text(object, path, name);
  if (!value) return value.error();
  const auto uuid = core::parse_uuid(*value);
  if (!uuid) return bad_field(join_path(path, name), uuid.error().message);
  into = core::EventId{*uuid};
  return core::Ok{};
}

/// The compact text of a payload; repeated keys have no meaning that two readers would share.
Status read_payload(const Json& object, const std::string& path, std::string_view name,
                    bool required, std::string& into) {
  const Json* value = object.find(name);
  const std::string at = join_path(path, name);
  if (value == nullptr) {
    if (required) return bad_field(at, "is missing");
    into = "{}";
    return core::Ok{};
  }
  if (!value->is_object()) {
    return bad_field(at, "expected an object, found " + std::string(describe(value->kind())));
  }
  into = events::dump(*value);
  return core::Ok{};
}

Status read_schema(const Json& object, const std::string& path, std::uint16_t& into) {
  const Json* value = object.find("schema");
  if (value == nullptr) return core::Ok{};
  const auto number = value->as_uint(join_path(path, "schema"));
  if (!number) return number.error();
  if (*number < 1 || *number > 65535)
    return bad_field(join_path(path, "schema"), "must be 1..65535");
  into = static_cast<std::uint16_t>(*number);
  return core::Ok{};
}

Status read_time(const Json& object, const std::string& path, core::NewEvent& event) {
  if (object.find("occurred_at") == nullptr) return core::Ok{};
  const auto value = text(object, path, "occurred_at");
  if (!value) return value.error();
  const auto time = core::parse_time(*value);
  if (!time) return bad_field(join_path(path, "occurred_at"), time.error().message);
  event.occurred_at = *time;
  event.occurred_at_from_client = true;
  return core::Ok{};
}

Result<core::NewEvent> read_record(const Json& object, const std::string& path,
                                   const Context& context) {
  const auto known = only(object, path,
                          {"stream", "type", "schema", "event_id", "occurred_at", "correlation",
                           "causation", "facts", "content"});
  if (!known) return known.error();
  core::NewEvent event;
  auto stream = stream_at(object, path);
  if (!stream) return stream.error();
  event.stream = *std::move(stream);
  auto type = text(object, path, "type");
  if (!type) return type.error();
  event.type = *std::move(type);
  for (const Status& status :
       {read_schema(object, path, event.schema), read_uuid(object, path, "event_id", event.id),
        read_uuid(object, path, "correlation", event.correlation),
        read_uuid(object, path, "causation", event.causation), read_time(object, path, event),
        read_payload(object, path, "facts", true, event.facts),
        read_payload(object, path, "content", false, event.content)}) {
    if (!status) return status.error();
  }
  if (event.facts.size() + event.content.size() > context.limits[Limit::event_bytes]) {
    core::Error error = over_limit(context, Limit::event_bytes);
    error.field = path;
    return error;
  }
  return event;
}

Result<core::Check> read_check(const Json& object, const std::string& path) {
  const auto known = only(object, path, {"stream", "expected"});
  if (!known) return known.error();
  auto stream = stream_at(object, path);
  if (!stream) return stream.error();
  const std::string at = join_path(path, "expected");
  const Json* expected = object.find("expected");
  if (expected == nullptr) return bad_field(at, "is missing");
  core::Check check{*std::move(stream), core::Expected::any()};
  const std::string* word = expected->if_string();
  if (word == nullptr) {
    const auto version = expected->as_uint(at);
    if (!version) return bad_field(at, "expected any, none, exists or a version");
    check.expected = core::Expected::exactly(core::Version{*version});
  } else if (*word == "none") {
    check.expected = core::Expected::none();
  } else if (*word == "exists") {
    check.expected = core::Expected::exists();
  } else if (*word != "any") {
    return bad_field(at, "expected any, none, exists or a version");
  }
  return check;
}

/// The elements of a list member, or nothing when it is absent.
Result<const Json::Array*> list_at(const Json& body, std::string_view name) {
  const Json* value = body.find(name);
  if (value == nullptr) return static_cast<const Json::Array*>(nullptr);
  const Json::Array* list = value->if_array();
  if (list == nullptr) {
    return bad_field(name, "expected a list, found " + std::string(describe(value->kind())));
  }
  return list;
}

}  // namespace

core::Result<AppendBody> read_append_body(const Json& body, const Context& context) {
  if (!body.is_object()) {
    return bad_field("body", "expected an object, found " + std::string(describe(body.kind())));
  }
  if (const auto repeated = events::first_duplicate_key(body)) {
    return bad_field(*repeated, "the field is repeated");
  }
  if (const auto known = only(body, "", {"records", "checks", "known"}); !known) {
    return known.error();
  }
  AppendBody out;
  const auto records = list_at(body, "records");
  if (!records) return records.error();
  if (*records == nullptr || (*records)->empty()) {
    return bad_field("records", "expected at least one record");
  }
  if ((*records)->size() > context.limits[Limit::batch_records]) {
    core::Error error = over_limit(context, Limit::batch_records);
    error.field = "records";
    return error;
  }
  for (std::size_t i = 0; i < (*records)->size(); ++i) {
    auto record = read_record((**records)[i], join_path("records", i), context);
    if (!record) return std::move(record.error());
    out.records.push_back(*std::move(record));
  }
  const auto checks = list_at(body, "checks");
  if (!checks) return checks.error();
  if (*checks != nullptr && (*checks)->size() > core::kMaxAppendChecks) {
    return core::Error{core::Errc::too_large,
                       "checks: more than " + std::to_string(core::kMaxAppendChecks), "checks"};
  }
  for (std::size_t i = 0; *checks != nullptr && i < (*checks)->size(); ++i) {
    auto check = read_check((**checks)[i], join_path("checks", i));
    if (!check) return std::move(check.error());
    out.checks.push_back(*std::move(check));
  }
  if (body.find("known") != nullptr) {
    const auto known = text(body, "", "known");
    if (!known) return known.error();
    if (*known != "skip" && *known != "fail") return bad_field("known", "expected fail or skip");
    if (*known == "skip") out.known = core::Known::skip;
  }
  return out;
}

}  // namespace hansard::http
