#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "events/json.h"

/// Conversations as people read them, from the JSON of the HTTP surface. All text of others is made
/// printable (`terminal.h`); everything ends with a line feed.
namespace hansard::cli {

/// Text as it is, other values as JSON.
std::string plain(const events::Json& value);
/// `text` printable, every line of it behind `indent`.
std::string indented(std::string_view text, const std::string& indent);
/// Adds a piece to a line of several, unless it is empty.
void add_piece(std::string& line, const std::string& piece);
/// `212 tokens in, 19 out`, from a `usage` or `tokens` object; empty where nothing is known.
std::string tokens_text(const events::Json* usage);

/// Who and what a session or its history is about.
std::string head_text(const events::Json& session);
/// A message under its heading; `results`: with what its tools gave back.
std::string message_text(const events::Json& message, bool results = true);
/// Everything that is no message, in one line of its own words.
std::string event_text(const events::Json& event);

/// One thing that happened, with its text and where it stands.
struct Turn {
  std::uint64_t position = 0;
  std::uint64_t version = 0;
  bool inherited = false;
  std::string recorded_at;
  std::string occurred_at;  ///< empty: unknown
  std::string text;
  const events::Json* json = nullptr;  ///< borrowed from the session; null for a result by itself
};
/// The messages and events of a history (or of one side of a diff), as recorded. `apart`: a tool's
/// result is a turn of its own, at its own time.
std::vector<Turn> turns_of(const events::Json& session, bool apart = false);

}  // namespace hansard::cli
