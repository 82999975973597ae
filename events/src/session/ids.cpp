#include "events/session/ids.h"

#include "events/filter/detect.h"
#include "events/json.h"

namespace hansard::events {
namespace {

constexpr std::string_view kPseudonym = "removed-";
constexpr std::size_t kPseudonymBytes = 8;

/// Appends the piece with its length in front, so that no two lists of pieces share their bytes.
void append_piece(std::string& out, std::string_view piece) {
  for (int shift = 0; shift < 64; shift += 8) {
    out.push_back(static_cast<char>((static_cast<std::uint64_t>(piece.size()) >> shift) & 0xFF));
  }
  out.append(piece);
}

}  // namespace

core::Result<core::StreamId> session_stream(const core::ProjectId& project,
                                            std::string_view external_id,
                                            const core::KeyedHash& hash) {
  if (external_id.empty()) return bad_field("session_id", "must not be empty");
  if (external_id.size() > kMaxExternalIdBytes) {
    return bad_field("session_id",
                     "is longer than " + std::to_string(kMaxExternalIdBytes) + " bytes");
  }
  if (core::StreamId::is_plain_name(external_id) && !key_form_in(external_id)) {
    return core::StreamId::make("session", external_id);
  }
  return core::StreamId::make(
      "session", core::to_hex(core::as_bytes(hash("session", project.text(), external_id))));
}

std::string pseudonym(std::string_view rule, const core::ProjectId& project, std::string_view id,
                      const core::KeyedHash& hash) {
  const auto digest = hash("removed", project.text(), id);
  return std::string(kPseudonym) + std::string(rule) + "-" +
         core::to_hex(core::as_bytes(digest).substr(0, kPseudonymBytes));
}

bool is_pseudonym(std::string_view id) {
  const std::size_t digits = 2 * kPseudonymBytes;
  if (!id.starts_with(kPseudonym) || id.size() < kPseudonym.size() + 2 + digits) return false;
  const auto hex = id.substr(id.size() - digits);
  return id[id.size() - digits - 1] == '-' &&
         hex.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::string user_hash(const core::ProjectId& project, std::string_view user,
                      const core::KeyedHash& hash) {
  return core::to_hex(core::as_bytes(hash("user", project.text(), user)));
}

std::string tag_hash(const core::ProjectId& project, std::string_view key, std::string_view value,
                     const core::KeyedHash& hash) {
  return core::to_hex(core::as_bytes(hash("tag:" + std::string(key), project.text(), value)));
}

core::EventId derive_event_id(const core::ProjectId& project, const core::StreamId& stream,
                              std::string_view type,
                              std::initializer_list<std::string_view> natural_id,
                              const core::KeyedHash& hash) {
  std::string value;
  append_piece(value, stream.text());
  append_piece(value, type);
  for (const auto piece : natural_id) append_piece(value, piece);
  return core::EventId{core::uuid_v8(hash("event", project.text(), value))};
}

}  // namespace hansard::events
