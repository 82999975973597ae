#pragma once

#include <cstddef>
#include <string>

#include "backend.h"

namespace hansard::cli {

/// A page with more is for nobody to read.
inline constexpr std::size_t kAttachedBytesMax = 64U << 20;

/// `report` with the proof of the session's events behind it, and what checking it here found.
/// Errors: those of the request; too_large; corruption (it does not hold).
core::Result<std::string> with_proof(Backend& backend, const std::string& session, bool html,
                                     std::string report);

}  // namespace hansard::cli
