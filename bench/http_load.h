#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "meter.h"

namespace hansard::bench {

/// One answer to one request of a load. `body` is lent.
struct HttpAnswered {
  std::size_t connection = 0;
  std::size_t request = 0;  ///< of that connection, from 0
  int status = 0;
  std::string_view body;
  std::chrono::steady_clock::time_point sent;
  std::chrono::steady_clock::time_point answered;
};

struct HttpLoad {
  std::uint16_t port = 0;  ///< of 127.0.0.1
  /// What each connection sends, whole requests, each after the answer to the one before.
  std::vector<std::vector<std::string>> connections = {};
  /// Start again at the first request after the last, until `stop`.
  bool repeat = false;
  /// Requests a second over all connections, evenly; 0: as fast as they are answered. A connection
  /// that is late sends at once.
  double per_second = 0;
  /// Ends the load early, answers on their way included. May be null.
  const std::atomic<bool>* stop = nullptr;
  /// Told each answer, on the calling thread. May be empty.
  std::function<void(const HttpAnswered&)> told = {};
};

struct HttpOutcome {
  Usage usage;          ///< of this process; the server's is another
  Latencies latencies;  ///< from the first byte sent to the last byte received
  std::uint64_t answers = 0;
  std::optional<std::string> problem;  ///< first answer that was not 2xx, or what broke
};

/// Drives all connections from the calling thread, so that a load costs the machine little beside
/// the server: two cores are shared by both. Speaks HTTP/1.1 with Content-Length only.
HttpOutcome run_http(const HttpLoad& load);

/// `method target` with a JSON body (none: an empty one is left out), ready to send.
std::string http_request(std::string_view method, std::string_view target, std::string_view body);

}  // namespace hansard::bench
