#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/position.h"
#include "events/conversation/transcript.h"
#include "events/session/words.h"

/// Where a call belongs that does not say so: conversations are put together from the histories
/// that calls carry. Pure.
namespace hansard::events {

/// What a call sends, without asides.
struct Asked {
  std::vector<Digest> history;
  std::vector<bool> answers;             ///< which of these are answers; as long as `history`
  std::optional<std::string> user_hash;  ///< of a user that the call names
  bool retry = false;                    ///< the client says that it has asked before
  bool named = false;  ///< the call names its session, which is the only candidate
};

/// A conversation that the call may belong to.
struct Candidate {
  const Transcript* transcript = nullptr;
  std::uint64_t last_used = 0;  ///< grows with every use; ties go to the smallest
};

enum class PlaceKind : std::uint8_t {
  fresh,    ///< a conversation of its own
  goes_on,  ///< at the head of a conversation
  again,    ///< another attempt of a call that is on record
  forks,    ///< leaves a conversation before its head
};

struct Placement {
  PlaceKind kind = PlaceKind::fresh;
  std::size_t candidate = 0;  ///< unless `fresh`
  std::size_t known = 0;      ///< so many of the history's utterances are on record
  std::size_t answered = 0;   ///< of these, up to the last answer

  // again
  std::string call_id = {};
  std::uint32_t attempt = 1;
  bool unanswered = true;  ///< the attempts before had no answer

  // forks
  ForkReason reason = ForkReason::edit;
  std::string parent = {};     ///< name of the session to leave; of an ancestor, where it leaves
                               ///< within what a fork inherited
  core::Version at_version{};  ///< of the last event inherited

  // goes_on
  std::vector<std::string> unchosen = {};   ///< message ids of answers that were not gone on from
  std::vector<std::string> removed = {};    ///< message ids that are sent no longer, in order
  std::optional<std::size_t> summary = {};  ///< place in the history of what stands for them
};

/// Says whether a call of this id is being made right now. One that was asked, has no outcome and
/// is not being made counts as failed.
using UnderWay = std::function<bool(std::string_view call_id)>;

/// The place of a call. In order of what its history shares with a conversation:
///
///   all of it, at its head                       goes_on; while another call is under way there:
///                                                forks (parallel)
///   all of it, and it has no answer yet          again
///   the same, and the client says so             again, even if it is under way, or is answered
///   and
///                                                nothing has followed the answer
///   the same, and it is answered                 forks (retry)
///   all of it up to some answer, then other      forks (edit)
///   its latest exchange, less or a summary of    goes_on with `removed` and `summary`
///   what was before
///   nothing with an answer in it                 fresh; but `again` for a call without an answer,
///                                                and forks (retry) where the same user asks again
///
/// A user that the call names must be the session's. A named session never forks: what is sent no
/// longer is `removed`.
Placement place(const Asked& asked, std::span<const Candidate> candidates,
                const UnderWay& under_way);

}  // namespace hansard::events
