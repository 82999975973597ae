#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "events/dialects/answer.h"

/// The streamed form of a legacy completion. Private to src/dialects/openai.
namespace hansard::events::openai {

/// Of a body, where frames are kept that are not understood.
inline constexpr std::string_view kCompletionFrames = "_frames";

std::unique_ptr<StreamedAnswer> make_completion_stream();
std::vector<TimedFrame> write_completion_stream(const Json& body, const Json& track);

}  // namespace hansard::events::openai
