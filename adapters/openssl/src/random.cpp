#include "ossl/random.h"

#include <openssl/rand.h>

#include <algorithm>

#include "core/assert.h"

namespace hansard::ossl {

void random_bytes(std::span<std::uint8_t> out) {
  constexpr std::size_t kPiece = 1U << 20;  // RAND_bytes counts in int
  while (!out.empty()) {
    const auto piece = out.first(std::min(out.size(), kPiece));
    HANSARD_ASSERT(RAND_bytes(piece.data(), static_cast<int>(piece.size())) == 1,
                   "the generator is seeded by the operating system");
    out = out.subspan(piece.size());
  }
}

core::Hash random_hash() {
  core::Hash hash;
  random_bytes(hash);
  return hash;
}

}  // namespace hansard::ossl
