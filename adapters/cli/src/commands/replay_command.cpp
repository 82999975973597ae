#include <chrono>
#include <cstdio>
#include <iostream>
#include <optional>
#include <string>
#include <thread>

#include "commands.h"
#include "http/pace.h"
#include "text/conversation_text.h"
#include "text/json_view.h"

namespace hansard::cli {

namespace {

using core::Result;
using events::Json;

http::Happened happened(const Turn& turn) {
  const auto recorded = core::parse_time(turn.recorded_at);
  const auto occurred = core::parse_time(turn.occurred_at);
  http::Happened out;
  if (recorded) out.recorded = *recorded;
  if (occurred) out.occurred = *occurred;
  return out;
}

Result<http::Pace> pace_of(const ReplayCommand& command) {
  http::Pace pace;
  if (command.speed) {
    const auto speed = http::parse_speed(*command.speed);
    if (!speed) return speed.error();
    pace.speed = *speed;
  }
  if (command.max_gap) {
    const auto gap = http::parse_gap(*command.max_gap);
    if (!gap) return gap.error();
    pace.max_gap = *gap;
  }
  return pace;
}

/// `version:3`, `v3`, `3`. Errors: invalid_argument.
Result<std::uint64_t> version_of(const std::string& text) {
  std::string digits = text;
  if (digits.rfind("version:", 0) == 0) {
    digits.erase(0, 8);
  } else if (!digits.empty() && digits.front() == 'v') {
    digits.erase(0, 1);
  }
  const auto number = Json(Json::Number{digits}).as_uint("from");
  if (!number) return events::bad_field("from", "expected a version");
  return *number;
}

/// False when the reader wants no more.
bool stepped() {
  std::string line;
  return std::getline(std::cin, line) && line != "q";
}

}  // namespace

Result<int> run_replay(Backend& backend, const ReplayCommand& command, const Output& output) {
  const auto pace = pace_of(command);
  if (!pace) return pace.error();
  std::optional<std::uint64_t> from;
  if (command.from) {
    const auto version = version_of(*command.from);
    if (!version) return version.error();
    from = *version;
  }
  TargetBuilder target;
  target.segment("v1").segment("sessions").segment(command.session).segment("history");
  if (command.as_of) target.query("as_of", *command.as_of);
  const auto session = get_json(backend, target.text());
  if (!session) return session.error();
  if (!output.json) std::fputs(head_text(*session).c_str(), stdout);
  if (command.step) std::fputs("Enter: the next turn; q: enough\n", stderr);

  std::optional<http::Happened> before;
  for (const Turn& turn : turns_of(*session, !output.json)) {
    if (from && (turn.inherited || turn.version < *from)) continue;
    const http::Happened now = happened(turn);
    if (command.step) {
      if (before && !stepped()) break;
    } else if (before) {
      std::this_thread::sleep_for(http::gap_between(*before, now, *pace));
    }
    before = now;
    if (output.json) {
      std::puts(dump(*turn.json).c_str());
    } else {
      std::printf("\n%s", turn.text.c_str());
    }
    if (std::fflush(stdout) != 0) break;  // whoever read us has gone
  }
  return 0;
}

}  // namespace hansard::cli
