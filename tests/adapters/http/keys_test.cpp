#include "http/keys.h"

#include <gtest/gtest.h>

#include "http/key_failures.h"
#include "support/events.h"

namespace hansard::http {
namespace {

constexpr std::string_view kSecret = "hsd_0123456789abcdefXYZ";

core::KeyedHash keyed_hash(std::uint8_t seed = 7) {
  core::Hash key{};
  key.fill(seed);
  return {support::hasher(), key};
}

ApiKey api_key(std::string name, std::string_view secret, Scopes scopes = {Scope::write}) {
  return {std::move(name), std::string(secret), support::project("acme"), scopes};
}

KeyFault fault(const KeyRing& ring, std::string_view key, core::Timestamp now = {}) {
  const auto found = ring.find(key, now);
  EXPECT_FALSE(found.hold);
  return found.fault;
}

core::KeyId actor(const KeyRing& ring, std::string_view key) {
  const auto found = ring.find(key, {});
  EXPECT_TRUE(found.hold);
  return found.hold ? found.hold->principal.actor : core::KeyId{};
}

KeyOnRecord on_record(const KeyRing& ring, std::string_view secret, std::uint8_t id) {
  KeyOnRecord key;
  key.id.bytes[0] = id;
  key.name = "recorded";
  key.project = support::project("acme");
  key.secret = ring.hash_of(secret);
  key.scopes = {Scope::read};
  return key;
}

TEST(Keys, AKeyNamesItsPrincipal) {
  const auto ring = KeyRing::make(keyed_hash(), {api_key("ci", kSecret, {Scope::read})});
  ASSERT_TRUE(ring);
  const auto hold = ring->find(kSecret, {}).hold;
  ASSERT_TRUE(hold);
  const Principal* const who = &hold->principal;
  EXPECT_EQ(who->project.text(), "acme");
  EXPECT_EQ(who->key_name, "ci");
  EXPECT_TRUE(who->scopes.has(Scope::read));
  EXPECT_FALSE(who->scopes.has(Scope::write));
  EXPECT_FALSE(who->actor.is_nil());
  EXPECT_EQ(who->actor.bytes[6] >> 4, 8) << "a UUIDv8";
}

TEST(Keys, OthersAreUnknown) {
  const auto ring = KeyRing::make(keyed_hash(), {api_key("ci", kSecret)});
  ASSERT_TRUE(ring);
  EXPECT_EQ(fault(*ring, ""), KeyFault::malformed);
  EXPECT_EQ(fault(*ring, kSecret.substr(0, kSecret.size() - 1)), KeyFault::unknown);
  EXPECT_EQ(fault(*ring, std::string(kSecret) + "a"), KeyFault::unknown);
}

TEST(Keys, TheActorSurvivesAChangeOfTheSecret) {
  const auto before = KeyRing::make(keyed_hash(), {api_key("ci", kSecret)});
  const auto after = KeyRing::make(keyed_hash(), {api_key("ci", "hsd_another_secret_here")});
  ASSERT_TRUE(before && after);
  EXPECT_EQ(actor(*before, kSecret), actor(*after, "hsd_another_secret_here"));
}

TEST(Keys, ActorsOfTwoNamesProjectsOrStoresDiffer) {
  ApiKey other = api_key("ci", kSecret);
  other.project = support::project("other");
  const auto a = KeyRing::make(keyed_hash(), {api_key("ci", kSecret)});
  const auto b = KeyRing::make(keyed_hash(), {api_key("cd", kSecret)});
  const auto c = KeyRing::make(keyed_hash(), {other});
  const auto d = KeyRing::make(keyed_hash(8), {api_key("ci", kSecret)});
  EXPECT_NE(actor(*a, kSecret), actor(*b, kSecret));
  EXPECT_NE(actor(*a, kSecret), actor(*c, kSecret));
  EXPECT_NE(actor(*a, kSecret), actor(*d, kSecret));
}

TEST(Keys, BadConfigurationIsRefusedNamingTheFieldAndNeverTheKey) {
  const struct {
    std::vector<ApiKey> keys;
    std::string field;
  } cases[] = {
      {{api_key("", kSecret)}, "keys[0].name"},
      {{api_key("a b", kSecret)}, "keys[0].name"},
      {{api_key("a", "hsd_short")}, "keys[0].key"},
      {{api_key("a", "sk_0123456789abcdefXYZ")}, "keys[0].key"},
      {{api_key("a", "hsd_0123456789abcdef/../x")}, "keys[0].key"},
      {{api_key("a", kSecret, {})}, "keys[0].scopes"},
      {{api_key("a", kSecret), api_key("a", "hsd_another_secret_here")}, "keys[1].name"},
      {{api_key("a", kSecret), api_key("b", kSecret)}, "keys[1].key"},
  };
  for (const auto& c : cases) {
    const auto ring = KeyRing::make(keyed_hash(), c.keys);
    ASSERT_FALSE(ring) << c.field;
    EXPECT_EQ(ring.error().field, c.field);
    EXPECT_EQ(ring.error().message.find("0123456789"), std::string::npos);
  }
}

TEST(Keys, OnRecordOpenUntilTheyAreRevoked) {
  KeyRing ring = KeyRing::make(keyed_hash(), {}).value();
  EXPECT_TRUE(ring.empty());
  const auto keyless = ring.keyless();
  EXPECT_FALSE(keyless->ended({}));
  int told = 0;
  ring.on_end([&] { ++told; });

  ring.add(on_record(ring, kSecret, 1));
  EXPECT_FALSE(ring.empty());
  EXPECT_EQ(keyless->ended({}), HoldEnd::needed) << "whoever came without a key needs one now";
  EXPECT_EQ(told, 1);
  const auto hold = ring.find(kSecret, {}).hold;
  ASSERT_TRUE(hold);
  EXPECT_EQ(hold->principal.key_name, "recorded");

  const KeyRing copy = ring;
  ring.revoke(hold->principal.actor);
  EXPECT_EQ(told, 2);
  EXPECT_EQ(hold->ended({}), HoldEnd::revoked) << "what it opened ends, too";
  EXPECT_EQ(fault(copy, kSecret), KeyFault::revoked) << "copies are the same ring";
  EXPECT_FALSE(ring.empty()) << "taking away the last key must not open the door";
  ring.on_end(nullptr);
}

TEST(Keys, EndAtTheirTime) {
  KeyRing ring = KeyRing::make(keyed_hash(), {}).value();
  KeyOnRecord key = on_record(ring, kSecret, 1);
  key.expires_at = support::at_us(100);
  ring.add(key);
  const auto hold = ring.find(kSecret, support::at_us(99)).hold;
  ASSERT_TRUE(hold);
  EXPECT_FALSE(hold->ended(support::at_us(99)));
  EXPECT_EQ(hold->ended(support::at_us(100)), HoldEnd::expired);
  EXPECT_EQ(fault(ring, kSecret, support::at_us(100)), KeyFault::expired);
}

TEST(Keys, ConfiguredOnesAreNotRevoked) {
  KeyRing ring = KeyRing::make(keyed_hash(), {api_key("ci", kSecret)}).value();
  ring.revoke(actor(ring, kSecret));
  EXPECT_TRUE(ring.find(kSecret, {}).hold);
  ASSERT_EQ(ring.list().size(), 1U);
  EXPECT_TRUE(ring.list().front().configured);
}

TEST(KeyFailures, AreCountedByAddressAndComeBackWithTime) {
  KeyFailures failures(3);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(failures.failed("192.0.2.1", {}), 0U);
  EXPECT_EQ(failures.failed("192.0.2.1", {}), 20U) << "three a minute";
  EXPECT_EQ(failures.failed("192.0.2.2", {}), 0U) << "another address";
  EXPECT_EQ(failures.failed("192.0.2.1", support::at_us(20'000'000)), 0U);
  EXPECT_GT(failures.failed("192.0.2.1", support::at_us(20'000'000)), 0U);
}

TEST(KeyFailures, OfOneNetworkOfIpv6CountTogether) {
  KeyFailures failures(1);
  EXPECT_EQ(failures.failed("2001:db8:0:1::1", {}), 0U);
  EXPECT_GT(failures.failed("2001:db8:0:1:ffff::2", {}), 0U);
  EXPECT_EQ(failures.failed("2001:db8:0:2::1", {}), 0U);
}

TEST(KeyFailures, RememberABoundedNumberOfAddresses) {
  KeyFailures failures(1);
  EXPECT_EQ(failures.failed("first", {}), 0U);
  EXPECT_GT(failures.failed("first", {}), 0U);
  for (std::size_t i = 0; i < kKeyFailurePeersMax; ++i) failures.failed(std::to_string(i), {});
  EXPECT_EQ(failures.failed("first", {}), 0U) << "forgotten";
}

TEST(Keys, ScopesAreGivenByThemselves) {
  EXPECT_FALSE(Scopes{Scope::admin}.has(Scope::read));
  EXPECT_TRUE(Scopes::all().has(Scope::audit));
  EXPECT_TRUE(parse_scope("audit"));
  EXPECT_EQ(parse_scope("root").error().field, "scopes");
}

}  // namespace
}  // namespace hansard::http
