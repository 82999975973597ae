#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/result.h"

namespace hansard::events {

/// Depth of nesting accepted anywhere: of request bodies, events, imported lines.
inline constexpr std::size_t kMaxJsonDepth = 128;

/// A JSON value that loses nothing the text says: numbers stay lexemes (`1.0`, `1e400` and integers
/// of any length survive), objects keep the order of their members and repeated keys.
/// A plain value: copyable, movable; threads as for a std::string.
class Json {
 public:
  enum class Kind : std::uint8_t { null, boolean, number, string, array, object };
  struct Member;
  struct Number {
    std::string lexeme;  ///< as in RFC 8259 §6
    bool operator==(const Number&) const = default;
  };
  using Array = std::vector<Json>;
  using Object = std::vector<Member>;

  Json();  ///< null
  // Implicit on purpose: trees are written as nested braces.
  Json(std::nullptr_t);                 // NOLINT
  Json(std::same_as<bool> auto value);  // NOLINT
  Json(std::integral auto value)        // NOLINT
      requires(!std::same_as<decltype(value), bool> && !std::same_as<decltype(value), char>);
  Json(Number value);            // NOLINT
  Json(std::string value);       // NOLINT
  Json(std::string_view value);  // NOLINT
  Json(const char* value);       // NOLINT
  Json(Array value);             // NOLINT
  Json(Object value);            // NOLINT
  // In json.cpp: every event holds many of these, and expanding them in place made each file that
  // includes the events several times slower to compile.
  Json(const Json& other);
  Json(Json&& other) noexcept;
  Json& operator=(const Json& other);
  Json& operator=(Json&& other) noexcept;
  ~Json();
  /// Shortest text that reads back as `value`; null when it is not finite.
  static Json number(double value);

  [[nodiscard]] Kind kind() const { return static_cast<Kind>(value_.index()); }
  [[nodiscard]] bool is_null() const { return kind() == Kind::null; }
  [[nodiscard]] bool is_string() const { return kind() == Kind::string; }
  [[nodiscard]] bool is_object() const { return kind() == Kind::object; }
  [[nodiscard]] bool is_array() const { return kind() == Kind::array; }
  [[nodiscard]] bool is_number() const { return kind() == Kind::number; }
  [[nodiscard]] bool is_boolean() const { return kind() == Kind::boolean; }

  // Borrowing views; nullptr when the value is of another kind.
  [[nodiscard]] const bool* if_boolean() const { return std::get_if<1>(&value_); }
  [[nodiscard]] const Number* if_number() const { return std::get_if<2>(&value_); }
  [[nodiscard]] const std::string* if_string() const { return std::get_if<3>(&value_); }
  [[nodiscard]] const Array* if_array() const { return std::get_if<4>(&value_); }
  [[nodiscard]] const Object* if_object() const { return std::get_if<5>(&value_); }
  [[nodiscard]] std::string* if_string() { return std::get_if<3>(&value_); }
  [[nodiscard]] Array* if_array() { return std::get_if<4>(&value_); }
  [[nodiscard]] Object* if_object() { return std::get_if<5>(&value_); }

  // Typed reading. Errors: invalid_argument "<path>: expected a string, found a number", with
  // `field` = path.
  [[nodiscard]] core::Result<bool> as_boolean(std::string_view path) const;
  [[nodiscard]] core::Result<std::string> as_string(std::string_view path) const;
  /// Digits only; a fraction, an exponent, a sign or more than 2^64-1 is an error.
  [[nodiscard]] core::Result<std::uint64_t> as_uint(std::string_view path) const;
  /// Correctly rounded. Infinity (1e400) is an error.
  [[nodiscard]] core::Result<double> as_double(std::string_view path) const;

  /// The first member called `key`, or nullptr (also when this is no object).
  [[nodiscard]] const Json* find(std::string_view key) const;
  [[nodiscard]] Json* find(std::string_view key);

  /// Adds a member at the end, without looking for another of the same key. @pre null or object;
  /// null becomes an empty object.
  Json& add(std::string key, Json value);
  /// Adds an element. @pre null or array; null becomes an empty array.
  Json& push(Json value);

 private:
  std::variant<std::monostate, bool, Number, std::string, Array, Object> value_;
};

struct Json::Member {
  std::string key;
  Json value;
};

// Out of the class, because the variant needs `Member` whole.
inline Json::Json() = default;
inline Json::Json(std::nullptr_t) {}
inline Json::Json(std::same_as<bool> auto value) : value_(std::in_place_index<1>, value) {}
inline Json::Json(std::integral auto value) requires(!std::same_as<decltype(value), bool> &&
                                                     !std::same_as<decltype(value), char>)
    : value_(Number{std::to_string(value)}) {}
inline Json::Json(Number value) : value_(std::move(value)) {}
inline Json::Json(std::string value) : value_(std::move(value)) {}
inline Json::Json(std::string_view value) : value_(std::string(value)) {}
inline Json::Json(const char* value) : value_(std::string(value)) {}
inline Json::Json(Array value) : value_(std::move(value)) {}
inline Json::Json(Object value) : value_(std::move(value)) {}

/// "an object", "a string", ...
std::string_view describe(Json::Kind kind);

struct JsonLimits {
  std::size_t depth = kMaxJsonDepth;
};

/// Parses one document and validates all of it, also values nobody will read: UTF-8, escapes, lone
/// surrogates, number grammar, literals, depth, nothing after the end.
/// Errors: invalid_argument (message names reason and byte offset; `field` is the path of the value
/// where that is known), too_large (deeper than `limits.depth`).
/// Cost: one copy of `text` into a padded buffer kept per thread, simdjson's first stage, one walk.
core::Result<Json> parse_json(std::string_view text, JsonLimits limits = {});

/// `parse_json`, and the value must be an object.
core::Result<Json::Object> parse_json_object(std::string_view text, JsonLimits limits = {});

/// Validates one document as `parse_json` does without keeping it. Errors: as there.
core::Status check_json(std::string_view text, JsonLimits limits = {});

/// Compact text: no white space, members in order, number lexemes as they are, only what must be
/// escaped is escaped. The same tree always gives the same bytes.
std::string dump(const Json& value);
std::string dump(const Json::Object& value);
void dump_to(const Json& value, std::string& out);
/// Appends `text` as a JSON string, quotes included.
void dump_string_to(std::string_view text, std::string& out);

/// Equal as trees: order of members is free (members with the same key keep their order among
/// themselves), number lexemes are compared as lexemes.
bool same_tree(const Json& a, const Json& b);
bool same_tree(const Json::Object& a, const Json::Object& b);

/// Path of the first repeated key at any depth (`a.b[2].c`), or nothing.
std::optional<std::string> first_duplicate_key(const Json& value);

/// `path.key`, or `key` when the path is empty; `path[index]`.
std::string join_path(std::string_view path, std::string_view key);
std::string join_path(std::string_view path, std::size_t index);

/// invalid_argument about one field: message "<path>: <what>", `field` = path.
core::Error bad_field(std::string_view path, std::string_view what);

}  // namespace hansard::events
