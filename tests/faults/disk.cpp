#include "disk.h"

#include <algorithm>

#include "core/assert.h"

namespace hansard::faults {
namespace {

std::string directory_of(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == std::string::npos || slash == 0 ? "/" : path.substr(0, slash);
}

/// RocksDB refuses a manifest whose end has a hole, as opposed to one that is cut off. File systems
/// that write data before the length that covers it (ext4, XFS, btrfs) leave none, so the disk
/// spares manifests this one kind of loss; no other file depends on it.
bool has_no_holes(const std::string& path) { return path.find("/MANIFEST") != std::string::npos; }

bool changes(Op op) { return op != Op::open && op != Op::read; }

}  // namespace

std::string_view name_of(Op op) {
  static constexpr std::string_view kNames[] = {"create", "open",           "read",
                                                "write",  "sync",           "rename",
                                                "remove", "make_directory", "sync_directory"};
  return kNames[static_cast<std::size_t>(op)];
}

struct Disk::File {
  struct Overwritten {
    std::uint64_t offset;
    std::string before;
  };
  struct Range {
    std::uint64_t from;
    std::uint64_t end;
  };
  std::string path;  ///< as created, for plans
  bool directory = false;
  std::string bytes;                ///< what reads see
  std::uint64_t synced = 0;         ///< bytes beyond are in the page cache only
  std::vector<Overwritten> undo;    ///< of bytes below `synced`, oldest first
  std::vector<Range> never_stored;  ///< clean by name, after a sync that failed
  int readers = 0;                  ///< holders of the shared lock
  bool writer = false;              ///< somebody holds the exclusive lock

