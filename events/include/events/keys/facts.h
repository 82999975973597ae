#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/ids.h"
#include "events/codec.h"
#include "events/session/words.h"

/// The events of `keys-api` in project `_log`: which keys of the API there are, of all projects.
/// Field lists as in `session/facts.h`. A secret is never in one, nor what it could be found by
/// without the store key.
namespace hansard::events {

/// What a key may do, as the HTTP surface has it.
enum class KeyScope : std::uint8_t { write, read, audit, admin, other };
/// Why a key was taken away.
enum class KeyEnding : std::uint8_t { requested, rotated, leaked, unused, other };

template <>
inline constexpr std::array<std::string_view, 4> kWords<KeyScope>{"write", "read", "audit",
                                                                  "admin"};
template <>
inline constexpr std::array<std::string_view, 4> kWords<KeyEnding>{"requested", "rotated", "leaked",
                                                                   "unused"};

struct KeyCreated {
  static constexpr std::string_view kType = "KeyCreated";
  std::string key_id;  ///< the actor of whatever is done with it: a UUID
  std::string name;    ///< of a program or a place, `[A-Za-z0-9._-]{1,64}`; kept for ever
  std::string project;
  std::string secret_hash;  ///< 64 hex digits: keyed hash of the secret
  std::vector<KeyScope> scopes;
  std::optional<std::string> expires_at;  ///< a time as in bodies; absent: never
  template <class V>
  static void fields(V& v) {
    using E = KeyCreated;
    v.fact("key_id", &E::key_id);
    v.fact("name", &E::name);
    v.fact("project", &E::project);
    v.fact("secret_hash", &E::secret_hash);
    v.fact("scopes", &E::scopes);
    v.fact("expires_at", &E::expires_at);
  }
};

/// From here on the key opens nothing. It never comes back; a new one takes its place.
struct KeyRevoked {
  static constexpr std::string_view kType = "KeyRevoked";
  std::string key_id;
  KeyEnding reason = KeyEnding::requested;
  template <class V>
  static void fields(V& v) {
    v.fact("key_id", &KeyRevoked::key_id);
    v.fact("reason", &KeyRevoked::reason);
  }
};

using KeyEvent = std::variant<KeyCreated, KeyRevoked, Unrecognised>;
using KeyCodec = Codec<KeyEvent>;
extern template class Codec<KeyEvent>;
/// The one of this build. Thread-safe.
const KeyCodec& key_codec();

/// `_log`, where they stand.
const core::ProjectId& keys_project();
/// `keys-api`.
const core::StreamId& keys_stream();

}  // namespace hansard::events
