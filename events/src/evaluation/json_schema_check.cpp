#include <algorithm>
#include <cmath>
#include <utility>

#include "evaluation/json_equal.h"
#include "evaluation/schema_read.h"

namespace hansard::events {
namespace {

using core::Errc;
using core::Error;

/// Characters of a text, not bytes.
std::size_t length_of(std::string_view text) {
  std::size_t length = 0;
  for (const char each : text) length += (static_cast<unsigned char>(each) & 0xC0U) != 0x80U;
  return length;
}

/// Applies schemas to one value. `false` is a violation, kept in `found`, or a bound, in `over`.
class Checker {
 public:
  using Found = std::optional<JsonSchema::Violation>;
  Checker(const Json& root, const std::map<const Json*, Pattern>& patterns,
          const std::map<std::string, Pattern, std::less<>>& members)
      : root_(root), patterns_(patterns), members_(members) {}

  Found found;
  bool over = false;

  bool fits(const Json& schema, const Json& value, const std::string& path, std::size_t depth) {
    if (over) return false;
    if (depth > kSchemaDepthMax || ++steps_ > kSchemaStepsMax) {
      over = true;
      return false;
    }
    if (const bool* all = schema.if_boolean()) return *all || fail(path, "nothing fits here");
    if (const Json* reference = schema.find("$ref")) {
      if (!fits(*resolve(root_, *reference->if_string()), value, path, depth + 1)) return false;
    }
    return typed(schema, value, path) && combined(schema, value, path, depth + 1) &&
           number(schema, value, path) && text(schema, value, path) &&
           list(schema, value, path, depth + 1) && object(schema, value, path, depth + 1);
  }

 private:
  bool fail(const std::string& path, std::string why) {
    if (!over && !quiet_) found = JsonSchema::Violation{path, std::move(why)};
    return false;
  }

  /// Asks without telling what does not fit.
  bool would_fit(const Json& schema, const Json& value, const std::string& path,
                 std::size_t depth) {
    ++quiet_;
    const bool fits_it = fits(schema, value, path, depth);
    --quiet_;
    return fits_it;
  }

  static bool is_type(std::string_view type, const Json& value) {
    if (type == "integer") return value.is_number() && is_whole(value);
    if (type == "number") return value.is_number();
    if (type == "string") return value.is_string();
    if (type == "boolean") return value.is_boolean();
    if (type == "null") return value.is_null();
    if (type == "array") return value.is_array();
    return type == "object" && value.is_object();
  }

  bool typed(const Json& schema, const Json& value, const std::string& path) {
    if (const Json* type = schema.find("type")) {
      bool one = false;
      std::string wanted;
      const auto look = [&](const Json& each) {
        const std::string* name = each.if_string();
        if (name == nullptr) return;
        one = one || is_type(*name, value);
        wanted += (wanted.empty() ? "" : " or ") + *name;
      };
      if (const auto* types = type->if_array()) {
        for (const Json& each : *types) look(each);
      } else {
        look(*type);
      }
      if (!one) {
        return fail(path, "expected " + wanted + ", found " + std::string(describe(value.kind())));
      }
    }
    if (const Json* options = schema.find("enum")) {
      bool one = false;
      for (const Json& each : *options->if_array()) one = one || equal(each, value);
      if (!one) return fail(path, "is none of the values that are allowed");
    }
    const Json* only = schema.find("const");
    return only == nullptr || equal(*only, value) || fail(path, "is not " + dump(*only));
  }

