#include "http/keys_on_record.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "access/key_event.h"
#include "events/keys/facts.h"

namespace hansard::http {

namespace {

using core::Error;
using core::Result;

std::optional<core::Hash> from_hex(std::string_view text) {
  core::Hash hash{};
  if (text.size() != 2 * hash.size()) return std::nullopt;
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  for (std::size_t i = 0; i < hash.size(); ++i) {
    hash[i] = static_cast<std::uint8_t>(digit(text[2 * i]) * 16 + digit(text[2 * i + 1]));
  }
  return hash;
}

}  // namespace

Result<KeyOnRecord> key_of(const events::KeyCreated& event, core::Timestamp created_at) {
  const auto id = core::parse_uuid(event.key_id);
  auto project = core::ProjectId::parse(event.project);
  const auto secret = from_hex(event.secret_hash);
  if (!id || !project || !secret) {
    return Error{core::Errc::corruption, "the record of key " + event.key_id + " is damaged"};
  }
  KeyOnRecord key;
  static_cast<core::Uuid&>(key.id) = *id;
  key.name = event.name;
  key.project = *std::move(project);
  key.secret = *secret;
  for (const events::KeyScope scope : event.scopes) {
    // One that this build does not know gives nothing.
    if (const auto known = parse_scope(events::to_word(scope))) key.scopes.add(*known);
  }
  key.created_at = created_at;
  if (event.expires_at) {
    auto until = core::parse_time(*event.expires_at);
    if (!until) return std::move(until.error());
    key.expires_at = *until;
  }
  return key;
}

core::Status load_keys(const core::EventLog& log, KeyRing& ring) {
  core::Status status = core::Ok{};
  const auto take = [&](const core::RecordedEvent& event) {
    const auto decoded = events::key_codec().decode(event, events::Want::facts);
    if (!decoded) {
      status = decoded.error();
    } else if (const auto* created = std::get_if<events::KeyCreated>(&decoded->event)) {
      auto key = key_of(*created, event.recorded_at);
      if (key) {
        ring.add(*std::move(key));
      } else {
        status = std::move(key.error());
      }
    } else if (const auto* revoked = std::get_if<events::KeyRevoked>(&decoded->event)) {
      core::KeyId id;
      const auto parsed = core::parse_uuid(revoked->key_id);
      if (parsed) static_cast<core::Uuid&>(id) = *parsed;
      ring.revoke(id);
    }
    return status.has_value();
  };
  const auto read =
      log.read_stream(events::keys_project(), events::keys_stream(), core::Version{}, take);
  if (!status) return status;
  if (!read) return read.error();
  return core::Ok{};
}

}  // namespace hansard::http
