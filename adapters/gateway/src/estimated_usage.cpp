#include "estimated_usage.h"

#include "events/pricing/estimate_tokens.h"

namespace hansard::gateway {

namespace {

using events::pricing::estimate_message_tokens;
using events::pricing::estimate_tokens;

std::uint64_t asked_tokens(const events::CallRequest& request) {
  std::uint64_t tokens = estimate_message_tokens(events::Json(request.messages));
  if (request.system) tokens += estimate_message_tokens(*request.system);
  if (request.tools) tokens += estimate_message_tokens(*request.tools);
  return tokens;
}

}  // namespace

void estimate_usage(const Prompt& prompt, Outcome& outcome) {
  const events::CallKind kind = prompt.request.kind;
  auto* steps = std::get_if<std::vector<events::SessionStep>>(&outcome);
  const bool words = kind == events::CallKind::chat || kind == events::CallKind::completion ||
                     kind == events::CallKind::embedding;
  if (steps == nullptr || !words) return;
  events::RecordResponse* first = nullptr;
  std::uint64_t text = 0;
  std::uint64_t thinking = 0;
  for (events::SessionStep& step : *steps) {
    if (auto* answer = std::get_if<events::RecordResponse>(&step)) {
      if (answer->choice == 0) first = answer;
      for (const events::Part& part : answer->parts) {
        (part.kind() == "thinking" ? thinking : text) += estimate_tokens(part.text().value_or(""));
      }
    } else if (const auto* call = std::get_if<events::CallTool>(&step)) {
      const std::string* written = call->arguments.if_string();
      text += estimate_tokens(call->tool) +
              estimate_tokens(written != nullptr ? *written : dump(call->arguments));
    }
  }
  if (first == nullptr || first->usage) return;
  events::Usage usage;
  usage.input_text = asked_tokens(prompt.request);
  if (kind != events::CallKind::embedding) usage.output_text = text;
  if (thinking != 0) usage.output_reasoning = thinking;
  first->usage = usage;
  first->usage_source = events::UsageSource::estimated;
}

}  // namespace hansard::gateway
