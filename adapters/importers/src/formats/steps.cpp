#include "formats/steps.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>
#include <variant>

namespace hansard::importers {

using events::FinishReason;
using events::Json;

std::optional<std::string> text_at(const Json& object, std::string_view key) {
  const Json* value = object.find(key);
  const std::string* text = value == nullptr ? nullptr : value->if_string();
  return text == nullptr ? std::nullopt : std::optional<std::string>(*text);
}

const Json* present(const Json& object, std::string_view key) {
  const Json* value = object.find(key);
  return value == nullptr || value->is_null() ? nullptr : value;
}

std::optional<std::string> id_at(const Json& object, std::string_view key) {
  const Json* value = object.find(key);
  if (value == nullptr) return std::nullopt;
  if (const std::string* text = value->if_string(); text != nullptr && !text->empty()) return *text;
  if (const Json::Number* number = value->if_number()) return number->lexeme;
  return std::nullopt;
}

std::optional<std::uint64_t> count_at(const Json& object, std::string_view key) {
  const Json* value = object.find(key);
  if (value == nullptr || !value->is_number()) return std::nullopt;
  const auto count = value->as_uint(key);
  return count ? std::optional<std::uint64_t>(*count) : std::nullopt;
}

namespace {

std::optional<double> number_of(const Json* value) {
  if (value == nullptr) return std::nullopt;
  Json number;
  if (const std::string* text = value->if_string()) {
    const auto parsed = events::parse_json(*text);
    if (!parsed || !parsed->is_number()) return std::nullopt;
    number = *parsed;
  } else if (value->is_number()) {
    number = *value;
  } else {
    return std::nullopt;
  }
  const auto read = number.as_double("");
  return read ? std::optional<double>(*read) : std::nullopt;
}

constexpr double kMicro = 1e6;
/// Year 9999; what lies beyond is no time but a mistake.
constexpr double kSecondsMax = 253402300799.0;

/// `1686286997.2886286` digit by digit, cut off after six decimals as in times given as text: a
/// double holds no microseconds of our days. Nothing when the number is written otherwise.
std::optional<std::uint64_t> plain_microseconds(std::string_view lexeme) {
  const std::size_t point = std::min(lexeme.find('.'), lexeme.size());
  std::string digits(lexeme.substr(0, point));
  std::string_view decimals = lexeme.substr(std::min(point + 1, lexeme.size()));
  for (std::size_t i = 0; i < 6; ++i) digits += i < decimals.size() ? decimals[i] : '0';
  constexpr std::size_t kDigitsMax = 18;
  const bool plain = digits.size() <= kDigitsMax &&
                     decimals.find_first_not_of("0123456789") == std::string_view::npos &&
                     digits.find_first_not_of("0123456789") == std::string::npos;
  if (!plain) return std::nullopt;
  const std::uint64_t value = std::stoull(digits);
  return static_cast<double>(value) <= kSecondsMax * kMicro ? std::optional<std::uint64_t>(value)
                                                            : std::nullopt;
}

/// What a record says, in short. Only ever compared within one session.
std::string text_hash(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  for (std::uint64_t hash = fnv1a(text); hash != 0; hash >>= 4U) hex += kDigits[hash & 0xFU];
  return hex;
}

}  // namespace

std::uint64_t fnv1a(std::string_view text) {
  std::uint64_t hash = 14695981039346656037U;
  for (const char c : text) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 1099511628211U;
  }
  return hash;
}

std::optional<std::uint64_t> microseconds(const Json* seconds) {
  const auto value = number_of(seconds);
  if (!value || *value < 0 || *value > kSecondsMax) return std::nullopt;
  return static_cast<std::uint64_t>(std::llround(*value * kMicro));
}

std::optional<core::Timestamp> time_of(const Json* value) {
  if (value == nullptr) return std::nullopt;
  if (const std::string* text = value->if_string()) {
    const auto time = core::parse_time(*text);
    return time ? std::optional<core::Timestamp>(*time) : std::nullopt;
  }
  const Json::Number* number = value->if_number();
  if (number == nullptr) return std::nullopt;
  const auto since = plain_microseconds(number->lexeme);
  const auto time = since ? since : microseconds(value);
  if (!time) return std::nullopt;
  return core::Timestamp(std::chrono::microseconds(static_cast<std::int64_t>(*time)));
}

