#include <utility>

#include "events/pricing/entry.h"

namespace hansard::events::pricing {
namespace {

Json json_of(const Rates& rates) {
  Json out(Json::Object{});
  for (std::size_t i = 0; i < kTokenClasses; ++i) {
    if (rates.pico[i] == Rates::kNone) continue;
    out.add(std::string(to_word(static_cast<TokenClass>(i))), rates.pico[i]);
  }
  return out;
}

Json json_of(const TierRates& tiers) {
  Json out(Json::Object{});
  for (std::size_t i = 0; i < kServiceTiers; ++i) {
    if (tiers[i].empty()) continue;
    out.add(std::string(to_word(static_cast<ServiceTier>(i))), json_of(tiers[i]));
  }
  return out;
}

void add_price(const Price& price, Json& out) {
  if (price.rates != TierRates{}) out.add("prices", json_of(price.rates));
  Json bands;
  for (const LongContext& band : price.long_context) {
    Json each;
    each.add(band.edge == Edge::from ? "from" : "above", band.threshold);
    each.add("prices", json_of(band.rates));
    bands.push(std::move(each));
  }
  if (!bands.is_null()) out.add("long", std::move(bands));
  Json regions;
  for (const Region& region : price.regions) regions.add(region.name, region.permille);
  if (!regions.is_null()) out.add("regions", std::move(regions));
  Json units;
  for (std::size_t i = 0; i < kUnits; ++i) {
    if (price.units[i] == Rates::kNone) continue;
    units.add(std::string(to_word(static_cast<Unit>(i))), price.units[i]);
  }
  if (!units.is_null()) out.add("units", std::move(units));
}

}  // namespace

Json to_json(const PriceEntry& entry) {
  Json out;
  if (entry.provider) out.add("provider", *entry.provider);
  out.add("model", entry.model);
  if (entry.home) out.add("home", true);
  if (entry.effective_from) out.add("effective_from", core::format_time(*entry.effective_from));
  if (entry.withdrawn) out.add("withdrawn", true);
  if (entry.mode) out.add("mode", *entry.mode);
  if (entry.input_max) out.add("input_max", *entry.input_max);
  if (entry.output_max) out.add("output_max", *entry.output_max);
  if (entry.retires) out.add("retires", *entry.retires);
  add_price(entry.price, out);
  return out;
}

}  // namespace hansard::events::pricing
