#include "prices/price_json.h"

namespace hansard::http {

using events::Json;
namespace pricing = events::pricing;

Json book_json(const projections::PublishedBook& book) {
  Json json = Json::Object{};
  json.add("project", book.project);
  json.add("book", book.book);
  json.add("version", book.version);
  json.add("provenance", book.provenance);
  if (book.effective_from) json.add("effective_from", core::format_time(*book.effective_from));
  if (book.collected_at) json.add("collected_at", core::format_time(*book.collected_at));
  json.add("recorded_at", core::format_time(book.recorded_at));
  json.add("position", book.first.value);
  json.add("entries", book.entries);
  if (book.parts < book.parts_whole) {
    json.add("parts_missing", std::uint64_t{book.parts_whole - book.parts});
  }
  return json;
}

Json price_json(const pricing::PublishedPrice& price) {
  Json json = pricing::to_json(price.entry);
  json.add("price_id", price.id());
  json.add("book", price.book);
  json.add("version", price.version);
  return json;
}

void add_money(Json& json, pricing::WidePicoUsd pico) {
  const bool fits = pico <= INT64_MAX && pico >= INT64_MIN;
  const std::string usd = pricing::exact_dollars(pico);
  if (fits) json.add("pico_usd", static_cast<std::int64_t>(pico));
  json.add("usd", usd);
}

void add_match(Json& json, const pricing::Match& match) {
  if (!match) return;
  json.add("match", std::string(pricing::to_word(match.kind)));
  if (match.provider_assumed) json.add("provider_assumed", true);
  if (match.of_project) json.add("of_project", true);
  json.add("price", price_json(*match.price));
}

Json cost_json(const pricing::PricedCall& call) {
  Json json = Json::Object{};
  if (call.reason != pricing::NoCost::none) {
    json.add("unpriced", std::string(pricing::to_word(call.reason)));
    return json;
  }
  add_money(json, call.cost.pico_usd);
  Json classes = Json::Object{};
  Json missing = Json::Array{};
  Json estimated = Json::Array{};
  for (std::size_t i = 0; i < pricing::kTokenClasses; ++i) {
    const auto each = static_cast<pricing::TokenClass>(i);
    const std::string name(pricing::to_word(each));
    if (call.cost.by_class[i] != 0)
      classes.add(name, pricing::exact_dollars(call.cost.by_class[i]));
    if (call.cost.unpriced.has(each)) missing.push(name);
    if (call.cost.estimated.has(each)) estimated.push(name);
  }
  json.add("usd_by_class", std::move(classes));
  if (call.cost.units != 0) json.add("usd_of_units", pricing::exact_dollars(call.cost.units));
  if (!missing.if_array()->empty()) json.add("unpriced_classes", std::move(missing));
  if (!estimated.if_array()->empty()) json.add("estimated_classes", std::move(estimated));
  if (call.cost.long_context) json.add("long_context", true);
  if (call.estimated) json.add("estimated", true);
  return json;
}

}  // namespace hansard::http
