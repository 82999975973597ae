#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/event.h"
#include "core/result.h"
#include "events/session/facts.h"
#include "projections/counters.h"
#include "projections/row.h"
#include "projections/sessions.h"

/// Rows of the directory.
///
///   session   's' project 00 name  ->
///     byte     format = 1
///     byte     flags: 1 ended, 2 created_at, 4 first_user_message, 8 occurred times,
///                     16 models left out, 32 erasures
///     signed   first_recorded (microseconds since 1970)
///     varint   last_recorded - first_recorded
///     signed   last_recorded - activity
///     [8]      signed first_occurred, varint last_occurred - first_occurred
///     varint   head version
///     [2]      varint position of the SessionCreated
///     [4]      varint position of the first user message
///     varint   messages, responses, calls, failures, tool calls, tool failures, forks, scores,
///              calls without usage
///     usage    known classes, then their sums (`usage_codec.h`)
///     text     what the SessionCreated says: optional texts user hash (packed), agent, app,
///     source,
///              parent; varint parent's version when there is a parent; varint number of tags; for
///              each text key, text hash (packed)
///     text     models: a text each
///     [32]     varint erasures asked for, varint erasures done
///
///   order     'a' project 00 ~activity(8, big-endian, sign bit flipped) name  ->  empty
namespace hansard::projections {

/// A session's row, decoded as far as a fold needs: numbers apart, texts still packed.
struct StoredSession {
  bool ended = false;
  bool models_left_out = false;
  std::optional<std::uint64_t> created_at;
  std::optional<std::uint64_t> first_user_message;
  std::int64_t first_recorded = 0;
  std::int64_t last_recorded = 0;
  std::int64_t activity = 0;
  bool has_occurred = false;
  std::int64_t first_occurred = 0;
  std::int64_t last_occurred = 0;
  std::uint64_t head = 0;
  SessionCounters counters;
  std::string_view created;  ///< points into the row or a buffer that outlives this
  std::string_view models;   ///< likewise
  std::uint64_t erasures_asked = 0;
  std::uint64_t erasures_done = 0;
};

std::string session_key(std::string_view project, std::string_view name);
std::string order_prefix(std::string_view project);
std::string order_key(std::string_view project, std::int64_t activity, std::string_view name);

/// What follows `order_prefix` in an order key.
struct OrderPlace {
  std::int64_t activity = 0;
  std::string name;
};
core::Result<OrderPlace> parse_order_key(std::string_view key, std::size_t prefix_bytes);

std::string encode(const StoredSession& session);
/// Errors: corruption. Views point into `row`.
core::Result<StoredSession> decode_session(std::string_view row);

/// The packed form of what a SessionCreated says.
std::string pack_created(const events::SessionCreated& created);
/// All of a row, for readers. Errors: corruption.
core::Result<SessionRow> unpack_session(std::string_view name, std::string_view row);

}  // namespace hansard::projections
