#include "events/audit/base64.h"

#include <algorithm>
#include <cstdint>

namespace hansard::events::audit {
namespace {

constexpr std::string_view kDigits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

int value_of(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+') return 62;
  return c == '/' ? 63 : -1;
}

}  // namespace

std::string to_base64(std::string_view bytes) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    std::uint32_t group = 0;
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - at);
    for (std::size_t i = 0; i < 3; ++i) {
      const unsigned byte = i < count ? static_cast<unsigned char>(bytes[at + i]) : 0U;
      group = group << 8 | byte;
    }
    for (std::size_t i = 0; i < 4; ++i) {
      text += i <= count ? kDigits[(group >> (18 - 6 * i)) & 63] : '=';
    }
  }
  return text;
}

std::optional<std::string> from_base64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  std::string bytes;
  bytes.reserve(text.size() / 4 * 3);
  for (std::size_t at = 0; at < text.size(); at += 4) {
    std::string_view group = text.substr(at, 4);
    if (at + 4 == text.size()) {
      for (int i = 0; i < 2 && group.back() == '='; ++i) group.remove_suffix(1);
    }
    std::uint32_t bits = 0;
    for (const char c : group) {
      const int value = value_of(c);
      if (value < 0) return std::nullopt;
      bits = bits << 6 | static_cast<std::uint32_t>(value);
    }
    const std::size_t count = group.size() - 1;
    if (count == 0) return std::nullopt;
    bits <<= 6 * (4 - group.size());
    if ((bits & ((std::uint32_t{1} << (8 * (3 - count))) - 1)) != 0) return std::nullopt;
    for (std::size_t i = 0; i < count; ++i) {
      bytes += static_cast<char>(static_cast<unsigned char>(bits >> (16 - 8 * i)));
    }
  }
  return bytes;
}

}  // namespace hansard::events::audit
