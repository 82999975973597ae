#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/model_provider.h"
#include "events/dialects/apis.h"

namespace hansard::gateway {

/// An error in the shape in which the API tells its own, so that client libraries understand it.
/// @param api   null: as OpenAI tells it, which most hosts do
/// @param type  identifier
std::string error_body(const events::Api* api, std::string_view type, std::string_view message);

/// Head of an answer of ours: JSON, of `body_bytes`.
/// @param retry_after  when to ask again; told in seconds, rounded up, and in milliseconds
core::ProviderHead own_head(int status, std::size_t body_bytes,
                            std::optional<std::chrono::milliseconds> retry_after = {});

/// An exchange whose body is at hand.
std::unique_ptr<core::ProviderExchange> body_at_hand(std::string body);

}  // namespace hansard::gateway
