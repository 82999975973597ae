#include "http/keys.h"

#include <algorithm>

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

core::Result<KeyRing> KeyRing::make(const core::KeyedHash& keyed_hash, std::vector<ApiKey> keys) {
  KeyRing ring;
  ring.keyed_hash_.emplace(keyed_hash);
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const ApiKey& key = keys[i];
    if (!is_key_name(key.name)) return refused(i, "name", "must be [A-Za-z0-9._-]{1,64}");
    if (!is_key(key.key)) return refused(i, "key", "must be hsd_[A-Za-z0-9_-]{16,200}");
    if (key.scopes.empty()) return refused(i, "scopes", "must not be empty");
    Entry entry{keyed_hash(kSecretPurpose, "", key.key), {}};
    for (const Entry& other : ring.entries_) {
      if (other.principal.key_name == key.name) return refused(i, "name", "is used twice");
      if (other.secret == entry.secret) return refused(i, "key", "is used twice");
    }
    entry.principal.project = key.project;
    static_cast<core::Uuid&>(entry.principal.actor) =
        core::uuid_v8(keyed_hash(kActorPurpose, key.project.text(), key.name));
    entry.principal.scopes = key.scopes;
    entry.principal.key_name = key.name;
    ring.entries_.push_back(std::move(entry));
  }
  return ring;
}

std::optional<Principal> KeyRing::find(std::string_view key) const {
  if (!keyed_hash_) return std::nullopt;
  const core::Hash secret = (*keyed_hash_)(kSecretPurpose, "", key);
  const Principal* found = nullptr;
  for (const Entry& entry : entries_) {
    if (same_in_constant_time(entry.secret, secret)) found = &entry.principal;
  }
  if (found == nullptr) return std::nullopt;
  return *found;
}

}  // namespace hansard::http
