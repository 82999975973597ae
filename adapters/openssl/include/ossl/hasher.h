#pragma once

#include "core/hash.h"

namespace hansard::ossl {

/// SHA-256 and HMAC-SHA-256 by OpenSSL. Threads: safe to call concurrently; holds no state.
/// Cost: see README.md. Running out of memory inside OpenSSL stops the process.
class OpenSslHasher final : public core::Hasher {
 public:
  [[nodiscard]] core::Hash sha256(std::initializer_list<std::string_view> pieces) const override;
  [[nodiscard]] core::Hash hmac_sha256(
      std::string_view key, std::initializer_list<std::string_view> pieces) const override;
};

}  // namespace hansard::ossl
