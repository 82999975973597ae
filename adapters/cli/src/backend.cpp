#include "backend.h"

#include <optional>

namespace hansard::cli {

namespace {

using core::Errc;
using core::Error;
using core::Result;
using events::Json;

Errc code_of(std::string_view name) {
  for (const core::ErrorTraits& row : core::error_table()) {
    if (row.name == name) return row.code;
  }
  return Errc::internal;
}

std::string text_at(const Json& object, std::string_view key) {
  const Json* value = object.find(key);
  const std::string* text = value == nullptr ? nullptr : value->if_string();
  return text == nullptr ? std::string{} : *text;
}

void append_encoded(std::string& out, std::string_view text) {
  constexpr std::string_view kUnreserved = "-._~";
  constexpr std::string_view kHex = "0123456789ABCDEF";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       kUnreserved.find(c) != std::string_view::npos;
    if (plain) {
      out += c;
    } else {
      out += '%';
      out += kHex[byte >> 4U];
      out += kHex[byte & 0xFU];
    }
  }
}

}  // namespace

Error error_of(const Answer& answer) {
  const auto problem = events::parse_json(answer.body);
  if (!problem || !problem->is_object() || problem->find("code") == nullptr) {
    return {Errc::unavailable, "the server answered with status " + std::to_string(answer.status)};
  }
  Error error{code_of(text_at(*problem, "code")), text_at(*problem, "detail")};
  if (error.message.empty()) error.message = text_at(*problem, "title");
  error.field = text_at(*problem, "field");
  const Json* violations = problem->find("violations");
  if (violations != nullptr && violations->is_array()) {
    for (const Json& violation : *violations->if_array()) {
      error.violations.push_back({text_at(violation, "stream"), text_at(violation, "expected"),
                                  text_at(violation, "actual")});
    }
  }
  return error;
}

Result<Json> call_json(Backend& backend, const Call& call) {
  auto answer = backend.call(call);
  if (!answer) return std::move(answer).error();
  if (answer->status < 200 || answer->status > 299) return error_of(*answer);
  auto json = events::parse_json(answer->body);
  if (!json) {
    return Error{Errc::corruption,
                 call.target + ": the answer is no JSON: " + json.error().message};
  }
  return json;
}

Result<Json> get_json(Backend& backend, const std::string& target) {
  return call_json(backend, Call{http::Method::get, target, {}});
}

TargetBuilder& TargetBuilder::segment(std::string_view text) {
  text_ += '/';
  append_encoded(text_, text);
  return *this;
}

TargetBuilder& TargetBuilder::query(std::string_view name, std::string_view value) {
  text_ += has_query_ ? '&' : '?';
  has_query_ = true;
  append_encoded(text_, name);
  text_ += '=';
  append_encoded(text_, value);
  return *this;
}

}  // namespace hansard::cli
