#include <algorithm>
#include <array>

#include "events/pricing/book.h"
#include "events/pricing/providers.h"

namespace hansard::events::pricing {

/// One place where a price may be, in order of preference.
struct PriceBook::Slot {
  const Versions* versions;
  MatchKind kind;
  bool provider_assumed;
  bool of_project;
};

/// What is looked for.
struct PriceBook::Asked {
  std::string provider;  ///< canonical; empty: not known
  std::string_view model;
  bool maker_may_be_meant;  ///< no provider, or one that no book knows and that is no host of its
                            ///< own
  bool routed;              ///< a router: passes on what the model's provider asks
  bool of_project = false;
};

namespace {

/// Who serves models on machines of one's own: a maker's list price says nothing about these.
constexpr std::array<std::string_view, 9> kSelfHosted{
    "ollama", "vllm", "sglang", "tgi", "lm_studio", "lmstudio", "llama.cpp", "localai", "scripted"};

bool is_self_hosted(std::string_view provider) {
  return std::find(kSelfHosted.begin(), kSelfHosted.end(), provider) != kSelfHosted.end();
}

bool digits(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool in_range(std::string_view two, int low, int high) {
  const int value = (two[0] - '0') * 10 + (two[1] - '0');
  return value >= low && value <= high;
}

bool is_day(std::string_view year, std::string_view month, std::string_view day) {
  return digits(year) && digits(month) && digits(day) && year.starts_with("20") &&
         in_range(month, 1, 12) && in_range(day, 1, 31);
}

}  // namespace

std::optional<std::string_view> without_date(std::string_view name) {
  // `-2025-08-07`
  if (name.size() > 11) {
    const std::string_view end = name.substr(name.size() - 11);
    if (end[0] == '-' && end[5] == '-' && end[8] == '-' &&
        is_day(end.substr(1, 4), end.substr(6, 2), end.substr(9, 2))) {
      return name.substr(0, name.size() - 11);
    }
  }
  // `-20250807`, `@20250807`. Four digits (`-0613`, `-2411`) stay: they tell models apart.
  if (name.size() > 9) {
    const std::string_view end = name.substr(name.size() - 9);
    if ((end[0] == '-' || end[0] == '@') &&
        is_day(end.substr(1, 4), end.substr(5, 2), end.substr(7, 2))) {
      return name.substr(0, name.size() - 9);
    }
  }
  return std::nullopt;
}

bool PriceBook::knows(std::string_view project, std::string_view provider) const {
  for (const auto from : {project, kSharedPrices}) {
    const auto shelf = shelves_.find(from);
    if (shelf != shelves_.end() && shelf->second.providers.contains(provider)) return true;
  }
  return false;
}

void PriceBook::collect_named(const Shelf& shelf, const Asked& asked, std::string_view name,
                              bool stripped, std::vector<Slot>& slots) {
  const auto kind = [&](MatchKind plain) { return stripped ? MatchKind::date_stripped : plain; };
  const auto add = [&](std::string_view provider, std::string_view model, MatchKind how,
                       bool assumed) {
    const auto found = shelf.exact.find(Key(provider, model));
    if (found == shelf.exact.end()) return;
    slots.push_back({&found->second, kind(how), assumed, asked.of_project});
  };
  if (!asked.provider.empty()) add(asked.provider, name, MatchKind::exact, false);
  add("", name, MatchKind::exact, false);
  if (asked.maker_may_be_meant) {
    const auto found = shelf.home.find(name);
    if (found != shelf.home.end()) {
      slots.push_back({&found->second, kind(MatchKind::exact), true, asked.of_project});
    }
  }
  const std::size_t slash = name.find('/');
  if (slash == std::string_view::npos) return;
  const std::string_view named = canonical_provider(name.substr(0, slash));
  const bool same = asked.provider.empty() || asked.provider == named;
  if (same || asked.maker_may_be_meant || asked.routed) {
    add(named, name.substr(slash + 1), MatchKind::provider_prefixed, !same);
  }
}

void PriceBook::collect_patterns(const Shelf& shelf, const Asked& asked, std::vector<Slot>& slots) {
  struct Found {
    const Versions* versions;
    std::size_t length;
    bool assumed;
  };
  std::vector<Found> found;
  for (const auto& [key, versions] : shelf.patterns) {
    if (!asked.model.starts_with(key.second)) continue;
    const bool named = key.first.empty() || key.first == asked.provider;
    const bool home = asked.maker_may_be_meant && versions.front()->entry.home;
    if (named || home) found.push_back({&versions, key.second.size(), !named});
  }
  std::stable_sort(found.begin(), found.end(), [](const Found& a, const Found& b) {
    return std::pair(b.length, a.assumed) < std::pair(a.length, b.assumed);
  });
  for (const Found& each : found) {
    slots.push_back({each.versions, MatchKind::pattern, each.assumed, asked.of_project});
  }
}

void PriceBook::collect(const Shelf& shelf, const Asked& asked, std::vector<Slot>& slots) {
  collect_named(shelf, asked, asked.model, false, slots);
  if (const auto stripped = without_date(asked.model)) {
    collect_named(shelf, asked, *stripped, true, slots);
  }
  collect_patterns(shelf, asked, slots);
}

Quote PriceBook::quote(std::string_view project, std::string_view provider, std::string_view model,
                       core::Position end) const {
  if (model.empty()) return Quote({});
  Asked asked{std::string(canonical_provider(provider)), model, false, false};
  asked.routed = asked.provider == "openrouter" || asked.provider == "litellm";
  asked.maker_may_be_meant =
      asked.provider.empty() ||
      (!asked.routed && !is_self_hosted(asked.provider) && !knows(project, asked.provider));

  std::vector<Slot> slots;
  if (project != kSharedPrices) {
    asked.of_project = true;
    const auto own = shelves_.find(project);
    if (own != shelves_.end()) collect(own->second, asked, slots);
  }
  asked.of_project = false;
  const auto shared = shelves_.find(kSharedPrices);
  if (shared != shelves_.end()) collect(shared->second, asked, slots);

  // Something may change whenever an entry of any slot takes effect.
  std::set<core::Timestamp> moments;
  for (const Slot& slot : slots) {
    for (const Published& each : *slot.versions) {
      if (each->position >= end) continue;
      moments.insert(each->entry.effective_from.value_or(core::Timestamp::min()));
    }
  }
  std::vector<Quote::Step> steps;
  for (const core::Timestamp moment : moments) {
    Match match;
    for (const Slot& slot : slots) {
      if (const Published* found = in_force(*slot.versions, moment, end)) {
        match = {*found, slot.kind, slot.provider_assumed, slot.of_project};
        break;
      }
    }
    if (steps.empty() ? !match : steps.back().match == match) continue;
    steps.push_back({moment, std::move(match)});
  }
  return Quote(std::move(steps));
}

}  // namespace hansard::events::pricing