  /// The content that a power loss leaves. Each choice is one that real disks have been seen to
  /// make.
  [[nodiscard]] std::string after_loss(std::mt19937_64& random) const {
    std::string kept = bytes;
    // Overwritten bytes: each page holds some earlier moment, or was being written over with a
    // later one when the power went.
    if (!undo.empty()) {
      std::string older = kept;
      std::string newer = kept;
      const std::size_t newer_undone = random() % (undo.size() + 1);
      const std::size_t older_undone = newer_undone + random() % (undo.size() - newer_undone + 1);
      for (std::size_t i = 0; i < older_undone; ++i) {
        const Overwritten& change = undo[undo.size() - 1 - i];
        older.replace(change.offset, change.before.size(), change.before);
        if (i < newer_undone) newer.replace(change.offset, change.before.size(), change.before);
      }
      for (std::uint64_t page = 0; page < synced; page += kPage) {
        const std::uint64_t length = std::min(kPage, synced - page);
        const std::uint64_t torn_at = random() % (length + 1);
        kept.replace(page, torn_at, newer, page, torn_at);
        kept.replace(page + torn_at, length - torn_at, older, page + torn_at, length - torn_at);
      }
    }
    for (const Range& range : never_stored) {
      if (has_no_holes(path)) {
        kept.resize(std::min(kept.size(), range.from));
        break;
      }
      for (std::uint64_t at = range.from; at < range.end && at < kept.size();) {
        const std::uint64_t end = std::min({range.end, (at / kPage + 1) * kPage, kept.size()});
        if (random() % 4 != 0) std::fill(kept.begin() + at, kept.begin() + end, '\0');
        at = end;
      }
      if (range.end >= synced && random() % 2 == 0) kept.resize(std::min(kept.size(), range.from));
    }
    if (kept.size() <= synced) return kept;
    switch (random() % (has_no_holes(path) ? 3 : 4)) {
      case 0:  // all of it had been written back
        break;
      case 1:  // nothing
        kept.resize(synced);
        break;
      case 2:  // up to some byte
        kept.resize(synced + random() % (kept.size() - synced + 1));
        break;
      default:  // the length, but only some pages
        for (std::uint64_t at = synced; at < kept.size();) {
          const std::uint64_t end = std::min((at / kPage + 1) * kPage, kept.size());
          if (random() % 2 == 0) std::fill(kept.begin() + at, kept.begin() + end, '\0');
          at = end;
        }
    }
    return kept;
  }
};

Disk::Disk(std::uint64_t seed) : random_(seed) {
  const auto root = std::make_shared<File>();
  root->path = "/";
  root->directory = true;
  names_["/"] = root;
  durable_names_["/"] = root;
}

// ---- faults

void Disk::set_plan(Plan plan) {
  const std::lock_guard lock(mutex_);
  plan_ = plan ? std::make_shared<const Plan>(std::move(plan)) : nullptr;
}

void Disk::set_capacity(std::uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  capacity_ = bytes;
}

std::uint64_t Disk::used() const {
  const std::lock_guard lock(mutex_);
  return used_;
}

std::uint64_t Disk::free() const {
  const std::lock_guard lock(mutex_);
  return used_ < capacity_ ? capacity_ - used_ : 0;
}

std::uint64_t Disk::steps() const {
  const std::lock_guard lock(mutex_);
  return steps_;
}

void Disk::lose_power() {
  const std::lock_guard lock(mutex_);
  power_ = false;
}

bool Disk::has_power() const {
  const std::lock_guard lock(mutex_);
  return power_;
}

Verdict Disk::ask(Op op, const std::string& path) {
  std::shared_ptr<const Plan> plan;
  std::uint64_t number = 0;
  {
    const std::lock_guard lock(mutex_);
    if (!power_) return Verdict::lose_power;
    if (changes(op)) number = ++steps_;
    plan = plan_;
  }
  return plan ? (*plan)(Step{op, path, number}) : Verdict::proceed;
}

Outcome Disk::failure(Verdict verdict) {
  return verdict == Verdict::no_space ? Outcome::no_space : Outcome::io_error;
}

// ---- afterwards

std::shared_ptr<Disk> Disk::after_power_loss(std::uint64_t seed) const {
  const std::lock_guard lock(mutex_);
  HANSARD_ASSERT(!power_, "the disk must not change any more");
  auto next = std::make_shared<Disk>(seed);
  std::mt19937_64 random(seed);

  // Names: a prefix of the changes, as a journalling file system keeps them, or any of them.
  Names names = durable_names_;
  const bool in_order = random() % 2 == 0;
  std::size_t kept = random() % (unsynced_names_.size() + 1);
  for (const NameChange& change : unsynced_names_) {
    if (in_order ? kept == 0 : random() % 2 == 0) continue;
    if (in_order) --kept;
    apply(names, change);
  }
  for (const auto& [path, file] : names) {
    if (path == "/") continue;
    // A file whose directory is gone is gone; parents come before children in the map.
    if (!next->names_.contains(directory_of(path))) continue;
    auto copy = std::make_shared<File>();
    copy->path = path;
    copy->directory = file->directory;
    copy->bytes = file->after_loss(random);
    copy->synced = copy->bytes.size();
    next->names_[path] = copy;
  }
  next->durable_names_ = next->names_;
  next->used_ = next->used_locked();
  return next;
}

std::shared_ptr<Disk> Disk::copy() const {
  const std::lock_guard lock(mutex_);
  auto next = std::make_shared<Disk>(steps_);
  for (const auto& [path, file] : names_) {
    auto same = std::make_shared<File>();
    same->path = path;
    same->directory = file->directory;
    same->bytes = file->bytes;
    same->synced = file->bytes.size();
    next->names_[path] = same;
  }
  next->durable_names_ = next->names_;
  next->used_ = used_;
  return next;
}

std::vector<std::pair<std::string, std::uint64_t>> Disk::files() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::pair<std::string, std::uint64_t>> all;
  for (const auto& [path, file] : names_) {
    if (!file->directory) all.emplace_back(path, file->bytes.size());
  }
  return all;
}

void Disk::flip(const std::string& path, std::uint64_t byte, unsigned bit) {
  const std::lock_guard lock(mutex_);
  char& flipped = names_.at(path)->bytes.at(byte);
  flipped = static_cast<char>(flipped ^ (1 << bit));
}

std::string Disk::contents(const std::string& path) const {
  const std::lock_guard lock(mutex_);
  return names_.at(path)->bytes;
}

std::uint64_t Disk::used_locked() const {
  std::uint64_t bytes = 0;
  for (const auto& [path, file] : names_) bytes += file->bytes.size();
  return bytes;
}

// ---- files

