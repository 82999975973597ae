#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/hash.h"
#include "http/scope.h"

namespace hansard::http {

/// A key as configured. `key` begins with `hsd_` and has 16..200 further characters of
/// `[A-Za-z0-9_-]`; `name` is its identity: it survives a change of the secret.
struct ApiKey {
  std::string name;  ///< `[A-Za-z0-9._-]{1,64}`, unique
  std::string key;
  core::ProjectId project;
  Scopes scopes;
};

/// True when `text` has the form of a key; others are somebody else's credentials and are ignored.
bool is_key(std::string_view text);

/// The configured keys; keeps only keyed hashes of the secrets. Immutable, thread-safe.
class KeyRing {
 public:
  KeyRing() = default;
  /// Errors: invalid_argument (malformed or repeated name or key, no scopes; never quotes a key).
  static core::Result<KeyRing> make(const core::KeyedHash& keyed_hash, std::vector<ApiKey> keys);

  [[nodiscard]] bool empty() const { return entries_.empty(); }
  /// Who presents `key`, or nothing. Compares against every entry in constant time, so that timing
  /// tells neither a key nor its neighbours. Cost: one HMAC and 32 bytes per configured key.
  [[nodiscard]] std::optional<Principal> find(std::string_view key) const;

 private:
  struct Entry {
    core::Hash secret;
    Principal principal;
  };
  std::vector<Entry> entries_;
  std::optional<core::KeyedHash> keyed_hash_;
};

}  // namespace hansard::http
