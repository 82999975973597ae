#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "events/json.h"
#include "importers/reader.h"

namespace hansard::importers {

/// One turn of a dialogue written out as text.
struct DisplayTurn {
  std::string_view role;  ///< system, developer, user, assistant or tool
  std::string_view text;  ///< may have several lines
};

/// Cuts `user: ...\nassistant: ...` into turns. A line that begins with a role and a colon begins a
/// turn; but a message may quote such a line. So the cut is only made when the turns are a
/// conversation: it begins with a system, developer or user turn, a user turn follows an answer, an
/// answer follows a user turn or a tool, and a tool an answer or a tool.
/// @return nothing when they are not, or there is no turn. Views into `text`.
std::optional<std::vector<DisplayTurn>> split_display_text(std::string_view text);

/// Dialogues as display text (few-shot files of tau-bench): `{"messages_display": text, ...}`.
/// `assistant: None` is an answer without text. The text does not say what a tool was asked: its
/// output is the result of a call nobody knows, counted as attached. A text that cannot be cut
/// without guessing is attached whole.
std::unique_ptr<Reader> display_text_reader(ReaderEvents events);

bool is_display_text(const events::Json& record);

}  // namespace hansard::importers
