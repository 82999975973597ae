#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "events/dialects/answer.h"

/// What streams of several dialects share. Private to src/dialects.
namespace hansard::events {

/// Replaces the first member of that name, or adds it. @pre object is one
void set_member(Json& object, std::string_view key, Json value);
void drop_member(Json& object, std::string_view key);

/// {"event", "data"}: a frame as it is kept that nobody understood.
Json kept_frame(const StreamFrame& frame);
/// Kept frames as they came, at `at_us`; what is none of them is passed over.
void write_kept(const Json* frames, std::uint64_t at_us, std::vector<TimedFrame>& out);

}  // namespace hansard::events
