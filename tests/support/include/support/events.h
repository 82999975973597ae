#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/event_log.h"
#include "ossl/hasher.h"

/// Builders of events and appends for tests: deterministic, with every field that a test does not
/// care about filled in.
namespace hansard::support {

inline const core::Hasher& hasher() {
  static const ossl::OpenSslHasher instance{};
  return instance;
}

inline core::StreamId stream(std::string_view text) { return core::StreamId::parse(text).value(); }
inline core::ProjectId project(std::string_view text) {
  return core::ProjectId::parse(text).value();
}
inline core::Timestamp at_us(std::int64_t microseconds) {
  return core::Timestamp{std::chrono::microseconds{microseconds}};
}

/// The id that a client would derive from `name`: equal names are the same event.
inline core::EventId event_id(std::string_view name) {
  return core::EventId{core::uuid_v8(hasher().sha256({"event id of ", name}))};
}
/// A salt that differs from one `name` to the next.
inline core::Hash salt(std::string_view name) { return hasher().sha256({"salt of ", name}); }

/// A sealed event named `name` with distinct facts and content.
inline core::NewEvent event(std::string_view stream_name, std::string_view name,
                            std::string_view text = "hello") {
  core::NewEvent event;
  event.stream = stream(stream_name);
  event.type = "MessageSent";
  event.id = event_id(name);
  event.facts = "{\"message_id\":\"" + std::string(name) + "\"}";
  event.content = "{\"text\":\"" + std::string(text) + "\"}";
  event.salt = salt(name);
  core::seal(event, hasher());
  return event;
}

inline core::AppendRequest request(std::vector<core::NewEvent> records,
                                   std::vector<core::Check> checks = {}) {
  core::AppendRequest request;
  request.records = std::move(records);
  request.checks = std::move(checks);
  request.recorded_at = at_us(1'000'000);
  return request;
}

}  // namespace hansard::support
