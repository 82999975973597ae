#include "soak.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <cstdio>
#include <thread>

#include "crash/scratch.h"
#include "http_client.h"
#include "http_load.h"
#include "process_watch.h"
#include "samples.h"
#include "server_process.h"

namespace hansard::soak {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr std::size_t kConnections = 16;

/// As it is when no client is there: asked until it answers the same for a while.
std::size_t settled_descriptors(const bench::ProcessWatch& server, std::size_t at_most) {
  const auto deadline = Clock::now() + std::chrono::seconds(20);
  std::size_t count = server.descriptors();
  int same = 0;
  while (Clock::now() < deadline && (count > at_most || same < 10)) {
    std::this_thread::sleep_for(milliseconds(50));
    const std::size_t now = server.descriptors();
    same = now == count ? same + 1 : 0;
    count = now;
  }
  return count;
}

/// Descriptors that tables and logs of the database hold; they come and go with compactions.
std::size_t database_files(pid_t server) {
  std::size_t count = 0;
  const std::filesystem::path all = "/proc/" + std::to_string(server) + "/fd";
  for (const auto& entry : std::filesystem::directory_iterator(all)) {
    std::error_code gone;
    const auto target = std::filesystem::read_symlink(entry.path(), gone);
    if (!gone && target.string().find("/db/") != std::string::npos) ++count;
  }
  return count;
}

/// Conversations as the traffic has them, as fast as they go, a round at a time; then all is read.
void warm_up(std::uint16_t port, std::size_t commands) {
  constexpr std::size_t kRoundOfEach = 1'000;  // what is sent lies ready in memory
  bench::TextSource text(77);
  std::uint64_t sent = 0;
  for (std::size_t round = 0; sent < commands; ++round) {
    bench::HttpLoad load{.port = port};
    load.connections.resize(kConnections);
    for (std::size_t i = 0; i < kConnections; ++i) {
      auto& requests = load.connections[i];
      for (std::size_t number = 0; requests.size() < kRoundOfEach; ++number) {
        const std::string name = "warm-" + std::to_string(round) + "-" + std::to_string(i) + "-" +
                                 std::to_string(number);
        for (const auto& [target, body] : conversation(name, text)) {
          requests.push_back(bench::http_request("POST", target, body));
        }
      }
    }
    const auto outcome = bench::run_http(load);
    ASSERT_FALSE(outcome.problem) << *outcome.problem;
    sent += outcome.answers;
  }
  if (sent == 0) return;
  crash::HttpClient client(port);
  std::uint64_t lines = 0;
  const auto status = client.get_lines("/v1/events?from=0", [&](std::string_view) { ++lines; });
  ASSERT_TRUE(status.has_value());
  EXPECT_GE(lines, sent);
}

/// Over a connection of its own. Stops early when a client had a problem, or when the server does
/// not tell what its memory is for.
std::vector<Sample> sample_for(std::chrono::seconds duration, std::uint16_t port,
                               const bench::ProcessWatch& server, const Traffic& traffic) {
  std::vector<Sample> samples;
  crash::HttpClient client(port);
  const auto start = Clock::now();
  while (Clock::now() < start + duration && traffic.sound()) {
    const auto metrics = client.get("/metrics");
    const auto held = metrics ? bounded(metrics->body) : std::nullopt;
    if (!held) {
      ADD_FAILURE() << "/metrics does not tell what memory is for";
      break;
    }
    samples.push_back({std::chrono::duration<double>(Clock::now() - start).count(),
                       static_cast<double>(server.resident_bytes()) / 1e6, *held,
                       server.descriptors(), server.cpu_seconds()});
    std::this_thread::sleep_for(milliseconds(500));
  }
  return samples;
}

void print(const std::vector<Sample>& samples, Traffic& traffic) {
  std::printf("%s", table(samples, 24).c_str());
  std::printf("%llu commands, %llu events delivered live, %llu files imported twice\n",
              static_cast<unsigned long long>(traffic.commands()),
              static_cast<unsigned long long>(traffic.live_events()),
              static_cast<unsigned long long>(traffic.imports()));
  for (auto& [kind, all] : traffic.latencies()) {
    std::printf("%-18s %8zu  p50 %8.0f us  p99 %8.0f us\n", kind.c_str(), all.size(),
                all.quantile(0.5), all.quantile(0.99));
  }
  std::fflush(stdout);
}

}  // namespace

void soak(const SoakOptions& options) {
  const crash::Scratch scratch;
  const auto errors = scratch.outside() / "server.log";
  crash::Server server(scratch.data(), errors);
  const auto port = server.listening();
  ASSERT_TRUE(port.has_value());
  const pid_t process = server.process().pid();
  const bench::ProcessWatch watch(process);
  ASSERT_NO_FATAL_FAILURE(warm_up(*port, options.warm_up_commands));
  const std::size_t before = settled_descriptors(watch, watch.descriptors());
  const std::size_t before_of_ours = before - database_files(process);

  Traffic traffic(*port, scratch.outside(), options.traffic);
  traffic.start();
  const auto samples = sample_for(options.duration, *port, watch, traffic);
  traffic.stop();
  print(samples, traffic);
  for (const auto& problem : traffic.problems()) ADD_FAILURE() << problem;
  EXPECT_GT(traffic.commands(), 0U);
  EXPECT_GT(traffic.live_events(), 0U);
  EXPECT_GT(traffic.imports(), 0U);

  // The live tail keeps what its first subscriber made it open; nothing grows with clients.
  constexpr std::size_t kOpenedOnce = 2;
  static_cast<void>(settled_descriptors(watch, before + kOpenedOnce));
  EXPECT_LE(watch.descriptors() - database_files(process), before_of_ours + kOpenedOnce)
      << "descriptors leak";

  const Verdict verdict = judge(samples, options.limits);
  std::printf(
      "memory: %.2f MB a minute that nothing bounds, %.2f of all; at most %.1f MB\n"
      "descriptors: %zu before, %zu after\n",
      verdict.growth_mb_per_minute, verdict.resident_mb_per_minute, verdict.peak_resident_mb,
      before, watch.descriptors());
  for (const auto& problem : verdict.problems) {
    ADD_FAILURE() << problem << "\n" << table(samples, 100);
  }

  server.process().signal(SIGTERM);
  const auto ended = server.process().wait(milliseconds(60'000));
  ASSERT_TRUE(ended.has_value());
  EXPECT_EQ(ended->exit_code, 0);
  const auto verified = crash::run({"verify", "--data", scratch.data().string()}, scratch.outside(),
                                   milliseconds(600'000));
  ASSERT_TRUE(verified.ending.has_value());
  EXPECT_EQ(verified.ending->exit_code, 0) << verified.output << verified.errors;
}

}  // namespace hansard::soak
