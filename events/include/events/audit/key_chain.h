#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "core/hash.h"
#include "core/result.h"
#include "core/signer.h"
#include "events/audit/note.h"
#include "events/json.h"

/// How one key of a log leads to the next, so that whoever took the first one from elsewhere can
/// follow. Pure.
namespace hansard::events::audit {

/// Of those that are told; whoever has an older key takes a newer one from elsewhere.
inline constexpr std::size_t kMaxEarlierKeys = 1000;

/// A key that signed for a log before, and its word, a `KeyChange` that it signed, that the next
/// key took over.
struct EarlierKey {
  VerifierKey key;
  Note change;
  bool operator==(const EarlierKey&) const = default;
};
/// `{"vkey","change"}`, both as text.
Json to_json(const core::Hasher& hasher, const EarlierKey& earlier);
/// Errors: corruption (what is wrong with it; another member).
core::Result<EarlierKey> parse_earlier_key(const core::Hasher& hasher, const Json& json);

/// That each of `earlier`, oldest first, handed over to the one behind it, and the last one to
/// `now`: each change is signed by its key, about the origin that the key is named after, over at
/// least the events of the one before, and names the key that follows. That key may be named after
/// a later epoch of the log.
/// @return the size that the last change names; 0 without any
/// Errors: corruption, naming the link and what is wrong with it.
core::Result<std::uint64_t> check_key_chain(const core::Hasher& hasher,
                                            const core::SignatureVerifier& verifier,
                                            std::span<const EarlierKey> earlier,
                                            const VerifierKey& now);

/// That one of `keys` signed `note` under the name `name`. Errors: rejected (none did; a signature
/// that bears the name and hint of one is wrong).
core::Status check_note_of(const core::Hasher& hasher, const core::SignatureVerifier& verifier,
                           std::span<const core::PublicKey> keys, std::string_view name,
                           const Note& note);

}  // namespace hansard::events::audit
