#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "core/command_loop.h"
#include "core/event_log.h"
#include "core/projection_runner.h"
#include "core/time.h"
#include "erasure/erasure_order.h"
#include "events/erasure/decider.h"
#include "projections/search.h"
#include "rocksdb_store/erasure.h"

namespace hansard::cli {

/// What is asked for. Exactly one of `stream`, `user` and `streams` says of what; a message has its
/// session in `stream`.
struct ErasureAsk {
  core::ProjectId project;
  events::ErasureScope scope = events::ErasureScope::session;
  std::optional<core::StreamId> stream = {};
  std::optional<std::string> message_id = {};
  std::optional<std::string> user = {};
  std::vector<core::StreamId> streams = {};  ///< scope retention
  std::optional<std::string> rule = {};      ///< likewise
  std::string reason;
  std::optional<std::string> comment = {};
  std::optional<std::string> id = {};  ///< absent: derived from what there is to erase
  core::Timestamp at{};
  core::KeyId actor{};
  bool dry_run = false;  ///< says what would go; nothing is written
};

/// How an erasure stands.
struct ErasureStatus {
  std::string id;
  core::ProjectId project;
  events::ErasureScope scope = events::ErasureScope::session;
  std::optional<std::string> message_id = {};
  std::optional<std::string> rule = {};
  std::string reason;
  core::Timestamp asked_at{};
  bool erased = false;  ///< false: unreadable, and being destroyed
  std::string phase;    ///< what is being done
  std::string error;    ///< why the last attempt ended; it is tried again
  std::uint64_t streams = 0;
  std::uint64_t events = 0;       ///< whose content goes, or is gone
  std::vector<std::string> held;  ///< streams left out: a legal hold stands
  bool duplicate = false;         ///< it had been asked before
};

/// Erasures of one log, from the order to the last file: asked on any thread, carried out on one of
/// its own. What is asked is in `<data>/erasing` before anything else happens, so that a kill at
/// any point is gone on from; and in the ledger outside of the data directory before anything is
/// destroyed, so that a copy of the directory from before is brought to the same state when it is
/// opened.
/// Threads: safe to call concurrently; created, started and stopped by one.
class Erasures {
 public:
  static constexpr std::size_t kPendingMax = 256;      ///< erasures under way; then overloaded
  static constexpr std::size_t kStreamsMax = 100'000;  ///< of one erasure; then too_large

  struct Ports {
    std::filesystem::path data;
    std::filesystem::path ledger;
    core::Uuid log_id;
    core::EventLog& log;
    rocks::ContentEraser& eraser;
    core::ProjectionRunner& views;
    projections::SearchIndex* texts;  ///< null: there is none
    const core::KeyedHash& keyed_hash;
    const core::Clock& clock;
    std::function<core::Hash()> draw_random;
    std::function<void(core::CommandContext, events::ErasureCommand, core::AppendDone)> execute;
    std::function<core::Result<events::ErasureState>(const core::ProjectId&, const core::StreamId&)>
        load;
    /// Lets go of what is kept in memory of a stream.
    std::function<void(const core::ProjectId&, const core::StreamId&)> forget;
    std::function<void(std::string_view)> notice;
  };

  /// Reads what is under way, and what the ledger knows and the log does not, and makes it
  /// unreadable. Errors: corruption, unavailable.
  static core::Result<std::unique_ptr<Erasures>> open(Ports ports);
  ~Erasures();  ///< stops
  Erasures(const Erasures&) = delete;
  Erasures& operator=(const Erasures&) = delete;

  /// Carries out, from then on. Not for engines that only read or record.
  void start();
  void stop();

  /// Answers once the content is unreadable and the order on disk. Blocks on storage.
  /// Errors: not_found, rejected (a hold stands and is named), overloaded, too_large, those of the
  /// log.
  core::Result<ErasureStatus> ask(const ErasureAsk& ask);
  [[nodiscard]] std::optional<ErasureStatus> find(const core::ProjectId& project,
                                                  std::string_view id) const;
  /// Those under way first, then the latest that are done, at most `most` of these.
  [[nodiscard]] std::vector<ErasureStatus> list(const core::ProjectId& project,
                                                std::size_t most) const;
  struct Counts {
    std::uint64_t pending = 0;
    std::uint64_t done = 0;           ///< since the start
    std::uint64_t events_erased = 0;  ///< likewise
    std::uint64_t failures = 0;       ///< attempts that ended early, likewise
  };
  [[nodiscard]] Counts counts() const;

 private:
  struct Work {
    ErasureOrder order;
    ErasureStatus status;
    bool ready = false;      ///< asked on record, selected, in the ledger
    bool reapplied = false;  ///< by the ledger: holds do not stop it
  };
  using Works = std::vector<std::shared_ptr<Work>>;
  using Selection = std::map<std::string, std::vector<core::EventId>>;

  explicit Erasures(Ports ports) : ports_(std::move(ports)) {}

  core::Status load_orders();
  core::Status load_ledger();
  core::Result<std::vector<core::StreamId>> streams_of(const ErasureAsk& ask) const;
  core::Result<std::vector<core::StreamId>> streams_of_user(const core::ProjectId& project,
                                                            const std::string& user) const;
  core::Result<std::vector<core::StreamId>> forks_with(const core::ProjectId& project,
                                                       const core::StreamId& origin,
                                                       core::Version below) const;
  core::Result<std::string> derive_id(const ErasureAsk& ask,
                                      const std::vector<core::StreamId>& streams) const;
  /// Finds what of each target goes, below the version given for it.
  core::Result<Selection> select(ErasureOrder& order,
                                 const std::map<std::string, core::Version>& below) const;
  /// Puts the order on record in each stream, selects, writes the ledger, hides.
  core::Status admit(Work& work);
  core::Result<std::map<std::string, core::Version>> request(Work& work);
  core::Status complete(const Work& work);
  core::Status append_each(
      const Work& work, const std::function<events::ErasureCommand(const ErasureTarget&)>& make,
      const std::function<void(const ErasureTarget&, core::Result<core::Receipt>)>& told);
  core::Status save() const;  ///< `<data>/erasing`, with mutex_ held

  void run();
  core::Status carry_out(const Works& works);
  core::Status purge_texts();
  void set_phase(const Works& works, std::string_view phase);
  [[nodiscard]] bool stopping() const;

  const Ports ports_;
  std::mutex asking_;  ///< one order is taken at a time
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  Works pending_;                              ///< guarded by mutex_, as is all below
  std::map<std::string, ErasureStatus> done_;  ///< by project and id
  std::vector<std::string> done_order_;        ///< keys of `done_`, oldest first
  Counts counts_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace hansard::cli
