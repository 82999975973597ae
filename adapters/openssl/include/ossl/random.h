#pragma once

#include <cstdint>
#include <span>

#include "core/hash.h"

namespace hansard::ossl {

/// Fills `out` from OpenSSL's generator, seeded by the operating system. A generator that fails
/// stops the process: a salt that can be guessed would undo an erasure. Threads: safe to call
/// concurrently.
void random_bytes(std::span<std::uint8_t> out);

/// 32 random bytes: a salt, or a store key.
core::Hash random_hash();

}  // namespace hansard::ossl
