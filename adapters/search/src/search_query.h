#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "tokenizer.h"

namespace hansard::search {

inline constexpr std::size_t kTermsMax = 32;       ///< of one query
inline constexpr std::size_t kTermTokensMax = 64;  ///< of one word or phrase
inline constexpr std::size_t kPrefixCharactersMin = 2;

/// A word or a phrase. A word of several tokens (`foo-bar`, Chinese) is a phrase of them.
struct Term {
  std::vector<Token> tokens;  ///< at least one, in order; `begin` and `end` count in the query
  bool prefix = false;        ///< the last token may go on
  bool excluded = false;
  std::string text = {};  ///< as written, without quotes and marks
};

/// What somebody searches for: any of the alternatives, of which all terms must be there and none
/// of the excluded ones.
struct Query {
  std::vector<std::vector<Term>> alternatives;
};

/// Reads
///
///     query       = alternative { "OR" alternative }
///     alternative = term { ["AND"] term }        at least one that is not excluded
///     term        = ["-"] ( word | '"' phrase '"' ) ["*"]
///
/// White space separates; `AND` and `OR` are words of the language in capitals only; all other
/// punctuation separates tokens, as in the texts. What holds no letter or digit is passed over.
/// Errors: invalid_argument with field `q`, naming the place by characters from 1.
core::Result<Query> parse_query(std::string_view text, Tokenizer& tokenizer);

/// Its terms in the order in which `fts_expression` has them. Lent by the query.
std::vector<const Term*> terms_in_order(const Query& query);

/// What a term consists of, as expressions of FTS5: a word each, the last one perhaps a beginning.
/// @param text what the query was parsed from.
std::vector<std::string> words_of(const Term& term, std::string_view text);

/// The query for FTS5. Every text in it is quoted: nothing a user writes is read as an expression.
std::string fts_expression(const Query& query);

/// Half-open range of bytes.
struct ByteRange {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::size_t term = 0;  ///< which term of the query, counted over all alternatives
};

/// What of a text matches.
struct Match {
  bool matches = false;
  /// Of the terms asked for, in order of their ends; at most kMatchRangesMax.
  std::vector<ByteRange> ranges = {};
};
inline constexpr std::size_t kMatchRangesMax = 4096;

/// Judges a text by the query itself, without the index: this is what the index must agree with.
/// Cost: one pass; memory for the longest term only.
Match match(const Query& query, std::string_view text, Tokenizer& tokenizer);

}  // namespace hansard::search
