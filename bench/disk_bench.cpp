#include <fcntl.h>
#include <unistd.h>

#include <string>

#include "report.h"
#include "scratch.h"
#include "suite.h"
#include "workload.h"

namespace hansard::bench {
namespace {

/// A stored event of 1 KB payload: 104 bytes of fixed header, names, body lengths, salt, checksum.
constexpr std::size_t kStoredBytes = 1'126;

/// Question: what does the disk ask for one durable append, with no database around it?
/// Expected: the write into the page cache costs 2 us, everything else is the device; whatever p50
/// is, n writers that share every sync can at best make n / p50 appends a second: 16 / 0.6 ms =
/// 26k.
void fdatasync_append(benchmark::State& state, std::size_t syncs) {
  const std::vector<std::string> payloads = make_payloads(7, 64);
  const std::string name = std::string(kStoredBytes - kPayloadBytes, 'h');
  for (auto iteration : state) {
    static_cast<void>(iteration);
    const Scratch scratch("fdatasync");
    scratch.settle();
    const int file =
        ::open((scratch.path() / "log").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    // As RocksDB does for its log: space is reserved in advance, the length still grows.
    bool sound = file >= 0 && ::fallocate(file, FALLOC_FL_KEEP_SIZE, 0, 4 << 20) == 0;
    Latencies latencies;
    latencies.reserve(syncs);
    const Meter meter;
    for (std::size_t i = 0; sound && i < syncs; ++i) {
      const std::string record = name + payloads[i % payloads.size()];
      const auto start = std::chrono::steady_clock::now();
      sound = ::write(file, record.data(), record.size()) == static_cast<ssize_t>(record.size()) &&
              ::fdatasync(file) == 0;
      latencies.add(std::chrono::steady_clock::now() - start);
    }
    const Usage usage = meter.stop();
    const auto length = sound ? ::lseek(file, 0, SEEK_END) : -1;
    ::close(file);
    if (length != static_cast<off_t>(syncs * kStoredBytes)) {
      state.SkipWithError("the file did not take every record");
      return;
    }
    report(state, usage, syncs, syncs * kStoredBytes, latencies);
  }
}

}  // namespace

void register_disk(const Sizes& sizes) {
  benchmark::RegisterBenchmark(
      "BM_Fdatasync_Append/bytes:1126",
      [sizes](benchmark::State& state) { fdatasync_append(state, sizes.syncs); })
      ->Iterations(1)
      ->UseManualTime();
}

}  // namespace hansard::bench
