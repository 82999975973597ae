#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "core/command_loop.h"
#include "core/event_log.h"
#include "core/hash.h"
#include "core/model_provider.h"
#include "core/read_model_store.h"
#include "core/time.h"
#include "events/conversation/transcript.h"
#include "events/filter/filter.h"
#include "events/session/commands.h"
#include "projections/experiments.h"
#include "projections/prices.h"
#include "projections/prompts.h"

namespace hansard::gateway {

/// Names of streams without `session-`, of one project.
using SessionNames = std::set<std::string, std::less<>>;

/// Names of the sessions that can be found under a key, latest last, at most `most`.
/// May block on storage. Errors: those of the index.
using FindSessions = std::function<core::Result<std::vector<std::string>>(
    const core::ProjectId& project, const events::Digest& key, std::size_t most)>;

/// Decides a command about a session and appends what it says.
using Execute = std::function<void(core::CommandContext, events::SessionCommand, core::AppendDone)>;

/// What the gateway needs of the engine. References outlive it; all is safe from any thread.
struct Ports {
  core::EventLog& log;
  const core::KeyedHash& keyed_hash;
  const core::Clock& clock;
  core::ModelProvider& providers;
  Execute execute;
  FindSessions find_sessions;
  /// Runs work that may block on storage.
  std::function<void(std::function<void()>)> post;
  /// 32 random bytes, fresh at every call.
  std::function<core::Hash()> draw_random;
  /// Ok while the store accepts appends, else why not.
  std::function<core::Status()> writable;
  /// Time that only goes forward, for pauses, windows and deadlines.
  std::function<std::chrono::steady_clock::time_point()> now;
  /// Calls back once after a wait, on a thread on which nothing may block. Destroying what it gives
  /// cancels: a call that is running is waited for, unless it is the one that destroys. Null: too
  /// many wait. Never calls back before it returns, so it may be asked under a lock.
  std::function<std::unique_ptr<core::Subscription>(std::chrono::milliseconds,
                                                    std::function<void()>)>
      after;
  /// The view `gateway_calls`, with all that is on record when it is asked for. May block on
  /// storage. Errors: those of the view.
  std::function<core::Result<std::unique_ptr<core::ReadModel>>()> gateway_calls = {};
  /// Prices that hold in a project. A read or two of storage. Empty: there are none.
  std::function<core::Result<std::shared_ptr<const projections::Prices>>(const core::ProjectId&)>
      prices = {};
  /// Prompts as of now. May block on storage. Null: there are none. Outlives the gateway.
  projections::PromptReader* prompts = nullptr;
  /// Experiments as of now, and the variants of their units. May block on storage. Null: there are
  /// none. Outlives the gateway.
  projections::ExperimentReader* experiments = nullptr;
  /// In which dialect a configured provider is told, where nobody else says it; empty text: as it
  /// is called. Empty: nobody knows.
  std::function<std::string(std::string_view provider)> dialect_of = {};
  /// What is not recorded. Null: everything is. Outlives the gateway.
  const events::Filter* filter = nullptr;
};

}  // namespace hansard::gateway
