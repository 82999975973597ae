#include "formats/langfuse_observation.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "formats/steps.h"

namespace hansard::importers::langfuse {

using core::Timestamp;
using events::Json;

std::optional<std::uint64_t> between(const std::optional<Timestamp>& begin,
                                     const std::optional<Timestamp>& end) {
  if (!begin || !end || *end < *begin) return std::nullopt;
  return static_cast<std::uint64_t>((*end - *begin).count());
}

const Json& Observation::at(std::string_view key) const {
  static const Json kNull;
  const Json* value = json->find(key);
  return value == nullptr ? kNull : *value;
}

bool Observation::failed() const { return text_at(*json, "level") == "ERROR"; }

std::optional<std::uint64_t> Observation::lasted() const { return between(start, end); }

Json Observation::rest() const {
  Json out = Json::Object{};
  for (Json::Member& member :
       without(*json, {"id", "traceId", "type", "input", "output", "startTime", "endTime",
                       "completionStartTime", "model", "modelParameters", "usageDetails"})) {
    if (!member.value.is_null()) out.add(member.key, std::move(member.value));
  }
  return out;
}

std::vector<Observation> ordered(const Json::Array& observations) {
  std::vector<Observation> all;

  for (const Json& json : observations) {
    Observation each;
    each.json = &json;
    each.id = *id_at(json, "id");
    each.type = text_at(json, "type").value_or("");
    each.name = text_at(json, "name").value_or("");
    each.start = time_of(json.find("startTime"));
    each.end = time_of(json.find("endTime"));
    all.push_back(std::move(each));
  }
  // Exports list them in any order; told twice, they must give the same steps.
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) {
    return std::tie(a.start, a.id) < std::tie(b.start, b.id);
  });
  std::map<std::string, Observation*> by_id;
  for (Observation& each : all) by_id[each.id] = &each;
  const auto above = [&](const Observation& each) -> Observation* {
    const auto id = text_at(*each.json, "parentObservationId");
    const auto found = id ? by_id.find(*id) : by_id.end();
    return found == by_id.end() ? nullptr : found->second;
  };
  for (const Observation& each : all) {
    if (each.type != "GENERATION") continue;
    std::size_t steps = 0;  // a chain that bites its tail ends all the same
    for (Observation* up = above(each); up != nullptr && steps++ < all.size(); up = above(*up)) {
      ++up->calls_inside;
    }
  }
  for (Observation& each : all) {
    Observation* up = above(each);
    if (each.is_call() && up != nullptr && up->type == "GENERATION" && up->calls_inside == 1) {
      each.around = up->json;
    }
  }
  return all;
}

}  // namespace hansard::importers::langfuse
