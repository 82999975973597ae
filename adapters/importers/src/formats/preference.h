#pragma once

#include <memory>

#include "events/json.h"
#include "importers/reader.h"

namespace hansard::importers {

/// Preference pairs for fine-tuning (DPO): `{input: {messages, tools?, ...}, preferred_output,
/// non_preferred_output}`, one a line.
///
/// Both outputs answer the same input: where each is one assistant message they are choices 0 and 1
/// of one call. An output of several messages went on from itself; then each of both is a session
/// of its own, the second named `<first>.non_preferred`. Either way the score `preferred` says
/// which answer was chosen. `tools` of the input are the session's settings; nothing else about the
/// input is lost: it is metadata.
std::unique_ptr<Reader> preference_reader(ReaderEvents events);

bool is_preference(const events::Json& record);

}  // namespace hansard::importers
