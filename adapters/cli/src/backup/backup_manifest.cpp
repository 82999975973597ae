#include "backup/backup_manifest.h"

#include <algorithm>
#include <array>
#include <limits>
#include <set>
#include <utility>

#include "events/json.h"
#include "text/hex.h"
#include "text/json_view.h"

namespace hansard::cli {

namespace {

using core::Errc;
using core::Error;
using core::Ok;
using core::Result;
using core::Status;
using events::Json;

Error malformed(std::string_view field, std::string_view what) {
  return {Errc::corruption,
          std::string(kManifestName) + ": " + std::string(field) + ": " + std::string(what),
          std::string(field)};
}

bool is_number(std::string_view text) {
  return text.size() >= 6 && text.size() <= 20 &&
         text.find_first_not_of("0123456789") == std::string_view::npos;
}

/// What RocksDB calls its files.
bool is_database_name(std::string_view name) {
  if (name == "CURRENT" || name == "IDENTITY") return true;
  for (const std::string_view kind : {"MANIFEST-", "OPTIONS-"}) {
    if (name.starts_with(kind)) return is_number(name.substr(kind.size()));
  }
  for (const std::string_view kind : {".sst", ".log"}) {
    if (name.ends_with(kind)) return is_number(name.substr(0, name.size() - kind.size()));
  }
  return false;
}

Status read_hash(const Json& object, std::string_view key, core::Hash& out) {
  const auto bytes = parse_hex(text_at(object, key));
  if (!bytes || bytes->size() != out.size()) return malformed(key, "expected 64 hex digits");
  std::copy(bytes->begin(), bytes->end(), out.begin());
  return Ok{};
}

/// An object with exactly these members, each once.
Status check_members(const Json::Object& object, std::initializer_list<std::string_view> known,
                     std::string_view at) {
  std::set<std::string_view> seen;
  for (const Json::Member& member : object) {
    if (std::find(known.begin(), known.end(), member.key) == known.end()) {
      return malformed(at, "unknown member " + member.key);
    }
    if (!seen.insert(member.key).second) return malformed(at, member.key + " comes twice");
  }
  return Ok{};
}

Result<BackupFile> read_file(const Json& json, const std::string& at) {
  const Json::Object* object = json.if_object();
  if (object == nullptr) return malformed(at, "expected an object");
  if (auto status = check_members(*object, {"name", "bytes", "sha256"}, at); !status) {
    return status.error();
  }
  BackupFile file;
  file.name = text_at(json, "name");
  if (!is_backup_name(file.name)) {
    return malformed(at + ".name", "'" + file.name + "' is no name of a file of a backup");
  }
  const auto bytes = number_at(json, "bytes");
  if (!bytes) return malformed(at + ".bytes", "expected a number");
  file.bytes = *bytes;
  if (auto status = read_hash(json, "sha256", file.sha256); !status) {
    return malformed(at + ".sha256", "expected 64 hex digits");
  }
  return file;
}

Status read_files(const Json& json, BackupManifest& out) {
  const Json* files = json.find("files");
  const Json::Array* list = files == nullptr ? nullptr : files->if_array();
  if (list == nullptr) return malformed("files", "expected a list");
  if (list->size() > kBackupFilesMax) {
    return malformed("files", "more than " + std::to_string(kBackupFilesMax));
  }
  std::set<std::string> names;
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < list->size(); ++i) {
    const std::string at = "files[" + std::to_string(i) + "]";
    auto file = read_file((*list)[i], at);
    if (!file) return file.error();
    if (!names.insert(file->name).second) return malformed(at + ".name", file->name + " twice");
    if (file->bytes > std::numeric_limits<std::int64_t>::max() - total) {
      return malformed(at + ".bytes", "more than any disk holds");
    }
    total += file->bytes;
    out.files.push_back(*std::move(file));
  }
  for (const char* needed : {"HEAD", "db/CURRENT", "keys/log.id", kEpochName}) {
    if (!names.contains(needed)) return malformed("files", std::string(needed) + " is missing");
  }
  if (!names.contains(kStoreKeyName)) {
    return malformed("files", std::string(kStoreKeyName) +
                                  " is missing: every derived id depends on it, and without it "
                                  "the backup is of no use");
  }
  return Ok{};
}

}  // namespace

