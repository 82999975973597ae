#include "events/prompt/decider.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "core/command_loop.h"
#include "events/prompt/render.h"
#include "events/session/ids.h"
#include "prompt/check.h"

namespace hansard::events {
namespace {

using core::Errc;
using core::Error;
using core::Ok;
using core::Status;

static_assert(core::Decider<PromptDecider>);

Error rejected(std::string why, std::string field) {
  return {.code = Errc::rejected, .message = std::move(why), .field = std::move(field)};
}

std::string named(const PromptVersion& version) { return "version " + version.text; }

/// Versions that `production` went through and may go back to, oldest first; the last is where it
/// is. Going back leaves what it went back from.
std::vector<PromptVersion> production_past(const PromptState& state) {
  std::vector<PromptVersion> past;
  for (const LabelMove& move : state.moves) {
    if (move.label != kProduction || !move.to) continue;
    if (move.reason == LabelReason::rolled_back) {
      const auto back = std::find(past.rbegin(), past.rend(), *move.to);
      if (back != past.rend()) past.erase(back.base(), past.end());
    }
    if (past.empty() || past.back() != *move.to) past.push_back(*move.to);
  }
  return past;
}

/// One decision in the making.
class Decision {
 public:
  struct Context {
    const PromptState& state;
    const core::ProjectId& project;
    const core::StreamId& stream;
    const CommandMeta& meta;
    const core::KeyedHash& keyed_hash;
    const core::Hasher& hasher;
  };
  explicit Decision(const Context& context) : at_(context), state_(context.state) {}

  Status on(const StoreVersion& command);
  Status on(const MoveLabel& command);
  Status on(const RollBack& command);
  Status on(const RemoveLabel& command);
  Status on(const TagVersion& command);
  Status on(const DeleteVersion& command);
  Status on(const StartTrial& command);
  Status on(const EndTrial& command);

  std::vector<core::NewEvent> records;

 private:
  using Names = std::initializer_list<std::string_view>;

  [[nodiscard]] core::EventId id_of(std::string_view type, Names natural_id) const {
    return derive_event_id(at_.project, at_.stream, type, natural_id, at_.keyed_hash);
  }
  /// Of an event that may occur again: the key of who asks, or how many there were.
  [[nodiscard]] core::EventId id_of(std::string_view type, std::string_view what,
                                    const std::optional<std::string>& key,
                                    std::uint64_t number) const {
    if (key) return id_of(type, {"key", what, *key});
    return id_of(type, {what, std::to_string(number)});
  }
  [[nodiscard]] bool known(const core::EventId& id) const { return state_.ids.contains(id); }

  [[nodiscard]] Status exists() const {
    if (state_.exists()) return Ok{};
    return Error{.code = Errc::not_found,
                 .message = "there is no prompt '" + std::string(at_.stream.name()) + "'"};
  }
  /// Whoever appends by hand may leave it out.
  [[nodiscard]] std::string hash_of(const StoredPrompt& stored) const {
    if (!stored.content_hash.empty() || stored.erased) return stored.content_hash;
    return content_hash(at_.project, stored.body, at_.keyed_hash);
  }
  /// A version that is offered, by whatever names it.
  [[nodiscard]] core::Result<PromptVersion> find(const PromptSelector& selector) const {
    if (selector.text.empty()) return bad_field("version", "must not be empty");
    if (const StoredPrompt* found = state_.select(selector.text)) return found->version;
    const StoredPrompt* gone = state_.find(selector);
    return Error{.code = gone != nullptr ? Errc::rejected : Errc::not_found,
                 .message = gone != nullptr
                                ? named(selector) + " was deleted"
                                : "the prompt has no version or label '" +
                                      selector.text.substr(0, kMaxIdentifierBytes) + "'",
                 .field = "version"};
  }

  Status make(const core::EventId& id, PromptEvent event) {
    if (auto status = check_event(event); !status) return status;
    EncodedEvent encoded = prompt_codec().encode(event);
    core::NewEvent record;
    record.stream = at_.stream;
    record.type = std::string(encoded.type);
    record.schema = encoded.schema;
    record.id = id;
    record.occurred_at = at_.meta.occurred_at;
    record.correlation = at_.meta.correlation;
    record.causation = at_.meta.causation;
    record.facts = std::move(encoded.facts);
    record.content = std::move(encoded.content);
    const std::string_view bytes{reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()};
    record.salt = at_.hasher.hmac_sha256(core::as_bytes(at_.meta.salt_seed), {"salt", bytes});
    records.push_back(std::move(record));
    return Ok{};
  }

