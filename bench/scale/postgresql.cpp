#include "scale/postgresql.h"

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "scale/must.h"
#include "server_process.h"
#include "workload.h"

namespace hansard::bench {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kBodyBytes = 1024;

/// Each client counts for itself, so that every insert has a place in a stream of its own, 50 to a
/// stream, as our messages have.
constexpr const char* kScript = R"(\set n :n + 1
\set session :n / 50
\set version mod(:n, 50)
INSERT INTO events (event_id, stream, version, type, recorded_at, body)
VALUES (gen_random_uuid(),
  format('session-%s-%s-%s', :run::text, :client_id::text, :session::text),
  :version, 'MessageSent', now(), :body) RETURNING position;
)";

/// Time of each transaction in microseconds: the third column of the client's logs.
Latencies read_logs(const fs::path& directory) {
  Latencies all;
  for (const auto& entry : fs::directory_iterator(directory)) {
    std::ifstream log(entry.path());
    for (std::string line; std::getline(log, line);) {
      std::istringstream columns(line);
      std::uint64_t client = 0;
      std::uint64_t transaction = 0;
      std::uint64_t us = 0;
      must(bool(columns >> client >> transaction >> us), "pgbench logs something else");
      all.add(std::chrono::microseconds(us));
    }
  }
  return all;
}

}  // namespace

std::optional<Postgresql> Postgresql::find() {
  const char* client = std::getenv("HANSARD_BENCH_PGBENCH");
  if (client == nullptr) return {};
  return Postgresql(client);
}

Postgresql::Inserts Postgresql::insert(std::size_t connections, std::size_t seconds,
                                       const fs::path& scratch) {
  const fs::path script = scratch / "insert.sql";
  std::ofstream(script) << kScript;
  const fs::path logs = scratch / "pgbench";
  fs::remove_all(logs);
  fs::create_directories(logs);
  std::string body;
  TextSource(605).words(kBodyBytes, body);
  const std::string threads = connections > 1 ? "2" : "1";
  crash::Process process(
      client_,
      {"--no-vacuum", "--protocol=prepared", "--client=" + std::to_string(connections),
       "--jobs=" + threads, "--time=" + std::to_string(seconds), "--file=" + script.string(),
       "--log", "--log-prefix=" + (logs / "log").string(), "--define=n=-1",
       "--define=run=" + std::to_string(++runs_), "--define=body=" + body},
      scratch / "pgbench.txt");
  const auto ended = process.wait(std::chrono::seconds(seconds + 60));
  must(ended && ended->exit_code == 0, "pgbench failed: see " + (scratch / "pgbench.txt").string());
  const std::string& output = process.output();
  const std::size_t at = output.find("tps = ");
  must(at != std::string::npos, "pgbench does not say how fast it was");
  Inserts inserts;
  inserts.per_second = std::strtod(output.c_str() + at + 6, nullptr);
  inserts.latencies = read_logs(logs);
  return inserts;
}

}  // namespace hansard::bench
