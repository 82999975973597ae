#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "meter.h"
#include "workload.h"

namespace hansard::soak {

/// One conversation as its application records it: target and body of each command.
std::vector<std::array<std::string, 2>> conversation(const std::string& name,
                                                     bench::TextSource& text);

/// How much of everything goes on at a time.
struct TrafficOptions {
  std::uint64_t seed = 1;
  std::size_t writers = 8;
  double commands_per_second = 400;  ///< of all writers
  std::size_t readers = 4;
  double reads_per_second = 120;  ///< of all readers
  std::size_t subscribers = 16;   ///< over WebSocket, coming and going
  std::chrono::milliseconds subscribed{3'000};
  std::chrono::milliseconds between_imports{4'000};
  std::size_t import_conversations = 50;  ///< in one file
};

/// Clients of one server, each on a thread of its own, from `start` to `stop`: conversations being
/// recorded, everything being read, subscribers, followers, imports, and clients that leave in the
/// middle of a request. Every answer must be a success. Confined to one thread.
class Traffic {
 public:
  Traffic(std::uint16_t port, std::filesystem::path scratch, TrafficOptions options);
  ~Traffic();
  Traffic(const Traffic&) = delete;
  Traffic& operator=(const Traffic&) = delete;

  void start();
  /// Everybody finishes what they are at, and leaves.
  void stop();

  /// Only after `stop`.
  [[nodiscard]] const std::vector<std::string>& problems() const { return problems_; }
  /// True until a client has met a problem. Any thread.
  [[nodiscard]] bool sound() const { return !failed_; }
  /// What clients waited for, by kind; `live` is how long after its receipt an event arrived.
  /// Only after `stop`.
  [[nodiscard]] std::map<std::string, bench::Latencies>& latencies() { return latencies_; }
  [[nodiscard]] std::uint64_t commands() const { return commands_; }
  [[nodiscard]] std::uint64_t live_events() const { return live_events_; }
  [[nodiscard]] std::uint64_t imports() const { return imports_; }

 private:
  using Random = std::mt19937_64;
  void actor(const std::function<void()>& body);
  void write(std::size_t writer);
  void read(std::size_t reader);
  void subscribe();
  void follow();
  void import();
  void leave_early();

  void fail(const std::string& what);
  void took(const std::string& kind, std::chrono::steady_clock::duration time);
  void pause(std::chrono::steady_clock::duration time);
  void acknowledged(const std::string& receipt, std::chrono::steady_clock::time_point at);
  void remember(const std::string& session);
  std::string some_session(Random& random);

  const std::uint16_t port_;
  const std::filesystem::path scratch_;
  const TrafficOptions options_;
  std::vector<std::thread> threads_;
  std::atomic<bool> stopping_{false};
  std::atomic<bool> failed_{false};
  std::atomic<std::uint64_t> commands_{0};
  std::atomic<std::uint64_t> live_events_{0};
  std::atomic<std::uint64_t> imports_{0};
  std::mutex mutex_;
  std::map<std::string, bench::Latencies> latencies_;
  std::vector<std::string> problems_;
  /// When the writers of messages had their receipts, by position; only while somebody listens.
  std::optional<std::map<std::uint64_t, std::chrono::steady_clock::time_point>> receipts_;
  std::vector<std::string> sessions_;  ///< the latest, in a ring
  std::size_t next_session_ = 0;
};

}  // namespace hansard::soak