bool is_backup_name(std::string_view name) {
  constexpr std::array<std::string_view, 6> kOurs = {"HEAD",     kStoreKeyName,   "keys/log.id",
                                                     kEpochName, kSigningKeyName, kTextsName};
  if (std::find(kOurs.begin(), kOurs.end(), name) != kOurs.end()) return true;
  constexpr std::string_view kDatabase = "db/";
  return name.starts_with(kDatabase) && is_database_name(name.substr(kDatabase.size()));
}

const BackupFile* BackupManifest::find(std::string_view name) const {
  const auto found = std::find_if(files.begin(), files.end(),
                                  [&](const BackupFile& file) { return file.name == name; });
  return found == files.end() ? nullptr : &*found;
}

std::uint64_t BackupManifest::bytes() const {
  std::uint64_t total = 0;
  for (const BackupFile& file : files) total += file.bytes;
  return total;
}

std::string write_manifest(const BackupManifest& manifest) {
  Json out;
  out.add("format", kBackupFormat);
  out.add("made_at", core::format_time(manifest.made_at));
  out.add("program", manifest.program);
  out.add("log_id", core::to_string(manifest.log_id));
  out.add("epoch", manifest.epoch);
  out.add("tree_size", manifest.tree.size);
  out.add("root", core::to_hex(core::as_bytes(manifest.tree.root)));
  if (!manifest.note.empty()) out.add("note", manifest.note);
  out.add("key_check", manifest.key_check);
  std::vector<const BackupFile*> sorted;
  for (const BackupFile& file : manifest.files) sorted.push_back(&file);
  std::sort(sorted.begin(), sorted.end(),
            [](const BackupFile* a, const BackupFile* b) { return a->name < b->name; });
  Json files(Json::Array{});
  for (const BackupFile* file : sorted) {
    Json one;
    one.add("name", file->name);
    one.add("bytes", file->bytes);
    one.add("sha256", core::to_hex(core::as_bytes(file->sha256)));
    files.push(std::move(one));
  }
  out.add("files", std::move(files));
  return dump(out) + "\n";
}

Result<BackupManifest> read_manifest(std::string_view text) {
  auto parsed = events::parse_json_object(text);
  if (!parsed) {
    return Error{Errc::corruption, std::string(kManifestName) + ": " + parsed.error().message};
  }
  const Json::Object& object = *parsed;
  // First of all: what follows may be read only by who knows the format.
  for (const Json::Member& member : object) {
    if (member.key != "format") continue;
    const std::string format = text_of(&member.value);
    if (format == kBackupFormat) continue;
    return Error{Errc::unsupported,
                 "the backup has format '" + format.substr(0, 64) + "', this program knows '" +
                     std::string(kBackupFormat) + "'",
                 "format"};
  }
  if (auto status = check_members(object,
                                  {"format", "made_at", "program", "log_id", "epoch", "tree_size",
                                   "root", "note", "key_check", "files"},
                                  "manifest");
      !status) {
    return status.error();
  }
  const Json json(*std::move(parsed));
  if (json.find("format") == nullptr) return malformed("format", "is missing");
  BackupManifest out;
  const auto made_at = core::parse_time(text_at(json, "made_at"));
  if (!made_at) return malformed("made_at", "expected a time");
  out.made_at = *made_at;
  out.program = text_at(json, "program");
  const auto log_id = core::parse_uuid(text_at(json, "log_id"));
  if (!log_id) return malformed("log_id", "expected a UUID");
  out.log_id = *log_id;
  const auto epoch = number_at(json, "epoch");
  if (!epoch || *epoch == 0) return malformed("epoch", "expected a number from 1");
  out.epoch = *epoch;
  const auto size = number_at(json, "tree_size");
  if (!size) return malformed("tree_size", "expected a number");
  out.tree.size = *size;
  if (auto status = read_hash(json, "root", out.tree.root); !status) return status.error();
  out.key_check = text_at(json, "key_check");
  out.note = text_at(json, "note");
  if (auto status = read_files(json, out); !status) return status.error();
  return out;
}

}  // namespace hansard::cli
