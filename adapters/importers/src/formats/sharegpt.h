#pragma once

#include <memory>

#include "events/json.h"
#include "importers/reader.h"

namespace hansard::importers {

/// ShareGPT sets: `{id, conversations: [{from, value}], system?, tools?}`, in a list or one a line.
///
///   human, user                                -> SendMessage
///   gpt, chatgpt, assistant, model, bing, bard -> RecordResponse
///   system                                     -> SendMessage (system)
///   function_call, value `{name, arguments}` or a list of them -> an answer that calls tools
///   observation, tool, function_response       -> the result of the oldest call still open
///
/// `system` beside the list is the session's setting, and so is `tools` where it holds a list (as
/// JSON or as text of it). A speaker nobody knows, or a call that does not parse, is attached. The
/// format has no times, models or usage.
std::unique_ptr<Reader> sharegpt_reader(ReaderEvents events);

/// An object with a list `conversations` whose elements have `from`.
bool is_sharegpt(const events::Json& record);

}  // namespace hansard::importers
