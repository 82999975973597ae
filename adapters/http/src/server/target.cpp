#include "http/target.h"

#include <algorithm>
#include <optional>

namespace hansard::http {

namespace {

core::Error malformed(std::string_view why) {
  return core::Error{core::Errc::invalid_argument, "request target: " + std::string(why), "target"};
}

int hex(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

core::Result<std::string> decode(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      const int high = i + 2 < text.size() ? hex(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? hex(text[i + 2]) : -1;
      if (high < 0 || low < 0) return malformed("% must be followed by two hex digits");
      c = static_cast<char>(high * 16 + low);
      i += 2;
    } else if (c == '+' && plus_is_space) {
      c = ' ';
    }
    // Control characters have no place in an id and forge lines in logs and terminals.
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) return malformed("control character");
    out.push_back(c);
  }
  if (!is_utf8(out)) return malformed("invalid UTF-8 after decoding");
  return out;
}

}  // namespace

core::Result<Target> parse_target(std::string_view target) {
  if (target.empty() || target.front() != '/') return malformed("must begin with /");
  Target parsed;
  const std::size_t question = std::min(target.find('?'), target.size());
  const std::string_view path = target.substr(0, question);
  for (std::size_t from = 1; path.size() > 1 && from <= path.size();) {
    const std::size_t end = std::min(path.find('/', from), path.size());
    auto segment = decode(path.substr(from, end - from), false);
    if (!segment) return segment.error();
    parsed.segments.push_back(*std::move(segment));
    from = end + 1;
  }
  std::string_view query = question < target.size() ? target.substr(question + 1) : "";
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(pair.size() + 1, query.size()));
    if (pair.empty()) continue;
    const std::size_t equals = std::min(pair.find('='), pair.size());
    auto name = decode(pair.substr(0, equals), true);
    if (!name) return name.error();
    auto value = decode(equals < pair.size() ? pair.substr(equals + 1) : "", true);
    if (!value) return value.error();
    parsed.query.emplace_back(*std::move(name), *std::move(value));
  }
  return parsed;
}

bool is_utf8(std::string_view text) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  for (std::size_t i = 0; i < text.size();) {
    const unsigned char lead = at(i);
    if (lead < 0x80) {
      ++i;
      continue;
    }
    const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    if (lead < 0xC2 || lead > 0xF4 || i + length > text.size()) return false;
    for (std::size_t k = 1; k < length; ++k) {
      if ((at(i + k) & 0xC0U) != 0x80U) return false;
    }
    const unsigned char second = at(i + 1);
    if ((lead == 0xE0 && second < 0xA0) || (lead == 0xED && second > 0x9F) ||
        (lead == 0xF0 && second < 0x90) || (lead == 0xF4 && second > 0x8F)) {
      return false;
    }
    i += length;
  }
  return true;
}

}  // namespace hansard::http
