#include <algorithm>

#include <rocksdb/write_batch.h>

#include "core/event_bytes.h"
#include "data_directory.h"
#include "head_file.h"
#include "identity.h"
#include "index_writer.h"
#include "log_end.h"
#include "reading.h"
#include "rocksdb_store/repair.h"
#include "status.h"

namespace hansard::rocks {
namespace {

using core::Errc;
using core::Error;
using core::Ok;
using core::Position;
using core::Result;
using core::Status;

constexpr std::size_t kBatchBytes = 4U << 20;
constexpr std::uint64_t kProgressEvents = 16'384;

/// HEAD, or one to be written anew: what it said cannot be rebuilt, but nothing that is there
/// depends on it.
Result<HeadFile> open_head(const DataDirectory& directory, RepairReport& report) {
  auto head = HeadFile::open(directory.files(), directory.head_file(), directory.log_id(), {});
  if (head || head.error().code != Errc::corruption) return head;
  report.head_replaced = true;
  return HeadFile::open(directory.files(), directory.head_file(), directory.log_id(),
                        {.read_only = false, .replace = true});
}

/// Reads every event before anything is changed, and holds the tree over them against the heads.
class Reading {
 public:
  Reading(const Database& database, const core::Hasher& hasher, const RepairPlan& plan)
      : database_(database), hasher_(hasher), plan_(plan), edge_(hasher), heads_(plan.heads) {
    std::sort(heads_.begin(), heads_.end(),
              [](const auto& a, const auto& b) { return a.size < b.size; });
  }

  Result<core::TreeHead> run(Position end) {
    if (auto held = check_heads(); !held) return held.error();
    Status held = Ok{};
    const auto read =
        read_events(database_, Position{0}, end, [&](const core::RecordedEvent& event) {
          edge_.append(core::leaf_hash(event, hasher_), full_);
          full_.clear();
          if (plan_.progress && edge_.size() % kProgressEvents == 0) {
            plan_.progress(Position{edge_.size()}, Position{2 * end.value});
          }
          held = check_heads();
          return held.has_value();
        });
    if (!held) return held.error();
    if (!read) {
      return Error{read.error().code,
                   read.error().message + "; an event cannot be rebuilt, so nothing was changed"};
    }
    if (next_ < heads_.size()) {
      return Error{Errc::rejected, "a checkpoint of " + std::to_string(heads_[next_].size) +
                                       " events was signed, but the log has " +
                                       std::to_string(end.value) + "; nothing was changed"};
    }
    return edge_.head();
  }

 private:
  Status check_heads() {
    for (; next_ < heads_.size() && heads_[next_].size == edge_.size(); ++next_) {
      const core::Hash found = edge_.head().root;
      if (found == heads_[next_].root) continue;
      return Error{Errc::rejected,
                   "the events are not those that were signed: the root over the first " +
                       std::to_string(edge_.size()) + " is " + core::to_hex(core::as_bytes(found)) +
                       ", the signed one is " + core::to_hex(core::as_bytes(heads_[next_].root)) +
                       "; nothing was changed"};
    }
    return Ok{};
  }