  bool combined(const Json& schema, const Json& value, const std::string& path, std::size_t depth) {
    if (const Json* all = schema.find("allOf")) {
      for (const Json& each : *all->if_array()) {
        if (!fits(each, value, path, depth)) return false;
      }
    }
    for (const auto name : {"anyOf", "oneOf"}) {
      const Json* options = schema.find(name);
      if (options == nullptr) continue;
      std::size_t fitting = 0;
      for (const Json& each : *options->if_array()) fitting += would_fit(each, value, path, depth);
      if (fitting == 0) return fail(path, std::string("fits nothing of ") + name);
      if (fitting > 1 && name == std::string_view("oneOf")) {
        return fail(path, "fits " + std::to_string(fitting) + " of oneOf");
      }
    }
    if (const Json* wrong = schema.find("not")) {
      if (would_fit(*wrong, value, path, depth)) return fail(path, "fits what it must not");
    }
    if (const Json* condition = schema.find("if")) {
      const Json* then = schema.find(would_fit(*condition, value, path, depth) ? "then" : "else");
      if (then != nullptr && !fits(*then, value, path, depth)) return false;
    }
    return !over;
  }

  bool number(const Json& schema, const Json& value, const std::string& path) {
    if (!value.is_number()) return true;
    const long double it = real(value);
    const auto bound = [&](std::string_view key, auto holds, std::string_view words) {
      const Json* limit = schema.find(key);
      if (limit == nullptr || holds(it, real(*limit))) return true;
      return fail(path, "is not " + std::string(words) + " " + dump(*limit));
    };
    using L = long double;
    return bound(
               "minimum", [](L a, L b) { return a >= b; }, "at least") &&
           bound(
               "maximum", [](L a, L b) { return a <= b; }, "at most") &&
           bound(
               "exclusiveMinimum", [](L a, L b) { return a > b; }, "above") &&
           bound(
               "exclusiveMaximum", [](L a, L b) { return a < b; }, "below") &&
           bound("multipleOf", is_multiple, "a multiple of");
  }

  static bool is_multiple(long double value, long double of) {
    const long double parts = value / of;
    if (!std::isfinite(parts)) return false;
    // 0.0075 / 0.0001 is not whole in binary.
    constexpr long double kSlack = 1e-12L;
    return std::fabs(parts - std::round(parts)) <= kSlack * std::max(1.0L, std::fabs(parts));
  }

  bool count(const Json& schema, std::string_view least, std::string_view most, std::size_t have,
             std::string_view what, const std::string& path) {
    const auto has = static_cast<long double>(have);
    const Json* min = schema.find(least);
    if (min != nullptr && has < real(*min)) {
      return fail(path, "has less than " + dump(*min) + " " + std::string(what));
    }
    const Json* max = schema.find(most);
    if (max != nullptr && has > real(*max)) {
      return fail(path, "has more than " + dump(*max) + " " + std::string(what));
    }
    return true;
  }

  bool text(const Json& schema, const Json& value, const std::string& path) {
    const std::string* it = value.if_string();
    if (it == nullptr) return true;
    if (!count(schema, "minLength", "maxLength", length_of(*it), "characters", path)) return false;
    const Json* pattern = schema.find("pattern");
    if (pattern == nullptr || patterns_.at(pattern).found_in(*it)) return true;
    return fail(path, "does not match " + *pattern->if_string());
  }

  bool list(const Json& schema, const Json& value, const std::string& path, std::size_t depth) {
    const auto* it = value.if_array();
    if (it == nullptr) return true;
    if (!count(schema, "minItems", "maxItems", it->size(), "elements", path)) return false;
    if (!elements(schema, *it, path, depth)) return false;
    if (const Json* contains = schema.find("contains")) {
      std::size_t have = 0;
      for (const Json& each : *it) have += would_fit(*contains, each, path, depth);
      const Json* least = schema.find("minContains");
      if (least == nullptr && have == 0) return fail(path, "has no element that `contains` asks");
      if (!count(schema, "minContains", "maxContains", have, "elements of `contains`", path)) {
        return false;
      }
    }
    const Json* unique = schema.find("uniqueItems");
    if (unique == nullptr || unique->if_boolean() == nullptr || !*unique->if_boolean()) return true;
    for (std::size_t i = 0; i < it->size(); ++i) {
      for (std::size_t k = 0; k < i; ++k) {
        if (++steps_ > kSchemaStepsMax) {
          over = true;
          return false;
        }
        if (equal((*it)[i], (*it)[k])) return fail(path, "has an element twice");
      }
    }
    return true;
  }

