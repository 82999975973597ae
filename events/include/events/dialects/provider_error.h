#pragma once

#include <optional>
#include <string>

#include "events/json.h"

namespace hansard::events {

/// Why a provider did not answer, from the body of an error or from an error inside a stream.
struct ProviderError {
  /// The provider's identifier (`overloaded_error`); absent where it gives none, or free text.
  std::optional<std::string> type;
  Json error;  ///< what it said, as given: the member `error` of the body, or all of it
  /// The same request may succeed later.
  bool retryable = false;
};

/// What the HTTP status alone says: 408, 409, 429 and 5xx.
bool retryable_status(int status);

/// `text`, if it can stand as an identifier: [A-Za-z0-9_.-]{1,64}.
std::optional<std::string> error_identifier(const Json* text);

}  // namespace hansard::events
