#include "ossl/ed25519.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <utility>

#include "core/assert.h"

namespace hansard::ossl {
namespace {

constexpr const char* kCannotFail = "signing fails only when OpenSSL is broken or out of memory";

template <auto free>
struct Free {
  template <class T>
  void operator()(T* object) const {
    free(object);
  }
};
using OwnedKey = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using OwnedContext = std::unique_ptr<EVP_MD_CTX, Free<EVP_MD_CTX_free>>;
using OwnedBio = std::unique_ptr<BIO, Free<BIO_free_all>>;

const unsigned char* data_of(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

}  // namespace

struct Ed25519Key::Key {
  OwnedKey pair;
};

Ed25519Key::Ed25519Key(std::unique_ptr<Key> key) : key_(std::move(key)) {
  std::size_t size = public_key_.size();
  const int got = EVP_PKEY_get_raw_public_key(key_->pair.get(), public_key_.data(), &size);
  HANSARD_ASSERT(got == 1 && size == public_key_.size(), "an Ed25519 key has a public half");
}
Ed25519Key::~Ed25519Key() = default;
Ed25519Key::Ed25519Key(Ed25519Key&&) noexcept = default;
Ed25519Key& Ed25519Key::operator=(Ed25519Key&&) noexcept = default;

Ed25519Key Ed25519Key::draw() {
  OwnedKey pair(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  HANSARD_ASSERT(pair != nullptr, kCannotFail);
  return Ed25519Key(std::make_unique<Key>(Key{std::move(pair)}));
}

core::Result<Ed25519Key> Ed25519Key::parse_pem(std::string_view text) {
  constexpr std::size_t kMaxBytes = 4096;
  const core::Error wrong{core::Errc::invalid_argument,
                          "it is no Ed25519 key in PKCS#8 PEM without a passphrase"};
  if (text.size() > kMaxBytes) return wrong;
  const OwnedBio bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  HANSARD_ASSERT(bio != nullptr, kCannotFail);
  // An encrypted key must not make OpenSSL ask the terminal for a passphrase.
  const auto no_passphrase = [](char*, int, int, void*) { return -1; };
  OwnedKey pair(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr));
  ERR_clear_error();
  if (pair == nullptr || EVP_PKEY_get_base_id(pair.get()) != EVP_PKEY_ED25519) return wrong;
  return Ed25519Key(std::make_unique<Key>(Key{std::move(pair)}));
}

core::Signature Ed25519Key::sign(std::string_view message) const {
  const OwnedContext context(EVP_MD_CTX_new());
  core::Signature signature{};
  std::size_t size = signature.size();
  const bool good =
      context != nullptr &&
      EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key_->pair.get()) == 1 &&
      EVP_DigestSign(context.get(), signature.data(), &size, data_of(message), message.size()) == 1;
  HANSARD_ASSERT(good && size == signature.size(), kCannotFail);
  return signature;
}

std::string Ed25519Key::pem() const {
  const OwnedBio bio(BIO_new(BIO_s_secmem()));
  HANSARD_ASSERT(bio != nullptr, kCannotFail);
  const int written = PEM_write_bio_PKCS8PrivateKey(bio.get(), key_->pair.get(), nullptr, nullptr,
                                                    0, nullptr, nullptr);
  HANSARD_ASSERT(written == 1, kCannotFail);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return std::string(data, static_cast<std::size_t>(size));
}

bool Ed25519Verifier::verify(const core::PublicKey& key, std::string_view message,
                             const core::Signature& signature) const {
  const OwnedKey only_public(
      EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, key.data(), key.size()));
  const OwnedContext context(EVP_MD_CTX_new());
  const bool good =
      only_public != nullptr && context != nullptr &&
      EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, only_public.get()) == 1 &&
      EVP_DigestVerify(context.get(), signature.data(), signature.size(), data_of(message),
                       message.size()) == 1;
  ERR_clear_error();
  return good;
}

}  // namespace hansard::ossl
