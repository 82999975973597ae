#pragma once

#include <algorithm>
#include <array>

#include "core/assert.h"
#include "events/codec.h"
#include "session/fields.h"

/// How every kind of stream writes and reads its events: the definitions of `Codec`, for the one
/// file per kind that instantiates it. That file declares `check_event(const Variant&)` first: what
/// types cannot say about the fields of an event. Private to src.
namespace hansard::events {
namespace codec_detail {

using fields::Bounds;
using fields::Members;
using fields::Path;
using fields::Reading;

template <class E>
struct EventWriter {
  const E& event;
  std::string facts = "{";
  std::string content = "{";

  template <class T, class... Mark>
  void fact(std::string_view name, T E::*member, Mark...) {
    add(facts, name, event.*member);
  }
  template <class T>
  void derived(std::string_view name, T E::*member) {
    add(facts, name, event.*member);
  }
  template <class T>
  void content_field(std::string_view name, T E::*member) {
    add(content, name, event.*member);
  }
  template <class T>
  static void add(std::string& out, std::string_view name, const T& value) {
    if (fields::absent(value)) return;
    fields::write_name(out, name);
    fields::write(out, value);
  }
};

/// `fields` calls the visitor's `content`; a struct cannot have a member and a function of one
/// name.
template <class E>
struct Writing {
  EventWriter<E> to;
  template <class... A>
  void fact(A... a) {
    to.fact(a...);
  }
  template <class... A>
  void derived(A... a) {
    to.derived(a...);
  }
  template <class... A>
  void content(A... a) {
    to.content_field(a...);
  }
};

template <class E>
EncodedEvent encode_as(const E& event, std::uint16_t schema) {
  Writing<E> writing{EventWriter<E>{event}};
  E::fields(writing);
  writing.to.facts.push_back('}');
  writing.to.content.push_back('}');
  return {E::kType, schema, std::move(writing.to.facts), std::move(writing.to.content)};
}

template <class E>
struct EventReader {
  Reading& reading;
  Path facts_path;
  Path content_path;
  Members facts;
  Members contents;
  bool with_content;
  E& event;
  bool ok = true;

