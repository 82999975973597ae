#include "backup/backup_maker.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <system_error>
#include <utility>
#include <vector>

#include "backup/file_copy.h"
#include "core/tree.h"
#include "events/equivalence.h"
#include "ossl/hasher.h"
#include "rocksdb_store/pinned_files.h"
#include "search/copy.h"
#include "transfer/export_keys.h"
#include "version.h"

namespace hansard::cli {

namespace {

namespace fs = std::filesystem;
using core::Errc;
using core::Error;
using core::Ok;
using core::Result;
using core::Status;

constexpr std::chrono::seconds kSyncPatience{30};
/// Of key files, which are a line or a few.
constexpr std::size_t kKeyBytesMax = 16U << 10;
/// There while an erasure is under way.
constexpr const char* kErasing = "erasing";
constexpr const char* kSentence =
    "A backup of a hansard log is being made here, or was interrupted. Making it again clears "
    "this; it may be deleted.";

/// True when `inner` is `outer` or lies in it.
bool within(const fs::path& inner, const fs::path& outer) {
  const auto parts = std::mismatch(outer.begin(), outer.end(), inner.begin(), inner.end());
  return parts.first == outer.end();
}

Status check_place(const fs::path& to, const fs::path& data) {
  if (!to.is_absolute()) {
    return Error{Errc::invalid_argument, "to: expected an absolute path", "to"};
  }
  std::error_code error;
  const fs::path target = fs::weakly_canonical(to, error);
  const fs::path origin = fs::weakly_canonical(data, error);
  if (error) return Error{Errc::unavailable, to.string() + ": " + error.message(), "to"};
  if (within(target, origin) || within(origin, target)) {
    return Error{Errc::invalid_argument,
                 "to: a backup cannot be in the data directory, nor around it", "to"};
  }
  if (!fs::is_directory(target.parent_path(), error)) {
    return Error{Errc::not_found, "to: there is no directory " + target.parent_path().string(),
                 "to"};
  }
  return Ok{};
}

/// One making of a backup.
class Making {
 public:
  Making(const BackupSource& source, const BackupOrder& order, BackupProgress& progress,
         Workplace place)
      : source_(source), order_(order), progress_(progress), place_(std::move(place)) {}

  Result<BackupManifest> make() {
    for (const auto step : {&Making::texts, &Making::database, &Making::keys, &Making::end,
                            &Making::settle, &Making::manifest}) {
      if (auto done = (this->*step)(); !done) return done.error();
      if (progress_.stop) return Error{Errc::cancelled, "the backup was stopped"};
    }
    if (auto named = place_.publish(); !named) return named.error();
    return std::move(manifest_);
  }

 private:
  [[nodiscard]] fs::path path(const std::string& name) const { return place_.made() / name; }
  Status folder(const char* name) const {
    if (::mkdir(path(name).c_str(), S_IRWXU) == 0) return Ok{};
    return system_error("creating " + path(name).string());
  }
  Copied counting() {
    return [this](std::uint64_t bytes) {
      progress_.done += bytes;
      return !progress_.stop;
    };
  }
  /// What was written here by somebody else: read again for its hash, and synced.
  Status take(const std::string& name) {
    const Descriptor file(::open(path(name).c_str(), O_RDONLY | O_CLOEXEC));
    if (!file || ::fsync(file.get()) != 0) return system_error("syncing " + path(name).string());
    std::error_code error;
    const std::uint64_t bytes = fs::file_size(path(name), error);
    if (error) return Error{Errc::unavailable, path(name).string() + ": " + error.message()};
    const auto hash = copy_bytes(file, path(name).string(), bytes, nullptr, {});
    if (!hash) return hash.error();
    manifest_.files.push_back({name, bytes, *hash});
    return Ok{};
  }
  Status write(const std::string& name, const std::string& text) {
    if (auto written = write_file(path(name), text); !written) return written;
    return take(name);
  }

  /// Before the log, so that it cannot lead it.
  Status texts() {
    const fs::path from = source_.data / kTextsName;
    std::error_code error;
    const std::uint64_t bytes = fs::file_size(from, error);
    if (error) return Ok{};  // it is built from the log
    if (auto fits = check_space(place_.made(), bytes); !fits) return fits;
    if (auto made = folder("search"); !made) return made;
    const auto in_use = source_.in_use ? search::InUse::yes : search::InUse::no;
    const auto copied = search::copy_database(from.string(), path(kTextsName).string(), in_use,
                                              [this] { return !progress_.stop; });
    if (copied) return take(kTextsName);
    // It can always be built again: a damaged or vanished one is none to keep a backup from.
    if (copied.error().code != Errc::corruption && copied.error().code != Errc::not_found) {
      return copied;
    }
    fs::remove_all(path("search"), error);
    return Ok{};
  }

