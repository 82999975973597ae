#pragma once

#include <atomic>
#include <cstdint>
#include <thread>

namespace hansard::bench {

/// A provider that answers chat completions: as many bytes as asked for, as a document or as a
/// stream, at once or after a delay. One thread, however many connections.
class Upstream {
 public:
  Upstream();
  ~Upstream();
  Upstream(const Upstream&) = delete;
  Upstream& operator=(const Upstream&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] std::uint64_t answered() const { return answered_; }

 private:
  void run();

  std::uint16_t port_ = 0;
  int listener_ = -1;
  int stop_ = -1;
  std::atomic<std::uint64_t> answered_{0};
  std::thread thread_;
};

}  // namespace hansard::bench
