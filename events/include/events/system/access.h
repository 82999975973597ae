#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "events/session/words.h"

namespace hansard::events {

/// What an access gave out, or did.
enum class AccessKind : std::uint8_t { content, export_, proof, erasure, backup, other };
template <>
inline constexpr std::array<std::string_view, 5> kWords<AccessKind>{"content", "export", "proof",
                                                                    "erasure", "backup"};

/// Somebody with a key read what was said, or took it elsewhere: on record before the answer was
/// released. Who it was is the header's actor.
struct AccessRecorded {
  static constexpr std::string_view kType = "AccessRecorded";
  std::string route;  ///< `GET /v1/sessions/{id}/history`: the pattern, never the path
  AccessKind access = AccessKind::content;
  std::optional<std::string> stream;      ///< of the one conversation it was about: `session-...`
  std::optional<std::string> query_hash;  ///< keyed hash of what else was asked for
  std::uint32_t status = 0;               ///< of the answer
  template <class V>
  static void fields(V& v) {
    using E = AccessRecorded;
    v.field("route", &E::route);
    v.field("access", &E::access);
    v.field("stream", &E::stream);
    v.field("query_hash", &E::query_hash);
    v.field("status", &E::status);
  }
};

}  // namespace hansard::events
