#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "core/result.h"

namespace hansard::core {

/// 16 bytes, written as 8-4-4-4-12 lower-case hex. All zero means "absent".
struct Uuid {
  std::array<std::uint8_t, 16> bytes{};
  auto operator<=>(const Uuid&) const = default;
  [[nodiscard]] bool is_nil() const { return *this == Uuid{}; }
};

/// Identity of an event, unique within its project; a retry carries the same one.
struct EventId : Uuid {};

/// Identity of the API key that acted; nil where the engine runs without keys.
struct KeyId : Uuid {};

std::string to_string(const Uuid& id);

/// Accepts the 36-character form, either case. Errors: invalid_argument.
Result<Uuid> parse_uuid(std::string_view text);

/// A UUIDv8 (RFC 9562) from the first 16 bytes of a hash: version and variant bits are overwritten.
Uuid uuid_v8(const std::array<std::uint8_t, 32>& hash);

/// Tenant. `[a-z0-9_][a-z0-9_-]{0,62}`; `default` unless said; `_log` is reserved for facts about
/// the whole log. Immutable.
class ProjectId {
 public:
  ProjectId() : text_("default") {}
  static Result<ProjectId> parse(std::string_view text);
  [[nodiscard]] const std::string& text() const { return text_; }
  auto operator<=>(const ProjectId&) const = default;

 private:
  explicit ProjectId(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

/// Name of a stream: `system`, or `[a-z]+-[A-Za-z0-9._~-]{1,100}` with a category of at most 20
/// letters. It is stored in the unerasable header, so it must carry no personal data. Immutable;
/// default-constructed it is `system`.
class StreamId {
 public:
  StreamId() : text_("system") {}
  static Result<StreamId> parse(std::string_view text);
  /// `category-name`. Errors: invalid_argument when the parts do not fit the form.
  static Result<StreamId> make(std::string_view category, std::string_view name);
  /// True when `name` may follow `category-` as it is; others are replaced by a keyed hash.
  static bool is_plain_name(std::string_view name);

  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] std::string_view category() const;  ///< `session` of `session-s1`; `system`
  [[nodiscard]] std::string_view name() const;      ///< `s1` of `session-s1`; empty for `system`
  auto operator<=>(const StreamId&) const = default;

 private:
  explicit StreamId(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

/// `[A-Z][A-Za-z0-9]{0,63}`: an event type, in the past tense.
bool is_event_type(std::string_view text);

}  // namespace hansard::core

template <>
struct std::hash<hansard::core::EventId> {
  std::size_t operator()(const hansard::core::EventId& id) const noexcept;
};
