#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "events/codec.h"
#include "events/prompt/body.h"
#include "events/session/fact_types.h"

/// The events of a prompt's stream, `prompt-<name>`: what its versions say, which of them is used
/// for what, and since when. Field lists as in `session/facts.h`.
namespace hansard::events {

enum class LabelReason : std::uint8_t { promoted, rolled_back, set, experiment, other };
template <>
inline constexpr std::array<std::string_view, 4> kWords<LabelReason>{"promoted", "rolled_back",
                                                                     "set", "experiment"};

/// A version was written down; it never changes.
struct PromptVersionStored {
  static constexpr std::string_view kType = "PromptVersionStored";
  PromptVersion version;
  PromptKind kind = PromptKind::chat;
  std::optional<std::string> content_hash;  ///< keyed hash of what the version says
  std::optional<std::uint64_t> messages_count;
  std::optional<std::uint64_t> text_bytes;  ///< of all templates
  std::vector<std::string> tags;            ///< short identifiers
  std::vector<PromptMessage> messages;
  std::vector<PromptVariable> variables;
  std::vector<PromptExample> examples;
  std::optional<Json> config;
  std::optional<std::string> description;
  std::optional<Json> metadata;
  template <class V>
  static void fields(V& v) {
    using E = PromptVersionStored;
    v.fact("version", &E::version);
    v.fact("kind", &E::kind, kDefaulted);
    v.derived("content_hash", &E::content_hash);
    v.derived("messages_count", &E::messages_count);
    v.derived("text_bytes", &E::text_bytes);
    v.fact("tags", &E::tags);
    v.content("messages", &E::messages);
    v.content("variables", &E::variables);
    v.content("examples", &E::examples);
    v.content("config", &E::config);
    v.content("description", &E::description);
    v.content("metadata", &E::metadata);
  }
};

/// The tags of a version are these, and no others.
struct PromptTagged {
  static constexpr std::string_view kType = "PromptTagged";
  PromptVersion version;
  std::vector<std::string> tags;
  template <class V>
  static void fields(V& v) {
    v.fact("version", &PromptTagged::version);
    v.fact("tags", &PromptTagged::tags);
  }
};

/// A label names this version from now on (`production`: what is used when nobody says more).
struct PromptLabelMoved {
  static constexpr std::string_view kType = "PromptLabelMoved";
  std::string label;
  PromptVersion version;
  std::optional<PromptVersion> from;  ///< that it named before
  LabelReason reason = LabelReason::set;
  std::optional<std::string> experiment;  ///< whose winner it is
  std::optional<Json> evidence;           ///< likewise: what it rests on, as in `WinnerDeclared`
  std::optional<std::string> comment;
  template <class V>
  static void fields(V& v) {
    using E = PromptLabelMoved;
    v.fact("label", &E::label);
    v.fact("version", &E::version);
    v.derived("from", &E::from);
    v.fact("reason", &E::reason, kDefaulted);
    v.fact("experiment", &E::experiment);
    v.fact("evidence", &E::evidence);
    v.content("comment", &E::comment);
  }
};

/// A label names no version any more.
struct PromptLabelRemoved {
  static constexpr std::string_view kType = "PromptLabelRemoved";
  std::string label;
  std::optional<PromptVersion> from;
  std::optional<std::string> comment;
  template <class V>
  static void fields(V& v) {
    v.fact("label", &PromptLabelRemoved::label);
    v.derived("from", &PromptLabelRemoved::from);
    v.content("comment", &PromptLabelRemoved::comment);
  }
};

/// A version is offered no longer; its name stays taken.
struct PromptVersionDeleted {
  static constexpr std::string_view kType = "PromptVersionDeleted";
  PromptVersion version;
  std::optional<std::string> comment;
  template <class V>
  static void fields(V& v) {
    v.fact("version", &PromptVersionDeleted::version);
    v.content("comment", &PromptVersionDeleted::comment);
  }
};

/// An experiment decides which version a call without one gets.
struct PromptTrialStarted {
  static constexpr std::string_view kType = "PromptTrialStarted";
  std::string experiment;
  template <class V>
  static void fields(V& v) {
    v.fact("experiment", &PromptTrialStarted::experiment);
  }
};

/// And no longer does.
struct PromptTrialEnded {
  static constexpr std::string_view kType = "PromptTrialEnded";
  std::string experiment;
  template <class V>
  static void fields(V& v) {
    v.fact("experiment", &PromptTrialEnded::experiment);
  }
};

using PromptEvent =
    std::variant<PromptVersionStored, PromptTagged, PromptLabelMoved, PromptLabelRemoved,
                 PromptVersionDeleted, PromptTrialStarted, PromptTrialEnded, Unrecognised>;
using PromptCodec = Codec<PromptEvent>;
extern template class Codec<PromptEvent>;
/// The one of this build. Thread-safe.
const PromptCodec& prompt_codec();

/// The label of the version that is used when nobody says more.
inline constexpr std::string_view kProduction = "production";
/// The label of the version that is meant to be next.
inline constexpr std::string_view kStaging = "staging";
/// Asks for the version stored last that is still offered; no label has this name.
inline constexpr std::string_view kLatest = "latest";

}  // namespace hansard::events
