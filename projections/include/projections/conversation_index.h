#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/hash.h"
#include "core/projection.h"
#include "events/conversation/transcript.h"

namespace hansard::projections {

/// Finds the conversations that a history belongs to, by keyed hashes of what was said
/// (`events/conversation/keys.h`): for the gateway, after a restart or when others have recorded.
/// It finds candidates; whether one fits is told by its transcript.
///
/// Rows, without content (a hash is 16 bytes, cut from 32):
///   'p' hash session       one that had this history, with an answer at its end, at some time; or
///                          an answer that its provider names so
///   'x' hash session       one whose head has this key, or an opening whose answer is its head;
///   gone
///                          when it goes on
///   's' project 0 session  how far the fold of a session is
///   'r' project 0 session 0 number  the hashes of its 'p' rows, at most 64 a row: what an erasure
///                          takes away
///   'o' project 0 session 0 call id 0 attempt  an attempt that the gateway made and that has no
///                          outcome yet: varint position, varint attempt
/// Older versions kept conversations under 'k': while one of them answers, none is found.
/// Where content of a session is erased, all it was found by goes (`ErasureRequested`), also what
/// stood on content that stays: a rebuild, which does not see the erased, comes to the same rows.
/// Keys hold the project by being hashed with it. A fork, and a conversation that is no longer sent
/// whole, are found by their latest exchange only: its past is not in its stream.
class ConversationIndex final : public core::Projection {
 public:
  explicit ConversationIndex(const core::KeyedHash& keyed_hash) : keyed_hash_(keyed_hash) {}
  [[nodiscard]] std::string_view name() const override { return "conversation_index"; }
  [[nodiscard]] std::uint32_t version() const override { return 6; }
  core::Status apply(const core::RecordedEvent& event, core::ReadModelBatch& batch) const override;

 private:
  const core::KeyedHash& keyed_hash_;
};

/// Names of the sessions with this key, at most `most`, those that end with it last.
/// Errors: those of the model; corruption.
core::Result<std::vector<std::string>> find_conversations(const core::ReadModel& model,
                                                          const core::ProjectId& project,
                                                          const events::Digest& key,
                                                          std::size_t most);

/// A call that the gateway made and that nobody has told the end of.
struct OpenCall {
  core::ProjectId project;
  std::string session;  ///< or `:name`, of a call outside conversations on `calls-name`
  std::string call_id;
  std::uint32_t attempt = 1;
};

/// Those that were asked below `before`. Errors: those of the model; corruption.
core::Result<std::vector<OpenCall>> open_calls(const core::ReadModel& model, core::Position before);

}  // namespace hansard::projections
