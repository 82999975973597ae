#include "events/pricing/book.h"

#include <algorithm>
#include <tuple>

#include "events/pricing/providers.h"

namespace hansard::events::pricing {

std::string PublishedPrice::id() const {
  return std::to_string(position.value) + "/" + std::to_string(index);
}

std::string_view to_word(MatchKind kind) {
  switch (kind) {
    case MatchKind::exact:
      return "exact";
    case MatchKind::provider_prefixed:
      return "provider_prefixed";
    case MatchKind::date_stripped:
      return "date_stripped";
    case MatchKind::pattern:
      break;
  }
  return "pattern";
}

bool Match::backdated(core::Timestamp occurred_at) const {
  return price != nullptr && !price->entry.effective_from && price->collected_at &&
         occurred_at < *price->collected_at;
}

const Match& Quote::at(core::Timestamp occurred_at) const {
  static const Match kNone;
  auto after =
      std::upper_bound(steps_.begin(), steps_.end(), occurred_at,
                       [](core::Timestamp time, const Step& step) { return time < step.from; });
  return after == steps_.begin() ? kNone : std::prev(after)->match;
}

void PriceBook::publish(std::string_view project, const Source& source,
                        std::vector<PriceEntry> entries) {
  Shelf& shelf = shelves_[std::string(project)];
  for (std::size_t i = 0; i < entries.size(); ++i) {
    auto each = std::make_shared<PublishedPrice>(
        PublishedPrice{source.position, static_cast<std::uint32_t>(i), source.book, source.version,
                       source.collected_at, std::move(entries[i])});
    PriceEntry& entry = each->entry;
    if (!entry.effective_from) entry.effective_from = source.effective_from;
    if (entry.provider) entry.provider = std::string(canonical_provider(*entry.provider));
    const std::string provider = entry.provider.value_or("");
    std::string model = entry.model;
    if (entry.is_pattern()) model.pop_back();
    Versions& versions = (entry.is_pattern() ? shelf.patterns : shelf.exact)[{provider, model}];
    const bool known = std::any_of(versions.begin(), versions.end(), [&](const auto& other) {
      return other->position == each->position && other->index == each->index;
    });
    if (known) continue;
    versions.push_back(each);
    if (entry.home && !entry.is_pattern()) shelf.home[model].push_back(each);
    if (!provider.empty()) shelf.providers.insert(provider);
    ++size_;
  }
}

const PriceBook::Published* PriceBook::in_force(const Versions& versions, core::Timestamp at,
                                                core::Position end) {
  const auto rank = [](const PublishedPrice& each) {
    return std::tuple(each.entry.effective_from.value_or(core::Timestamp::min()), each.position,
                      each.index);
  };
  const Published* best = nullptr;
  for (const Published& each : versions) {
    if (each->position >= end) continue;
    if (each->entry.effective_from && *each->entry.effective_from > at) continue;
    if (best == nullptr || rank(**best) < rank(*each)) best = &each;
  }
  return best != nullptr && (*best)->entry.withdrawn ? nullptr : best;
}

std::vector<std::shared_ptr<const PublishedPrice>> PriceBook::list(std::string_view project,
                                                                   core::Timestamp at,
                                                                   core::Position end) const {
  std::map<Key, Published> found;
  const auto add = [&](std::string_view from) {
    const auto shelf = shelves_.find(from);
    if (shelf == shelves_.end()) return;
    for (const auto* index : {&shelf->second.exact, &shelf->second.patterns}) {
      for (const auto& [key, versions] : *index) {
        const Published* each = in_force(versions, at, end);
        if (each != nullptr) found[{key.first, (*each)->entry.model}] = *each;
      }
    }
  };
  add(kSharedPrices);
  if (project != kSharedPrices) add(project);
  std::vector<Published> out;
  out.reserve(found.size());
  for (auto& each : found) out.push_back(std::move(each.second));
  return out;
}

}  // namespace hansard::events::pricing
