#include "backup/workplace.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <string>
#include <system_error>

namespace hansard::cli {

namespace {

namespace fs = std::filesystem;
using core::Errc;
using core::Error;
using core::Ok;
using core::Result;
using core::Status;

constexpr const char* kMark = "mark";
constexpr const char* kMade = "made";

Status check_target(const fs::path& target, Workplace::Target allowed) {
  std::error_code error;
  const auto kind = fs::symlink_status(target, error).type();
  if (kind == fs::file_type::not_found) return Ok{};
  if (allowed == Workplace::Target::absent) {
    return Error{Errc::rejected, target.string() + " exists; choose a name that is free"};
  }
  if (kind == fs::file_type::directory && fs::is_empty(target, error) && !error) return Ok{};
  return Error{Errc::rejected, target.string() + " exists and is not an empty directory"};
}

}  // namespace

Result<Workplace> Workplace::begin(const fs::path& target, std::string_view suffix,
                                   std::string_view sentence, Target allowed) {
  Workplace out;
  out.allowed_ = allowed;
  out.target_ = fs::absolute(target).lexically_normal();
  if (!out.target_.has_filename()) out.target_ = out.target_.parent_path();
  if (!out.target_.has_filename()) {
    return Error{Errc::invalid_argument, "'" + target.string() + "' names no directory", "to"};
  }
  if (auto free = check_target(out.target_, allowed); !free) return free.error();
  out.place_ = out.target_;
  out.place_ += suffix;
  out.made_ = out.place_ / kMade;
  if (auto claimed = out.claim(); !claimed) return claimed.error();
  if (auto cleared = out.clear(); !cleared) return cleared.error();
  const std::string text = std::string(sentence) + "\n";
  if (::ftruncate(out.mark_.get(), 0) != 0 ||
      ::pwrite(out.mark_.get(), text.data(), text.size(), 0) != static_cast<ssize_t>(text.size())) {
    return system_error("writing " + (out.place_ / kMark).string());
  }
  if (::mkdir(out.made_.c_str(), S_IRWXU) != 0) {
    return system_error("creating " + out.made_.string());
  }
  return out;
}

Status Workplace::claim() {
  if (::mkdir(place_.c_str(), S_IRWXU) != 0 && errno != EEXIST) {
    return system_error("creating " + place_.string());
  }
  std::error_code error;
  const bool directory = fs::symlink_status(place_, error).type() == fs::file_type::directory;
  const fs::path mark = place_ / kMark;
  const bool marked = directory && fs::is_regular_file(fs::symlink_status(mark, error));
  if (!directory || (!marked && !fs::is_empty(place_, error))) {
    return Error{Errc::rejected, place_.string() + " is in the way, and is none of ours"};
  }
  Descriptor file(
      ::open(mark.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR));
  if (!file) return system_error("creating " + mark.string());
  if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    return Error{Errc::unavailable, "another process is at work in " + place_.string()};
  }
  mark_ = std::move(file);
  return Ok{};
}

Status Workplace::clear() const {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(place_, error)) {
    if (entry.path().filename() == kMark) continue;
    fs::remove_all(entry.path(), error);
    if (error) break;
  }
  if (!error) return Ok{};
  return Error{Errc::unavailable, "clearing " + place_.string() + ": " + error.message()};
}

Status Workplace::publish() {
  if (auto synced = sync_directory(made_); !synced) return synced;
  const unsigned how = allowed_ == Target::absent ? RENAME_NOREPLACE : 0U;
  if (::renameat2(AT_FDCWD, made_.c_str(), AT_FDCWD, target_.c_str(), how) != 0) {
    if (errno == EEXIST || errno == ENOTEMPTY || errno == ENOTDIR) {
      return Error{Errc::rejected, target_.string() + " was made by somebody else meanwhile"};
    }
    return system_error("naming " + target_.string());
  }
  std::error_code left;  // what could not be cleared is found by its mark next time
  fs::remove_all(place_, left);
  mark_ = Descriptor();
  return sync_directory(target_.parent_path());
}

Workplace::~Workplace() {
  if (!mark_) return;
  // The mark goes last, so that an interrupted clearing is known for what it is.
  if (!clear()) return;
  std::error_code ignored;
  fs::remove_all(place_, ignored);
}

}  // namespace hansard::cli
