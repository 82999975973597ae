#include "zip_directory.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

namespace hansard::importers::zip {

using core::Errc;
using core::Error;
using core::Ok;
using core::Result;
using core::Status;

namespace {

constexpr std::string_view kLocalSignature("PK\x03\x04", 4);
constexpr std::string_view kEntrySignature("PK\x01\x02", 4);
constexpr std::string_view kEndSignature("PK\x05\x06", 4);
constexpr std::string_view kEnd64Signature("PK\x06\x06", 4);
constexpr std::string_view kLocator64Signature("PK\x06\x07", 4);
constexpr std::size_t kLocalBytes = 30;
constexpr std::size_t kEntryBytes = 46;
constexpr std::size_t kEndBytes = 22;
constexpr std::size_t kEnd64Bytes = 56;
constexpr std::size_t kLocator64Bytes = 20;
constexpr std::size_t kCommentBytesMax = 0xFFFF;
constexpr std::uint64_t kInExtra32 = 0xFFFFFFFF;
constexpr std::uint16_t kZip64Extra = 1;
constexpr std::uint64_t kEncrypted = 1;

/// Little-endian numbers out of bytes that are known to be there.
std::uint64_t number(std::string_view bytes, std::size_t at, std::size_t width) {
  std::uint64_t value = 0;
  for (std::size_t i = width; i-- > 0;) {
    value = (value << 8U) | static_cast<unsigned char>(bytes[at + i]);
  }
  return value;
}

Result<std::string> read(const Bytes& file, std::uint64_t at, std::size_t count) {
  if (at > file.size() || count > file.size() - at) return file.broken("the file ends too early");
  std::string out(count, '\0');
  if (auto status = file.read(at, count, out.data()); !status) return std::move(status).error();
  return out;
}

struct Directory {
  std::uint64_t at = 0;
  std::uint64_t bytes = 0;
  std::uint64_t entries = 0;
};

/// The 64-bit form, if a locator stands right before the end record.
Result<std::optional<Directory>> find_directory64(const Bytes& file, std::uint64_t end_at) {
  if (end_at < kLocator64Bytes) return std::optional<Directory>();
  auto locator = read(file, end_at - kLocator64Bytes, kLocator64Bytes);
  if (!locator) return std::move(locator).error();
  if (std::string_view(*locator).substr(0, 4) != kLocator64Signature) {
    return std::optional<Directory>();
  }
  auto end = read(file, number(*locator, 8, 8), kEnd64Bytes);
  if (!end) return std::move(end).error();
  if (std::string_view(*end).substr(0, 4) != kEnd64Signature) {
    return file.broken("its zip64 locator leads nowhere");
  }
  if (number(*end, 16, 4) != 0 || number(*end, 20, 4) != 0) {
    return Error{Errc::unsupported, "a zip archive of several disks"};
  }
  return std::optional<Directory>(
      Directory{number(*end, 48, 8), number(*end, 40, 8), number(*end, 32, 8)});
}

Result<Directory> find_directory(const Bytes& file) {
  const std::uint64_t tail_bytes =
      std::min<std::uint64_t>(file.size(), kEndBytes + kCommentBytesMax);
  auto tail = read(file, file.size() - tail_bytes, tail_bytes);
  if (!tail) return std::move(tail).error();
  const std::string_view bytes = *tail;
  // The last signature whose comment reaches exactly to the end of the file.
  for (std::size_t at = bytes.rfind(kEndSignature); at != std::string_view::npos;
       at = at == 0 ? std::string_view::npos : bytes.rfind(kEndSignature, at - 1)) {
    if (bytes.size() - at < kEndBytes || at + kEndBytes + number(bytes, at + 20, 2) != bytes.size())
      continue;
    auto wide = find_directory64(file, file.size() - tail_bytes + at);
    if (!wide) return std::move(wide).error();
    if (*wide) return **wide;
    if (number(bytes, at + 4, 2) != 0 || number(bytes, at + 6, 2) != 0) {
      return Error{Errc::unsupported, "a zip archive of several disks"};
    }
    return Directory{number(bytes, at + 16, 4), number(bytes, at + 12, 4),
                     number(bytes, at + 10, 2)};
  }
  return file.broken("no zip archive: it has no directory");
}

/// Replaces the fields that did not fit by those of the zip64 extra, which stand in this order.
Status widen(const Bytes& file, std::string_view extra, ZipEntry& entry) {
  std::uint64_t* const fields[] = {&entry.bytes, &entry.stored_bytes, &entry.header_at};
  const bool needed = std::any_of(std::begin(fields), std::end(fields),
                                  [](const std::uint64_t* field) { return *field == kInExtra32; });
  if (!needed) return Ok{};
  while (extra.size() >= 4) {
    const std::uint64_t id = number(extra, 0, 2);
    const std::size_t length = number(extra, 2, 2);
    if (length > extra.size() - 4) break;
    std::string_view body = extra.substr(4, length);
    extra.remove_prefix(4 + length);
    if (id != kZip64Extra) continue;
    for (std::uint64_t* field : fields) {
      if (*field != kInExtra32) continue;
      if (body.size() < 8) return file.broken(entry.name + " has a zip64 extra that is too short");
      *field = number(body, 0, 8);
      body.remove_prefix(8);
    }
    return Ok{};
  }
  return Ok{};  // exactly 2^32-1 bytes, then
}

/// Takes one entry off `bytes`.
Result<ZipEntry> take_entry(const Bytes& file, std::string_view& bytes) {
  if (bytes.size() < kEntryBytes || bytes.substr(0, 4) != kEntrySignature) {
    return file.broken("its directory is broken");
  }
  const std::size_t name_bytes = number(bytes, 28, 2);
  const std::size_t extra_bytes = number(bytes, 30, 2);
  const std::size_t whole = kEntryBytes + name_bytes + extra_bytes + number(bytes, 32, 2);
  if (whole > bytes.size()) return file.broken("its directory is cut off");
  ZipEntry entry;
  entry.name = std::string(bytes.substr(kEntryBytes, name_bytes));
  entry.method = static_cast<std::uint16_t>(number(bytes, 10, 2));
  entry.crc = static_cast<std::uint32_t>(number(bytes, 16, 4));
  entry.stored_bytes = number(bytes, 20, 4);
  entry.bytes = number(bytes, 24, 4);
  entry.header_at = number(bytes, 42, 4);
  if ((number(bytes, 8, 2) & kEncrypted) != 0) {
    return Error{Errc::unsupported, entry.name + " is encrypted"};
  }
  if (auto status = widen(file, bytes.substr(kEntryBytes + name_bytes, extra_bytes), entry);
      !status) {
    return std::move(status).error();
  }
  bytes.remove_prefix(whole);
  return entry;
}

/// Every entry ends before the next begins; overlapping ones would unpack the same bytes many
/// times.
Status give_room(const Bytes& file, std::uint64_t directory_at, std::vector<ZipEntry>& entries) {
  std::vector<ZipEntry*> by_place;
  by_place.reserve(entries.size());
  for (ZipEntry& entry : entries) by_place.push_back(&entry);
  std::sort(by_place.begin(), by_place.end(),
            [](const ZipEntry* a, const ZipEntry* b) { return a->header_at < b->header_at; });
  for (std::size_t i = 0; i < by_place.size(); ++i) {
    ZipEntry& entry = *by_place[i];
    entry.room_ends = i + 1 < by_place.size() ? by_place[i + 1]->header_at : directory_at;
    if (entry.header_at > entry.room_ends ||
        entry.room_ends - entry.header_at < kLocalBytes + entry.name.size() ||
        entry.room_ends - entry.header_at - kLocalBytes - entry.name.size() < entry.stored_bytes) {
      return file.broken(entry.name + " overlaps what follows it");
    }
  }
  return Ok{};
}

}  // namespace

Result<std::vector<ZipEntry>> read_directory(const Bytes& file, const ZipLimits& limits) {
  const auto directory = find_directory(file);
  if (!directory) return directory.error();
  if (directory->bytes > limits.directory_bytes_max || directory->entries > limits.entries_max) {
    return Error{Errc::too_large, "a zip archive with a directory of " +
                                      std::to_string(directory->entries) + " entries in " +
                                      std::to_string(directory->bytes) + " bytes"};
  }
  auto text = read(file, directory->at, directory->bytes);
  if (!text) return std::move(text).error();
  std::string_view bytes = *text;
  std::vector<ZipEntry> entries;
  while (!bytes.empty()) {
    if (entries.size() == directory->entries) break;
    auto entry = take_entry(file, bytes);
    if (!entry) return std::move(entry).error();
    entries.push_back(*std::move(entry));
  }
  if (entries.size() != directory->entries) return file.broken("its directory is cut off");
  if (auto status = give_room(file, directory->at, entries); !status) {
    return std::move(status).error();
  }
  return entries;
}

Result<std::uint64_t> data_begins(const Bytes& file, const ZipEntry& entry) {
  auto header = read(file, entry.header_at, kLocalBytes + entry.name.size());
  if (!header) return std::move(header).error();
  const std::string_view bytes = *header;
  const bool agrees =
      bytes.substr(0, 4) == kLocalSignature && number(bytes, 8, 2) == entry.method &&
      number(bytes, 26, 2) == entry.name.size() && bytes.substr(kLocalBytes) == entry.name;
  if (!agrees) return file.broken(entry.name + " has a header that contradicts the directory");
  const std::uint64_t at = entry.header_at + bytes.size() + number(bytes, 28, 2);
  if (at > entry.room_ends || entry.room_ends - at < entry.stored_bytes) {
    return file.broken(entry.name + " overlaps what follows it");
  }
  return at;
}

}  // namespace hansard::importers::zip
