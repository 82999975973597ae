#include "rocksdb_store/store.h"

#include <rocksdb/cache.h>
#include <rocksdb/write_buffer_manager.h>

#include "identity.h"
#include "log_end.h"
#include "repair.h"
#include "store_impl.h"

namespace hansard::rocks {

using core::Errc;
using core::Error;
using core::Ok;
using core::Status;

RocksStore::Impl::Impl(OpenOptions opened, DataDirectory locked)
    : options(std::move(opened)),
      directory(std::move(locked)),
      epoch(directory.epoch()),
      engine(options),
      space(directory.files(), directory.ballast(),
            {options.free_space_floor_bytes, options.free_space_hard_floor_bytes,
             options.ballast_bytes},
            options.notice, [this] { return directory.files().free_bytes(directory.path()); }),
      notifier(published),
      views(databases, options.read_only),
      log(databases, published, notifier, {&mask, options.hasher}),
      hash_tree(databases, published, *options.hasher),
      eraser({options, engine, databases, views, mask, directory.path(),
              [this](std::uint64_t opening, const Error& error) {
                if (committer) committer->database_failed(opening, error);
              }}) {}

void RocksStore::Impl::notice(const std::string& text) const {
  if (options.notice) options.notice(text);
}

core::Result<std::unique_ptr<Database>> RocksStore::Impl::open_database() const {
  const auto known = directory.has_database();
  if (!known) return known.error();
  if (options.read_only && !*known) {
    return Error{Errc::not_found, "there is no log in " + directory.path().string()};
  }
  Database::How how{directory.database(), !*known, options.read_only, false};
  auto database = Database::open(engine, how);
  const bool lossy = options.accept_loss && !options.read_only;
  if (!database && database.error().code == Errc::corruption && lossy) {
    how.tolerate_loss = true;
    database = Database::open(engine, how);
  }
  if (!database) return database;
  if (auto same = check_identity(**database, directory, *options.hasher, options.read_only);
      !same) {
    return same.error();
  }
  return database;
}

Status RocksStore::Impl::start() {
  auto head = HeadFile::open(directory.files(), directory.head_file(), directory.log_id(),
                             {options.read_only, options.accept_loss});
  if (!head) return head.error();
  head_file = *std::move(head);
  if (!options.read_only) space.refresh();
  auto database = open_database();
  if (!database) return database.error();
  if (options.accept_loss && !options.read_only) {
    if (auto done = repair_indexes(**database, *options.hasher, options.notice); !done) return done;
  }
  if (const auto acknowledged = head_file.end()) {
    auto dropped = drop_behind_gap(**database, *acknowledged, options.read_only, options.notice);
    if (!dropped) return dropped;
  }
  auto state = load_log_state(**database, *options.hasher);
  if (!state) return state.error();
  const core::Position end = state->sequencer.next;
  if (auto checked = check_head(end); !checked) return checked;
  published.set(state->edge.head());
  if (options.read_only) {
    databases.set(*std::move(database));
    return Ok{};
  }

  const auto dropped = ViewStore::drop_ahead(**database, end);
  if (!dropped) return dropped.error();
  if (*dropped != 0) notice("dropped " + std::to_string(*dropped) + " views ahead of the log");
  if (auto noted = head_file.settle(end); !noted) return noted;
  if (auto synced = directory.files().sync_directory(directory.path()); !synced) return synced;
  databases.set(*std::move(database));

  maintenance = std::make_unique<Maintenance>(views, space, options.views_flush_interval);
  views.on_flush_due([this] { maintenance->flush_views(); });
  const auto reopen = [this]() -> core::Result<std::unique_ptr<Database>> {
    auto again = open_database();
    if (!again) return again;
    auto cut = drop_behind_gap(**again, published.end(), false, options.notice);
    if (!cut) return cut.error();
    if (auto written = views.write_unflushed(**again); !written) return written.error();
    return again;
  };
  committer = std::make_unique<Committer>(Committer::Parts{options,
                                                           databases,
                                                           published,
                                                           head_file,
                                                           notifier,
                                                           space,
                                                           counters,
                                                           {&mask, options.hasher},
                                                           reopen},
                                          *std::move(state));
  log.write_with(committer.get());
  views.on_failure([this](std::uint64_t opening, const Error& error) {
    // While the disk is full opening would fail, and readers would lose what they have. Whoever
    // failed tries again, so this comes again when there is space.
    const bool full =
        error.code == Errc::out_of_space && space.level() != SpaceGuard::Level::enough;
    if (!full) committer->database_failed(opening, error);
  });
  return Ok{};
}

Status RocksStore::Impl::check_head(core::Position end) {
  const auto synced = head_file.end();
  if (!synced && end.value != 0) notice("HEAD is missing; it is written anew");
  if (!synced || *synced <= end) return Ok{};
  const std::string missing =
      std::to_string(synced->value - end.value) + " acknowledged events are missing: positions " +
      std::to_string(end.value) + " to " + std::to_string(synced->value - 1);
  if (options.accept_loss) {
    notice(missing + "; the loss is accepted");
    return Ok{};
  }
  return Error{Errc::corruption, missing +
                                     "; restore a backup, or go on without them with "
                                     "`hansard doctor --accept-loss`"};
}

core::Result<std::unique_ptr<RocksStore>> RocksStore::open(OpenOptions options) {
  HANSARD_ASSERT(options.hasher != nullptr && options.equivalence != nullptr,
                 "a log cannot work without them");
  auto directory =
      DataDirectory::open(options.own_files ? options.own_files : posix_files(), options.directory,
                          {options.create_if_missing, options.read_only});
  if (!directory) return directory.error();
  auto impl = std::make_unique<Impl>(std::move(options), *std::move(directory));
  if (auto started = impl->start(); !started) return started.error();
  return std::unique_ptr<RocksStore>(new RocksStore(std::move(impl)));
}

RocksStore::RocksStore(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

RocksStore::~RocksStore() {
  if (auto closed = close(); !closed) impl_->notice("closing: " + closed.error().message);
}

core::EventLog& RocksStore::log() { return impl_->log; }
core::ReadModelStore& RocksStore::views() { return impl_->views; }
const core::Tree& RocksStore::tree() const { return impl_->hash_tree; }
ContentEraser& RocksStore::eraser() { return impl_->eraser; }
const core::Hash& RocksStore::store_key() const { return impl_->directory.store_key(); }
const core::Uuid& RocksStore::log_id() const { return impl_->directory.log_id(); }
std::uint64_t RocksStore::epoch() const { return impl_->epoch; }
Status RocksStore::begin_epoch() {
  const std::uint64_t next = impl_->epoch + 1;
  if (auto kept = replace_file(impl_->directory.files(), directory() / "keys" / "epoch",
                               std::to_string(next) + "\n");
      !kept) {
    return kept;
  }
  impl_->epoch = next;
  return Ok{};
}
const std::filesystem::path& RocksStore::directory() const { return impl_->directory.path(); }
OwnFiles& RocksStore::own_files() const { return impl_->directory.files(); }

Status RocksStore::close() {
  if (std::exchange(impl_->closed, true)) return Ok{};
  Status outcome = Ok{};
  impl_->eraser.stop();
  if (impl_->committer) {
    impl_->committer->stop();
    impl_->maintenance->stop();
    outcome = impl_->views.flush();
  }
  impl_->notifier.stop();
  if (impl_->committer && impl_->head_file.end()) {
    if (auto synced = impl_->head_file.sync(); !synced && outcome) outcome = synced;
  }
  impl_->databases.close();
  return outcome;
}

std::vector<MemoryUse> RocksStore::memory_usage() const {
  const auto& [options, engine] = std::tie(impl_->options, impl_->engine);
  std::vector<MemoryUse> uses;
  uses.push_back({"memtables", engine.memtables->memory_usage(), options.memtable_bytes});
  uses.push_back({"block_cache", engine.block_cache->GetUsage(), options.block_cache_bytes});
  uses.push_back({"head_cache", impl_->counters.head_cache_bytes.load(), options.head_cache_bytes});
  std::size_t readers = 0;
  if (const auto database = impl_->databases.get()) {
    for (std::size_t i = 0; i < kFamilies; ++i) {
      std::uint64_t bytes = 0;
      if ((*database)->db().GetIntProperty((**database)[static_cast<Family>(i)],
                                           rocksdb::DB::Properties::kEstimateTableReadersMem,
                                           &bytes)) {
        readers += bytes;
      }
    }
  }
  uses.push_back({"table_readers", readers, 0});
  const auto depth = impl_->committer ? impl_->committer->queue_depth() : RequestQueue::Depth{};
  uses.push_back({"append_queue", depth.bytes, options.queue_bytes_max});
  uses.push_back(
      {"views_unflushed", impl_->views.unflushed_bytes(), 2 * ViewStore::kUnflushedBytes});
  return uses;
}

Stats RocksStore::stats() const {
  const Counters& counters = impl_->counters;
  Stats stats;
  stats.groups = counters.groups;
  stats.requests = counters.requests;
  stats.events = counters.events;
  stats.bytes = counters.bytes;
  stats.overloaded = counters.overloaded;
  stats.out_of_space = counters.out_of_space;
  stats.commit_failures = counters.commit_failures;
  stats.reopened = counters.reopened;
  if (impl_->committer) {
    const auto depth = impl_->committer->queue_depth();
    stats.queue_requests = depth.requests;
    stats.queue_bytes = depth.bytes;
  }
  for (const auto& bucket : counters.sync_buckets) stats.sync_buckets.push_back(bucket);
  stats.sync_time = std::chrono::microseconds(counters.sync_us.load());
  stats.serving = counters.serving;
  stats.space_short = impl_->space.level() != SpaceGuard::Level::enough;
  return stats;
}

}  // namespace hansard::rocks
