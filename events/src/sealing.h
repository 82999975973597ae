#pragma once

#include <string>
#include <utility>

#include "core/event.h"
#include "core/hash.h"
#include "events/codec.h"
#include "events/session/commands.h"

namespace hansard::events {

/// An event as the log takes it, with the times, links and salt that the edge drew for the command.
/// Private to src.
inline core::NewEvent sealed_by(EncodedEvent encoded, const core::StreamId& stream,
                                const core::EventId& id, const CommandMeta& meta,
                                const core::Hasher& hasher) {
  core::NewEvent event;
  event.stream = stream;
  event.type = std::string(encoded.type);
  event.schema = encoded.schema;
  event.id = id;
  event.occurred_at = meta.occurred_at;
  event.occurred_at_from_client = meta.occurred_at && meta.occurred_at_from_client;
  event.correlation = meta.correlation;
  event.causation = meta.causation;
  event.facts = std::move(encoded.facts);
  event.content = std::move(encoded.content);
  event.salt = hasher.hmac_sha256(
      core::as_bytes(meta.salt_seed),
      {"salt", {reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()}});
  return event;
}

}  // namespace hansard::events
