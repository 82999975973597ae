#include "projections/echo.h"

#include <utility>

#include "events/json_patch.h"

namespace hansard::projections {

namespace {

using core::Errc;
using core::Error;
using core::Ok;
using core::Status;
using events::Json;

constexpr std::string_view kBody = "body";
constexpr std::string_view kEcho = "echo";
constexpr std::size_t kEchoBytesMin = 64;  ///< smaller ones are not worth a patch

const Json* member_of(const events::CallRequest& request, std::string_view name) {
  if (name == "tools") return request.tools ? &*request.tools : nullptr;
  if (name == "instructions" || name == "system") {
    return request.system ? &*request.system : nullptr;
  }
  return request.parameters.find(name);
}

std::size_t count(const Json::Object& object, std::string_view name) {
  std::size_t found = 0;
  for (const Json::Member& member : object) found += member.key == name ? 1 : 0;
  return found;
}

}  // namespace

void drop_echo(events::ResponseReceived& answer, const events::CallRequest& request) {
  Json* body = answer.extra ? answer.extra->find(kBody) : nullptr;
  Json::Object* members = body == nullptr ? nullptr : body->if_object();
  if (members == nullptr) return;
  Json::Object left;
  Json echo = Json::Object{};
  for (const Json::Member& member : *members) {
    const bool large =
        member.value.is_array() || member.value.is_object() ||
        (member.value.is_string() && member.value.if_string()->size() >= kEchoBytesMin);
    const Json* said = large ? member_of(request, member.key) : nullptr;
    const std::size_t bytes = said == nullptr ? 0 : dump(member.value).size();
    if (bytes < kEchoBytesMin || count(*members, member.key) > 1) {
      left.push_back(member);
      continue;
    }
    auto change = events::diff_tree(*said, member.value);
    if (change && 2 * dump(*change).size() > bytes) {
      left.push_back(member);
    } else {
      echo.add(member.key, change ? *std::move(change) : Json());
    }
  }
  *members = std::move(left);
  if (!echo.if_object()->empty()) answer.extra->add(std::string(kEcho), std::move(echo));
}

Status restore_echo(events::ResponseReceived& answer, const Json& request) {
  Json* echo = answer.extra ? answer.extra->find(kEcho) : nullptr;
  if (echo == nullptr || !echo->is_object()) return Ok{};
  const Json::Object dropped = std::exchange(*echo->if_object(), {});
  Json* body = answer.extra->find(kBody);
  if (body == nullptr || !body->is_object()) return Ok{};
  for (const Json::Member& member : dropped) {
    const Json* said = request.find(member.key);
    if (said == nullptr) {
      return Error{Errc::corruption,
                   "the answer repeats '" + member.key + "', which its request does not say"};
    }
    if (member.value.is_null()) {
      body->add(member.key, *said);
      continue;
    }
    auto value = events::apply_patch(*said, member.value);
    if (!value) return value.error();
    body->add(member.key, *std::move(value));
  }
  return Ok{};
}

}  // namespace hansard::projections
