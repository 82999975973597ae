#pragma once

namespace hansard::cli {

/// Of this program.
inline constexpr const char* kVersion = "hansard 0.1.0";

}  // namespace hansard::cli
