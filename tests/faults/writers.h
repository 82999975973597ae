#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "core/event_log.h"
#include "journal.h"

namespace hansard::faults {

/// Threads that append to a log until it fails or they are told to stop: single events and several,
/// to streams of their own (with exact checks) and shared ones, relaxed and strict, and now and
/// then something already stored: the same again, partly known, or its id with another text.
class Writers {
 public:
  struct Options {
    std::size_t count = 4;
    std::size_t text_bytes_max = 2000;
    std::size_t appends_each = 200;  ///< then a writer is done
  };
  /// `name` tells these writers from all others that write to the same log. `log` and `journal`
  /// outlive this.
  Writers(core::EventLog& log, Journal& journal, std::string name, std::uint64_t seed,
          const Options& options);
  ~Writers();  ///< stops
  Writers(const Writers&) = delete;
  Writers& operator=(const Writers&) = delete;

  void stop();
  /// Waits until every writer is done.
  void join();
  /// Answers that contradict what a writer knew. After `join`.
  [[nodiscard]] const std::vector<std::string>& wrong() const { return wrong_; }

 private:
  void run(std::size_t number, std::uint64_t seed);

  core::EventLog& log_;
  Journal& journal_;
  const std::string name_;
  const Options options_;
  std::atomic<bool> stopping_{false};
  std::mutex mutex_;
  std::vector<std::string> wrong_;  ///< guarded by mutex_
  std::vector<std::thread> threads_;
};

}  // namespace hansard::faults
