#include "events/audit/key_chain.h"

#include <string>
#include <utility>

namespace hansard::events::audit {

using core::Errc;
using core::Error;
using core::Result;

Json to_json(const core::Hasher& hasher, const EarlierKey& earlier) {
  Json json;
  json.add("vkey", to_text(hasher, earlier.key));
  json.add("change", to_text(earlier.change));
  return json;
}

Result<EarlierKey> parse_earlier_key(const core::Hasher& hasher, const Json& json) {
  const auto bad = [](const std::string& why) { return Error{Errc::corruption, why}; };
  const Json::Object* members = json.if_object();
  if (members == nullptr || members->size() != 2) return bad("is not an object of vkey and change");
  const Json* vkey = json.find("vkey");
  const Json* change = json.find("change");
  const std::string* key_text = vkey == nullptr ? nullptr : vkey->if_string();
  const std::string* note_text = change == nullptr ? nullptr : change->if_string();
  if (key_text == nullptr || note_text == nullptr) {
    return bad("is not an object of vkey and change, both texts");
  }
  auto key = parse_verifier_key(hasher, *key_text);
  if (!key) return bad("has no key: " + key.error().message);
  auto note = parse_note(*note_text);
  if (!note) return bad("has no signed note: " + note.error().message);
  return EarlierKey{*std::move(key), *std::move(note)};
}

Result<std::uint64_t> check_key_chain(const core::Hasher& hasher,
                                      const core::SignatureVerifier& verifier,
                                      std::span<const EarlierKey> earlier, const VerifierKey& now) {
  std::uint64_t size = 0;
  for (std::size_t i = 0; i < earlier.size(); ++i) {
    const auto wrong = [&](const std::string& why) {
      return Error{Errc::corruption, "change of key " + std::to_string(i + 1) + ", of " +
                                         to_text(hasher, earlier[i].key) + ": " + why};
    };
    if (auto good = check_note(hasher, verifier, earlier[i].key, earlier[i].change); !good) {
      return wrong(good.error().message);
    }
    const auto change = parse_key_change(hasher, earlier[i].change.text);
    if (!change) return wrong(change.error().message);
    if (change->origin != earlier[i].key.name) return wrong("it is about " + change->origin);
    const VerifierKey& next = i + 1 < earlier.size() ? earlier[i + 1].key : now;
    if (change->key.key != next.key) {
      return wrong("it hands over to " + to_text(hasher, change->key) + ", and " +
                   to_text(hasher, next) + " follows");
    }
    if (change->tree.size < size) return wrong("it is over fewer events than the one before");
    size = change->tree.size;
  }
  return size;
}

core::Status check_note_of(const core::Hasher& hasher, const core::SignatureVerifier& verifier,
                           std::span<const core::PublicKey> keys, std::string_view name,
                           const Note& note) {
  bool signed_by_one = false;
  for (const core::PublicKey& key : keys) {
    const VerifierKey named{std::string(name), key};
    const KeyHint hint = key_hint(hasher, named);
    bool bears = false;
    for (const NoteSignature& signature : note.signatures) {
      bears = bears || (signature.name == named.name && signature.hint == hint);
    }
    if (!bears) continue;
    if (auto good = check_note(hasher, verifier, named, note); !good) return good;
    signed_by_one = true;
  }
  if (signed_by_one) return core::Ok{};
  return Error{Errc::rejected, "no key of this log signed it"};
}

}  // namespace hansard::events::audit
