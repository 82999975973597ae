#include "events/keys/decider.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "core/command_loop.h"
#include "events/session/ids.h"
#include "keys/check.h"
#include "sealing.h"

namespace hansard::events {
namespace {

using core::Errc;
using core::Error;
using core::Result;

static_assert(core::Decider<KeysDecider>);

/// An event to write; nothing: there is nothing to say.
using Made = std::optional<KeyEvent>;

Result<Made> on(const KeysState& state, const CreateKey& command) {
  KeyEvent event = KeyCreated(command);
  if (auto status = check_event(event); !status) return std::move(status.error());
  // A retry must reach the log, which alone says whether it is the same key.
  if (state.keys.contains(command.key_id)) return Made(std::move(event));
  for (const auto& [id, key] : state.keys) {
    if (key.revoked || key.project != command.project || key.name != command.name) continue;
    return Error{.code = Errc::rejected,
                 .message = "name: project " + command.project + " has a key " + command.name +
                            " (" + id + "); revoke it, or take another name",
                 .field = "name"};
  }
  if (state.live >= kLiveKeysMax) {
    return Error{.code = Errc::too_large,
                 .message = "there are " + std::to_string(state.live) +
                            " keys that are not revoked, and no more may be",
                 .field = "name"};
  }
  return Made(std::move(event));
}

Result<Made> on(const KeysState& state, const RevokeKey& command) {
  KeyEvent event = KeyRevoked(command);
  if (auto status = check_event(event); !status) return std::move(status.error());
  const auto found = state.keys.find(command.key_id);
  if (found == state.keys.end()) {
    return Error{.code = Errc::not_found, .message = "there is no such key", .field = "key_id"};
  }
  if (found->second.revoked) return Made();
  return Made(std::move(event));
}

class Fold {
 public:
  explicit Fold(KeysState& state) : state_(state) {}
  void operator()(const KeyCreated& event) {
    const bool made =
        state_.keys.try_emplace(event.key_id, KeysState::Key{event.project, event.name}).second;
    if (made) ++state_.live;
  }
  void operator()(const KeyRevoked& event) {
    const auto found = state_.keys.find(event.key_id);
    if (found == state_.keys.end() || found->second.revoked) return;
    found->second.revoked = true;
    --state_.live;
  }
  void operator()(const Unrecognised& /*event*/) {}

 private:
  KeysState& state_;
};

std::string_view id_of(const KeyEvent& event) {
  if (const auto* created = std::get_if<KeyCreated>(&event)) return created->key_id;
  return std::get<KeyRevoked>(event).key_id;
}

}  // namespace

KeysState after(KeysState state, const KeyEvent& event) {
  std::visit(Fold(state), event);
  return state;
}

KeysDecider::KeysDecider(const core::KeyedHash& keyed_hash, const core::Hasher& hasher)
    : keyed_hash_(keyed_hash), hasher_(hasher) {}

Result<KeysState> KeysDecider::evolve(State state, const core::RecordedEvent& event) const {
  auto decoded = key_codec().decode(event, Want::facts);
  if (!decoded) return std::move(decoded.error());
  return after(std::move(state), decoded->event);
}

Result<std::vector<core::NewEvent>> KeysDecider::decide(const State& state,
                                                        const core::ProjectId& project,
                                                        const core::StreamId& stream,
                                                        const Command& command) const {
  auto made = std::visit([&](const auto& step) { return on(state, step); }, command.step);
  if (!made) return std::move(made.error());
  std::vector<core::NewEvent> records;
  if (!*made) return records;
  EncodedEvent encoded = key_codec().encode(**made);
  const auto id =
      derive_event_id(project, stream, encoded.type, {std::string(id_of(**made))}, keyed_hash_);
  records.push_back(sealed_by(std::move(encoded), stream, id, command.meta, hasher_));
  return records;
}

std::size_t KeysDecider::bytes(const State& state) const {
  constexpr std::size_t kKeyBytes = 256;
  return kKeyBytes * (1 + state.keys.size());
}

}  // namespace hansard::events
