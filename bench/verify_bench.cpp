// Question: how fast is a log verified, beside SHA-256 of the same bytes on one core?
// Expected: an event of 1 KB costs its share of a scan (decompression, two XXH3), four SHA-256
// (facts, content, leaf, and one node of the tree), and two sums over index entries: a third to a
// half of SHA-256 alone on one thread, nearly twice that on two that have a core each.
//
// usage: hansard_verify_bench [--events=N] [--rounds=N] [--tiny]

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <future>
#include <string>
#include <string_view>
#include <vector>

#include "meter.h"
#include "rocksdb_store/store.h"
#include "rocksdb_store/verify.h"
#include "workload.h"

namespace hansard::bench {
namespace {

constexpr std::size_t kPerRequest = 100;
constexpr std::size_t kInFlight = 64;

template <class T>
T must(core::Result<T> result) {
  if (!result) {
    std::fprintf(stderr, "%s\n", result.error().message.c_str());
    std::exit(1);
  }
  return *std::move(result);
}

std::unique_ptr<rocks::RocksStore> open(const std::filesystem::path& directory) {
  static const core::EventEquivalence equivalence;
  rocks::OpenOptions options;
  options.directory = directory;
  options.hasher = &hasher();
  options.equivalence = &equivalence;
  options.ballast_bytes = 0;
  return must(rocks::RocksStore::open(std::move(options)));
}

void fill(core::EventLog& log, std::size_t events) {
  std::vector<std::future<bool>> waiting;
  for (std::size_t done = 0; done < events; done += 10'000) {
    auto requests =
        make_requests(done + 1, std::min<std::size_t>(events - done, 10'000), kPerRequest);
    for (core::AppendRequest& request : requests) {
      for (core::NewEvent& event : request.records) core::seal(event, hasher());
      auto answer = std::make_shared<std::promise<bool>>();
      waiting.push_back(answer->get_future());
      log.append(std::move(request), [answer](const core::Result<core::Receipt>& receipt) {
        answer->set_value(receipt.has_value());
      });
      if (waiting.size() < kInFlight) continue;
      for (auto& each : waiting) {
        if (!each.get()) std::exit(1);
      }
      waiting.clear();
    }
  }
  for (auto& each : waiting) {
    if (!each.get()) std::exit(1);
  }
}

/// Bytes a second of one core's time.
double raw_sha256(std::uint64_t bytes) {
  constexpr std::size_t kPiece = 1U << 20;
  std::string text;
  TextSource(3).words(kPiece, text);
  std::uint64_t done = 0;
  const Meter meter;
  for (; done < bytes; done += kPiece) {
    const core::Hash hash = hasher().sha256({text});
    text[done / kPiece % kPiece] = static_cast<char>(text[done / kPiece % kPiece] ^ hash[0]);
  }
  return static_cast<double>(done) / meter.stop().cpu_seconds;
}

void measure(const rocks::RocksStore& store, unsigned threads) {
  rocks::VerifyOptions options;
  options.threads = threads;
  const Meter meter;
  const auto report = must(store.verify(options));
  const Usage usage = meter.stop();
  if (!report.sound()) std::exit(1);
  const double raw = raw_sha256(std::clamp<std::uint64_t>(report.event_bytes, 1U << 20, 1U << 30));
  const auto bytes = static_cast<double>(report.event_bytes);
  std::printf(
      "%u threads: %.0f events/s, %.0f MB/s by the clock (%.2f of SHA-256), %.0f MB/s of a "
      "core's time (%.2f); SHA-256 %.0f MB/s; others had %.0f %% of the machine\n",
      threads, static_cast<double>(report.events) / usage.seconds, bytes / usage.seconds / 1e6,
      bytes / usage.seconds / raw, bytes / usage.cpu_seconds / 1e6, bytes / usage.cpu_seconds / raw,
      raw / 1e6, usage.others_percent);
  std::fflush(stdout);
}

int run(int argc, char** argv) {
  std::size_t events = 1'000'000;
  std::size_t rounds = 3;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--tiny") {
      events = 2'000;
      rounds = 1;
    } else if (argument.starts_with("--events=")) {
      events = std::stoul(std::string(argument.substr(9)));
    } else if (argument.starts_with("--rounds=")) {
      rounds = std::stoul(std::string(argument.substr(9)));
    } else {
      std::fputs("usage: hansard_verify_bench [--events=N] [--rounds=N] [--tiny]\n", stderr);
      return 2;
    }
  }
  const auto directory = std::filesystem::temp_directory_path() /
                         ("hansard-verify-bench-" + std::to_string(::getpid()));
  {
    const auto store = open(directory);
    fill(store->log(), events);
    if (!store->close()) return 1;
  }
  {
    const auto store = open(directory);
    for (std::size_t round = 0; round < rounds; ++round) {
      for (const unsigned threads : {1U, 2U}) measure(*store, threads);
    }
  }
  std::filesystem::remove_all(directory);
  return 0;
}

}  // namespace
}  // namespace hansard::bench

int main(int argc, char** argv) { return hansard::bench::run(argc, argv); }
