#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "events/json.h"
#include "events/session/commands.h"
#include "events/session/facts.h"

/// What readers and writers of answers share. Private to src/dialects.
namespace hansard::events {

/// The answers and calls of `steps` as the events they lead to, as far as writers look at them.
std::vector<SessionEvent> as_events(const std::vector<SessionStep>& steps);

/// The first answer among `events` and the tools it asked for: all that a format with one has.
struct FirstAnswer {
  const ResponseReceived* answer = nullptr;  ///< null: there is none
  std::vector<ToolCalled> calls;
};
FirstAnswer first_answer(std::span<const SessionEvent> events);

/// A counter of an object; nothing where there is none, or no such number.
std::optional<std::uint64_t> count_at(const Json* object, std::string_view key);

struct TokenSums {
  std::uint64_t input = 0;
  std::uint64_t output = 0;
};
/// All classes of each side; what is unknown adds nothing.
TokenSums sums(const Usage& usage);

}  // namespace hansard::events
