#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "scale/board.h"
#include "scale/postgresql.h"

namespace hansard::bench {

/// How much the parts against the real server do.
struct ServerSizes {
  std::size_t single = 4'000;     ///< messages over one connection
  std::size_t many_each = 4'000;  ///< messages over each of 16
  std::size_t reads = 4'000;      ///< histories
  std::size_t starts = 3;         ///< after a stop, and after a kill
  double idle_seconds = 10;
  std::size_t syncs = 1'000;     ///< of a bare file
  std::size_t peer_seconds = 5;  ///< of inserting, each time
  std::size_t subscribers = 1'000;
  std::size_t crowd_messages = 60;  ///< that all of them get

  static ServerSizes tiny() { return {50, 60, 100, 1, 0.2, 20, 1, 50, 10}; }
};

/// Starting, and what a server that does nothing takes: on an empty directory in `scratch`, and on
/// `data`. Throws `Failed`.
void measure_start(const std::filesystem::path& data, const std::filesystem::path& scratch,
                   const ServerSizes& sizes, Board& board);

/// Appending and reading over HTTP on `data`, which grows; `peer` inserts the same in between.
/// Throws `Failed`.
void measure_http(const std::filesystem::path& data, const std::filesystem::path& scratch,
                  const ServerSizes& sizes, std::size_t round, std::optional<Postgresql>& peer,
                  Board& board);

class Served;

/// Appending at `half_rate` messages a second while 32 clients ask `POST /v1/query` without a
/// pause; part of `measure_http`. Throws.
void measure_queries(Served& served, const ServerSizes& sizes, const std::string& prefix,
                     double half_rate, Board& board);

/// Following the log over WebSocket while it grows at `half_rate` messages a second; part of
/// `measure_http`. Throws.
void measure_live(Served& served, const ServerSizes& sizes, const std::string& prefix,
                  double half_rate, Board& board);

}  // namespace hansard::bench
