#include "backup/backup_restore.h"

#include <sys/stat.h>

#include <algorithm>
#include <memory>
#include <system_error>
#include <utility>
#include <vector>

#include "backup/workplace.h"
#include "core/event_bytes.h"
#include "erasure/restored_ledger.h"
#include "events/equivalence.h"
#include "events/system/events.h"
#include "ossl/hasher.h"
#include "ossl/random.h"
#include "rocksdb_store/restore.h"
#include "rocksdb_store/store.h"

namespace hansard::cli {

namespace {

namespace fs = std::filesystem;
using core::Errc;
using core::Error;
using core::Ok;
using core::Position;
using core::Result;
using core::Status;

constexpr const char* kSentence =
    "A hansard backup is being restored here, or that was interrupted. Restoring it again clears "
    "this; it may be deleted.";
constexpr const char* kLogProject = "_log";
constexpr const char* kSystemStream = "system";
/// Events between two looks at whether to go on.
constexpr std::uint64_t kEventsAtOnce = 4096;

Error first_fault(const BackupReport& report) {
  const BackupFault& fault = report.faults.front();
  std::string what = fault.file.empty() ? fault.what : fault.file + ": " + fault.what;
  if (fault.position) what = "position " + std::to_string(*fault.position) + ": " + what;
  if (report.fault_count > 1) {
    what += " (and " + std::to_string(report.fault_count - 1) +
            " more; `hansard backup verify` lists them)";
  }
  return Error{Errc::corruption, "the backup is damaged: " + what};
}

/// What is known of the part that is taken over, from reading it.
struct Prefix {
  core::TreeHead tree;
  std::optional<core::MerkleEdge> edge;
  core::Timestamp recorded_at{};    ///< of its last event
  std::uint64_t system_events = 0;  ///< on the `system` stream of `_log`
};

/// One restoring.
class Restoring {
 public:
  Restoring(const Backup& backup, const RestoreOrder& order, const RestoreProgress& progress,
            RestoredLedger ledger, Workplace place)
      : backup_(backup),
        order_(order),
        progress_(progress),
        ledger_(std::move(ledger)),
        place_(std::move(place)) {}

  Result<RestoreResult> run() {
    auto fits = check_space(place_.made(), manifest().bytes());
    if (!fits) return fits.error();
    const bool part = order_.to_position || order_.to_time;
    bool whole = !part && !order_.clone;
    if (!whole) {
      if (auto done = read_prefix(); !done) return done.error();
      whole = !order_.clone && prefix_.tree == manifest().tree;
    }
    const Status made = whole ? copy() : begin_epoch();
    if (!made) return made.error();
    // Before the directory has its name: no server may start on it without.
    if (auto laid = lay_ledger(ledger_); !laid) return laid.error();
    result_.ledger = ledger_.found;
    result_.erasures = ledger_.erasures;
    if (auto named = place_.publish(); !named) return named.error();
    return result_;
  }

 private:
  [[nodiscard]] const BackupManifest& manifest() const { return backup_.manifest(); }
  [[nodiscard]] bool go_on(const char* doing, std::uint64_t done, std::uint64_t total) const {
    return !progress_ || progress_(doing, done, total);
  }

