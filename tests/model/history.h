#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/event_log.h"

namespace hansard::model {

/// One append as a caller saw it. Times are numbers of one counter: `called` was drawn before the
/// call, `returned` after the answer.
struct Call {
  std::uint64_t called = 0;
  std::uint64_t returned = 0;
  core::AppendRequest request;
  core::Result<core::Receipt> answer = core::Error{};
};

/// Looks whether concurrent appends can be explained by one order that respects time: each answer
/// (stored, duplicate, conflict with these heads, reused id, partly known) must be right at some
/// end of the log between its call and its return. The positions say the order of what was stored,
/// so this takes no search: for each answer the ends it may have seen are an interval.
/// @param log  as it is when every call has returned; it must hold what they stored and nothing
/// else.
/// @return the first answer that cannot be explained, in words; nothing when all can.
std::optional<std::string> unexplained(const std::vector<Call>& calls, const core::EventLog& log);

}  // namespace hansard::model
