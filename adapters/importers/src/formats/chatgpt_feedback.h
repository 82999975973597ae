#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/result.h"
#include "events/json.h"
#include "events/session/commands.h"

/// What stands in `message_feedback.json` beside the conversations. Private to their reader.
namespace hansard::importers::chatgpt {

/// Thumbs that people gave to answers, by conversation. Memory: the file.
class Feedback {
 public:
  static constexpr std::string_view kFile = "message_feedback.json";

  Feedback() = default;
  /// Errors: invalid_argument (no list of objects).
  static core::Result<Feedback> read(std::string_view text);

  /// Records about messages of a conversation, in the order of the file.
  [[nodiscard]] const std::vector<events::Json>& of(const std::string& conversation) const;

 private:
  std::unordered_map<std::string, std::vector<events::Json>> by_conversation_;
};

/// The message that a record is about; empty when it does not say.
std::string message_of(const events::Json& record);

/// The record as a judgement of the message that the session calls `target`: name `thumbs`, true
/// for up and false for down, by evaluator `user`; what people wrote is the comment, everything
/// else metadata. A record that changed is another judgement.
/// Errors: invalid_argument (no rating that could be a score).
core::Result<events::RecordedStep> score_of(const events::Json& record, const std::string& target);

}  // namespace hansard::importers::chatgpt
