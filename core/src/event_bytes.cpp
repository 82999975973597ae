#include "core/event_bytes.h"

#include <bit>
#include <cstring>

namespace hansard::core {
namespace {

static_assert(std::endian::native == std::endian::little, "numbers are copied as stored");

constexpr std::uint8_t kOccurredAtPresent = 1;
constexpr std::uint8_t kOccurredAtFromClient = 2;
constexpr std::uint8_t kFormWithContent = 0;
constexpr std::uint8_t kFormErased = 1;
constexpr std::size_t kBodyFixedBytes = 1 + 32 + 4 + 4;

template <class T>
void put(std::string& out, T value) {
  char bytes[sizeof(T)];
  std::memcpy(bytes, &value, sizeof(T));
  out.append(bytes, sizeof(T));
}

void put_id(std::string& out, const Uuid& id) {
  out.append(reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size());
}

template <class T>
T get(std::string_view bytes, std::size_t offset) {
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof(T));
  return value;
}

template <class Id>
Id get_id(std::string_view bytes, std::size_t offset) {
  Id id;
  std::memcpy(id.bytes.data(), bytes.data() + offset, id.bytes.size());
  return id;
}

Timestamp get_time(std::string_view bytes, std::size_t offset) {
  return Timestamp{std::chrono::microseconds{get<std::int64_t>(bytes, offset)}};
}

/// All of the header that is no name.
struct HeaderFields {
  std::uint16_t schema;
  Placement placement;
  std::optional<Timestamp> occurred_at;
  bool occurred_at_from_client;
  const EventId& id;
  const KeyId& actor;
  const EventId& correlation;
  const EventId& causation;
};

void put_header(std::string& out, const HeaderFields& fields, std::string_view type,
                std::string_view project, std::string_view stream) {
  HANSARD_ASSERT(type.size() <= 0xff && project.size() <= 0xff && stream.size() <= 0xff,
                 "names are at most 121 bytes, their length fields one");
  const auto micros = [](Timestamp time) {
    return static_cast<std::int64_t>(time.time_since_epoch().count());
  };
  put(out, kEventFormat);
  put(out, static_cast<std::uint8_t>(
               (fields.occurred_at ? kOccurredAtPresent : 0) |
               (fields.occurred_at && fields.occurred_at_from_client ? kOccurredAtFromClient : 0)));
  put(out, fields.schema);
  put(out, static_cast<std::uint8_t>(type.size()));
  put(out, static_cast<std::uint8_t>(project.size()));
  put(out, static_cast<std::uint8_t>(stream.size()));
  put(out, std::uint8_t{0});
  put(out, fields.placement.position.value);
  put(out, micros(fields.placement.recorded_at));
  put(out, fields.occurred_at ? micros(*fields.occurred_at) : std::int64_t{0});
  put(out, fields.placement.version.value);
  put_id(out, fields.id);
  put_id(out, fields.actor);
  put_id(out, fields.correlation);
  put_id(out, fields.causation);
  out += type;
  out += project;
  out += stream;
}

void put_body(std::string& out, std::uint8_t form, std::string_view salt_or_commitment,
              std::string_view facts, std::string_view content) {
  put(out, form);
  out += salt_or_commitment;
  put(out, static_cast<std::uint32_t>(facts.size()));
  put(out, static_cast<std::uint32_t>(content.size()));
  out += facts;
  out += content;
}

Error damaged(const char* reason) {
  return Error{Errc::corruption, std::string("stored event: ") + reason};
}

}  // namespace

void encode_event(const NewEvent& event, const ProjectId& project, const KeyId& actor,
                  const Placement& placement, std::string& out) {
  const std::string& stream = event.stream.text();
  HANSARD_ASSERT(event.facts.size() <= 0xffffffffU && event.content.size() <= 0xffffffffU,
                 "payload sizes were validated and fit four bytes");
  out.reserve(out.size() + kEventHeaderFixedBytes + event.type.size() + project.text().size() +
              stream.size() + kBodyFixedBytes + event.facts.size() + event.content.size());
  put_header(out,
             {event.schema, placement, event.occurred_at, event.occurred_at_from_client, event.id,
              actor, event.correlation, event.causation},
             event.type, project.text(), stream);
  put_body(out, kFormWithContent, as_bytes(event.salt), event.facts, event.content);
}

void encode_recorded(const RecordedEvent& event, std::string& out) {
  HANSARD_ASSERT(event.salt_or_commitment.size() == sizeof(Hash), "both are 32 bytes");
  HANSARD_ASSERT(event.facts.size() <= 0xffffffffU && event.content.size() <= 0xffffffffU,
                 "payload sizes were checked and fit four bytes");
  put_header(out,
             {event.schema,
              {event.position, event.version, event.recorded_at},
              event.occurred_at,
              event.occurred_at_from_client,
              event.id,
              event.actor,
              event.correlation,
              event.causation},
             event.type, event.project, event.stream);
  put_body(out, event.erased ? kFormErased : kFormWithContent, event.salt_or_commitment,
           event.facts, event.erased ? std::string_view() : event.content);
}

std::string stored_form(const RecordedEvent& event) {
  HANSARD_ASSERT(event.salt_or_commitment.size() == sizeof(Hash), "both are 32 bytes");
  std::string out;
  out.reserve(event.header.size() + kBodyFixedBytes + event.facts.size() + event.content.size());
  out += event.header;
  put_body(out, event.erased ? kFormErased : kFormWithContent, event.salt_or_commitment,
           event.facts, event.erased ? std::string_view() : event.content);
  return out;
}

