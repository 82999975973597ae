#include "process_watch.h"

#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>

namespace hansard::bench {

ProcessWatch::ProcessWatch(pid_t process) : process_(process) {
  if (::clock_getcpuclockid(process, &clock_) != 0) throw std::runtime_error("no such process");
}

double ProcessWatch::cpu_seconds() const {
  timespec time{};
  if (::clock_gettime(clock_, &time) != 0) throw std::runtime_error("the process is gone");
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

std::uint64_t ProcessWatch::status_kib(const char* field) const {
  std::ifstream status("/proc/" + std::to_string(process_) + "/status");
  for (std::string line; std::getline(status, line);) {
    if (line.rfind(field, 0) == 0) return std::stoull(line.substr(std::strlen(field)));
  }
  throw std::runtime_error("the process is gone");
}

std::uint64_t ProcessWatch::resident_bytes() const { return 1024 * status_kib("VmRSS:"); }

std::uint64_t ProcessWatch::peak_resident_bytes() const { return 1024 * status_kib("VmHWM:"); }

std::size_t ProcessWatch::descriptors() const {
  const std::filesystem::directory_iterator all("/proc/" + std::to_string(process_) + "/fd");
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

}  // namespace hansard::bench