  const Database& database_;
  const core::Hasher& hasher_;
  const RepairPlan& plan_;
  core::MerkleEdge edge_;
  std::vector<core::FullTile> full_;
  std::vector<core::TreeHead> heads_;
  std::size_t next_ = 0;
};

/// Which builds answer; they are gone.
Status forget_views(const Database& database) {
  rocksdb::WriteBatch batch;
  const std::unique_ptr<rocksdb::Iterator> entries(
      database.db().NewIterator(rocksdb::ReadOptions(), database[Family::meta]));
  for (entries->Seek(kMetaActiveView);
       entries->Valid() && entries->key().starts_with(kMetaActiveView); entries->Next()) {
    const auto added = batch.Delete(database[Family::meta], entries->key());
    HANSARD_ASSERT(added.ok(), "a batch without a size limit takes every key");
  }
  if (!entries->status().ok()) return translate(entries->status(), "reading which views answer");
  rocksdb::WriteOptions options;
  options.sync = true;
  const auto status = database.db().Write(options, &batch);
  if (!status.ok()) return translate(status, "dropping views");
  return Ok{};
}

Status write_indexes(const Database& database, const core::Hasher& hasher, const RepairPlan& plan,
                     const core::TreeHead& tree) {
  IndexWriter rebuild(database, core::MerkleEdge(hasher), hasher);
  Status added = Ok{};
  const auto read = read_events(
      database, Position{0}, Position{tree.size}, [&](const core::RecordedEvent& event) {
        added = rebuild.add(event);
        if (added && rebuild.bytes() >= kBatchBytes) added = rebuild.write(false);
        if (plan.progress && event.position.value % kProgressEvents == 0) {
          plan.progress(Position{tree.size + event.position.value}, Position{2 * tree.size});
        }
        return added.has_value();
      });
  if (!read) return read.error();
  if (!added) return added;
  if (auto written = rebuild.write(true); !written) return written;
  HANSARD_ASSERT(rebuild.head() == tree, "the same events have the same tree");
  return Ok{};
}

}  // namespace

Result<RepairReport> repair(OpenOptions options, const RepairPlan& plan) {
  HANSARD_ASSERT(options.hasher != nullptr, "a tree cannot be grown without it");
  if (!options.own_files) options.own_files = posix_files();
  auto directory = DataDirectory::open(options.own_files, options.directory,
                                       {.create = false, .repairing = true});
  if (!directory) return directory.error();
  OwnFiles& files = directory->files();
  RepairReport report;
  auto head = open_head(*directory, report);
  if (!head) return head.error();
  const auto known = directory->has_database();
  if (!known) return known.error();
  if (!*known) return Error{Errc::not_found, "there is no log in " + options.directory.string()};
  const Engine engine(options);
  const Database::How how{directory->database(), false, false, false};
  auto database = Database::open(engine, how);
  if (!database) return database.error();
  if (auto same = check_identity(**database, *directory, *options.hasher, false); !same) {
    return same.error();
  }
  if (const auto synced = head->end()) {
    auto dropped = drop_behind_gap(**database, *synced, false, options.notice);
    if (!dropped) return dropped.error();
  }
  const auto end = stored_end(**database);
  if (!end) return end.error();
  if (const auto synced = head->end(); synced && *synced > *end) {
    return Error{Errc::corruption, std::to_string(synced->value - end->value) +
                                       " acknowledged events are missing: positions " +
                                       std::to_string(end->value) + " to " +
                                       std::to_string(synced->value - 1) +
                                       "; an event cannot be rebuilt, so nothing was changed"};
  }
  const auto tree = Reading(**database, *options.hasher, plan).run(*end);
  if (!tree) return tree.error();
  report.tree = *tree;

  const bool again = directory->repairing();  // then nobody knows what was dropped before
  const bool views = plan.views || again;
  if (auto marked = replace_file(files, directory->repair_mark(), "repairing\n"); !marked) {
    return marked.error();
  }
  // Whole families, so that damaged files go with them: a file with a bad block can be neither
  // read nor compacted.
  for (const Family family : {Family::streams, Family::ids, Family::merkle}) {
    if (auto dropped = (*database)->drop(family); !dropped) return dropped.error();
  }
  if (views) {
    if (auto dropped = (*database)->drop(Family::views); !dropped) return dropped.error();
    if (auto forgotten = forget_views(**database); !forgotten) return forgotten.error();
  }
  database->reset();
  database = Database::open(engine, how);  // which makes those that are missing
  if (!database) return database.error();
  if (auto written = write_indexes(**database, *options.hasher, plan, *tree); !written) {
    return written.error();
  }
  if (auto noted = head->settle(*end); !noted) return noted.error();
  database->reset();
  if (auto removed = files.remove(directory->repair_mark()); !removed) return removed.error();
  if (auto synced = files.sync_directory(directory->path()); !synced) return synced.error();
  return report;
}

}  // namespace hansard::rocks
