#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hansard::core {

/// Every way an operation can fail, by meaning. The set is closed: HTTP status, exit code and retry
/// advice follow from the code alone (see `error_table`).
enum class Errc : std::uint8_t {
  invalid_argument,   ///< malformed or contradictory input; never succeeds unchanged
  too_large,          ///< over a named limit
  unauthenticated,    ///< no key, or an unknown one
  forbidden,          ///< the key lacks the scope
  not_found,          ///< no such stream, session, event or view
  rejected,           ///< a rule of the domain says no (the session has ended, ...)
  version_conflict,   ///< a check on a stream failed; `violations` lists every one
  id_reused,          ///< the event id is stored with other content
  partial_duplicate,  ///< some records are stored already, others are not
  overloaded,         ///< a bounded queue is full; retry later
  unavailable,        ///< cannot serve now; the outcome of a write is unknown until retried
  out_of_space,       ///< free disk space is below the floor; reads go on
  timed_out,          ///< a deadline passed
  cancelled,          ///< the caller went away or we are stopping
  unsupported,        ///< understood, but not offered (e.g. `as_of` on a latest-only view)
  corruption,         ///< stored bytes fail their checks; never served
  internal,           ///< a bug
};

/// One failed check of an append: what the caller expected of a stream, and what it is.
struct Violation {
  std::string stream;
  std::string expected;  ///< `none`, `exists` or a version number
  std::string actual;    ///< `none` or a version number
};

/// What went wrong: a code, and a sentence with the values involved. Holds no content of events and
/// no secrets, so it may be logged and sent.
struct Error {
  Errc code = Errc::internal;
  std::string message;
  std::string field = {};                  ///< path of the offending input field, or empty
  std::vector<Violation> violations = {};  ///< `version_conflict` only
};

/// What a caller may do about an error.
enum class Retry : std::uint8_t {
  never,      ///< the same request fails again
  same,       ///< send the same request again (with the same ids), after a pause
  after_read  ///< read the current state first, then decide anew
};

/// One row of the closed table: how an error code appears at each surface.
struct ErrorTraits {
  Errc code;
  std::string_view name;   ///< as in problem documents: `version_conflict`
  std::string_view title;  ///< a short sentence for people
  int http_status;
  int exit_code;  ///< of the CLI; 0 is success, 1 is left to crashes and usage is 2
  Retry retry;
};

/// All codes in declaration order.
std::span<const ErrorTraits> error_table();

/// The row of `code`.
const ErrorTraits& traits(Errc code);

}  // namespace hansard::core
