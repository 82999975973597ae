#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "scale/must.h"
#include "scale/requests.h"
#include "scale/served.h"
#include "scale/server_figures.h"

namespace hansard::bench {
namespace {

constexpr std::size_t kConnections = 16;
constexpr std::size_t kHistories = 8;

/// The disk's part of one durable append, in this very run.
Latencies bare_syncs(const std::filesystem::path& path, std::size_t syncs) {
  constexpr std::size_t kStoredBytes = 1'200;
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
  must(file >= 0 && ::fallocate(file, FALLOC_FL_KEEP_SIZE, 0, 4 << 20) == 0, "no file to sync");
  const std::string record(kStoredBytes, 'r');
  Latencies latencies;
  bool sound = true;
  for (std::size_t i = 0; sound && i < syncs; ++i) {
    const auto start = std::chrono::steady_clock::now();
    sound = ::write(file, record.data(), record.size()) == static_cast<ssize_t>(record.size()) &&
            ::fdatasync(file) == 0;
    latencies.add(std::chrono::steady_clock::now() - start);
  }
  ::close(file);
  must(sound, "the file to sync does not take every record");
  return latencies;
}

/// Question: what does one client that waits for each receipt wait for?
/// Expected: one sync, and 100 us of sockets, parsing, deciding, threads waking each other.
void measure_single(Served& served, const std::filesystem::path& scratch, std::size_t messages,
                    std::size_t syncs, const std::string& prefix, Board& board) {
  auto writing = make_writing(prefix + "one", 1, messages, 601);
  served.run({.connections = writing.sessions}, "", board);
  // Half before, half after: a disk that drifts drifts for both.
  Latencies sync = bare_syncs(scratch / "sync", syncs / 2 + 1);
  auto outcome =
      served.run({.connections = std::move(writing.messages)}, "HTTP append, 1 connection", board);
  sync.add(bare_syncs(scratch / "sync", syncs / 2 + 1));
  board.latencies("fdatasync of 1.2 KB", sync);
  board.at_most("HTTP append, 1 connection, p50 over fdatasync's p50, us", 150,
                outcome.latencies.quantile(0.5) - sync.quantile(0.5));
}

/// Question: and 16 clients that wait?
/// Expected: 16 share a sync of 0.6 ms; parsing, deciding, hashing and writing take 60 us of the
/// two cores, the client 10: 25k/s at most.
/// @return messages a second.
double measure_many(Served& served, std::size_t each, const std::string& prefix, Board& board) {
  auto writing = make_writing(prefix + "many", kConnections, each, 602);
  served.run({.connections = std::move(writing.sessions)}, "", board);
  const auto outcome = served.run({.connections = std::move(writing.messages)},
                                  "HTTP append, 16 connections", board);
  return static_cast<double>(outcome.answers) / outcome.usage.seconds;
}

/// Question: and PostgreSQL, one insert a transaction into a table with the same keys?
/// Expected: it groups commits too; a backend a connection on two cores: 10 to 15k/s.
void measure_peer(Postgresql& peer, double ours, const std::filesystem::path& scratch,
                  std::size_t seconds, Board& board) {
  auto inserts = peer.insert(kConnections, seconds, scratch);
  board.note("PostgreSQL inserts, 16 connections, requests/s", inserts.per_second);
  board.latencies("PostgreSQL inserts, 16 connections", inserts.latencies);
  board.at_least("HTTP append over PostgreSQL's inserts, 16 connections", 1.0,
                 ours / inserts.per_second);
}

/// Question: how long does a reader wait for 50 messages (60 KB), alone and beside writers?
/// Expected: 50 point reads out of cached blocks, 50 documents parsed and printed: 300 us.
void measure_history(Served& served, const ServerSizes& sizes, const std::string& prefix,
                     double half_rate, Board& board) {
  TextSource text(603);
  std::vector<Requests> filling;
  Requests reading;
  for (std::size_t i = 0; i < kHistories; ++i) {
    const std::string name = prefix + "history-" + std::to_string(i);
    filling.push_back(fill_session(name, text));
    reading.push_back(http_request("GET", "/v1/sessions/" + name + "/history", {}));
  }
  served.run({.connections = std::move(filling)}, "", board);
  served.run({.connections = {reading}}, "", board);  // warm
  Requests all;
  for (std::size_t i = 0; i < sizes.reads; ++i) all.push_back(reading[i % reading.size()]);
  auto alone = served.run({.connections = {all}}, "history, 50 messages", board);
  board.at_most("history, 50 messages, warm, p50 ms", 0.5, alone.latencies.quantile(0.5) / 1e3);
  board.at_most("history, 50 messages, warm, p99 ms", 2, alone.latencies.quantile(0.99) / 1e3);

  auto writing = make_writing(prefix + "half", kConnections, sizes.many_each * 2, 604);
  served.run({.connections = std::move(writing.sessions)}, "", board);
  std::atomic<bool> stop{false};
  HttpOutcome ingest;
  std::thread writer([&] {
    ingest = run_http({.port = served.port(),
                       .connections = std::move(writing.messages),
                       .per_second = half_rate,
                       .stop = &stop});
  });
  auto beside = run_http({.port = served.port(), .connections = {all}});
  stop = true;
  writer.join();
  must(!beside.problem, "reading beside writers: " + beside.problem.value_or(""));
  must(!ingest.problem, "writing beside a reader: " + ingest.problem.value_or(""));
  board.note("half-rate ingest beside it, messages/s",
             static_cast<double>(ingest.answers) / ingest.usage.seconds);
  board.note("history under half-rate ingest, p50 ms", beside.latencies.quantile(0.5) / 1e3);
  board.at_most("history under half-rate ingest, p99 ms", 5, beside.latencies.quantile(0.99) / 1e3);
}

}  // namespace

void measure_http(const std::filesystem::path& data, const std::filesystem::path& scratch,
                  const ServerSizes& sizes, std::size_t round, std::optional<Postgresql>& peer,
                  Board& board) {
  const std::string prefix = "r" + std::to_string(round) + "-";
  Served served(data, scratch / "server.log");
  measure_single(served, scratch, sizes.single, sizes.syncs, prefix, board);
  // Ours, theirs, ours, theirs: a machine that drifts drifts for both.
  double rate = 0;
  for (int pair = 0; pair < (peer ? 2 : 1); ++pair) {
    rate = measure_many(served, sizes.many_each, prefix + std::to_string(pair) + "-", board);
    if (peer) measure_peer(*peer, rate, scratch, sizes.peer_seconds, board);
  }
  if (peer) {
    auto single = peer->insert(1, sizes.peer_seconds, scratch);
    board.latencies("PostgreSQL inserts, 1 connection", single.latencies);
  }
  measure_history(served, sizes, prefix, rate / 2, board);
  measure_live(served, sizes, prefix, rate / 2, board);
  measure_queries(served, sizes, prefix, rate / 2, board);
  board.at_most("memory after all this, peak MB", 512,
                static_cast<double>(served.watch().peak_resident_bytes()) / 1e6);
  served.stop();
}

}  // namespace hansard::bench
