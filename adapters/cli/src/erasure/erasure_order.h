#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/event.h"
#include "core/ids.h"
#include "core/position_set.h"
#include "core/time.h"
#include "events/erasure/facts.h"

namespace hansard::cli {

/// One stream of an erasure.
struct ErasureTarget {
  core::StreamId stream;
  /// Where what is to go stands; absent: not yet looked for.
  std::optional<core::PositionSet> positions = {};
};

/// One erasure: what was asked, and how far it is. A value.
struct ErasureOrder {
  std::string id;
  core::ProjectId project;
  events::ErasureScope scope = events::ErasureScope::session;
  std::optional<std::string> message_id;
  std::optional<core::StreamId> origin;  ///< of the message
  std::optional<std::string> rule;
  std::string reason;
  std::optional<std::string> comment;
  core::Timestamp asked_at;
  core::KeyId actor;
  bool reapplied = false;  ///< by the ledger: holds do not stop it
  std::vector<ErasureTarget> targets;
};

/// `<data>/erasing`: erasures that are not done, one line a target. Written and synced before
/// anything else is done about one, so that a kill at any point leaves what to go on with:
///   {"erasure","project","scope","message_id"?,"origin"?,"rule"?,"reason","comment"?,"at","actor"?,
///    "stream","positions"?:[[from,end],...],"reapplied"?:true}
std::string write_orders(const std::vector<ErasureOrder>& orders);
/// Errors: corruption (naming the line).
core::Result<std::vector<ErasureOrder>> read_orders(std::string_view text);

/// What the ledger says of one erasure of one log.
struct LedgerErasure {
  ErasureOrder order;                                        ///< without comment and positions
  std::map<std::string, std::vector<core::EventId>> events;  ///< by stream
};

/// Events on one line of the ledger.
inline constexpr std::size_t kLedgerLineEvents = 1000;

/// A line of the ledger, which lives outside of data and backups and holds ids only:
///   {"log","erasure","project","scope","message_id"?,"origin"?,"rule"?,"reason","at","actor"?,
///    "stream","events":[id,...]}
std::string ledger_line(const core::Uuid& log_id, const ErasureOrder& order,
                        const core::StreamId& stream, const std::vector<core::EventId>& events);
/// Erasures of the log `log_id`, in order; lines of other logs are passed over, and so is a last
/// line without an end: its erasure was not begun. Errors: corruption (naming the line).
core::Result<std::vector<LedgerErasure>> read_ledger(std::string_view text,
                                                     const core::Uuid& log_id);

}  // namespace hansard::cli
