#include <cstdio>
#include <cstring>
#include <map>
#include <string>
#include <string_view>

#include "disk_syncs.h"
#include "gateway/calls.h"
#include "gateway/targets.h"
#include "gateway/upstream.h"
#include "scale/board.h"
#include "scratch.h"

namespace hansard::bench {
namespace {

struct Options {
  std::size_t rounds = 3;
  bool tiny = false;
};

/// A place to send calls to: the upstream itself, or something in between.
struct Way {
  std::string name;
  std::uint16_t port = 0;
  std::string target;
  GatewayServer* server = nullptr;  ///< where it is ours
  std::uint64_t calls = 0;          ///< that it was sent
};

struct Case {
  std::string name;
  Asked asked;
  std::size_t connections = 1;
  std::size_t calls_each = 0;
  bool added = false;  ///< what a way adds to the direct call is of interest
};

std::vector<Case> cases(bool tiny) {
  const std::size_t few = tiny ? 3 : 300;
  std::vector<Case> all;
  for (const std::size_t kib : {1U, 10U, 100U}) {
    for (const bool stream : {false, true}) {
      all.push_back({std::to_string(kib) + " KiB" + (stream ? ", stream" : "") + ", instant",
                     {kib << 10, 0, stream},
                     1,
                     few,
                     true});
    }
  }
  for (const bool stream : {false, true}) {
    all.push_back({std::string("1 KiB") + (stream ? ", stream" : "") + ", 60 ms",
                   {1024, 60, stream},
                   8,
                   tiny ? 2U : 60U,
                   true});
  }
  all.push_back({"1 KiB, instant, 16 connections", {1024, 0, false}, 16, tiny ? 4U : 600U, false});
  return all;
}

void compare(const std::string& what, CallOutcome& through, CallOutcome& direct, bool strict,
             double sync_p99_us, Board& board) {
  const double p50 = through.whole.quantile(0.5) - direct.whole.quantile(0.5);
  const double p99 = through.whole.quantile(0.99) - direct.whole.quantile(0.99);
  if (strict) {
    board.at_most(what + ", added p50 us", 500, p50);
    board.at_most(what + ", added p99 us", 1500 + 2 * sync_p99_us, p99);
  } else {
    board.note(what + ", added p50 us", p50);
    board.note(what + ", added p99 us", p99);
  }
  board.note(what + ", added p99.9 us",
             through.whole.quantile(0.999) - direct.whole.quantile(0.999));
  board.note(what + ", added first byte p50 us",
             through.first_byte.quantile(0.5) - direct.first_byte.quantile(0.5));
}

void run_round(std::size_t round, const Options& options, std::vector<Way>& ways, Board& board,
               const Scratch& scratch) {
  Latencies syncs = sync_latencies(scratch.path(), options.tiny ? 5 : 500);
  const double sync_p99 = syncs.quantile(0.99);
  board.note("fdatasync, p50 us", syncs.quantile(0.5));
  board.note("fdatasync, p99 us", sync_p99);
  std::uint64_t seed = 1000 * round;
  for (const Case& each : cases(options.tiny)) {
    std::map<std::string, CallOutcome> outcomes;
    for (Way& way : ways) {
      const double cpu = way.server == nullptr ? 0 : way.server->watch().cpu_seconds();
      CallOutcome outcome =
          run_calls({way.port, way.target, each.asked, each.connections, each.calls_each, ++seed});
      way.calls += outcome.calls;
      const std::string what = each.name + ": " + way.name;
      if (each.added && way.name == "direct") board.latencies(what, outcome.whole);
      if (!each.added) {
        const auto calls = static_cast<double>(outcome.calls);
        board.note(what + ", calls/s", calls / outcome.seconds);
        if (way.server != nullptr) {
          board.note(what + ", CPU us a call",
                     1e6 * (way.server->watch().cpu_seconds() - cpu) / calls);
        }
      }
      outcomes.emplace(way.name, std::move(outcome));
    }
    CallOutcome& direct = outcomes.at("direct");
    for (auto& [name, outcome] : outcomes) {
      if (each.added && name != "direct") {
        compare(each.name + ": " + name, outcome, direct, name == "strict", sync_p99, board);
      }
    }
    if (each.added || !outcomes.contains("nginx")) continue;
    const auto rate = [&](const char* name) {
      return static_cast<double>(outcomes.at(name).calls) / outcomes.at(name).seconds;
    };
    board.at_least("strict, calls/s over nginx's", 0.25, rate("strict") / rate("nginx"));
    board.at_least("off, calls/s over nginx's", 0.5, rate("off") / rate("nginx"));
  }
}

/// A thousand calls that wait for their model at once.
void run_slow(const Options& options, Way& way, Board& board) {
  const std::size_t connections = options.tiny ? 20 : 1000;
  const double idle = static_cast<double>(way.server->watch().resident_bytes());
  CallOutcome outcome = run_calls(
      {way.port, way.target, {1024, options.tiny ? 50U : 2000U, true}, connections, 2, 424242});
  way.calls += outcome.calls;
  board.note("1,000 slow calls at once: strict, p50 ms", outcome.whole.quantile(0.5) / 1000);
  board.note("1,000 slow calls at once: strict, p99 ms", outcome.whole.quantile(0.99) / 1000);
  board.note("1,000 slow calls at once: strict, MB before", idle / 1e6);
  board.note("1,000 slow calls at once: strict, MB at most",
             static_cast<double>(way.server->watch().peak_resident_bytes()) / 1e6);
}

void run(const Options& options) {
  const Scratch scratch("gateway");
  const Upstream upstream;
  GatewayServer strict(scratch.path() / "strict", "strict", upstream.port());
  GatewayServer relaxed(scratch.path() / "relaxed", "relaxed", upstream.port());
  GatewayServer off(scratch.path() / "off", "off", upstream.port());
  const auto nginx = Nginx::find(scratch.path() / "nginx", upstream.port());
  const std::string below = "/v1/chat/completions";
  std::vector<Way> ways{{"direct", upstream.port(), below, nullptr, 0}};
  if (nginx != nullptr) ways.push_back({"nginx", nginx->port(), below, nullptr, 0});
  ways.push_back({"strict", strict.port(), "/openai" + below, &strict, 0});
  ways.push_back({"relaxed", relaxed.port(), "/openai" + below, &relaxed, 0});
  ways.push_back({"off", off.port(), "/openai" + below, &off, 0});
  if (nginx == nullptr) std::puts("nginx is not installed: without it");

  Board board;
  for (std::size_t round = 1; round <= options.rounds; ++round) {
    run_round(round, options, ways, board, scratch);
  }
  for (Way& way : ways) {
    if (way.name == "strict") run_slow(options, way, board);
  }
  for (const Way& way : ways) {
    if (way.server == nullptr) continue;
    const auto recorded = way.server->recorded();
    const std::uint64_t expected = way.name == "off" ? 0 : way.calls;
    std::printf("%s: %llu calls made, %llu on record, %llu answers on record\n", way.name.c_str(),
                static_cast<unsigned long long>(way.calls),
                static_cast<unsigned long long>(recorded.calls),
                static_cast<unsigned long long>(recorded.answers));
    must(recorded.calls == expected && recorded.answers == expected,
         way.name + ": what is on record is not what was called");
  }
  board.print();
}

}  // namespace
}  // namespace hansard::bench

/// Measures what the gateway adds to a call, beside a direct one and nginx. A bar that is missed is
/// said, not an error; a call that is not on record is one.
int main(int argc, char** argv) {
  using namespace hansard::bench;
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    constexpr std::string_view kRounds = "--rounds=";
    if (argument == "--tiny") {
      options.tiny = true;
      options.rounds = 1;
    } else if (argument.starts_with(kRounds) && std::atoi(argv[i] + kRounds.size()) > 0) {
      options.rounds = static_cast<std::size_t>(std::atoi(argv[i] + kRounds.size()));
    } else {
      std::fputs("usage: hansard_gateway_bench [--rounds=N] [--tiny]\n", stderr);
      return 2;
    }
  }
  try {
    run(options);
  } catch (const std::exception& thrown) {
    std::fprintf(stderr, "hansard_gateway_bench: %s\n", thrown.what());
    return 1;
  }
  return 0;
}
