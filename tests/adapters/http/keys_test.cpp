#include "http/keys.h"

#include <gtest/gtest.h>

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

TEST(Keys, AKeyNamesItsPrincipal) {
  const auto ring = KeyRing::make(keyed_hash(), {api_key("ci", kSecret, {Scope::read})});
  ASSERT_TRUE(ring);
  const auto who = ring->find(kSecret);
  ASSERT_TRUE(who);
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
  EXPECT_FALSE(ring->find(""));
  EXPECT_FALSE(ring->find(kSecret.substr(0, kSecret.size() - 1)));
  EXPECT_FALSE(ring->find(std::string(kSecret) + "a"));
}

TEST(Keys, TheActorSurvivesAChangeOfTheSecret) {
  const auto before = KeyRing::make(keyed_hash(), {api_key("ci", kSecret)});
  const auto after = KeyRing::make(keyed_hash(), {api_key("ci", "hsd_another_secret_here")});
  ASSERT_TRUE(before && after);
  EXPECT_EQ(before->find(kSecret)->actor, after->find("hsd_another_secret_here")->actor);
}

TEST(Keys, ActorsOfTwoNamesProjectsOrStoresDiffer) {
  ApiKey other = api_key("ci", kSecret);
  other.project = support::project("other");
  const auto a = KeyRing::make(keyed_hash(), {api_key("ci", kSecret)});
  const auto b = KeyRing::make(keyed_hash(), {api_key("cd", kSecret)});
  const auto c = KeyRing::make(keyed_hash(), {other});
  const auto d = KeyRing::make(keyed_hash(8), {api_key("ci", kSecret)});
  EXPECT_NE(a->find(kSecret)->actor, b->find(kSecret)->actor);
  EXPECT_NE(a->find(kSecret)->actor, c->find(kSecret)->actor);
  EXPECT_NE(a->find(kSecret)->actor, d->find(kSecret)->actor);
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

TEST(Keys, ScopesAreGivenByThemselves) {
  EXPECT_FALSE(Scopes{Scope::admin}.has(Scope::read));
  EXPECT_TRUE(Scopes::all().has(Scope::audit));
  EXPECT_TRUE(parse_scope("audit"));
  EXPECT_EQ(parse_scope("root").error().field, "scopes");
}

}  // namespace
}  // namespace hansard::http
