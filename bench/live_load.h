#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace hansard::bench {

/// Subscribers of `WS /v1/live` on 127.0.0.1, all read by one thread of their own, from being
/// constructed to `stop`. Written only against the protocol (RFC 6455).
class LiveLoad {
 public:
  /// Connects `subscribers`, each to `target`, and waits until all are told `caught_up`.
  /// Throws std::runtime_error.
  LiveLoad(std::uint16_t port, std::size_t subscribers, const std::string& target);
  ~LiveLoad();
  LiveLoad(const LiveLoad&) = delete;
  LiveLoad& operator=(const LiveLoad&) = delete;

  struct Arrival {
    std::uint64_t position = 0;
    std::chrono::steady_clock::time_point at;
  };
  /// Events that have arrived so far, over all subscribers.
  [[nodiscard]] std::uint64_t arrived() const { return arrived_.load(); }
  /// Leaves. @return every event that arrived, of all subscribers, in order of arrival.
  /// Throws std::runtime_error when a subscriber was cut off or fell behind.
  std::vector<Arrival> stop();

 private:
  class Subscriber;
  void read();
  void take(Subscriber& subscriber);

  std::vector<std::unique_ptr<Subscriber>> subscribers_;
  int epoll_ = -1;
  int wake_ = -1;
  std::atomic<std::uint64_t> arrived_{0};
  std::atomic<std::uint64_t> caught_up_{0};
  std::atomic<bool> failed_{false};
  std::vector<Arrival> arrivals_;
  std::optional<std::string> problem_;
  std::thread thread_;
};

}  // namespace hansard::bench
