#include <thread>

#include "scale/requests.h"
#include "scale/served.h"
#include "scale/server_figures.h"

namespace hansard::bench {
namespace {

constexpr double kMega = 1e6;

/// Question: what does a server take that nobody asks anything?
/// Expected: its threads sleep; maintenance wakes once a second for some 100 us: 0.01 %.
void measure_idle(Served& served, double seconds, const std::string& where, Board& board) {
  const ProcessWatch server = served.watch();
  // What starting left to do (views that catch up, tables to compact) is not idleness.
  constexpr std::chrono::milliseconds kGlance{200};
  for (int glance = 0; glance < 100; ++glance) {
    const double before = server.cpu_seconds();
    std::this_thread::sleep_for(kGlance);
    if (server.cpu_seconds() - before < 0.002) break;
  }
  const double before = server.cpu_seconds();
  const auto start = std::chrono::steady_clock::now();
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
  const double took =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  board.at_most("idle CPU, % of a core, " + where, 0.5,
                100 * (server.cpu_seconds() - before) / took);
  board.at_most("idle memory, MB, " + where, where == "empty" ? 80 : 512,
                static_cast<double>(server.resident_bytes()) / kMega);
}

}  // namespace

void measure_start(const std::filesystem::path& data, const std::filesystem::path& scratch,
                   const ServerSizes& sizes, Board& board) {
  const auto errors = scratch / "server.log";
  {
    Served served(scratch / "empty", errors);
    measure_idle(served, sizes.idle_seconds, "empty", board);
    served.stop();
  }
  for (std::size_t i = 0; i < sizes.starts; ++i) {
    Served served(data, errors);
    board.at_most("start after a stop, s", 1, served.start_seconds());
    if (i == 0) measure_idle(served, sizes.idle_seconds, "filled", board);
    // So that the kill finds much in the write-ahead log and views that are behind.
    const auto writing =
        make_writing("start" + std::to_string(i), 16, sizes.many_each / 2, 500 + i);
    served.run({.connections = writing.sessions}, "", board);
    served.run({.connections = writing.messages}, "", board);
    served.kill();
    Served again(data, errors);
    board.at_most("start after a kill, s", 1, again.start_seconds());
    again.stop();
  }
}

}  // namespace hansard::bench
