#include "formats/http_exchange.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "formats/steps.h"

namespace hansard::importers {

namespace {

using core::Result;
using events::Json;

constexpr std::size_t kSecretBytesMin = 8;  ///< shorter ones would be found in any text
constexpr std::string_view kRedacted = "(key)";

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

/// The first of a list, where a recorder keeps fields that may repeat.
const std::string* text_in(const Json& value) {
  const Json::Array* list = value.if_array();
  if (list == nullptr) return value.if_string();
  return list->empty() ? nullptr : list->front().if_string();
}

/// A header field, by its name in lower case.
std::optional<std::string> field(const Json* fields, std::string_view name) {
  if (fields == nullptr) return {};
  if (const Json::Object* object = fields->if_object()) {
    for (const Json::Member& member : *object) {
      const std::string* text = text_in(member.value);
      if (text != nullptr && lower(member.key) == name) return *text;
    }
  }
  if (const Json::Array* list = fields->if_array()) {
    for (const Json& each : *list) {
      const auto key = text_at(each, "name");
      if (key && lower(*key) == name) return text_at(each, "value");
    }
  }
  return {};
}

std::optional<std::string> decode_base64(std::string_view text) {
  std::string out;
  std::uint32_t bits = 0;
  int held = 0;
  for (const char c : text) {
    constexpr std::string_view kDigits =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    if (c == '=' || c == '\n' || c == '\r') continue;
    const auto digit = kDigits.find(c);
    if (digit == std::string_view::npos) return {};
    bits = (bits << 6U) | static_cast<std::uint32_t>(digit);
    held += 6;
    if (held >= 8) {
      held -= 8;
      out += static_cast<char>((bits >> static_cast<unsigned>(held)) & 0xFFU);
    }
  }
  return out;
}

/// A body as a text, or JSON as it stands.
Result<std::string> body_of(const Json* given, std::string_view path) {
  if (given == nullptr || given->is_null()) return std::string();
  if (const std::string* text = given->if_string()) return *text;
  if (given->is_object() || given->is_array()) return dump(*given);
  return events::bad_field(path, "a body is a text, an object or a list");
}

/// Members of a record that are read, in one of its forms.
struct Members {
  std::string url;
  const Json* request_fields = nullptr;
  const Json* answer_fields = nullptr;
  std::optional<std::uint64_t> status;
};

Result<Members> read_flat(const Json& record, HttpExchange& out) {
  Members members;
  out.method = text_at(record, "method").value_or("POST");
  members.url = text_at(record, "url").value_or("");
  const auto target = text_at(record, "target");
  if (members.url.empty()) {
    members.url = target ? *target : text_at(record, "path").value_or("");
  }
  out.host = text_at(record, "host").value_or("");
  if (target) {
    out.scope = text_at(record, "path").value_or("");
    if (const auto repo = text_at(record, "repo")) out.scope = *repo + "\n" + out.scope;
  }
  auto request = body_of(record.find("request_body"), "request_body");
  if (!request) return request.error();
  auto answer = body_of(record.find("response_body"), "response_body");
  if (!answer) return answer.error();
  out.request = *std::move(request);
  out.answer = *std::move(answer);
  members.request_fields = record.find("request_headers");
  members.answer_fields = record.find("response_headers");
  members.status = count_at(record, "status");
  out.rest = without(record, {"method", "url", "target", "host", "request_body", "response_body",
                              "request_headers", "response_headers", "status", "session", "user",
                              "provider", "started_at", "duration_ms"});
  return members;
}

Result<Members> read_nested(const Json& record, HttpExchange& out) {
  static const Json kNone = Json::Object{};
  Members members;
  const Json& request = *record.find("request");
  const Json* given = present(record, "response");
  const Json& response = given == nullptr ? kNone : *given;
  out.method = text_at(request, "method").value_or("POST");
  members.url = text_at(request, "url").value_or("");
  if (members.url.empty()) members.url = text_at(request, "path").value_or("");
  const Json* posted = present(request, "postData");
  const bool har = posted != nullptr || present(response, "content") != nullptr;
  auto asked =
      har ? body_of(posted == nullptr ? nullptr : posted->find("text"), "request.postData.text")
          : body_of(request.find("body"), "request.body");
  if (!asked) return asked.error();
  out.request = *std::move(asked);
  if (har) {
    const Json* content = present(response, "content");
    auto answer =
        body_of(content == nullptr ? nullptr : content->find("text"), "response.content.text");
    if (!answer) return answer.error();
    out.answer = *std::move(answer);
    if (content != nullptr && text_at(*content, "encoding") == "base64") {
      auto bytes = decode_base64(out.answer);
      if (!bytes) return events::bad_field("response.content.text", "is no base64");
      out.answer = *std::move(bytes);
    }
    if (content != nullptr) out.content_type = text_at(*content, "mimeType").value_or("");
  } else {
    auto answer = body_of(response.find("body"), "response.body");
    if (!answer) return answer.error();
    out.answer = *std::move(answer);
  }
  members.request_fields = request.find("headers");
  members.answer_fields = response.find("headers");
  members.status = count_at(response, "status");
  out.rest = without(record, {"request", "response", "session", "user", "provider", "started_at",
                              "duration_ms", "startedDateTime", "time", "timings", "cache",
                              "connection", "serverIPAddress", "pageref"});
  return members;
}

void read_url(std::string_view url, HttpExchange& out) {
  const auto scheme = url.find("://");
  if (scheme != std::string_view::npos) {
    url.remove_prefix(scheme + 3);
    const auto slash = std::min(url.find_first_of("/?"), url.size());
    std::string_view authority = url.substr(0, slash);
    authority.remove_prefix(authority.rfind('@') + 1);  // npos + 1 is 0
    out.host = authority;
    url.remove_prefix(slash);
  }
  out.host = out.host.substr(0, out.host.rfind(':'));
  out.path = url.substr(0, url.find_first_of("?#"));
}

void read_times(const Json& record, const Members& members, HttpExchange& out) {
  out.asked_at = time_of(record.find("started_at"));
  if (!out.asked_at) out.asked_at = time_of(record.find("startedDateTime"));
  const Json* duration = present(record, "duration_ms");
  if (duration == nullptr) duration = present(record, "time");
  const auto ms = duration == nullptr || !duration->is_number() ? Result<double>(-1.0)
                                                                : duration->as_double("");
  constexpr double kMsMax = 1e12;
  if (ms && *ms >= 0 && *ms < kMsMax) {
    out.latency_us = static_cast<std::uint64_t>(std::llround(*ms * 1e3));
  }
  if (out.asked_at && out.latency_us) {
    out.answered_at =
        *out.asked_at + std::chrono::microseconds(static_cast<std::int64_t>(*out.latency_us));
  } else if (const auto date = field(members.answer_fields, "date")) {
    out.answered_at = http_date(*date);
  }
}

}  // namespace

std::optional<core::Timestamp> http_date(std::string_view text) {
  constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
  constexpr std::size_t kLength = 29;  // Sun, 06 Nov 1994 08:49:37 GMT
  if (text.size() != kLength || !text.ends_with(" GMT")) return {};
  const auto month = kMonths.find(text.substr(8, 3));
  if (month == std::string_view::npos || month % 3 != 0) return {};
  const std::string number = std::to_string(month / 3 + 1);
  const std::string iso =
      std::string(text.substr(12, 4)) + "-" + (number.size() == 1 ? "0" + number : number) + "-" +
      std::string(text.substr(5, 2)) + "T" + std::string(text.substr(17, 8)) + "Z";
  const auto time = core::parse_time(iso);
  return time ? std::optional(*time) : std::nullopt;
}

bool is_http_exchange(const Json& record) {
  const auto is_address = [](const Json& object) {
    return text_at(object, "url") || text_at(object, "target") || text_at(object, "path");
  };
  const Json* request = record.find("request");
  if (request != nullptr && request->is_object()) {
    const bool body = request->find("body") != nullptr || request->find("postData") != nullptr ||
                      text_at(*request, "method").has_value();
    return body && is_address(*request) && record.find("response") != nullptr;
  }
  return record.find("request_body") != nullptr && is_address(record) &&
         (record.find("response_body") != nullptr || record.find("status") != nullptr);
}

Result<HttpExchange> read_http_exchange(const Json& record) {
  if (!is_http_exchange(record)) {
    return events::bad_field("", "no exchange: an address, a request and an answer are needed");
  }
  HttpExchange out;
  const Json* request = record.find("request");
  auto members = request != nullptr && request->is_object() ? read_nested(record, out)
                                                            : read_flat(record, out);
  if (!members) return members.error();
  read_url(members->url, out);
  out.status = members->status;
  if (auto type = field(members->answer_fields, "content-type")) out.content_type = *type;
  out.content_type = lower(out.content_type);
  const auto retries = field(members->request_fields, "x-stainless-retry-count");
  out.retry = retries && !retries->empty() && *retries != "0";
  out.session = id_at(record, "session");
  out.user = text_at(record, "user");
  out.provider = text_at(record, "provider");
  read_times(record, *members, out);
  constexpr std::array<std::string_view, 4> kKeys{"authorization", "x-api-key", "api-key",
                                                  "x-goog-api-key"};
  for (const std::string_view name : kKeys) {
    const auto value = field(members->request_fields, name);
    if (!value) continue;
    std::string secret = value->substr(value->find_last_of(' ') + 1);  // npos + 1 is 0
    if (secret.size() >= kSecretBytesMin) out.secrets.push_back(std::move(secret));
  }
  return out;
}

void redact(Json& value, const std::vector<std::string>& secrets) {
  if (std::string* text = value.if_string()) {
    for (const std::string& secret : secrets) {
      for (auto at = text->find(secret); at != std::string::npos; at = text->find(secret, at)) {
        text->replace(at, secret.size(), kRedacted);
        at += kRedacted.size();
      }
    }
  } else if (Json::Array* list = value.if_array()) {
    for (Json& each : *list) redact(each, secrets);
  } else if (Json::Object* object = value.if_object()) {
    for (Json::Member& member : *object) redact(member.value, secrets);
  }
}

}  // namespace hansard::importers