  bool elements(const Json& schema, const Json::Array& list, const std::string& path,
                std::size_t depth) {
    const Json* items = schema.find("items");
    const Json* places = schema.find("prefixItems");
    const Json* rest = items;
    if (places == nullptr && items != nullptr && items->is_array()) {
      places = items;
      rest = schema.find("additionalItems");
    }
    const std::size_t placed = places == nullptr ? 0 : places->if_array()->size();
    for (std::size_t i = 0; i < list.size(); ++i) {
      const Json* each = i < placed ? &(*places->if_array())[i] : rest;
      if (each != nullptr && !fits(*each, list[i], join_path(path, i), depth)) return false;
    }
    return true;
  }

  bool object(const Json& schema, const Json& value, const std::string& path, std::size_t depth) {
    const auto* it = value.if_object();
    if (it == nullptr) return true;
    if (!count(schema, "minProperties", "maxProperties", it->size(), "members", path)) return false;
    if (const Json* required = schema.find("required")) {
      for (const Json& name : *required->if_array()) {
        const std::string* text = name.if_string();
        if (text != nullptr && value.find(*text) == nullptr) {
          return fail(join_path(path, *text), "is missing");
        }
      }
    }
    const Json* names = schema.find("propertyNames");
    for (const auto& [key, each] : *it) {
      const std::string below = join_path(path, key);
      if (names != nullptr && !fits(*names, Json(key), below, depth)) return false;
      if (!member(schema, key, each, below, depth)) return false;
    }
    return depending(schema, value, path, depth);
  }

  bool member(const Json& schema, const std::string& key, const Json& value,
              const std::string& path, std::size_t depth) {
    bool known = false;
    const Json* properties = schema.find("properties");
    if (const Json* own = properties != nullptr ? properties->find(key) : nullptr) {
      known = true;
      if (!fits(*own, value, path, depth)) return false;
    }
    if (const Json* patterns = schema.find("patternProperties")) {
      for (const auto& [pattern, each] : *patterns->if_object()) {
        if (!members_.find(pattern)->second.found_in(key)) continue;
        known = true;
        if (!fits(each, value, path, depth)) return false;
      }
    }
    const Json* others = known ? nullptr : schema.find("additionalProperties");
    if (others == nullptr) return true;
    const bool* allowed = others->if_boolean();
    if (allowed != nullptr && !*allowed) return fail(path, "no such member is allowed");
    return fits(*others, value, path, depth);
  }

  bool depending(const Json& schema, const Json& value, const std::string& path,
                 std::size_t depth) {
    for (const auto name : {"dependencies", "dependentSchemas", "dependentRequired"}) {
      const Json* all = schema.find(name);
      if (all == nullptr || !all->is_object()) continue;
      for (const auto& [key, needs] : *all->if_object()) {
        if (value.find(key) == nullptr) continue;
        const auto* members = needs.if_array();
        if (members == nullptr) {
          if (!fits(needs, value, path, depth)) return false;
          continue;
        }
        for (const Json& each : *members) {
          const std::string* needed = each.if_string();
          if (needed != nullptr && value.find(*needed) == nullptr) {
            return fail(join_path(path, *needed), "is missing beside " + key);
          }
        }
      }
    }
    return true;
  }

  const Json& root_;
  const std::map<const Json*, Pattern>& patterns_;
  const std::map<std::string, Pattern, std::less<>>& members_;
  std::uint64_t steps_ = 0;
  int quiet_ = 0;
};

}  // namespace

core::Result<std::optional<JsonSchema::Violation>> JsonSchema::check(const Json& value) const {
  Checker checker(read_->root, read_->patterns, read_->members);
  const bool fits = checker.fits(read_->root, value, "", 0);
  if (checker.over) {
    return Error{Errc::too_large, "the schema asks for more than " +
                                      std::to_string(kSchemaStepsMax) + " steps or " +
                                      std::to_string(kSchemaDepthMax) + " levels"};
  }
  if (fits) return std::optional<Violation>();
  return std::move(checker.found);
}

}  // namespace hansard::events
