// Signed notes, their keys, and what they say: one text for one meaning.
#include <algorithm>
#include <string>
#include <string_view>

#include "core/assert.h"
#include "events/audit/base64.h"
#include "events/audit/note.h"
#include "events/audit/note_list.h"
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
  // Piece by piece the same notes come out, and nothing is lost but empty lines in front of them.
  const audit::NoteList whole = audit::split_notes(bytes);
  std::size_t others = whole.cut_off.size();
  for (const std::string_view note : whole.notes) {
    HANSARD_ASSERT(!note.empty() && note.back() == '\n', "a note is something, and ended");
    others += note.size();
  }
  const std::size_t lines = bytes.size() - others;
  HANSARD_ASSERT(others <= bytes.size() && lines <= static_cast<std::size_t>(std::count(
                                                        bytes.begin(), bytes.end(), '\n')),
                 "only empty lines are lost");
  std::string held;
  std::size_t found = 0;
  for (std::size_t at = 0; at < bytes.size(); at += 7) {
    held += bytes.substr(at, 7);
    std::string_view text = held;
    while (const auto note = audit::take_note(text, at + 7 >= bytes.size())) {
      HANSARD_ASSERT(found < whole.notes.size() && *note == whole.notes[found],
                     "the same notes, however they are read");
      ++found;
    }
    held = std::string(text);
  }
  HANSARD_ASSERT(found == whole.notes.size() && held == whole.cut_off, "and the same end");
}

const hansard::fuzz::Announced announced("audit_note", run);

}  // namespace
