#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "backup/backup_maker.h"
#include "http/route_doc.h"

namespace hansard::cli {

/// Makes backups, one at a time, on a thread of its own that goes last in line.
/// Threads: safe to call concurrently; destroyed by one.
class BackupDesk {
 public:
  explicit BackupDesk(BackupSource source) : source_(std::move(source)) {}
  ~BackupDesk() { stop(); }
  BackupDesk(const BackupDesk&) = delete;
  BackupDesk& operator=(const BackupDesk&) = delete;

  enum class Phase : std::uint8_t { none, running, done, failed };
  /// The backup under way, or the last one.
  struct State {
    Phase phase = Phase::none;
    std::uint64_t number = 0;  ///< of backups since the start, from 1
    std::string to;
    core::Timestamp began_at{};
    std::uint64_t done_bytes = 0;
    std::uint64_t total_bytes = 0;             ///< 0: not known yet
    std::optional<BackupManifest> manifest{};  ///< done
    std::optional<core::Error> error{};        ///< failed
  };

  /// Returns once the place for it is made; `state` tells what becomes of it.
  /// Errors: rejected (one is under way), cancelled (stopping), and those of `begin_backup`.
  core::Result<State> begin(BackupOrder order);
  [[nodiscard]] State state() const;
  /// Ends the one under way, which leaves nothing, and refuses others.
  void stop();

 private:
  void run(const BackupOrder& order, Workplace place);

  const BackupSource source_;
  BackupProgress progress_;
  mutable std::mutex mutex_;
  State state_;           ///< guarded by mutex_
  bool stopped_ = false;  ///< guarded by mutex_
  std::thread thread_;    ///< guarded by mutex_
};

/// `POST /v1/admin/backup {"to": "/path", "with_signing_key": false}`: 202 once it has begun.
/// `GET /v1/admin/backup`: how it goes. `desk` and `clock` outlive them.
std::vector<http::AddedRoute> backup_routes(BackupDesk& desk, const core::Clock& clock);

}  // namespace hansard::cli
