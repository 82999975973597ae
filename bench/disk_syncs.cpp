#include "disk_syncs.h"

#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <stdexcept>
#include <string>

namespace hansard::bench {

Latencies sync_latencies(const std::filesystem::path& directory, std::size_t count) {
  constexpr std::size_t kRecordBytes = 2048;
  constexpr off_t kReserved = 4 << 20;
  const auto file = directory / "syncs";
  const std::string record(kRecordBytes, 'r');
  const int descriptor = ::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  // As RocksDB does for its log: space is reserved in advance, the length still grows.
  bool sound = descriptor >= 0 && ::fallocate(descriptor, FALLOC_FL_KEEP_SIZE, 0, kReserved) == 0;
  Latencies latencies;
  for (std::size_t i = 0; sound && i < count; ++i) {
    const auto start = std::chrono::steady_clock::now();
    sound =
        ::write(descriptor, record.data(), record.size()) == static_cast<ssize_t>(record.size()) &&
        ::fdatasync(descriptor) == 0;
    latencies.add(std::chrono::steady_clock::now() - start);
  }
  ::close(descriptor);
  std::filesystem::remove(file);
  if (!sound) throw std::runtime_error("the disk took no record");
  return latencies;
}

}  // namespace hansard::bench
