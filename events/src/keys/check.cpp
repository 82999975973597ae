#include "keys/check.h"

#include <algorithm>

#include "core/time.h"
#include "events/json.h"

namespace hansard::events {
namespace {

using core::Ok;
using core::Status;

constexpr std::size_t kNameBytesMax = 64;
constexpr std::size_t kHashDigits = 64;

bool is_name_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '_' || c == '-';
}

Status check_id(const std::string& id) {
  const auto parsed = core::parse_uuid(id);
  if (parsed && core::to_string(*parsed) == id && !parsed->is_nil()) return Ok{};
  return bad_field("key_id", "expected a UUID in lower case");
}

Status check(const KeyCreated& event) {
  if (auto status = check_id(event.key_id); !status) return status;
  const std::string& name = event.name;
  if (name.empty() || name.size() > kNameBytesMax ||
      !std::all_of(name.begin(), name.end(), is_name_char)) {
    return bad_field("name", "expected [A-Za-z0-9._-]{1,64}");
  }
  if (!core::ProjectId::parse(event.project)) {
    return bad_field("project", "expected [a-z0-9_][a-z0-9_-]{0,62}");
  }
  const std::string& hash = event.secret_hash;
  if (hash.size() != kHashDigits || hash.find_first_not_of("0123456789abcdef") != hash.npos) {
    return bad_field("secret_hash", "expected 64 hex digits in lower case");
  }
  if (event.scopes.empty()) return bad_field("scopes", "must not be empty");
  for (std::size_t i = 0; i < event.scopes.size(); ++i) {
    if (std::count(event.scopes.begin(), event.scopes.end(), event.scopes[i]) > 1) {
      return bad_field("scopes", "the same scope is given twice");
    }
  }
  if (event.expires_at && !core::parse_time(*event.expires_at)) {
    return bad_field("expires_at", "expected a time like 2026-08-01T00:00:00Z");
  }
  return Ok{};
}

Status check(const KeyRevoked& event) { return check_id(event.key_id); }

Status check(const Unrecognised& /*event*/) { return Ok{}; }

}  // namespace

core::Status check_event(const KeyEvent& event) {
  return std::visit([](const auto& each) { return check(each); }, event);
}

}  // namespace hansard::events
