#include "http/keys.h"

#include <algorithm>
#include <mutex>
#include <shared_mutex>
#include <utility>

namespace hansard::http {

namespace {

constexpr std::string_view kPrefix = "hsd_";
constexpr std::string_view kSecretPurpose = "http.key";
constexpr std::string_view kActorPurpose = "http.actor";

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-';
}

bool is_key_name(std::string_view name) {
  return !name.empty() && name.size() <= 64 &&
         std::all_of(name.begin(), name.end(), [](char c) { return is_word(c) || c == '.'; });
}

bool same_in_constant_time(const core::Hash& a, const core::Hash& b) {
  unsigned difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) difference |= static_cast<unsigned>(a[i] ^ b[i]);
  return difference == 0;
}

core::Error refused(std::size_t index, std::string_view member, std::string_view why) {
  const std::string field = "keys[" + std::to_string(index) + "]." + std::string(member);
  return core::Error{core::Errc::invalid_argument, field + ": " + std::string(why), field};
}

}  // namespace

std::string_view name(Scope scope) {
  switch (scope) {
    case Scope::write:
      return "write";
    case Scope::read:
      return "read";
    case Scope::audit:
      return "audit";
    case Scope::admin:
      break;
  }
  return "admin";
}

core::Result<Scope> parse_scope(std::string_view text) {
  for (const Scope scope : {Scope::write, Scope::read, Scope::audit, Scope::admin}) {
    if (name(scope) == text) return scope;
  }
  return core::Error{core::Errc::invalid_argument, "a scope is one of write, read, audit, admin",
                     "scopes"};
}

bool is_key(std::string_view text) {
  if (text.substr(0, kPrefix.size()) != kPrefix) return false;
  text.remove_prefix(kPrefix.size());
  return text.size() >= 16 && text.size() <= 200 && std::all_of(text.begin(), text.end(), is_word);
}

std::string_view name(KeyFault fault) {
  switch (fault) {
    case KeyFault::malformed:
      return "malformed";
    case KeyFault::unknown:
      return "unknown";
    case KeyFault::expired:
      return "expired";
    case KeyFault::revoked:
      break;
  }
  return "revoked";
}

std::string_view sentence(HoldEnd end) {
  switch (end) {
    case HoldEnd::revoked:
      return "the key was revoked";
    case HoldEnd::expired:
      return "the key has expired";
    case HoldEnd::needed:
      break;
  }
  return "a key is needed from now on";
}

struct KeyRing::State {
  struct Entry {
    core::Hash secret{};
    std::shared_ptr<Hold> hold;
    bool configured = false;
    bool revoked = false;
    std::optional<core::Timestamp> created_at;
  };

  std::optional<core::KeyedHash> keyed_hash;  ///< set once, before anybody else sees the ring

  mutable std::shared_mutex mutex;
  std::vector<Entry> entries;  ///< in the order in which they came
  std::shared_ptr<Hold> keyless = std::make_shared<Hold>(Principal{}, std::nullopt, true);
  std::atomic<bool> empty = true;

  std::mutex telling;
  std::function<void()> ended;  ///< guarded by `telling`

  void tell() {
    const std::lock_guard lock(telling);
    if (ended) ended();
  }
};

KeyRing::KeyRing() : state_(std::make_shared<State>()) {}

core::Result<KeyRing> KeyRing::make(const core::KeyedHash& keyed_hash, std::vector<ApiKey> keys) {
  KeyRing ring;
  State& state = *ring.state_;
  state.keyed_hash.emplace(keyed_hash);
  for (std::size_t i = 0; i < keys.size(); ++i) {
    ApiKey& key = keys[i];
    if (!is_key_name(key.name)) return refused(i, "name", "must be [A-Za-z0-9._-]{1,64}");
    if (!is_key(key.key)) return refused(i, "key", "must be hsd_[A-Za-z0-9_-]{16,200}");
    if (key.scopes.empty()) return refused(i, "scopes", "must not be empty");
    State::Entry entry;
    entry.secret = ring.hash_of(key.key);
    entry.configured = true;
    for (const State::Entry& other : state.entries) {
      if (other.hold->principal.key_name == key.name) return refused(i, "name", "is used twice");
      if (other.secret == entry.secret) return refused(i, "key", "is used twice");
    }
    Principal principal;
    principal.project = key.project;
    static_cast<core::Uuid&>(principal.actor) =
        core::uuid_v8(keyed_hash(kActorPurpose, key.project.text(), key.name));
    principal.scopes = key.scopes;
    principal.key_name = std::move(key.name);
    entry.hold = std::make_shared<Hold>(std::move(principal), std::nullopt);
    state.entries.push_back(std::move(entry));
  }
  state.empty = state.entries.empty();
  return ring;
}

bool KeyRing::empty() const { return state_->empty.load(std::memory_order_acquire); }

core::Hash KeyRing::hash_of(std::string_view secret) const {
  return (*state_->keyed_hash)(kSecretPurpose, "", secret);
}

KeyRing::Found KeyRing::find(std::string_view key, core::Timestamp now) const {
  if (!is_key(key)) return {nullptr, KeyFault::malformed};
  if (!state_->keyed_hash) return {};
  const core::Hash secret = hash_of(key);
  const std::shared_lock lock(state_->mutex);
  const State::Entry* found = nullptr;
  for (const State::Entry& entry : state_->entries) {
    if (same_in_constant_time(entry.secret, secret)) found = &entry;
  }
  if (found == nullptr) return {};
  const auto end = found->hold->ended(now);
  if (!end) return {found->hold, {}};
  return {nullptr, *end == HoldEnd::expired ? KeyFault::expired : KeyFault::revoked};
}

std::shared_ptr<const Hold> KeyRing::keyless() const {
  const std::shared_lock lock(state_->mutex);
  return state_->keyless;
}

void KeyRing::add(KeyOnRecord key) {
  bool first = false;
  {
    const std::unique_lock lock(state_->mutex);
    for (const State::Entry& each : state_->entries) {
      if (!each.configured && each.hold->principal.actor == key.id) return;
    }
    Principal principal{std::move(key.project), key.id, key.scopes, std::move(key.name)};
    State::Entry entry;
    entry.secret = key.secret;
    entry.hold = std::make_shared<Hold>(std::move(principal), key.expires_at);
    entry.created_at = key.created_at;
    state_->entries.push_back(std::move(entry));
    first = state_->empty.exchange(false, std::memory_order_acq_rel);
    if (first) state_->keyless->end();
  }
  if (first) state_->tell();
}

void KeyRing::revoke(const core::KeyId& id) {
  {
    const std::unique_lock lock(state_->mutex);
    for (State::Entry& each : state_->entries) {
      if (each.configured || each.revoked || each.hold->principal.actor != id) continue;
      each.revoked = true;
      each.hold->end();
    }
  }
  state_->tell();
}

std::vector<KeyListing> KeyRing::list() const {
  const std::shared_lock lock(state_->mutex);
  std::vector<KeyListing> all;
  for (const State::Entry& each : state_->entries) {
    const Principal& principal = each.hold->principal;
    all.push_back({principal.actor, principal.key_name, principal.project, principal.scopes,
                   each.configured, each.revoked, each.hold->expires_at, each.created_at});
  }
  return all;
}

void KeyRing::on_end(std::function<void()> call) {
  const std::lock_guard lock(state_->telling);
  state_->ended = std::move(call);
}

}  // namespace hansard::http
