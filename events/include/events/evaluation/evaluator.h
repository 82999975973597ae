#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/result.h"
#include "events/evaluation/json_schema.h"
#include "events/json.h"
#include "events/pattern.h"

/// Judges of answers that need no model: the same text gets the same judgement, for ever.
namespace hansard::events {

/// Words that an evaluator looks for, at most.
inline constexpr std::size_t kEvaluatorWordsMax = 1'024;

/// Equal to a text, white space around both left out.
struct ExactMatch {
  std::string expected;
};
/// Has every one of these, letter by letter.
struct Contains {
  std::vector<std::string> all;
};
/// Has none of these.
struct NotContains {
  std::vector<std::string> none;
};
/// Some part of it matches.
struct RegexMatch {
  Pattern pattern;
};
/// Is JSON, and fits. A fence of Markdown around it is taken off first.
struct SchemaMatch {
  JsonSchema schema;
};
/// The last number in it is within `tolerance` of `expected`, or within that part of it.
struct NumberClose {
  double expected = 0;
  double tolerance = 0;
  bool relative = false;
};

struct Judgement {
  bool passed = false;
  std::string reason;  ///< why not; empty where it passed
};

/// One of them, as a client describes it:
///   {"exact": "yes"}  {"contains": ["a", "b"]}  {"not_contains": ["c"]}  {"regex": "^\\d+$"}
///   {"json_schema": {...}}  {"number": {"expected": 4, "tolerance": 0.01, "relative": true}}
class Evaluator {
 public:
  /// Errors: invalid_argument naming the field below `field`, unsupported, too_large.
  static core::Result<Evaluator> read(const Json& json, std::string_view field);

  /// `exact`, `contains`, ...: the member that it was described by.
  [[nodiscard]] std::string_view kind() const;
  /// Errors: too_large (a schema's bounds).
  [[nodiscard]] core::Result<Judgement> judge(std::string_view answer) const;

 private:
  using Any = std::variant<ExactMatch, Contains, NotContains, RegexMatch, SchemaMatch, NumberClose>;
  explicit Evaluator(Any any) : any_(std::move(any)) {}
  Any any_;
};

}  // namespace hansard::events
