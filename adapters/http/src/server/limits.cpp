#include "http/limits.h"

#include <string>

#include "core/event_log.h"
#include "events/json.h"

namespace hansard::http {

namespace {

constexpr std::uint64_t kKiB = 1024;
constexpr std::uint64_t kMiB = 1024 * kKiB;
constexpr std::uint64_t kHourMs = 3'600'000;
using core::Errc;

// Ranges end where the layer below would refuse anyway, or where the number stops making sense.
constexpr std::array<LimitRow, kLimitCount> kTable{{
    {Limit::body_bytes, "body_bytes", 32 * kMiB, 1 * kKiB, 1024 * kMiB, Errc::too_large, 413,
     "request body"},
    {Limit::gateway_body_bytes, "gateway_body_bytes", 64 * kMiB, 1 * kKiB, 1024 * kMiB,
     Errc::too_large, 413, "request body of a call to a model"},
    {Limit::event_bytes, "event_bytes", core::kMaxEventBytes, 1 * kKiB, core::kMaxEventBytes,
     Errc::too_large, 413, "facts and content of one event"},
    {Limit::batch_records, "batch_records", core::kMaxAppendRecords, 1, core::kMaxAppendRecords,
     Errc::too_large, 413, "records of one append"},
    {Limit::line_bytes, "line_bytes", 16 * kMiB, 1 * kKiB, 64 * kMiB, Errc::too_large, 413,
     "one line of an NDJSON body"},
    {Limit::json_depth, "json_depth", events::kMaxJsonDepth, 8, events::kMaxJsonDepth,
     Errc::too_large, 413, "nesting of arrays and objects in a JSON body"},
    {Limit::header_bytes, "header_bytes", 64 * kKiB, 1 * kKiB, 1 * kMiB, Errc::too_large, 431,
     "request line and header fields together"},
    {Limit::target_bytes, "target_bytes", 8 * kKiB, 128, 64 * kKiB, Errc::too_large, 414,
     "request target"},
    {Limit::connections, "connections", 1024, 1, 100'000, Errc::overloaded, 503,
     "open connections"},
    {Limit::bodies_bytes, "bodies_bytes", 256 * kMiB, 1 * kMiB, 64 * 1024 * kMiB, Errc::overloaded,
     503, "request bodies held by all connections together"},
    {Limit::page_rows, "page_rows", 1000, 1, 100'000, Errc::invalid_argument, 400,
     "rows of one page"},
    {Limit::answer_bytes, "answer_bytes", 64 * kMiB, 64 * kKiB, 1024 * kMiB, Errc::too_large, 413,
     "an answer that is built whole; ask for a smaller page"},
    {Limit::header_ms, "header_ms", 10'000, 10, kHourMs, Errc::timed_out, 408,
     "from the first byte of a request (or the connection) to the end of its head"},
    {Limit::idle_ms, "idle_ms", 75'000, 10, kHourMs, Errc::timed_out, 0,
     "silence between two requests"},
    {Limit::body_stall_ms, "body_stall_ms", 10'000, 10, kHourMs, Errc::timed_out, 408,
     "silence within a body, either way"},
    {Limit::body_grace_ms, "body_grace_ms", 20'000, 10, kHourMs, Errc::timed_out, 408,
     "a body may take this long plus its bytes at the lowest rate"},
    {Limit::bytes_per_second, "bytes_per_second", 4 * kKiB, 1, 1024 * kMiB, Errc::timed_out, 408,
     "lowest rate of a body after its grace, either way"},
    {Limit::handler_ms, "handler_ms", 30'000, 10, kHourMs, Errc::timed_out, 504,
     "from the whole request to its answer"},
    {Limit::wait_ms, "wait_ms", 5'000, 1, kHourMs, Errc::timed_out, 504,
     "a query waits this long for the position it asks for (at_least)"},
    {Limit::stop_ms, "stop_ms", 10'000, 0, kHourMs, Errc::unavailable, 0,
     "requests in flight when the server is told to stop"},
    {Limit::live_queue_events, "live_queue_events", 1024, 1, 1'000'000, Errc::overloaded, 0,
     "new events held for one live subscriber; a slower one goes back to reading the log"},
    {Limit::live_queue_bytes, "live_queue_bytes", 1 * kMiB, 1 * kKiB, 64 * kMiB, Errc::overloaded,
     0, "the same in bytes"},
    {Limit::live_message_bytes, "live_message_bytes", 16 * kKiB, 128, 1 * kMiB, Errc::too_large, 0,
     "one message from a WebSocket client; and what it may send beyond one such in ten seconds"},
    {Limit::live_checkpoint_ms, "live_checkpoint_ms", 15'000, 10, kHourMs, Errc::timed_out, 0,
     "longest silence towards a live subscriber; a WebSocket client silent for four of them is "
     "taken for gone"},
    {Limit::query_bytes, "query_bytes", 256 * kMiB, 1 * kMiB, 64 * 1024 * kMiB, Errc::too_large,
     413, "what one query over calls may keep while it runs: groups, and values for percentiles"},
    {Limit::key_failures_per_minute, "key_failures_per_minute", 30, 1, 1'000'000, Errc::overloaded,
     429, "keys from one address that open nothing; a good key is always let in"},
}};

}  // namespace

std::span<const LimitRow> limit_table() { return kTable; }

const LimitRow& row(Limit limit) { return kTable[static_cast<std::size_t>(limit)]; }

Limits::Limits() {
  for (const LimitRow& row : kTable) values_[static_cast<std::size_t>(row.limit)] = row.fallback;
}

core::Status Limits::set(std::string_view name, std::uint64_t value) {
  for (const LimitRow& row : kTable) {
    if (row.name != name) continue;
    if (value < row.lowest || value > row.highest) {
      return core::Error{Errc::invalid_argument,
                         "limit " + std::string(name) + " must be " + std::to_string(row.lowest) +
                             ".." + std::to_string(row.highest) + ", not " + std::to_string(value),
                         "limits." + std::string(name)};
    }
    values_[static_cast<std::size_t>(row.limit)] = value;
    return core::Ok{};
  }
  return core::Error{Errc::invalid_argument, "no such limit", "limits." + std::string(name)};
}

core::Error limit_error(const Limits& limits, Limit limit) {
  const LimitRow& of = row(limit);
  return core::Error{of.code, "over the limit " + std::string(of.name) + " = " +
                                  std::to_string(limits[limit]) + " (" + std::string(of.doc) + ")"};
}

}  // namespace hansard::http
