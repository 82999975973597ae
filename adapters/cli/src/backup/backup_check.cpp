#include "backup/backup_check.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <set>
#include <system_error>
#include <utility>

#include "events/equivalence.h"
#include "ossl/hasher.h"
#include "rocksdb_store/store.h"
#include "rocksdb_store/verify.h"
#include "transfer/export_keys.h"

namespace hansard::cli {

namespace {

namespace fs = std::filesystem;
using core::Errc;
using core::Error;
using core::Ok;
using core::Result;
using core::Status;

constexpr std::array<std::string_view, 3> kFolders = {"db", "keys", "search"};
/// Extra names that are told one by one.
constexpr std::size_t kExtraMax = 100;

/// Opens `name` in a folder of ours without following anything and without waiting for a pipe.
Result<Descriptor> open_within(const Descriptor& directory, const std::string& name) {
  constexpr int kFlags = O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK;
  const std::size_t slash = name.find('/');
  Descriptor folder;
  std::string leaf = name;
  if (slash != std::string::npos) {
    folder =
        Descriptor(::openat(directory.get(), name.substr(0, slash).c_str(), kFlags | O_DIRECTORY));
    if (!folder) return system_error(name);
    leaf = name.substr(slash + 1);
  }
  Descriptor file(::openat(folder ? folder.get() : directory.get(), leaf.c_str(), kFlags));
  if (!file && errno == ELOOP) return Error{Errc::rejected, "is a symbolic link"};
  if (!file) return system_error(name);
  return file;
}

Result<std::string> read_all(const Descriptor& file, std::uint64_t bytes, const char* name) {
  std::string text(static_cast<std::size_t>(bytes), '\0');
  std::size_t read = 0;
  while (read < text.size()) {
    const ssize_t got = ::read(file.get(), text.data() + read, text.size() - read);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return system_error(std::string("reading ") + name);
    read += static_cast<std::size_t>(got);
  }
  return text;
}

class Checking {
 public:
  Checking(const Backup& backup, const BackupChecks& checks) : backup_(backup), checks_(checks) {}

  Result<BackupReport> run() {
    if (auto done = files(); !done) return done.error();
    if (auto done = listing(); !done) return done.error();
    // RocksDB follows links and waits for pipes.
    if (checks_.events && !strange_) {
      if (auto done = events(); !done) return done.error();
    }
    if (checks_.note) {
      if (const std::string wrong = checks_.note(manifest()); !wrong.empty()) {
        report_.fault({kManifestName, wrong, {}});
      }
    }
    return std::move(report_);
  }

 private:
  [[nodiscard]] const BackupManifest& manifest() const { return backup_.manifest(); }

  Status files() {
    const std::uint64_t total = manifest().bytes();
    for (const BackupFile& file : manifest().files) {
      const auto open = backup_.file(file);
      if (!open) {
        report_.fault({file.name, open.error().message, {}});
        if (open.error().code != Errc::corruption) strange_ = true;
        continue;
      }
      const auto hash = copy_bytes(*open, file.name, file.bytes, nullptr, [&](std::uint64_t bytes) {
        report_.bytes += bytes;
        return !checks_.progress || checks_.progress(report_.bytes, total);
      });
      if (!hash && hash.error().code == Errc::cancelled) return hash.error();
      ++report_.files;
      if (!hash) {
        report_.fault({file.name, hash.error().message, {}});
      } else if (*hash != file.sha256) {
        report_.fault({file.name, "its bytes are not those that were backed up", {}});
      }
    }
    return Ok{};
  }

  Status listing() {
    const auto extra = backup_.extra();
    if (!extra) return extra.error();
    strange_ = strange_ || !extra->empty();
    for (const std::string& name : *extra) {
      report_.fault({name, "is not in the manifest", {}});
    }
    return Ok{};
  }

