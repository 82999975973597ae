#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/hash.h"
#include "core/ids.h"
#include "core/position.h"
#include "events/session/facts.h"

namespace hansard::events {

/// Keyed hash of one utterance's canonical text: tells whether two are the same, and nothing else.
using Digest = core::Hash;

/// Hashes utterances and histories of one project. Both references outlive it. Immutable.
class Digester {
 public:
  Digester(const core::KeyedHash& keyed_hash, const core::ProjectId& project)
      : keyed_hash_(keyed_hash), project_(project.text()) {}
  [[nodiscard]] Digest utterance(std::string_view canonical) const;
  /// Of an answer that also asked for this tool.
  [[nodiscard]] Digest with_call(const Digest& answer, std::string_view canonical) const;
  /// Of a history that ends with `next`, from that of the history before it (all zero: nothing).
  [[nodiscard]] Digest prefix(const Digest& before, const Digest& next) const;

 private:
  const core::KeyedHash& keyed_hash_;
  const std::string project_;
};

enum class UtteranceKind : std::uint8_t {
  aside,    ///< of the system or a developer: a setting rather than a turn, not compared
  message,  ///< of a user or another agent
  answer,
  result,  ///< of a tool
};

/// One utterance of a conversation.
struct Utterance {
  UtteranceKind kind = UtteranceKind::message;
  Digest digest{};
  std::string message_id;  ///< a result: that of the answer which asked, or its `result_id`
  std::string call_id;     ///< of an answer
  std::string given_id;    ///< of an answer: what its provider calls it, and who goes on from it
  std::uint32_t choice = 0;
  core::Version version{};  ///< of the last event about it
  std::string session;      ///< name of the session that recorded it
};

/// A call of a model, and how far it came.
struct CallRecord {
  enum class State : std::uint8_t { asked, failed, answered };
  std::string call_id;
  State state = State::asked;
  std::uint32_t attempts = 0;  ///< the highest requested
  std::size_t utterances = 0;  ///< how many the conversation had when it was asked
};

/// What was said in a conversation, as a model would be sent it: the fold that the place of a call
/// is decided on. Holds hashes and ids, no text.
/// A value. Cost of an event: one keyed hash of what it says.
class Transcript {
 public:
  explicit Transcript(const Digester& digester) : digester_(&digester) {}

  /// Events in the order of the log; of a fork first what it inherits.
  /// @param session  name of the session that recorded it
  void apply(const SessionEvent& event, core::Version version, std::string_view session);

  /// Without what is no longer sent. The choices of one call stand one after the other.
  [[nodiscard]] const std::vector<Utterance>& utterances() const { return utterances_; }
  [[nodiscard]] const std::vector<CallRecord>& calls() const { return calls_; }
  [[nodiscard]] bool ended() const { return ended_; }
  /// Keyed hash of the user, as in facts; of the session itself, not of one it was forked from.
  [[nodiscard]] const std::optional<std::string>& user_hash() const { return user_hash_; }
  [[nodiscard]] const std::optional<std::string>& system_hash() const { return system_hash_; }
  /// Memory, roughly, for bounding a cache.
  [[nodiscard]] std::size_t bytes() const;

 private:
  void add(UtteranceKind kind, std::string_view canonical, std::string message_id,
           core::Version version, std::string_view session);
  void add_call(const ToolCalled& call, core::Version version);
  void optimize(const ContextOptimized& change, core::Version version, std::string_view session);
  CallRecord& call(const std::string& call_id);

  const Digester* digester_;
  std::vector<Utterance> utterances_;
  std::vector<CallRecord> calls_;
  bool ended_ = false;
  std::optional<std::string> user_hash_;
  std::optional<std::string> system_hash_;
  std::string answer_id_;  ///< of the latest answer, while its tool calls come in
};

}  // namespace hansard::events
