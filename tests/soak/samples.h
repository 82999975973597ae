#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hansard::soak {

/// MB by purpose.
using Held = std::map<std::string, double, std::less<>>;

/// The server at one moment.
struct Sample {
  double seconds = 0;  ///< since the first
  double resident_mb = 0;
  Held held;  ///< of it, as the server itself tells
  std::size_t descriptors = 0;
  double cpu_seconds = 0;
};

/// What `/metrics` says is held by purposes with a bound of their own: each at most its bound, so
/// that a cache that outgrows it counts as a leak. Nothing when the answer names no such purpose,
/// or one without its bound.
std::optional<Held> bounded(std::string_view metrics);

/// What each sample has besides the bounded purposes, in MB: that which may not grow. Of a purpose
/// the most it had so far is set aside, because an allocator keeps what it was given back, to be
/// used again: a memtable that is flushed makes the process no smaller.
std::vector<double> unbounded_mb(const std::vector<Sample>& samples);

/// What the samples say about memory.
struct Verdict {
  double growth_mb_per_minute = 0;    ///< of what nothing bounds, over the later two thirds
  double resident_mb_per_minute = 0;  ///< of everything, over the same
  double peak_resident_mb = 0;
  std::vector<std::string> problems;  ///< none: memory is flat and small enough
};

struct Limits {
  double growth_mb_per_minute_max = 0;  ///< 0: too short to tell
  double resident_mb_max = 512;
};

/// Pure; growth is the slope of a straight line by least squares. The first third is for what
/// settles: pools of connections, arenas of threads.
Verdict judge(const std::vector<Sample>& samples, const Limits& limits);

/// At most `lines` of them, evenly, as a table.
std::string table(const std::vector<Sample>& samples, std::size_t lines);

}  // namespace hansard::soak
