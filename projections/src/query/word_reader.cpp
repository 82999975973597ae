#include "word_reader.h"

#include <algorithm>

#include "projections/query/names.h"

namespace hansard::projections::query {
namespace {

constexpr std::size_t kShownBytes = 80;

std::string found(const Word& word) {
  return word.kind == Word::Kind::end ? "the end" : "\"" + word.text.substr(0, kShownBytes) + "\"";
}

}  // namespace

std::vector<std::string> names_in(const std::string& list) {
  std::vector<std::string> out;
  for (std::size_t from = 0; from < list.size();) {
    const std::size_t end = std::min(list.find(", ", from), list.size());
    out.push_back(list.substr(from, end - from));
    from = end + 2;
  }
  return out;
}

void WordReader::fail(const Word& word, std::string message) {
  if (error_) return;
  error_ = TextError{word.column, std::max<std::size_t>(1, word.length), std::move(message)};
}

void WordReader::expected(const Word& word, std::string_view what,
                          const std::vector<std::string>& known) {
  std::string message = "expected " + std::string(what) + ", found " + found(word);
  const std::string near = word.kind == Word::Kind::plain ? nearest(word.text, known) : "";
  if (!near.empty()) message += "; did you mean \"" + near + "\"?";
  fail(word, std::move(message));
}

void WordReader::unknown(facts::Table table, const Word& word, const std::string& what,
                         const std::vector<std::string>& known) {
  if (word.kind != Word::Kind::plain) return expected(word, "a " + what);
  for (const std::string_view other : facts::kTableWords) {
    const auto asked = asked_table_of(other);
    if (!asked) continue;
    const facts::Table there = *asked;
    const auto all = names_in(dimensions_of(there) + ", " + measures_of(there));
    if (there == table || std::find(all.begin(), all.end(), word.text) == all.end()) continue;
    return fail(word, found(word) + " is not of " + std::string(facts::to_word(table)) +
                          " but of " + std::string(other) + ": say from " + std::string(other));
  }
  const std::string near = nearest(word.text, known);
  const std::string message = "there is no " + what + " " + found(word);
  if (!near.empty()) return fail(word, message + "; did you mean \"" + near + "\"?");
  std::string list;
  for (const std::string& one : known) list += (list.empty() ? "" : ", ") + one;
  fail(word, message + "; there are " + list);
}

}  // namespace hansard::projections::query
