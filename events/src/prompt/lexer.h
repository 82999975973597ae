#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "prompt/syntax.h"

namespace hansard::events::prompt {

/// One word of an expression.
struct Token {
  enum class Kind : std::uint8_t { name, text, number, sign, end };
  Kind kind = Kind::end;
  std::string text;  ///< of a text without its quotes and escapes
  Place place;
};

/// A stretch of the source: text, or what stands between its marks.
struct Piece {
  enum class Kind : std::uint8_t { text, output, statement };
  Kind kind = Kind::text;
  Place place;
  std::string text;           ///< of a text
  std::vector<Token> tokens;  ///< of the others; the last is the end
};

/// Cuts a source. Comments are gone, white space beside `-` too.
/// Errors: invalid_argument: a mark without its end, a text without its quote, a character that
/// means nothing.
core::Result<std::vector<Piece>> cut(std::string_view source);

}  // namespace hansard::events::prompt
