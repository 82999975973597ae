#include "tokenizer.h"

#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <new>
#include <utility>

#include "core/assert.h"
#include "fts_tokenizer.h"
#include "unicode.h"

namespace hansard::search {
namespace {

/// SQLite's tables of letters and of what they are without accents. They are reached through a
/// connection; this one is kept open for that alone.
class Unicode61 {
 public:
  Unicode61() {
    HANSARD_ASSERT(sqlite3_open(":memory:", &database_) == SQLITE_OK, "a database in memory opens");
    fts5_api* api = fts_api(database_);
    HANSARD_ASSERT(api != nullptr, "SQLite is built with FTS5");
    HANSARD_ASSERT(api->xFindTokenizer(api, "unicode61", &context_, &functions_) == SQLITE_OK,
                   "FTS5 has unicode61");
  }
  ~Unicode61() { sqlite3_close(database_); }
  Unicode61(const Unicode61&) = delete;
  Unicode61& operator=(const Unicode61&) = delete;

  [[nodiscard]] const fts5_tokenizer& functions() const { return functions_; }
  [[nodiscard]] void* context() const { return context_; }

  static const Unicode61& instance() {
    static const Unicode61 unicode61{};
    return unicode61;
  }

 private:
  sqlite3* database_ = nullptr;
  fts5_tokenizer functions_{};
  void* context_ = nullptr;
};

/// What one call of unicode61 hands its tokens to.
struct Stretch {
  const Tokenizer::Sink* sink;
  Token* token;        ///< reused, so that its text is not allocated anew
  std::size_t offset;  ///< of the stretch in the text
  bool stopped = false;
};

int take_word(void* context, int /*flags*/, const char* text, int bytes, int begin, int end) {
  auto& stretch = *static_cast<Stretch*>(context);
  try {
    Token& token = *stretch.token;
    token.text.assign(text, static_cast<std::size_t>(bytes));
    fold_variants(token.text);
    if (token.text.empty()) return SQLITE_OK;  // nothing but marks
    token.text.resize(character_boundary(token.text, std::min(token.text.size(), kTokenBytesMax)));
    token.begin = stretch.offset + static_cast<std::size_t>(begin);
    token.end = stretch.offset + static_cast<std::size_t>(end);
    token.run = false;
    token.joined = false;
    if ((*stretch.sink)(token)) return SQLITE_OK;
    stretch.stopped = true;
    return SQLITE_DONE;
  } catch (const std::bad_alloc&) {  // must not pass through C
    return SQLITE_NOMEM;
  }
}

/// Bytes below lead no character of a run: ASCII, and everything up to U+0DFF.
constexpr unsigned char kLowestRunLead = 0xE0;

}  // namespace

struct Tokenizer::Impl {
  Impl() {
    // Marks are part of words: of an Indic script a word would otherwise fall to pieces at each
    // vowel sign, and Arabic vowel signs would divide words instead of being passed over.
    std::array<const char*, 4> arguments{"remove_diacritics", "2", "categories", "L* N* Co Mn Mc"};
    const auto& unicode61 = Unicode61::instance();
    const int code = unicode61.functions().xCreate(unicode61.context(), arguments.data(),
                                                   static_cast<int>(arguments.size()), &words);
    HANSARD_ASSERT(code == SQLITE_OK, "unicode61 takes these options");
  }
  ~Impl() { Unicode61::instance().functions().xDelete(words); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  Fts5Tokenizer* words = nullptr;
  Token token;
};

Tokenizer::Tokenizer() : impl_(std::make_unique<Impl>()) {}
Tokenizer::~Tokenizer() = default;
Tokenizer::Tokenizer(Tokenizer&& other) noexcept = default;
Tokenizer& Tokenizer::operator=(Tokenizer&& other) noexcept = default;

bool Tokenizer::scan(std::string_view text, const Sink& sink) {
  Token& token = impl_->token;
  const auto words = [&](std::size_t from, std::size_t to) {
    if (from == to) return true;
    Stretch stretch{&sink, &token, from};
    const int code = Unicode61::instance().functions().xTokenize(
        impl_->words, &stretch, FTS5_TOKENIZE_DOCUMENT, text.data() + from,
        static_cast<int>(to - from), take_word);
    if (code == SQLITE_NOMEM) throw std::bad_alloc();
    return !stretch.stopped;
  };

  std::size_t from = 0;  // of the stretch of other scripts
  std::size_t at = 0;
  while (at < text.size()) {
    if (static_cast<unsigned char>(text[at]) < kLowestRunLead) {
      ++at;
      continue;
    }
    CodePoint here = code_point_at(text, at);
    if (!is_run_character(here.value)) {
      at += here.bytes;
      continue;
    }
    if (!words(from, at)) return false;
    for (bool joined = false;; joined = true) {
      token.text.assign(text.substr(at, here.bytes));
      token.begin = at;
      token.end = at + here.bytes;
      token.run = true;
      token.joined = joined;
      if (!sink(token)) return false;
      at += here.bytes;
      if (at >= text.size()) break;
      here = code_point_at(text, at);
      if (!is_run_character(here.value)) break;
    }
    from = at;
  }
  return words(from, text.size());
}

std::vector<Token> Tokenizer::tokens(std::string_view text) {
  std::vector<Token> found;
  scan(text, [&](const Token& token) {
    found.push_back(token);
    return true;
  });
  return found;
}

}  // namespace hansard::search
