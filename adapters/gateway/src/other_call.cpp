#include "other_call.h"

#include <algorithm>
#include <array>
#include <utility>

#include "fields.h"
#include "outcome.h"

namespace hansard::gateway {

namespace {

using events::Json;

constexpr std::size_t kPlainValueMax = 32;  ///< longer values in a query may be anything

std::string base64(std::string_view bytes) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const auto byte = [&](std::size_t at) -> std::uint32_t {
      return at < bytes.size() ? static_cast<unsigned char>(bytes[at]) : 0U;
    };
    const std::uint32_t group = (byte(i) << 16U) | (byte(i + 1) << 8U) | byte(i + 2);
    for (std::size_t digit = 0; digit < 4; ++digit) {
      const bool there = i + digit <= bytes.size();
      out += there ? kDigits[(group >> (18U - 6U * digit)) & 63U] : '=';
    }
  }
  return out;
}

bool is_text(std::string_view bytes) {
  std::string quoted;
  events::dump_string_to(bytes, quoted);
  return static_cast<bool>(events::check_json(quoted));
}

/// Without the beginning of a character whose end was cut off.
std::string_view whole_characters(std::string_view bytes) {
  constexpr unsigned kMask = 0xC0U;
  constexpr unsigned kFollows = 0x80U;
  std::size_t size = bytes.size();
  const auto kind = [&](std::size_t at) { return static_cast<unsigned char>(bytes[at]) & kMask; };
  while (size > 0 && bytes.size() - size < 4 && kind(size - 1) == kFollows) --size;
  return size > 0 && kind(size - 1) == kMask ? bytes.substr(0, size - 1) : bytes;
}

/// A body as JSON where it is a document, else as text or base64.
Json kept(std::string_view bytes, bool cut) {
  if (!cut) {
    if (auto document = events::parse_json(bytes)) return *std::move(document);
  }
  const std::string_view text = cut ? whole_characters(bytes) : bytes;
  if (is_text(text)) return Json(Json::Object{{"text", text}});
  return Json(Json::Object{{"base64", base64(bytes)}});
}

bool may_be_secret(std::string_view name, std::string_view value) {
  constexpr std::array<std::string_view, 8> kWords{"key",  "token", "secret", "sig",
                                                   "auth", "pass",  "code",   "cred"};
  std::string lower(name);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return value.size() > kPlainValueMax ||
         std::any_of(kWords.begin(), kWords.end(),
                     [&](std::string_view word) { return lower.find(word) != std::string::npos; });
}

}  // namespace

std::string target_without_secrets(std::string_view target) {
  const std::size_t mark = std::min(target.find('?'), target.size());
  std::string out(target.substr(0, mark));
  std::string_view query = target.substr(mark);
  while (!query.empty()) {
    out += query.front();
    query.remove_prefix(1);
    const std::string_view each = query.substr(0, query.find('&'));
    query.remove_prefix(each.size());
    const std::size_t equals = each.find('=');
    const std::string_view name = each.substr(0, equals);
    if (equals == std::string_view::npos ? each.size() <= kPlainValueMax
                                         : !may_be_secret(name, each.substr(equals + 1))) {
      out += each;
    } else if (equals != std::string_view::npos) {
      out.append(name.substr(0, kPlainValueMax)) += "=(key)";
    } else {
      out += "(key)";
    }
  }
  return out;
}

Prompt other_prompt(const GatewayRequest& request, const std::vector<std::string>& secrets) {
  Prompt prompt;
  prompt.api = &events::other_api();
  prompt.request.kind = events::CallKind::other;
  Json& sent = prompt.request.parameters;
  sent =
      Json::Object{{"method", request.method}, {"target", target_without_secrets(request.target)}};
  if (const auto type = find_field(request.fields, "Content-Type")) sent.add("type", *type);
  const bool cut = request.body.size() > kOtherBytesMax;
  sent.add("body", kept(std::string_view(request.body).substr(0, kOtherBytesMax), cut));
  if (cut) sent.add("cut", request.body.size());
  redact(sent, secrets);
  return prompt;
}

Json other_answer(int status, const AnswerTee& tee) {
  Json came = Json::Object{{"status", status}, {"body", kept(tee.bytes(), tee.cut())}};
  if (tee.cut()) came.add("cut", tee.decoded_bytes());
  return came;
}

}  // namespace hansard::gateway
