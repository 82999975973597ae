#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/ids.h"
#include "core/merkle.h"
#include "core/result.h"

namespace hansard::cli {

/// A file of notes is read whole.
inline constexpr std::size_t kKeptNotesBytesMax = 256U << 20;

/// The heads of the signed notes in `file`, one after the other as checkpoints are copied there.
/// What they are about must be this log (`log_id`, where that is known); an end that was cut off
/// while it was written is left out. Signatures are not checked here: whoever kept the file vouches
/// for it. Errors: not_found, too_large, invalid_argument (a note is malformed, or of another log:
///   its number in the file and why), unavailable.
core::Result<std::vector<core::TreeHead>> read_kept_heads(const std::string& file,
                                                          const std::optional<core::Uuid>& log_id);

/// `SIZE:ROOT`, the root in hex. Errors: invalid_argument.
core::Result<core::TreeHead> parse_head(std::string_view text);

}  // namespace hansard::cli
