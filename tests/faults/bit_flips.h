#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "disk.h"

namespace hansard::faults {

/// What became of a flipped bit.
enum class Noticed : std::uint8_t {
  at_open,    ///< the directory is refused
  at_read,    ///< reading the log, a stream, an id or a view says so, and delivers nothing wrong
  at_verify,  ///< everything is read as it was, and `verify` finds it
  no_effect,  ///< everything is read as it was, with the same root, and `verify` is clean
  silent      ///< something else is read, and nobody says so: a bug
};
inline constexpr std::size_t kNoticed = 5;
std::string_view name_of(Noticed noticed);

/// Everything that can be read from a data directory.
struct Contents {
  std::vector<std::string> events;  ///< all bytes of each, in position order
  std::string root;
  std::vector<std::string> rows;  ///< of the view
};

/// A data directory as a kill leaves it: tables of several levels, a write-ahead log with appends
/// that are nowhere else, a view, every file of ours; and what it holds.
struct Specimen {
  std::shared_ptr<const Disk> disk;
  Contents contents;
};
Specimen make_specimen(std::uint64_t seed);

/// `table`, `write-ahead log`, `manifest`, ... or empty: RocksDB's LOG or LOCK, which hold nothing.
std::string kind_of(const std::string& path);

struct Flip {
  std::string path;
  std::uint64_t byte = 0;
  unsigned bit = 0;
};
struct Verdicts {
  Noticed noticed = Noticed::silent;
  std::string why;  ///< the error that told it, or what is silently different
};
/// Flips one bit in a copy of the specimen, opens and reads it. A store that opened also takes one
/// append more, and gives it back.
Verdicts flip_one(const Specimen& specimen, const Flip& flip);

}  // namespace hansard::faults
