#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "core/error.h"
#include "core/result.h"

namespace hansard::http {

/// Every bound the server puts on its clients. The order is that of `limit_table`.
enum class Limit : std::uint8_t {
  body_bytes,
  gateway_body_bytes,
  event_bytes,
  batch_records,
  line_bytes,
  json_depth,
  header_bytes,
  target_bytes,
  connections,
  bodies_bytes,
  page_rows,
  answer_bytes,
  header_ms,
  idle_ms,
  body_stall_ms,
  body_grace_ms,
  bytes_per_second,
  handler_ms,
  wait_ms,
  stop_ms,
  live_queue_events,
  live_queue_bytes,
  live_message_bytes,
  live_checkpoint_ms,
  query_bytes,
  key_failures_per_minute,
};
inline constexpr std::size_t kLimitCount = 26;

/// One row: what is bounded, how it is called in configuration and in the metric
/// `hansard_http_limit_hits_total{limit="..."}`, and what a client past it is told.
struct LimitRow {
  Limit limit;
  std::string_view name;   ///< the unit is its last word: `_ms`, `_bytes`
  std::uint64_t fallback;  ///< used unless configured
  std::uint64_t lowest;    ///< configuration below or above is refused
  std::uint64_t highest;
  core::Errc code;
  int status;  ///< HTTP; 0 where the connection is only closed
  std::string_view doc;
};

std::span<const LimitRow> limit_table();
const LimitRow& row(Limit limit);

/// The limits in force. Immutable once the server runs.
class Limits {
 public:
  Limits();
  [[nodiscard]] std::uint64_t operator[](Limit limit) const {
    return values_[static_cast<std::size_t>(limit)];
  }
  [[nodiscard]] std::chrono::milliseconds duration(Limit limit) const {
    return std::chrono::milliseconds((*this)[limit]);
  }
  /// Errors: invalid_argument (unknown name, or outside the row's range; `field` names it).
  core::Status set(std::string_view name, std::uint64_t value);

 private:
  std::array<std::uint64_t, kLimitCount> values_{};
};

/// What a client past `limit` is told: the row's code and a sentence naming the limit and its
/// value.
core::Error limit_error(const Limits& limits, Limit limit);

}  // namespace hansard::http
