#include "words.h"

#include <algorithm>
#include <cctype>
#include <numeric>

namespace hansard::projections::query {
namespace {

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool is_mark(char c) { return std::string_view(",()=!<>").find(c) != std::string_view::npos; }
bool begins_character(char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// Walks the text and counts its characters.
class Cutter {
 public:
  explicit Cutter(std::string_view text) : text_(text) {}

  std::variant<std::vector<Word>, TextError> cut() {
    for (;;) {
      while (!done() && is_space(here())) step();
      Word word;
      word.column = column_;
      if (done()) {
        words_.push_back(std::move(word));
        return std::move(words_);
      }
      if (here() == '"' || here() == '\'') {
        if (!quoted(word)) {
          return TextError{word.column, 1, "the quotation mark is never closed"};
        }
      } else if (is_mark(here())) {
        mark(word);
      } else {
        word.kind = Word::Kind::plain;
        while (!done() && !is_space(here()) && !is_mark(here()) && here() != '"' &&
               here() != '\'') {
          take(word);
        }
      }
      word.length = column_ - word.column;
      words_.push_back(std::move(word));
    }
  }

 private:
  [[nodiscard]] bool done() const { return at_ == text_.size(); }
  [[nodiscard]] char here() const { return text_[at_]; }
  void step() {
    ++at_;
    // A character ends where the next begins.
    if (done() || begins_character(text_[at_])) ++column_;
  }
  void take(Word& word) {
    word.text += here();
    step();
  }
  void mark(Word& word) {
    word.kind = Word::Kind::mark;
    const char first = here();
    take(word);
    if ((first == '<' || first == '>' || first == '!') && !done() && here() == '=') take(word);
  }
  bool quoted(Word& word) {
    word.kind = Word::Kind::quoted;
    const char end = here();
    step();
    while (!done() && here() != end) {
      if (here() == '\\') step();
      if (done()) return false;
      take(word);
    }
    if (done()) return false;
    step();
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t column_ = 1;
  std::vector<Word> words_;
};

/// Changes of one character that lead from one word to the other.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t change = diagonal + (lower(a[i]) == lower(b[j]) ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({change, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

}  // namespace

bool Word::is(std::string_view word) const {
  return kind == Kind::plain && text.size() == word.size() &&
         std::equal(text.begin(), text.end(), word.begin(),
                    [](char a, char b) { return lower(a) == b; });
}

std::variant<std::vector<Word>, TextError> cut_words(std::string_view text) {
  return Cutter(text).cut();
}

std::string nearest(std::string_view word, const std::vector<std::string>& known) {
  constexpr std::size_t kLongest = 64;  // a name is never longer, and the table stays small
  std::string best;
  if (word.size() < 2 || word.size() > kLongest) return best;
  std::size_t least = word.size() < 4 ? 2 : word.size() / 3 + 2;
  for (const std::string& name : known) {
    const bool begins = word.size() >= 3 && name.starts_with(word);
    const std::size_t far = begins ? 1 : distance(word, name);
    if (far < least) {
      least = far;
      best = name;
    }
  }
  return best;
}

}  // namespace hansard::projections::query
