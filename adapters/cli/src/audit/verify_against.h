#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "audit/kept_notes.h"
#include "audit/verification.h"

namespace hansard::cli {

/// Heads that one run of verifying compares: those of some eleven days, 4 MB here, some 10 MB as
/// the body of a request.
inline constexpr std::size_t kHeadsAtOnce = 100'000;

/// Runs `verify`, with its report as `to_json` has it.
using VerifyRun = std::function<core::Result<events::Json>(const VerifyPlan& plan)>;

/// Verifies by `plan`, and compares every checkpoint in `files`, however many years they are of:
/// those that exceed `kHeadsAtOnce` by further runs, which trust the head that the first one found
/// and read only what came after it. One report. An end that was cut off is left out, and told.
/// Errors: those of `KeptNotes`; invalid_argument (a file without a note); those of `verify`.
core::Result<events::Json> verify_against(const std::vector<std::string>& files,
                                          const NoteTrust& trust, VerifyPlan plan,
                                          const VerifyRun& verify);

}  // namespace hansard::cli
