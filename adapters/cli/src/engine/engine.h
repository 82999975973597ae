#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "audit/checkpointer.h"
#include "core/projection_runner.h"
#include "engine/settings.h"
#include "erasure/erasure_status.h"
#include "gateway/breaker_status.h"
#include "gateway/policy_counts.h"
#include "http/keys.h"
#include "http/limits.h"
#include "http/metrics.h"
#include "http/pool.h"
#include "http/router.h"
#include "projections/search.h"
#include "rocksdb_store/store.h"

namespace hansard::cli {

/// What an engine is opened for.
enum class Access : std::uint8_t {
  read_log,    ///< read-only; views are left alone
  read_views,  ///< read-only; views are caught up in memory
  read_texts,  ///< read-only; a copy of the index of texts is caught up
  record,      ///< ours to write; views are left to the next server
  operate,     ///< ours to write, views and the index of texts included
};

/// Everything behind the routes, wired together: store, rules, views, handlers. No sockets.
/// Threads: created, stopped and destroyed by one thread; the router may be used from any.
class Engine {
 public:
  struct Options {
    Access access = Access::read_log;
    bool create = false;       ///< a missing directory is created
    bool accept_loss = false;  ///< as in `rocks::OpenOptions`
    /// Opens a log that is not what its checkpoint says, to tell all that is wrong with it.
    bool contradicted = false;
    std::function<void(std::string_view)> notice = {};  ///< as in `rocks::OpenOptions`
    /// Told when a provider is left alone, and when it is back; on any thread.
    std::function<void(std::string_view)> provider_notice = {};
    /// Told why the index of texts is built anew; on a thread of its own.
    std::function<void(std::string_view)> search_notice = {};
  };

  /// Opens the directory of `settings`, recovers, starts the views.
  /// Errors: those of opening the store; invalid_argument (limits).
  static core::Result<std::unique_ptr<Engine>> open(const Settings& settings, Options options);
  ~Engine();  ///< stops
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  /// Waits for commands in flight, stops the views, closes the store. No request may arrive any
  /// more. Idempotent. Errors: those of closing the store.
  core::Status stop();

  /// Applies the providers of `settings`, all or nothing; no call is dropped. One at a time.
  /// @return what has changed, by name and nothing else. Errors: those of `Models::reload`.
  core::Result<std::string> reload(const Settings& settings);

  [[nodiscard]] const http::Router& router() const;
  [[nodiscard]] const http::Limits& limits() const;
  [[nodiscard]] const core::KeyedHash& keyed_hash() const;
  /// Of the configuration and on record; copies follow what is made and taken away.
  [[nodiscard]] const http::KeyRing& keys() const;
  /// What the policies of the gateway have decided; nothing while the engine stops. Any thread.
  [[nodiscard]] std::optional<gateway::PolicyCounts> policies() const;
  /// How the breakers of routes stand; none while the engine stops. Any thread.
  [[nodiscard]] std::vector<gateway::BreakerStatus> breakers() const;
  /// How often each rule of the filter took something out. Any thread, also while the engine stops.
  [[nodiscard]] std::vector<std::pair<std::string, std::uint64_t>> filtered() const;
  [[nodiscard]] const core::Clock& clock() const;
  /// Where the index of texts stands; nothing where none runs. Any thread, also while the engine
  /// stops.
  [[nodiscard]] std::optional<projections::SearchState> texts() const;
  [[nodiscard]] http::Pool& blocking();
  [[nodiscard]] http::Metrics& metrics();
  [[nodiscard]] core::ProjectionRunner& views();
  [[nodiscard]] rocks::RocksStore& store();
  /// How the checkpoints are doing; nothing where none are made, or no longer. Any thread.
  [[nodiscard]] std::optional<Checkpointer::Status> checkpoints() const;
  /// How erasures are doing; nothing while the engine stops. Any thread.
  [[nodiscard]] std::optional<ErasureCounts> erasures() const;
  /// The store's, and the states of sessions kept for the next command. Any thread, also while the
  /// engine stops.
  [[nodiscard]] std::vector<rocks::MemoryUse> memory_usage() const;

 private:
  struct Parts;
  explicit Engine(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace hansard::cli
