#include <array>

#include "providers/settings.h"

namespace hansard::providers {

namespace {

struct Known {
  std::string_view name;
  std::string_view base_url;  ///< empty: everybody's own
  std::string_view dialect;
  KeyStyle key_style;
};

/// The one table of hosts. A compatible host that is not here needs only configuration.
constexpr std::array<Known, 9> kKnown{{
    {"anthropic", "https://api.anthropic.com", "anthropic", KeyStyle::x_api_key},
    {"azure", "", "openai", KeyStyle::api_key},
    {"deepseek", "https://api.deepseek.com", "openai", KeyStyle::bearer},
    {"groq", "https://api.groq.com/openai", "openai", KeyStyle::bearer},
    {"mistral", "https://api.mistral.ai", "openai", KeyStyle::bearer},
    {"ollama", "http://127.0.0.1:11434", "ollama", KeyStyle::bearer},
    {"openai", "https://api.openai.com", "openai", KeyStyle::bearer},
    {"openrouter", "https://openrouter.ai/api", "openai", KeyStyle::bearer},
    {"vllm", "", "openai", KeyStyle::bearer},
}};

ProviderSettings settings_of(const Known& known) {
  ProviderSettings settings;
  settings.base_url = known.base_url;
  settings.dialect = known.dialect;
  settings.key_style = known.key_style;
  return settings;
}

}  // namespace

std::optional<KeyStyle> key_style(std::string_view name) {
  if (name == "bearer") return KeyStyle::bearer;
  if (name == "x-api-key") return KeyStyle::x_api_key;
  if (name == "api-key") return KeyStyle::api_key;
  return std::nullopt;
}

std::optional<ProviderSettings> known_provider(std::string_view name) {
  for (const Known& known : kKnown) {
    if (known.name == name) return settings_of(known);
  }
  return std::nullopt;
}

Settings default_settings() {
  Settings settings;
  for (const Known& known : kKnown) {
    if (!known.base_url.empty()) settings.providers.emplace(known.name, settings_of(known));
  }
  return settings;
}

}  // namespace hansard::providers
