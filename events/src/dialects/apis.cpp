#include "events/dialects/apis.h"

#include <algorithm>
#include <array>
#include <utility>
#include <variant>

#include "events/dialects/anthropic/answers.h"
#include "events/dialects/anthropic/requests.h"
#include "events/dialects/ollama/answers.h"
#include "events/dialects/ollama/requests.h"
#include "events/dialects/openai/chat_answers.h"
#include "events/dialects/openai/completions.h"
#include "events/dialects/openai/embeddings.h"
#include "events/dialects/openai/requests.h"
#include "events/dialects/openai/response_answers.h"
#include "events/dialects/other.h"

namespace hansard::events {
namespace {

constexpr std::array<std::string_view, 3> kChatEnds{"data: [DONE]", "data:[DONE]", "event: error"};
constexpr std::array<std::string_view, 4> kResponseEnds{
    "event: response.completed", "event: response.failed", "event: response.incomplete",
    "event: error"};
constexpr std::array<std::string_view, 2> kMessageEnds{"event: message_stop", "event: error"};

/// Paths that end alike stand with the longer one first.
const std::array<Api, 9>& table() {
  using Stream = Api::Stream;
  static const std::array<Api, 9> apis{
      Api{"openai.chat", "/chat/completions", openai::chat_requests(), openai::chat_answers(),
          openai::read_error, Stream::sse, kChatEnds, true},
      Api{"openai.completions", "/completions", openai::completion_requests(),
          openai::completion_answers(), openai::read_error, Stream::sse, kChatEnds, true},
      Api{"openai.responses", "/v1/responses", openai::response_requests(),
          openai::response_answers(), openai::read_error, Stream::sse, kResponseEnds, false},
      Api{"anthropic", "/v1/messages", anthropic::requests(), anthropic::answers(),
          anthropic::read_error, Stream::sse, kMessageEnds, false},
      Api{"ollama.chat",
          "/api/chat",
          ollama::chat_requests(),
          ollama::chat_answers(),
          ollama::read_error,
          Stream::lines,
          {},
          false},
      Api{"ollama.generate",
          "/api/generate",
          ollama::generate_requests(),
          ollama::generate_answers(),
          ollama::read_error,
          Stream::lines,
          {},
          false},
      Api{"ollama.embed", "/api/embed", ollama::embed_requests(), ollama::embed_answers(),
          ollama::read_error},
      Api{"ollama.embed", "/api/embeddings", ollama::embed_requests(), ollama::embed_answers(),
          ollama::read_error},
      Api{"openai.embeddings", "/embeddings", openai::embedding_requests(),
          openai::embedding_answers(), openai::read_error},
  };
  return apis;
}

}  // namespace

std::span<const Api> apis() { return table(); }

const Api* api_at(std::string_view path) {
  const auto found = std::find_if(table().begin(), table().end(),
                                  [&](const Api& api) { return path.ends_with(api.path); });
  return found == table().end() ? nullptr : &*found;
}

const Api* api_named(std::string_view name) {
  const auto found = std::find_if(table().begin(), table().end(),
                                  [&](const Api& api) { return api.name == name; });
  if (found != table().end()) return &*found;
  return name == other_api().name ? &other_api() : nullptr;
}

const Api& other_api() {
  static const Api api{"other", "", other::requests(), other::answers(), other::read_error};
  return api;
}

void keep_partial(const Api& api, const Json& body, const AnswerIds& ids, FailResponse& failure) {
  auto steps = api.answers.read(body, ids);
  if (!steps || steps->empty()) return;
  auto* answer = std::get_if<RecordResponse>(&steps->front());
  if (answer == nullptr) return;
  if (!answer->parts.empty()) failure.parts = std::move(answer->parts);
  failure.model = std::move(answer->model);
  failure.usage = answer->usage;
  failure.raw_usage = std::move(answer->raw_usage);
  failure.usage_source = answer->usage_source;
}

}  // namespace hansard::events
