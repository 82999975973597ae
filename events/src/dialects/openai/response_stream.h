#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "events/dialects/answer.h"

/// The streamed form of a response. Private to src/dialects/openai.
namespace hansard::events::openai {

/// Of a response, where frames are kept that are not understood.
inline constexpr std::string_view kFrames = "_frames";

std::unique_ptr<StreamedAnswer> make_response_stream();
std::vector<TimedFrame> write_response_stream(const Json& body, const Json& track);

/// A kind of text that comes in deltas: `response.<name>.delta` and `.done`.
struct TextChannel {
  std::string_view name;
  char what;                   ///< in the track
  std::string_view index_key;  ///< which of several in the item; empty where there is one
  std::string_view done_key;   ///< of the whole text in `.done`
  std::string_view item_type;  ///< that has it
  std::string_view part_type;  ///< of `t` and `s`
};
inline constexpr std::array<TextChannel, 10> kTextChannels{{
    {"output_text", 't', "content_index", "text", "message", "output_text"},
    {"refusal", 't', "content_index", "refusal", "message", "refusal"},
    {"reasoning_text", 't', "content_index", "text", "reasoning", "reasoning_text"},
    {"reasoning_summary_text", 's', "summary_index", "text", "reasoning", "summary_text"},
    {"function_call_arguments", 'a', "", "arguments", "function_call", ""},
    {"mcp_call_arguments", 'a', "", "arguments", "mcp_call", ""},
    {"custom_tool_call_input", 'i', "", "input", "custom_tool_call", ""},
    {"code_interpreter_call_code", 'c', "", "code", "code_interpreter_call", ""},
    {"apply_patch_call_operation_diff", 'd', "", "diff", "apply_patch_call", ""},
    {"shell_call_command", 'm', "command_index", "command", "shell_call", ""},
}};

/// The channel of an event's type without `response.` and `.delta` or `.done`.
const TextChannel* channel_named(std::string_view name);

/// A text of an item: where it stands does not depend on its channel.
struct TextPlace {
  char what = 't';
  std::size_t index = 0;
  auto operator<=>(const TextPlace&) const = default;
};
/// The string there, or nullptr.
const Json* find_text(const Json& item, TextPlace place);
Json* find_text(Json& item, TextPlace place);
/// Likewise; made where it is the next of its kind. Nullptr where it cannot be.
Json* reach_text(Json& item, const TextChannel& channel, std::size_t index);
/// Every text of an item that a channel can bring, in the order in which they come.
struct ItemText {
  const TextChannel* channel = nullptr;
  TextPlace place;
};
std::vector<ItemText> texts_of(const Json& item);

/// `1a`, `0t2`: how the track calls a text of an item.
std::string track_key(std::size_t item, TextPlace place, bool indexed);

}  // namespace hansard::events::openai
