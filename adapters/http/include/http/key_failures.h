#pragma once

#include <cstdint>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/time.h"

namespace hansard::http {

/// Addresses remembered at one time; the one that failed the longest ago is forgotten first.
inline constexpr std::size_t kKeyFailurePeersMax = 4096;

/// How many presented keys that open nothing one address may have looked at: `most` at once, and
/// the same again every minute. Only failures count and only failures are refused: a key that is
/// good is always let in, since others may share the address of who guesses. IPv6 addresses count
/// by their /64.
/// Threads: safe to call concurrently. Cost: O(1).
class KeyFailures {
 public:
  explicit KeyFailures(std::uint64_t most) : most_(most) {}

  /// A key of `peer` opened nothing at `now`. @return 0 while it may go on; otherwise the
  /// seconds after which it may try again.
  std::uint64_t failed(std::string_view peer, core::Timestamp now);

 private:
  struct Peer {
    std::string name;
    double left = 0;
    core::Timestamp at;
  };
  const std::uint64_t most_;
  std::mutex mutex_;
  std::list<Peer> latest_first_;
  std::unordered_map<std::string, std::list<Peer>::iterator> by_name_;
};

}  // namespace hansard::http
