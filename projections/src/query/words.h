#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "projections/query/text.h"

namespace hansard::projections::query {

/// A piece of a query's text.
struct Word {
  enum class Kind : std::uint8_t {
    plain,   ///< as it stands
    quoted,  ///< without its marks
    mark,    ///< `,` `(` `)` `=` `!=` `<` `<=` `>` `>=`
    end
  };
  Kind kind = Kind::end;
  std::string text;
  std::size_t column = 1;  ///< in characters
  std::size_t length = 0;  ///< in characters, marks and all

  /// A plain word of this text, in any case.
  [[nodiscard]] bool is(std::string_view word) const;
  [[nodiscard]] bool is_mark(std::string_view mark) const {
    return kind == Kind::mark && text == mark;
  }
};

/// The words of a text; the last one is the end.
std::variant<std::vector<Word>, TextError> cut_words(std::string_view text);

/// Of `known`, the one that `word` was likely meant to be; empty when none is near.
std::string nearest(std::string_view word, const std::vector<std::string>& known);

}  // namespace hansard::projections::query
