#include "events/evaluation/json_schema.h"

#include <array>
#include <cmath>
#include <cstdlib>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

#include "evaluation/json_equal.h"
#include "evaluation/schema_read.h"

namespace hansard::events {
namespace {

using core::Errc;
using core::Error;
using core::Ok;
using core::Result;
using core::Status;

/// Where the members of a keyword's value are schemas themselves.
enum class Holds : std::uint8_t { nothing, schema, schemas, members, schema_or_list, dependencies };
struct Keyword {
  std::string_view name;
  Holds holds = Holds::nothing;
};
constexpr std::array kKeywords{
    Keyword{"additionalItems", Holds::schema},
    Keyword{"additionalProperties", Holds::schema},
    Keyword{"allOf", Holds::schemas},
    Keyword{"anyOf", Holds::schemas},
    Keyword{"contains", Holds::schema},
    Keyword{"$defs", Holds::members},
    Keyword{"definitions", Holds::members},
    Keyword{"dependencies", Holds::dependencies},
    Keyword{"dependentSchemas", Holds::members},
    Keyword{"else", Holds::schema},
    Keyword{"if", Holds::schema},
    Keyword{"items", Holds::schema_or_list},
    Keyword{"not", Holds::schema},
    Keyword{"oneOf", Holds::schemas},
    Keyword{"patternProperties", Holds::members},
    Keyword{"prefixItems", Holds::schemas},
    Keyword{"properties", Holds::members},
    Keyword{"propertyNames", Holds::schema},
    Keyword{"then", Holds::schema},
};
constexpr std::array<std::string_view, 5> kUnsupported{
    "unevaluatedProperties", "unevaluatedItems", "$dynamicRef", "$recursiveRef", "contentSchema"};

/// One step of a JSON pointer, `~1` and `~0` undone, and percent signs of a URL.
std::string unescaped(std::string_view step) {
  std::string out;
  for (std::size_t i = 0; i < step.size(); ++i) {
    if (step[i] == '%' && i + 2 < step.size()) {
      const std::string hex(step.substr(i + 1, 2));
      char* end = nullptr;
      const auto code = static_cast<char>(std::strtol(hex.c_str(), &end, 16));
      if (end == hex.c_str() + hex.size()) {
        out.push_back(code);
        i += 2;
        continue;
      }
    }
    out.push_back(step[i]);
  }
  for (const auto& [from, to] : {std::pair{"~1", "/"}, std::pair{"~0", "~"}}) {
    for (std::size_t at = out.find(from); at != std::string::npos; at = out.find(from, at + 1)) {
      out.replace(at, 2, to);
    }
  }
  return out;
}

}  // namespace

const Json* resolve(const Json& root, std::string_view reference) {
  if (!reference.starts_with('#')) return nullptr;
  reference.remove_prefix(1);
  const Json* at = &root;
  while (!reference.empty() && at != nullptr) {
    if (!reference.starts_with('/')) return nullptr;
    reference.remove_prefix(1);
    const std::string step = unescaped(reference.substr(0, reference.find('/')));
    reference.remove_prefix(std::min(reference.find('/'), reference.size()));
    if (const auto* list = at->if_array()) {
      char* end = nullptr;
      const std::size_t index = std::strtoul(step.c_str(), &end, 10);
      const bool is_index = !step.empty() && *end == '\0' && index < list->size();
      at = is_index ? &(*list)[index] : nullptr;
    } else {
      at = at->find(step);
    }
  }
  return at;
}

namespace {

/// Walks a schema once: forms of keywords, patterns, references.
class Reader {
 public:
  Reader(const Json& root, std::map<const Json*, Pattern>& patterns,
         std::map<std::string, Pattern, std::less<>>& members)
      : root_(root), patterns_(patterns), members_(members) {}

  Status schema(const Json& json, const std::string& path, std::size_t depth) {
    if (depth > kSchemaDepthMax) {
      return Error{Errc::too_large, path + ": is nested too deeply", path};
    }
    if (json.is_boolean()) return Ok{};
    const auto* members = json.if_object();
    if (members == nullptr) return bad_field(path, "expected a schema: an object, true or false");
    for (const auto& [key, value] : *members) {
      if (auto status = keyword(key, value, join_path(path, key), depth); !status) return status;
    }
    return Ok{};
  }

