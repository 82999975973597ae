#include "audit/checkpoint_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "core/tree.h"
#include "events/audit/key_chain.h"
#include "events/audit/note_list.h"

namespace hansard::cli {
namespace {

namespace fs = std::filesystem;
namespace audit = events::audit;
using core::Errc;
using core::Error;
using core::Ok;
using core::Result;
using core::Status;

/// Of a file of notes, as much of its end is looked at: the longest note, and one before it.
constexpr std::size_t kTailBytes = 2 * audit::kMaxNoteBytes;

fs::path checkpoint_path(const rocks::RocksStore& store) {
  return store.directory() / "checkpoint";
}

std::string root_text(const core::Hash& root) { return core::to_hex(core::as_bytes(root)); }

/// A note as a checkpoint of this log. Errors: corruption.
Result<audit::Checkpoint> understand(const std::string& place, std::string_view text,
                                     const LogNotary& notary, const core::Hasher& hasher) {
  const auto wrong = [&](const std::string& why) {
    return Error{Errc::corruption, "the checkpoint in " + place + ": " + why};
  };
  const auto note = audit::parse_note(text);
  if (!note) return wrong(note.error().message);
  auto checkpoint = audit::parse_checkpoint(note->text);
  if (!checkpoint) return wrong(checkpoint.error().message);
  if (checkpoint->origin != notary.origin()) {
    return wrong("it is of " + checkpoint->origin + ", this log is " + notary.origin());
  }
  const auto keys = notary.all_keys();
  if (!keys) return keys.error();
  const ossl::Ed25519Verifier verifier;
  const bool ours = keys->empty() ||  // only read, never signed here
                    check_note_of(hasher, verifier, *keys, notary.origin(), *note).has_value();
  if (!ours) {
    return wrong(
        "no key of this log signed it; it was changed, or keys/signing.pem was. Keep it as "
        "evidence, and put back the file that belongs here; if the key is lost, go on under "
        "another one in another epoch with `hansard doctor --new-signing-key`");
  }
  return checkpoint;
}

/// What a log that is not as `signed_tree` says is refused with; nothing when it is.
Result<std::optional<Error>> difference(const std::string& place, const rocks::RocksStore& store,
                                        const core::Hasher& hasher,
                                        const core::TreeHead& signed_tree) {
  const core::TreeHead now = store.tree().head();
  const std::string said = "the checkpoint in " + place + " was signed over " +
                           std::to_string(signed_tree.size) + " events with root " +
                           root_text(signed_tree.root);
  if (signed_tree.size > now.size) {
    return std::optional<Error>(
        {Errc::corruption, said + ", but the log has " + std::to_string(now.size) +
                               " events with root " + root_text(now.root) +
                               ": acknowledged events are missing; restore a backup, or go on "
                               "without them with `hansard doctor --accept-loss`"});
  }
  const auto then = core::head_at(hasher, store.tree(), signed_tree.size);
  if (!then) return then.error();
  if (then->root == signed_tree.root) return std::optional<Error>{};
  return std::optional<Error>(
      {Errc::corruption, said + ", but the log has root " + root_text(then->root) +
                             " at that size: its past was changed, or it is another log; restore a "
                             "backup, and keep both as evidence"});
}

/// The end of a file; `offset` is where it begins. Nothing when there is no file.
struct Tail {
  std::string text;
  std::uint64_t offset = 0;
};

Error failed(const std::string& doing, int error) {
  const Errc code = error == ENOSPC || error == EDQUOT ? Errc::out_of_space : Errc::unavailable;
  return Error{code, doing + ": " + std::strerror(error)};
}

/// A file descriptor, closed with this.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int get() const { return fd_; }

 private:
  const int fd_;
};

Result<Tail> read_tail(int fd, const std::string& path) {
  struct stat info {};
  if (::fstat(fd, &info) != 0) return failed("looking at " + path, errno);
  if (!S_ISREG(info.st_mode)) return Error{Errc::rejected, path + " is no file"};
  const auto size = static_cast<std::uint64_t>(info.st_size);
  Tail tail;
  tail.offset = size - std::min<std::uint64_t>(size, kTailBytes);
  tail.text.resize(size - tail.offset);
  std::size_t filled = 0;
  while (filled < tail.text.size()) {
    const auto got = ::pread(fd, tail.text.data() + filled, tail.text.size() - filled,
                             static_cast<off_t>(tail.offset + filled));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failed("reading " + path, errno);
    if (got == 0) break;
    filled += static_cast<std::size_t>(got);
  }
  tail.text.resize(filled);
  return tail;
}

/// The last whole checkpoint of `origin` in a file of notes.
Result<std::optional<std::string>> last_copy(const fs::path& path, const std::string& origin) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0 && errno == ENOENT) return std::optional<std::string>{};
  if (file.get() < 0) return failed("opening " + path.string(), errno);
  const auto tail = read_tail(file.get(), path.string());
  if (!tail) return tail.error();
  const auto notes = audit::split_notes(tail->text).notes;
  for (auto note = notes.rbegin(); note != notes.rend(); ++note) {
    if (note->starts_with(origin + "\n") && audit::parse_note(*note)) {
      return std::optional<std::string>(*note);
    }
  }
  return std::optional<std::string>{};
}

}  // namespace

