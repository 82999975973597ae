#include "fts_tokenizer.h"

#include <sqlite3.h>

#include <memory>
#include <new>
#include <optional>
#include <string_view>

#include "tokenizer.h"

namespace hansard::search {
namespace {

using TokenFunction = int (*)(void*, int, const char*, int, int, int);

/// Turns tokens into what FTS5 stores or looks up; it needs to know what follows each.
class Emitter {
 public:
  Emitter(void* context, bool query, TokenFunction function)
      : context_(context), function_(function), query_(query) {}

  bool take(const Token& token) {
    if (held_ && !release(&token)) return false;
    held_ = token;
    return true;
  }
  int finish() {
    if (held_ && code_ == SQLITE_OK) release(nullptr);
    return code_;
  }

 private:
  /// Emits the token held back, now that the next one is known.
  bool release(const Token* next) {
    const Token& token = *held_;
    const bool paired = next != nullptr && next->joined;
    if (!query_)
      return emit(0, token.text, token.end) && (!paired || pair(FTS5_TOKEN_COLOCATED, *next));
    if (paired) return pair(0, *next);
    // The last character of a run is in the pair before it already, unless its place is needed for
    // what follows in the phrase.
    if (token.joined && next == nullptr) return true;
    return emit(0, token.text, token.end);
  }
  bool pair(int flags, const Token& next) { return emit(flags, held_->text + next.text, next.end); }
  bool emit(int flags, std::string_view text, std::size_t end) {
    code_ = function_(context_, flags, text.data(), static_cast<int>(text.size()),
                      static_cast<int>(held_->begin), static_cast<int>(end));
    return code_ == SQLITE_OK;
  }

  void* context_;
  TokenFunction function_;
  bool query_;
  std::optional<Token> held_;
  int code_ = SQLITE_OK;
};

// C calls these: nothing may be thrown through them.

int create(void* /*context*/, const char** /*arguments*/, int /*count*/, Fts5Tokenizer** made) {
  try {
    *made = reinterpret_cast<Fts5Tokenizer*>(std::make_unique<Tokenizer>().release());
    return SQLITE_OK;
  } catch (const std::bad_alloc&) {
    return SQLITE_NOMEM;
  }
}

void destroy(Fts5Tokenizer* tokenizer) { delete reinterpret_cast<Tokenizer*>(tokenizer); }

int tokenize(Fts5Tokenizer* tokenizer, void* context, int flags, const char* text, int bytes,
             TokenFunction emit) {
  if (text == nullptr || bytes <= 0) return SQLITE_OK;
  try {
    Emitter emitter(context, (flags & FTS5_TOKENIZE_QUERY) != 0, emit);
    reinterpret_cast<Tokenizer*>(tokenizer)->scan(
        std::string_view(text, static_cast<std::size_t>(bytes)),
        [&](const Token& token) { return emitter.take(token); });
    return emitter.finish();
  } catch (const std::bad_alloc&) {
    return SQLITE_NOMEM;
  }
}

}  // namespace

fts5_api* fts_api(sqlite3* database) {
  fts5_api* api = nullptr;
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v2(database, "SELECT fts5(?1)", -1, &statement, nullptr) != SQLITE_OK) {
    return nullptr;
  }
  sqlite3_bind_pointer(statement, 1, static_cast<void*>(&api), "fts5_api_ptr", nullptr);
  sqlite3_step(statement);
  sqlite3_finalize(statement);
  return api;
}

int register_tokenizer(sqlite3* database) {
  fts5_api* api = fts_api(database);
  if (api == nullptr) return SQLITE_ERROR;
  fts5_tokenizer functions{create, destroy, tokenize};
  return api->xCreateTokenizer(api, kTokenizerName, nullptr, &functions, nullptr);
}

}  // namespace hansard::search
