#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "core/result.h"
#include "events/json.h"

namespace hansard::events {

/// Longest schema, in bytes of its text.
inline constexpr std::size_t kSchemaBytesMax = 256U << 10;
/// Schemas applied to values in one check; a check that needs more says so.
inline constexpr std::uint64_t kSchemaStepsMax = 1'000'000;
/// Schemas within schemas, references followed included.
inline constexpr std::size_t kSchemaDepthMax = 256;

/// A JSON Schema, draft 7, as far as one document goes: `$ref` within the document only (and beside
/// other keywords, which count as they do since 2019-09), `format` and the content keywords say
/// nothing. Of later drafts `$defs`, `prefixItems`, `dependentRequired` and `dependentSchemas` are
/// understood; what reaches further (`unevaluated...`, `$dynamicRef`, `$recursiveRef`) is refused.
/// Immutable; copies share what was read. Thread-safe.
class JsonSchema {
 public:
  /// Errors: invalid_argument (`field` is the given one and the path within the schema),
  /// unsupported, too_large.
  static core::Result<JsonSchema> read(Json schema, std::string_view field);

  /// What is wrong with a value; `path` is where in it, empty: the value itself.
  struct Violation {
    std::string path;
    std::string message;
  };
  /// The first thing found; nothing where the value fits. Errors: too_large (a bound above).
  /// Cost: linear in what is looked at, at most kSchemaStepsMax schemas.
  [[nodiscard]] core::Result<std::optional<Violation>> check(const Json& value) const;

 private:
  struct Read;
  explicit JsonSchema(std::shared_ptr<const Read> read) : read_(std::move(read)) {}
  std::shared_ptr<const Read> read_;
};

}  // namespace hansard::events
