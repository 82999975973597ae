#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/event_log.h"
#include "sqlite.h"

namespace hansard::search {

/// Raised whenever tables, tokens or documents change: a database of another number is built anew.
inline constexpr std::int64_t kSchema = 2;
/// `HSDs`, in the file's header, so that we know our own.
inline constexpr std::int64_t kApplicationId = 0x48534473;

/// Which tables there are. No text of an event is in any of them; `texts_<project>` hold its
/// tokens.
///
///     state      one row: log, checkpoint, anchor (what the event before the checkpoint is)
///     projects   id, name
///     words      id, word: names of agents, apps, providers, models, tools
///     sessions   id, project, stream, created (position of its SessionCreated), user_hash, agent,
///                app, source, messages (how many messages and answers), first, last (positions of
///                documents)
///     tags       session, tag: key and keyed hash of the value
///     documents  position, session, place (messages and answers up to it), kind, role, at,
///     provider,
///                model, tool
///     texts_<p>  FTS5 without content, one per project; rowid is the position. A table each, so
///     that
///                scores of one project tell nothing about another's texts.
core::Status create_tables(Connection& connection);

/// Speed against memory: settings of each connection.
core::Status set_up_writer(Connection& connection);
core::Status set_up_reader(Connection& connection);

/// The FTS5 table of a project.
std::string texts_table(std::int64_t project);

/// What a database remembers of the last event it has absorbed.
std::string anchor_of(const core::RecordedEvent& event);

/// How the table `tags` has a tag.
std::string tag_text(std::string_view key, std::string_view value_hash);

/// Why this database cannot be used with this log: a sentence for people, or empty. A damaged one
/// is an error with code corruption.
core::Result<std::string> find_fault(const Connection& connection, const core::EventLog& log,
                                     const std::string& log_id, bool check_pages);

}  // namespace hansard::search
