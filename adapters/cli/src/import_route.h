#pragma once

#include <functional>

#include "core/command_loop.h"
#include "core/hash.h"
#include "events/session/commands.h"
#include "http/router.h"

namespace hansard::cli {

/// What importing needs of the engine. `keyed_hash` outlives the route.
struct ImportPorts {
  const core::KeyedHash& keyed_hash;
  std::function<void(core::CommandContext, events::SessionCommand, core::AppendDone)> execute;
  std::function<core::Hash()> draw_salt;
};

/// Records per request that `POST /v1/import` accepts.
inline constexpr std::size_t kImportItemsMax = 256;

/// POST /v1/import: `{"items":[{"line":1,"repeat":0,"record":...}]}`, records as
/// `importers::read_conversation` reads them; answers 200 with one result per item, failed ones
/// included, because one broken conversation must not hold up its neighbours:
///   {"results":[{"line":1,"session_id":"...","messages":9,"new_events":9,"known_events":0,
///     "attached":0,"unplaced":[{"path":"messages[3]","reason":"..."}],
///     "error":{"code":"...","detail":"..."}}]}
/// Sessions are named on the server, because names are keyed by its store key.
http::Route import_route(ImportPorts ports);

}  // namespace hansard::cli
