#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace hansard::search {

/// Longest token kept, in bytes; the rest of a longer one is not looked at (keys, base64).
inline constexpr std::size_t kTokenBytesMax = 128;

/// A word, or one character of a script that is written without spaces.
struct Token {
  std::string text;       ///< folded: case, accents, Arabic vowel signs and letter variants, width
  std::size_t begin = 0;  ///< bytes in the text
  std::size_t end = 0;
  bool run = false;     ///< a character of a script without spaces
  bool joined = false;  ///< stands directly behind the one before, in one run
};

/// Cuts text into tokens: what counts as a word, and when two are equal, for index, queries and
/// highlights alike.
///  - Letters, digits and marks by SQLite's unicode61, accents removed; what stands between them
///    separates.
///  - Han, Kana, Hangul, Bopomofo, Thai, Lao, Burmese, Khmer: every character is a token.
/// Confined to one thread at a time (unicode61 has scratch memory).
class Tokenizer {
 public:
  Tokenizer();
  ~Tokenizer();
  Tokenizer(Tokenizer&& other) noexcept;
  Tokenizer& operator=(Tokenizer&& other) noexcept;
  Tokenizer(const Tokenizer&) = delete;
  Tokenizer& operator=(const Tokenizer&) = delete;

  /// Receives tokens in order; the token is lent for the call. Return false to stop.
  using Sink = std::function<bool(const Token&)>;
  /// @return false when the sink stopped it. `text` is UTF-8.
  bool scan(std::string_view text, const Sink& sink);
  [[nodiscard]] std::vector<Token> tokens(std::string_view text);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace hansard::search