  /// Also of a backup whose files are damaged: it tells which events are lost.
  Status events() {
    const ossl::OpenSslHasher hasher;
    const events::VocabularyEquivalence equivalence;
    rocks::OpenOptions options;
    options.directory = backup_.path();
    options.hasher = &hasher;
    options.equivalence = &equivalence;
    options.read_only = true;
    const auto store = rocks::RocksStore::open(std::move(options));
    if (!store) {
      report_.fault({"", "it does not open: " + store.error().message, {}});
      return Ok{};
    }
    if ((*store)->log_id() != manifest().log_id ||
        key_check({(*store)->log_id(), (*store)->store_key()}) != manifest().key_check) {
      report_.fault({kStoreKeyName, "the keys are those of another log than the manifest's", {}});
    }
    if ((*store)->epoch() != manifest().epoch) {
      report_.fault({kEpochName,
                     "says epoch " + std::to_string((*store)->epoch()) + ", the manifest " +
                         std::to_string(manifest().epoch),
                     {}});
    }
    rocks::VerifyOptions how;
    how.progress = [&](core::Position read, core::Position end, std::uint64_t /*bytes*/) {
      return !checks_.progress || checks_.progress(read.value, end.value);
    };
    const auto verified = (*store)->verify(how);
    if (!verified) return verified.error();
    report_.events_read = true;
    report_.events = verified->events;
    for (const rocks::Fault& fault : verified->faults) {
      report_.fault({"", fault.what, fault.position.value});
    }
    for (const rocks::LostRange& range : verified->lost) {
      report_.fault({"",
                     "events to position " + std::to_string(range.end.value - 1) +
                         " cannot be read: " + range.why,
                     range.from.value});
    }
    const core::TreeHead& told = manifest().tree;
    const core::TreeHead found = (*store)->log().tree();
    if (found.size != told.size) {
      report_.fault({"",
                     "the log has " + std::to_string(found.size) + " events, the manifest tells " +
                         std::to_string(told.size),
                     std::min(found.size, told.size)});
    } else if (!verified->tree || verified->tree->root != told.root) {
      report_.fault({"", "the events do not give the root that the manifest tells", {}});
    }
    return Ok{};
  }

  const Backup& backup_;
  const BackupChecks& checks_;
  BackupReport report_;
  bool strange_ = false;  ///< something is there that is no file of a backup
};

}  // namespace

Result<Backup> Backup::open(const fs::path& directory) {
  Backup out;
  out.path_ = directory;
  out.directory_ = Descriptor(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!out.directory_) return system_error(directory.string());
  const auto file = open_within(out.directory_, kManifestName);
  if (!file) {
    Error error = file.error();
    error.message = directory.string() + " is no backup, or was never finished: " + error.message;
    return error;
  }
  struct stat about {};
  if (::fstat(file->get(), &about) != 0) return system_error(kManifestName);
  if (!S_ISREG(about.st_mode) || about.st_size < 0 ||
      static_cast<std::uint64_t>(about.st_size) > kManifestBytesMax) {
    return Error{Errc::corruption, std::string(kManifestName) + " is no file of at most " +
                                       std::to_string(kManifestBytesMax) + " bytes"};
  }
  const auto text = read_all(*file, static_cast<std::uint64_t>(about.st_size), kManifestName);
  if (!text) return text.error();
  auto manifest = read_manifest(*text);
  if (!manifest) return manifest.error();
  out.manifest_ = *std::move(manifest);
  return out;
}

Result<Descriptor> Backup::file(const BackupFile& file) const {
  auto open = open_within(directory_, file.name);
  if (!open) {
    const Error& error = open.error();
    if (error.code != Errc::not_found) return error;
    return Error{Errc::corruption, "is missing"};
  }
  struct stat about {};
  if (::fstat(open->get(), &about) != 0) return system_error(file.name);
  if (!S_ISREG(about.st_mode)) return Error{Errc::rejected, "is no regular file"};
  if (static_cast<std::uint64_t>(about.st_size) != file.bytes) {
    return Error{Errc::corruption, "has " + std::to_string(about.st_size) +
                                       " bytes, the manifest tells " + std::to_string(file.bytes)};
  }
  return open;
}

Result<std::vector<std::string>> Backup::extra() const {
  std::set<std::string> known = {kManifestName};
  for (const BackupFile& file : manifest_.files) known.insert(file.name);
  std::vector<std::string> out;
  std::error_code error;
  const auto look = [&](const fs::path& folder, const std::string& prefix) {
    for (fs::directory_iterator each(folder, error); !error && each != fs::directory_iterator();
         each.increment(error)) {
      const std::string name = prefix + each->path().filename().string();
      const bool ours = prefix.empty() &&
                        std::find(kFolders.begin(), kFolders.end(), name) != kFolders.end() &&
                        each->symlink_status(error).type() == fs::file_type::directory;
      if (!ours && !known.contains(name) && out.size() < kExtraMax) out.push_back(name);
    }
  };
  look(path_, "");
  for (const std::string_view folder : kFolders) {
    std::error_code absent;
    if (!error && fs::symlink_status(path_ / folder, absent).type() == fs::file_type::directory) {
      look(path_ / folder, std::string(folder) + "/");
    }
  }
  if (error) return Error{Errc::unavailable, path_.string() + ": " + error.message()};
  std::sort(out.begin(), out.end());
  return out;
}

void BackupReport::fault(BackupFault fault) {
  if (fault_count++ < kFaultsListed) faults.push_back(std::move(fault));
}

Result<BackupReport> check_backup(const Backup& backup, const BackupChecks& checks) {
  return Checking(backup, checks).run();
}

}  // namespace hansard::cli
