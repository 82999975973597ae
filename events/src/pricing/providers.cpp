#include "events/pricing/providers.h"

#include <array>

namespace hansard::events::pricing {
namespace {

struct Alias {
  std::string_view name;
  std::string_view canonical;
};

/// OpenTelemetry's `gen_ai.provider.name` (and the older `gen_ai.system`), LiteLLM's
/// `litellm_provider`, the ids of the AI SDK without what follows the dot.
constexpr std::array kAliases{
    Alias{"anthropic.messages", "anthropic"},
    Alias{"aws.bedrock", "bedrock"},
    Alias{"aws_bedrock", "bedrock"},
    Alias{"amazon-bedrock", "bedrock"},
    Alias{"amazon_bedrock", "bedrock"},
    Alias{"bedrock_converse", "bedrock"},
    Alias{"az.ai.openai", "azure"},
    Alias{"azure.ai.openai", "azure"},
    Alias{"azure_openai", "azure"},
    Alias{"azure-openai", "azure"},
    Alias{"cohere_chat", "cohere"},
    Alias{"fireworks", "fireworks_ai"},
    Alias{"gcp.gemini", "google"},
    Alias{"gcp.gen_ai", "google"},
    Alias{"gcp.vertex_ai", "vertex_ai"},
    Alias{"gemini", "google"},
    Alias{"google-genai", "google"},
    Alias{"google.generative-ai", "google"},
    Alias{"google_genai", "google"},
    Alias{"google_gemini", "google"},
    Alias{"google_vertex", "vertex_ai"},
    Alias{"google.vertex", "vertex_ai"},
    Alias{"vertexai", "vertex_ai"},
    Alias{"mistral_ai", "mistral"},
    Alias{"mistralai", "mistral"},
    Alias{"moonshotai", "moonshot"},
    Alias{"openai.chat", "openai"},
    Alias{"openai.completion", "openai"},
    Alias{"openai.embedding", "openai"},
    Alias{"openai.responses", "openai"},
    Alias{"together", "together_ai"},
    Alias{"togetherai", "together_ai"},
    Alias{"x_ai", "xai"},
    Alias{"x-ai", "xai"},
};

}  // namespace

std::string_view canonical_provider(std::string_view name) {
  for (const Alias& each : kAliases) {
    if (each.name == name) return each.canonical;
  }
  return name;
}

}  // namespace hansard::events::pricing
