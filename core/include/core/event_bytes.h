#pragma once

#include <string>
#include <string_view>

#include "core/event.h"

/// The stored form of an event (decided once; format 1). All numbers little-endian.
///
///   header                                         offset  size
///     format = 1                                        0     1
///     flags: 1 occurred_at present,                     1     1
///            2 occurred_at supplied by client
///     schema                                            2     2
///     type length t, project length p, stream length s  4   1+1+1
///     reserved = 0                                      7     1
///     position                                          8     8
///     recorded_at, microseconds since 1970             16     8
///     occurred_at, likewise; 0 when absent             24     8
///     stream version                                   32     8
///     event id                                         40    16
///     actor key id (zero: none)                        56    16
///     correlation event id (zero: absent)              72    16
///     causation event id (zero: absent)                88    16
///     type, project, stream (UTF-8, no terminator)    104  t+p+s
///   body
///     form: 0 = with content, 1 = erased                      1
///     salt, or SHA-256(salt || content) when erased          32
///     facts length f, content length c (0 when erased)      4+4
///     facts, content                                        f+c
///   check: XXH3-64 is the storage adapter's business and not part of these bytes.
///
/// Leaf of the audit tree: SHA-256(0x00 || header || SHA-256(facts) || SHA-256(salt || content)).
/// Erasing changes only the body, so header and leaf stay what they were.
namespace hansard::core {

inline constexpr std::uint8_t kEventFormat = 1;
inline constexpr std::size_t kEventHeaderFixedBytes = 104;

/// What the sequencer assigns to a record.
struct Placement {
  Position position;
  Version version;
  Timestamp recorded_at;
};

/// Appends the stored form to `out`. Cost: one copy of the payloads.
/// @pre lengths fit their fields (checked by `validate` in the sequencer).
void encode_event(const NewEvent& event, const ProjectId& project, const KeyId& actor,
                  const Placement& placement, std::string& out);

/// The stored form of an event that a log has placed already, from its fields (`header` is not
/// looked at): what copies a log event by event writes. `decode_event` gives the fields back.
/// @pre names and payloads fit their length fields; the salt or commitment has 32 bytes.
void encode_recorded(const RecordedEvent& event, std::string& out);

/// The stored form of an event from `header`, as its bytes are, and its payloads; no other field is
/// looked at. @pre as `encode_recorded`
std::string stored_form(const RecordedEvent& event);

/// Bytes of the header in front of an encoded event. @pre `encoded` was written by `encode_event`.
std::size_t event_header_bytes(std::string_view encoded);

/// Decodes in place; checks lengths, format, flags and that no byte is left over.
/// Errors: corruption (with the reason), unsupported (newer format).
Result<RecordedEvent> decode_event(std::string_view bytes);

/// The stored form with salt and content replaced by their commitment; equal input if erased.
std::string erase_content(const RecordedEvent& event, const Hasher& hasher);

/// Leaf hash of a stored event, from its bytes (for verifying).
Hash leaf_hash(const RecordedEvent& event, const Hasher& hasher);

/// Leaf hash at append time: the payloads were hashed by `seal`, only the header is new.
Hash leaf_hash(std::string_view header, const Hash& facts_hash, const Hash& content_commitment,
               const Hasher& hasher);

}  // namespace hansard::core
