#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "answer_tee.h"
#include "events/json.h"
#include "gateway/gateway.h"
#include "prompt.h"

/// Calls that nobody here reads, as they are recorded (events/dialects/other.h has the form).
namespace hansard::gateway {

/// The most of a body that is kept of such a call, and of its answer.
inline constexpr std::size_t kOtherBytesMax = 1U << 20;

/// What is asked: method, target and body as sent, without the keys in it.
/// @param secrets  texts that are taken out
Prompt other_prompt(const GatewayRequest& request, const std::vector<std::string>& secrets);

/// What came, whole or its beginning.
events::Json other_answer(int status, const AnswerTee& tee);

/// A target whose query says nothing secret: of what may be a key only the name stays.
std::string target_without_secrets(std::string_view target);

}  // namespace hansard::gateway
