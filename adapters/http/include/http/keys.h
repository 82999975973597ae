#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/hash.h"
#include "core/time.h"
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

/// A key on record (`events/keys`).
struct KeyOnRecord {
  core::KeyId id;
  std::string name;
  core::ProjectId project;
  core::Hash secret;  ///< `KeyRing::hash_of`
  Scopes scopes;
  std::optional<core::Timestamp> expires_at;
  std::optional<core::Timestamp> created_at;
};

/// True when `text` has the form of a key; others are somebody else's credentials and are ignored.
bool is_key(std::string_view text);

/// Why a key opens nothing.
enum class KeyFault : std::uint8_t { malformed, unknown, expired, revoked };
inline constexpr std::size_t kKeyFaults = 4;
std::string_view name(KeyFault fault);

/// Why what a request was admitted by holds no longer.
enum class HoldEnd : std::uint8_t {
  revoked,  ///< its key was taken away
  expired,  ///< the time of its key came
  needed    ///< it came without a key, and now one is needed
};
/// A sentence for the client.
std::string_view sentence(HoldEnd end);

/// What a request was admitted by, as it stands: answers that take long look at it again and again.
/// Threads: safe to call concurrently.
class Hold {
 public:
  Hold(Principal whose, std::optional<core::Timestamp> until, bool keyless = false)
      : principal(std::move(whose)), expires_at(until), keyless_(keyless) {}
  /// Nothing while it holds.
  [[nodiscard]] std::optional<HoldEnd> ended(core::Timestamp now) const {
    if (over_.load(std::memory_order_acquire)) return keyless_ ? HoldEnd::needed : HoldEnd::revoked;
    if (expires_at && now >= *expires_at) return HoldEnd::expired;
    return std::nullopt;
  }
  void end() { over_.store(true, std::memory_order_release); }

  const Principal principal;
  const std::optional<core::Timestamp> expires_at;

 private:
  const bool keyless_;
  std::atomic<bool> over_ = false;
};

/// A key as `GET /v1/keys` tells of it.
struct KeyListing {
  core::KeyId id;
  std::string name;
  core::ProjectId project;
  Scopes scopes;
  bool configured = false;  ///< in the configuration, not on record
  bool revoked = false;
  std::optional<core::Timestamp> expires_at;
  std::optional<core::Timestamp> created_at;
};

/// The keys that open this engine: those of the configuration and those on record. Keeps only keyed
/// hashes of the secrets. Copies share one ring. Threads: safe to call concurrently.
class KeyRing {
 public:
  KeyRing();
  /// Errors: invalid_argument (malformed or repeated name or key, no scopes; never quotes a key).
  static core::Result<KeyRing> make(const core::KeyedHash& keyed_hash, std::vector<ApiKey> keys);

  /// True while there never was a key: then loopback needs none. Keys that are revoked or expired
  /// count: taking away the last one must not open the door.
  [[nodiscard]] bool empty() const;

  struct Found {
    std::shared_ptr<const Hold> hold;  ///< null: see `fault`
    KeyFault fault = KeyFault::unknown;
  };
  /// Who presents `key` at `now`. Compares against every live key in constant time, so that timing
  /// tells neither a key nor its neighbours. Cost: one HMAC and 32 bytes per key.
  [[nodiscard]] Found find(std::string_view key, core::Timestamp now) const;
  /// What a request without a key holds on to while none is needed.
  [[nodiscard]] std::shared_ptr<const Hold> keyless() const;

  /// The keyed hash by which a secret is known. @pre made with keys, or `use`d.
  [[nodiscard]] core::Hash hash_of(std::string_view secret) const;

  /// Takes in a key on record; from here on keys are needed. The first of an id counts.
  void add(KeyOnRecord key);
  /// Ends a key on record; what it holds ends, too, before this returns. Unknown ids are ignored.
  void revoke(const core::KeyId& id);

  /// All of them, those of the configuration first, otherwise by time.
  [[nodiscard]] std::vector<KeyListing> list() const;

  /// Called after holds have ended, on the thread that ended them; one at a time. Nothing: no more.
  void on_end(std::function<void()> call);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace hansard::http
