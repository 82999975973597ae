#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/event_log.h"
#include "core/ids.h"
#include "core/time.h"
#include "events/json.h"
#include "projections/history.h"

namespace hansard::http {

/// An order to erase or to keep, from its facts.
struct Order {
  std::string type;
  core::Version version;
  core::Timestamp at;
  core::KeyId actor;
  events::Json facts;

  /// Text as it is, other values as JSON; empty: there is none.
  [[nodiscard]] std::string fact(std::string_view name) const;
  [[nodiscard]] bool erases() const;
};

/// A reading that is itself on record.
struct AccessSeen {
  core::Timestamp at;
  core::KeyId actor;
  std::string route;
  std::string kind;
};

/// All that an audit report of one conversation is made from.
struct Found {
  projections::History history;
  std::uint64_t events = 0;
  bool gapless = true;
  core::Position first;
  core::Position last;
  core::Timestamp began;
  core::Timestamp ended;
  std::map<core::KeyId, std::uint64_t> actors;
  std::vector<Order> orders;
  std::vector<AccessSeen> accesses;
  bool accesses_cut = false;
};

/// Reads it. Errors: not_found (`session`), those of reading the log, too_large (its history).
/// Cost: the stream twice, and up to 500,000 events of the project's `system`.
core::Result<Found> find_for_report(const core::EventLog& log, const core::ProjectId& project,
                                    const core::StreamId& stream);

/// Text as it is, other values as JSON.
std::string plain_text(const events::Json& value);

}  // namespace hansard::http
