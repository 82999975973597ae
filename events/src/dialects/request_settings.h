#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "events/dialects/request.h"

/// What a request sets beside its messages, in no API's words. Private to src/dialects.
namespace hansard::events {

struct OfferedTool {
  std::string name;
  std::optional<Json> description;
  std::optional<Json> schema;  ///< of its arguments
  std::optional<Json> strict;
};

enum class ToolChoice : std::uint8_t { unsaid, free, none, some, one };

/// The kind of an answer: a text, any JSON, or JSON of a schema.
struct AnswerForm {
  std::string name;            ///< of the schema
  std::optional<Json> schema;  ///< absent: any JSON
  std::optional<Json> strict;
};

struct CallSettings {
  std::vector<OfferedTool> tools;
  ToolChoice choice = ToolChoice::unsaid;
  std::string chosen;  ///< tool
  std::optional<bool> parallel;
  std::optional<Json> tokens_max, temperature, top_p, top_k, stop, seed, effort;
  std::optional<AnswerForm> form;
  std::optional<std::string> user;
  std::optional<std::string> system;  ///< text beside the messages
  bool stream = false;
};

/// Which words an API has.
enum class Words : std::uint8_t { chat, responses, anthropic, ollama };
/// By the name of a dialect; nothing for those that are no conversations.
std::optional<Words> words_of(std::string_view dialect);

CallSettings read_settings(const CallRequest& request, Words words);
/// Tools, system text and parameters of a request.
void write_settings(const CallSettings& settings, Words words, CallRequest& request);

}  // namespace hansard::events
