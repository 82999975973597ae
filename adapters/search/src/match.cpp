#include <algorithm>
#include <deque>

#include "search_query.h"

namespace hansard::search {
namespace {

/// Does `token` of a text stand for `wanted`, the `index`th of `term`?
bool fits(const Term& term, std::size_t index, const Token& token) {
  const Token& wanted = term.tokens[index];
  if (wanted.joined && !token.joined) return false;
  if (term.prefix && index + 1 == term.tokens.size()) return token.text.starts_with(wanted.text);
  return token.text == wanted.text;
}

class Matcher {
 public:
  explicit Matcher(const Query& query) : query_(query) {
    for (const auto& alternative : query.alternatives) {
      for (const Term& term : alternative) {
        terms_.push_back(&term);
        longest_ = std::max(longest_, term.tokens.size());
      }
    }
    found_.resize(terms_.size());
  }

  void take(const Token& token) {
    if (recent_.size() == longest_) recent_.pop_front();
    recent_.push_back(token);
    for (std::size_t i = 0; i < terms_.size(); ++i) {
      if (!ends_here(*terms_[i])) continue;
      found_[i] = true;
      if (terms_[i]->excluded || ranges_.size() == kMatchRangesMax) continue;
      ranges_.push_back({recent_[recent_.size() - terms_[i]->tokens.size()].begin, token.end, i});
    }
  }

  Match finish() {
    Match match;
    std::vector<bool> counts(terms_.size());
    std::size_t first = 0;
    for (const auto& alternative : query_.alternatives) {
      bool all = true;
      for (std::size_t i = 0; i < alternative.size(); ++i) {
        if (found_[first + i] == alternative[i].excluded) all = false;
      }
      for (std::size_t i = 0; all && i < alternative.size(); ++i) counts[first + i] = true;
      match.matches = match.matches || all;
      first += alternative.size();
    }
    // What another alternative asks for is not why this text was found.
    for (const ByteRange& range : ranges_) {
      if (counts[range.term]) match.ranges.push_back(range);
    }
    return match;
  }

 private:
  /// Do the latest tokens say the whole term?
  [[nodiscard]] bool ends_here(const Term& term) const {
    const std::size_t length = term.tokens.size();
    if (recent_.size() < length) return false;
    const std::size_t start = recent_.size() - length;
    for (std::size_t i = 0; i < length; ++i) {
      if (!fits(term, i, recent_[start + i])) return false;
    }
    return true;
  }

  const Query& query_;
  std::vector<const Term*> terms_;  ///< of all alternatives, in order
  std::vector<bool> found_;         ///< by term
  std::size_t longest_ = 1;
  std::deque<Token> recent_;
  std::vector<ByteRange> ranges_;
};

}  // namespace

Match match(const Query& query, std::string_view text, Tokenizer& tokenizer) {
  Matcher matcher(query);
  tokenizer.scan(text, [&](const Token& token) {
    matcher.take(token);
    return true;
  });
  return matcher.finish();
}

}  // namespace hansard::search
