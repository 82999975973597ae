#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <regex>
#include <string>
#include <string_view>

#include "events/json.h"

namespace hansard::support {

/// The part of JSON Schema (2020-12) that our OpenAPI document is written in: `type enum required
/// properties additionalProperties items anyOf pattern minimum maximum`, and `$ref` within the
/// document. Any other word is an error of the schema: a checker that skips words it does not know
/// checks nothing.
class JsonSchema {
 public:
  enum class Members : std::uint8_t {
    any,        ///< what JSON Schema says: members that no schema names are fine
    described,  ///< not unless `additionalProperties` allows them; an object whose schema says
                ///< nothing of its members is wrong, too
  };

  /// `document` outlives this.
  explicit JsonSchema(const events::Json& document, Members members = Members::any)
      : document_(document), members_(members) {}

  /// Why `value` does not fit `schema`, with the path in front; nothing when it fits.
  [[nodiscard]] std::optional<std::string> violation(const events::Json& schema,
                                                     const events::Json& value,
                                                     const std::string& path = "$") const {
    const auto* members = schema.if_object();
    if (members == nullptr) return path + ": the schema is no object";
    for (const auto& member : *members) {
      if (auto wrong = word(member.key, member.value, schema, value, path)) return wrong;
    }
    if (members_ == Members::any || !value.is_object()) return std::nullopt;
    const events::Json* kind = schema.find("type");
    if (kind == nullptr || !kind->is_string()) return std::nullopt;  // a reference, or anything
    if (schema.find("additionalProperties") != nullptr) return std::nullopt;
    if (schema.find("properties") == nullptr) return path + ": the schema says nothing of members";
    return others(events::Json(false), schema, value, path);
  }

  /// What a `$ref` names; null when there is none.
  [[nodiscard]] const events::Json* target(std::string_view reference) const {
    if (!reference.starts_with("#/")) return nullptr;
    reference.remove_prefix(2);
    const events::Json* at = &document_;
    while (at != nullptr && !reference.empty()) {
      const std::size_t end = reference.find('/');
      at = at->find(reference.substr(0, end));
      reference.remove_prefix(end == std::string_view::npos ? reference.size() : end + 1);
    }
    return at;
  }

 private:
  using Wrong = std::optional<std::string>;

  Wrong word(const std::string& name, const events::Json& says, const events::Json& schema,
             const events::Json& value, const std::string& path) const {
    if (name == "$ref") return follow(says, value, path);
    if (name == "type") return types(says, value, path);
    if (name == "enum") return one_of(says, value, path);
    if (name == "anyOf") return any(says, value, path);
    if (name == "required") return required(says, value, path);
    if (name == "properties") return properties(says, value, path);
    if (name == "additionalProperties") return others(says, schema, value, path);
    if (name == "items") return items(says, value, path);
    if (name == "pattern") return pattern(*says.if_string(), value, path);
    if (name == "minimum" || name == "maximum") return bound(name, says, value, path);
    if (name == "default" || name == "description") return std::nullopt;
    return path + ": the schema says " + name + ", which this checker does not know";
  }
  Wrong follow(const events::Json& says, const events::Json& value, const std::string& path) const {
    const events::Json* schema = target(*says.if_string());
    if (schema == nullptr) return path + ": there is no " + *says.if_string();
    return violation(*schema, value, path);
  }
  static Wrong types(const events::Json& says, const events::Json& value, const std::string& path) {
    if (says.is_string()) return type(*says.if_string(), value, path);
    for (const events::Json& each : *says.if_array()) {
      if (!type(*each.if_string(), value, path)) return std::nullopt;
    }
    return path + ": " + std::string(describe(value.kind())) + " is none of " + dump(says);
  }
  static Wrong type(const std::string& wanted, const events::Json& value, const std::string& path) {
    const bool fits = wanted == "object"    ? value.is_object()
                      : wanted == "array"   ? value.is_array()
                      : wanted == "string"  ? value.is_string()
                      : wanted == "boolean" ? value.is_boolean()
                      : wanted == "number"  ? value.is_number()
                      : wanted == "null"    ? value.is_null()
                      : wanted == "integer"
                          ? value.is_number() &&
                                value.if_number()->lexeme.find_first_of(".eE") == std::string::npos
                          : false;
    if (fits) return std::nullopt;
    return path + ": expected " + wanted + ", found " + std::string(describe(value.kind()));
  }
  static Wrong one_of(const events::Json& says, const events::Json& value,
                      const std::string& path) {
    const std::string text = dump(value);
    for (const events::Json& each : *says.if_array()) {
      if (dump(each) == text) return std::nullopt;
    }
    return path + ": " + text + " is none of " + dump(says);
  }
  Wrong any(const events::Json& says, const events::Json& value, const std::string& path) const {
    std::string reasons;
    for (const events::Json& each : *says.if_array()) {
      const auto wrong = violation(each, value, path);
      if (!wrong) return std::nullopt;
      reasons += (reasons.empty() ? "" : "; or ") + *wrong;
    }
    return reasons;
  }
  static Wrong required(const events::Json& says, const events::Json& value,
                        const std::string& path) {
    if (!value.is_object()) return std::nullopt;
    for (const events::Json& name : *says.if_array()) {
      if (value.find(*name.if_string()) == nullptr) {
        return path + ": " + *name.if_string() + " is missing";
      }
    }
    return std::nullopt;
  }
  Wrong properties(const events::Json& says, const events::Json& value,
                   const std::string& path) const {
    if (!value.is_object()) return std::nullopt;
    for (const auto& member : *says.if_object()) {
      const events::Json* there = value.find(member.key);
      if (there == nullptr) continue;
      if (auto wrong = violation(member.value, *there, path + "." + member.key)) return wrong;
    }
    return std::nullopt;
  }
  Wrong others(const events::Json& says, const events::Json& schema, const events::Json& value,
               const std::string& path) const {
    if (!value.is_object()) return std::nullopt;
    const events::Json* known = schema.find("properties");
    for (const auto& member : *value.if_object()) {
      if (known != nullptr && known->find(member.key) != nullptr) continue;
      if (const bool* allowed = says.if_boolean()) {
        if (!*allowed) return path + ": " + member.key + " is not described";
        continue;
      }
      if (auto wrong = violation(says, member.value, path + "." + member.key)) return wrong;
    }
    return std::nullopt;
  }
  Wrong items(const events::Json& says, const events::Json& value, const std::string& path) const {
    if (!value.is_array()) return std::nullopt;
    std::size_t index = 0;
    for (const events::Json& each : *value.if_array()) {
      const std::string at = path + "[" + std::to_string(index++) + "]";
      if (auto wrong = violation(says, each, at)) return wrong;
    }
    return std::nullopt;
  }
  static Wrong pattern(const std::string& says, const events::Json& value,
                       const std::string& path) {
    const std::string* text = value.if_string();
    if (text == nullptr || std::regex_search(*text, std::regex(says))) return std::nullopt;
    return path + ": '" + *text + "' is not like " + says;
  }
  static Wrong bound(const std::string& name, const events::Json& says, const events::Json& value,
                     const std::string& path) {
    if (!value.is_number()) return std::nullopt;
    const double limit = says.as_double("").value();
    const double number = value.as_double("").value();
    if (name == "minimum" ? number >= limit : number <= limit) return std::nullopt;
    return path + ": " + dump(value) + " is beyond the " + name + " " + dump(says);
  }

  const events::Json& document_;
  const Members members_;
};

}  // namespace hansard::support
