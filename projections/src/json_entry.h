#pragma once

#include "events/json.h"
#include "projections/context.h"
#include "projections/history.h"
#include "projections/overview.h"

/// Pieces that several JSON shapes share.
namespace hansard::projections {

/// Adds version, position, times, event id and, where they apply, actor, erased, inherited_from.
void add_info(events::Json& to, const EntryInfo& info);
void add_time(events::Json& to, std::string_view key, const std::optional<core::Timestamp>& time);
void add_text(events::Json& to, std::string_view key, const std::optional<std::string>& text);
void add_count(events::Json& to, std::string_view key, const std::optional<std::uint64_t>& count);
void add_json(events::Json& to, std::string_view key, const std::optional<events::Json>& value);

events::Json to_json(const Moment& moment);
events::Json to_json(const SessionConfig& config);
events::Json to_json(const SessionCounters& counters);
/// A map of texts; what is erased shows as `kErasedText` under its key, which is a fact.
events::Json to_json(const events::StringMap& tags);
events::Json erased_tags(const events::StringMap& tag_hashes);

/// session_id, stream, project; and who and what for, where the SessionCreated says so.
void add_identity(events::Json& to, const core::ProjectId& project, const core::StreamId& stream,
                  const std::optional<Entry>& created);
void add_origin(events::Json& to, const std::optional<Origin>& origin,
                const std::optional<Entry>& created);

/// A message as people read it: role, parts with tool calls, arguments and results in place.
/// @pre `is_message(entry.event)`
events::Json message_json(const Entry& entry);
/// A message, or the summary that stands for several.
events::Json context_message_json(const ContextMessage& message);
bool is_message(const events::SessionEvent& event);
/// Any other event: its type, its fields under their own names, where it was recorded.
events::Json event_json(const Entry& entry);

}  // namespace hansard::projections
