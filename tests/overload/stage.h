#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include "crash/scratch.h"
#include "http_load.h"
#include "process_watch.h"
#include "server_process.h"

namespace hansard::overload {

/// Clients of one run: what the build says for this program, or HANSARD_TEST_ROUNDS.
std::size_t crowd();

/// The real server, with healthy clients that write and read at a steady pace from `start` to
/// `end`, whatever else happens to it. Judges by GoogleTest's expectations. Confined to one thread.
class Stage {
 public:
  using Limits = std::map<std::string, std::uint64_t>;
  explicit Stage(const Limits& limits);
  ~Stage();
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;

  /// Starts server and healthy clients. Fatal failure when the server does not come up.
  void start();
  /// The healthy clients finish: every answer they got must have been a success. The server is told
  /// to stop, and must end by itself. Prints what the healthy clients waited for.
  void end();

  [[nodiscard]] std::uint16_t port() const { return port_; }
  /// The value of a series of `/metrics`, as it is written there; 0 when it is not there.
  [[nodiscard]] double metric(std::string_view series) const;
  /// How often a limit was hit.
  [[nodiscard]] double hits(const std::string& limit) const;
  /// Asks until `series` has reached `at_least`; false after ten seconds.
  [[nodiscard]] bool reaches(std::string_view series, double at_least) const;
  [[nodiscard]] double resident_mb() const;
  /// Answers the healthy clients have got so far.
  [[nodiscard]] std::uint64_t served() const { return served_; }

 private:
  void load();

  const crash::Scratch scratch_;
  std::unique_ptr<crash::Server> server_;
  std::unique_ptr<bench::ProcessWatch> watch_;
  std::uint16_t port_ = 0;
  std::thread healthy_;
  std::atomic<bool> stopping_{false};
  std::atomic<std::uint64_t> served_{0};
  bench::HttpOutcome outcome_;
  std::string broke_;
};

}  // namespace hansard::overload
