#include "layout.h"

#include <algorithm>
#include <cstring>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace hansard::rocks {
namespace {

template <class T>
void put_big_endian(char* out, T value) {
  for (std::size_t i = sizeof(T); i-- > 0; value = static_cast<T>(value >> 8)) {
    out[i] = static_cast<char>(value & 0xff);
  }
}

template <class T>
T get_big_endian(const char* in) {
  T value = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    value = static_cast<T>(value << 8) | static_cast<std::uint8_t>(in[i]);
  }
  return value;
}

}  // namespace

void put_be32(std::string& out, std::uint32_t value) {
  char bytes[sizeof value];
  put_big_endian(bytes, value);
  out.append(bytes, sizeof value);
}

void put_be64(std::string& out, std::uint64_t value) {
  char bytes[sizeof value];
  put_big_endian(bytes, value);
  out.append(bytes, sizeof value);
}

std::uint32_t get_be32(std::string_view bytes, std::size_t offset) {
  HANSARD_ASSERT(offset + 4 <= bytes.size(), "lengths are checked before numbers are read");
  return get_big_endian<std::uint32_t>(bytes.data() + offset);
}

std::uint64_t get_be64(std::string_view bytes, std::size_t offset) {
  HANSARD_ASSERT(offset + 8 <= bytes.size(), "lengths are checked before numbers are read");
  return get_big_endian<std::uint64_t>(bytes.data() + offset);
}

void put_short(std::string& out, std::string_view text) {
  HANSARD_ASSERT(text.size() <= 0xff, "names are at most 121 bytes, their length field one");
  out.push_back(static_cast<char>(text.size()));
  out += text;
}

std::array<char, 8> event_key(core::Position position) {
  std::array<char, 8> key;
  put_big_endian(key.data(), position.value);
  return key;
}

std::optional<core::Position> parse_event_key(std::string_view key) {
  if (key.size() != 8) return {};
  return core::Position{get_be64(key)};
}

std::uint64_t checksum(std::string_view bytes) { return XXH3_64bits(bytes.data(), bytes.size()); }

void seal_value(std::string& value) {
  std::uint64_t sum = checksum(value);
  char bytes[kChecksumBytes];
  for (char& byte : bytes) {
    byte = static_cast<char>(sum & 0xff);
    sum >>= 8;
  }
  value.append(bytes, kChecksumBytes);
}

std::optional<std::string_view> open_value(std::string_view value) {
  if (value.size() < kChecksumBytes) return {};
  const std::string_view event = value.substr(0, value.size() - kChecksumBytes);
  std::uint64_t stored = 0;
  for (std::size_t i = kChecksumBytes; i-- > 0;) {
    stored = stored << 8 | static_cast<std::uint8_t>(value[event.size() + i]);
  }
  if (stored != checksum(event)) return {};
  return event;
}

void put_stream_prefix(std::string& out, std::string_view project, std::string_view stream) {
  put_short(out, project);
  put_short(out, stream);
}

std::size_t stream_prefix_bytes(std::string_view key) {
  if (key.empty()) return 0;
  const std::size_t project = static_cast<std::uint8_t>(key[0]);
  if (key.size() < 1 + project + 1) return 0;
  const std::size_t stream = static_cast<std::uint8_t>(key[1 + project]);
  const std::size_t bytes = 1 + project + 1 + stream;
  return key.size() < bytes ? 0 : bytes;
}

std::optional<RunKey> parse_run_key(std::string_view key) {
  const std::size_t bytes = stream_prefix_bytes(key);
  if (bytes == 0 || key.size() != bytes + 8) return {};
  const std::size_t project = static_cast<std::uint8_t>(key[0]);
  RunKey parsed;
  parsed.prefix = key.substr(0, bytes);
  parsed.project = key.substr(1, project);
  parsed.stream = key.substr(1 + project + 1, bytes - project - 2);
  parsed.first_version = core::Version{get_be64(key, bytes)};
  return parsed;
}

void put_run_value(std::string& out, const Run& run) {
  put_be64(out, run.first_position.value);
  put_be32(out, run.count);
}

core::Result<Run> parse_run(const RunKey& key, std::string_view value) {
  if (value.size() != 12 || get_be32(value, 8) == 0) {
    return core::Error{core::Errc::corruption,
                       "index of stream '" + std::string(key.stream) + "' at version " +
                           std::to_string(key.first_version.value) + " is malformed"};
  }
  return Run{key.first_version, core::Position{get_be64(value)}, get_be32(value, 8)};
}

void put_id_key(std::string& out, std::string_view project, const core::EventId& id) {
  put_short(out, project);
  out.append(reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size());
}

std::optional<IdKey> parse_id_key(std::string_view key) {
  if (key.empty()) return {};
  const std::size_t project = static_cast<std::uint8_t>(key[0]);
  IdKey parsed;
  if (key.size() != 1 + project + parsed.id.bytes.size()) return {};
  parsed.project = key.substr(1, project);
  std::memcpy(parsed.id.bytes.data(), key.data() + 1 + project, parsed.id.bytes.size());
  return parsed;
}

std::string tile_key(std::uint8_t level, std::uint64_t index) {
  std::string key(1, static_cast<char>(level));
  put_be64(key, index);
  return key;
}

std::string view_prefix(const core::ViewId& view) {
  std::string key;
  put_short(key, view.name);
  put_be32(key, view.version);
  put_be32(key, view.generation);
  return key;
}

std::optional<core::ViewId> parse_view_prefix(std::string_view key) {
  if (key.empty()) return {};
  const std::size_t name = static_cast<std::uint8_t>(key[0]);
  if (key.size() < 1 + name + 8) return {};
  return core::ViewId{std::string(key.substr(1, name)), get_be32(key, 1 + name),
                      get_be32(key, 1 + name + 4)};
}

core::Status check_view_name(std::string_view name) {
  const auto fits = [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; };
  if (!name.empty() && name.size() <= 32 && std::all_of(name.begin(), name.end(), fits)) {
    return core::Ok{};
  }
  return core::Error{core::Errc::invalid_argument,
                     "a view's name is 1 to 32 of the characters a-z and _", "name"};
}

std::optional<std::string> after_prefix(std::string_view prefix) {
  std::string next(prefix);
  while (!next.empty() && static_cast<std::uint8_t>(next.back()) == 0xff) next.pop_back();
  if (next.empty()) return {};
  next.back() = static_cast<char>(static_cast<std::uint8_t>(next.back()) + 1);
  return next;
}

}  // namespace hansard::rocks
