// What the index finds is what reading every text finds. The reading here knows nothing of tokens:
// it is told how the corpus was made.
#include <random>
#include <set>
#include <sstream>

#include "search_rig.h"

namespace hansard::search::test {
namespace {

using Texts = std::vector<std::string>;

/// A word as it may be written, and what it is when case, accents and signs make no difference.
struct Spelling {
  const char* written;
  const char* plain;
};

constexpr Spelling kSpellings[] = {
    {"tea", "tea"},     {"Tea", "tea"},         {"TEAM", "team"},           {"teams", "teams"},
    {"café", "cafe"},   {"cafe\u0301", "cafe"}, {"Cafeteria", "cafeteria"}, {"green", "green"},
    {"Grün", "grun"},   {"grün", "grun"},       {"naïve", "naive"},         {"Ünal", "unal"},
    {"كتاب", "كتاب"},   {"كِتَاب", "كتاب"},       {"أحمد", "احمد"},           {"احمد", "احمد"},
    {"مدرسة", "مدرسه"}, {"Москва", "москва"},   {"москвич", "москвич"},     {"x1", "x1"},
    {"2024", "2024"},   {"λόγος", "λογος"},     {"हिन्दी", "हिन्दी"},         {"việt", "viet"},
};

/// Stretches of scripts without spaces; what is found in them are substrings.
constexpr const char* kStretches[] = {
    "東京都",   "東京",     "京都に行きました", "大学生",     "学生", "北京大学", "人工智能",
    "智能手机", "カタカナ", "ひらがな",         "서울특별시", "서울", "ภาษาไทย",  "機械学習"};

constexpr const char* kSeparators[] = {" ", ", ", "\n", " - ", "; ", " (", "! "};

/// A text as pieces: words with their plain form, and stretches.
struct Piece {
  std::string plain;
  bool stretch = false;
};
struct Made {
  std::string text;
  std::vector<Piece> pieces;
};

class Corpus {
 public:
  explicit Corpus(unsigned seed) : random_(seed) {}

  Made make() {
    Made made;
    const int length = 1 + pick(14);
    for (int i = 0; i < length; ++i) {
      if (i > 0) made.text += kSeparators[pick(std::size(kSeparators))];
      if (pick(4) == 0) {
        const std::string stretch = kStretches[pick(std::size(kStretches))];
        made.text += stretch;
        made.pieces.push_back({stretch, true});
      } else {
        const Spelling& word = kSpellings[pick(std::size(kSpellings))];
        made.text += word.written;
        made.pieces.push_back({word.plain, false});
      }
    }
    return made;
  }
  int pick(std::size_t below) {
    return static_cast<int>(std::uniform_int_distribution<std::size_t>(0, below - 1)(random_));
  }
  const Spelling& word() { return kSpellings[pick(std::size(kSpellings))]; }
  /// A few characters out of the middle of a stretch.
  std::string characters(int count) {
    const std::string stretch = kStretches[pick(std::size(kStretches))];
    std::vector<std::string> characters;
    for (const char c : stretch) {
      if ((static_cast<unsigned char>(c) & 0xC0U) == 0x80U && !characters.empty()) {
        characters.back() += c;
      } else {
        characters.emplace_back(1, c);
      }
    }
    const int all = static_cast<int>(characters.size());
    const int from = pick(static_cast<std::size_t>(all));
    std::string out;
    for (int i = from; i < std::min(all, from + count); ++i) {
      out += characters[static_cast<std::size_t>(i)];
    }
    return out;
  }

