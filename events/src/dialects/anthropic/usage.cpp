#include <algorithm>
#include <array>

#include "events/dialects/anthropic/messages.h"

namespace hansard::events::anthropic {
namespace {

std::optional<std::uint64_t> count(const Json* object, std::string_view name) {
  const Json* value = object == nullptr ? nullptr : object->find(name);
  if (value == nullptr || !value->is_number()) return std::nullopt;
  const auto read = value->as_uint(name);
  return read ? std::optional<std::uint64_t>(*read) : std::nullopt;
}

}  // namespace

Usage usage_of(const Json& usage) {
  Usage out;
  out.input_text = count(&usage, "input_tokens");
  out.input_cache_read = count(&usage, "cache_read_input_tokens");
  const auto written = count(&usage, "cache_creation_input_tokens");
  const Json* by_life = usage.find("cache_creation");
  const auto five = count(by_life, "ephemeral_5m_input_tokens");
  const auto hour = count(by_life, "ephemeral_1h_input_tokens");
  out.input_cache_write_1h = hour;
  if (five || hour) {
    out.input_cache_write_5m = five;
    // What neither class holds was written all the same.
    const std::uint64_t known = five.value_or(0) + hour.value_or(0);
    if (written && *written > known) out.input_cache_write_other = *written - known;
  } else {
    out.input_cache_write_5m = written;
  }
  out.output_text = count(&usage, "output_tokens");
  const auto thinking = count(usage.find("output_tokens_details"), "thinking_tokens");
  if (thinking && out.output_text) {
    out.output_reasoning = std::min(*thinking, *out.output_text);
    *out.output_text -= *out.output_reasoning;
  }
  return out;
}

FinishReason finish_reason_of(std::string_view word) {
  struct Known {
    std::string_view word;
    FinishReason reason;
  };
  static constexpr std::array<Known, 7> kKnown{{
      {"end_turn", FinishReason::stop},
      {"stop_sequence", FinishReason::stop},
      {"max_tokens", FinishReason::length},
      {"model_context_window_exceeded", FinishReason::length},
      {"tool_use", FinishReason::tool_call},
      {"refusal", FinishReason::content_filter},
      {"pause_turn", FinishReason::pause},
  }};
  for (const Known& known : kKnown) {
    if (known.word == word) return known.reason;
  }
  return FinishReason::unknown;
}

}  // namespace hansard::events::anthropic
