#pragma once

#include <optional>
#include <string>

#include "projections/counters.h"
#include "projections/history.h"

namespace hansard::projections {

/// Settings in force: each from the latest SessionConfigured that gave it, inherited ones included.
struct SessionConfig {
  std::optional<std::string> provider;
  std::optional<std::string> model;
  std::optional<std::string> system;  ///< absent too when erased; `system_hash` then remains
  std::optional<std::string> system_hash;
  std::optional<events::Json> tools;  ///< likewise, with `tools_hash` and `tools_count`
  std::optional<std::string> tools_hash;
  std::optional<std::uint64_t> tools_count;
  std::optional<events::Json> settings;
};

struct Overview {
  core::ProjectId project;
  core::StreamId stream;
  Moment as_of;
  bool ended = false;
  std::optional<Entry> created;  ///< user, agent, app, tags, title, metadata
  std::optional<Origin> origin;
  EntryInfo first;                                ///< of the session's own events
  std::optional<core::Timestamp> first_occurred;  ///< earliest and latest known `occurred_at`
  std::optional<core::Timestamp> last_occurred;
  SessionCounters counters;  ///< of the session's own events, without inherited ones
  SessionConfig config;
  Erasures erasures;    ///< as `History`
  bool erased = false;  ///< likewise
};

/// The summary of a history; `SessionReader::overview` is this over `SessionReader::history`.
Overview summarise(const History& history);

}  // namespace hansard::projections