  Status database() {
    auto pinned = source_.store.pin_files();
    if (!pinned) return pinned.error();
    pinned_ = *std::move(pinned);
    std::uint64_t total = 0;
    for (const rocks::PinnedFile& file : pinned_->files()) total += file.bytes;
    progress_.total = total;
    if (auto fits = check_space(place_.made(), total); !fits) return fits;
    if (auto made = folder("db"); !made) return made;
    for (const rocks::PinnedFile& file : pinned_->files()) {
      const std::string name = "db/" + file.name;
      if (!is_backup_name(name)) {
        return Error{Errc::internal, "RocksDB has a file " + file.name + " that no backup knows"};
      }
      if (!file.text.empty()) {
        if (auto written = write(name, file.text); !written) return written;
        continue;
      }
      const Descriptor from(::open(file.path.c_str(), O_RDONLY | O_CLOEXEC));
      if (!from) return system_error(file.path.string());
      const fs::path to = path(name);
      const auto hash = copy_bytes(from, file.path.string(), file.bytes, &to, counting());
      if (!hash) return hash.error();
      manifest_.files.push_back({name, file.bytes, *hash});
    }
    return sync_directory(path("db"));
  }

  Status keys() {
    if (auto made = folder("keys"); !made) return made;
    for (const char* name : {kStoreKeyName, "keys/log.id"}) {
      const auto text = read_file(source_.data / name, kKeyBytesMax);
      if (!text) return text.error();
      if (auto written = write(name, *text); !written) return written;
    }
    manifest_.epoch = source_.store.epoch();
    const std::string epoch = std::to_string(manifest_.epoch) + "\n";
    if (auto written = write(kEpochName, epoch); !written) return written;
    if (order_.with_signing_key) {
      const auto text = read_file(source_.data / kSigningKeyName, kKeyBytesMax);
      if (!text) return text.error();
      if (auto written = write(kSigningKeyName, *text); !written) return written;
    }
    return sync_directory(path("keys"));
  }

  /// What the copy holds is read from the copy: nothing of the origin tells exactly.
  Status end() {
    rocks::OpenOptions options;
    options.directory = place_.made();
    options.hasher = &hasher_;
    options.equivalence = &equivalence_;
    options.read_only = true;
    options.block_cache_bytes = 8U << 20;
    auto copy = rocks::RocksStore::open(std::move(options));
    if (!copy) {
      Error error = copy.error();
      error.message = "the copy does not open: " + error.message;
      return error;
    }
    manifest_.tree = (*copy)->log().tree();
    manifest_.log_id = source_.store.log_id();
    return (*copy)->close();
  }

  Status settle() {
    const core::Position end{manifest_.tree.size};
    const auto deadline = std::chrono::steady_clock::now() + kSyncPatience;
    if (auto synced = pinned_->await_synced(end, deadline); !synced) return synced;
    pinned_.reset();
    const auto here = core::head_at(hasher_, source_.store.tree(), end.value);
    if (!here) return here.error();
    if (*here != manifest_.tree) {
      return Error{Errc::corruption, "the copy has another root than the log it was made of"};
    }
    if (auto noted = rocks::write_head(place_.made(), manifest_.log_id, end); !noted) return noted;
    return take("HEAD");
  }

  Status manifest() {
    manifest_.made_at = order_.made_at;
    manifest_.program = kVersion;
    manifest_.key_check = key_check({source_.store.log_id(), source_.store.store_key()});
    if (source_.sign) {
      auto note = source_.sign(manifest_.tree);
      if (!note) return note.error();
      manifest_.note = *std::move(note);
    }
    if (manifest_.find(kTextsName) != nullptr) {
      if (auto synced = sync_directory(path("search")); !synced) return synced;
    }
    std::sort(manifest_.files.begin(), manifest_.files.end(),
              [](const BackupFile& a, const BackupFile& b) { return a.name < b.name; });
    return write_file(path(kManifestName), write_manifest(manifest_));
  }

  const BackupSource& source_;
  const BackupOrder& order_;
  BackupProgress& progress_;
  Workplace place_;
  const ossl::OpenSslHasher hasher_;
  const events::VocabularyEquivalence equivalence_;
  std::unique_ptr<rocks::PinnedFiles> pinned_;
  BackupManifest manifest_;
};

}  // namespace

Result<Workplace> begin_backup(const BackupSource& source, const BackupOrder& order) {
  if (auto good = check_place(order.to, source.data); !good) return good.error();
  std::error_code error;
  if (fs::exists(source.data / kErasing, error)) {
    return Error{
        Errc::rejected,
        "an erasure is under way, and what it erases must not be copied; wait for its end"};
  }
  return Workplace::begin(order.to, ".partial", kSentence, Workplace::Target::absent);
}

Result<BackupManifest> make_backup(const BackupSource& source, const BackupOrder& order,
                                   Workplace place, BackupProgress& progress) {
  return Making(source, order, progress, std::move(place)).make();
}

}  // namespace hansard::cli
