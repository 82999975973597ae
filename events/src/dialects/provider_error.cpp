#include "events/dialects/provider_error.h"

#include <algorithm>
#include <cstddef>

namespace hansard::events {
namespace {

constexpr std::size_t kMaxIdentifier = 64;

bool identifies(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '.' || c == '-';
}

}  // namespace

bool retryable_status(int status) {
  return status == 408 || status == 409 || status == 429 || (status >= 500 && status <= 599);
}

std::optional<std::string> error_identifier(const Json* text) {
  const auto* word = text == nullptr ? nullptr : text->if_string();
  if (word == nullptr || word->empty() || word->size() > kMaxIdentifier) return std::nullopt;
  if (!std::all_of(word->begin(), word->end(), identifies)) return std::nullopt;
  return *word;
}

}  // namespace hansard::events