  /// The event that stored a version, once more: the log knows it and answers where it is.
  Status store_again(const StoredPrompt& stored);
  Status store_new(PromptVersionStored event);
  Status label(const StoreVersion& command, const PromptVersion& version);
  Status move(const MoveLabel& command, const PromptVersion& to);
  [[nodiscard]] core::Result<PromptVersion> next_number() const;

  const Context at_;
  const PromptState& state_;
};

core::Result<PromptVersion> Decision::next_number() const {
  std::uint64_t highest = 0;
  for (const StoredPrompt& stored : state_.versions) {
    if (stored.version.is_number()) {
      highest = std::max<std::uint64_t>(highest, std::stoull(stored.version.text));
    }
  }
  PromptVersion next(highest + 1);
  if (next.is_number()) return next;
  return rejected("no whole number is left; name the version", "version");
}

Status Decision::on(const StoreVersion& command) {
  if (command.text && (!command.messages.empty() || command.kind == PromptKind::chat)) {
    return bad_field("text", "is a text prompt's; messages are a chat prompt's");
  }
  PromptBody body = body_of(command);
  const auto prepared = PreparedPrompt::prepare(body);
  if (!prepared) return prepared.error();
  const std::string hash = content_hash(at_.project, body, at_.keyed_hash);
  if (command.version) {
    if (auto status = prompt::check_version(*command.version, "version"); !status) return status;
    if (const StoredPrompt* stored = state_.find(*command.version)) {
      if (stored->deleted) {
        return rejected(named(stored->version) + " was deleted; its name stays taken", "version");
      }
      if (hash_of(*stored) != hash) {
        return rejected(named(stored->version) + " is there and says something else", "version");
      }
      if (auto status = label(command, stored->version); !status) return status;
      return records.empty() ? store_again(*stored) : Status(Ok{});
    }
  } else {
    // The latest of those that say the same.
    const auto same = std::find_if(state_.versions.rbegin(), state_.versions.rend(),
                                   [&](const StoredPrompt& each) {
                                     return !each.deleted && !each.erased && hash_of(each) == hash;
                                   });
    if (same != state_.versions.rend()) {
      if (auto status = label(command, same->version); !status) return status;
      return records.empty() ? store_again(*same) : Status(Ok{});
    }
  }

  PromptVersionStored event;
  if (command.version) {
    event.version = *command.version;
  } else {
    auto next = next_number();
    if (!next) return std::move(next.error());
    event.version = *std::move(next);
  }
  event.kind = body.kind;
  event.content_hash = hash;
  event.messages_count = body.messages.size();
  event.text_bytes = prepared->template_bytes();
  event.tags = command.tags;
  event.messages = std::move(body.messages);
  event.variables = std::move(body.variables);
  event.examples = std::move(body.examples);
  event.config = std::move(body.config);
  event.description = command.description;
  event.metadata = command.metadata;
  const PromptVersion version = event.version;
  if (auto status = store_new(std::move(event)); !status) return status;
  return label(command, version);
}

Status Decision::store_new(PromptVersionStored event) {
  if (state_.versions.size() >= kPromptVersionsMax || state_.text_bytes >= kPromptStreamBytesMax) {
    return Error{.code = Errc::too_large,
                 .message = "a prompt holds at most " + std::to_string(kPromptVersionsMax) +
                            " versions and " + std::to_string(kPromptStreamBytesMax) +
                            " bytes of them; go on under another name"};
  }
  if (state_.labels.contains(event.version.text)) {
    return rejected("a label is called " + event.version.text, "version");
  }
  const auto id = id_of(PromptVersionStored::kType, {event.version.text});
  return make(id, std::move(event));
}

Status Decision::store_again(const StoredPrompt& stored) {
  const auto id = id_of(PromptVersionStored::kType, {stored.version.text});
  // Written by other hands, or erased: there is nothing to repeat, and nothing to do.
  if (!known(id) || stored.erased) return Ok{};
  PromptVersionStored event;
  event.version = stored.version;
  event.kind = stored.body.kind;
  event.content_hash = stored.content_hash;
  event.messages_count = stored.body.messages.size();
  event.tags = stored.first_tags;
  event.messages = stored.body.messages;
  event.variables = stored.body.variables;
  event.examples = stored.body.examples;
  event.config = stored.body.config;
  event.description = stored.description;
  event.metadata = stored.metadata;
  const auto prepared = PreparedPrompt::prepare(stored.body);
  if (!prepared) return Ok{};
  event.text_bytes = prepared->template_bytes();
  return make(id, std::move(event));
}

Status Decision::label(const StoreVersion& command, const PromptVersion& version) {
  for (std::size_t i = 0; i < command.labels.size(); ++i) {
    const auto& name = command.labels[i];
    const std::string path = join_path("labels", i);
    if (auto status = prompt::check_label(name, path); !status) return status;
    if (std::find(command.labels.begin(), command.labels.begin() + static_cast<std::ptrdiff_t>(i),
                  name) != command.labels.begin() + static_cast<std::ptrdiff_t>(i)) {
      return bad_field(path, "the label is repeated");
    }
    if (name == version.text) return bad_field(path, "a version is called so");
    MoveLabel move_it;
    move_it.label = name;
    move_it.comment = command.comment;
    move_it.reason = name == kProduction ? LabelReason::promoted : LabelReason::set;
    if (auto status = move(move_it, version); !status) return status;
  }
  return Ok{};
}

Status Decision::move(const MoveLabel& command, const PromptVersion& to) {
  const auto now = state_.labels.find(command.label);
  if (now != state_.labels.end() && now->second == to) return Ok{};
  if (state_.find(PromptVersion(command.label)) != nullptr) {
    return rejected("a version is called " + command.label, "label");
  }
  if (state_.moves.size() >= kPromptMovesMax) {
    return Error{.code = Errc::too_large,
                 .message = "the labels of a prompt move at most " +
                            std::to_string(kPromptMovesMax) + " times"};
  }
  const auto id = id_of(PromptLabelMoved::kType, command.label, command.idempotency_key,
                        state_.moves.size() + 1);
  if (known(id)) return Ok{};
  PromptLabelMoved event;
  event.label = command.label;
  event.version = to;
  if (now != state_.labels.end()) event.from = now->second;
  event.reason = command.reason;
  event.experiment = command.experiment;
  event.evidence = command.evidence;
  event.comment = command.comment;
  return make(id, std::move(event));
}

Status Decision::on(const MoveLabel& command) {
  if (auto status = prompt::check_label(command.label, "label"); !status) return status;
  if (auto status = exists(); !status) return status;
  const auto to = find(command.version);
  if (!to) return to.error();
  return move(command, *to);
}

Status Decision::on(const RollBack& command) {
  if (auto status = exists(); !status) return status;
  const auto now = state_.labels.find(kProduction);
  if (now == state_.labels.end()) {
    return rejected("`production` names no version: there is nothing to go back from", "");
  }
  const auto id =
      id_of(PromptLabelMoved::kType, kProduction, command.idempotency_key, state_.moves.size() + 1);
  if (known(id)) return Ok{};
  if (command.from && now->second != *command.from) {
    const auto last = std::find_if(state_.moves.rbegin(), state_.moves.rend(),
                                   [](const LabelMove& each) { return each.label == kProduction; });
    if (last->reason == LabelReason::rolled_back && last->from == command.from) return Ok{};
    return rejected("`production` names " + named(now->second) + ", not " + command.from->text,
                    "from");
  }
  std::vector<PromptVersion> past = production_past(state_);
  while (!past.empty()) {
    const StoredPrompt* before = state_.find(past.back());
    if (past.back() != now->second && before != nullptr && !before->deleted) break;
    past.pop_back();
  }
  if (past.empty()) return rejected("`production` named no version before this one", "");
  MoveLabel back;
  back.label = std::string(kProduction);
  back.reason = LabelReason::rolled_back;
  back.comment = command.comment;
  back.idempotency_key = command.idempotency_key;
  return move(back, past.back());
}

Status Decision::on(const RemoveLabel& command) {
  if (auto status = prompt::check_label(command.label, "label"); !status) return status;
  if (auto status = exists(); !status) return status;
  const auto now = state_.labels.find(command.label);
  if (now == state_.labels.end()) {
    const bool was =
        std::any_of(state_.moves.begin(), state_.moves.end(),
                    [&](const LabelMove& each) { return each.label == command.label; });
    if (was) return Ok{};
    return Error{.code = Errc::not_found,
                 .message = "the prompt has no label '" + command.label + "'",
                 .field = "label"};
  }
  const auto id = id_of(PromptLabelRemoved::kType, command.label, command.idempotency_key,
                        state_.moves.size() + 1);
  if (known(id)) return Ok{};
  return make(id, PromptLabelRemoved{command.label, now->second, command.comment});
}

Status Decision::on(const TagVersion& command) {
  if (auto status = exists(); !status) return status;
  const auto version = find(command.version.value_or(PromptSelector(std::string(kLatest))));
  if (!version) return version.error();
  if (auto status = prompt::check_tags(command.tags); !status) return status;
  if (state_.find(*version)->tags == command.tags) return Ok{};
  const auto id =
      id_of(PromptTagged::kType, version->text, command.idempotency_key, state_.next_version);
  if (known(id)) return Ok{};
  return make(id, PromptTagged{*version, command.tags});
}

Status Decision::on(const DeleteVersion& command) {
  if (auto status = exists(); !status) return status;
  const StoredPrompt* stored = state_.find(command.version);
  if (stored == nullptr) {
    return Error{.code = Errc::not_found,
                 .message = "the prompt has no version '" +
                            command.version.text.substr(0, kMaxIdentifierBytes) +
                            "' (labels name none here)",
                 .field = "version"};
  }
  if (stored->deleted) return Ok{};
  for (const auto& [label, version] : state_.labels) {
    if (version == stored->version) {
      return rejected("the label `" + label + "` names it; move or remove that first", "version");
    }
  }
  if (state_.trial) {
    return rejected(
        "the experiment `" + *state_.trial + "` decides on this prompt; pause or stop it first",
        "version");
  }
  return make(id_of(PromptVersionDeleted::kType, {stored->version.text}),
              PromptVersionDeleted{stored->version, command.comment});
}

Status Decision::on(const StartTrial& command) {
  if (auto status = exists(); !status) return status;
  for (const PromptVersion& version : command.versions) {
    const StoredPrompt* stored = state_.find(version);
    if (stored != nullptr && !stored->deleted) continue;
    return rejected("prompt '" + std::string(at_.stream.name()) + "' has no " + named(version) +
                        (stored != nullptr ? " any more" : ""),
                    "version");
  }
  if (state_.trial == command.experiment) return Ok{};
  if (state_.trial) {
    return rejected("the experiment `" + *state_.trial + "` decides on prompt '" +
                        std::string(at_.stream.name()) + "' already",
                    "experiment");
  }
  const auto place = std::to_string(state_.next_version);
  return make(id_of(PromptTrialStarted::kType, {command.experiment, place}),
              PromptTrialStarted{command.experiment});
}

Status Decision::on(const EndTrial& command) {
  if (auto status = exists(); !status) return status;
  if (state_.trial != command.experiment) return Ok{};
  const auto place = std::to_string(state_.next_version);
  return make(id_of(PromptTrialEnded::kType, {command.experiment, place}),
              PromptTrialEnded{command.experiment});
}

}  // namespace

core::Result<PromptState> PromptDecider::evolve(PromptState state,
                                                const core::RecordedEvent& event) const {
  auto decoded = prompt_codec().decode(event);
  if (!decoded) return std::move(decoded.error());
  return after(std::move(state), event, decoded->event, decoded->erased);
}

core::Result<std::vector<core::NewEvent>> PromptDecider::decide(const PromptState& state,
                                                                const core::ProjectId& project,
                                                                const core::StreamId& stream,
                                                                const Command& command) const {
  Decision decision({state, project, stream, command.meta, keyed_hash_, hasher_});
  auto status = std::visit([&](const auto& each) { return decision.on(each); }, command.body);
  if (!status) return std::move(status.error());
  return std::move(decision.records);
}

}  // namespace hansard::events
