// Configuration: what is accepted, and what becomes of base URLs, keys and fields.
#include <gtest/gtest.h>
#include <stdlib.h>

#include "base_url.h"
#include "talk.h"
#include "upstream.h"

namespace hansard::providers::testing {
namespace {

core::Result<std::shared_ptr<const Upstream>> compiled(const std::string& name,
                                                       const ProviderSettings& settings) {
  TlsContexts contexts;
  return compile(name, settings, contexts);
}

std::string head_of(const ProviderSettings& settings, core::ProviderCall call) {
  const auto upstream = compiled("test", settings);
  if (!upstream) return upstream.error().field + ": " + upstream.error().message;
  const auto head = request_head(**upstream, call);
  return head ? *head : head.error().field + ": " + head.error().message;
}

TEST(BaseUrl, IsReadOrRefused) {
  const auto plain = parse_base_url("HTTP://LocalHost:8080/api/v1/");
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->text(), "http://localhost:8080/api/v1");
  EXPECT_TRUE(plain->loopback());
  EXPECT_EQ(parse_base_url("https://api.example.com")->authority(), "api.example.com");
  EXPECT_EQ(parse_base_url("https://api.example.com:443")->authority(), "api.example.com");
  EXPECT_EQ(parse_base_url("http://[::1]:80")->authority(), "[::1]");
  EXPECT_FALSE(parse_base_url("https://127.0.0.1.example.com")->loopback());
  for (const char* bad :
       {"", "example.com", "ftp://a", "http://", "http://a b", "http://user:pw@a", "http://a?x=y",
        "http://a#b", "http://a:0", "http://a:65536", "http://a:", "http://a:1x", "http://[::1",
        "http://[1.2.3.4]", "http://[::1]x", "http://a/b c", "http://a\r\nX: y", "http://a\\b"}) {
    EXPECT_FALSE(parse_base_url(bad)) << bad;
  }
}

TEST(BaseUrl, DoesNotDoubleTheVersion) {
  const auto joined = [](const char* base, const char* target) {
    return join(*parse_base_url(base), target);
  };
  EXPECT_EQ(joined("http://a", "/v1/models"), "/v1/models");
  EXPECT_EQ(joined("http://a/v1", "/v1/models?x=1"), "/v1/models?x=1");
  EXPECT_EQ(joined("http://a/openai/v1/", "/v1/models"), "/openai/v1/models");
  EXPECT_EQ(joined("http://a/openai", "/v1/models"), "/openai/v1/models");
  EXPECT_EQ(joined("http://a/v1", "/v1beta/models"), "/v1/v1beta/models");
  EXPECT_EQ(joined("http://a/v1", "/v2/models"), "/v1/v2/models");
  EXPECT_EQ(joined("http://a/v1", "/models"), "/v1/models");
  EXPECT_EQ(joined("http://a", ""), "/");
}

TEST(KnownProviders, NeedNoConfiguration) {
  const auto client = client_with(default_settings());
  std::string all;
  for (const ProviderStatus& status : client->status()) all += status.name + ' ';
  EXPECT_EQ(all, "anthropic deepseek groq mistral ollama openai openrouter ");
  EXPECT_TRUE(known_provider("azure")->base_url.empty());
  EXPECT_EQ(known_provider("azure")->key_style, KeyStyle::api_key);
  EXPECT_TRUE(known_provider("vllm")->base_url.empty());
  EXPECT_EQ(known_provider("ollama")->base_url, "http://127.0.0.1:11434");
  EXPECT_FALSE(known_provider("unknown"));
}

TEST(ProviderKeys, OfTheClientPassThrough) {
  core::ProviderCall call = get("/");
  call.fields = {{"authorization", "Bearer mine"}, {"X-Api-Key", "mine"}};
  EXPECT_EQ(head_of(provider_at("http://a"), call),
            "GET / HTTP/1.1\r\nHost: a\r\nauthorization: Bearer mine\r\nX-Api-Key: mine\r\n\r\n");
}

TEST(ProviderKeys, ThatAreConfiguredReplaceEveryKeyOfTheClient) {
  core::ProviderCall call = get("/");
  call.fields = {{"authorization", "Bearer mine"}, {"X-Api-Key", "mine"}, {"Api-Key", "mine"}};
  ProviderSettings settings = provider_at("http://a");
  settings.key = "ours";
  const std::vector<std::pair<KeyStyle, std::string>> styles{
      {KeyStyle::bearer, "Authorization: Bearer ours"},
      {KeyStyle::x_api_key, "x-api-key: ours"},
      {KeyStyle::api_key, "api-key: ours"}};
  for (const auto& [style, line] : styles) {
    settings.key_style = style;
    EXPECT_EQ(head_of(settings, call), "GET / HTTP/1.1\r\nHost: a\r\n" + line + "\r\n\r\n");
  }
  EXPECT_EQ(key_style("api-key"), KeyStyle::api_key);
  EXPECT_EQ(key_style("x-api-key"), KeyStyle::x_api_key);
  EXPECT_FALSE(key_style("basic"));
}

TEST(ProviderKeys, MayBeInTheEnvironment) {
  ProviderSettings settings = provider_at("http://a");
  settings.key_env = "HANSARD_TEST_PROVIDER_KEY";
  ::unsetenv("HANSARD_TEST_PROVIDER_KEY");
  EXPECT_TRUE(head_of(settings, get("/")).starts_with("key: "));
  core::ProviderCall call = get("/");
  call.fields = {{"Authorization", "Bearer mine"}};
  EXPECT_NE(head_of(settings, call).find("Bearer mine"), std::string::npos);
  const auto client = client_with(settings_with(settings));
  EXPECT_EQ(status_of(*client).key_missing, "HANSARD_TEST_PROVIDER_KEY");
  Talk talk(*client, get("/"));
  EXPECT_EQ(talk.head().error().code, core::Errc::unauthenticated);

  ::setenv("HANSARD_TEST_PROVIDER_KEY", "from-there", 1);
  EXPECT_NE(head_of(settings, call).find("Bearer from-there"), std::string::npos);
  ASSERT_TRUE(client->reload(settings_with(settings)));
  EXPECT_TRUE(status_of(*client).key_configured);
  EXPECT_EQ(status_of(*client).key_missing, "");
  ::unsetenv("HANSARD_TEST_PROVIDER_KEY");
}

TEST(ProviderKeys, AreFoundInNoErrorAndNoStatus) {
  ProviderSettings settings = provider_at("http://127.0.0.1:1");
  settings.key = "planted-secret";
  const auto client = client_with(settings_with(settings));
  core::ProviderCall call = post("{\"planted-body\":1}");
  call.fields = {{"x-api-key", "planted-own\r\n"}};
  Talk refused(*client, call);
  const auto first = refused.head();
  ASSERT_FALSE(first);
  call.fields = {{"x-api-key", "planted-own"}};
  Talk unreachable(*client, call);
  const auto second = unreachable.head();
  ASSERT_FALSE(second);
  const ProviderStatus status = status_of(*client);
  const std::string all = first.error().message + second.error().message + status.base_url +
                          status.key_missing + status.last_error->error.message;
  EXPECT_EQ(all.find("planted"), std::string::npos) << all;
  settings.key = "planted-secret\n";
  EXPECT_EQ(head_of(settings, get("/")).find("planted"), std::string::npos);
  settings = provider_at("http://user:planted@a");
  EXPECT_EQ(head_of(settings, get("/")).find("planted"), std::string::npos);
}

TEST(ProviderFields, AreAddedAndReplaceTheClients) {
  ProviderSettings settings = provider_at("http://a");
  settings.fields = {{"OpenAI-Organization", "ours"}};
  core::ProviderCall call = get("/");
  call.fields = {{"openai-organization", "mine"}, {"X", "1"}};
  EXPECT_EQ(head_of(settings, call),
            "GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\nOpenAI-Organization: ours\r\n\r\n");
}

TEST(ProviderSettingsErrors, NameTheSetting) {
  const std::vector<std::pair<std::string, std::function<void(ProviderSettings&)>>> cases{
      {"base_url", [](auto& s) { s.base_url = ""; }},
      {"dialect", [](auto& s) { s.dialect = ""; }},
      {"max_connections", [](auto& s) { s.connections_max = 0; }},
      {"max_connections", [](auto& s) { s.connections_max = 70000; }},
      {"max_idle_connections", [](auto& s) { s.idle_connections_max = 70000; }},
      {"timeouts", [](auto& s) { s.deadlines.idle = std::chrono::milliseconds(-1); }},
      {"fields",
       [](auto& s) {
         s.fields = {{"a b", "c"}};
       }},
      {"fields",
       [](auto& s) {
         s.fields = {{"Transfer-Encoding", "chunked"}};
       }},
      {"fields",
       [](auto& s) {
         s.fields = {{"Host", "b"}};
       }},
      {"key", [](auto& s) { s.key = "a", s.key_env = "B"; }},
      {"key", [](auto& s) { s.key = "a\r\nb"; }},
      {"insecure_skip_verify",
       [](auto& s) { s.base_url = "https://a", s.insecure_skip_verify = true; }},
      {"ca_file", [](auto& s) { s.base_url = "https://a", s.ca_file = "/nowhere.pem"; }},
  };
  for (const auto& [field, spoil] : cases) {
    ProviderSettings settings = provider_at("http://a");
    spoil(settings);
    const auto refused = compiled("acme", settings);
    ASSERT_FALSE(refused) << field;
    EXPECT_EQ(refused.error().code, core::Errc::invalid_argument);
    EXPECT_EQ(refused.error().field, "providers.acme." + field);
  }
  EXPECT_FALSE(compiled("a b", provider_at("http://a")));
  EXPECT_FALSE(compiled("", provider_at("http://a")));
}

}  // namespace
}  // namespace hansard::providers::testing
