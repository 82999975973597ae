#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "core/event.h"
#include "core/hash.h"
#include "events/session/codec.h"
#include "events/session/commands.h"
#include "events/session/state.h"

/// One decision in the making. Private to src/session.
namespace hansard::events {

inline core::Error rejected(std::string why, std::string field = {}) {
  return {.code = core::Errc::rejected, .message = std::move(why), .field = std::move(field)};
}

inline std::string quoted(std::string_view id) {
  // Ids may be kilobytes long (signatures); errors stay readable.
  constexpr std::size_t kShown = 80;
  return "\"" + std::string(id.substr(0, kShown)) + (id.size() > kShown ? "...\"" : "\"");
}

/// Times of the events being decided.
struct Occurred {
  std::optional<core::Timestamp> at;
  bool from_client = false;
};

/// Applies the rules for each command to a state and collects the records. `recording` turns
/// contradictions into attached facts. Lives for one `decide`.
class Decision {
 public:
  struct Context {
    const core::ProjectId& project;
    const core::StreamId& stream;
    const CommandMeta& meta;
    const core::KeyedHash& keyed_hash;
    const core::Hasher& hasher;
    const SessionCodec& codec;
    bool recording = false;
  };
  explicit Decision(const Context& context) : at_(context) {}

  core::Status on(const SessionState& state, CreateSession command);
  core::Status on(const SessionState& state, ConfigureSession command);
  core::Status on(const SessionState& state, SendMessage command);
  core::Status on(const SessionState& state, RequestResponse command);
  core::Status on(const SessionState& state, RecordResponse command);
  core::Status on(const SessionState& state, FailResponse command);
  core::Status on(const SessionState& state, CallTool command);
  core::Status on(const SessionState& state, CompleteTool command);
  core::Status on(const SessionState& state, FailTool command);
  core::Status on(const SessionState& state, OptimizeContext command);
  core::Status on(const SessionState& state, ForkSession command);
  core::Status on(const SessionState& state, RecordScore command);
  core::Status on(const SessionState& state, AttachRecord command);
  core::Status on(const SessionState& state, EndSession command);
  core::Status on(const SessionState& state, ReopenSession command);

  /// An event decided: as the rules see it, and where it goes.
  struct Made {
    core::EventId id;
    core::StreamId stream;
    SessionEvent event;
    bool known = false;  ///< in the state it was decided on
    /// Instead of `event`: it goes to the stream of a unit.
    std::optional<VariantAssigned> assigned = {};
  };
  std::vector<Made> made;

  [[nodiscard]] core::NewEvent record(const Made& each, const Occurred& when) const;

 private:
  [[nodiscard]] core::EventId id_of(std::string_view type,
                                    std::initializer_list<std::string_view> natural_id) const;
  [[nodiscard]] std::string hash_of(std::string_view purpose, std::string_view value) const;
  /// Typed commands need a stream, and an open one for anything new.
  [[nodiscard]] core::Status open(const SessionState& state, bool known) const;
  void make(const SessionState& state, const core::EventId& id, SessionEvent event);
  /// The unit that the request exposes meets its variant.
  core::Status expose(Exposure exposure, std::string_view call_id, bool known);
  /// Fills the hashes and references of a creation on `stream`.
  core::Status complete(SessionCreated& event, const core::StreamId& stream) const;
  core::Status answerable(const SessionState& state, const RecordResponse& command) const;
  /// Keeps an answer beside the one recorded under its name.
  void attach_again(const SessionState& state, const ResponseReceived& event);
  /// The version at which a fork leaves.
  core::Result<std::uint64_t> fork_version(const SessionState& state, const ForkSession& command,
                                           std::string_view child) const;
  core::Status place(const SessionState& state, CallTool& command) const;
  core::Status callable(const SessionState& state, const CallTool& command) const;
  template <class Event>
  core::Status on_result(const SessionState& state, Event event);

  Context at_;
};

}  // namespace hansard::events
