#include "meter.h"

#include <sys/resource.h>

#include <cmath>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <string>

#include <unistd.h>

namespace hansard::bench {
namespace {

double cpu_clock(clockid_t clock) {
  timespec time{};
  ::clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

/// CPU seconds of this process's threads that RocksDB has named `rocksdb:low` and so on.
double background_cpu() {
  double seconds = 0;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    std::ifstream comm(task.path() / "comm");
    std::string name;
    comm >> name;
    if (name.rfind("rocksdb:", 0) != 0) continue;
    // A thread's CPU clock is named by its number, inverted, and the kind of clock.
    const unsigned thread = ~static_cast<unsigned>(std::stoul(task.path().filename().string()));
    seconds += cpu_clock(static_cast<clockid_t>((thread << 3U) | 6U));
  }
  return seconds;
}

}  // namespace

Meter::Meter() : start_(read()) {}

Meter::Reading Meter::read() {
  Reading reading;
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  reading.switches = static_cast<std::uint64_t>(used.ru_nvcsw + used.ru_nivcsw);
  std::ifstream stat("/proc/stat");
  std::string cpu;
  stat >> cpu;
  // user nice system idle iowait irq softirq steal
  for (int field = 0; field < 8; ++field) {
    std::uint64_t ticks = 0;
    stat >> ticks;
    reading.machine_total += ticks;
    if (field != 3 && field != 4) reading.machine_busy += ticks;
  }
  reading.background_cpu_seconds = background_cpu();
  reading.cpu_seconds = cpu_clock(CLOCK_PROCESS_CPUTIME_ID);
  reading.time = std::chrono::steady_clock::now();
  return reading;
}

Usage Meter::stop() const {
  const Reading end = read();
  Usage usage;
  usage.seconds = std::chrono::duration<double>(end.time - start_.time).count();
  usage.cpu_seconds = end.cpu_seconds - start_.cpu_seconds;
  usage.background_cpu_seconds = end.background_cpu_seconds - start_.background_cpu_seconds;
  usage.switches = end.switches - start_.switches;
  const double per_second = static_cast<double>(::sysconf(_SC_CLK_TCK));
  const double total = static_cast<double>(end.machine_total - start_.machine_total) / per_second;
  const double busy = static_cast<double>(end.machine_busy - start_.machine_busy) / per_second;
  if (total > 0) usage.others_percent = std::max(0.0, 100 * (busy - usage.cpu_seconds) / total);
  return usage;
}

double Latencies::quantile(double fraction) {
  if (all_.empty()) return 0;
  const auto rank =
      static_cast<std::size_t>(std::ceil(fraction * static_cast<double>(all_.size())));
  const auto at = all_.begin() + static_cast<std::ptrdiff_t>(std::max<std::size_t>(rank, 1) - 1);
  std::nth_element(all_.begin(), at, all_.end());
  return *at;
}

}  // namespace hansard::bench
