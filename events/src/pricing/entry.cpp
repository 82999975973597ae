#include "events/pricing/entry.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

namespace hansard::events::pricing {
namespace {

using core::Ok;
using core::Result;
using core::Status;

/// The place of an entry in errors: number and model.
std::string entry_path(std::string_view list, std::size_t index, const Json& entry) {
  std::string path = join_path(list, index);
  const Json* model = entry.find("model");
  if (model == nullptr || model->if_string() == nullptr) return path;
  const Json* provider = entry.find("provider");
  path += " (";
  if (provider != nullptr && provider->if_string() != nullptr) {
    path += provider->if_string()->substr(0, kMaxPriceNameBytes) + "/";
  }
  return path + model->if_string()->substr(0, kMaxPriceNameBytes) + ")";
}

Result<std::string> name_of(const Json& value, const std::string& path) {
  auto text = value.as_string(path);
  if (!text) return text;
  const bool fits = !text->empty() && text->size() <= kMaxPriceNameBytes;
  const bool plain = std::all_of(text->begin(), text->end(), [](char c) {
    return c > ' ' && static_cast<unsigned char>(c) < 0x7f;
  });
  if (!fits || !plain) return bad_field(path, "expected 1 to 200 visible ASCII characters");
  return text;
}

Result<PicoUsd> price_of(const Json& value, PicoUsd max, const std::string& path) {
  const Json::Number* number = value.if_number();
  if (number != nullptr && number->lexeme.starts_with('-')) {
    return bad_field(path, "a price must not be negative, found " + number->lexeme.substr(0, 40));
  }
  auto pico = value.as_uint("");
  if (!pico) {
    return bad_field(
        path, "expected a whole number of pico-USD (10^-12 dollars): " + pico.error().message);
  }
  if (*pico > static_cast<std::uint64_t>(max)) {
    return bad_field(path, "is over " + std::to_string(max) +
                               " pico-USD: prices are per token, not per million");
  }
  return static_cast<PicoUsd>(*pico);
}

/// Calls `read(key, value, path of it)` for every member; repeated keys are errors.
template <class F>
Status members(const Json& value, const std::string& path, F&& read) {
  const auto* object = value.if_object();
  if (object == nullptr) return bad_field(path, "expected an object");
  for (std::size_t i = 0; i < object->size(); ++i) {
    const auto& [key, member] = (*object)[i];
    const std::string here = join_path(path, key);
    for (std::size_t k = 0; k < i; ++k) {
      if ((*object)[k].key == key) return bad_field(here, "the field is repeated");
    }
    if (auto status = read(key, member, here); !status) return status;
  }
  return Ok{};
}

Status read_rates(const Json& value, const std::string& path, Rates& out) {
  return members(value, path,
                 [&](const std::string& key, const Json& each, const std::string& here) -> Status {
                   const auto token_class = token_class_from(key);
                   if (!token_class) return bad_field(here, "no such class of tokens");
                   const auto pico = price_of(each, kMaxPicoPerToken, here);
                   if (!pico) return pico.error();
                   out.set(*token_class, *pico);
                   return Ok{};
                 });
}

Status read_tiers(const Json& value, const std::string& path, TierRates& out) {
  return members(value, path,
                 [&](const std::string& key, const Json& each, const std::string& here) -> Status {
                   const auto tier = service_tier_from(key);
                   if (!tier)
                     return bad_field(here, "expected standard, flex, priority, batch or fast");
                   auto& rates = out.at(static_cast<std::size_t>(*tier));
                   if (auto status = read_rates(each, here, rates); !status) return status;
                   if (rates.empty()) return bad_field(here, "has no price");
                   return Ok{};
                 });
}

Status read_long(const Json& value, const std::string& path, std::vector<LongContext>& out) {
  const auto* list = value.if_array();
  if (list == nullptr) return bad_field(path, "expected an array");
  if (list->size() > kMaxLongContexts) {
    return bad_field(path, "more than " + std::to_string(kMaxLongContexts) + " thresholds");
  }
  for (std::size_t i = 0; i < list->size(); ++i) {
    const std::string place = join_path(path, i);
    LongContext band;
    bool edge = false;
    bool priced = false;
    auto status = members(
        (*list)[i], place,
        [&](const std::string& key, const Json& each, const std::string& here) -> Status {
          if (key == "prices") {
            priced = true;
            return read_tiers(each, here, band.rates);
          }
          if (key != "above" && key != "from") return bad_field(here, "no such field");
          if (edge) return bad_field(here, "either `above` or `from`, not both");
          edge = true;
          const auto threshold = each.as_uint(here);
          if (!threshold) return threshold.error();
          if (*threshold < 1 || *threshold > kMaxThreshold) {
            return bad_field(here, "expected 1.." + std::to_string(kMaxThreshold) + " tokens");
          }
          band.threshold = *threshold;
          band.edge = key == "from" ? Edge::from : Edge::above;
          return Ok{};
        });
    if (!status) return status;
    if (!edge) return bad_field(place, "`above` or `from` is required");
    if (!priced || band.rates == TierRates{}) return bad_field(place, "has no price");
    if (!out.empty() && band.threshold <= out.back().threshold) {
      return bad_field(place, "overlaps the threshold before it: they must rise, found " +
                                  std::to_string(out.back().threshold) + " and " +
                                  std::to_string(band.threshold));
    }
    out.push_back(std::move(band));
  }
  return Ok{};
}

Status read_regions(const Json& value, const std::string& path, std::vector<Region>& out) {
  auto status =
      members(value, path,
              [&](const std::string& key, const Json& each, const std::string& here) -> Status {
                const auto name = name_of(Json(key), here);
                if (!name) return name.error();
                const auto permille = each.as_uint(here);
                if (!permille) return permille.error();
                if (*permille < 1 || *permille > 10'000) {
                  return bad_field(here, "expected 1..10000 by the thousand (1100 is 10 % more)");
                }
                out.push_back({*name, static_cast<std::uint32_t>(*permille)});
                return Ok{};
              });
  if (status && out.size() > kMaxRegions) {
    return bad_field(path, "more than " + std::to_string(kMaxRegions) + " regions");
  }
  return status;
}

Status read_units(const Json& value, const std::string& path, Price& out) {
  return members(value, path,
                 [&](const std::string& key, const Json& each, const std::string& here) -> Status {
                   const auto unit = unit_from(key);
                   if (!unit) return bad_field(here, "no such unit");
                   const auto pico = price_of(each, kMaxPicoPerUnit, here);
                   if (!pico) return pico.error();
                   out.units.at(static_cast<std::size_t>(*unit)) = *pico;
                   return Ok{};
                 });
}

template <class T>
Status keep(Result<T> value, std::optional<T>& out) {
  if (!value) return std::move(value.error());
  out = *std::move(value);
  return Ok{};
}

Status keep(Result<bool> value, bool& out) {
  if (!value) return std::move(value.error());
  out = *value;
  return Ok{};
}

Result<core::Timestamp> moment_of(const Json& value, const std::string& path) {
  const auto text = value.as_string(path);
  if (!text) return text.error();
  auto time = core::parse_time(*text);
  if (!time) return bad_field(path, "expected a time like 2026-08-01T00:00:00Z");
  return time;
}

Result<std::string> day_of(const Json& value, const std::string& path) {
  auto text = value.as_string(path);
  if (!text) return text;
  if (text->size() != 10 || !core::parse_time(*text + "T00:00:00Z")) {
    return bad_field(path, "expected a day like 2026-08-01");
  }
  return text;
}

Status read_member(const std::string& key, const Json& value, const std::string& path,
                   PriceEntry& out) {
  if (key == "provider") return keep(name_of(value, path), out.provider);
  if (key == "model") {
    auto name = name_of(value, path);
    if (!name) return name.error();
    out.model = *std::move(name);
    if (out.model.find('*') < out.model.size() - 1) {
      return bad_field(path, "`*` stands only at the end");
    }
    return Ok{};
  }
  if (key == "home") return keep(value.as_boolean(path), out.home);
  if (key == "withdrawn") return keep(value.as_boolean(path), out.withdrawn);
  if (key == "effective_from") return keep(moment_of(value, path), out.effective_from);
  if (key == "prices") return read_tiers(value, path, out.price.rates);
  if (key == "long") return read_long(value, path, out.price.long_context);
  if (key == "regions") return read_regions(value, path, out.price.regions);
  if (key == "units") return read_units(value, path, out.price);
  if (key == "mode") return keep(name_of(value, path), out.mode);
  if (key == "input_max") return keep(value.as_uint(path), out.input_max);
  if (key == "output_max") return keep(value.as_uint(path), out.output_max);
  if (key == "retires") return keep(day_of(value, path), out.retires);
  return bad_field(path, "no such field");
}

bool has_price(const Price& price) {
  return price.rates != TierRates{} || !price.long_context.empty() || price.units != Price{}.units;
}

Result<PriceEntry> read_entry(const Json& json, const std::string& path) {
  PriceEntry entry;
  auto status =
      members(json, path, [&](const std::string& key, const Json& value, const std::string& here) {
        return read_member(key, value, here, entry);
      });
  if (!status) return std::move(status.error());
  if (entry.model.empty()) return bad_field(join_path(path, "model"), "the field is required");
  if (entry.model == "*" && !entry.provider) {
    return bad_field(join_path(path, "model"), "a price for everything needs a provider");
  }
  if (entry.withdrawn && has_price(entry.price)) {
    return bad_field(path, "a withdrawn entry has no prices");
  }
  if (!entry.withdrawn && !has_price(entry.price)) return bad_field(path, "has no price");
  return entry;
}

}  // namespace

std::string PriceEntry::name() const { return provider ? *provider + "/" + model : model; }

Result<std::vector<PriceEntry>> parse_price_entries(const Json& list, std::string_view path) {
  const auto* array = list.if_array();
  if (array == nullptr) return bad_field(path, "expected an array of prices");
  if (array->size() > kMaxPriceEntries) {
    return core::Error{core::Errc::too_large,
                       std::string(path) + ": more than " + std::to_string(kMaxPriceEntries) +
                           " prices; publish them in parts",
                       std::string(path)};
  }
  std::vector<PriceEntry> out;
  out.reserve(array->size());
  std::map<std::tuple<std::string, std::string, core::Timestamp>, std::size_t> seen;
  for (std::size_t i = 0; i < array->size(); ++i) {
    const std::string place = entry_path(path, i, (*array)[i]);
    auto entry = read_entry((*array)[i], place);
    if (!entry) return std::move(entry.error());
    const auto [found, added] =
        seen.try_emplace({entry->provider.value_or(""), entry->model,
                          entry->effective_from.value_or(core::Timestamp::min())},
                         i);
    if (!added) {
      return bad_field(place, "overlaps " + join_path(path, found->second) +
                                  ": the same model from the same moment on");
    }
    out.push_back(*std::move(entry));
  }
  return out;
}

}  // namespace hansard::events::pricing
