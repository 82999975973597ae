#include "chat_usage.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <initializer_list>
#include <string>

#include "dialects/original.h"
#include "events/dialects/openai/responses.h"

namespace hansard::events::openai {
namespace {

using Count = std::optional<std::uint64_t>;

Count count(const Json* object, std::string_view key) {
  const Json* value = member(object, key);
  if (value == nullptr || !value->is_number()) return std::nullopt;
  const auto read = value->as_uint(key);
  return read ? Count(*read) : std::nullopt;
}

Count first_of(std::initializer_list<Count> counts) {
  for (const Count& each : counts) {
    if (each) return each;
  }
  return std::nullopt;
}

/// Moves what `part` counts out of `whole` into a class of its own.
void split_off(Count part, Count& whole, Count& to) {
  if (!part) return;
  to = part;
  if (whole) *whole -= std::min(*whole, *part);
}

struct Known {
  std::string_view word;
  FinishReason reason;
};
constexpr std::array<Known, 9> kReasons{{
    {"stop", FinishReason::stop},
    {"length", FinishReason::length},
    {"tool_calls", FinishReason::tool_call},
    {"content_filter", FinishReason::content_filter},
    {"function_call", FinishReason::tool_call},
    {"model_length", FinishReason::length},
    {"error", FinishReason::error},
    {"end_turn", FinishReason::stop},
    {"eos", FinishReason::stop},
}};

}  // namespace

Usage chat_usage(const Json& usage) {
  const Json* input = usage.find("prompt_tokens_details");
  const Json* output = usage.find("completion_tokens_details");
  TokenCounts counts;
  counts.input = count(&usage, "prompt_tokens");
  counts.output = count(&usage, "completion_tokens");
  counts.total = count(&usage, "total_tokens");
  counts.cached = first_of({count(input, "cached_tokens"), count(&usage, "prompt_cache_hit_tokens"),
                            count(&usage, "num_cached_tokens"), count(&usage, "cached_tokens")});
  counts.cache_write = count(input, "cache_write_tokens");
  counts.reasoning =
      first_of({count(output, "reasoning_tokens"), count(&usage, "reasoning_tokens")});
  Usage classes = disjoint_usage(counts);
  split_off(first_of({count(input, "audio_tokens"), count(&usage, "audio_prompt_tokens")}),
            classes.input_text, classes.input_audio);
  split_off(count(input, "image_tokens"), classes.input_text, classes.input_image);
  split_off(count(input, "video_tokens"), classes.input_text, classes.input_video);
  split_off(count(output, "audio_tokens"), classes.output_text, classes.output_audio);
  split_off(count(output, "image_tokens"), classes.output_text, classes.output_image);
  return classes;
}

Json chat_usage_from(const Usage& usage) {
  std::uint64_t input = 0;
  std::uint64_t output = 0;
  for_each_class(usage, [&](std::string_view name, Count tokens) {
    (name.starts_with("input") ? input : output) += tokens.value_or(0);
  });
  Json made;
  made.add("prompt_tokens", input).add("completion_tokens", output);
  made.add("total_tokens", input + output);
  Json in;
  in.add("cached_tokens", usage.input_cache_read.value_or(0));
  in.add("audio_tokens", usage.input_audio.value_or(0));
  made.add("prompt_tokens_details", std::move(in));
  Json out;
  out.add("reasoning_tokens", usage.output_reasoning.value_or(0));
  out.add("audio_tokens", usage.output_audio.value_or(0));
  made.add("completion_tokens_details", std::move(out));
  return made;
}

FinishReason chat_finish_reason(std::string_view word) {
  const auto* found = std::find_if(kReasons.begin(), kReasons.end(),
                                   [&](const Known& each) { return each.word == word; });
  return found == kReasons.end() ? FinishReason::unknown : found->reason;
}

std::string_view chat_finish_word(std::optional<FinishReason> reason) {
  switch (reason.value_or(FinishReason::stop)) {
    case FinishReason::length:
      return "length";
    case FinishReason::tool_call:
      return "tool_calls";
    case FinishReason::content_filter:
      return "content_filter";
    default:
      return "stop";
  }
}

}  // namespace hansard::events::openai
