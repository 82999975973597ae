#pragma once

#include <cstddef>
#include <initializer_list>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "events/filter/detect.h"

/// Parts of the detectors. Each is asked where something it begins with, or holds, was seen.
/// Private to src/filter.
namespace hansard::events::scan {

inline bool is_digit(char c) { return c >= '0' && c <= '9'; }
inline bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
inline bool is_letter(char c) { return is_upper(c) || (c >= 'a' && c <= 'z'); }
inline bool is_alnum(char c) { return is_digit(c) || is_letter(c); }
inline bool is_ascii(char c) { return static_cast<unsigned char>(c) < 0x80; }
inline bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
inline char lower(char c) { return is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c; }

/// `text[at]`, or zero outside.
inline char at(std::string_view text, std::size_t index) {
  return index < text.size() ? text[index] : '\0';
}
inline char before(std::string_view text, std::size_t index) {
  return index > 0 ? text[index - 1] : '\0';
}
inline bool starts_at(std::string_view text, std::size_t index, std::string_view what) {
  return text.size() - index >= what.size() && text.substr(index, what.size()) == what;
}

/// A text, and the name of what it is the value of.
struct Place {
  std::string_view text;
  std::string_view name;
};

/// Does one of `words` (lower case) stand before `begin`, at most `gap_max` bytes off, with no
/// digit and no end of a sentence between? The place's name counts as standing before its text.
/// Words of ASCII are whole words, apart from an `s` at their end.
bool follows_word(const Place& place, std::size_t begin, std::span<const std::string_view> words,
                  std::size_t gap_max);

/// An address around the `@` (or the `%` of `%40`) at `at`.
std::optional<Hit> email_at(std::string_view text, std::size_t at);

/// Phones and cards in the run of digits and separators that begins at `at` (a digit, `+` or `(`).
/// @return where to go on, past `at`
std::size_t numbers_at(const Place& place, std::size_t at, Detectors which, std::vector<Hit>& out);

/// A key of an issuer that begins at `at`.
std::optional<Hit> issued_key_at(std::string_view text, std::size_t at);
/// A key by the words before it: `at` is a `:`, `=` or the first letter of `bearer`, `is`.
std::optional<Hit> told_key_at(std::string_view text, std::size_t at);
/// The whole text is the value of a member with this name.
std::optional<Hit> named_key(const Place& place);

}  // namespace hansard::events::scan
