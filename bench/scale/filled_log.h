#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>

#include "rocksdb_store/store.h"

namespace hansard::bench {

struct FillOptions {
  std::uint64_t events = 1'000'000;
  std::uint64_t seed = 20'261'121;
};

struct Filled {
  double seconds = 0;        ///< of writing, without the settling afterwards; 0: was there already
  std::uint64_t events = 0;  ///< written
};

/// Opens a data directory with the defaults of the product. Throws `Failed`.
std::unique_ptr<rocks::RocksStore> open_store(const std::filesystem::path& directory,
                                              bool read_only = false);

/// The data directory in a directory that was filled.
std::filesystem::path data_in(const std::filesystem::path& directory);

/// Fills the data directory in `directory` with conversations (`Conversations`), written through
/// the product's store in batches, in the same order every time. One that holds them already is
/// left as it is; other content is replaced only if a fill of ours was cut off. Throws `Failed`.
Filled fill(const std::filesystem::path& directory, const FillOptions& options);

/// A copy to write to: tables, which never change, are linked; everything else is copied.
/// @pre nobody has `from` open. Throws.
void clone_data(const std::filesystem::path& from, const std::filesystem::path& to);

}  // namespace hansard::bench
