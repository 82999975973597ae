#include "fts_rank.h"

#include <sqlite3.h>

#include <new>

#include "fts_tokenizer.h"

namespace hansard::search {
namespace {

int begin(const Fts5ExtensionApi* api, Fts5Context* row, VisitedRows& to) {
  sqlite3_int64 texts = 0;
  sqlite3_int64 tokens = 0;
  int code = api->xRowCount(row, &texts);
  if (code == SQLITE_OK) code = api->xColumnTotalSize(row, 0, &tokens);
  to.texts = static_cast<double>(texts);
  to.tokens = static_cast<double>(tokens);
  to.phrases = static_cast<std::size_t>(api->xPhraseCount(row));
  return code;
}

int visit_row(const Fts5ExtensionApi* api, Fts5Context* row, VisitedRows& to) {
  int code = to.positions.empty() ? begin(api, row, to) : SQLITE_OK;
  int tokens = 0;
  if (code == SQLITE_OK) code = api->xColumnSize(row, 0, &tokens);
  if (code != SQLITE_OK) return code;
  to.positions.push_back(api->xRowid(row));
  to.lengths.push_back(static_cast<std::uint32_t>(tokens));
  for (std::size_t i = 0; code == SQLITE_OK && i < to.phrases; ++i) {
    Fts5PhraseIter at{};
    int column = 0;
    int offset = 0;
    std::uint32_t times = 0;
    code = api->xPhraseFirst(row, static_cast<int>(i), &at, &column, &offset);
    while (code == SQLITE_OK && column >= 0) {
      ++times;
      api->xPhraseNext(row, &at, &column, &offset);
    }
    to.times.push_back(times);
  }
  return code;
}

/// C calls this: nothing may be thrown through it.
void visit(const Fts5ExtensionApi* api, Fts5Context* row, sqlite3_context* result, int count,
           sqlite3_value** values) {
  try {
    auto* to = count == 1
                   ? static_cast<VisitedRows*>(sqlite3_value_pointer(values[0], kVisitedRows))
                   : nullptr;
    const int code = to == nullptr ? SQLITE_MISUSE : visit_row(api, row, *to);
    if (code == SQLITE_OK) {
      sqlite3_result_null(result);
    } else {
      sqlite3_result_error_code(result, code);
    }
  } catch (const std::bad_alloc&) {
    sqlite3_result_error_nomem(result);
  }
}

}  // namespace

int register_rank(sqlite3* database) {
  fts5_api* api = fts_api(database);
  if (api == nullptr) return SQLITE_ERROR;
  return api->xCreateFunction(api, "hansard_visit", nullptr, visit, nullptr);
}

}  // namespace hansard::search
