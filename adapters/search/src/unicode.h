#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace hansard::search {

/// The code point at `text[at]`, and its bytes. Of malformed UTF-8 one byte is taken at a time.
/// @pre at < text.size()
struct CodePoint {
  char32_t value = 0;
  std::size_t bytes = 1;
};
CodePoint code_point_at(std::string_view text, std::size_t at);

/// True for characters of scripts that put no spaces between words (and Hangul, whose words take
/// endings): Han, Kana, Hangul, Bopomofo, Thai, Lao, Burmese, Khmer.
bool is_run_character(char32_t character);

/// Number of code points.
std::size_t count_characters(std::string_view text);

/// The largest cut <= `at` that does not divide a character.
std::size_t character_boundary(std::string_view text, std::size_t at);

/// True when `text` is UTF-8 without surrogates, overlong forms or anything beyond U+10FFFF.
/// @param bad  set to the offset of the first byte that is not.
bool is_utf8(std::string_view text, std::size_t& bad);

/// What unicode61 leaves apart and readers take for the same, in place: Arabic vowel signs, tatweel
/// and the forms of alef, yeh and teh marbuta; Hebrew points; full-width letters and digits.
void fold_variants(std::string& token);

}  // namespace hansard::search
