#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "projections/facts/table.h"
#include "words.h"

namespace hansard::projections::query {

/// The names in a list such as `measures_of` gives.
std::vector<std::string> names_in(const std::string& list);

/// Goes through the words of a query, and keeps the first thing that is wrong.
class WordReader {
 protected:
  explicit WordReader(std::vector<Word> words) : words_(std::move(words)) {}

  [[nodiscard]] const Word& here() const { return words_[at_]; }
  [[nodiscard]] const Word& after() const { return words_[std::min(at_ + 1, words_.size() - 1)]; }
  Word take() {
    const Word word = here();
    if (word.kind != Word::Kind::end) ++at_;
    return word;
  }
  bool took(std::string_view word) {
    if (!here().is(word)) return false;
    ++at_;
    return true;
  }
  bool took_mark(std::string_view mark) {
    if (!here().is_mark(mark)) return false;
    ++at_;
    return true;
  }

  void fail(const Word& word, std::string message);
  /// Names what was found and, of `known`, what it was likely meant to be.
  void expected(const Word& word, std::string_view what,
                const std::vector<std::string>& known = {});
  /// No such measure or dimension: names the table that has it, the name it was likely meant to
  /// be, or all there are.
  void unknown(facts::Table table, const Word& word, const std::string& what,
               const std::vector<std::string>& known);

  std::vector<Word> words_;
  std::size_t at_ = 0;
  std::optional<TextError> error_;
};

}  // namespace hansard::projections::query