 private:
  std::mt19937 random_;
};

/// One thing to look for: as typed, and how to tell whether a text has it.
struct Wanted {
  std::string typed;
  std::function<bool(const Made&)> in;
};

Wanted want_word(const Spelling& word) {
  return {word.written, [plain = std::string(word.plain)](const Made& made) {
            return std::any_of(made.pieces.begin(), made.pieces.end(), [&](const Piece& piece) {
              return !piece.stretch && piece.plain == plain;
            });
          }};
}

Wanted want_prefix(const Spelling& word) {
  // Only of plain letters: where a written letter ends is not told by bytes.
  const std::string typed = std::string(word.plain).substr(0, 3);
  if (typed.find_first_not_of("abcdefghijklmnopqrstuvwxyz") != std::string::npos ||
      typed.size() < 2) {
    return want_word(word);
  }
  return {typed + "*", [typed](const Made& made) {
            return std::any_of(made.pieces.begin(), made.pieces.end(), [&](const Piece& piece) {
              return !piece.stretch && piece.plain.starts_with(typed);
            });
          }};
}

Wanted want_phrase(const Spelling& first, const Spelling& second) {
  const std::string typed = "\"" + std::string(first.written) + " " + second.written + "\"";
  return {typed, [a = std::string(first.plain), b = std::string(second.plain)](const Made& made) {
            for (std::size_t i = 1; i < made.pieces.size(); ++i) {
              const Piece& before = made.pieces[i - 1];
              const Piece& here = made.pieces[i];
              if (!before.stretch && !here.stretch && before.plain == a && here.plain == b) {
                return true;
              }
            }
            return false;
          }};
}

Wanted want_characters(const std::string& characters) {
  return {characters, [characters](const Made& made) {
            return std::any_of(made.pieces.begin(), made.pieces.end(), [&](const Piece& piece) {
              return piece.stretch && piece.plain.find(characters) != std::string::npos;
            });
          }};
}

Wanted want_any(Corpus& corpus) {
  switch (corpus.pick(4)) {
    case 0:
      return want_word(corpus.word());
    case 1:
      return want_prefix(corpus.word());
    case 2:
      return want_phrase(corpus.word(), corpus.word());
    default:
      return want_characters(corpus.characters(1 + corpus.pick(4)));
  }
}

/// Several of them, as alternatives of words that must and must not be there.
Wanted want_query(Corpus& corpus) {
  std::string typed;
  std::vector<std::pair<std::vector<Wanted>, std::vector<Wanted>>> alternatives;
  const int count = 1 + corpus.pick(2);
  for (int i = 0; i < count; ++i) {
    if (i > 0) typed += " OR ";
    alternatives.emplace_back();
    auto& [must, must_not] = alternatives.back();
    const int terms = 1 + corpus.pick(3);
    for (int j = 0; j < terms; ++j) {
      Wanted wanted = want_any(corpus);
      const bool without = j > 0 && corpus.pick(4) == 0;
      typed += (j > 0 ? " " : "") + std::string(without ? "-" : "") + wanted.typed;
      (without ? must_not : must).push_back(std::move(wanted));
    }
  }
  return {typed, [alternatives](const Made& made) {
            return std::any_of(alternatives.begin(), alternatives.end(), [&](const auto& sides) {
              const auto has = [&](const Wanted& wanted) { return wanted.in(made); };
              return std::all_of(sides.first.begin(), sides.first.end(), has) &&
                     std::none_of(sides.second.begin(), sides.second.end(), has);
            });
          }};
}

std::vector<std::uint64_t> everything_found(SearchRig& rig, const std::string& query) {
  auto request = rig.request(query);
  std::vector<std::uint64_t> found;
  while (true) {
    const auto answer = rig.search(request);
    EXPECT_FALSE(answer.more);
    for (const auto& hit : answer.hits) {
      found.push_back(hit.position.value);
      EXPECT_FALSE(hit.snippet.matches.empty()) << query;
    }
    if (!answer.next_offset) break;
    request.offset = *answer.next_offset;
  }
  std::sort(found.begin(), found.end());
  return found;
}

TEST(SearchEquality, TheIndexFindsWhatReadingEverythingFinds) {
  constexpr unsigned kSeed = 20261121;
  Corpus corpus(kSeed);
  SearchRig rig;
  rig.options.batch_events = 97;  // many segments
  std::vector<Made> texts;
  for (int i = 0; i < 1500; ++i) {
    texts.push_back(corpus.make());
    rig.recorder.say("s" + std::to_string(i % 40), "m" + std::to_string(i), texts.back().text);
  }
  rig.start();
  std::size_t hits = 0;
  for (int i = 0; i < 400; ++i) {
    const Wanted wanted = want_query(corpus);
    std::vector<std::uint64_t> expected;
    for (std::size_t position = 0; position < texts.size(); ++position) {
      if (wanted.in(texts[position])) expected.push_back(position);
    }
    ASSERT_EQ(everything_found(rig, wanted.typed), expected)
        << "seed " << kSeed << ", query " << wanted.typed;
    hits += expected.size();
  }
  EXPECT_GT(hits, 5000U);  // it was worth looking
  EXPECT_TRUE(rig.notices().empty());
}

TEST(SearchEquality, HostileQueriesAreAnsweredOrRefusedAndNothingElse) {
  SearchRig rig;
  rig.recorder.say("s1", "m1", "some text OR text:NEAR(a b) ^x \"quoted\" *");
  rig.start();
  const std::string texts[] = {
      "\"",
      "\"\"",
      "\"\"\"",
      "* * *",
      "OR",
      "OR OR",
      "AND",
      "NOT",
      "NEAR(",
      ")(",
      "a OR OR b",
      "-",
      "- - -",
      "-\"",
      "\"a\"*\"b\"*",
      "{a}:b",
      "text:some",
      "some^",
      "some + text",
      "'; DROP TABLE documents; --",
      "%s%n",
      "\\",
      "a\\\"b",
      std::string("\0", 1),
      std::string("some\0text", 9),
      "\xFF\xFE",
      "\xC0\x80",
      "\xED\xA0\x80",
      std::string(5000, 'a'),
      std::string(1024, '"'),
      std::string(1024, '-'),
      std::string(1024, '*'),
      std::string(341, '\xE6'),
      "rowid:1",
      "some\x01\x02text",
  };
  for (const std::string& text : texts) {
    const auto answer = rig.try_search(rig.request(text));
    if (!answer) {
      EXPECT_EQ(answer.error().code, core::Errc::invalid_argument)
          << text << ": " << answer.error().message;
      EXPECT_EQ(answer.error().field, "q");
    }
  }
  Corpus corpus(7);
  constexpr std::string_view kBytes = "\"*-() \tORAND:^{}+ab\xC3\xA9\xE6\x9D\xB1";
  for (int i = 0; i < 3000; ++i) {
    std::string text;
    for (int j = corpus.pick(30); j >= 0; --j) {
      text += kBytes[static_cast<std::size_t>(corpus.pick(kBytes.size()))];
    }
    const auto answer = rig.try_search(rig.request(text));
    if (!answer) {
      ASSERT_EQ(answer.error().code, core::Errc::invalid_argument)
          << text << ": " << answer.error().message;
    }
  }
  EXPECT_EQ(rig.search("near").matched, 1U);
  EXPECT_TRUE(rig.notices().empty());
}

}  // namespace
}  // namespace hansard::search::test
