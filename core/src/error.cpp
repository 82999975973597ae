#include "core/error.h"

#include <array>
#include <cstddef>

#include "core/assert.h"

namespace hansard::core {
namespace {

// Exit codes and names are public: scripts and clients match on them. Add rows, never renumber.
constexpr std::array<ErrorTraits, 17> kTable{{
    {Errc::invalid_argument, "invalid_argument", "The request is malformed or contradictory", 400,
     3, Retry::never},
    {Errc::too_large, "too_large", "The request is over a size limit", 413, 4, Retry::never},
    {Errc::unauthenticated, "unauthenticated", "A valid API key is needed", 401, 5, Retry::never},
    {Errc::forbidden, "forbidden", "The API key does not allow this", 403, 6, Retry::never},
    {Errc::not_found, "not_found", "There is no such thing", 404, 7, Retry::never},
    {Errc::rejected, "rejected", "The current state does not allow this", 422, 8,
     Retry::after_read},
    {Errc::version_conflict, "version_conflict", "A stream is not where the request expects it",
     409, 9, Retry::after_read},
    {Errc::id_reused, "id_reused", "The event id is stored with other content", 409, 10,
     Retry::never},
    {Errc::partial_duplicate, "partial_duplicate", "Some of the records are stored already", 409,
     11, Retry::never},
    {Errc::overloaded, "overloaded", "Too many requests are waiting", 429, 12, Retry::same},
    {Errc::unavailable, "unavailable", "The service cannot answer now", 503, 13, Retry::same},
    {Errc::out_of_space, "out_of_space", "Free disk space is below the floor", 507, 14,
     Retry::same},
    {Errc::timed_out, "timed_out", "The deadline passed", 504, 15, Retry::same},
    {Errc::cancelled, "cancelled", "The request was cancelled", 499, 16, Retry::same},
    {Errc::unsupported, "unsupported", "This is not offered here", 501, 17, Retry::never},
    {Errc::corruption, "corruption", "Stored bytes fail their checks", 500, 18, Retry::never},
    {Errc::internal, "internal", "An internal error occurred", 500, 19, Retry::never},
}};

}  // namespace

std::span<const ErrorTraits> error_table() { return kTable; }

const ErrorTraits& traits(Errc code) {
  const auto index = static_cast<std::size_t>(code);
  HANSARD_ASSERT(index < kTable.size() && kTable[index].code == code,
                 "the table has one row for each code, in declaration order");
  return kTable[index];
}

}  // namespace hansard::core