  /// The same log: its files.
  Status copy() {
    // While this is there the directory opens for nothing.
    const fs::path mark = place_.made() / "RESTORING";
    if (auto marked = write_file(mark, std::string(kBackupFormat) + "\n"); !marked) return marked;
    for (const char* folder : {"db", "keys", "search"}) {
      if (::mkdir((place_.made() / folder).c_str(), S_IRWXU) != 0) {
        return system_error("creating " + (place_.made() / folder).string());
      }
    }
    const std::uint64_t total = manifest().bytes();
    std::uint64_t done = 0;
    for (const BackupFile& file : manifest().files) {
      const auto from = backup_.file(file);
      if (!from) return Error{from.error().code, file.name + ": " + from.error().message};
      const fs::path to = place_.made() / file.name;
      const auto hash = copy_bytes(*from, file.name, file.bytes, &to, [&](std::uint64_t bytes) {
        done += bytes;
        return go_on("copying", done, total);
      });
      if (!hash) return hash.error();
      if (*hash != file.sha256) {
        return Error{Errc::corruption, file.name + " changed while it was read"};
      }
    }
    for (const char* folder : {"db", "keys", "search"}) {
      if (auto synced = sync_directory(place_.made() / folder); !synced) return synced;
    }
    std::error_code error;
    if (!fs::remove(mark, error)) {
      return Error{Errc::unavailable, "removing " + mark.string() + ": " + error.message()};
    }
    result_ = {manifest().tree, manifest().tree.size, manifest().epoch, false};
    return Ok{};
  }

  Result<rocks::RocksStore*> origin() {
    if (origin_) return origin_.get();
    rocks::OpenOptions options;
    options.directory = backup_.path();
    options.hasher = &hasher_;
    options.equivalence = &equivalence_;
    options.read_only = true;
    auto opened = rocks::RocksStore::open(std::move(options));
    if (!opened) return opened.error();
    origin_ = *std::move(opened);
    return origin_.get();
  }

  /// Where the part ends, and its root.
  Status read_prefix() {
    auto store = origin();
    if (!store) return store.error();
    const std::uint64_t size = manifest().tree.size;
    if (order_.to_position && order_.to_position->value >= size) {
      return Error{Errc::rejected, "the backup has " + std::to_string(size) +
                                       " events, from position 0; there is no position " +
                                       std::to_string(order_.to_position->value)};
    }
    core::MerkleEdge& edge = prefix_.edge.emplace(hasher_);
    std::vector<core::FullTile> tiles;
    bool stopped = false;
    const auto read = (*store)->log().read(Position{0}, [&](const core::RecordedEvent& event) {
      if (order_.to_position && event.position > *order_.to_position) return false;
      if (order_.to_time && event.recorded_at > *order_.to_time) return false;
      edge.append(core::leaf_hash(event, hasher_), tiles);
      tiles.clear();
      prefix_.recorded_at = event.recorded_at;
      if (event.project == kLogProject && event.stream == kSystemStream) ++prefix_.system_events;
      stopped = event.position.value % kEventsAtOnce == 0 &&
                !go_on("reading", event.position.value, size);
      return !stopped;
    });
    if (!read) return read.error();
    if (stopped) return cancelled();
    prefix_.tree = edge.head();
    if (prefix_.tree.size == 0) {
      return Error{Errc::rejected, "nothing had been recorded by then; the first event is of " +
                                       first_time(**store)};
    }
    return Ok{};
  }

  static std::string first_time(rocks::RocksStore& store) {
    std::string text = "no time";
    const auto read = store.log().read(Position{0}, [&](const core::RecordedEvent& event) {
      text = core::format_time(event.recorded_at);
      return false;
    });
    return read ? text : read.error().message;
  }

  /// The event that says where this log comes from, with the place it will have.
  Result<core::OwnedEvent> log_restored() const {
    events::LogRestored fact;
    fact.size = prefix_.tree.size;
    fact.root = core::to_hex(core::as_bytes(prefix_.tree.root));
    fact.backup_size = manifest().tree.size;
    fact.backup_root = core::to_hex(core::as_bytes(manifest().tree.root));
    fact.backup_made_at = core::format_time(manifest().made_at);
    fact.epoch = manifest().epoch + 1;
    fact.reason = order_.to_position ? "to_position" : order_.to_time ? "to_time" : "clone";
    if (order_.to_time) fact.to_time = core::format_time(*order_.to_time);
    events::EncodedEvent encoded = events::encode(events::SystemEvent(std::move(fact)));
    core::NewEvent event;
    event.stream = core::StreamId::parse(kSystemStream).value();
    event.type = encoded.type;
    event.schema = encoded.schema;
    event.id = core::EventId{core::uuid_v8(ossl::random_hash())};
    event.occurred_at = order_.now;
    event.facts = std::move(encoded.facts);
    event.content = std::move(encoded.content);
    event.salt = ossl::random_hash();
    core::seal(event, hasher_);
    const core::Placement placement{Position{prefix_.tree.size},
                                    core::Version{prefix_.system_events},
                                    std::max(order_.now, prefix_.recorded_at)};
    std::string bytes;
    core::encode_event(event, core::ProjectId::parse(kLogProject).value(), {}, placement, bytes);
    return core::OwnedEvent::decode(std::move(bytes));
  }

