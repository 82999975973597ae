#pragma once

#include <optional>
#include <string>
#include <vector>

#include "events/session/commands.h"
#include "formats/claude_code_line.h"

/// One answer of a model, put together from its lines. Private to the reader of Claude Code logs.
namespace hansard::importers::claude_code {

class Answer {
 public:
  Answer(std::string message_id, std::size_t node) : id_(std::move(message_id)), node_(node) {}

  void add(const Line& line, const events::Json& session_setting);
  /// The answer and its calls. Errors: invalid_argument (it is no message).
  [[nodiscard]] core::Result<std::vector<events::RecordedStep>> steps() const;

  [[nodiscard]] const std::string& message_id() const { return id_; }
  [[nodiscard]] std::size_t node() const { return node_; }
  [[nodiscard]] std::uint64_t last_line() const { return last_line_; }

  /// Results and records that came while it was not whole; they follow it.
  std::vector<events::RecordedStep> after;
  std::size_t messages = 1;  ///< it, and those in `after`
  std::size_t attached = 0;

 private:
  std::string id_;
  std::size_t node_;
  events::Json::Array blocks_;
  events::Json last_;  ///< the message of the last line
  std::optional<events::Json> usage_;
  std::optional<events::Json> stop_reason_;
  std::string request_;
  events::Json lines_;
  std::optional<core::Timestamp> time_;                     ///< of the last line that has one
  std::vector<std::optional<core::Timestamp>> call_times_;  ///< of the lines of its calls
  std::uint64_t last_line_ = 0;
};

/// The blocks of a message; a text is one block.
events::Json::Array blocks_of(const events::Json& message);

}  // namespace hansard::importers::claude_code
