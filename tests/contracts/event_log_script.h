#pragma once

#include <string>
#include <utility>
#include <vector>

#include "contracts/event_log_fixture.h"

namespace hansard::contracts {

/// Runs a fixed script of appends against an empty log: several streams and projects, retries,
/// conflicts, partial duplicates, times running backwards. Refusals are part of the script.
/// @return the root of the tree over it, in hex. Every implementation gives the same one.
inline std::string script_root(core::EventLog& log) {
  using core::Expected;
  using support::event;
  std::uint64_t seed = 42;
  const auto draw = [&seed](std::uint64_t below) {
    seed = seed * 6364136223846793005U + 1442695040888963407U;
    return (seed >> 33) % below;
  };
  int made = 0;
  for (int step = 0; step < 200; ++step) {
    std::vector<core::NewEvent> events;
    for (std::uint64_t count = 1 + draw(5); count > 0; --count) {
      // One in four is an event of before: the same one again, or its id with another text.
      const bool again = made > 0 && draw(4) == 0;
      const int number = again ? static_cast<int>(draw(static_cast<std::uint64_t>(made))) : made++;
      const std::string text = again && draw(8) == 0 ? "other" : "text " + std::to_string(number);
      auto record = event("session-" + std::to_string(number % 7), std::to_string(number), text);
      if (number % 3 == 0) record.occurred_at = support::at_us(1'000'000'000 + number);
      if (number % 6 == 0) record.occurred_at_from_client = true;
      record.correlation = support::event_id("correlation");
      events.push_back(std::move(record));
    }
    auto request = support::request(std::move(events));
    if (draw(3) == 0) request.project = support::project("other");
    if (draw(2) == 0) request.known = core::Known::skip;
    if (draw(4) == 0) request.checks.push_back({support::stream("session-1"), Expected::exists()});
    if (draw(9) == 0) request.checks.push_back({support::stream("session-9"), Expected::exists()});
    request.recorded_at = support::at_us(static_cast<std::int64_t>(5'000'000 + draw(1'000'000)));
    request.actor = core::KeyId{support::event_id("key")};
    const auto answer = support::append(log, std::move(request));  // refusals are expected
    static_cast<void>(answer);
  }
  return core::to_hex(core::as_bytes(log.tree().root));
}

/// The root of the script. It changes only with the stored bytes of events, which never change.
inline constexpr const char* kScriptRoot =
    "803efce38e8560945d08c99be5228abfce8d267ae7c754b490fe708bc622f6de";

TEST_P(EventLogContract, TheSameRequestsGiveTheSameTreeInEveryImplementation) {
  EXPECT_EQ(script_root(log()), kScriptRoot);
  EXPECT_GT(log().end().value, 150U);
}

}  // namespace hansard::contracts