  /// A log of its own: event by event, then `LogRestored`.
  Status begin_epoch() {
    auto store = origin();
    if (!store) return store.error();
    auto last = log_restored();
    if (!last) return last.error();
    // What the new log must come to: the part, and one event more.
    std::vector<core::FullTile> tiles;
    prefix_.edge->append(core::leaf_hash(last->event(), hasher_), tiles);
    const rocks::RestoreTarget target{{(*store)->log_id(), (*store)->store_key()},
                                      prefix_.edge->head()};
    rocks::OpenOptions options;
    options.directory = place_.made();
    options.hasher = &hasher_;
    auto restore = rocks::Restore::begin(std::move(options), target);
    if (!restore) return restore.error();
    Status added = Ok{};
    bool stopped = false;
    const std::uint64_t size = prefix_.tree.size;
    const auto read = (*store)->log().read(Position{0}, [&](const core::RecordedEvent& event) {
      if (event.position.value >= size) return false;
      added = (*restore)->add(event);
      stopped = event.position.value % kEventsAtOnce == 0 &&
                !go_on("restoring", event.position.value, size);
      return added && !stopped;
    });
    if (!read) return read.error();
    if (!added) return added;
    if (stopped) return cancelled();
    if (added = (*restore)->add(last->event()); !added) return added;
    const std::uint64_t epoch = manifest().epoch + 1;
    const fs::path keys = place_.made() / kEpochName;
    if (auto written = write_file(keys, std::to_string(epoch) + "\n"); !written) return written;
    if (auto synced = sync_directory(keys.parent_path()); !synced) return synced;
    if (auto finished = (*restore)->finish(); !finished) return finished;
    result_ = {target.tree, size, epoch, true};
    return Ok{};
  }

  static Error cancelled() { return {Errc::cancelled, "the restore was stopped"}; }

  const Backup& backup_;
  const RestoreOrder& order_;
  const RestoreProgress& progress_;
  const RestoredLedger ledger_;
  Workplace place_;
  const ossl::OpenSslHasher hasher_;
  const events::VocabularyEquivalence equivalence_;
  std::unique_ptr<rocks::RocksStore> origin_;
  Prefix prefix_;
  RestoreResult result_;
};

}  // namespace

Result<RestoreResult> restore_backup(const Backup& backup, const RestoreOrder& order,
                                     const CheckNote& note, const RestoreProgress& progress) {
  if (order.to_position && order.to_time) {
    return Error{Errc::invalid_argument, "a position or a time, not both"};
  }
  // First the place: whoever names a wrong one need not wait for the reading.
  auto place =
      Workplace::begin(order.data, ".restoring", kSentence, Workplace::Target::absent_or_empty);
  if (!place) return place.error();
  auto ledger = find_ledger(order.ledger, order.ledger_place, backup.manifest().log_id);
  if (!ledger) return ledger.error();
  BackupChecks checks;
  checks.note = note;
  if (progress) {
    checks.progress = [&](std::uint64_t done, std::uint64_t total) {
      return progress("checking", done, total);
    };
  }
  const auto report = check_backup(backup, checks);
  if (!report) return report.error();
  if (!report->sound()) return first_fault(*report);
  return Restoring(backup, order, progress, *std::move(ledger), *std::move(place)).run();
}

}  // namespace hansard::cli
