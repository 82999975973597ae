#pragma once

namespace hansard::cli {

/// The program `hansard`: reads the command line, configuration and environment, does what was
/// asked and returns the exit code (0 done, 2 usage, others by `core::error_table`).
int run(int argc, const char* const* argv);

}  // namespace hansard::cli