  template <class T, class... Mark>
  void fact(std::string_view name, T E::*member, Mark...) {
    ok = ok && fields::read_field(reading, facts_path, name, fields::kFactBounds,
                                  sizeof...(Mark) > 0, facts, event.*member);
  }
  template <class T>
  void derived(std::string_view name, T E::*member) {
    // A client that appends raw events may leave them out.
    ok = ok && fields::read_field(reading, facts_path, name, fields::kFactBounds, true, facts,
                                  event.*member);
  }
  template <class T>
  void content(std::string_view name, T E::*member) {
    ok = ok && fields::read_field(reading, content_path, name, Bounds{}, !with_content, contents,
                                  event.*member);
  }
};

struct Payloads {
  Json::Object facts;
  Json::Object content;
};

template <class V, class E>
bool decode_as(Reading& reading, Payloads& from, bool with_content, Decoded<V>& out) {
  E& event = out.event.template emplace<E>();
  const Path facts_path{nullptr, reading.strict ? "facts" : ""};
  const Path content_path{nullptr, reading.strict ? "content" : ""};
  EventReader<E> reader{
      reading,      facts_path, content_path, Members(from.facts), Members(from.content),
      with_content, event};
  E::fields(reader);
  return reader.ok && reader.facts.finish(reading, facts_path, &out.unknown_facts) &&
         reader.contents.finish(reading, content_path, &out.unknown_content);
}

template <class V>
struct TypeRow {
  std::string_view type;
  bool (*decode)(Reading&, Payloads&, bool with_content, Decoded<V>&);
  std::vector<FieldInfo> (*describe)();
};

template <class... E>
constexpr auto rows_of(std::variant<E...>*) {
  using V = std::variant<E...>;
  constexpr std::size_t kKnown = sizeof...(E) - 1;
  std::array<TypeRow<V>, kKnown> rows{};
  std::size_t next = 0;
  const auto add = [&]<class T>(T* /*type*/) {
    if constexpr (!std::is_same_v<T, Unrecognised>) {
      rows[next++] = TypeRow<V>{T::kType, &decode_as<V, T>, &fields::describe_fields<T>};
    }
  };
  (add(static_cast<E*>(nullptr)), ...);
  return rows;
}

/// Every type of the vocabulary, from the variant itself.
template <class V>
constexpr auto kRows = rows_of(static_cast<V*>(nullptr));

template <class V>
const TypeRow<V>* row_of(std::string_view type) {
  const auto found = std::find_if(kRows<V>.begin(), kRows<V>.end(),
                                  [&](const TypeRow<V>& row) { return row.type == type; });
  return found == kRows<V>.end() ? nullptr : &*found;
}

inline core::Error damaged(const core::RecordedEvent& event, const core::Error& why) {
  return {.code = core::Errc::corruption,
          .message = "event at position " + std::to_string(event.position.value) + " (" +
                     std::string(event.type) + ") is not what was written: " + why.message,
          .field = why.field};
}

/// `message_id` -> `facts.message_id`: checks know fields, only the codec knows their place.
template <class V>
core::Error placed(core::Error error, const TypeRow<V>& row) {
  const std::string_view whole = error.field;
  const auto name = whole.substr(0, whole.find_first_of(".["));
  for (const auto& info : row.describe()) {
    if (info.name != name) continue;
    const std::string_view place = info.place == FieldPlace::fact ? "facts." : "content.";
    const bool led = error.message.starts_with(error.field);
    error.field.insert(0, place);
    if (led) error.message.insert(0, place);
    break;
  }
  return error;
}

}  // namespace codec_detail

template <class V>
Codec<V>::Codec(Upcasters upcasters) : upcasters_(std::move(upcasters)) {}

template <class V>
EncodedEvent Codec<V>::encode(const V& event) const {
  return std::visit(
      [&](const auto& each) -> EncodedEvent {
        using E = std::decay_t<decltype(each)>;
        if constexpr (std::is_same_v<E, Unrecognised>) {
          HANSARD_ASSERT(false, "only events of the vocabulary are encoded");
        } else {
          return codec_detail::encode_as(each, upcasters_.current(E::kType));
        }
      },
      event);
}

template <class V>
core::Result<Decoded<V>> Codec<V>::decode(const core::RecordedEvent& event, Want want) const {
  using namespace codec_detail;  // NOLINT(google-build-using-namespace)
  Decoded<V> decoded{.event = {}, .erased = event.erased};
  const TypeRow<V>* row = row_of<V>(event.type);
  if (row == nullptr) {
    decoded.event = Unrecognised{std::string(event.type)};
    return decoded;
  }
  Payloads payloads;
  auto facts = parse_json_object(event.facts);
  if (!facts) return damaged(event, facts.error());
  payloads.facts = *std::move(facts);
  // An upcaster may move a field from content to facts, so an old event is always read whole.
  const bool old = event.schema != upcasters_.current(event.type);
  const bool with_content = !event.erased && (want == Want::all || old);
  if (with_content) {
    auto content = parse_json_object(event.content);
    if (!content) return damaged(event, content.error());
    payloads.content = *std::move(content);
  }
  if (auto status = upcasters_.apply(event.type, event.schema, payloads.facts, payloads.content);
      !status) {
    return std::move(status.error());
  }
  Reading reading{.strict = false};
  if (!row->decode(reading, payloads, with_content, decoded)) {
    return damaged(event, *reading.error);
  }
  return decoded;
}

template <class V>
core::Result<V> Codec<V>::decode_strict(std::string_view type, std::uint16_t schema,
                                        std::string_view facts, std::string_view content) const {
  using namespace codec_detail;  // NOLINT(google-build-using-namespace)
  const TypeRow<V>* row = row_of<V>(type);
  if (row == nullptr) {
    return bad_field("type", std::string(type) + " is no event of such a stream");
  }
  Payloads payloads;
  auto said_facts = fields::object_in(facts, "facts");
  if (!said_facts) return std::move(said_facts.error());
  payloads.facts = *std::move(said_facts);
  auto said_content = fields::object_in(content, "content");
  if (!said_content) return std::move(said_content.error());
  payloads.content = *std::move(said_content);
  if (auto status = upcasters_.apply(type, schema, payloads.facts, payloads.content); !status) {
    return std::move(status.error());
  }
  Reading reading{.strict = true};
  Decoded<V> decoded;
  if (!row->decode(reading, payloads, true, decoded)) return *std::move(reading.error);
  if (auto status = check_event(decoded.event); !status) {
    return placed(std::move(status.error()), *row);
  }
  return std::move(decoded.event);
}

template <class V>
bool Codec<V>::is_event(std::string_view type) {
  return codec_detail::row_of<V>(type) != nullptr;
}

template <class V>
std::span<const EventShape> Codec<V>::shapes() {
  static const std::vector<EventShape> kShapes = [] {
    std::vector<EventShape> shapes;
    for (const auto& row : codec_detail::kRows<V>) shapes.push_back({row.type, row.describe()});
    return shapes;
  }();
  return kShapes;
}

}  // namespace hansard::events
