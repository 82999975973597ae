#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/event_log.h"
#include "meter.h"

namespace hansard::bench {

/// What a run of clients against something durable did.
struct Load {
  Usage usage;
  Latencies latencies;  ///< from handing an operation over to its being durable
  std::uint64_t events = 0;
  std::optional<std::string> problem;  ///< the first operation that failed
};

/// One thread per client; each seals a request, appends it, waits for the receipt, and goes on.
Load closed_loop(core::EventLog& log, const core::Hasher& hasher,
                 std::vector<std::vector<core::AppendRequest>> clients);

/// One thread that seals and appends as long as fewer than `outstanding` receipts are missing.
Load pipelined(core::EventLog& log, const core::Hasher& hasher,
               std::vector<core::AppendRequest> requests, std::size_t outstanding);

/// One thread per client, each calling `operation(client, i)` for every i below `operations`.
/// It says what went wrong, if anything did. Each operation counts as `events_each`.
Load blocking_loop(
    std::size_t clients, std::size_t operations, std::uint64_t events_each,
    const std::function<std::optional<std::string>(std::size_t client, std::size_t i)>& operation);

/// Reads the whole log back: `events` of them, gapless in position and in every stream, heads as
/// read, and the root of the tree computed anew by `hasher`. Returns what does not hold.
std::optional<std::string> check_log(const core::EventLog& log, const core::Hasher& hasher,
                                     std::uint64_t events);

}  // namespace hansard::bench
