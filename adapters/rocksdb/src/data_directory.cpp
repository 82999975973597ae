#include "data_directory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
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

Status draw(std::uint8_t* out, std::size_t bytes) {
  // Up to 256 bytes getrandom(2) delivers in full once the kernel's generator is seeded.
  if (::getrandom(out, bytes, 0) != static_cast<ssize_t>(bytes)) {
    return translate_errno(errno, "drawing a key");
  }
  return Ok{};
}

/// All or nothing, also across a power loss: written beside, synced, renamed, directory synced.
Status create_file(const fs::path& path, const std::string& text) {
  const fs::path beside = path.string() + ".new";
  {
    auto file = PosixFile::open(beside, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (!file) return file.error();
    if (auto status = write_at(*file, text, 0, beside); !status) return status;
    if (auto status = sync_file(*file, beside); !status) return status;
  }
  if (::rename(beside.c_str(), path.c_str()) != 0) {
    return translate_errno(errno, "creating " + path.string());
  }
  return sync_directory(path.parent_path());
}

/// The first line of a key file. Errors: not_found.
core::Result<std::string> read_line(const fs::path& path) {
  std::error_code ignored;
  if (!fs::exists(path, ignored)) return Error{Errc::not_found, path.string() + " is missing"};
  auto file = PosixFile::open(path, O_RDONLY);
  if (!file) return file.error();
  auto text = read_start(*file, kKeyFileBytesMax, path);
  if (!text) return text.error();
  if (text->empty() || text->back() != '\n') {
    return Error{Errc::corruption, path.string() + " is malformed: it must be one line"};
  }
  text->pop_back();
  return text;
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

Status make_directory(const fs::path& path) {
  if (::mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) return Ok{};
  return translate_errno(errno, "creating " + path.string());
}

}  // namespace

core::Result<DataDirectory> DataDirectory::open(const fs::path& path, const How& how) {
  std::error_code failed;
  const auto kind = fs::status(path, failed).type();
  if (kind == fs::file_type::not_found) {
    if (!how.create || how.read_only) {
      return Error{Errc::not_found, "there is no data directory at " + path.string()};
    }
    const fs::path parent = fs::absolute(path, failed).parent_path();
    if (!failed) fs::create_directories(parent, failed);
    if (failed) return translate_errno(failed.value(), "creating the parent of " + path.string());
    if (auto status = make_directory(path); !status) return status.error();
    if (auto status = sync_directory(parent); !status) return status.error();
  } else if (kind != fs::file_type::directory) {
    if (failed) return translate_errno(failed.value(), "opening " + path.string());
    return Error{Errc::invalid_argument, path.string() + " is not a directory", "directory"};
  }

  DataDirectory directory;
  directory.path_ = path;
  if (auto status = directory.lock(how.read_only); !status) return status.error();
  auto loaded = directory.load_keys();
  if (!loaded && loaded.error().code == Errc::not_found) {
    if (directory.has_database()) {
      return Error{Errc::corruption, loaded.error().message +
                                         ", but there is a log: every derived id depends on its "
                                         "keys; put back the keys that belong to it"};
    }
    if (!how.create || how.read_only) {
      return Error{Errc::not_found, "there is no log in " + path.string()};
    }
    loaded = directory.create_keys();
  }
  if (!loaded) return loaded.error();
  return directory;
}

bool DataDirectory::has_database() const {
  std::error_code ignored;
  return fs::exists(database() / "CURRENT", ignored);
}

Status DataDirectory::lock(bool read_only) {
  const fs::path path = path_ / "LOCK";
  auto file = PosixFile::open(path, read_only ? O_RDONLY : O_RDWR | O_CREAT, 0600);
  if (!file) {
    // Without the file nobody has ever written here, and a reader may not create it.
    std::error_code ignored;
    if (read_only && !fs::exists(path, ignored)) return Ok{};
    return file.error();
  }
  if (::flock(file->fd(), (read_only ? LOCK_SH : LOCK_EX) | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return translate_errno(errno, "locking " + path.string());
    // Readers share it, and do not write their pid; what is there may be left from before.
    const bool writer = ::flock(file->fd(), LOCK_SH | LOCK_NB) != 0;
    const auto pid = read_start(*file, 20, path);
    if (!pid) return pid.error();
    return Error{
        Errc::unavailable,
        path_.string() + " is in use by another process (" +
            (writer ? "pid " + pid->substr(0, pid->find('\n')) : std::string("reading it")) + ")"};
  }
  if (!read_only) {
    if (::ftruncate(file->fd(), 0) != 0) return translate_errno(errno, "writing " + path.string());
    if (auto status = write_at(*file, std::to_string(::getpid()) + "\n", 0, path); !status) {
      return status;
    }
  }
  lock_ = *std::move(file);
  return Ok{};
}

Status DataDirectory::load_keys() {
  const fs::path keys = path_ / "keys";
  const auto id_line = read_line(keys / "log.id");
  if (!id_line) return id_line.error();
  const auto id = core::parse_uuid(*id_line);
  if (!id) return Error{Errc::corruption, (keys / "log.id").string() + " is malformed: no UUID"};
  const auto key_line = read_line(keys / "store.key");
  if (!key_line) return key_line.error();
  const auto key = parse_key(*key_line, keys / "store.key");
  if (!key) return key.error();
  log_id_ = *id;
  store_key_ = *key;
  return Ok{};
}

Status DataDirectory::create_keys() {
  const fs::path keys = path_ / "keys";
  if (auto status = make_directory(keys); !status) return status;
  if (auto status = draw(store_key_.data(), store_key_.size()); !status) return status;
  if (auto status = draw(log_id_.bytes.data(), log_id_.bytes.size()); !status) return status;
  log_id_.bytes[6] = static_cast<std::uint8_t>((log_id_.bytes[6] & 0x0f) | 0x40);  // UUIDv4
  log_id_.bytes[8] = static_cast<std::uint8_t>((log_id_.bytes[8] & 0x3f) | 0x80);
  if (auto status =
          create_file(keys / "store.key", core::to_hex(core::as_bytes(store_key_)) + "\n");
      !status) {
    return status;
  }
  if (auto status = create_file(keys / "log.id", core::to_string(log_id_) + "\n"); !status) {
    return status;
  }
  return sync_directory(path_);
}

}  // namespace hansard::rocks
