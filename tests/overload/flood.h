#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace hansard::overload {

struct FloodOptions {
  std::uint16_t port = 0;
  std::size_t connections = 0;
  double per_second = 0;  ///< requests offered, over all connections
  std::chrono::milliseconds duration{1000};
  /// One request: `head`, a number that no other has, `tail`; its Content-Length counts eight
  /// digits for the number.
  std::string head;
  std::string tail;
};

struct FloodOutcome {
  std::uint64_t offered = 0;
  std::uint64_t sent = 0;                    ///< wholly; the rest found the connection full
  std::map<int, std::uint64_t> answers;      ///< by status
  std::uint64_t refused_without_advice = 0;  ///< 429 or 503 without Retry-After
  std::size_t ended = 0;                     ///< connections that the server closed
  std::size_t sent_at_end = 0;               ///< of those, that ended within an answer
};

/// Offers requests at a fixed rate whatever is answered, over all connections by turns, from the
/// calling thread. A connection takes what its buffers take: what it does not is dropped, as a
/// client that gives up would. Then waits up to ten seconds for the answers to what was sent.
FloodOutcome flood(const FloodOptions& options);

}  // namespace hansard::overload
