#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/hash.h"
#include "core/ids.h"
#include "core/result.h"
#include "events/codec.h"
#include "events/prompt/facts.h"
#include "events/session/commands.h"

/// What can be asked of a prompt. Where a version is asked for (`PromptSelector`), a label or
/// `latest` may stand for it. What holds already is asked for without effect: the decision is then
/// no event, or the one that said so at first.
///
/// A natural id makes a retry the same event:
///   StoreVersion              the version
///   moves and removals        the number of the move, or `idempotency_key`
///   TagVersion                the place in the stream, or `idempotency_key`
///   DeleteVersion             the version
///   StartTrial, EndTrial      the experiment and the place in the stream
namespace hansard::events {

using PromptSelector = PromptVersion;

/// Writes a version down. Without `version`: the next whole number, unless some version that is
/// offered says the same, which is then the answer. Under a version that is used, the same content
/// is that version again; other content is refused.
struct StoreVersion {
  std::optional<PromptVersion> version;
  std::optional<PromptKind> kind;   ///< chat, unless `text` is given
  std::optional<std::string> text;  ///< the template of a text prompt, instead of `messages`
  std::vector<PromptMessage> messages;
  std::vector<PromptVariable> variables;
  std::vector<PromptExample> examples;
  std::optional<Json> config;
  std::vector<std::string> tags;
  std::optional<std::string> description;
  std::optional<Json> metadata;
  std::vector<std::string> labels;     ///< that are to name it, in the same append
  std::optional<std::string> comment;  ///< of those moves
  template <class V>
  static void fields(V& v) {
    v.field("version", &StoreVersion::version);
    v.field("kind", &StoreVersion::kind);
    v.field("text", &StoreVersion::text);
    v.field("messages", &StoreVersion::messages);
    v.field("variables", &StoreVersion::variables);
    v.field("examples", &StoreVersion::examples);
    v.field("config", &StoreVersion::config);
    v.field("tags", &StoreVersion::tags);
    v.field("description", &StoreVersion::description);
    v.field("metadata", &StoreVersion::metadata);
    v.field("labels", &StoreVersion::labels);
    v.field("comment", &StoreVersion::comment);
  }
};

/// A label names this version from now on. Promoting is moving `production`.
struct MoveLabel {
  PromptSelector version;
  std::optional<std::string> comment;
  std::string label = {};  ///< not in bodies, like what follows
  LabelReason reason = LabelReason::set;
  std::optional<std::string> experiment = {};
  std::optional<Json> evidence = {};
  std::optional<std::string> idempotency_key = {};
  template <class V>
  static void fields(V& v) {
    v.field("version", &MoveLabel::version);
    v.field("comment", &MoveLabel::comment);
  }
};

/// `production` goes back to the version it named before; again: to the one before that.
struct RollBack {
  /// The version that is to be left. Said, a repeat is known for one.
  std::optional<PromptVersion> from;
  std::optional<std::string> comment;
  std::optional<std::string> idempotency_key = {};  ///< not in bodies
  template <class V>
  static void fields(V& v) {
    v.field("from", &RollBack::from);
    v.field("comment", &RollBack::comment);
  }
};

struct RemoveLabel {
  std::optional<std::string> comment;
  std::string label = {};                           ///< not in bodies
  std::optional<std::string> idempotency_key = {};  ///< not in bodies
  template <class V>
  static void fields(V& v) {
    v.field("comment", &RemoveLabel::comment);
  }
};

/// The tags of a version are these, and no others.
struct TagVersion {
  std::optional<PromptSelector> version;  ///< the latest unless said
  std::vector<std::string> tags;
  std::optional<std::string> idempotency_key = {};  ///< not in bodies
  template <class V>
  static void fields(V& v) {
    v.field("version", &TagVersion::version);
    v.field("tags", &TagVersion::tags);
  }
};

/// Refused while a label names it, and while an experiment decides on the prompt: what that names,
/// this stream does not know.
struct DeleteVersion {
  std::optional<std::string> comment;
  PromptVersion version = {};  ///< not in bodies; no label
  template <class V>
  static void fields(V& v) {
    v.field("comment", &DeleteVersion::comment);
  }
};

/// An experiment decides from now on which version a call without one gets. Refused while another
/// does, and for versions that are not there.
struct StartTrial {
  std::string experiment;
  std::vector<PromptVersion> versions;  ///< that its variants name
};

struct EndTrial {
  std::string experiment;
};

struct PromptCommand {
  CommandMeta meta;
  std::variant<StoreVersion, MoveLabel, RollBack, RemoveLabel, TagVersion, DeleteVersion,
               StartTrial, EndTrial>
      body;
};

/// Reads the body of a route into its command. Instantiated for every command but the trials.
/// Errors: invalid_argument naming the field: not an object, unknown, repeated, missing, of the
/// wrong type.
template <class C>
core::Result<C> parse_prompt_body(Json body);

/// What a version that is stored so says.
PromptBody body_of(const StoreVersion& command);

/// The same form that `parse_prompt_body<StoreVersion>` reads.
Json to_json(const StoreVersion& command);
/// Likewise of what a version says: kind, messages, variables, examples, config.
Json to_json(const PromptBody& body);

/// What the body says, whatever the order of members in objects: a keyed hash, in hex.
std::string content_hash(const core::ProjectId& project, const PromptBody& body,
                         const core::KeyedHash& hash);

}  // namespace hansard::events
