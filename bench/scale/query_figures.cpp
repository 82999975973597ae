#include <atomic>
#include <thread>

#include "scale/must.h"
#include "scale/requests.h"
#include "scale/served.h"
#include "scale/server_figures.h"

namespace hansard::bench {
namespace {

constexpr std::size_t kWriters = 16;
constexpr std::size_t kAskers = 32;
constexpr const char* kQuestion =
    R"q({"measures":["calls","tokens","p95(latency_us)"],"group_by":["model","day"]})q";

}  // namespace

/// Question: how long does a writer wait while many ask?
/// Expected: questions have two threads of a lower priority, so an append waits for a core for as
/// long as the kernel lets them finish their slice.
void measure_queries(Served& served, const ServerSizes& sizes, const std::string& prefix,
                     double half_rate, Board& board) {
  auto writing = make_writing(prefix + "asked", kWriters, sizes.many_each * 2, 605);
  served.run({.connections = std::move(writing.sessions)}, "", board);
  // The first half alone, the second beside those who ask.
  std::vector<Requests> alone;
  std::vector<Requests> beside;
  for (Requests& messages : writing.messages) {
    const auto middle = messages.begin() + static_cast<std::ptrdiff_t>(messages.size() / 2);
    alone.emplace_back(messages.begin(), middle);
    beside.emplace_back(middle, messages.end());
  }
  auto unloaded =
      run_http({.port = served.port(), .connections = std::move(alone), .per_second = half_rate});
  must(!unloaded.problem, "appending: " + unloaded.problem.value_or(""));

  const std::vector<Requests> asking(kAskers, {http_request("POST", "/v1/query", kQuestion)});
  std::atomic<bool> stop{false};
  HttpOutcome asked;
  std::thread askers([&] {
    asked = run_http({.port = served.port(), .connections = asking, .repeat = true, .stop = &stop});
  });
  auto loaded =
      run_http({.port = served.port(), .connections = std::move(beside), .per_second = half_rate});
  stop = true;
  askers.join();
  must(!loaded.problem, "appending beside questions: " + loaded.problem.value_or(""));
  must(!asked.problem, "asking: " + asked.problem.value_or(""));
  const double before = unloaded.latencies.quantile(0.99) / 1e3;
  const double after = loaded.latencies.quantile(0.99) / 1e3;
  board.note("half-rate append, p99 ms", before);
  board.note("questions by 32 clients beside it, answers/s",
             static_cast<double>(asked.answers) / asked.usage.seconds);
  board.note("questions by 32 clients, p50 ms", asked.latencies.quantile(0.5) / 1e3);
  board.at_most("append p99 beside 32 who ask, over alone", 3, after / before);
  board.at_most("append p99 beside 32 who ask, ms", 10, after);
}

}  // namespace hansard::bench