Json::Object without(const Json& object, std::initializer_list<std::string_view> keys) {
  Json::Object rest;
  const Json::Object* members = object.if_object();
  if (members == nullptr) return rest;
  for (const Json::Member& member : *members) {
    if (std::find(keys.begin(), keys.end(), member.key) == keys.end()) rest.push_back(member);
  }
  return rest;
}

std::string identifier_of(std::string_view text) {
  std::string word;
  for (const char c : text.substr(0, events::kMaxIdentifierBytes)) {
    const bool upper = c >= 'A' && c <= 'Z';
    const bool fine =
        (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-';
    word += upper ? static_cast<char>(c - 'A' + 'a') : fine ? c : '_';
  }
  return word;
}

FinishReason finish_reason_of(std::string_view word) {
  struct Known {
    std::string_view word;
    FinishReason reason;
  };
  static constexpr std::array<Known, 24> kKnown{{
      {"stop", FinishReason::stop},
      {"end_turn", FinishReason::stop},
      {"stop_sequence", FinishReason::stop},
      {"STOP", FinishReason::stop},
      {"length", FinishReason::length},
      {"max_tokens", FinishReason::length},
      {"MAX_TOKENS", FinishReason::length},
      {"model_length", FinishReason::length},
      {"model_context_window_exceeded", FinishReason::length},
      {"max_output_tokens", FinishReason::length},
      {"tool_calls", FinishReason::tool_call},
      {"function_call", FinishReason::tool_call},
      {"tool_use", FinishReason::tool_call},
      {"tool-calls", FinishReason::tool_call},
      {"content_filter", FinishReason::content_filter},
      {"refusal", FinishReason::content_filter},
      {"SAFETY", FinishReason::content_filter},
      {"RECITATION", FinishReason::content_filter},
      {"BLOCKLIST", FinishReason::content_filter},
      {"PROHIBITED_CONTENT", FinishReason::content_filter},
      {"pause_turn", FinishReason::pause},
      {"error", FinishReason::error},
      {"failed", FinishReason::error},
      {"cancelled", FinishReason::cancelled},
  }};
  for (const Known& known : kKnown) {
    if (known.word == word) return known.reason;
  }
  return FinishReason::unknown;
}

bool is_score_value(const Json& value) {
  constexpr std::size_t kCategoryBytesMax = 4 * events::kMaxIdentifierBytes;
  const std::string* text = value.if_string();
  return value.is_number() || value.is_boolean() ||
         (text != nullptr && !text->empty() && text->size() <= kCategoryBytesMax);
}

events::RecordedStep at_time(events::SessionStep step, std::optional<core::Timestamp> time) {
  return {std::move(step), time, time.has_value()};
}

PieceBuilder::PieceBuilder(std::uint64_t line, SessionName session) {
  piece_.line = line;
  piece_.session = std::move(session);
  piece_.create.source = "import";
}

void PieceBuilder::step(events::SessionStep step, std::optional<core::Timestamp> time) {
  piece_.steps.push_back(at_time(std::move(step), time));
}

std::span<events::RecordedStep> PieceBuilder::message(const Json& message,
                                                      std::string_view message_id,
                                                      std::string_view path,
                                                      std::optional<core::Timestamp> time) {
  const std::string id(message_id);
  auto steps = reader_.read(message, {id, "call:" + id}, path);
  if (!steps) {
    attach(id, "message", path, steps.error().message, message, time);
    return {};
  }
  ++piece_.messages;
  const std::size_t before = piece_.steps.size();
  for (events::SessionStep& each : *steps) {
    const auto* result = std::get_if<events::CompleteTool>(&each);
    if (result != nullptr && !result->message_id) ++piece_.attached;
    step(std::move(each), time);
  }
  return {piece_.steps.begin() + static_cast<std::ptrdiff_t>(before), piece_.steps.end()};
}

void PieceBuilder::attach(std::string record_id, std::string_view kind, std::string_view path,
                          std::string_view reason, const Json& raw,
                          std::optional<core::Timestamp> time) {
  events::AttachRecord attached;
  attached.attachment_id = std::move(record_id) + ":" + text_hash(dump(raw));
  attached.kind = identifier_of(kind);
  attached.record = raw;
  Json metadata;
  metadata.add("path", path).add("reason", reason);
  attached.metadata = std::move(metadata);
  step(std::move(attached), time);
  ++piece_.attached;
}

}  // namespace hansard::importers
