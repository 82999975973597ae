#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace hansard::core {

/// Ed25519 (RFC 8032): a public key and a signature.
using PublicKey = std::array<std::uint8_t, 32>;
using Signature = std::array<std::uint8_t, 64>;

/// Signs with one key, as a port (`adapters/openssl` implements it). The secret never leaves it.
/// Threads: all members are safe to call concurrently. They cannot fail.
class Signer {
 public:
  virtual ~Signer() = default;
  [[nodiscard]] virtual const PublicKey& public_key() const = 0;
  [[nodiscard]] virtual Signature sign(std::string_view message) const = 0;
};

/// Checks signatures of anybody. Threads: safe to call concurrently.
class SignatureVerifier {
 public:
  virtual ~SignatureVerifier() = default;
  /// False also for a key that is no point of the curve.
  [[nodiscard]] virtual bool verify(const PublicKey& key, std::string_view message,
                                    const Signature& signature) const = 0;
};

}  // namespace hansard::core
