#pragma once

#include <filesystem>
#include <vector>

#include "http_load.h"
#include "process_watch.h"
#include "scale/board.h"
#include "server_process.h"

namespace hansard::bench {

/// `hansard serve` on a data directory, answering. Ends with this.
class Served {
 public:
  /// Starts it and waits until it answers. `errors` gets its standard error. Throws `Failed`.
  Served(const std::filesystem::path& data, const std::filesystem::path& errors);

  [[nodiscard]] std::uint16_t port() const { return port_; }
  /// From starting the process to its first answer about what is recorded.
  [[nodiscard]] double start_seconds() const { return start_seconds_; }
  [[nodiscard]] ProcessWatch watch() { return ProcessWatch(server_.process().pid()); }
  /// Ends it politely, and waits. Throws when it does not end well.
  void stop();
  /// Ends it as a power cut would, but for what the kernel holds.
  void kill() { server_.process().kill(); }

  /// `load`, on this port: every answer must be a success. Notes rate, latencies and disturbance
  /// under `what` unless it is empty.
  HttpOutcome run(HttpLoad load, const std::string& what, Board& board);

 private:
  crash::Server server_;
  std::uint16_t port_ = 0;
  double start_seconds_ = 0;
};

}  // namespace hansard::bench
