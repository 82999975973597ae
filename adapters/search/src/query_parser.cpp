#include <optional>

#include "projections/search.h"
#include "search_query.h"
#include "unicode.h"

namespace hansard::search {
namespace {

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

class Parser {
 public:
  Parser(std::string_view text, Tokenizer& tokenizer) : text_(text), tokenizer_(tokenizer) {}

  core::Result<Query> read() {
    if (auto status = check_bytes(); !status) return status.error();
    Query query;
    query.alternatives.emplace_back();
    bool separated = true;  // at the start, or just behind an OR
    std::size_t start = 0;  // of the alternative
    for (skip_spaces(); at_ < text_.size(); skip_spaces()) {
      if (takes("OR")) {
        if (separated)
          return bad(at_, "OR stands between what may be found; write \"OR\" for the word");
        if (auto status = check_alternative(query, start); !status) return status.error();
        at_ += 2;
        start = at_;
        separated = true;
        query.alternatives.emplace_back();
        continue;
      }
      if (takes("AND") && !separated) {
        at_ += 3;
        continue;
      }
      auto term = read_term();
      if (!term) return term.error();
      separated = false;
      if (!*term) continue;
      if (++terms_ > kTermsMax) {
        return bad((*term)->tokens.front().begin,
                   "more than " + std::to_string(kTermsMax) + " words and phrases");
      }
      query.alternatives.back().push_back(**std::move(term));
    }
    if (separated && query.alternatives.size() > 1) return bad(text_.size(), "nothing follows OR");
    if (auto status = check_alternative(query, start); !status) return status.error();
    return query;
  }

 private:
  core::Error bad(std::size_t at, std::string_view what) const {
    const std::size_t character = count_characters(text_.substr(0, at)) + 1;
    return core::Error{core::Errc::invalid_argument,
                       "q: at character " + std::to_string(character) + ": " + std::string(what),
                       "q"};
  }

  core::Status check_bytes() const {
    if (text_.size() > projections::kSearchQueryBytesMax) {
      return core::Error{
          core::Errc::invalid_argument,
          "q: longer than " + std::to_string(projections::kSearchQueryBytesMax) + " bytes", "q"};
    }
    std::size_t at = 0;
    if (!is_utf8(text_, at)) return bad(at, "not UTF-8");
    at = text_.find('\0');
    if (at != std::string_view::npos) return bad(at, "a NUL character");
    return core::Ok{};
  }

  core::Status check_alternative(const Query& query, std::size_t start) const {
    bool excluded = false;
    for (const Term& term : query.alternatives.back()) {
      if (!term.excluded) return core::Ok{};
      excluded = true;
    }
    std::size_t at = start;
    while (at < text_.size() && is_space(text_[at])) ++at;
    if (excluded) return bad(at, "only what must not be there; say also what must");
    return bad(at, "nothing to search for: a word has a letter or a digit");
  }

  void skip_spaces() {
    while (at_ < text_.size() && is_space(text_[at_])) ++at_;
  }

  /// True when `word` stands here by itself.
  [[nodiscard]] bool takes(std::string_view word) const {
    if (text_.substr(at_, word.size()) != word) return false;
    const std::size_t behind = at_ + word.size();
    return behind == text_.size() || is_space(text_[behind]);
  }

  /// Nothing when it holds nothing to search for.
  core::Result<std::optional<Term>> read_term() {
    Term term;
    if (text_[at_] == '-' && text_.substr(at_, 2) != "--") {
      term.excluded = true;
      ++at_;
    }
    std::size_t begin = at_;
    std::size_t end = at_;
    if (at_ < text_.size() && text_[at_] == '"') {
      begin = at_ + 1;
      end = text_.find('"', begin);
      if (end == std::string_view::npos) return bad(at_, "this quotation mark is never closed");
      at_ = end + 1;
      if (at_ < text_.size() && text_[at_] == '*') {
        term.prefix = true;
        ++at_;
      }
    } else {
      while (at_ < text_.size() && !is_space(text_[at_]) && text_[at_] != '"') ++at_;
      end = at_;
      if (end - begin > 1 && text_[end - 1] == '*') {
        term.prefix = true;
        --end;
      }
    }
    return finish(std::move(term), begin, end);
  }

  core::Result<std::optional<Term>> finish(Term term, std::size_t begin, std::size_t end) {
    term.text = text_.substr(begin, end - begin);
    term.tokens = tokenizer_.tokens(term.text);
    for (Token& token : term.tokens) {
      token.begin += begin;
      token.end += begin;
    }
    if (term.tokens.empty()) return std::optional<Term>{};
    if (term.tokens.size() > kTermTokensMax) {
      return bad(begin, "more than " + std::to_string(kTermTokensMax) + " words in one phrase");
    }
    const Token& last = term.tokens.back();
    // `foo.*` is not the beginning of a word; the star then says nothing.
    if (last.end != end) term.prefix = false;
    // Every text that has the character has the prefix.
    if (last.run) term.prefix = false;
    if (term.prefix && count_characters(last.text) < kPrefixCharactersMin) {
      return bad(last.begin, "the beginning of a word needs " +
                                 std::to_string(kPrefixCharactersMin) + " characters or more");
    }
    return std::optional<Term>{std::move(term)};
  }

  std::string_view text_;
  Tokenizer& tokenizer_;
  std::size_t at_ = 0;
  std::size_t terms_ = 0;
};

std::string quoted(std::string_view text, bool prefix) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"') out.push_back('"');
    out.push_back(c);
  }
  out.push_back('"');
  if (prefix) out.push_back('*');
  return out;
}

/// The terms of one side, joined.
std::string joined(const std::vector<Term>& terms, bool excluded, std::string_view by) {
  std::string out;
  for (const Term& term : terms) {
    if (term.excluded != excluded) continue;
    if (!out.empty()) out.append(by);
    out += quoted(term.text, term.prefix);
  }
  return out;
}

}  // namespace

core::Result<Query> parse_query(std::string_view text, Tokenizer& tokenizer) {
  return Parser(text, tokenizer).read();
}

std::vector<const Term*> terms_in_order(const Query& query) {
  std::vector<const Term*> out;
  for (const auto& alternative : query.alternatives) {
    for (const bool excluded : {false, true}) {
      for (const Term& term : alternative) {
        if (term.excluded == excluded) out.push_back(&term);
      }
    }
  }
  return out;
}

std::vector<std::string> words_of(const Term& term, std::string_view text) {
  std::vector<std::string> out;
  for (const Token& token : term.tokens) {
    const bool last = &token == &term.tokens.back();
    out.push_back(quoted(text.substr(token.begin, token.end - token.begin), last && term.prefix));
  }
  return out;
}

std::string fts_expression(const Query& query) {
  std::string out;
  for (const auto& alternative : query.alternatives) {
    if (!out.empty()) out.append(" OR ");
    const std::string without = joined(alternative, true, " OR ");
    out.append("((").append(joined(alternative, false, " AND ")).append(")");
    if (!without.empty()) out.append(" NOT (").append(without).append(")");
    out.append(")");
  }
  return out;
}

}  // namespace hansard::search
