#include "projections/rows.h"

namespace hansard::projections {
namespace {

constexpr std::string_view kHex = "0123456789abcdef";

/// Bytes of the UTF-8 sequence that `text` begins with, or 0 when it is none, or a control
/// character.
std::size_t printable_sequence(std::string_view text) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = at(0);
  if (first < 0x80) return first >= 0x20 && first != 0x7f ? 1 : 0;
  std::size_t length = 0;
  if (first >= 0xc2 && first <= 0xdf) length = 2;
  if (first >= 0xe0 && first <= 0xef) length = 3;
  if (first >= 0xf0 && first <= 0xf4) length = 4;
  if (length == 0 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((at(i) & 0xc0) != 0x80) return 0;
  }
  // Over-long forms, surrogates, beyond U+10FFFF, and the C1 control characters.
  if (first == 0xc2 && at(1) < 0xa0) return 0;
  if (first == 0xe0 && at(1) < 0xa0) return 0;
  if (first == 0xed && at(1) > 0x9f) return 0;
  if (first == 0xf0 && at(1) < 0x90) return 0;
  if (first == 0xf4 && at(1) > 0x8f) return 0;
  return length;
}

core::Error bad(std::string field, std::string what) {
  return core::Error{core::Errc::invalid_argument, field + ": " + std::move(what),
                     std::move(field)};
}

}  // namespace

std::string readable(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size());
  while (!bytes.empty()) {
    const std::size_t length = printable_sequence(bytes);
    if (length == 0) {
      const auto byte = static_cast<unsigned char>(bytes[0]);
      out += "\\x";
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    } else if (bytes[0] == '\\') {
      out += "\\\\";
    } else {
      out += bytes.substr(0, length);
    }
    bytes.remove_prefix(length == 0 ? 1 : length);
  }
  return out;
}

core::Result<std::string> unreadable(std::string_view text) {
  const core::Error wrong = bad("text", "a backslash is written \\\\, a byte \\xNN");
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      out += text[i];
    } else if (text.substr(i, 2) == "\\\\") {
      out += '\\';
      ++i;
    } else if (text.substr(i, 2) == "\\x" && i + 3 < text.size()) {
      const auto high = kHex.find(text[i + 2]);
      const auto low = kHex.find(text[i + 3]);
      if (high == std::string_view::npos || low == std::string_view::npos) return wrong;
      out += static_cast<char>(high * 16 + low);
      i += 3;
    } else {
      return wrong;
    }
  }
  return out;
}

core::Result<RowPage> read_rows(const core::ReadModel& model, std::string_view prefix,
                                std::string_view cursor, std::size_t limit) {
  if (limit < 1 || limit > kRowPageMax) {
    return bad("limit", "must be 1.." + std::to_string(kRowPageMax));
  }
  const auto begin = unreadable(prefix);
  if (!begin) return bad("prefix", begin.error().message);
  const auto after = unreadable(cursor);
  if (!after) return bad("cursor", after.error().message);
  // The cursor is the last key given: the next one is at least a zero byte longer.
  const std::string from = cursor.empty() ? std::string() : *after + '\0';

  RowPage page;
  page.checkpoint = model.checkpoint();
  const auto scanned = model.scan(*begin, from, [&](std::string_view key, std::string_view row) {
    if (page.rows.size() == limit) {
      page.next = page.rows.back().key;
      return false;
    }
    page.rows.push_back({readable(key), readable(row)});
    return true;
  });
  if (!scanned) return scanned.error();
  return page;
}

}  // namespace hansard::projections
