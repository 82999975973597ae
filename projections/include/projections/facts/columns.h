#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

/// What a row of a table says of one model call, result of a tool, score, optimisation or
/// observation of an experiment: a whole number per column. Which table has which columns:
/// `table.h`.
namespace hansard::projections::facts {

/// How the number of a column is read.
enum class ColumnKind : std::uint8_t {
  number,      ///< as it stands; its unit is in the name
  time,        ///< microseconds since 1970 in UTC
  word,        ///< place of a word in `events/session/words.h`
  flag,        ///< 0 or 1
  dictionary,  ///< id of a text of this column in the view's dictionary, from 0
};

/// The columns. Numbers stand on disk: never reused, new ones at the end.
enum class Column : std::uint8_t {
  position = 0,     ///< of the event; never falls from row to row
  recorded_at = 1,  ///< never falls from row to row
  occurred_at = 2,  ///< unknown where nobody said
  session = 3,      ///< name of the stream without `session-`; unknown on `calls-*`
  call = 4,  ///< 64-bit hash of stream and call id: the call, or the one that asked or was judged
  attempt = 5,         ///< from 1
  user = 6,            ///< keyed hash, packed (`usage_codec.h`)
  agent = 7,           ///< of the session, like app and source
  app = 8,             ///<
  source = 9,          ///< who recorded
  provider = 10,       ///< that answered, else that was asked
  model = 11,          ///< that answered, else that was asked
  service_tier = 12,   ///< `service_tier` of the raw usage
  finish_reason = 13,  ///< of an answer
  failure = 14,        ///< reason of a failure; unknown on an answer
  error_type = 15,     ///< of a failure, of a call or a tool
  status = 16,         ///< of a failure: HTTP status
  served_from = 17,
  kind = 18,    ///< from the request on record, like those up to `variant`
  stream = 19,  ///< whether it was streamed
  prompt = 20,  ///< name
  prompt_version = 21,
  experiment = 22,
  variant = 23,
  usage_source = 24,
  input_text = 25,  ///< tokens by class, as `events::Usage` has them
  input_cache_read = 26,
  input_cache_write_5m = 27,
  input_cache_write_1h = 28,
  input_cache_write_other = 29,
  input_audio = 30,
  input_image = 31,
  input_video = 32,
  output_text = 33,
  output_reasoning = 34,
  output_audio = 35,
  output_image = 36,
  latency_us = 37,
  ttft_us = 38,
  tags = 39,           ///< the session's tags as one text (`decode_tags`)
  token_classes = 40,  ///< a bit per class that is known, input_text first; unknown without usage
  tool = 41,
  outcome = 42,      ///< of a tool: `ok` or `failed`
  duration_us = 43,  ///< of a tool: as recorded, else from its call's `occurred_at` to its result's
  metric = 44,       ///< name of a score
  value = 45,        ///< of a score, in millionths: 0.5 is 500,000, true is 1,000,000
  category = 46,     ///< of a score whose value is a text
  evaluator = 47,    ///< who judged
  target = 48,       ///< what was judged
  strategy = 49,     ///< of an optimisation
  reason = 50,       ///< likewise
  tokens_before = 51,
  tokens_after = 52,
  removed = 53,        ///< messages no longer sent
  summarised = 54,     ///< messages replaced by a summary
  reported_cost = 55,  ///< pico-USD that the provider says a call cost
  unit = 56,           ///< of an experiment: which one of its units, from 0 in the order of coming
  observation = 57,    ///< what was seen of a unit
  edition = 58,        ///< of the shares that a unit was drawn by
  sign = 59,           ///< 1; -1 takes back the value that an outcome had before it was corrected
};

inline constexpr std::size_t kColumns = 60;
inline constexpr std::size_t kTokenClasses = 12;

/// What is not known; no value of any column.
inline constexpr std::int64_t kNull = std::numeric_limits<std::int64_t>::min();

/// One row. Counts over 2^63-1 stand as that.
using Row = std::array<std::int64_t, kColumns>;

constexpr std::size_t index_of(Column column) { return static_cast<std::size_t>(column); }

/// Numbers of the words of `Column::outcome`.
inline constexpr std::int64_t kOutcomeOk = 0;
inline constexpr std::int64_t kOutcomeFailed = 1;
/// Numbers of the words of `Column::observation`.
inline constexpr std::int64_t kExposure = 0;
inline constexpr std::int64_t kCall = 1;
inline constexpr std::int64_t kScore = 2;
inline constexpr std::int64_t kOutcome = 3;

struct ColumnInfo {
  std::string_view name;
  ColumnKind kind;
};

/// In the order of `Column`.
inline constexpr std::array<ColumnInfo, kColumns> kColumnInfo{{
    {"position", ColumnKind::number},
    {"recorded_at", ColumnKind::time},
    {"occurred_at", ColumnKind::time},
    {"session", ColumnKind::dictionary},
    {"call", ColumnKind::number},
    {"attempt", ColumnKind::number},
    {"user", ColumnKind::dictionary},
    {"agent", ColumnKind::dictionary},
    {"app", ColumnKind::dictionary},
    {"source", ColumnKind::dictionary},
    {"provider", ColumnKind::dictionary},
    {"model", ColumnKind::dictionary},
    {"service_tier", ColumnKind::dictionary},
    {"finish_reason", ColumnKind::word},
    {"failure", ColumnKind::word},
    {"error_type", ColumnKind::dictionary},
    {"status", ColumnKind::number},
    {"served_from", ColumnKind::word},
    {"kind", ColumnKind::word},
    {"stream", ColumnKind::flag},
    {"prompt", ColumnKind::dictionary},
    {"prompt_version", ColumnKind::dictionary},
    {"experiment", ColumnKind::dictionary},
    {"variant", ColumnKind::dictionary},
    {"usage_source", ColumnKind::word},
    {"input_text", ColumnKind::number},
    {"input_cache_read", ColumnKind::number},
    {"input_cache_write_5m", ColumnKind::number},
    {"input_cache_write_1h", ColumnKind::number},
    {"input_cache_write_other", ColumnKind::number},
    {"input_audio", ColumnKind::number},
    {"input_image", ColumnKind::number},
    {"input_video", ColumnKind::number},
    {"output_text", ColumnKind::number},
    {"output_reasoning", ColumnKind::number},
    {"output_audio", ColumnKind::number},
    {"output_image", ColumnKind::number},
    {"latency_us", ColumnKind::number},
    {"ttft_us", ColumnKind::number},
    {"tags", ColumnKind::dictionary},
    {"token_classes", ColumnKind::number},
    {"tool", ColumnKind::dictionary},
    {"outcome", ColumnKind::word},
    {"duration_us", ColumnKind::number},
    {"metric", ColumnKind::dictionary},
    {"value", ColumnKind::number},
    {"category", ColumnKind::dictionary},
    {"evaluator", ColumnKind::dictionary},
    {"target", ColumnKind::word},
    {"strategy", ColumnKind::dictionary},
    {"reason", ColumnKind::dictionary},
    {"tokens_before", ColumnKind::number},
    {"tokens_after", ColumnKind::number},
    {"removed", ColumnKind::number},
    {"summarised", ColumnKind::number},
    {"reported_cost", ColumnKind::number},
    {"unit", ColumnKind::number},
    {"observation", ColumnKind::word},
    {"edition", ColumnKind::number},
    {"sign", ColumnKind::number},
}};

constexpr const ColumnInfo& info(Column column) { return kColumnInfo[index_of(column)]; }

/// The word a number of a `word` column stands for (`other` for one this build does not know).
/// @pre the column is of that kind.
std::string_view word_of(Column column, std::int64_t value);
/// The number of a word, or nothing when the column has no such word.
std::optional<std::int64_t> number_of(Column column, std::string_view word);

}  // namespace hansard::projections::facts