std::size_t event_header_bytes(std::string_view encoded) {
  HANSARD_ASSERT(encoded.size() >= kEventHeaderFixedBytes,
                 "an encoded event starts with its header");
  return kEventHeaderFixedBytes + get<std::uint8_t>(encoded, 4) + get<std::uint8_t>(encoded, 5) +
         get<std::uint8_t>(encoded, 6);
}

Result<RecordedEvent> decode_event(std::string_view bytes) {
  if (bytes.empty()) return damaged("empty");
  const auto format = get<std::uint8_t>(bytes, 0);
  if (format > kEventFormat) {
    return Error{Errc::unsupported, "stored event: format " + std::to_string(format) +
                                        " is newer than this program, which knows up to " +
                                        std::to_string(kEventFormat)};
  }
  if (format != kEventFormat) return damaged("format 0 does not exist");
  if (bytes.size() < kEventHeaderFixedBytes + kBodyFixedBytes)
    return damaged("shorter than a header");

  const auto flags = get<std::uint8_t>(bytes, 1);
  const std::size_t type_size = get<std::uint8_t>(bytes, 4);
  const std::size_t project_size = get<std::uint8_t>(bytes, 5);
  const std::size_t stream_size = get<std::uint8_t>(bytes, 6);
  if ((flags & ~(kOccurredAtPresent | kOccurredAtFromClient)) != 0) return damaged("unknown flags");
  if (flags == kOccurredAtFromClient)
    return damaged("a client's occurred_at is flagged but absent");
  if (get<std::uint8_t>(bytes, 7) != 0) return damaged("reserved byte is not zero");
  if (type_size == 0 || project_size == 0 || stream_size == 0) return damaged("a name is empty");

  const std::size_t header_size = kEventHeaderFixedBytes + type_size + project_size + stream_size;
  if (bytes.size() < header_size + kBodyFixedBytes) return damaged("ends inside the header");
  const std::size_t body = header_size;
  const auto form = get<std::uint8_t>(bytes, body);
  const std::uint64_t facts_size = get<std::uint32_t>(bytes, body + 33);
  const std::uint64_t content_size = get<std::uint32_t>(bytes, body + 37);
  if (form != kFormWithContent && form != kFormErased) return damaged("unknown body form");
  if (form == kFormErased && content_size != 0) return damaged("erased but has content");
  if (form == kFormWithContent && content_size == 0) return damaged("no content but not erased");
  if (facts_size == 0) return damaged("no facts");
  if (bytes.size() - header_size - kBodyFixedBytes != facts_size + content_size) {
    return damaged("payload lengths do not match the stored size");
  }

  RecordedEvent event;
  event.schema = get<std::uint16_t>(bytes, 2);
  if (event.schema == 0) return damaged("schema 0 does not exist");
  event.position = Position{get<std::uint64_t>(bytes, 8)};
  event.recorded_at = get_time(bytes, 16);
  if ((flags & kOccurredAtPresent) != 0) {
    event.occurred_at = get_time(bytes, 24);
  } else if (get<std::int64_t>(bytes, 24) != 0) {
    return damaged("occurred_at is absent but not zero");
  }
  event.occurred_at_from_client = (flags & kOccurredAtFromClient) != 0;
  event.version = Version{get<std::uint64_t>(bytes, 32)};
  event.id = get_id<EventId>(bytes, 40);
  event.actor = get_id<KeyId>(bytes, 56);
  event.correlation = get_id<EventId>(bytes, 72);
  event.causation = get_id<EventId>(bytes, 88);
  event.type = bytes.substr(kEventHeaderFixedBytes, type_size);
  event.project = bytes.substr(kEventHeaderFixedBytes + type_size, project_size);
  event.stream = bytes.substr(kEventHeaderFixedBytes + type_size + project_size, stream_size);
  event.header = bytes.substr(0, header_size);
  event.erased = form == kFormErased;
  event.salt_or_commitment = bytes.substr(body + 1, 32);
  event.facts = bytes.substr(body + kBodyFixedBytes, facts_size);
  event.content = bytes.substr(body + kBodyFixedBytes + facts_size, content_size);
  return event;
}

std::string erase_content(const RecordedEvent& event, const Hasher& hasher) {
  const Hash computed =
      event.erased ? Hash{} : hasher.sha256({event.salt_or_commitment, event.content});
  std::string out;
  out.reserve(event.header.size() + kBodyFixedBytes + event.facts.size());
  out += event.header;
  put_body(out, kFormErased, event.erased ? event.salt_or_commitment : as_bytes(computed),
           event.facts, {});
  return out;
}

Hash leaf_hash(const RecordedEvent& event, const Hasher& hasher) {
  Hash commitment;
  if (event.erased) {
    std::memcpy(commitment.data(), event.salt_or_commitment.data(), commitment.size());
  } else {
    commitment = hasher.sha256({event.salt_or_commitment, event.content});
  }
  return leaf_hash(event.header, hasher.sha256({event.facts}), commitment, hasher);
}

Hash leaf_hash(std::string_view header, const Hash& facts_hash, const Hash& content_commitment,
               const Hasher& hasher) {
  constexpr std::string_view kLeafPrefix("\0", 1);
  return hasher.sha256({kLeafPrefix, header, as_bytes(facts_hash), as_bytes(content_commitment)});
}

}  // namespace hansard::core
