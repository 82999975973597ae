#pragma once

#include <cstdint>

namespace hansard::erasure {

/// Erases a conversation and kills the server at a random moment of that, then starts it again and
/// sees the erasure through; so often.
void kill_erasures(int rounds, std::uint32_t seed);

}  // namespace hansard::erasure
