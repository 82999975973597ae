#pragma once

#include <memory>

#include "backend.h"
#include "engine/engine.h"

namespace hansard::cli {

/// Name of the unix socket of a running server, within its data directory.
inline constexpr const char* kSocketName = "hansard.sock";

/// The handlers of `engine` in this process, without sockets, with every scope. Requests skip what
/// protects a server from strangers (the gate, the limits of bodies).
/// `engine` outlives the backend. Errors: invalid_argument (project).
core::Result<std::unique_ptr<Backend>> local_backend(Engine& engine, const Settings& settings);

/// Opens the directory of `settings` for one command. With `read_views` and `operate` it waits
/// until the views are caught up. Errors: those of opening the store; not_found when a reading
/// command meets no directory.
core::Result<std::unique_ptr<Backend>> open_local(const Settings& settings, Access access);

}  // namespace hansard::cli
