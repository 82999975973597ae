#include "events/session/words.h"

#include "core/assert.h"
#include "projections/facts/columns.h"

namespace hansard::events {

/// How a tool ended: no field of an event, but the type of its result.
enum class ToolOutcome : std::uint8_t { ok, failed, other };
template <>
inline constexpr std::array<std::string_view, 2> kWords<ToolOutcome>{"ok", "failed"};

/// What is seen of a unit of an experiment.
enum class Observation : std::uint8_t { exposure, call, score, outcome, other };
template <>
inline constexpr std::array<std::string_view, 4> kWords<Observation>{"exposure", "call", "score",
                                                                     "outcome"};

}  // namespace hansard::events

namespace hansard::projections::facts {
namespace {

static_assert(static_cast<std::int64_t>(events::ToolOutcome::ok) == kOutcomeOk &&
              static_cast<std::int64_t>(events::ToolOutcome::failed) == kOutcomeFailed);
static_assert(static_cast<std::int64_t>(events::Observation::exposure) == kExposure &&
              static_cast<std::int64_t>(events::Observation::call) == kCall &&
              static_cast<std::int64_t>(events::Observation::score) == kScore &&
              static_cast<std::int64_t>(events::Observation::outcome) == kOutcome);

/// Calls `f` with a value of the enum that the column holds.
template <class F>
auto with_words(Column column, F&& f) {
  switch (column) {
    case Column::finish_reason:
      return f(events::FinishReason{});
    case Column::failure:
      return f(events::FailureReason{});
    case Column::served_from:
      return f(events::ServedFrom{});
    case Column::kind:
      return f(events::CallKind{});
    case Column::outcome:
      return f(events::ToolOutcome{});
    case Column::observation:
      return f(events::Observation{});
    case Column::target:
      return f(events::TargetKind{});
    default:
      HANSARD_ASSERT(column == Column::usage_source, "a column of words");
      return f(events::UsageSource{});
  }
}

}  // namespace

std::string_view word_of(Column column, std::int64_t value) {
  return with_words(column, [&](auto some) -> std::string_view {
    const auto& words = events::kWords<decltype(some)>;
    const auto at = static_cast<std::size_t>(value);
    return value >= 0 && at < words.size() ? words[at] : "other";
  });
}

std::optional<std::int64_t> number_of(Column column, std::string_view word) {
  return with_words(column, [&](auto some) -> std::optional<std::int64_t> {
    const auto& words = events::kWords<decltype(some)>;
    for (std::size_t i = 0; i < words.size(); ++i) {
      if (words[i] == word) return static_cast<std::int64_t>(i);
    }
    if (word == "other") return static_cast<std::int64_t>(words.size());
    return std::nullopt;
  });
}

}  // namespace hansard::projections::facts
