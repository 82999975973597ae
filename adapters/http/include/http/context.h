#pragma once

#include <functional>
#include <memory>

#include "core/command_loop.h"
#include "core/event_log.h"
#include "core/hash.h"
#include "core/projection_runner.h"
#include "core/tree.h"
#include "events/audit/notary.h"
#include "events/keys/decider.h"
#include "events/prompt/commands.h"
#include "events/session/commands.h"
#include "http/keys.h"
#include "http/limits.h"
#include "http/metrics.h"
#include "http/pool.h"
#include "http/route_doc.h"
#include "http/router.h"
#include "projections/prices.h"
#include "projections/prompts.h"
#include "projections/search.h"

namespace hansard::events {
class Filter;
}

namespace hansard::http {

class ExperimentDesk;

/// Everything the routes need of the engine. Main owns it and what it refers to; all of it outlives
/// the router. Nothing in it changes while requests are served.
struct Context {
  core::EventLog& log;
  core::ProjectionRunner& views;
  const core::Hasher& hasher;
  const core::KeyedHash& keyed_hash;
  const core::Clock& clock;
  Pool& blocking;  ///< where routes that read run, and go on after a wait
  Metrics& metrics;
  const Limits& limits;
  /// `CommandLoop<SessionDecider>::execute`, kept out of these headers with its templates.
  std::function<void(core::CommandContext, events::SessionCommand, core::AppendDone)> execute;
  /// 32 random bytes, fresh at every call. Any thread.
  std::function<core::Hash()> draw_random;
  /// Ok while the store accepts appends, else why not. Any thread; cheap. May be empty.
  std::function<core::Status()> writable = {};
  core::Uuid log_id = {};  ///< of the data directory
  /// Full text; nullptr where there is none.
  projections::SearchIndex* search = nullptr;
  /// Where searches run, so that a slow one holds up no other query; nullptr: `blocking`.
  Pool* searching = nullptr;
  /// Prices on record; null: routes keep their own.
  std::shared_ptr<projections::PriceReader> prices = nullptr;
  /// Prompts by name; null: there are no routes about them.
  std::shared_ptr<projections::PromptReader> prompts = nullptr;
  /// `CommandLoop<PromptDecider>::execute`; empty: prompts are read only.
  std::function<void(core::CommandContext, events::PromptCommand, core::AppendDone)>
      execute_prompt = {};
  /// What acts on experiments; null: there are no routes about them.
  std::shared_ptr<const ExperimentDesk> experiments = nullptr;
  /// What raw records may not hold (`execute` sees to commands); null: they may hold all.
  const events::Filter* filter = nullptr;
  /// The ring that the gate looks at.
  KeyRing keys = {};
  /// `CommandLoop<KeysDecider>::execute`; empty: there are no routes about keys.
  std::function<void(core::CommandContext, events::KeyCommand, core::AppendDone)> execute_keys = {};
  /// The hashes of the log, and who signs for it; null, both: there are no routes about proofs.
  const core::Tree* tree = nullptr;
  const events::audit::Notary* notary = nullptr;
  /// The latest checkpoint that was signed and kept, a note; nothing when there is none yet.
  std::function<core::Result<std::optional<std::string>>()> checkpoint = {};
};

/// The error of a limit, counted in its metric.
core::Error over_limit(const Context& context, Limit limit);

/// The whole surface of this build, with what main adds (`POST /v1/import`): `/openapi.json` tells
/// of that, too.
std::vector<Route> routes(const Context& context, std::vector<AddedRoute> added = {});

}  // namespace hansard::http