Disk::Opened Disk::open(const std::string& path) {
  if (const auto verdict = ask(Op::open, path); verdict != Verdict::proceed) {
    if (verdict == Verdict::lose_power) lose_power();
    return {failure(verdict), nullptr};
  }
  const std::lock_guard lock(mutex_);
  const auto found = names_.find(path);
  if (found == names_.end() || found->second->directory) return {Outcome::absent, nullptr};
  return {Outcome::ok, found->second};
}

Disk::Opened Disk::create(const std::string& path, bool keep) {
  if (keep) {
    const std::lock_guard lock(mutex_);
    const auto found = names_.find(path);
    if (power_ && found != names_.end()) return {Outcome::ok, found->second};
  }
  if (const auto verdict = ask(Op::create, path); verdict != Verdict::proceed) {
    if (verdict == Verdict::lose_power) lose_power();
    return {failure(verdict), nullptr};
  }
  const std::lock_guard lock(mutex_);
  if (!power_) return {Outcome::io_error, nullptr};
  if (!names_.contains(directory_of(path))) return {Outcome::absent, nullptr};
  auto file = std::make_shared<File>();
  file->path = path;
  change_name({"", path, file});
  return {Outcome::ok, std::move(file)};
}

Outcome Disk::read(const Handle& file, std::uint64_t offset, std::size_t bytes, char* out,
                   std::size_t& got) {
  got = 0;
  if (const auto verdict = ask(Op::read, file->path); verdict != Verdict::proceed) {
    if (verdict == Verdict::lose_power) lose_power();
    return failure(verdict);
  }
  const std::lock_guard lock(mutex_);
  if (offset >= file->bytes.size()) return Outcome::ok;
  got = file->bytes.copy(out, bytes, offset);
  return Outcome::ok;
}

Outcome Disk::put(File& file, std::uint64_t offset, std::string_view bytes) {
  const std::uint64_t end = offset + bytes.size();
  std::uint64_t grown = end > file.bytes.size() ? end - file.bytes.size() : 0;
  Outcome outcome = Outcome::ok;
  if (grown > 0 && used_ + grown > capacity_) {
    const std::uint64_t room = used_ < capacity_ ? capacity_ - used_ : 0;
    const std::uint64_t cut = std::min<std::uint64_t>(grown - room, bytes.size());
    bytes.remove_suffix(cut);
    grown = bytes.empty() ? 0 : grown - cut;
    outcome = Outcome::no_space;
  }
  if (bytes.empty()) return outcome;
  if (offset < file.synced) {
    const auto covered = std::min<std::uint64_t>(bytes.size(), file.synced - offset);
    file.undo.push_back({offset, file.bytes.substr(offset, covered)});
  }
  used_ += grown;
  if (file.bytes.size() < offset + bytes.size()) file.bytes.resize(offset + bytes.size());
  file.bytes.replace(offset, bytes.size(), bytes);
  return outcome;
}

Outcome Disk::write(const Handle& file, std::uint64_t offset, std::string_view bytes) {
  const auto verdict = ask(Op::write, file->path);
  const std::lock_guard lock(mutex_);
  if (!power_) return Outcome::io_error;
  if (verdict == Verdict::proceed) return put(*file, offset, bytes);
  // Some of it got there: a write is not atomic.
  const std::size_t part = random_() % (bytes.size() + 1);
  static_cast<void>(put(*file, offset, bytes.substr(0, part)));
  if (verdict == Verdict::lose_power) power_ = false;
  return failure(verdict);
}

Outcome Disk::append(const Handle& file, std::string_view bytes) {
  return write(file, size(file), bytes);  // one writer per file
}

Outcome Disk::sync(const Handle& file) {
  std::uint64_t before = 0;
  {
    const std::lock_guard lock(mutex_);
    before = file->bytes.size();  // what is appended meanwhile is not promised
  }
  const auto verdict = ask(Op::sync, file->path);
  const std::lock_guard lock(mutex_);
  if (!power_) return Outcome::io_error;
  if (verdict == Verdict::lose_power) {
    power_ = false;
    return Outcome::io_error;
  }
  if (verdict != Verdict::proceed && before > file->synced) {
    file->never_stored.push_back({file->synced, before});
  }
  if (verdict == Verdict::proceed) file->undo.clear();
  file->synced = std::max(file->synced, before);
  return verdict == Verdict::proceed ? Outcome::ok : failure(verdict);
}

