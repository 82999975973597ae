#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>

#include "core/hash.h"
#include "rocksdb_store/store.h"

namespace hansard::bench {

/// The view `calls` of a data directory, without the log that it would be folded from.
class CallsStore {
 public:
  enum class For : std::uint8_t { filling, asking };
  /// Asking is read-only: a store that is opened to write drops views that are ahead of its log.
  /// Throws `Failed`.
  CallsStore(const std::filesystem::path& directory, For purpose);
  /// Whether it was filled with as many, and wholly. Throws when with others.
  static bool is_filled(const std::filesystem::path& directory, std::uint64_t calls);

  struct Filled {
    std::uint64_t events = 0;
    double fold_seconds = 0;  ///< folding and committing, without making events up
  };
  /// Folds the made calls, as events, through the product's view in the batches of its runner, and
  /// writes them as CSV beside. Throws.
  Filled fill(std::uint64_t calls, const std::filesystem::path& csv);

  /// As a query has it. Throws.
  [[nodiscard]] std::unique_ptr<core::ReadModel> read() const;
  [[nodiscard]] const core::KeyedHash& keyed_hash() const { return keyed_hash_; }
  void close();

 private:
  std::filesystem::path directory_;
  std::unique_ptr<rocks::RocksStore> store_;
  core::KeyedHash keyed_hash_;
};

}  // namespace hansard::bench
