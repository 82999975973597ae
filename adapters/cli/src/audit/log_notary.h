#pragma once

#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <vector>

#include "core/hash.h"
#include "core/time.h"
#include "events/audit/notary.h"
#include "ossl/ed25519.h"
#include "rocksdb_store/store.h"

namespace hansard::cli {

/// Signs with the key of a data directory, `keys/signing.pem`. Thread-safe.
class LogNotary final : public events::audit::Notary {
 public:
  /// Reads the key; draws one where there is none, unless `read_only`. A change of key that was cut
  /// off is finished, or forgotten when its event never came to be. `store` and `hasher` outlive
  /// this. Errors: corruption (a key file is malformed), rejected (it is missing where something
  ///   was signed: says what to do), unavailable, out_of_space.
  static core::Result<std::unique_ptr<LogNotary>> open(rocks::RocksStore& store,
                                                       const core::Hasher& hasher, bool read_only);

  [[nodiscard]] const std::string& origin() const override { return origin_; }
  [[nodiscard]] core::Result<events::audit::VerifierKey> key() const override;
  [[nodiscard]] core::Result<events::audit::Note> sign(std::string text) const override;

  /// Those that changes on record name, each endorsed by the key before it, back from the key of
  /// now: whoever may append could write another. None where there is no key. Read from the log
  /// once, and kept.
  [[nodiscard]] core::Result<std::vector<events::audit::EarlierKey>> earlier_keys() const override;
  /// Of all of them and the one of now; empty where there is none. Errors: as `earlier_keys`.
  [[nodiscard]] core::Result<std::vector<core::PublicKey>> all_keys() const;

  struct Rotated {
    events::audit::VerifierKey old_key;
    events::audit::VerifierKey new_key;
    core::RecordReceipt receipt;
  };
  /// Draws a new key, records that it takes over (`SigningKeyRotated`), and signs with it from then
  /// on. One at a time; blocks until that is durable. Wherever it is cut off, the key of now is the
  /// one that the log's last change names. Errors: unsupported (opened read-only), those of
  /// appending.
  core::Result<Rotated> rotate(const core::Clock& clock, const core::KeyId& actor);

 private:
  LogNotary(rocks::RocksStore& store, const core::Hasher& hasher, bool read_only);
  core::Status settle();
  [[nodiscard]] core::Result<std::vector<events::audit::EarlierKey>> read_earlier_keys() const;
  core::Result<std::optional<ossl::Ed25519Key>> read(const std::filesystem::path& path) const;
  [[nodiscard]] std::filesystem::path path(const char* name) const;
  [[nodiscard]] events::audit::VerifierKey named(const core::PublicKey& key) const;

  rocks::RocksStore& store_;
  const core::Hasher& hasher_;
  const std::string origin_;
  const bool read_only_;
  mutable std::mutex rotating_;  ///< held while the key, or what leads to it, may change
  mutable std::shared_mutex mutex_;
  /// Guarded by mutex_; none: not read yet.
  mutable std::optional<std::vector<events::audit::EarlierKey>> earlier_;
  std::optional<ossl::Ed25519Key> key_;  ///< guarded by mutex_; none: only read, and never served
};

}  // namespace hansard::cli