 private:
  Status keyword(const std::string& key, const Json& value, const std::string& path,
                 std::size_t depth) {
    for (const std::string_view each : kUnsupported) {
      if (key == each) return Error{Errc::unsupported, path + ": is not supported", path};
    }
    if (key == "$ref") {
      const std::string* reference = value.if_string();
      if (reference == nullptr) return bad_field(path, "expected a text");
      if (resolve(root_, *reference) != nullptr) return Ok{};
      return Error{Errc::unsupported, path + ": names nothing within this schema", path};
    }
    if (key == "pattern") return pattern(value, path);
    if (auto status = form(key, value, path); !status) return status;
    for (const Keyword& each : kKeywords) {
      if (each.name == key) return below(each.holds, value, path, depth + 1);
    }
    return Ok{};
  }

  Status pattern(const Json& value, const std::string& path) {
    const std::string* text = value.if_string();
    if (text == nullptr) return bad_field(path, "expected a text");
    auto compiled = Pattern::compile(*text, path);
    if (!compiled) return compiled.error();
    patterns_.emplace(&value, *std::move(compiled));
    return Ok{};
  }

  /// What the value of a keyword that holds no schemas must be.
  static Status form(std::string_view key, const Json& value, const std::string& path) {
    for (const auto name : {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"}) {
      if (key == name && !value.is_number()) return bad_field(path, "expected a number");
    }
    if (key == "multipleOf" && !(value.is_number() && real(value) > 0)) {
      return bad_field(path, "expected a number above 0");
    }
    for (const auto name : {"minLength", "maxLength", "minItems", "maxItems", "minProperties",
                            "maxProperties", "minContains", "maxContains"}) {
      const bool whole = value.is_number() && real(value) >= 0 && is_whole(value);
      if (key == name && !whole) return bad_field(path, "expected a whole number from 0");
    }
    if (key == "enum" && !value.is_array()) return bad_field(path, "expected a list");
    if (key == "required" && !value.is_array()) return bad_field(path, "expected a list of names");
    if (key == "type" && !value.is_string() && !value.is_array()) {
      return bad_field(path, "expected a type, or a list of them");
    }
    return Ok{};
  }

  Status below(Holds holds, const Json& value, const std::string& path, std::size_t depth) {
    const auto* list = value.if_array();
    const auto* members = value.if_object();
    switch (holds) {
      case Holds::nothing:
        return Ok{};
      case Holds::schema:
        return schema(value, path, depth);
      case Holds::schema_or_list:
        if (list == nullptr) return schema(value, path, depth);
        [[fallthrough]];
      case Holds::schemas:
        if (list == nullptr) return bad_field(path, "expected a list of schemas");
        for (std::size_t i = 0; i < list->size(); ++i) {
          if (auto s = schema((*list)[i], join_path(path, i), depth); !s) return s;
        }
        return Ok{};
      case Holds::members:
      case Holds::dependencies:
        if (members == nullptr) return bad_field(path, "expected an object of schemas");
        for (const auto& [key, each] : *members) {
          if (path.ends_with("patternProperties") && !members_.contains(key)) {
            auto compiled = Pattern::compile(key, join_path(path, key));
            if (!compiled) return compiled.error();
            members_.emplace(key, *std::move(compiled));
          }
          if (holds == Holds::dependencies && each.is_array()) continue;
          if (auto s = schema(each, join_path(path, key), depth); !s) return s;
        }
        return Ok{};
    }
    return Ok{};
  }

  const Json& root_;
  std::map<const Json*, Pattern>& patterns_;
  std::map<std::string, Pattern, std::less<>>& members_;
};

}  // namespace

core::Result<JsonSchema> JsonSchema::read(Json schema, std::string_view field) {
  if (dump(schema).size() > kSchemaBytesMax) {
    return Error{
        Errc::too_large,
        std::string(field) + ": is longer than " + std::to_string(kSchemaBytesMax) + " bytes",
        std::string(field)};
  }
  auto read = std::make_shared<Read>();
  read->root = std::move(schema);
  Reader reader(read->root, read->patterns, read->members);
  if (auto status = reader.schema(read->root, std::string(field), 0); !status) {
    return std::move(status.error());
  }
  return JsonSchema(std::move(read));
}

}  // namespace hansard::events
