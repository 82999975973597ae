#pragma once

#include <cstddef>
#include <functional>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/event_log.h"
#include "events/conversation/place.h"
#include "events/session/codec.h"
#include "gateway/ports.h"

namespace hansard::gateway {

/// Conversations kept ready, so that a call finds its own without reading the log.
inline constexpr std::size_t kConversationBytesMax = 32U << 20;
/// Keys under which conversations are found without asking the index.
inline constexpr std::size_t kKeysMax = 65'536;
/// Conversations looked at for one call.
inline constexpr std::size_t kCandidatesMax = 8;

/// What is being said where: finds the conversation that a call goes on with, and remembers the
/// calls under way. What it knows is discardable: the log and the index know it too.
/// Threads: safe to call concurrently; calls block each other, and on storage where a conversation
/// is not at hand.
class Conversations {
 public:
  using Key = std::pair<std::string, std::string>;  ///< project, session

  /// References outlive this.
  Conversations(const core::EventLog& log, const core::KeyedHash& keyed_hash, FindSessions find);

  struct Call {
    core::ProjectId project;
    events::Asked asked;
    std::optional<std::string> session;       ///< named by the call: name of the stream
    std::optional<std::string> goes_on_from;  ///< id of the answer it names instead of sending
                                              ///< what was before
    std::string call_id;                      ///< for a call that is not another attempt
  };
  struct Place {
    events::Placement placement;
    std::string session;  ///< name of the session it is recorded in; new: not in the log yet
    bool is_new = false;
    std::string call_id;
    /// Of the utterances known, in their order, as far as the call sends them; empty for what
    /// stands for others.
    std::vector<std::string> message_ids;
    /// Utterances of the conversation so far; absent for a new one, and for a fork, whose past the
    /// log alone tells.
    std::optional<std::size_t> said;
    std::optional<std::string> system_hash;  ///< of the system text in force
  };
  /// What the call adds, once its place is known; called under the lock, must not block.
  using Adds = std::function<std::vector<events::SessionEvent>(const Place&)>;

  /// Decides where a call belongs, and holds the place: whoever comes next sees it under way.
  /// @param fresh_session  name for a conversation of its own
  /// Errors: those of the log and the index; not_found (`previous_response_id`).
  core::Result<Place> place(const Call& call, const std::string& fresh_session, const Adds& adds);

  /// The call came to its end: it said this. Empty: what was held is not so, forget it.
  void ended(const Key& key, const std::string& call_id,
             std::span<const events::SessionEvent> said);
  /// The same where it neither waits nor reads. @return false: nothing was done
  bool try_ended(const Key& key, const std::string& call_id,
                 std::span<const events::SessionEvent> said);

  /// Lets go of these conversations, of those that inherit from them, and of what they are found
  /// by: content of them was erased, and nothing may be told by it any more. What is read of them
  /// from now on is what the log still says. Calls under way go on.
  /// Cost: O(conversations and keys at hand), a look-up each.
  void forget(const core::ProjectId& project, const SessionNames& sessions);

  [[nodiscard]] std::size_t under_way() const;
  /// Of a project; lives as long as this.
  const events::Digester& digester(const core::ProjectId& project);

 private:
  struct Conversation {
    Key key;
    events::Transcript transcript;
    std::size_t bytes = 0;
    std::uint64_t last_used = 0;
    bool versions_known = true;  ///< false after what was only told here
  };
  using Entries = std::list<Conversation>;

  core::Result<Conversation*> get(const Key& key);
  core::Result<std::vector<Conversation*>> candidates(const Call& call);
  core::Result<std::vector<std::string>> sessions_of(const core::ProjectId& project,
                                                     const events::Digest& key);
  core::Status look_up(const Call& call, const events::Digest& key,
                       std::vector<Conversation*>& found);
  core::Result<std::size_t> prepend_known(Call& call);
  core::Status leave_where_recorded(const Conversation& from, const Call& call,
                                    events::Placement& placement);
  void end_call(const std::string& call_id);
  void say(Conversation& conversation, std::span<const events::SessionEvent> events);
  void note_keys(const Conversation& conversation);
  void note_key(const events::Digest& key, const std::string& session);
  void touch(Conversation& conversation);
  void trim();
  void forget(const Key& key);

  const core::EventLog& log_;
  const core::KeyedHash& keyed_hash_;
  const FindSessions find_;
  const events::SessionCodec codec_{};

  std::mutex digesters_mutex_;
  std::map<std::string, events::Digester> digesters_;  ///< guarded by digesters_mutex_

  mutable std::mutex mutex_;
  // All below is guarded by mutex_.
  Entries entries_;  ///< most recently used first
  std::map<Key, Entries::iterator> by_key_;
  std::size_t bytes_ = 0;
  std::uint64_t uses_ = 0;
  std::multiset<std::string, std::less<>> under_way_;  ///< call ids
  struct Noted {
    std::vector<std::string> sessions;  ///< latest last, at most kCandidatesMax
    bool asked_index = false;           ///< `sessions` has what the index knows, too
    std::list<events::Digest>::iterator age;
  };
  std::map<events::Digest, Noted> keys_;
  std::list<events::Digest> key_ages_;  ///< latest first
};

}  // namespace hansard::gateway
