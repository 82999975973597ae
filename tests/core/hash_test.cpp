#include "core/hash.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <thread>
#include <vector>

#include "ossl/random.h"
#include "support/events.h"

namespace hansard::core {
namespace {

using support::hasher;

std::string sha(std::initializer_list<std::string_view> pieces) {
  return to_hex(as_bytes(hasher().sha256(pieces)));
}
std::string hmac(std::string_view key, std::initializer_list<std::string_view> pieces) {
  return to_hex(as_bytes(hasher().hmac_sha256(key, pieces)));
}

TEST(Hasher, GivesTheSha256OfTheStandard) {
  EXPECT_EQ(sha({}), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha({"abc"}), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha({"a", "", "bc"}), sha({"abc"}));
  EXPECT_EQ(sha({std::string(1'000'000, 'a')}),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Hasher, GivesTheHmacOfRfc4231) {
  EXPECT_EQ(hmac(std::string(20, '\x0b'), {"Hi There"}),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  EXPECT_EQ(hmac("Jefe", {"what do ya want ", "for nothing?"}),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(
      hmac(std::string(131, '\xaa'), {"Test Using Larger Than Block-Size Key - Hash Key First"}),
      "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
  EXPECT_EQ(hmac("", {""}), "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

TEST(Hasher, KeysTakenInTurnEachGiveTheirOwn) {
  const std::string jefe = hmac("Jefe", {"what do ya want ", "for nothing?"});
  const std::string none = hmac("", {""});
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(hmac("Jefe", {"what do ya want for nothing?"}), jefe);
    EXPECT_EQ(hmac("", {}), none);
    EXPECT_EQ(hmac("", {""}), none);
    EXPECT_NE(hmac("Jeff", {"what do ya want for nothing?"}), jefe);
  }
}

TEST(Hasher, WorksOnManyThreadsAtOnce) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([t] {
      const std::string text = "thread " + std::to_string(t);
      const std::string expected = sha({text});
      const std::string expected_mac = hmac(text, {text});
      for (int i = 0; i < 2000; ++i) {
        ASSERT_EQ(sha({text}), expected);
        ASSERT_EQ(hmac(text, {text}), expected_mac);
      }
    });
  }
  for (auto& thread : threads) thread.join();
}

TEST(KeyedHash, TellsApartTriplesThatConcatenateAlike) {
  Hash key{};
  key.fill(7);
  const KeyedHash keyed(hasher(), key);
  std::set<Hash> hashes = {keyed("ab", "c", "d"), keyed("a", "bc", "d"), keyed("a", "b", "cd"),
                           keyed("abcd", "", ""), keyed("", "abcd", ""), keyed("", "", "abcd")};
  EXPECT_EQ(hashes.size(), 6U);
  EXPECT_EQ(keyed("user", "default", "ada"), keyed("user", "default", "ada"));
  key.fill(8);
  EXPECT_NE(KeyedHash(hasher(), key)("user", "default", "ada"), keyed("user", "default", "ada"));
}

TEST(Random, DrawsSomethingElseEachTime) {
  std::set<Hash> drawn;
  for (int i = 0; i < 100; ++i) drawn.insert(ossl::random_hash());
  EXPECT_EQ(drawn.size(), 100U);
  std::vector<std::uint8_t> bytes(3U << 20);
  ossl::random_bytes(bytes);
  std::vector<int> seen(256);
  for (const auto byte : bytes) ++seen[byte];
  for (const int count : seen) EXPECT_NEAR(count, 12288, 1500);
  ossl::random_bytes({});
}

}  // namespace
}  // namespace hansard::core
