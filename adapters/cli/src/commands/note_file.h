#pragma once

#include <string>

#include "events/audit/note.h"

namespace hansard::cli {

struct KeptCheckpoint {
  events::audit::Note note;
  events::audit::Checkpoint checkpoint;
};

/// The last checkpoint in a file of notes, as `GET /v1/audit/checkpoint` gives one and as copies
/// are kept (`[audit] checkpoint_to`). It is not checked. Errors: not_found, unavailable,
/// invalid_argument (it ends with none).
core::Result<KeptCheckpoint> read_checkpoint_file(const std::string& file);

}  // namespace hansard::cli