Result<std::optional<std::string>> stored_checkpoint(const rocks::RocksStore& store) {
  return rocks::read_file(store.own_files(), checkpoint_path(store), audit::kMaxNoteBytes);
}

Status store_checkpoint(const rocks::RocksStore& store, std::string_view note) {
  return rocks::replace_file(store.own_files(), checkpoint_path(store), note);
}

Result<CheckpointFound> inspect_checkpoint(const rocks::RocksStore& store, const LogNotary& notary,
                                           const core::Hasher& hasher) {
  const std::string place = checkpoint_path(store).string();
  const auto text = stored_checkpoint(store);
  if (!text && text.error().code == Errc::unavailable) return text.error();
  if (!text) return CheckpointFound{{}, text.error().message};
  if (!*text) return CheckpointFound{};
  CheckpointFound found;
  if (const auto note = audit::parse_note(**text)) {
    const auto checkpoint = audit::parse_checkpoint(note->text);
    if (checkpoint && checkpoint->origin == notary.origin()) found.tree = checkpoint->tree;
  }
  const auto checkpoint = understand(place, **text, notary, hasher);
  const auto differs = checkpoint ? difference(place, store, hasher, checkpoint->tree)
                                  : Result<std::optional<Error>>(checkpoint.error());
  if (!differs && differs.error().code == Errc::unavailable) return differs.error();
  if (!differs) found.fault = differs.error().message;
  if (const auto key = notary.key(); !key) {
    found.fault = "who signed it cannot be told: " + key.error().message;
  }
  if (differs && *differs) found.fault = (*differs)->message;
  return found;
}

Status check_checkpoints(rocks::RocksStore& store, const LogNotary& notary,
                         const core::Hasher& hasher, const std::vector<fs::path>& copies,
                         bool accept_loss) {
  const std::string place = checkpoint_path(store).string();
  const auto text = stored_checkpoint(store);
  if (!text) return text.error();
  if (*text) {
    const auto checkpoint = understand(place, **text, notary, hasher);
    if (!checkpoint) return checkpoint.error();
    const auto differs = difference(place, store, hasher, checkpoint->tree);
    if (!differs) return differs.error();
    const bool shorter = checkpoint->tree.size > store.tree().head().size;
    if (*differs && !(shorter && accept_loss)) return **differs;
    if (*differs) {
      if (auto begun = store.begin_epoch(); !begun) return begun;
      const fs::path aside = place + ".lost-" + std::to_string(checkpoint->tree.size);
      rocks::OwnFiles& files = store.own_files();
      if (auto moved = files.rename(place, aside); !moved) return moved;
      if (auto synced = files.sync_directory(store.directory()); !synced) return synced;
      return Ok{};  // what outside copies say is of the epoch before
    }
  }
  for (const fs::path& copy : copies) {
    const auto last = last_copy(copy, notary.origin());
    if (!last) return last.error();
    if (!*last) continue;
    const auto checkpoint = understand(copy.string(), **last, notary, hasher);
    if (!checkpoint) return checkpoint.error();
    const auto differs = difference(copy.string(), store, hasher, checkpoint->tree);
    if (!differs) return differs.error();
    const bool shorter = checkpoint->tree.size > store.tree().head().size;
    if (*differs && shorter && accept_loss) return store.begin_epoch();
    if (*differs) return **differs;
  }
  return Ok{};
}

Result<std::size_t> append_checkpoint(const fs::path& path, std::string_view note) {
  const std::string name = path.string();
  const Descriptor file(::open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  if (file.get() < 0) return failed("opening " + name, errno);
  const auto tail = read_tail(file.get(), name);
  if (!tail) return tail.error();
  std::uint64_t end = tail->offset + tail->text.size();
  const audit::NoteList list = audit::split_notes(tail->text);
  // What the beginning of a checkpoint looks like was cut off; anything else is not ours to cut.
  constexpr std::string_view kOrigins = "hansard/";
  const std::string_view rest = list.cut_off;
  const bool cut = rest.starts_with(kOrigins) || kOrigins.starts_with(rest);
  const bool alone = list.notes.empty() && tail->offset != 0;
  const bool known = list.notes.empty() || audit::parse_note(list.notes.back());
  if (!cut || alone || !known) {
    return Error{Errc::rejected, name + " does not end with a signed note; is it the right file?"};
  }
  if (!rest.empty()) {
    end -= rest.size();
    if (::ftruncate(file.get(), static_cast<off_t>(end)) != 0) {
      return failed("shortening " + name, errno);
    }
  }
  while (!note.empty()) {
    const auto written = ::pwrite(file.get(), note.data(), note.size(), static_cast<off_t>(end));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return failed("writing " + name, errno);
    end += static_cast<std::uint64_t>(written);
    note.remove_prefix(static_cast<std::size_t>(written));
  }
  if (::fsync(file.get()) != 0) return failed("syncing " + name, errno);
  return rest.size();
}

}  // namespace hansard::cli
