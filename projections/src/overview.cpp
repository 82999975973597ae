#include "projections/overview.h"

#include <algorithm>

namespace hansard::projections {
namespace {

template <class T>
void take(std::optional<T>& current, const std::optional<T>& given) {
  if (given) current = given;
}

void configure(SessionConfig& config, const Entry& entry) {
  const auto* event = std::get_if<events::SessionConfigured>(&entry.event);
  if (!event) return;
  take(config.provider, event->provider);
  take(config.model, event->model);
  if (event->system || event->system_hash) {
    config.system = event->system;
    config.system_hash = event->system_hash;
  }
  if (event->tools || event->tools_hash) {
    config.tools = event->tools;
    config.tools_hash = event->tools_hash;
    config.tools_count = event->tools_count;
  }
  take(config.settings, event->settings);
}

/// Gathers times and numbers of the session's own events, tools included.
class Summary {
 public:
  explicit Summary(Overview& overview) : overview_(overview) {}

  void add(const Entry& entry) {
    see(entry.info);
    count_event(overview_.counters, entry.event);
    for (const ToolUse& tool : entry.tools) {
      if (own(tool.info)) {
        see(tool.info);
        count_event(overview_.counters, tool.event);
      }
      add(tool.outcome);
    }
    add(entry.outcome);
  }

  /// A fork may close calls that it inherited, so an outcome is judged by itself.
  void add(const std::optional<ToolOutcome>& outcome) {
    if (!outcome || !own(outcome->info)) return;
    see(outcome->info);
    std::visit([&](const auto& event) { count_event(overview_.counters, event); }, outcome->event);
  }

  static bool own(const EntryInfo& info) { return !info.inherited_from; }

 private:
  void see(const EntryInfo& info) {
    if (!seen_ || info.version < overview_.first.version) overview_.first = info;
    seen_ = true;
    if (!info.occurred_at) return;
    auto& first = overview_.first_occurred;
    auto& last = overview_.last_occurred;
    first = first ? std::min(*first, *info.occurred_at) : *info.occurred_at;
    last = last ? std::max(*last, *info.occurred_at) : *info.occurred_at;
  }

  Overview& overview_;
  bool seen_ = false;
};

}  // namespace

Overview summarise(const History& history) {
  Overview overview;
  overview.project = history.project;
  overview.stream = history.stream;
  overview.as_of = history.as_of;
  overview.ended = history.ended;
  overview.created = history.created;
  overview.origin = history.origin;
  overview.erasures = history.erasures;
  overview.erased = history.erased;
  Summary summary(overview);
  if (history.created) summary.add(*history.created);
  for (const Entry& entry : history.entries) {
    configure(overview.config, entry);
    if (Summary::own(entry.info)) {
      summary.add(entry);
      continue;
    }
    for (const ToolUse& tool : entry.tools) {
      // A call made in the fork for an answer that it inherited, or only its outcome.
      if (Summary::own(tool.info)) {
        summary.add(Entry{tool.info, tool.event, {}, tool.outcome});
      } else {
        summary.add(tool.outcome);
      }
    }
    summary.add(entry.outcome);
  }
  return overview;
}

}  // namespace hansard::projections
