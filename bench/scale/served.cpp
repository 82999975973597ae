#include "scale/served.h"

#include <signal.h>

#include <thread>

#include "http_client.h"
#include "scale/must.h"

namespace hansard::bench {

using std::chrono::milliseconds;

Served::Served(const std::filesystem::path& data, const std::filesystem::path& errors)
    : server_(data, errors, {}) {
  const auto port = server_.listening();
  must(port.has_value(), "the server does not start: see " + errors.string());
  port_ = *port;
  crash::HttpClient client(port_);
  const auto answer = client.get("/v1/sessions?limit=1");
  must(answer && answer->status == 200, "the server does not answer");
  start_seconds_ =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - server_.process().started())
          .count();
}

void Served::stop() {
  server_.process().signal(SIGTERM);
  const auto ended = server_.process().wait(milliseconds(60'000));
  must(ended && ended->exit_code == 0, "the server did not stop well");
}

HttpOutcome Served::run(HttpLoad load, const std::string& what, Board& board) {
  load.port = port_;
  const ProcessWatch server = watch();
  const double before = server.cpu_seconds();
  HttpOutcome outcome = run_http(load);
  const double used = server.cpu_seconds() - before;
  must(!outcome.problem, "HTTP load " + what + ": " + outcome.problem.value_or(""));
  if (what.empty()) return outcome;
  const auto answers = static_cast<double>(outcome.answers);
  board.note(what + ", requests/s", answers / outcome.usage.seconds);
  board.latencies(what, outcome.latencies);
  board.note(what + ", server CPU us", 1e6 * used / answers);
  Usage others = outcome.usage;
  others.others_percent =
      std::max(0.0, others.others_percent -
                        100 * used / (others.seconds * std::thread::hardware_concurrency()));
  board.disturbance(what, others);
  return outcome;
}

}  // namespace hansard::bench
