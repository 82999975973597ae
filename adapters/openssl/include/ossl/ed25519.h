#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "core/result.h"
#include "core/signer.h"

namespace hansard::ossl {

/// An Ed25519 key pair by OpenSSL. Immutable; threads: safe to call concurrently. Cost: 50 us a
/// signature. Running out of memory inside OpenSSL stops the process.
class Ed25519Key final : public core::Signer {
 public:
  /// A new one, from OpenSSL's generator.
  static Ed25519Key draw();
  /// What `pem` or `openssl genpkey -algorithm ed25519` wrote: PKCS#8, unencrypted.
  /// Errors: invalid_argument (no such text, or another kind of key); says nothing of the text.
  static core::Result<Ed25519Key> parse_pem(std::string_view text);
  ~Ed25519Key() override;
  Ed25519Key(Ed25519Key&&) noexcept;
  Ed25519Key& operator=(Ed25519Key&&) noexcept;

  [[nodiscard]] const core::PublicKey& public_key() const override { return public_key_; }
  [[nodiscard]] core::Signature sign(std::string_view message) const override;
  /// The secret, as text to be kept: PKCS#8 in PEM.
  [[nodiscard]] std::string pem() const;

 private:
  struct Key;
  explicit Ed25519Key(std::unique_ptr<Key> key);
  std::unique_ptr<Key> key_;
  core::PublicKey public_key_{};
};

/// Checks Ed25519 signatures by OpenSSL. Threads: safe to call concurrently; holds no state.
class Ed25519Verifier final : public core::SignatureVerifier {
 public:
  [[nodiscard]] bool verify(const core::PublicKey& key, std::string_view message,
                            const core::Signature& signature) const override;
};

}  // namespace hansard::ossl
