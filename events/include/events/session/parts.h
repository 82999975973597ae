#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "events/json.h"

namespace hansard::events {

/// One piece of a message. A part keeps the JSON object it came as, so unknown kinds and unknown
/// members survive; this class only reads what we know.
///
///   kind         members we read
///   text         text
///   thinking     text
///   refusal      text
///   image        image_url | url | data | file_id  (as the dialect gave it)
///   audio, file  likewise
///   tool_call    tool_call_id, index  (place among the message's calls, from 0; tool and arguments
///   are in `ToolCalled`) tool_result  tool_call_id         (the output is in `ToolCompleted`)
struct Part {
  Json json;  ///< an object with a string member `type`

  [[nodiscard]] std::string_view kind() const;  ///< `type`; empty when malformed
  /// What a person reads: of text, thinking and refusal parts. Nothing for other kinds.
  [[nodiscard]] std::optional<std::string_view> text() const;
  [[nodiscard]] std::optional<std::string_view> tool_call_id() const;
  /// `index` of a tool_call part, when it has one.
  [[nodiscard]] std::optional<std::uint32_t> call_index() const;

  static Part make_text(std::string text);
  static Part make_thinking(std::string text);
  static Part make_refusal(std::string text);
  static Part make_tool_call(std::string tool_call_id, std::uint32_t index);
  static Part make_tool_result(std::string tool_call_id);
};

using Parts = std::vector<Part>;

/// Form of one part: an object with a known or unknown `type`; known kinds have the members they
/// need, of the right type. Errors: invalid_argument naming `path.member`.
core::Status check_part(const Json& part, std::string_view path);

/// UTF-8 bytes of all text parts.
std::uint64_t text_bytes(const Parts& parts);

/// Text parts joined with line feeds; what lists and search show.
std::string plain_text(const Parts& parts);

}  // namespace hansard::events
