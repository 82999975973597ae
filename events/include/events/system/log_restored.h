#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/result.h"

namespace hansard::events {

/// This log was made from a backup of another, or of an earlier self, and goes its own way from
/// here: first event of a new epoch, on the `system` stream of `_log`. Whoever holds checkpoints of
/// the epoch before can tell with it where both are still one.
struct LogRestored {
  static constexpr std::string_view kType = "LogRestored";
  std::uint64_t size = 0;         ///< events taken over, at the same positions
  std::string root;               ///< over those, 64 hex digits
  std::uint64_t backup_size = 0;  ///< events that the backup had
  std::string backup_root;
  std::string backup_made_at;          ///< RFC 3339
  std::uint64_t epoch = 0;             ///< that begins; the backup was of the one before
  std::string reason;                  ///< `to_position`, `to_time` or `clone`
  std::optional<std::string> to_time;  ///< RFC 3339, where that was asked for
  template <class V>
  static void fields(V& v) {
    v.field("size", &LogRestored::size);
    v.field("root", &LogRestored::root);
    v.field("backup_size", &LogRestored::backup_size);
    v.field("backup_root", &LogRestored::backup_root);
    v.field("backup_made_at", &LogRestored::backup_made_at);
    v.field("epoch", &LogRestored::epoch);
    v.field("reason", &LogRestored::reason);
    v.field("to_time", &LogRestored::to_time);
  }
};

/// What types cannot say. Errors: invalid_argument (`field` such as `facts.root`).
core::Status check(const LogRestored& event);

}  // namespace hansard::events
