#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <ctime>

namespace hansard::bench {

/// Looks at another process of ours from outside. Throws std::runtime_error when it is gone.
class ProcessWatch {
 public:
  explicit ProcessWatch(pid_t process);

  /// Processor time of all its threads, those that ended included.
  [[nodiscard]] double cpu_seconds() const;
  /// Memory it has now, what it shares with others included.
  [[nodiscard]] std::uint64_t resident_bytes() const;
  /// The most it ever had.
  [[nodiscard]] std::uint64_t peak_resident_bytes() const;
  [[nodiscard]] std::size_t descriptors() const;

 private:
  [[nodiscard]] std::uint64_t status_kib(const char* field) const;

  pid_t process_;
  clockid_t clock_{};
};

}  // namespace hansard::bench
