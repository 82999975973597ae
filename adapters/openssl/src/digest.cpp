#include "ossl/digest.h"

#include <openssl/evp.h>

#include "core/assert.h"

namespace hansard::ossl {
namespace {

constexpr const char* kCannotFail = "hashing fails only when OpenSSL is broken or out of memory";

struct FreeDigest {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

}  // namespace

struct Sha256::Context {
  std::unique_ptr<EVP_MD_CTX, FreeDigest> digest{EVP_MD_CTX_new()};

  void begin() const {
    HANSARD_ASSERT(digest && EVP_DigestInit_ex2(digest.get(), EVP_sha256(), nullptr) == 1,
                   kCannotFail);
  }
};

Sha256::Sha256() : context_(std::make_unique<Context>()) { context_->begin(); }
Sha256::~Sha256() = default;

void Sha256::add(std::string_view bytes) {
  if (bytes.empty()) return;
  const bool added = EVP_DigestUpdate(context_->digest.get(), bytes.data(), bytes.size()) == 1;
  HANSARD_ASSERT(added, kCannotFail);
}

core::Hash Sha256::finish() {
  core::Hash hash;
  const bool done = EVP_DigestFinal_ex(context_->digest.get(), hash.data(), nullptr) == 1;
  HANSARD_ASSERT(done, kCannotFail);
  context_->begin();
  return hash;
}

}  // namespace hansard::ossl
