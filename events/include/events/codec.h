#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/event.h"
#include "events/upcasters.h"

namespace hansard::events {

/// A type this build does not know, on a stream that a newer writer shares with it. Last of the
/// variant of every kind of stream.
struct Unrecognised {
  std::string type;
};

/// An event as the log takes it.
struct EncodedEvent {
  std::string_view type;
  std::uint16_t schema = 1;
  std::string facts;
  std::string content;
};

/// A stored event as rules and projections see it.
template <class Variant>
struct Decoded {
  Variant event;
  bool erased = false;                ///< content fields then hold their initial values
  Json::Object unknown_facts = {};    ///< fields of a newer writer, verbatim
  Json::Object unknown_content = {};  ///< likewise
};

/// How much of an event to decode. Projections of numbers read facts only: content may be erased
/// tomorrow, and leaving it unparsed is several times faster.
enum class Want : std::uint8_t { all, facts };

enum class FieldPlace : std::uint8_t { fact, content };

/// One field, as listed in a `fields` function.
struct FieldInfo {
  std::string name;
  FieldPlace place = FieldPlace::fact;
  bool derived = false;   ///< computed by the decider, not accepted in bodies
  bool required = false;  ///< in bodies
  std::string type;       ///< `text`, `count`, `flag`, `json`, `list of text`, `parts`, a|b|c ...
};

struct EventShape {
  std::string_view type;
  std::vector<FieldInfo> fields;
};

/// Events of one kind of stream, a `std::variant`, <-> their JSON payloads. Immutable, thread-safe.
template <class Variant>
class Codec {
 public:
  explicit Codec(Upcasters upcasters = Upcasters::built_in());

  /// Deterministic: equal events give equal bytes. Absent fields are left out.
  /// @pre the event is not `Unrecognised`.
  [[nodiscard]] EncodedEvent encode(const Variant& event) const;

  /// Reads a stored event: upcasts, ignores unknown fields (they are handed back), takes unknown
  /// words as `other` and unknown types as `Unrecognised`.
  /// Errors: corruption (payload is not what was once validated), unsupported (newer schema).
  [[nodiscard]] core::Result<Decoded<Variant>> decode(const core::RecordedEvent& event,
                                                      Want want = Want::all) const;

  /// Reads payloads sent by a client as strictly as a typed route: unknown and repeated fields,
  /// wrong types, unknown words, over-long facts are errors. Derived facts may be given.
  /// Errors: invalid_argument (`field` is `facts.x` or `content.x`), unsupported (newer schema).
  [[nodiscard]] core::Result<Variant> decode_strict(std::string_view type, std::uint16_t schema,
                                                    std::string_view facts,
                                                    std::string_view content) const;

  [[nodiscard]] const Upcasters& upcasters() const { return upcasters_; }

  /// True for the types of the variant.
  static bool is_event(std::string_view type);
  /// Every type of the variant with every field, in its order. Built once.
  static std::span<const EventShape> shapes();

 private:
  Upcasters upcasters_;
};

}  // namespace hansard::events
