#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "crowd.h"
#include "events/json.h"
#include "scratch.h"
#include "server_process.h"
#include "table_files.h"

namespace hansard::crash {

struct KillLoopOptions {
  std::size_t kills = 20;  ///< under load
  std::size_t writers = 10;
  std::size_t acks_between = 500;
  std::uint64_t seed = 1;
};

/// When a server under load is killed.
enum class Moment : std::uint8_t {
  commit,      ///< at any moment: many requests wait for a sync
  table,       ///< as a new table file appears: a flush or a compaction
  projection,  ///< shortly after a projection was told to be rebuilt: in the middle of it
  swap         ///< as the rebuilt projection is made durable, to take over
};

/// Kills the real server again and again under the load of many writers, and after each restart
/// compares its whole log with what the writers were told. Fails the running test on the first
/// contradiction. Confined to one thread.
class KillLoop {
 public:
  KillLoop(const KillLoopOptions& options, const Scratch& scratch);

  void run();
  /// What happened, for people.
  [[nodiscard]] std::string report() const;

 private:
  using Clock = std::chrono::steady_clock;
  struct Counts {
    std::size_t under_load = 0;
    std::size_t starting = 0;  ///< killed before it said where it listens
    std::size_t started = 0;   ///< meant to be, but it was faster
    std::size_t commit = 0, table = 0, projection = 0, swap = 0;
    std::size_t compacted = 0;          ///< rounds in which older table files were replaced
    std::size_t unfinished_tables = 0;  ///< kills that left a table file half written
    std::size_t tables_while_starting = 0;
    std::size_t events_read = 0;
  };

  [[nodiscard]] std::uint64_t draw(std::uint64_t below) { return random_() % below; }
  void pause_up_to(std::chrono::microseconds longest);
  std::unique_ptr<Server> start();
  void kill_while_starting();
  void check_log(const std::string& when);
  void check_projections();
  void load_and_kill(std::size_t round);
  static Moment aim(std::size_t round);
  [[nodiscard]] bool wait_for_table();
  void rebuild_some_projection();
  void finish();
  void lose_one_on_purpose();
  void wait_for_projections();
  /// `hansard verify` finds everything sound. @return its report.
  std::optional<events::Json> verify();
  void check_views(const events::Json& report);

  const KillLoopOptions options_;
  const Scratch& scratch_;
  std::mt19937_64 random_;
  TableFiles tables_;
  Crowd crowd_;
  std::unique_ptr<Server> server_;  ///< goes before the crowd
  std::uint16_t port_ = 0;
  struct Restart {
    std::chrono::microseconds took;  ///< process start to first answer
    std::uintmax_t log_bytes;        ///< of write-ahead logs that it found
  };
  std::vector<Restart> restarts_;
  Counts counts_;
  std::string shown_;  ///< what comparing said about the event lost on purpose
  Clock::time_point began_ = Clock::now();
};

/// HANSARD_TEST_SEED, or a random one.
std::uint64_t seed_of_run();

}  // namespace hansard::crash
