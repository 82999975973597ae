#include "space_guard.h"

#include <string>

namespace hansard::rocks {
namespace {

std::string mib(std::uint64_t bytes) { return std::to_string(bytes >> 20) + " MiB"; }

}  // namespace

SpaceGuard::SpaceGuard(OwnFiles& files, std::filesystem::path ballast, const Limits& limits,
                       const std::function<void(std::string_view)>& notice, FreeBytes free_bytes)
    : files_(files),
      ballast_(std::move(ballast)),
      limits_(limits),
      notice_(notice),
      ask_(std::move(free_bytes)) {}

void SpaceGuard::find_ballast() {
  looked_ = true;
  const auto bytes = files_.size(ballast_);
  // One that was left half made, or was made for another size, is replaced.
  has_ballast_ = bytes && *bytes == limits_.ballast_bytes && *bytes != 0;
  if (bytes && !has_ballast_) remove_ballast();
}

SpaceGuard::Level SpaceGuard::refresh() {
  const auto asked = ask_();
  if (!asked) return level();  // left to the write itself, whose error counts
  const std::uint64_t free = *asked;
  free_bytes_.store(free, std::memory_order_relaxed);
  const std::lock_guard lock(mutex_);
  if (!looked_) find_ballast();
  const Level before = level();
  const bool settled = before == Level::enough && free >= limits_.floor_bytes;
  if (settled && (has_ballast_ || limits_.ballast_bytes == 0)) return before;

  const std::uint64_t wanted_ballast = has_ballast_ ? 0 : limits_.ballast_bytes;
  const std::uint64_t plenty = limits_.floor_bytes + limits_.floor_bytes / 8 + wanted_ballast;
  Level now = before;
  if (free >= plenty) {
    if (wanted_ballast != 0) create_ballast();
    now = Level::enough;
  } else if (free < limits_.floor_bytes && has_ballast_) {
    remove_ballast();  // its space counts from the next look
    now = Level::answers_only;
    tell("free space is " + mib(free) + ", below the floor of " + mib(limits_.floor_bytes) +
         ": appends stop, the ballast is given up for answers in flight");
  } else if (free < limits_.floor_bytes) {
    now = free < limits_.hard_floor_bytes ? Level::none : Level::answers_only;
    if (before == Level::enough) {
      tell("free space is " + mib(free) + ", below the floor of " + mib(limits_.floor_bytes) +
           ": appends stop");
    }
  } else if (before == Level::none) {
    now = Level::answers_only;  // between the floor and plenty: wait for plenty
  }
  if (now == Level::enough && before != Level::enough) {
    tell("free space is " + mib(free) + " again: appends go on");
  }
  level_.store(now, std::memory_order_relaxed);
  return now;
}

core::Status SpaceGuard::admit(bool completes_answer) const {
  const Level now = level();
  if (now == Level::enough || (now == Level::answers_only && completes_answer)) return core::Ok{};
  return core::Error{core::Errc::out_of_space,
                     "free disk space is " + mib(free_bytes_.load(std::memory_order_relaxed)) +
                         ", appends need " + mib(limits_.floor_bytes)};
}

bool SpaceGuard::create_ballast() {
  const auto file = files_.open(ballast_, OwnFiles::Mode::replace);
  if (!file) return false;
  const bool made = (*file)->reserve(limits_.ballast_bytes) && (*file)->sync();
  if (!made) {
    remove_ballast();
    return false;
  }
  has_ballast_ = true;
  return true;
}

void SpaceGuard::remove_ballast() {
  has_ballast_ = false;
  // One that cannot be removed takes space that is wanted, and is tried again at the next start.
  if (auto removed = files_.remove(ballast_); !removed) tell(removed.error().message);
}

void SpaceGuard::tell(const std::string& text) const {
  if (notice_) notice_(text);
}

}  // namespace hansard::rocks
