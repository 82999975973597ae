#include "fts_rank.h"

#include <sqlite3.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <new>
#include <vector>

#include "fts_tokenizer.h"

namespace hansard::search {
namespace {

// As everywhere: how soon repetitions stop to count, and how much long texts pay for their length.
constexpr double kSaturation = 1.2;
constexpr double kLengthWeight = 0.75;

/// What is the same for all rows of one search.
struct Statistics {
  double average_tokens = 1;
  std::vector<double> weights;  ///< how rare each phrase is
};

struct Counter {
  sqlite3_int64 rows = 0;
  sqlite3_int64 last = 0;  ///< the rowid at which counting stopped
};

int count_row(const Fts5ExtensionApi* api, Fts5Context* row, void* context) {
  auto& counter = *static_cast<Counter*>(context);
  if (++counter.rows < kCountedRowsMax) return SQLITE_OK;
  counter.last = api->xRowid(row);
  return SQLITE_DONE;
}

void delete_statistics(void* statistics) { delete static_cast<Statistics*>(statistics); }

/// Computed at the first row and kept by FTS5. nullptr and `code` where that fails.
Statistics* statistics_of(const Fts5ExtensionApi* api, Fts5Context* row, sqlite3_int64 end,
                          int& code) {
  if (void* known = api->xGetAuxdata(row, 0)) return static_cast<Statistics*>(known);
  auto made = std::make_unique<Statistics>();
  sqlite3_int64 rows = 0;
  sqlite3_int64 tokens = 0;
  code = api->xRowCount(row, &rows);
  if (code == SQLITE_OK) code = api->xColumnTotalSize(row, 0, &tokens);
  for (int i = 0; code == SQLITE_OK && i < api->xPhraseCount(row); ++i) {
    Counter counter;
    code = api->xQueryPhrase(row, i, &counter, count_row);
    auto with = static_cast<double>(counter.rows);
    if (counter.rows >= kCountedRowsMax) {
      with *= static_cast<double>(std::max(end, counter.last + 1)) /
              static_cast<double>(counter.last + 1);
    }
    const auto all = static_cast<double>(rows);
    with = std::min(with, all);
    made->weights.push_back(std::log(1 + (all - with + 0.5) / (with + 0.5)));
  }
  if (code != SQLITE_OK) return nullptr;
  if (rows > 0 && tokens > 0) {
    made->average_tokens = static_cast<double>(tokens) / static_cast<double>(rows);
  }
  code = api->xSetAuxdata(row, made.get(), delete_statistics);
  // From here FTS5 owns it; where it could not keep it, it has deleted it.
  Statistics* kept = made.release();
  return code == SQLITE_OK ? kept : nullptr;
}

int score_row(const Fts5ExtensionApi* api, Fts5Context* row, sqlite3_int64 end, double& score) {
  int code = SQLITE_OK;
  const Statistics* statistics = statistics_of(api, row, end, code);
  if (statistics == nullptr) return code;
  int tokens = 0;
  code = api->xColumnSize(row, 0, &tokens);
  const double length = 1 - kLengthWeight + kLengthWeight * tokens / statistics->average_tokens;
  const int phrases = static_cast<int>(statistics->weights.size());
  for (int i = 0; code == SQLITE_OK && i < phrases; ++i) {
    Fts5PhraseIter at{};
    int column = 0;
    int offset = 0;
    double times = 0;
    code = api->xPhraseFirst(row, i, &at, &column, &offset);
    while (code == SQLITE_OK && column >= 0) {
      ++times;
      api->xPhraseNext(row, &at, &column, &offset);
    }
    score += statistics->weights[static_cast<std::size_t>(i)] * times * (kSaturation + 1) /
             (times + kSaturation * length);
  }
  return code;
}

/// C calls this: nothing may be thrown through it.
void rank(const Fts5ExtensionApi* api, Fts5Context* row, sqlite3_context* result, int count,
          sqlite3_value** values) {
  try {
    double score = 0;
    const sqlite3_int64 end = count > 0 ? sqlite3_value_int64(values[0]) : 0;
    const int code = score_row(api, row, end, score);
    if (code == SQLITE_OK) {
      sqlite3_result_double(result, score);
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
  return api->xCreateFunction(api, "hansard_rank", nullptr, rank, nullptr);
}

}  // namespace hansard::search
