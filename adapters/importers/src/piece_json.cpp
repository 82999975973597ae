#include "importers/piece_json.h"

#include <utility>

#include "events/session/step_body.h"

namespace hansard::importers {

namespace {

using core::Error;
using core::Ok;
using core::Result;
using core::Status;
using events::Json;

void write_text(std::string& out, std::string_view name, std::string_view text) {
  out.append(out.back() == '{' ? "\"" : ",\"").append(name).append("\":");
  events::dump_string_to(text, out);
}

Error within(const std::string& path, Error error) {
  error.field = error.field.empty() ? path : path + "." + error.field;
  error.message = path + ": " + error.message;
  return error;
}

Status read_text(const Json& json, const std::string& at, std::string& out) {
  auto text = json.as_string(at);
  if (!text) return std::move(text).error();
  out = *std::move(text);
  return Ok{};
}

/// Calls `read(name, value, path)` for every member. It answers false for one it does not know.
template <class F>
Status read_members(Json& json, const std::string& path, F&& read) {
  Json::Object* object = json.if_object();
  if (object == nullptr) return events::bad_field(path, "expected an object");
  for (Json::Member& member : *object) {
    const std::string at = events::join_path(path, member.key);
    Result<bool> known = read(std::string_view(member.key), member.value, at);
    if (!known) return std::move(known).error();
    if (!*known) return events::bad_field(at, "unknown field");
  }
  return Ok{};
}

Result<bool> known(Status status) {
  if (!status) return std::move(status).error();
  return true;
}

Status read_session(Json& json, const std::string& path, SessionName& out) {
  return read_members(json, path, [&](std::string_view name, Json& value, const std::string& at) {
    if (name == "id") return known(read_text(value, at, out.id));
    if (name == "prefix") return known(read_text(value, at, out.prefix));
    if (name == "seed") return known(read_text(value, at, out.seed));
    return Result<bool>(false);
  });
}

Status read_create(Json& json, const std::string& path, ImportItem& out) {
  events::CommandMeta meta;
  auto create = events::parse_body<events::CreateSession>(std::move(json), meta);
  if (!create) return within(path, std::move(create).error());
  out.create = *std::move(create);
  out.created_at = meta.occurred_at;
  return Ok{};
}

Status read_step(Json& json, const std::string& path, ImportItem& out) {
  std::string route;
  std::string key;
  Json body;
  Status status =
      read_members(json, path, [&](std::string_view name, Json& value, const std::string& at) {
        if (name == "post") return known(read_text(value, at, route));
        if (name == "key") return known(read_text(value, at, key));
        if (name != "body") return Result<bool>(false);
        body = std::move(value);
        return Result<bool>(true);
      });
  if (!status) return status;
  auto step = events::read_step(route, std::move(body), std::move(key));
  if (!step) return within(path, std::move(step).error());
  out.steps.push_back(*std::move(step));
  return Ok{};
}

Status read_steps(Json& json, const std::string& path, ImportItem& out) {
  Json::Array* list = json.if_array();
  if (list == nullptr) return events::bad_field(path, "expected a list");
  out.steps.reserve(list->size());
  for (std::size_t i = 0; i < list->size(); ++i) {
    const Status status = read_step((*list)[i], events::join_path(path, i), out);
    if (!status) return status;
  }
  return Ok{};
}

Status read_number(const Json& json, const std::string& at, std::uint64_t& out) {
  auto number = json.as_uint(at);
  if (!number) return std::move(number).error();
  out = *number;
  return Ok{};
}

}  // namespace

std::string write_item(const ImportItem& item) {
  std::string out = "{\"line\":" + std::to_string(item.line) + ",\"session\":{";
  if (!item.session.id.empty()) {
    write_text(out, "id", item.session.id);
  } else {
    write_text(out, "prefix", item.session.prefix);
    write_text(out, "seed", item.session.seed);
  }
  out += '}';
  if (item.continues) out += ",\"continues\":true";
  if (item.alike > 0) out += ",\"alike\":" + std::to_string(item.alike);
  out += ",\"create\":" + events::write_create(item.create, item.created_at) + ",\"steps\":[";
  for (const events::RecordedStep& step : item.steps) {
    const events::StepBody body = events::write_step(step);
    if (out.back() != '[') out += ',';
    out += '{';
    write_text(out, "post", body.route);
    if (!body.key.empty()) write_text(out, "key", body.key);
    out.append(",\"body\":").append(body.body) += '}';
  }
  return out + "]}";
}

Result<ImportItem> read_item(Json json, const std::string& path) {
  ImportItem item;
  bool has_steps = false;
  Status status =
      read_members(json, path, [&](std::string_view name, Json& value, const std::string& at) {
        if (name == "line") return known(read_number(value, at, item.line));
        if (name == "alike") return known(read_number(value, at, item.alike));
        if (name == "session") return known(read_session(value, at, item.session));
        if (name == "create") return known(read_create(value, at, item));
        if (name == "continues") {
          const bool* flag = value.if_boolean();
          if (flag == nullptr) {
            return Result<bool>(events::bad_field(at, "expected true or false"));
          }
          item.continues = *flag;
          return Result<bool>(true);
        }
        if (name != "steps") return Result<bool>(false);
        has_steps = true;
        return known(read_steps(value, at, item));
      });
  if (!status) return std::move(status).error();
  if (item.session.id.empty() && item.session.seed.empty()) {
    return events::bad_field(events::join_path(path, "session"), "needs an id or a seed");
  }
  if (!has_steps) return events::bad_field(events::join_path(path, "steps"), "is missing");
  return item;
}

}  // namespace hansard::importers
