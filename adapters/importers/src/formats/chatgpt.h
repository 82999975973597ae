#pragma once

#include <memory>

#include "events/json.h"
#include "importers/reader.h"

namespace hansard::importers {

/// ChatGPT exports (`conversations.json`, or its numbered parts): conversations as trees of
/// messages under `mapping`.
///
/// Sessions
///   of a conversation   named by its id; the first child of every node goes on with it
///   of a branch         `<conversation>~<its first node>`, forked at the message it leaves (reason
///                       edit for a user's message, retry for an answer)
/// So a conversation that went on elsewhere keeps what was recorded of it. The branch a person sees
/// is the one with `current_node`: the settings of the conversation name its session
/// (`current_session`), beside the title and whatever else the export says; they are a
/// `SessionConfigured` for each state that an export shows.
///
/// Messages are named by their nodes. An assistant's message to somebody else than `all` is a tool
/// call, and a tool's message the result of the latest open call to it. Thoughts are thinking
/// parts, pictures and sound parts with their `asset_pointer` as `url`. Kinds of content that are
/// not known are attached. There are no counts of tokens in an export.
/// Thumbs in `message_feedback.json` beside it become scores of their messages, in the session that
/// holds those.
/// Memory: one conversation.
std::unique_ptr<Reader> chatgpt_reader(ReaderEvents events);
bool is_chatgpt(const events::Json& record);

}  // namespace hansard::importers
