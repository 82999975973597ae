#pragma once

#include <string>

#include "core/result.h"
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
  /// Signs `text` with it. @pre as `sign_note`. Errors: as `key`.
  [[nodiscard]] virtual core::Result<Note> sign(std::string text) const = 0;
};

}  // namespace hansard::events::audit
