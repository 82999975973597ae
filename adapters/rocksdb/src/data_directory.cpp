#include "data_directory.h"

#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>

#include "status.h"

namespace hansard::rocks {
namespace {

namespace fs = std::filesystem;
using core::Errc;
using core::Error;
using core::Ok;
using core::Status;

constexpr std::size_t kKeyFileBytesMax = 256;
constexpr std::size_t kPidBytes = 20;  // of LOCK

Status draw(std::uint8_t* out, std::size_t bytes) {
  // Up to 256 bytes getrandom(2) delivers in full once the kernel's generator is seeded.
  if (::getrandom(out, bytes, 0) != static_cast<ssize_t>(bytes)) {
    return translate_errno(errno, "drawing a key");
  }
  return Ok{};
}

/// The first line of a key file. Errors: not_found.
core::Result<std::string> read_line(OwnFiles& files, const fs::path& path) {
  auto text = read_file(files, path, kKeyFileBytesMax);
  if (!text) return text.error();
  if (!*text) return Error{Errc::not_found, path.string() + " is missing"};
  std::string& line = **text;
  if (line.empty() || line.find('\n') != line.size() - 1) {
    return Error{Errc::corruption, path.string() + " is malformed: it must be one line"};
  }
  line.pop_back();
  return std::move(line);
}

core::Result<core::Hash> parse_key(const std::string& line, const fs::path& path) {
  core::Hash key{};
  if (line.size() != 2 * key.size()) {
    return Error{Errc::corruption, path.string() + " is malformed: it must hold 64 hex digits"};
  }
  for (std::size_t i = 0; i < key.size(); ++i) {
    const char* digits = line.data() + 2 * i;
    if (const auto parsed = std::from_chars(digits, digits + 2, key[i], 16);
        parsed.ec != std::errc{} || parsed.ptr != digits + 2) {
      return Error{Errc::corruption, path.string() + " is malformed: it must hold 64 hex digits"};
    }
  }
  return key;
}

}  // namespace

core::Result<DataDirectory> DataDirectory::open(std::shared_ptr<OwnFiles> files,
                                                const fs::path& path, const How& how) {
  const auto kind = files->kind(path);
  if (!kind) return kind.error();
  if (*kind == OwnFiles::Kind::absent) {
    if (!how.create || how.read_only) {
      return Error{Errc::not_found, "there is no data directory at " + path.string()};
    }
    if (auto status = files->make_directory(path); !status) return status.error();
    if (auto status = files->sync_directory(fs::absolute(path).parent_path()); !status) {
      return status.error();
    }
  } else if (*kind != OwnFiles::Kind::directory) {
    return Error{Errc::invalid_argument, path.string() + " is not a directory", "directory"};
  }

  DataDirectory directory;
  directory.files_ = std::move(files);
  directory.path_ = path;
  if (auto status = directory.lock(how.read_only); !status) return status.error();
  if (auto status = directory.check_restoring(how.restoring); !status) return status.error();
  if (auto status = directory.check_repairing(how.repairing); !status) return status.error();
  auto loaded = directory.load_keys();
  if (!loaded && loaded.error().code == Errc::not_found) {
    const auto known = directory.has_database();
    if (!known) return known.error();
    if (*known) {
      return Error{Errc::corruption, loaded.error().message +
                                         ", but there is a log: every derived id depends on its "
                                         "keys; put back the keys that belong to it"};
    }
    if (!how.create || how.read_only) {
      return Error{Errc::not_found, "there is no log in " + path.string()};
    }
    loaded = directory.create_keys(how.restoring);
  }
  if (!loaded) return loaded.error();
  if (how.restoring != nullptr && (directory.log_id_ != how.restoring->identity.log_id ||
                                   directory.store_key_ != how.restoring->identity.store_key)) {
    return Error{Errc::rejected, path.string() + " was begun with other keys"};
  }
  return directory;
}

core::Result<bool> DataDirectory::has_database() const {
  const auto kind = files_->kind(database() / "CURRENT");
  if (!kind) return kind.error();
  return *kind != OwnFiles::Kind::absent;
}

Status DataDirectory::lock(bool read_only) {
  const fs::path path = path_ / "LOCK";
  if (read_only) {
    const auto kind = files_->kind(path);
    if (!kind) return kind.error();
    // Without the file nobody has ever written here, and a reader may not create it.
    if (*kind == OwnFiles::Kind::absent) return Ok{};
  }
  auto file = files_->open(path, read_only ? OwnFiles::Mode::read : OwnFiles::Mode::write);
  if (!file) return file.error();
  const auto locked = (*file)->lock(!read_only);
  if (!locked) return locked.error();
  if (!*locked) {
    // Readers share it, and do not write their pid; what is there may be left from before.
    const auto shared = (*file)->lock(false);
    if (!shared) return shared.error();
    const auto pid = (*file)->read_start(kPidBytes);
    if (!pid) return pid.error();
    return Error{
        Errc::unavailable,
        path_.string() + " is in use by another process (" +
            (*shared ? std::string("reading it") : "pid " + pid->substr(0, pid->find('\n'))) + ")"};
  }
  if (!read_only) {
    std::string pid = std::to_string(::getpid()) + "\n";
    pid.resize(kPidBytes, ' ');  // over whatever a longer number left
    if (auto status = (*file)->write_at(pid, 0); !status) return status;
  }
  lock_ = *std::move(file);
  return Ok{};
}

core::Result<LogIdentity> read_key_files(OwnFiles& files, const fs::path& directory) {
  const fs::path keys = directory / "keys";
  const auto id_line = read_line(files, keys / "log.id");
  if (!id_line) return id_line.error();
  const auto id = core::parse_uuid(*id_line);
  if (!id) return Error{Errc::corruption, (keys / "log.id").string() + " is malformed: no UUID"};
  const auto key_line = read_line(files, keys / "store.key");
  if (!key_line) return key_line.error();
  const auto key = parse_key(*key_line, keys / "store.key");
  if (!key) return key.error();
  return LogIdentity{*id, *key};
}

core::Result<std::uint64_t> read_epoch(OwnFiles& files, const fs::path& directory) {
  const fs::path path = directory / "keys" / "epoch";
  const auto line = read_line(files, path);
  if (!line && line.error().code == Errc::not_found) return std::uint64_t{1};
  if (!line) return line.error();
  std::uint64_t epoch = 0;
  const char* const end = line->data() + line->size();
  if (const auto parsed = std::from_chars(line->data(), end, epoch);
      parsed.ec != std::errc{} || parsed.ptr != end || epoch == 0 || line->front() == '0') {
    return Error{Errc::corruption,
                 path.string() + " is malformed: it must hold a number from 1, in decimal"};
  }
  return epoch;
}

Status DataDirectory::load_keys() {
  const auto identity = read_key_files(*files_, path_);
  if (!identity) return identity.error();
  const auto epoch = read_epoch(*files_, path_);
  if (!epoch) return epoch.error();
  epoch_ = *epoch;
  log_id_ = identity->log_id;
  store_key_ = identity->store_key;
  return Ok{};
}

/// Before anything else is looked at: what a restore left half done must not be taken for a log.
Status DataDirectory::check_restoring(const RestoreTarget* restoring) {
  const auto kind = files_->kind(restore_mark());
  if (!kind) return kind.error();
  const bool marked = *kind != OwnFiles::Kind::absent;
  if (restoring == nullptr) {
    if (!marked) return Ok{};
    return Error{Errc::rejected, path_.string() +
                                     " holds a log that is not wholly restored; repeat the restore,"
                                     " or remove the directory"};
  }
  const std::string wanted = core::to_string(restoring->identity.log_id) + "\n" +
                             std::to_string(restoring->tree.size) + "\n" +
                             core::to_hex(core::as_bytes(restoring->tree.root)) + "\n";
  if (marked) {
    const auto file = files_->open(restore_mark(), OwnFiles::Mode::read);
    if (!file) return file.error();
    const auto text = (*file)->read_start(kKeyFileBytesMax);
    if (!text) return text.error();
    if (*text == wanted) return Ok{};
    return Error{Errc::rejected, path_.string() + " was begun to be restored from another export"};
  }
  const auto keys = files_->kind(path_ / "keys");
  if (!keys) return keys.error();
  const auto known = has_database();
  if (!known) return known.error();
  if (*keys != OwnFiles::Kind::absent || *known) {
    return Error{Errc::rejected,
                 path_.string() + " holds a log already; restore into an empty one"};
  }
  return replace_file(*files_, restore_mark(), wanted);
}

Status DataDirectory::check_repairing(bool goes_on) {
  const auto kind = files_->kind(repair_mark());
  if (!kind) return kind.error();
  repairing_ = *kind != OwnFiles::Kind::absent;
  if (!repairing_ || goes_on) return Ok{};
  return Error{Errc::rejected, path_.string() +
                                   " was being repaired, and that was not finished; repeat "
                                   "`hansard doctor --repair`"};
}

Status DataDirectory::create_keys(const RestoreTarget* restoring) {
  const fs::path keys = path_ / "keys";
  if (auto status = files_->make_directory(keys); !status) return status;
  if (restoring != nullptr) {
    store_key_ = restoring->identity.store_key;
    log_id_ = restoring->identity.log_id;
  } else {
    if (auto status = draw(store_key_.data(), store_key_.size()); !status) return status;
    if (auto status = draw(log_id_.bytes.data(), log_id_.bytes.size()); !status) return status;
    log_id_.bytes[6] = static_cast<std::uint8_t>((log_id_.bytes[6] & 0x0f) | 0x40);  // UUIDv4
    log_id_.bytes[8] = static_cast<std::uint8_t>((log_id_.bytes[8] & 0x3f) | 0x80);
  }
  if (auto status = replace_file(*files_, keys / "store.key",
                                 core::to_hex(core::as_bytes(store_key_)) + "\n");
      !status) {
    return status;
  }
  if (auto status = replace_file(*files_, keys / "log.id", core::to_string(log_id_) + "\n");
      !status) {
    return status;
  }
  return files_->sync_directory(path_);
}

}  // namespace hansard::rocks
