#include "core/signer.h"

#include <gtest/gtest.h>

#include <cstring>

#include "ossl/ed25519.h"
#include "support/golden.h"

namespace hansard::ossl {
namespace {

using support::from_hex;

template <class T>
T bytes_of(const char* hex) {
  T out;
  const std::string bytes = from_hex(hex);
  std::memcpy(out.data(), bytes.data(), out.size());
  return out;
}

TEST(Ed25519, VerifiesTheVectorsOfRfc8032) {
  const Ed25519Verifier verifier;
  const auto key =
      bytes_of<core::PublicKey>("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
  auto signature = bytes_of<core::Signature>(
      "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
      "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00");
  EXPECT_TRUE(verifier.verify(key, "r", signature));
  EXPECT_FALSE(verifier.verify(key, "s", signature));
  signature[0] ^= 1;
  EXPECT_FALSE(verifier.verify(key, "r", signature));
  EXPECT_FALSE(verifier.verify(core::PublicKey{}, "r", signature));
}

TEST(Ed25519, SignsAsTheVectorsOfRfc8032AfterReadingTheKeyFromPem) {
  // PKCS#8 of the secret key of RFC 8032 §7.1, test 2.
  const auto key = Ed25519Key::parse_pem(
      "-----BEGIN PRIVATE KEY-----\n"
      "MC4CAQAwBQYDK2VwBCIEIEzNCJso/5banbbDRuwRTg9bijGfNaumJNqM9u1PuKb7\n"
      "-----END PRIVATE KEY-----\n");
  ASSERT_TRUE(key);
  EXPECT_EQ(key->sign("r"),
            bytes_of<core::Signature>(
                "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
                "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"));
}

TEST(Ed25519, KeepsAKeyAsPem) {
  const Ed25519Key key = Ed25519Key::draw();
  const auto again = Ed25519Key::parse_pem(key.pem());
  ASSERT_TRUE(again);
  EXPECT_EQ(again->public_key(), key.public_key());
  EXPECT_EQ(again->sign("text"), key.sign("text"));
  EXPECT_TRUE(Ed25519Verifier().verify(key.public_key(), "text", key.sign("text")));
  EXPECT_NE(Ed25519Key::draw().public_key(), key.public_key());
}

TEST(Ed25519, RefusesOtherKeys) {
  EXPECT_FALSE(Ed25519Key::parse_pem(""));
  EXPECT_FALSE(Ed25519Key::parse_pem("no key"));
  EXPECT_FALSE(Ed25519Key::parse_pem(std::string(5000, 'x')));
  // X25519, which is of the same size.
  EXPECT_EQ(
      Ed25519Key::parse_pem("-----BEGIN PRIVATE KEY-----\n"
                            "MC4CAQAwBQYDK2VuBCIEIEzNCJso/5banbbDRuwRTg9bihGfNaumJNqM9u1PuKb7\n"
                            "-----END PRIVATE KEY-----\n")
          .error()
          .code,
      core::Errc::invalid_argument);
}

}  // namespace
}  // namespace hansard::ossl
