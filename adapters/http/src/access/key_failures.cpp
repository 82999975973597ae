#include "http/key_failures.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace hansard::http {

namespace {

/// A network of IPv6 is one customer's; its addresses are free.
std::string counted_as(std::string_view peer) {
  if (peer.find(':') == std::string_view::npos) return std::string(peer);
  const std::string text(peer.substr(0, peer.find('%')));
  std::array<unsigned char, 16> bytes{};
  if (::inet_pton(AF_INET6, text.c_str(), bytes.data()) != 1) return text;
  return std::string(reinterpret_cast<const char*>(bytes.data()), 8);
}

}  // namespace

std::uint64_t KeyFailures::failed(std::string_view peer, core::Timestamp now) {
  const std::string name = counted_as(peer);
  const auto most = static_cast<double>(most_);
  const double per_second = most / 60;
  const std::lock_guard lock(mutex_);
  if (const auto found = by_name_.find(name); found != by_name_.end()) {
    latest_first_.splice(latest_first_.begin(), latest_first_, found->second);
  } else {
    if (by_name_.size() >= kKeyFailurePeersMax) {
      by_name_.erase(latest_first_.back().name);
      latest_first_.pop_back();
    }
    latest_first_.push_front({name, most, now});
    by_name_.emplace(name, latest_first_.begin());
  }
  Peer& who = latest_first_.front();
  // A clock that was set back gives nothing and takes nothing.
  const double passed = std::max(0.0, std::chrono::duration<double>(now - who.at).count());
  who.left = std::min(most, who.left + passed * per_second);
  who.at = now;
  if (who.left < 1) return static_cast<std::uint64_t>(std::ceil((1 - who.left) / per_second));
  who.left -= 1;
  return 0;
}

}  // namespace hansard::http
