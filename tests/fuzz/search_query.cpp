// A search is read or refused with a place within it; what is read says the same when its FTS5 form
// is taken apart again, finds its own words, and never lets a text out of its quotation marks.
#include <string>
#include <string_view>

#include "core/assert.h"
#include "search_query.h"
#include "snippet.h"
#include "target.h"
#include "unicode.h"

namespace {

using hansard::search::Match;
using hansard::search::Query;
using hansard::search::Term;
using hansard::search::Tokenizer;

/// Outside of quotation marks an expression holds nothing but our operators.
void check_quoted(std::string_view expression) {
  bool quoted = false;
  std::string outside;
  for (const char c : expression) {
    if (c == '"') {
      quoted = !quoted;
    } else if (!quoted) {
      outside.push_back(c);
    }
  }
  HANSARD_ASSERT(!quoted, "every quotation mark has its other one");
  HANSARD_ASSERT(outside.find_first_not_of(" ()*ANDORT") == std::string::npos,
                 "what is typed stands in quotation marks");
}

/// A text that says all that an alternative asks for, and nothing that it excludes, unless that is
/// the same.
void check_finds(const Query& query, Tokenizer& tokenizer) {
  std::string text;
  for (const Term& term : query.alternatives.front()) {
    if (!term.excluded) text.append(term.text).append("\n");
  }
  const Match matched = hansard::search::match(query, text, tokenizer);
  bool excludes = false;
  for (const Term& term : query.alternatives.front()) excludes = excludes || term.excluded;
  HANSARD_ASSERT(matched.matches || excludes, "a query finds its own words");
  const auto snippet = hansard::search::cut_snippet(text, matched);
  std::size_t bad = 0;
  HANSARD_ASSERT(hansard::search::is_utf8(snippet.text, bad), "snippets divide no character");
  std::size_t at = 0;
  for (const auto& [begin, end] : snippet.matches) {
    HANSARD_ASSERT(at <= begin && begin < end && end <= snippet.text.size(),
                   "ranges are in order and within");
    at = end;
  }
}

void run(std::string_view bytes) {
  Tokenizer tokenizer;
  const auto query = hansard::search::parse_query(bytes, tokenizer);
  if (!query) {
    HANSARD_ASSERT(
        query.error().code == hansard::core::Errc::invalid_argument && query.error().field == "q",
        "only the text can be wrong");
    return;
  }
  std::size_t terms = 0;
  for (const auto& alternative : query->alternatives) {
    bool wanted = false;
    for (const Term& term : alternative) {
      ++terms;
      wanted = wanted || !term.excluded;
      HANSARD_ASSERT(!term.tokens.empty(), "every term looks for something");
      HANSARD_ASSERT(term.tokens.back().end <= bytes.size(), "places are of the text");
    }
    HANSARD_ASSERT(wanted, "every alternative looks for something");
  }
  HANSARD_ASSERT(terms <= hansard::search::kTermsMax, "terms are bounded");
  check_quoted(hansard::search::fts_expression(*query));
  check_finds(*query, tokenizer);
}

const hansard::fuzz::Announced announced("search_query", run);

}  // namespace
