#pragma once

#include <functional>

#include "core/command_loop.h"
#include "core/hash.h"
#include "events/session/commands.h"
#include "http/route_doc.h"

namespace hansard::cli {

/// What importing needs of the engine. `keyed_hash` outlives the route.
struct ImportPorts {
  const core::KeyedHash& keyed_hash;
  std::function<void(core::CommandContext, events::SessionCommand, core::AppendDone)> execute;
  std::function<core::Hash()> draw_salt;
};

/// Pieces per request that `POST /v1/import` accepts.
inline constexpr std::size_t kImportItemsMax = 256;

/// POST /v1/import: `{"items":[...]}`, pieces of conversations as `importers::write_item` writes
/// them; answers 200 with one result per item, failed ones included, because one broken
/// conversation must not hold up its neighbours:
///   {"results":[{"line":1,"session_id":"...","new_events":9,"known_events":0,
///     "error":{"code":"...","detail":"..."}}]}
/// and `alike`, where the session is called `<name>~<alike>`. Sessions are named on the server,
/// because names are keyed by its store key.
http::AddedRoute import_route(ImportPorts ports);

}  // namespace hansard::cli
