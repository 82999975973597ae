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
/// those that only the group being built knows. Confined to the sequencing thread.
class HeadCache {
 public:
  explicit HeadCache(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  using Head = std::optional<core::Version>;  ///< nothing: the stream does not exist
  /// Nothing when not cached. `stream_prefix` is the key of layout.h.
  [[nodiscard]] std::optional<Head> get(std::string_view stream_prefix);
  /// Remembers; `written` says whether it can be read back from the database already.
  void put(std::string_view stream_prefix, const Head& head, bool written);
  /// All of it can be read back.
  void all_written() { ++epoch_; }
  void clear();
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

 private:
  struct Entry {
    std::string prefix;
    Head head;
    std::uint64_t epoch = 0;  ///< dropped only in a later one
  };
  static std::size_t cost(const Entry& entry);

  const std::size_t bytes_max_;
  std::size_t bytes_ = 0;
  std::uint64_t epoch_ = 1;
  std::list<Entry> entries_;  ///< most recently used first
  std::unordered_map<std::string_view, std::list<Entry>::iterator>
      index_;  ///< keys live in entries_
};

}  // namespace hansard::rocks
