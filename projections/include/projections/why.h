#pragma once

#include <optional>
#include <string>
#include <vector>

#include "projections/context.h"
#include "projections/why_variant.h"

namespace hansard::projections {

/// Everything the record says about how one answer came to be, and what it does not say.
struct Why {
  core::ProjectId project;
  core::StreamId stream;  ///< of the session asked about
  std::string call_id;
  /// Where the call was recorded, when the session inherited it; versions below count there.
  std::optional<std::string> recorded_in;

  struct Attempt {
    std::uint32_t number = 1;
    std::optional<Entry> request;
    std::optional<Entry> failure;
  };
  std::vector<Attempt> attempts;  ///< by number; those of which anything is known
  std::vector<Entry> answers;     ///< by choice, each with the tool calls that came of it

  /// How the window is known.
  enum class Source : std::uint8_t {
    recorded,    ///< the request lists its messages
    by_version,  ///< the request names a version: the history up to there, less what was removed
    inferred     ///< nobody says; what had been recorded before the call
  };
  Source source = Source::inferred;
  std::optional<core::Version> up_to;  ///< last event the window was taken from
  std::vector<ContextMessage> window;  ///< what the model was sent
  SessionConfig config;                ///< settings in force then
  std::vector<Entry> optimisations;    ///< ContextOptimized events that shaped the window
  std::optional<WhyVariant> variant;   ///< why that one; `explain_variant` fills it in

  struct Unknown {
    std::string what;
    std::string why;
  };
  std::vector<Unknown> unknown;

  /// The request that led to the answer: the last one.
  [[nodiscard]] const events::ResponseRequested* request() const;
};

std::string_view to_word(Why::Source source);

/// Folds the stream of `session` (and, for an inherited call, of the ancestor that recorded it).
/// Errors: not_found (no such session; no such call, field `call`), and those of
/// `SessionReader::history`. Cost: two reads of the stream.
core::Result<Why> explain_call(const SessionReader& reader, const core::ProjectId& project,
                               const core::StreamId& session, const std::string& call_id);

/// The call that a message answers. Errors: as above, field `message`.
core::Result<std::string> call_of_message(const SessionReader& reader,
                                          const core::ProjectId& project,
                                          const core::StreamId& session,
                                          const std::string& message_id);

}  // namespace hansard::projections
