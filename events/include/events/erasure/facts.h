#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "events/codec.h"
#include "events/session/words.h"

/// The events by which content is destroyed, or kept from it. They stand on the stream concerned
/// (`session-*`, `calls-*`, `assignment-*`), whose own vocabulary reads them as `Unrecognised`.
/// Field lists as in `session/facts.h`.
namespace hansard::events {

/// What an erasure is about.
enum class ErasureScope : std::uint8_t {
  message,    ///< one message, and what repeats it
  session,    ///< everything said in the stream
  user,       ///< everything of one user, of which this stream is a part
  retention,  ///< a rule of retention, which the stream has outlived
  other
};
template <>
inline constexpr std::array<std::string_view, 4> kWords<ErasureScope>{"message", "session", "user",
                                                                      "retention"};

/// Content below this event's version is unreadable from here on, and being destroyed.
struct ErasureRequested {
  static constexpr std::string_view kType = "ErasureRequested";
  std::string erasure_id;  ///< one for all streams of an erasure
  ErasureScope scope = ErasureScope::session;
  std::optional<std::string> message_id;  ///< scope message only
  std::optional<std::string> origin;      ///< the stream of the message, where this one repeats it
  std::optional<std::string> rule;        ///< scope retention only: its name
  std::string reason;                     ///< a word, `[a-z0-9_.-]{1,64}`
  std::optional<std::string> comment;
  template <class V>
  static void fields(V& v) {
    using E = ErasureRequested;
    v.fact("erasure_id", &E::erasure_id);
    v.fact("scope", &E::scope);
    v.fact("message_id", &E::message_id);
    v.fact("origin", &E::origin);
    v.fact("rule", &E::rule);
    v.fact("reason", &E::reason);
    v.content("comment", &E::comment);
  }
};

/// No file of the data directory holds that content any more.
struct ContentErased {
  static constexpr std::string_view kType = "ContentErased";
  std::string erasure_id;
  std::uint64_t events = 0;  ///< of this stream whose content is gone by this erasure
  template <class V>
  static void fields(V& v) {
    using E = ContentErased;
    v.fact("erasure_id", &E::erasure_id);
    v.fact("events", &E::events);
  }
};

/// Nothing of the stream may be erased until this is released.
struct LegalHoldPlaced {
  static constexpr std::string_view kType = "LegalHoldPlaced";
  std::string hold;    ///< its name, `[a-z0-9_.-]{1,64}`: a stream may have several
  std::string reason;  ///< a word, likewise
  std::optional<std::string> comment;
  template <class V>
  static void fields(V& v) {
    using E = LegalHoldPlaced;
    v.fact("hold", &E::hold);
    v.fact("reason", &E::reason);
    v.content("comment", &E::comment);
  }
};

struct LegalHoldReleased {
  static constexpr std::string_view kType = "LegalHoldReleased";
  std::string hold;
  std::string reason;
  std::optional<std::string> comment;
  template <class V>
  static void fields(V& v) {
    using E = LegalHoldReleased;
    v.fact("hold", &E::hold);
    v.fact("reason", &E::reason);
    v.content("comment", &E::comment);
  }
};

using ErasureEvent =
    std::variant<ErasureRequested, ContentErased, LegalHoldPlaced, LegalHoldReleased, Unrecognised>;
using ErasureCodec = Codec<ErasureEvent>;
extern template class Codec<ErasureEvent>;
/// The one of this build. Thread-safe.
const ErasureCodec& erasure_codec();

/// True for the types above. Cost: a few comparisons, for folds that see every event.
bool is_erasure_event(std::string_view type);

}  // namespace hansard::events
