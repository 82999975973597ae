#pragma once

#include <string>
#include <vector>

#include "core/result.h"
#include "events/audit/key_chain.h"
#include "events/audit/note.h"

namespace hansard::events::audit {

/// Who signs for a log, as a port: the key may be changed while others sign with it.
/// Threads: all members are safe to call concurrently.
class Notary {
 public:
  virtual ~Notary() = default;
  /// Origin of the log's notes, which is the name of its key, too.
  [[nodiscard]] virtual const std::string& origin() const = 0;
  /// The key of now. Errors: not_found (a directory that is only read has none yet).
  [[nodiscard]] virtual core::Result<VerifierKey> key() const = 0;
  /// Those before it, oldest first, each with its word about the next; of earlier epochs, too. At
  /// most the newest `kMaxEarlierKeys`. Errors: those of reading the log.
  [[nodiscard]] virtual core::Result<std::vector<EarlierKey>> earlier_keys() const = 0;
  /// Signs `text` with the key of now. @pre as `sign_note`. Errors: as `key`.
  [[nodiscard]] virtual core::Result<Note> sign(std::string text) const = 0;
};

}  // namespace hansard::events::audit
