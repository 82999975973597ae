#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/ids.h"
#include "core/time.h"
#include "erasure/erasure_order.h"
#include "events/erasure/facts.h"

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

/// Of all projects. Totals are since the start.
struct ErasureCounts {
  std::uint64_t requested = 0;  ///< orders taken, also those found at the start
  std::uint64_t pending = 0;    ///< of these not done
  std::uint64_t done = 0;
  std::uint64_t events_erased = 0;  ///< whose content was destroyed
  std::uint64_t failures = 0;       ///< attempts that ended early
  double seconds = 0;               ///< spent on destroying content
};

/// Of an order that has just been read or taken.
ErasureStatus status_of(const ErasureOrder& order);

}  // namespace hansard::cli
