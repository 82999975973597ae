#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/event_log.h"
#include "core/read_model_store.h"

/// The stored keys and values, byte by byte (README.md has the table). Numbers in keys and in index
/// values are big-endian, so that byte order is number order; numbers inside an event are core's.
/// Nothing here may change: a new shape is a new format version.
namespace hansard::rocks {

/// Written to `meta`; another number is refused by naming both.
inline constexpr std::uint32_t kFormatVersion = 1;

/// Column families. The numbers index arrays in memory; only the names are stored.
enum class Family : std::uint8_t { events, streams, ids, merkle, blobs, prefixes, views, meta };
inline constexpr std::size_t kFamilies = 8;
inline constexpr std::array<const char*, kFamilies> kFamilyNames = {
    "events", "streams", "ids", "merkle", "blobs", "prefixes", "views", "meta"};

inline constexpr std::string_view kMetaFormat = "format";  ///< -> be32
inline constexpr std::string_view kMetaLogId = "log_id";   ///< -> 16 bytes
inline constexpr std::string_view kMetaKeyCheck =
    "key_check";  ///< -> 32 bytes, see `data_directory.h`
inline constexpr std::string_view kMetaActiveView =
    "view/";  ///< + name -> version be32, generation be32

inline constexpr std::size_t kChecksumBytes = 8;

void put_be32(std::string& out, std::uint32_t value);
void put_be64(std::string& out, std::uint64_t value);
/// @pre the bytes are there.
std::uint32_t get_be32(std::string_view bytes, std::size_t offset = 0);
std::uint64_t get_be64(std::string_view bytes, std::size_t offset = 0);
/// One length byte, then the text. @pre at most 255 bytes.
void put_short(std::string& out, std::string_view text);

/// ---- events: position be64 -> stored event (core/event_bytes.h), XXH3-64 of it little-endian

std::array<char, 8> event_key(core::Position position);
std::optional<core::Position> parse_event_key(std::string_view key);
std::uint64_t checksum(std::string_view bytes);
/// Appends the checksum of `value` to it.
void seal_value(std::string& value);
/// The event's bytes inside a stored value, or nothing when the checksum does not hold.
std::optional<std::string_view> open_value(std::string_view value);

/// ---- streams: project, stream, first version be64 -> first position be64, count be32

/// Consecutive versions of one stream at consecutive positions, written together.
struct Run {
  core::Version first_version;
  core::Position first_position;
  std::uint32_t count = 0;
};
struct RunKey {
  std::string_view prefix;  ///< as `put_stream_prefix` writes it
  std::string_view project;
  std::string_view stream;
  core::Version first_version;
};

/// project_len u8, project, stream_len u8, stream: no prefix is the beginning of another.
void put_stream_prefix(std::string& out, std::string_view project, std::string_view stream);
/// Length of the prefix at the front of `key`, or 0 when `key` is too short to hold one.
std::size_t stream_prefix_bytes(std::string_view key);
std::optional<RunKey> parse_run_key(std::string_view key);
void put_run_value(std::string& out, const Run& run);
/// Errors: corruption.
core::Result<Run> parse_run(const RunKey& key, std::string_view value);

/// ---- ids: project, event id (16 bytes) -> position be64

void put_id_key(std::string& out, std::string_view project, const core::EventId& id);
struct IdKey {
  std::string_view project;
  core::EventId id;
};
std::optional<IdKey> parse_id_key(std::string_view key);

/// ---- merkle: level u8, tile be64 -> 256 hashes of 32 bytes

std::string tile_key(std::uint8_t level, std::uint64_t index);

/// ---- views: view_len u8, view, version be32, generation be32, kind u8, key -> row

inline constexpr char kViewCheckpoint = 0;  ///< empty key -> checkpoint be64
inline constexpr char kViewRow = 1;

/// Everything of one build starts with this.
std::string view_prefix(const core::ViewId& view);
std::optional<core::ViewId> parse_view_prefix(std::string_view key);
/// `[a-z_]{1,32}`. Errors: invalid_argument.
core::Status check_view_name(std::string_view name);

/// The first key after every key that starts with `prefix`; nothing when there is none.
std::optional<std::string> after_prefix(std::string_view prefix);

}  // namespace hansard::rocks
