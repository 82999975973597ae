#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "core/result.h"
#include "events/session/codec.h"
#include "events/system/access.h"
#include "events/system/log_restored.h"
#include "events/system/prices.h"

/// Facts about the engine itself, on `system` streams; those about the whole log in project `_log`.
/// They carry no content: nothing in them is about what was said. Pure.
namespace hansard::events {

/// The calls of a route to a provider have been failing: none is made for now.
struct CircuitOpened {
  static constexpr std::string_view kType = "CircuitOpened";
  std::string route;
  std::string provider;
  std::uint64_t failures = 0;  ///< of the requests that the breaker was judging, the last included
  std::uint64_t requests = 0;
  template <class V>
  static void fields(V& v) {
    v.field("route", &CircuitOpened::route);
    v.field("provider", &CircuitOpened::provider);
    v.field("failures", &CircuitOpened::failures);
    v.field("requests", &CircuitOpened::requests);
  }
};

/// One call tries whether the provider is back.
struct CircuitHalfOpened {
  static constexpr std::string_view kType = "CircuitHalfOpened";
  std::string route;
  std::string provider;
  template <class V>
  static void fields(V& v) {
    v.field("route", &CircuitHalfOpened::route);
    v.field("provider", &CircuitHalfOpened::provider);
  }
};

/// Calls succeed again.
struct CircuitClosed {
  static constexpr std::string_view kType = "CircuitClosed";
  std::string route;
  std::string provider;
  template <class V>
  static void fields(V& v) {
    v.field("route", &CircuitClosed::route);
    v.field("provider", &CircuitClosed::provider);
  }
};

/// The log's notes are signed by another key from now on. In project `_log`. The first key needs no
/// event: nothing was signed before it.
struct SigningKeyRotated {
  static constexpr std::string_view kType = "SigningKeyRotated";
  std::string old_key;          ///< as text, see `audit::VerifierKey`
  std::string new_key;          ///< likewise
  std::uint64_t tree_size = 0;  ///< of the tree that the old key signed last
  std::string note;             ///< `audit::KeyChange`, signed by the old key
  template <class V>
  static void fields(V& v) {
    v.field("old_key", &SigningKeyRotated::old_key);
    v.field("new_key", &SigningKeyRotated::new_key);
    v.field("tree_size", &SigningKeyRotated::tree_size);
    v.field("note", &SigningKeyRotated::note);
  }
};

using SystemEvent = std::variant<CircuitOpened, CircuitHalfOpened, CircuitClosed, PricesPublished,
                                 AccessRecorded, LogRestored, SigningKeyRotated>;

bool is_system_event(std::string_view type);

/// Deterministic: equal events give equal bytes. The content is empty.
EncodedEvent encode(const SystemEvent& event);

/// Reads what a client sends, or what is stored. Errors: invalid_argument (`field` is `facts.x`, or
/// `content`: there is none), unsupported (newer schema).
core::Result<SystemEvent> decode_system(std::string_view type, std::uint16_t schema,
                                        std::string_view facts, std::string_view content);

}  // namespace hansard::events
