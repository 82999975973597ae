#pragma once

#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/position.h"

namespace hansard::rocks {

/// Last versions of streams, as the sequencer will leave them: least recently used dropped, except
/// those that only groups still on their way to disk know. Confined to the sequencing thread.
class HeadCache {
 public:
  explicit HeadCache(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  struct Head {
    std::optional<core::Version> version;  ///< nothing: the stream does not exist
    std::uint64_t group = 0;               ///< the group that made it so; 0: it was read from disk
  };
  /// Nothing when not cached. `stream_prefix` is the key of layout.h.
  [[nodiscard]] std::optional<Head> get(std::string_view stream_prefix);
  /// Remembers; `group` is 0 for what was read from disk.
  void put(std::string_view stream_prefix, const Head& head);
  /// Groups up to this one are on disk, so their heads may be dropped.
  void written(std::uint64_t group) { written_ = group; }
  void clear();
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

 private:
  struct Entry {
    std::string prefix;
    Head head;
  };
  static std::size_t cost(const Entry& entry);

  const std::size_t bytes_max_;
  std::size_t bytes_ = 0;
  std::uint64_t written_ = 0;
  std::list<Entry> entries_;  ///< most recently used first
  std::unordered_map<std::string_view, std::list<Entry>::iterator>
      index_;  ///< keys live in entries_
};

}  // namespace hansard::rocks
