#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "core/hash.h"
#include "core/ids.h"
#include "core/result.h"

namespace hansard::events {

/// Longest external session id, in bytes.
inline constexpr std::size_t kMaxExternalIdBytes = 1024;

/// The stream of a client's session id: `session-<id>` when the id is a plain name, otherwise
/// `session-<keyed hash in hex>`, because headers cannot be erased. A name with the form of a
/// provider's key (`filter/detect.h`) is no plain one.
/// Errors: invalid_argument (empty, over-long).
core::Result<core::StreamId> session_stream(const core::ProjectId& project,
                                            std::string_view external_id,
                                            const core::KeyedHash& hash);

/// What stands in records for an identifier that the filter kept out: `removed-<rule>-<16 hex>`,
/// the same for the same one, so that what refers to it still does.
std::string pseudonym(std::string_view rule, const core::ProjectId& project, std::string_view id,
                      const core::KeyedHash& hash);
bool is_pseudonym(std::string_view id);

/// What stands for a user in facts, in hex.
std::string user_hash(const core::ProjectId& project, std::string_view user,
                      const core::KeyedHash& hash);

/// What stands for a tag's value in facts, in hex. Equal values under different keys differ.
std::string tag_hash(const core::ProjectId& project, std::string_view key, std::string_view value,
                     const core::KeyedHash& hash);

/// Id of an event from what names it in its domain, so that a retry is the same event: a UUIDv8
/// over (project, stream, type, natural id), each length-prefixed.
core::EventId derive_event_id(const core::ProjectId& project, const core::StreamId& stream,
                              std::string_view type,
                              std::initializer_list<std::string_view> natural_id,
                              const core::KeyedHash& hash);

}  // namespace hansard::events
