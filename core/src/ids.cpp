#include "core/ids.h"

#include <cstring>

namespace hansard::core {
namespace {

constexpr std::string_view kSystem = "system";
constexpr std::size_t kProjectCharsMax = 63;
constexpr std::size_t kCategoryCharsMax = 20;
constexpr std::size_t kNameCharsMax = 100;
constexpr std::size_t kTypeCharsMax = 64;

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_category(std::string_view text) {
  if (text.empty() || text.size() > kCategoryCharsMax) return false;
  for (const char c : text) {
    if (!is_lower(c)) return false;
  }
  return true;
}

int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// Outside input quoted in a message: cut short, so that an error stays one readable sentence.
std::string quoted(std::string_view text) {
  constexpr std::size_t kShown = 40;
  std::string out = "'";
  for (const char c : text.substr(0, kShown)) out += (c >= 0x20 && c < 0x7f) ? c : '?';
  out += text.size() > kShown ? "...'" : "'";
  return out;
}

}  // namespace

std::string to_string(const Uuid& id) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string out;
  out.reserve(36);
  for (std::size_t i = 0; i < id.bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) out += '-';
    out += kHex[id.bytes[i] >> 4];
    out += kHex[id.bytes[i] & 15];
  }
  return out;
}

Result<Uuid> parse_uuid(std::string_view text) {
  const auto bad = [&] {
    return Error{Errc::invalid_argument,
                 quoted(text) + " is not a UUID of the form 8-4-4-4-12 hexadecimal digits"};
  };
  if (text.size() != 36) return bad();
  Uuid id;
  std::size_t at = 0;
  for (std::size_t i = 0; i < id.bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) {
      if (text[at] != '-') return bad();
      ++at;
    }
    const int high = hex_value(text[at]);
    const int low = hex_value(text[at + 1]);
    if (high < 0 || low < 0) return bad();
    id.bytes[i] = static_cast<std::uint8_t>(high * 16 + low);
    at += 2;
  }
  return id;
}

Uuid uuid_v8(const std::array<std::uint8_t, 32>& hash) {
  Uuid id;
  std::memcpy(id.bytes.data(), hash.data(), id.bytes.size());
  id.bytes[6] = static_cast<std::uint8_t>((id.bytes[6] & 0x0f) | 0x80);
  id.bytes[8] = static_cast<std::uint8_t>((id.bytes[8] & 0x3f) | 0x80);
  return id;
}

Result<ProjectId> ProjectId::parse(std::string_view text) {
  bool good = !text.empty() && text.size() <= kProjectCharsMax && text.front() != '-';
  for (const char c : text) good = good && (is_lower(c) || is_digit(c) || c == '_' || c == '-');
  if (!good) {
    return Error{
        Errc::invalid_argument,
        quoted(text) + " is not a project name: 1 to 63 of a-z, 0-9, '_' and '-', not '-' first"};
  }
  return ProjectId(std::string(text));
}

Result<StreamId> StreamId::parse(std::string_view text) {
  if (text == kSystem) return StreamId();
  const auto dash = text.find('-');
  if (dash == std::string_view::npos) {
    return Error{Errc::invalid_argument,
                 quoted(text) + " is not a stream name: 'system' or 'category-name'"};
  }
  return make(text.substr(0, dash), text.substr(dash + 1));
}

Result<StreamId> StreamId::make(std::string_view category, std::string_view name) {
  if (!is_category(category)) {
    return Error{Errc::invalid_argument,
                 quoted(category) + " is not a stream category: 1 to 20 of a-z"};
  }
  if (!is_plain_name(name)) {
    return Error{
        Errc::invalid_argument,
        quoted(name) + " cannot follow a stream's category: 1 to 100 of A-Z, a-z, 0-9 and '._~-'"};
  }
  std::string text(category);
  text += '-';
  text += name;
  return StreamId(std::move(text));
}

bool StreamId::is_plain_name(std::string_view name) {
  if (name.empty() || name.size() > kNameCharsMax) return false;
  for (const char c : name) {
    if (!is_lower(c) && !is_upper(c) && !is_digit(c) && c != '.' && c != '_' && c != '~' &&
        c != '-') {
      return false;
    }
  }
  return true;
}

std::string_view StreamId::category() const {
  const std::string_view text = text_;
  return text.substr(0, text.find('-'));
}

std::string_view StreamId::name() const {
  const std::string_view text = text_;
  const auto dash = text.find('-');
  return dash == std::string_view::npos ? std::string_view() : text.substr(dash + 1);
}

bool is_event_type(std::string_view text) {
  if (text.empty() || text.size() > kTypeCharsMax || !is_upper(text.front())) return false;
  for (const char c : text) {
    if (!is_lower(c) && !is_upper(c) && !is_digit(c)) return false;
  }
  return true;
}

}  // namespace hansard::core

// Ids may be chosen by clients, so both halves are mixed: counters in either half still spread.
std::size_t std::hash<hansard::core::EventId>::operator()(
    const hansard::core::EventId& id) const noexcept {
  std::uint64_t low = 0;
  std::uint64_t high = 0;
  std::memcpy(&low, id.bytes.data(), 8);
  std::memcpy(&high, id.bytes.data() + 8, 8);
  std::uint64_t mixed = (low ^ (high >> 29)) * 0x9e3779b97f4a7c15U;
  mixed = (mixed ^ (mixed >> 32) ^ high) * 0xd6e8feb86659fd93U;
  return static_cast<std::size_t>(mixed ^ (mixed >> 32));
}
