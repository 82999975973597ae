#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/hash.h"
#include "http/html_text.h"
#include "http/message.h"

namespace hansard::http {

/// A path segment or query value, percent-encoded (RFC 3986 unreserved characters stay).
std::string percent_encoded(std::string_view text);

/// `12,345`.
std::string grouped_digits(std::uint64_t number);

/// `2026-11-21 08:30` (UTC).
std::string minute(core::Timestamp time);

/// A whole page: no script, no outside resource, light and dark. The policy sent with it allows the
/// one style sheet it carries, by its hash, and nothing else; so text that slipped through the
/// escaping could still not run.
/// @param body  HTML of the main part.
Response page(const core::Hasher& hasher, int status, std::string_view title,
              std::string_view body);

/// The problem of `error` as a page.
Response problem_page(const core::Hasher& hasher, core::Error error);

}  // namespace hansard::http
