#include "unicode.h"

#include <algorithm>
#include <array>

namespace hansard::search {
namespace {

struct Range {
  char32_t first;
  char32_t last;
};

// In order. Blocks of the Unicode Character Database, less the punctuation in them.
constexpr std::array kRunRanges{
    Range{0x0E01, 0x0E3A},    // Thai
    Range{0x0E40, 0x0E4E},    //
    Range{0x0E50, 0x0E59},    //
    Range{0x0E81, 0x0EDF},    // Lao
    Range{0x1000, 0x1049},    // Burmese
    Range{0x1050, 0x109F},    //
    Range{0x1100, 0x11FF},    // Hangul jamo
    Range{0x1780, 0x17D3},    // Khmer
    Range{0x17E0, 0x17E9},    //
    Range{0x2E80, 0x2FDF},    // radicals
    Range{0x3005, 0x3007},    // iteration mark, closing mark, zero
    Range{0x3021, 0x3029},    //
    Range{0x3031, 0x3035},    //
    Range{0x3041, 0x3096},    // Hiragana
    Range{0x3099, 0x309A},    //
    Range{0x309D, 0x309F},    //
    Range{0x30A1, 0x30FA},    // Katakana
    Range{0x30FC, 0x30FF},    //
    Range{0x3105, 0x318E},    // Bopomofo, Hangul letters
    Range{0x31A0, 0x31BF},    //
    Range{0x31F0, 0x31FF},    //
    Range{0x3400, 0x4DBF},    // Han
    Range{0x4E00, 0x9FFF},    //
    Range{0xA960, 0xA97F},    // Hangul
    Range{0xAC00, 0xD7FF},    //
    Range{0xF900, 0xFAFF},    // Han, for compatibility
    Range{0xFF66, 0xFFDC},    // half-width Katakana and Hangul
    Range{0x1B000, 0x1B16F},  // more Kana
    Range{0x20000, 0x3FFFF},  // more Han
};

bool is_dropped(char32_t c) {
  return (c >= 0x064B && c <= 0x065F) || c == 0x0670 || c == 0x0640 ||  // Arabic
         (c >= 0x0591 && c <= 0x05BD) || c == 0x05BF || c == 0x05C1 || c == 0x05C2 || c == 0x05C4 ||
         c == 0x05C5 || c == 0x05C7;  // Hebrew
}

char32_t folded(char32_t c) {
  switch (c) {
    case 0x0622:
    case 0x0623:
    case 0x0625:
    case 0x0671:
      return 0x0627;  // alef
    case 0x0649:
      return 0x064A;  // yeh
    case 0x0629:
      return 0x0647;  // heh
    default:
      break;
  }
  if (c >= 0xFF10 && c <= 0xFF19) return c - 0xFF10 + U'0';
  if (c >= 0xFF41 && c <= 0xFF5A) return c - 0xFF41 + U'a';
  if (c >= 0xFF21 && c <= 0xFF3A) return c - 0xFF21 + U'a';
  return c;
}

void append_utf8(char32_t c, std::string& out) {
  if (c < 0x80) {
    out.push_back(static_cast<char>(c));
  } else if (c < 0x800) {
    out.push_back(static_cast<char>(0xC0U | (c >> 6U)));
    out.push_back(static_cast<char>(0x80U | (c & 0x3FU)));
  } else if (c < 0x10000) {
    out.push_back(static_cast<char>(0xE0U | (c >> 12U)));
    out.push_back(static_cast<char>(0x80U | ((c >> 6U) & 0x3FU)));
    out.push_back(static_cast<char>(0x80U | (c & 0x3FU)));
  } else {
    out.push_back(static_cast<char>(0xF0U | (c >> 18U)));
    out.push_back(static_cast<char>(0x80U | ((c >> 12U) & 0x3FU)));
    out.push_back(static_cast<char>(0x80U | ((c >> 6U) & 0x3FU)));
    out.push_back(static_cast<char>(0x80U | (c & 0x3FU)));
  }
}

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

/// Lead bytes of what `fold_variants` changes: D6..D9 (Hebrew, Arabic) and EF (full width).
bool may_fold(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte >= 0xD6 && byte <= 0xD9) || byte == 0xEF;
}

}  // namespace

CodePoint code_point_at(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) {
    return static_cast<char32_t>(static_cast<unsigned char>(text[at + i]));
  };
  const char32_t lead = byte(0);
  const std::size_t left = text.size() - at;
  const auto has = [&](std::size_t bytes) {
    if (left < bytes) return false;
    for (std::size_t i = 1; i < bytes; ++i) {
      if (!is_continuation(text[at + i])) return false;
    }
    return true;
  };
  if (lead >= 0xC2 && lead < 0xE0 && has(2)) {
    return {((lead & 0x1FU) << 6U) | (byte(1) & 0x3FU), 2};
  }
  if (lead >= 0xE0 && lead < 0xF0 && has(3)) {
    return {((lead & 0x0FU) << 12U) | ((byte(1) & 0x3FU) << 6U) | (byte(2) & 0x3FU), 3};
  }
  if (lead >= 0xF0 && lead < 0xF5 && has(4)) {
    return {((lead & 0x07U) << 18U) | ((byte(1) & 0x3FU) << 12U) | ((byte(2) & 0x3FU) << 6U) |
                (byte(3) & 0x3FU),
            4};
  }
  return {lead, 1};
}

bool is_run_character(char32_t character) {
  const auto* found =
      std::lower_bound(kRunRanges.begin(), kRunRanges.end(), character,
                       [](const Range& range, char32_t value) { return range.last < value; });
  return found != kRunRanges.end() && found->first <= character;
}

std::size_t count_characters(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return !is_continuation(c); }));
}

std::size_t character_boundary(std::string_view text, std::size_t at) {
  if (at >= text.size()) return text.size();
  while (at > 0 && is_continuation(text[at])) --at;
  return at;
}

bool is_utf8(std::string_view text, std::size_t& bad) {
  for (std::size_t at = 0; at < text.size();) {
    const auto lead = static_cast<unsigned char>(text[at]);
    const CodePoint here = code_point_at(text, at);
    const bool overlong =
        (here.bytes == 3 && here.value < 0x800) || (here.bytes == 4 && here.value < 0x10000);
    const bool surrogate = here.value >= 0xD800 && here.value <= 0xDFFF;
    if ((lead >= 0x80 && here.bytes == 1) || overlong || surrogate || here.value > 0x10FFFF) {
      bad = at;
      return false;
    }
    at += here.bytes;
  }
  return true;
}

void fold_variants(std::string& token) {
  if (std::none_of(token.begin(), token.end(), may_fold)) return;
  std::string out;
  out.reserve(token.size());
  for (std::size_t at = 0; at < token.size();) {
    const CodePoint here = code_point_at(token, at);
    if (here.bytes == 1) {
      out.push_back(token[at]);
    } else if (!is_dropped(here.value)) {
      append_utf8(folded(here.value), out);
    }
    at += here.bytes;
  }
  token = std::move(out);
}

}  // namespace hansard::search
