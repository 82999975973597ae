#include "events/pricing/raw_usage.h"

#include "events/pricing/dollars.h"

namespace hansard::events::pricing {
namespace {

std::string_view text_at(const Json& object, std::string_view key) {
  const Json* value = object.find(key);
  const std::string* text = value == nullptr ? nullptr : value->if_string();
  return text == nullptr ? std::string_view() : *text;
}

std::uint64_t count_at(const Json* object, std::string_view key) {
  const Json* value = object == nullptr ? nullptr : object->find(key);
  if (value == nullptr || !value->is_number()) return 0;
  const auto count = value->as_uint("");
  return count ? *count : 0;
}

std::optional<PicoUsd> dollars_at(const Json* object, std::string_view key) {
  const Json* value = object == nullptr ? nullptr : object->find(key);
  const Json::Number* number = value == nullptr ? nullptr : value->if_number();
  return number == nullptr ? std::nullopt : pico_from_dollars(number->lexeme);
}

std::optional<PicoUsd> reported_in(const Json& raw) {
  if (const auto cost = dollars_at(&raw, "cost")) return cost;
  if (const auto cost = dollars_at(raw.find("cost"), "total_cost")) return cost;
  if (const auto cost = dollars_at(&raw, "estimated_cost")) return cost;
  // Dollars with the point moved by ten places.
  const Json* ticks = raw.find("cost_in_usd_ticks");
  if (ticks == nullptr || !ticks->is_number()) return std::nullopt;
  const auto count = ticks->as_uint("");
  return count ? pico_from_dollars(std::to_string(*count) + "e-10") : std::nullopt;
}

}  // namespace

RawUsage read_raw_usage(const Json& raw) {
  RawUsage out;
  out.tier = service_tier_of_provider(text_at(raw, "service_tier"));
  if (text_at(raw, "speed") == "fast") out.tier = ServiceTier::fast;
  const std::string_view place = text_at(raw, "inference_geo");
  if (place != "global" && place != "not_available") out.region = place;
  const auto searches = static_cast<std::size_t>(Unit::web_search);
  out.units[searches] = count_at(raw.find("server_tool_use"), "web_search_requests");
  if (out.units[searches] == 0) out.units[searches] = count_at(&raw, "num_search_queries");
  out.reported = reported_in(raw);
  return out;
}

}  // namespace hansard::events::pricing