std::uint64_t Disk::size(const Handle& file) const {
  const std::lock_guard lock(mutex_);
  return file->bytes.size();
}

bool Disk::lock(const Handle& file, bool exclusive) {
  const std::lock_guard lock(mutex_);
  if (file->writer || (exclusive && file->readers > 0)) return false;
  if (exclusive) {
    file->writer = true;
  } else {
    ++file->readers;
  }
  return true;
}

void Disk::unlock(const Handle& file, bool exclusive) {
  const std::lock_guard lock(mutex_);
  if (exclusive) {
    file->writer = false;
  } else {
    --file->readers;
  }
}

// ---- names

std::optional<std::uint64_t> Disk::size(const std::string& path) const {
  const std::lock_guard lock(mutex_);
  const auto found = names_.find(path);
  if (found == names_.end() || found->second->directory) return {};
  return found->second->bytes.size();
}

bool Disk::is_directory(const std::string& path) const {
  const std::lock_guard lock(mutex_);
  const auto found = names_.find(path);
  return found != names_.end() && found->second->directory;
}

std::optional<std::vector<std::string>> Disk::list(const std::string& directory) const {
  const std::lock_guard lock(mutex_);
  if (!names_.contains(directory)) return {};
  std::vector<std::string> children;
  for (const auto& [path, file] : names_) {
    if (path != "/" && directory_of(path) == directory) {
      children.push_back(path.substr(path.rfind('/') + 1));
    }
  }
  return children;
}

void Disk::apply(Names& names, const NameChange& change) {
  if (!change.from.empty()) names.erase(change.from);
  if (!change.to.empty()) names[change.to] = change.file;
}

void Disk::change_name(NameChange change) {
  apply(names_, change);
  used_ = used_locked();
  unsynced_names_.push_back(std::move(change));
}

Outcome Disk::rename(const std::string& from, const std::string& to) {
  const auto verdict = ask(Op::rename, to);
  const std::lock_guard lock(mutex_);
  if (verdict == Verdict::lose_power) power_ = false;
  if (verdict != Verdict::proceed || !power_) return failure(verdict);
  const auto found = names_.find(from);
  if (found == names_.end()) return Outcome::absent;
  const Handle file = found->second;
  file->path = to;
  change_name({from, to, file});
  return Outcome::ok;
}

Outcome Disk::remove(const std::string& path) {
  const auto verdict = ask(Op::remove, path);
  const std::lock_guard lock(mutex_);
  if (verdict == Verdict::lose_power) power_ = false;
  if (verdict != Verdict::proceed || !power_) return failure(verdict);
  const auto found = names_.find(path);
  if (found == names_.end()) return Outcome::absent;
  change_name({path, "", found->second});
  return Outcome::ok;
}

Outcome Disk::make_directory(const std::string& path) {
  if (is_directory(path)) return Outcome::exists;
  const auto verdict = ask(Op::make_directory, path);
  const std::lock_guard lock(mutex_);
  if (verdict == Verdict::lose_power) power_ = false;
  if (verdict != Verdict::proceed || !power_) return failure(verdict);
  if (!names_.contains(directory_of(path))) return Outcome::absent;
  auto directory = std::make_shared<File>();
  directory->path = path;
  directory->directory = true;
  change_name({"", path, directory});
  return Outcome::ok;
}

Outcome Disk::sync_directory(const std::string& path) {
  const auto verdict = ask(Op::sync_directory, path);
  const std::lock_guard lock(mutex_);
  if (verdict == Verdict::lose_power) power_ = false;
  if (verdict != Verdict::proceed || !power_) return failure(verdict);
  if (!names_.contains(path)) return Outcome::absent;
  std::vector<NameChange> elsewhere;
  for (NameChange& change : unsynced_names_) {
    const bool here = (!change.from.empty() && directory_of(change.from) == path) ||
                      (!change.to.empty() && directory_of(change.to) == path);
    if (here) {
      apply(durable_names_, change);
    } else {
      elsewhere.push_back(std::move(change));
    }
  }
  unsynced_names_ = std::move(elsewhere);
  return Outcome::ok;
}

}  // namespace hansard::faults
