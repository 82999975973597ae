#include "ossl/hasher.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <memory>
#include <string>

#include "core/assert.h"

namespace hansard::ossl {
namespace {

constexpr const char* kCannotFail = "hashing fails only when OpenSSL is broken or out of memory";

struct FreeDigest {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
struct FreeMac {
  void operator()(EVP_MAC_CTX* context) const { EVP_MAC_CTX_free(context); }
};

// Fetching an algorithm by name takes locks and string look-ups, so it happens once; it lives as
// long as the process, because thread-local contexts may be destroyed after statics.
const EVP_MD* sha256_algorithm() {
  static const EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  HANSARD_ASSERT(algorithm != nullptr, "the default provider has SHA-256");
  return algorithm;
}

EVP_MAC* hmac_algorithm() {
  static EVP_MAC* const algorithm = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
  HANSARD_ASSERT(algorithm != nullptr, "the default provider has HMAC");
  return algorithm;
}

EVP_MD_CTX* digest_context() {
  thread_local const std::unique_ptr<EVP_MD_CTX, FreeDigest> context(EVP_MD_CTX_new());
  HANSARD_ASSERT(context != nullptr, kCannotFail);
  return context.get();
}

/// A context that begins again with the key it was last given. Giving it one costs several times
/// the hash of a short text (the digest is looked up by name, under a lock), and nearly all that a
/// thread hashes is under one key.
struct KeyedContext {
  const std::unique_ptr<EVP_MAC_CTX, FreeMac> context{EVP_MAC_CTX_new(hmac_algorithm())};
  std::string key;
  bool has_key = false;
};

KeyedContext& mac_context() {
  thread_local KeyedContext keyed;
  HANSARD_ASSERT(keyed.context != nullptr, kCannotFail);
  return keyed;
}

const unsigned char* data_of(std::string_view bytes) {
  static constexpr unsigned char kNone = 0;  // an empty HMAC key must not read as "keep the last"
  return bytes.empty() ? &kNone : reinterpret_cast<const unsigned char*>(bytes.data());
}

}  // namespace

core::Hash OpenSslHasher::sha256(std::initializer_list<std::string_view> pieces) const {
  EVP_MD_CTX* const context = digest_context();
  core::Hash hash;
  bool good = EVP_DigestInit_ex2(context, sha256_algorithm(), nullptr) == 1;
  for (const std::string_view piece : pieces) {
    good = good && EVP_DigestUpdate(context, data_of(piece), piece.size()) == 1;
  }
  good = good && EVP_DigestFinal_ex(context, hash.data(), nullptr) == 1;
  HANSARD_ASSERT(good, kCannotFail);
  return hash;
}

core::Hash OpenSslHasher::hmac_sha256(std::string_view key,
                                      std::initializer_list<std::string_view> pieces) const {
  KeyedContext& keyed = mac_context();
  EVP_MAC_CTX* const context = keyed.context.get();
  core::Hash hash;
  std::size_t length = 0;
  bool good = false;
  if (keyed.has_key && keyed.key == key) {
    good = EVP_MAC_init(context, nullptr, 0, nullptr) == 1;
  } else {
    char digest[] = "SHA256";
    const OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, sizeof digest - 1),
        OSSL_PARAM_construct_end()};
    good = EVP_MAC_init(context, data_of(key), key.size(), parameters) == 1;
    keyed.key = key;
    keyed.has_key = good;
  }
  for (const std::string_view piece : pieces) {
    good = good && EVP_MAC_update(context, data_of(piece), piece.size()) == 1;
  }
  good = good && EVP_MAC_final(context, hash.data(), &length, hash.size()) == 1;
  HANSARD_ASSERT(good && length == hash.size(), kCannotFail);
  return hash;
}

}  // namespace hansard::ossl
