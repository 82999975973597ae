#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "projections/facts/columns.h"
#include "projections/facts/packing.h"
#include "projections/row.h"

/// Rows of a table's view. Every key begins with a letter, the project and a zero byte.
///
///   'm'                              -> counters (`Counters`)
///   's' session name                 -> what its calls take from the session (`SessionRow`)
///   'r' stream                       -> open calls of a stream that is no session
///   'v' column text                  -> varint id of the text; sessions have theirs in 's'
///   'i' column id(4, big-endian)     -> the text
///   'u' hash of a user, packed       -> calls: varint positions of the latest SessionCreated that
///                                       name this user, oldest first
///   'q' stream                       -> tool_calls: its latest answers (`RecentAnswers`)
///   'o' hash(8) of a tool's call     -> tool_calls: one without a result (`OpenTool`)
///   'a' hash(8) of a message         -> scores: the call it answers (`AskedRow`)
///   'b' hash(8) of a call            -> scores: likewise
///   'a', 'b'                         -> observations: likewise, of calls of units (`UnitCall`)
///   'p' hash(8) of a call            -> observations: varint unit of a call without an answer
///   'l' stream                       -> observations: latest calls of its experiments
///   'n' experiment(4)                -> observations: varint units that were met
///   'x' experiment(4) unit           -> observations: one of them (`UnitRow`)
///   'w' hash(8) of an outcome        -> observations: its latest revision (`OutcomeRow`)
///   't' segment(4) block(4)          -> up to kTailBlockRows rows that are not sealed, end to end
///   'h' segment(4)                   -> a sealed segment: what each column spans
///   'c' segment(4) column            -> its column (`packing.h`), if any of its values is known
/// Of rows, texts and segments all but the last 't' are never changed; 't' goes when its segment is
/// sealed.
namespace hansard::projections::facts {

/// Rows in a block of the tail: with few, a seal has many rows to delete; with many, each call
/// copies a long one.
inline constexpr std::uint32_t kTailBlockRows = 64;

std::string key_prefix(char letter, std::string_view project);
std::string counters_key(std::string_view project);
std::string session_key(std::string_view project, std::string_view session);
std::string requests_key(std::string_view project, std::string_view stream);
/// A key of a letter whose rows go by the hash of something.
std::string hash_key(char letter, std::string_view project, std::int64_t hash);
std::string user_key(std::string_view project, std::string_view packed_hash);
std::string answers_key(std::string_view project, std::string_view stream);
std::string value_key(std::string_view project, Column column, std::string_view text);
std::string text_key(std::string_view project, Column column, std::uint32_t id);
std::string tail_key(std::string_view project, std::uint32_t segment, std::uint32_t block);
std::string header_key(std::string_view project, std::uint32_t segment);
std::string column_key(std::string_view project, std::uint32_t segment, Column column);

/// byte format = 1; varint sealed segments, rows in the tail, further choices; then per column
/// with texts a byte (the column) and a varint (how many).
struct Counters {
  std::uint32_t segments = 0;
  std::uint32_t tail_rows = 0;
  std::uint64_t further_choices = 0;  ///< answers that are no first choice: no rows
  std::array<std::uint32_t, kColumns> texts{};
};
std::string encode(const Counters& counters);
core::Result<Counters> decode_counters(std::string_view row);

/// What a request says of its call. Signed varints, -1 for what is unknown.
struct RequestRow {
  std::int64_t provider = kNull;
  std::int64_t model = kNull;
  std::int64_t kind = kNull;
  std::int64_t stream = kNull;
  std::int64_t prompt = kNull;
  std::int64_t prompt_version = kNull;
  std::int64_t experiment = kNull;
  std::int64_t variant = kNull;
};

/// Open calls of a stream whose request is remembered: a call that fails and is given up stays
/// open.
inline constexpr std::size_t kOpenCalls = 64;
struct OpenCall {
  std::int64_t call = 0;
  RequestRow request;
};
/// Oldest request first; each the call's hash (8 bytes, big-endian) and a `RequestRow`.
using OpenCalls = std::vector<OpenCall>;
std::string encode(const OpenCalls& open);
core::Result<OpenCalls> decode_open_calls(std::string_view row);

/// varint id; byte 1 once SessionCreated was seen; signed varints of the ids below (-1: unknown);
/// open calls. With the session, because a row of their own would be looked up for every call.
struct SessionRow {
  std::uint32_t id = 0;
  bool created = false;
  std::int64_t user = kNull;
  std::int64_t agent = kNull;
  std::int64_t app = kNull;
  std::int64_t source = kNull;
  std::int64_t tags = kNull;
  OpenCalls open;
};
std::string encode(const SessionRow& session);
core::Result<SessionRow> decode_session(std::string_view row);

/// A call as its tools and judges see it. Signed varints, -1 for ids not known.
struct AskedRow {
  std::int64_t call = kNull;
  std::int64_t provider = kNull;
  std::int64_t model = kNull;
  std::int64_t prompt = kNull;
  std::int64_t prompt_version = kNull;
  std::int64_t experiment = kNull;
  std::int64_t variant = kNull;
};
std::string encode(const AskedRow& asked);
core::Result<AskedRow> decode_asked(std::string_view row);

/// Answers of a stream that tools may still belong to.
inline constexpr std::size_t kRecentAnswers = 16;
/// Oldest first, each a hash of the message id (8 bytes, big-endian) and an `AskedRow`.
struct RecentAnswer {
  std::int64_t message = 0;
  AskedRow asked;
};
std::string encode(const std::vector<RecentAnswer>& answers);
core::Result<std::vector<RecentAnswer>> decode_answers(std::string_view row);

/// Signed varints tool and `occurred_at`, then `AskedRow`.
struct OpenTool {
  std::int64_t tool = kNull;
  std::int64_t occurred_at = kNull;
  AskedRow asked;
};
std::string encode(const OpenTool& tool);
core::Result<OpenTool> decode_open_tool(std::string_view row);

/// varint with a bit per known column (bit 0: column 0), then a signed varint for each of those.
static_assert(kColumns < 64, "a row begins with a word of bits");
void write_row(row::Writer& out, const Row& values);
/// Calls `f(column, value)` for each known value of the row that comes next. Most are not known.
template <class F>
void each_value(row::Reader& in, F&& f) {
  std::uint64_t known = in.varint() & ((std::uint64_t{1} << kColumns) - 1);
  for (; known != 0; known &= known - 1) {
    f(static_cast<std::size_t>(std::countr_zero(known)), in.signed_varint());
  }
}

/// byte format = 2; varint rows; per column of which some value is known: a byte (the column), a
/// byte (1 when others are unknown), signed varints min and max.
struct Header {
  std::uint32_t rows = 0;
  std::array<Zone, kColumns> zones;
};
std::string encode(const Header& header);
core::Result<Header> decode_header(std::string_view row);

/// More than one, so that erasing one session does not hide a name that others still carry.
inline constexpr std::size_t kUserPositionsMax = 4;
std::string encode_positions(const std::vector<std::uint64_t>& positions);
core::Result<std::vector<std::uint64_t>> decode_positions(std::string_view row);

/// Tags (key -> hash in hex) as one text: sorted, each key and packed hash as texts of `row.h`.
std::string encode_tags(std::vector<std::pair<std::string, std::string>> tags);

core::Error damaged_row(std::string_view what);

}  // namespace hansard::projections::facts
