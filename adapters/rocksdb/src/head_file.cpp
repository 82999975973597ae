#include "head_file.h"

#include <bit>
#include <cstring>

#include "layout.h"

namespace hansard::rocks {
namespace {

using core::Errc;
using core::Error;

static_assert(std::endian::native == std::endian::little, "numbers are copied as stored");

constexpr std::string_view kMagic = "HSDHEAD1";
constexpr std::size_t kSlotBytes = 64;
constexpr std::size_t kLogIdAt = 8;
constexpr std::size_t kCounterAt = 24;
constexpr std::size_t kEndAt = 32;
constexpr std::size_t kSumAt = 56;

std::uint64_t number(std::string_view slot, std::size_t at) {
  std::uint64_t value;
  std::memcpy(&value, slot.data() + at, sizeof value);
  return value;
}

void put_number(std::string& slot, std::size_t at, std::uint64_t value) {
  std::memcpy(slot.data() + at, &value, sizeof value);
}

bool holds(std::string_view slot) {
  return slot.size() == kSlotBytes && slot.starts_with(kMagic) &&
         number(slot, kSumAt) == checksum(slot.substr(0, kSumAt));
}

}  // namespace

core::Result<HeadFile> HeadFile::open(OwnFiles& files, const std::filesystem::path& path,
                                      const core::Uuid& log_id, const How& how) {
  HeadFile head;
  head.files_ = &files;
  head.path_ = path;
  head.log_id_ = log_id;
  const auto kind = files.kind(path);
  if (!kind) return kind.error();
  if (*kind == OwnFiles::Kind::absent) return head;
  auto file = files.open(path, how.read_only ? OwnFiles::Mode::read : OwnFiles::Mode::write);
  if (!file) return file.error();
  head.file_ = *std::move(file);

  const auto bytes = head.file_->read_start(2 * kSlotBytes);
  if (!bytes) return bytes.error();
  head.torn_ = bytes->size() != 2 * kSlotBytes;
  if (bytes->empty()) return head;  // created, and the machine stopped before the first write
  for (std::size_t at = 0; at < bytes->size(); at += kSlotBytes) {
    const auto slot = std::string_view(*bytes).substr(at, kSlotBytes);
    if (!holds(slot)) {
      head.torn_ = true;
      continue;
    }
    if (number(slot, kCounterAt) <= head.counter_) continue;
    if (std::memcmp(slot.data() + kLogIdAt, log_id.bytes.data(), log_id.bytes.size()) != 0) {
      if (how.replace) continue;
      return Error{Errc::corruption, path.string() + " belongs to another log"};
    }
    head.counter_ = number(slot, kCounterAt);
    head.end_ = core::Position{number(slot, kEndAt)};
  }
  if (!head.end_ && !how.replace) {
    return Error{Errc::corruption,
                 path.string() +
                     " is damaged, so it cannot be told whether acknowledged events "
                     "are missing; `hansard doctor --accept-loss` goes on without it"};
  }
  return head;
}

std::string HeadFile::slot(std::uint64_t counter, core::Position end) const {
  std::string slot(kSlotBytes, '\0');
  std::memcpy(slot.data(), kMagic.data(), kMagic.size());
  std::memcpy(slot.data() + kLogIdAt, log_id_.bytes.data(), log_id_.bytes.size());
  put_number(slot, kCounterAt, counter);
  put_number(slot, kEndAt, end.value);
  put_number(slot, kSumAt, checksum(std::string_view(slot).substr(0, kSumAt)));
  return slot;
}

core::Status HeadFile::settle(core::Position end) {
  if (!file_) {
    const std::filesystem::path beside = path_.string() + ".new";
    auto file = files_->open(beside, OwnFiles::Mode::replace);
    if (!file) return file.error();
    if (auto done = (*file)->write_at(slot(2, end) + slot(1, end), 0); !done) return done;
    if (auto done = (*file)->sync(); !done) return done;
    if (auto done = files_->rename(beside, path_); !done) return done;
    file_ = *std::move(file);
    counter_ = 2;
    end_ = end;
    return files_->sync_directory(path_.parent_path());
  }
  if (end_ == end && !torn_) return sync();
  // Both slots, so that an accepted loss is not found again in the other one.
  for (int i = 0; i < 2; ++i) {
    if (auto written = write(end); !written) return written;
    if (auto synced = sync(); !synced) return synced;
  }
  torn_ = false;
  return core::Ok{};
}

core::Status HeadFile::write(core::Position end) {
  const std::uint64_t counter = counter_ + 1;
  const std::uint64_t at = (counter % 2) * kSlotBytes;
  if (auto written = file_->write_at(slot(counter, end), at); !written) return written;
  counter_ = counter;
  end_ = end;
  return core::Ok{};
}

core::Status HeadFile::sync() { return file_->sync(); }

}  // namespace hansard::rocks
