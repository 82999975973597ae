#pragma once

#include "core/result.h"
#include "transfer/import_file.h"

namespace hansard::cli {

/// Writes what a file would be recorded as to standard output, as lines for `POST
/// /v1/ingest?as=recording`. A conversation that the file does not name is called by a plain hash
/// of what names it there; the store, recording it, would have called it by a keyed one. Errors:
/// those of `read_file`, unavailable (standard output takes no more).
core::Status print_file(const importers::Format* format, ImportReport& report);

}  // namespace hansard::cli
