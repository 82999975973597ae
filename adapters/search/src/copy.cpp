#include "search/copy.h"

#include <sqlite3.h>

#include <filesystem>
#include <memory>
#include <system_error>

#include "sqlite.h"

namespace hansard::search {
namespace {

namespace fs = std::filesystem;
using core::Errc;
using core::Error;
using core::Ok;
using core::Status;

/// 1 MiB between two looks at whether to go on.
constexpr int kPagesAtOnce = 256;

struct Finish {
  void operator()(sqlite3_backup* backup) const { sqlite3_backup_finish(backup); }
};

/// Page by page, within one read transaction: what is committed meanwhile neither shows nor makes
/// SQLite begin again.
Status copy_pages(const std::string& from, const std::string& to,
                  const std::function<bool()>& go_on) {
  auto source = Connection::open(from, Connection::Mode::read);
  if (!source) return source.error();
  auto target = Connection::open(to, Connection::Mode::write);
  if (!target) return target.error();
  if (auto status = target->run("PRAGMA synchronous=OFF;PRAGMA journal_mode=OFF"); !status) {
    return status;
  }
  auto moment = Transaction::begin(*source, "DEFERRED");
  if (!moment) return moment.error();
  if (auto pinned = source->number("SELECT count(*) FROM sqlite_schema"); !pinned) {
    return pinned.error();
  }
  const std::unique_ptr<sqlite3_backup, Finish> backup(
      sqlite3_backup_init(target->handle(), "main", source->handle(), "main"));
  if (backup == nullptr) {
    return translate(target->handle(), sqlite3_errcode(target->handle()), "copying it");
  }
  while (true) {
    if (go_on && !go_on()) return Error{Errc::cancelled, "copying was stopped"};
    const int code = sqlite3_backup_step(backup.get(), kPagesAtOnce);
    if (code == SQLITE_DONE) return Ok{};
    if (code != SQLITE_OK) return translate(target->handle(), code, "copying it");
  }
}

/// The files as they lie there; then what the journal has is moved into the copy.
Status copy_files(const std::string& from, const std::string& to) {
  for (const char* beside : {"", "-wal"}) {
    std::error_code error;
    if (!fs::exists(from + beside, error)) continue;
    fs::copy_file(from + beside, to + beside, error);
    if (error) {
      const bool full = error == std::errc::no_space_on_device;
      return Error{full ? Errc::out_of_space : Errc::unavailable,
                   "search database: copying " + from + beside + ": " + error.message()};
    }
  }
  auto copy = Connection::open(to, Connection::Mode::write);
  if (!copy) return copy.error();
  return copy->run("PRAGMA wal_checkpoint(TRUNCATE)");
}

}  // namespace

Status copy_database(const std::string& from, const std::string& to, InUse in_use,
                     const std::function<bool()>& go_on) {
  std::error_code error;
  if (!fs::exists(from, error)) return Error{Errc::not_found, "there is no search database"};
  return in_use == InUse::yes ? copy_pages(from, to, go_on) : copy_files(from, to);
}

}  // namespace hansard::search
