// Signed notes, their keys, and what they say: one text for one meaning.
#include <string>
#include <string_view>

#include "core/assert.h"
#include "events/audit/base64.h"
#include "events/audit/note.h"
#include "ossl/ed25519.h"
#include "ossl/hasher.h"
#include "target.h"

namespace {

namespace audit = hansard::events::audit;

const hansard::ossl::OpenSslHasher hasher;

void judge_text(std::string_view text) {
  if (const auto checkpoint = audit::parse_checkpoint(text)) {
    HANSARD_ASSERT(to_text(*checkpoint) == text, "a checkpoint is written as it was read");
    HANSARD_ASSERT(!audit::parse_stream_head(text), "a statement has one meaning");
  }
  if (const auto head = audit::parse_stream_head(text)) {
    HANSARD_ASSERT(to_text(*head) == text, "a stream head is written as it was read");
  }
  if (const auto change = audit::parse_key_change(hasher, text)) {
    HANSARD_ASSERT(to_text(hasher, *change) == text, "a change of key is written as it was read");
    HANSARD_ASSERT(!audit::parse_checkpoint(text) && !audit::parse_stream_head(text),
                   "a statement has one meaning");
  }
}

void run(std::string_view bytes) {
  judge_text(bytes);
  if (const auto data = audit::from_base64(bytes)) {
    HANSARD_ASSERT(audit::to_base64(*data) == bytes, "base64 is what its encoder writes");
  }
  HANSARD_ASSERT(audit::from_base64(audit::to_base64(bytes)) == bytes, "decoding undoes encoding");
  if (const auto key = audit::parse_verifier_key(hasher, bytes)) {
    HANSARD_ASSERT(to_text(hasher, *key) == bytes, "a key is written as it was read");
  }
  if (const auto note = audit::parse_note(bytes)) {
    HANSARD_ASSERT(to_text(*note) == bytes, "a note is written as it was read");
    judge_text(note->text);
    static const auto stranger = hansard::ossl::Ed25519Key::draw();
    const audit::VerifierKey key{note->signatures.front().name, stranger.public_key()};
    HANSARD_ASSERT(!check_note(hasher, hansard::ossl::Ed25519Verifier(), key, *note),
                   "nobody else's signature is ours");
  }
  std::string joined;
  for (const std::string_view note : audit::split_notes(bytes)) {
    HANSARD_ASSERT(!note.empty(), "a note is something");
    joined += note;
  }
  HANSARD_ASSERT(joined == bytes, "notes are told apart, and nothing is lost");
}

const hansard::fuzz::Announced announced("audit_note", run);

}  // namespace
