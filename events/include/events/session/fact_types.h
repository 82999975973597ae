#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "events/session/words.h"

/// What fields of session events are made of, where text and numbers do not do.
namespace hansard::events {

/// Marks a field that may be left out although its type is plain: its initial value then counts.
inline constexpr struct Defaulted {
} kDefaulted;

/// Text values under text keys, in order.
using StringMap = std::vector<std::pair<std::string, std::string>>;

/// Where a forked session comes from.
struct Parent {
  std::string session;           ///< name of the parent's stream without `session-`
  std::uint64_t at_version = 0;  ///< version of the last inherited event
  std::optional<ForkReason> reason;
  template <class V>
  static void fields(V& v) {
    v.field("session", &Parent::session);
    v.field("at_version", &Parent::at_version);
    v.field("reason", &Parent::reason);
  }
};

/// Which messages a call was sent. Without `message_ids`: the whole history up to and including
/// `at_version`, less what `ContextOptimized` events removed.
struct Window {
  std::optional<std::uint64_t> at_version;
  std::vector<std::string> message_ids;
  template <class V>
  static void fields(V& v) {
    v.field("at_version", &Window::at_version);
    v.field("message_ids", &Window::message_ids);
  }
};

/// One decision of a policy about a call.
struct Policy {
  std::string name;     ///< `rate_limit`, `budget`, `cache`, `retry`, `fallback`, `breaker`, ...
  std::string outcome;  ///< short identifier
  std::optional<std::string> target = {};     ///< what it was about: a provider, a limit
  std::optional<std::uint64_t> wait_us = {};  ///< for which it held the call back
  template <class V>
  static void fields(V& v) {
    v.field("name", &Policy::name);
    v.field("outcome", &Policy::outcome);
    v.field("target", &Policy::target);
    v.field("wait_us", &Policy::wait_us);
  }
};

/// What its maker calls a version of a prompt: a number, or a text. As JSON a whole number is a
/// number; `3` and `"3"` are one version.
struct PromptVersion {
  std::string text;
  PromptVersion() = default;
  PromptVersion(std::string said) : text(std::move(said)) {}             // NOLINT
  PromptVersion(std::uint64_t number) : text(std::to_string(number)) {}  // NOLINT
  /// Digits without leading zeros, below 10^19.
  [[nodiscard]] bool is_number() const {
    constexpr std::size_t kDigits = 19;
    const bool digits = text.find_first_not_of("0123456789") == std::string::npos;
    return digits && !text.empty() && text.size() <= kDigits && (text[0] != '0' || text == "0");
  }
  bool operator==(const PromptVersion&) const = default;
};

struct PromptRef {
  std::string name;
  std::optional<PromptVersion> version;
  std::optional<std::string> label = {};  ///< that named the version when the call was made
  template <class V>
  static void fields(V& v) {
    v.field("name", &PromptRef::name);
    v.field("version", &PromptRef::version);
    v.field("label", &PromptRef::label);
  }
};

struct VariantRef {
  std::string experiment;
  std::string variant;
  /// Whom it was asked for: name of the unit's stream without `assignment-`.
  std::optional<std::string> unit = {};
  template <class V>
  static void fields(V& v) {
    v.field("experiment", &VariantRef::experiment);
    v.field("variant", &VariantRef::variant);
    v.field("unit", &VariantRef::unit);
  }
};

}  // namespace hansard::events
