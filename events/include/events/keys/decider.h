#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "core/event.h"
#include "core/hash.h"
#include "events/keys/facts.h"
#include "events/session/commands.h"

/// What can be asked of the keys of the API, and the rules for it.
namespace hansard::events {

/// Keys that are not revoked, of all projects: each request is compared with every one of them.
inline constexpr std::size_t kLiveKeysMax = 1024;

/// The fold of `keys-api`. A value.
struct KeysState {
  struct Key {
    std::string project;
    std::string name;
    bool revoked = false;
  };
  std::map<std::string, Key, std::less<>> keys;  ///< by key_id; the first of an id counts
  std::size_t live = 0;
};

/// A new key; its id and secret are drawn by the edge.
struct CreateKey : KeyCreated {};
/// Asked again it is the same revocation, whatever the reason now.
struct RevokeKey : KeyRevoked {};

struct KeyCommand {
  CommandMeta meta;
  std::variant<CreateKey, RevokeKey> step;
};

/// What `event` leaves behind. Accepts everything, in any order.
KeysState after(KeysState state, const KeyEvent& event);

/// A `core::Decider`. Pure. Immutable, thread-safe.
class KeysDecider {
 public:
  using State = KeysState;
  using Command = KeyCommand;

  /// Both references outlive the decider.
  KeysDecider(const core::KeyedHash& keyed_hash, const core::Hasher& hasher);

  [[nodiscard]] State initial() const { return {}; }
  /// Errors: those of the codec.
  [[nodiscard]] core::Result<State> evolve(State state, const core::RecordedEvent& event) const;
  /// Errors: invalid_argument (malformed); rejected (the name is that of a live key of the
  /// project); not_found (no such key to revoke); too_large (kLiveKeysMax).
  [[nodiscard]] core::Result<std::vector<core::NewEvent>> decide(const State& state,
                                                                 const core::ProjectId& project,
                                                                 const core::StreamId& stream,
                                                                 const Command& command) const;
  [[nodiscard]] std::size_t bytes(const State& state) const;

 private:
  const core::KeyedHash& keyed_hash_;
  const core::Hasher& hasher_;
};

}  // namespace hansard::events
