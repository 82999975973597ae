#include "projections/counters.h"

#include <string_view>
#include <variant>

namespace hansard::projections {
namespace {

struct Adder {
  events::Usage& sum;
  const events::Usage& call;
  void field(std::string_view, std::optional<std::uint64_t> events::Usage::*member) {
    if (const auto& tokens = call.*member) sum.*member = (sum.*member).value_or(0) + *tokens;
  }
};

std::optional<std::uint64_t> sum_of(const events::Usage& usage, std::string_view prefix) {
  std::optional<std::uint64_t> sum;
  events::for_each_class(usage, [&](std::string_view name, const auto& tokens) {
    if (tokens && name.starts_with(prefix)) sum = sum.value_or(0) + *tokens;
  });
  return sum;
}

/// What one event adds to the numbers of its session.
struct Counter {
  SessionCounters& counters;

  void call(const std::optional<events::Usage>& usage, bool kept = false) {
    ++counters.calls;
    if (kept) return;  // nothing was spent on it
    if (usage) {
      add_usage(counters.tokens, *usage);
    } else {
      ++counters.calls_without_usage;
    }
  }
  void operator()(const events::MessageSent&) { ++counters.messages; }
  void operator()(const events::ResponseReceived& event) {
    ++counters.responses;
    const bool kept = event.served_from == events::ServedFrom::cache ||
                      event.served_from == events::ServedFrom::playback;
    if (event.choice == 0) call(event.usage, kept);
  }
  void operator()(const events::ResponseFailed& event) {
    ++counters.failures;
    call(event.usage);
  }
  void operator()(const events::ToolCalled&) { ++counters.tool_calls; }
  void operator()(const events::ToolFailed&) { ++counters.tool_failures; }
  void operator()(const events::SessionForked&) { ++counters.forks; }
  void operator()(const events::ScoreRecorded&) { ++counters.scores; }
  template <class E>
  void operator()(const E&) {}
};

}  // namespace

void count_event(SessionCounters& counters, const events::SessionEvent& event) {
  std::visit(Counter{counters}, event);
}

void add_usage(events::Usage& sum, const events::Usage& call) {
  Adder adder{sum, call};
  events::Usage::fields(adder);
}

std::optional<std::uint64_t> input_tokens(const events::Usage& usage) {
  return sum_of(usage, "input_");
}

std::optional<std::uint64_t> output_tokens(const events::Usage& usage) {
  return sum_of(usage, "output_");
}

}  // namespace hansard::projections
