#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "changes.h"
#include "core/event_bytes.h"
#include "database.h"
#include "layout.h"
#include "ossl/hasher.h"

namespace hansard::tampering {

/// The stored records of a directory, for changing them with RocksDB's own API. Errors throw.
class Records {
 public:
  explicit Records(const std::filesystem::path& directory);

  [[nodiscard]] std::uint64_t events() const { return events_; }
  /// One position, any of them.
  [[nodiscard]] std::uint64_t draw(Random& random) const { return random() % events_; }
  [[nodiscard]] core::OwnedEvent event(std::uint64_t position) const;
  /// Stores it under its own position, with a checksum that is right.
  void put_event(const core::RecordedEvent& event);

  [[nodiscard]] std::string get(rocks::Family family, const std::string& key) const;
  void put(rocks::Family family, const std::string& key, const std::string& value);
  void drop(rocks::Family family, const std::string& key);
  /// Key and value of any entry whose key begins with `prefix`.
  [[nodiscard]] std::pair<std::string, std::string> any(rocks::Family family, Random& random,
                                                        const std::string& prefix = {}) const;

  static std::string key_of(std::uint64_t position);
  static const core::Hasher& hasher();

 private:
  const rocks::Engine engine_;
  std::unique_ptr<rocks::Database> database_;
  std::uint64_t events_ = 0;
};

/// Everything beside the events written anew, as `hansard doctor --repair` would without a signed
/// checkpoint: what somebody does who wants a changed log to look sound.
void cover_up(const std::filesystem::path& directory);

}  // namespace hansard::tampering
