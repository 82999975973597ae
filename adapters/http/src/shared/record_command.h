#pragma once

#include <span>
#include <string>
#include <string_view>

#include "core/command_loop.h"
#include "events/json.h"
#include "events/session/commands.h"
#include "http/context.h"
#include "shared/receipts.h"

namespace hansard::http {

/// One of the typed writes: `POST /v1/sessions`, or what is posted below a session.
struct RecordKind {
  std::string_view name;  ///< last segment of the path; empty: `/v1/sessions` itself
  std::string_view doc;
  /// The commands its body may be, as in `events::command_shapes`; a failed answer and a failed
  /// tool have shapes of their own.
  std::string_view shape;
  std::string_view or_shape;  ///< empty: there is only one
  /// Reads the body. `key` names repeats where nothing in the body does.
  core::Result<events::SessionCommand> (*read)(events::Json body, events::CommandMeta meta,
                                               std::string key);
};

std::span<const RecordKind> record_kinds();
/// Nothing of that name: null.
const RecordKind* record_kind(std::string_view name);

/// Who writes, when and how; the same for every write of one request.
struct Author {
  Principal principal;
  core::Timestamp received_at;
  WriteOptions options;
  /// What is told happened elsewhere: times that are not said are unknown, sessions are created and
  /// reopened as needed, what has no place is attached, and what is known already is skipped.
  bool recording = false;
};

/// A command ready for `Context::execute`.
struct PreparedCommand {
  core::CommandContext with;
  events::SessionCommand command;
};

/// @param session  the path's `{id}`; not looked at where the kind begins a session, whose body
///                 says it.
/// Errors: invalid_argument naming the field.
core::Result<PreparedCommand> prepare_command(const Context& context, const RecordKind& kind,
                                              const Author& author, std::string_view session,
                                              events::Json body);

/// The body of `POST /v1/append` ready for the log. Errors: those of `read_append_body`; forbidden
/// (facts about the system without scope admin); those of `events::validate_append`.
core::Result<core::AppendRequest> prepare_append(const Context& context, const Author& author,
                                                 const events::Json& body);

}  // namespace hansard::http
