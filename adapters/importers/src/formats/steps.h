#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "core/time.h"
#include "events/dialects/openai/messages.h"
#include "events/json.h"
#include "events/session/commands.h"
#include "events/session/facts.h"
#include "importers/reader.h"

/// Small things that most formats need.
namespace hansard::importers {

// ---- looking into JSON ----

/// The text under `key`, or nothing when it is absent or no string.
std::optional<std::string> text_at(const events::Json& object, std::string_view key);
/// A member that is there and not null.
const events::Json* present(const events::Json& object, std::string_view key);
/// A text or a number as text; for ids, which files give as either.
std::optional<std::string> id_at(const events::Json& object, std::string_view key);
/// A whole number that is not negative, or nothing.
std::optional<std::uint64_t> count_at(const events::Json& object, std::string_view key);
/// Seconds (a number, or a text of one) as microseconds; nothing when negative or absurd.
std::optional<std::uint64_t> microseconds(const events::Json* seconds);
/// RFC 3339, or seconds since 1970 as a number. Nothing when it is neither.
std::optional<core::Timestamp> time_of(const events::Json* value);
/// Every member of `object` but those named.
events::Json::Object without(const events::Json& object,
                             std::initializer_list<std::string_view> keys);

/// FNV-1a, 64 bits: the same on every machine.
std::uint64_t fnv1a(std::string_view text);

/// A short identifier (a reason, a kind): what is not allowed in one becomes '_'.
std::string identifier_of(std::string_view text);

/// The normal form of a provider's word for why generation stopped.
events::FinishReason finish_reason_of(std::string_view word);

/// A number, a truth value, or a category short enough to be a fact.
bool is_score_value(const events::Json& value);

// ---- pieces ----

/// A step with the source's time, where it has one.
events::RecordedStep at_time(events::SessionStep step, std::optional<core::Timestamp> time);

/// Counts and collects what a piece is made of.
class PieceBuilder {
 public:
  PieceBuilder(std::uint64_t line, SessionName session);

  void step(events::SessionStep step, std::optional<core::Timestamp> time = std::nullopt);
  /// Reads a message in the OpenAI form; a message that cannot be read is attached as it is.
  /// @return the steps that were added, to be completed by what the format says besides; valid
  /// until the next call. Empty when it was attached.
  std::span<events::RecordedStep> message(const events::Json& message, std::string_view message_id,
                                          std::string_view path,
                                          std::optional<core::Timestamp> time = std::nullopt);
  /// Something of the source that the vocabulary has no place for: kept beside the conversation
  /// as it stands, with its place in the source and the reason.
  /// @param record_id  with what the record says tells it from the others of this session, also
  /// when the file is read again; a record that changed is another one.
  void attach(std::string record_id, std::string_view kind, std::string_view path,
              std::string_view reason, const events::Json& raw,
              std::optional<core::Timestamp> time = std::nullopt);

  Piece& piece() { return piece_; }
  Piece take() { return std::move(piece_); }

 private:
  Piece piece_;
  events::openai::MessageReader reader_;
};

}  // namespace hansard::importers
