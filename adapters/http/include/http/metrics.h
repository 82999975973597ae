#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/keys.h"
#include "http/limits.h"

namespace hansard::http {

/// A number read at scrape time (appends, store, projections, caches): what main knows and we do
/// not.
struct Gauge {
  std::string name;  ///< `hansard_...`, by the Prometheus rules
  std::string help;
  std::vector<std::pair<std::string, std::string>> labels;
  double value = 0;
  bool counter = false;  ///< never decreases
};

/// Counters of the server, in the Prometheus text format. No label ever holds an id of a client:
/// label values come from the route table, the limits table and the closed set of codes.
/// Threads: all members are safe to call concurrently.
class Metrics {
 public:
  Metrics();
  ~Metrics();

  struct Served {
    std::string_view method;
    std::string_view pattern;  ///< of the route, or `unmatched`
    int status = 0;
    std::chrono::steady_clock::duration took{};
    std::uint64_t bytes_in = 0;   ///< of the body
    std::uint64_t bytes_out = 0;  ///< of the body
  };
  void served(const Served& request);
  void connection_opened();
  void connection_closed();
  /// Bytes of request bodies held by all connections, up (or down) by `bytes`.
  void bodies_held(std::int64_t bytes);
  void limit_hit(Limit limit);
  /// A key was presented that opens nothing.
  void key_failed(KeyFault fault);

  /// Why a live subscriber left.
  enum class LiveEnd : std::uint8_t { client, limit, slow, protocol, refused, stopping, error };
  static constexpr std::size_t kLiveEnds = 7;
  /// Subscribers of followed logs, up (or down) by `count`.
  void live_subscribed(int count);
  void live_fell_behind();
  void live_closed(LiveEnd why);

  /// `collect` is called at every scrape, on the pool; it may block on storage.
  void set_collector(std::function<std::vector<Gauge>()> collect);
  /// The exposition text, version 0.0.4.
  [[nodiscard]] std::string text() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace hansard::http
