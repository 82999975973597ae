#include "backup/backup_note.h"

namespace hansard::cli {

namespace audit = events::audit;
using core::Errc;
using core::Result;

Result<std::string> signed_tree(const audit::Notary& notary, const core::TreeHead& tree) {
  if (!notary.key()) return std::string();
  const auto note = notary.sign(audit::to_text(audit::Checkpoint{notary.origin(), tree, {}}));
  if (!note) return note.error();
  return audit::to_text(*note);
}

std::string note_fault(const BackupManifest& manifest, const core::Hasher& hasher,
                       const core::SignatureVerifier& verifier,
                       const std::optional<audit::VerifierKey>& key) {
  if (manifest.note.empty()) return key ? "nobody signed it" : "";
  const auto note = audit::parse_note(manifest.note);
  if (!note) return note.error().message;
  const auto checkpoint = audit::parse_checkpoint(note->text);
  if (!checkpoint) return checkpoint.error().message;
  if (checkpoint->origin != audit::origin_of(manifest.log_id, manifest.epoch)) {
    return "its note is of " + checkpoint->origin;
  }
  if (checkpoint->tree != manifest.tree) return "its note is over another tree";
  if (!key) return "";
  if (auto good = audit::check_note(hasher, verifier, *key, *note); !good) {
    return "its note: " + good.error().message;
  }
  return "";
}

}  // namespace hansard::cli
