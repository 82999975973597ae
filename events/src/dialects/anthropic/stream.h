#pragma once

#include <memory>
#include <span>
#include <vector>

#include "events/dialects/answer.h"

/// The streamed form of a message. Private to src/dialects/anthropic.
namespace hansard::events::anthropic {

/// Of a message, where frames are kept that are not understood.
inline constexpr std::string_view kFrames = "_frames";

std::unique_ptr<StreamedAnswer> make_stream();
std::vector<TimedFrame> write_stream(const Json& body, const Json& track);

/// Under which member a block keeps what its deltas of text bring, by the type of the block; empty
/// for those whose deltas bring JSON, and for unknown ones.
std::string_view text_key(std::string_view block_type);
/// tool_use, server_tool_use, mcp_tool_use, and their like to come.
bool has_input(std::string_view block_type);

}  // namespace hansard::events::anthropic
