#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/time.h"
#include "events/json.h"

namespace hansard::importers {

/// Finds the records that only repeat the text of an item near them, before or after it.
/// Memory: `kNear` hashes and at most `kNear` records.
class Echoes {
 public:
  static constexpr std::size_t kNear = 64;
  struct Record {
    std::string id;
    std::string path;
    std::uint64_t text = 0;  ///< hash
    std::uint64_t place = 0;
    events::Json json;
    std::optional<core::Timestamp> time;
  };

  /// An item says this.
  void said(std::string_view text);
  /// A record that should repeat an item. @return one that repeats none, when there are too many.
  std::optional<Record> repeated(Record record, std::string_view text);
  /// What repeated nothing until the end.
  std::vector<Record> take();

 private:
  std::deque<std::uint64_t> texts_;  ///< of items that were not repeated yet
  std::deque<Record> waiting_;
};

}  // namespace hansard::importers
