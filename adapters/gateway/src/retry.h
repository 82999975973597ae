#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "core/model_provider.h"
#include "core/time.h"
#include "fields.h"
#include "gateway/routes.h"

namespace hansard::gateway {

/// What the beginning of an answer, or its absence, says about trying again. Pure.
struct Verdict {
  bool may_pass = false;   ///< the same call may succeed there a moment later
  bool elsewhere = false;  ///< another provider may answer it
  /// About the provider, for its breaker. Nothing: it was not the provider's doing.
  std::optional<bool> provider_well;
  std::string reason;  ///< `after_429`, `after_reset`: as a policy's outcome says it
};

/// 408, 429, 500, 502, 503, 504 and 529 may pass; any 5xx may do better elsewhere. What is wrong
/// with the call itself (400, 401, 403, 404, 422, ...) is wrong everywhere. 429 is about the
/// client's key, so it is no failure of the provider.
Verdict judge(int status);
/// Of a call without an answer, by where it failed.
Verdict judge(const core::Error& error);

/// How long the provider asks to be left alone: `retry-after-ms`, `Retry-After` in seconds or as a
/// date (RFC 9110, 10.2.3; IMF-fixdate). Nothing where it does not say, or not in these forms.
/// @param now  by the wall clock, which the date is compared with; one that has passed is 0
std::optional<std::chrono::milliseconds> retry_after(const Fields& fields, core::Timestamp now);

/// `Sun, 06 Nov 1994 08:49:37 GMT`, the one form of a date that is still to be sent.
std::optional<core::Timestamp> parse_http_date(std::string_view text);

/// A pause before the attempt after the `made`th: `base` doubled each time, at most `max`, with
/// full jitter (drawn evenly between nothing and all of it), so that callers that failed together
/// do not come back together.
std::chrono::milliseconds backoff(const RetryOptions& options, std::uint32_t made,
                                  std::uint64_t drawn);

/// `drawn`, evenly spread over 64 bits, brought into 0..below-1. `below` 0 gives 0.
std::uint64_t scaled(std::uint64_t drawn, std::uint64_t below);

}  // namespace hansard::gateway
