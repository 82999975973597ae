#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace hansard::faults {

/// What rounds of power losses came to.
struct PowerLossReport {
  std::uint64_t rounds = 0;
  std::uint64_t acknowledged = 0;
  std::uint64_t unknown = 0;         ///< without a (strict) answer when the power went
  std::uint64_t unknown_stored = 0;  ///< of those
  std::uint64_t losses_in_recovery = 0;
  std::uint64_t events_compared = 0;
  std::map<std::string, std::uint64_t> moments;  ///< the operation in which it went, by file kind
};

/// Runs that many rounds; everything is compared after each. Failures are reported to GoogleTest,
/// with the round's seed.
PowerLossReport run_power_losses(std::uint64_t rounds, std::uint64_t seed);

/// `table`, `write-ahead log`, `manifest`, `HEAD`, ...
std::string kind_of_file(const std::string& path);

}  // namespace hansard::faults
