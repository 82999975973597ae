#pragma once

#include <optional>
#include <string>

#include "backup/backup_manifest.h"
#include "events/audit/notary.h"
#include "events/audit/note.h"

namespace hansard::cli {

/// The checkpoint of a backup's tree, as text; empty where there is no key to sign with (a
/// directory that was never served). Errors: those of signing.
core::Result<std::string> signed_tree(const events::audit::Notary& notary,
                                      const core::TreeHead& tree);

/// What is wrong with the note of a manifest: it must be a checkpoint of the log, the epoch and the
/// tree that the manifest tells and, where `key` is given, be signed by it. Empty: nothing; also
/// where there is no note and no key was given.
std::string note_fault(const BackupManifest& manifest, const core::Hasher& hasher,
                       const core::SignatureVerifier& verifier,
                       const std::optional<events::audit::VerifierKey>& key);

}  // namespace hansard::cli
