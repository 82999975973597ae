#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/ids.h"
#include "core/merkle.h"
#include "core/position.h"
#include "core/result.h"
#include "core/signer.h"

/// Signed notes and checkpoints as C2SP writes them (c2sp.org/signed-note,
/// c2sp.org/tlog-checkpoint), and our statement about the end of a stream. Pure; texts of others
/// are read strictly: what is accepted is exactly what writing it again gives.
namespace hansard::events::audit {

inline constexpr std::size_t kMaxNoteBytes = 64U << 10;
inline constexpr std::size_t kMaxNoteSignatures = 100;
/// What a line of signature begins with: an em dash and a space.
inline constexpr std::string_view kSignatureMark = "\xe2\x80\x94 ";

/// First 4 bytes of SHA-256(name || 0x0A || 0x01 || public key).
using KeyHint = std::array<std::uint8_t, 4>;

/// Who signs: a name and an Ed25519 key. As text (a "vkey"): name, "+", key hint in hex, "+",
/// base64 of 0x01 and the key.
struct VerifierKey {
  std::string name;  ///< not empty, without white space and "+"
  core::PublicKey key{};
  bool operator==(const VerifierKey&) const = default;
};
KeyHint key_hint(const core::Hasher& hasher, const VerifierKey& key);
std::string to_text(const core::Hasher& hasher, const VerifierKey& key);
/// Errors: invalid_argument (what is wrong with it; a hint that is not the key's).
core::Result<VerifierKey> parse_verifier_key(const core::Hasher& hasher, std::string_view text);

/// One line of signature. Kinds other than ours (other lengths) are kept, and not understood.
struct NoteSignature {
  std::string name;
  KeyHint hint{};
  std::string bytes;  ///< 64 of them for Ed25519
  bool operator==(const NoteSignature&) const = default;
};

/// A text and who signed it.
struct Note {
  std::string text;  ///< what is signed: lines of UTF-8, each ended
  std::vector<NoteSignature> signatures;
  bool operator==(const Note&) const = default;
};
std::string to_text(const Note& note);
/// Errors: invalid_argument (naming what is wrong), too_large.
core::Result<Note> parse_note(std::string_view text);

/// Signs `text` under `name`. @pre `text` is lines, each ended; `name` is a key's name
Note sign_note(const core::Hasher& hasher, const core::Signer& signer, std::string_view name,
               std::string text);
/// That `key` signed it: at least one signature bears its name and hint, and each that does is
/// right. Errors: rejected (nobody of that name and key signed; the signature is wrong).
core::Status check_note(const core::Hasher& hasher, const core::SignatureVerifier& verifier,
                        const VerifierKey& key, const Note& note);

/// `hansard/<log id>/<epoch>`: what notes are about, and the name of the key that signs them.
std::string origin_of(const core::Uuid& log_id, std::uint64_t epoch);

/// Lines: origin, size, base64 of the root; others may follow and are kept.
struct Checkpoint {
  std::string origin;
  core::TreeHead tree;
  std::vector<std::string> extensions = {};
  bool operator==(const Checkpoint&) const = default;
};
std::string to_text(const Checkpoint& checkpoint);
/// Errors: invalid_argument.
core::Result<Checkpoint> parse_checkpoint(std::string_view text);

/// "In the tree of this size and root, the last event of this stream has this version." Lines:
/// `hansard-stream-head/v1`, origin, size, base64 of the root, project, stream, version. It cannot
/// be taken for a checkpoint: its second line is no number.
struct StreamHead {
  std::string origin;
  core::TreeHead tree;
  std::string project;
  std::string stream;
  core::Version last;
  bool operator==(const StreamHead&) const = default;
};
std::string to_text(const StreamHead& head);
/// Errors: invalid_argument.
core::Result<StreamHead> parse_stream_head(std::string_view text);

/// "From this size on notes of this origin are signed by this key." Lines:
/// `hansard-signing-key/v1`, origin, size, base64 of the root, the new key as text. Signed by the
/// key before it.
struct KeyChange {
  std::string origin;
  core::TreeHead tree;
  VerifierKey key;
  bool operator==(const KeyChange&) const = default;
};
std::string to_text(const core::Hasher& hasher, const KeyChange& change);
/// Errors: invalid_argument.
core::Result<KeyChange> parse_key_change(const core::Hasher& hasher, std::string_view text);

}  // namespace hansard::events::audit
