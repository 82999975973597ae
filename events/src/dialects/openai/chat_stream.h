#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "events/dialects/answer.h"

/// The streamed form of a chat completion. Private to src/dialects/openai.
namespace hansard::events::openai {

/// Of a body, where frames are kept that are not understood.
inline constexpr std::string_view kChatFrames = "_frames";

std::unique_ptr<StreamedAnswer> make_chat_stream();
std::vector<TimedFrame> write_chat_stream(const Json& body, const Json& track);

/// A text of a message that comes in deltas under its own name.
struct ChatText {
  char what;  ///< in the track
  std::string_view key;
};
/// Thinking comes before what is said.
inline constexpr std::array<ChatText, 5> kChatTexts{{
    {'r', "reasoning_content"},
    {'s', "reasoning"},
    {'u', "reasoning_text"},
    {'c', "content"},
    {'f', "refusal"},
}};
/// Likewise of `audio`.
inline constexpr std::array<ChatText, 2> kAudioTexts{{{'t', "transcript"}, {'b', "data"}}};
/// Lists of `logprobs`, of which deltas bring elements.
inline constexpr std::array<ChatText, 2> kLogprobs{{{'l', "content"}, {'n', "refusal"}}};

/// Under which member a tool call has its name and arguments, and those their text: `function` and
/// `arguments`, or `custom` and `input`.
struct CallText {
  std::string_view around, key;
};
CallText call_text(const Json& call);

/// The text of a content part to which deltas can add: of {type, text} and of {type, thinking:
/// [{type, text}]}. Nullptr for every other part, which comes whole.
const std::string* open_text(const Json& part);
std::string* open_text(Json& part);
/// Whether a delta of the one would be added to the other.
bool continues(const Json& before, const Json& part);

/// Under which member an element of `reasoning_details` has its text, by its type.
std::string_view detail_key(const Json& detail);
/// Whether elements of `reasoning_details` can be told apart by type and index.
bool details_are_named(const Json& details);

/// Whether two elements of a list name the same place in it.
bool same_index(const Json& a, const Json& b);

}  // namespace hansard::events::openai
