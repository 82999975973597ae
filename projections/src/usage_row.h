#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "projections/row.h"
#include "projections/usage.h"

/// Rows of `usage`.
///
///   calls   'c' project 00 day(4, big-endian: days since 1970 + 2^31; ffffffff: undated)
///           optional texts session, provider, model  ->
///     byte    format = 1
///     optional text: the user's hash (packed). It follows from the session; in the row, later
///     calls
///             need not look it up.
///     varint  calls, failures, calls without usage
///     usage   known classes, then their sums (`usage_codec.h`)
///     latency, ttft: varint count, and if not 0: varint sum, min, max - min (microseconds)
///   session 's' project 00 name  ->  the user's hash (packed); only for sessions that have a user
///   user    'u' project 00 hash (packed)  ->  varint positions of the latest SessionCreated naming
///           that user, oldest first, at most kUserPositionsMax
namespace hansard::projections {

/// More than one, so that erasing one session does not hide a name that others still carry.
inline constexpr std::size_t kUserPositionsMax = 4;
inline constexpr std::uint32_t kUndated = 0xffffffff;

/// What a row of sums is about. Texts point into the key.
struct CallsKey {
  std::uint32_t day = kUndated;
  std::optional<std::string_view> session;
  std::optional<std::string_view> provider;
  std::optional<std::string_view> model;
};

std::uint32_t day_number(std::optional<core::Timestamp> occurred_at);
std::uint32_t day_number(std::chrono::sys_days day);
std::chrono::sys_days day_of(std::uint32_t number);

std::string calls_prefix(std::string_view project);
std::string calls_key(std::string_view project, const CallsKey& key);
/// Errors: corruption.
core::Result<CallsKey> parse_calls_key(std::string_view key, std::size_t prefix_bytes);
std::string user_of_session_key(std::string_view project, std::string_view session);
std::string user_key(std::string_view project, std::string_view packed_hash);

struct CallsRow {
  std::optional<std::string_view> user;  ///< packed hash; points into the row
  UsageSums sums;
};
std::string encode(const CallsRow& row);
/// Errors: corruption.
core::Result<CallsRow> decode_calls(std::string_view row);

std::string encode_positions(const std::vector<std::uint64_t>& positions);
core::Result<std::vector<std::uint64_t>> decode_positions(std::string_view row);

}  // namespace hansard::projections
