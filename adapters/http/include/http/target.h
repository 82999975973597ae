#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "http/message.h"

namespace hansard::http {

/// A request target in origin form (RFC 9112 §3.2.1), taken apart.
struct Target {
  std::vector<std::string> segments;  ///< decoded; an empty one stays (`/a/` ends with one)
  NameValues query;                   ///< decoded, `+` is a space
};

/// Percent-decodes every part. Errors: invalid_argument (`target`: not in origin form, a broken
/// escape, a control character or invalid UTF-8 after decoding).
core::Result<Target> parse_target(std::string_view target);

/// Strict UTF-8 (RFC 3629): no overlong forms, surrogates or numbers beyond U+10FFFF.
bool is_utf8(std::string_view text);

}  // namespace hansard::http
