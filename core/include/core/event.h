#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/hash.h"
#include "core/ids.h"
#include "core/position.h"
#include "core/time.h"

namespace hansard::core {

/// An event on its way into the log. Everything random or clocked is already in it: the sequencer
/// only adds position, version and the non-decreasing `recorded_at`.
struct NewEvent {
  StreamId stream;
  std::string type;          ///< `MessageSent`; see `is_event_type`
  std::uint16_t schema = 1;  ///< version of the type's payload shape, from 1
  EventId id;
  std::optional<Timestamp> occurred_at;
  bool occurred_at_from_client = false;  ///< only then compared on a retry
  EventId correlation;                   ///< nil when absent
  EventId causation;                     ///< nil when absent
  std::string facts;                     ///< UTF-8 JSON object, kept for ever
  std::string content;                   ///< UTF-8 JSON object, erasable
  Hash salt{};                           ///< 32 random bytes, drawn at the edge
  Hash facts_hash{};          ///< SHA-256(facts), filled by `seal` on the submitting thread
  Hash content_commitment{};  ///< SHA-256(salt || content), likewise
};

/// Computes the two payload hashes of `event`. Runs on the submitting thread, so that the one
/// sequencing thread hashes only headers and tree nodes.
void seal(NewEvent& event, const Hasher& hasher);

/// A stored event, decoded in place: every view points into bytes owned elsewhere (`OwnedEvent`, or
/// the sink call that lent it). Layout: `core/event_bytes.h`.
struct RecordedEvent {
  Position position;
  Timestamp recorded_at;  ///< never decreases along the log
  std::optional<Timestamp> occurred_at;
  bool occurred_at_from_client = false;
  std::string_view type;
  std::uint16_t schema = 1;
  std::string_view project;
  std::string_view stream;
  Version version;
  EventId id;
  KeyId actor;                          ///< nil where the engine ran without keys
  EventId correlation;                  ///< nil when absent
  EventId causation;                    ///< nil when absent
  std::string_view header;              ///< the header's bytes, as hashed into the leaf
  std::string_view facts;               ///< JSON object
  std::string_view content;             ///< JSON object; empty when erased
  bool erased = false;                  ///< salt and content were replaced by their commitment
  std::string_view salt_or_commitment;  ///< 32 bytes: the salt, or the commitment when erased
};

/// A stored event together with its bytes. Movable, copyable; `event()` is valid while this lives
/// and is not moved from.
class OwnedEvent {
 public:
  /// Takes a stored value as written by `encode_event`. Errors: corruption.
  static Result<OwnedEvent> decode(std::string bytes);
  [[nodiscard]] RecordedEvent event() const;
  [[nodiscard]] const std::string& bytes() const { return bytes_; }

 private:
  explicit OwnedEvent(std::string bytes) : bytes_(std::move(bytes)) {}
  std::string bytes_;
};

}  // namespace hansard::core
