#include "rocksdb_store/restore.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "core/event_bytes.h"
#include "data_directory.h"
#include "head_file.h"
#include "identity.h"
#include "index_writer.h"
#include "log_end.h"
#include "log_state.h"
#include "reading.h"
#include "status.h"

namespace hansard::rocks {
namespace {

using core::Errc;
using core::Error;
using core::Ok;
using core::Status;

constexpr std::size_t kBatchBytes = 4U << 20;
/// What an interruption of the machine may cost is written again.
constexpr std::size_t kSyncBytes = 64U << 20;

}  // namespace

struct Restore::Impl {
  Impl(OpenOptions opened, DataDirectory locked, const core::TreeHead& tree)
      : options(std::move(opened)), directory(std::move(locked)), engine(options), target(tree) {}

  Status start();
  Status check(const core::RecordedEvent& event);
  Status write();

  const OpenOptions options;
  const DataDirectory directory;
  const Engine engine;
  const core::TreeHead target;
  HeadFile head_file;  ///< says what is durable, here too: after a power loss more may be there
  std::unique_ptr<Database> database;
  std::unique_ptr<IndexWriter> writer;
  core::SequencerState state;
  std::size_t unsynced = 0;
  // Of the batch that is being gathered:
  std::unordered_map<std::string, std::uint64_t> next_versions;  ///< by stream prefix
  std::unordered_set<std::string> ids;                           ///< id keys
  std::string stored;
};

Status Restore::Impl::start() {
  auto head = HeadFile::open(directory.files(), directory.head_file(), directory.log_id(), {});
  if (!head) return head.error();
  head_file = *std::move(head);
  const core::Position durable = head_file.end().value_or(core::Position{});
  const auto known = directory.has_database();
  if (!known) return known.error();
  auto opened = Database::open(engine, {directory.database(), !*known, false, false});
  if (!opened) return opened.error();
  database = *std::move(opened);
  if (auto same = check_identity(*database, directory, *options.hasher, false); !same) return same;
  if (auto cut = drop_behind_gap(*database, durable, false, options.notice); !cut) return cut;
  auto loaded = load_log_state(*database, *options.hasher);
  if (!loaded) return loaded.error();
  state = loaded->sequencer;
  if (state.next < durable) {
    return Error{Errc::corruption, "restored events are missing from position " +
                                       std::to_string(state.next.value) +
                                       " on; remove the directory and begin again"};
  }
  if (auto noted = head_file.settle(state.next); !noted) return noted;
  writer = std::make_unique<IndexWriter>(*database, std::move(loaded->edge), *options.hasher);
  return Ok{};
}

/// What the sequencer would have seen to. The tree alone does not: a log may be of one piece, and
/// still not one that this program wrote.
Status Restore::Impl::check(const core::RecordedEvent& event) {
  const std::string at = "position " + std::to_string(event.position.value);
  const auto invalid = [&](const std::string& what) {
    return Error{Errc::invalid_argument, at + ": " + what};
  };
  if (event.position != state.next) {
    return invalid("position " + std::to_string(state.next.value) + " must come next");
  }
  if (event.recorded_at < state.recorded_at) return invalid("recorded before the event before it");
  const auto object = [](std::string_view json) {
    return json.size() >= 2 && json.front() == '{' && json.back() == '}';
  };
  const bool erased_with_content = event.erased && !event.content.empty();
  if (!core::is_event_type(event.type) || !core::ProjectId::parse(event.project) ||
      !core::StreamId::parse(event.stream) || event.schema == 0 || event.id.is_nil() ||
      event.salt_or_commitment.size() != sizeof(core::Hash) || !object(event.facts) ||
      (!event.erased && !object(event.content)) || erased_with_content ||
      (event.occurred_at_from_client && !event.occurred_at)) {
    return invalid("a name, an id or a payload is not of its form");
  }
  if (event.facts.size() + event.content.size() > core::kMaxEventBytes) {
    return Error{Errc::too_large, at + ": more than the largest event"};
  }
  std::string id;
  put_id_key(id, event.project, event.id);
  const auto stored_id = find_id(*database, event.project, event.id);
  if (!stored_id) return stored_id.error();
  if (*stored_id || !ids.insert(std::move(id)).second) {
    return invalid("event id " + core::to_string(event.id) + " came before");
  }
  std::string stream;
  put_stream_prefix(stream, event.project, event.stream);
  const auto [next, first] = next_versions.try_emplace(stream, 0);
  if (first) {
    const auto run = last_run(*database, stream, state.next);
    if (!run) return run.error();
    if (*run) next->second = (*run)->first_version.value + (*run)->count;
  }
  if (event.version.value != next->second) {
    return invalid("version " + std::to_string(next->second) + " of " + std::string(event.stream) +
                   " must come next, not " + std::to_string(event.version.value));
  }
  ++next->second;
  return Ok{};
}

Status Restore::Impl::write() {
  unsynced += writer->bytes();
  const bool sync = unsynced >= kSyncBytes;
  if (auto written = writer->write(sync); !written) return written;
  next_versions.clear();
  ids.clear();
  if (!sync) return Ok{};
  unsynced = 0;
  return head_file.write(state.next);
}

Restore::Restore(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Restore::~Restore() = default;

core::Result<std::unique_ptr<Restore>> Restore::begin(OpenOptions options,
                                                      const RestoreTarget& target) {
  HANSARD_ASSERT(options.hasher != nullptr, "a log cannot be written without it");
  if (!options.own_files) options.own_files = posix_files();
  auto directory = DataDirectory::open(options.own_files, options.directory,
                                       {.create = true, .read_only = false, .restoring = &target});
  if (!directory) return directory.error();
  auto impl = std::make_unique<Impl>(std::move(options), *std::move(directory), target.tree);
  if (auto started = impl->start(); !started) return started.error();
  return std::unique_ptr<Restore>(new Restore(std::move(impl)));
}

core::Position Restore::next() const { return impl_->state.next; }

Status Restore::add(const core::RecordedEvent& event) {
  if (auto formed = impl_->check(event); !formed) return formed;
  impl_->stored.clear();
  core::encode_recorded(event, impl_->stored);
  // Decoded again, because the leaf is over the header as it is stored.
  const auto decoded = core::decode_event(impl_->stored);
  if (!decoded) return Error{Errc::invalid_argument, decoded.error().message};
  if (auto added = impl_->writer->add(*decoded, impl_->stored); !added) return added;
  ++impl_->state.next.value;
  impl_->state.recorded_at = event.recorded_at;
  if (impl_->writer->bytes() < kBatchBytes) return Ok{};
  return impl_->write();
}

Status Restore::finish() {
  Impl& impl = *impl_;
  if (auto written = impl.writer->write(true); !written) return written;
  const core::TreeHead head = impl.writer->head();
  if (head != impl.target) {
    return Error{Errc::corruption,
                 "the restored log has " + std::to_string(head.size) + " events and the root " +
                     core::to_hex(core::as_bytes(head.root)) + ", but " +
                     std::to_string(impl.target.size) + " and " +
                     core::to_hex(core::as_bytes(impl.target.root)) + " were exported"};
  }
  OwnFiles& files = impl.directory.files();
  if (auto noted = impl.head_file.settle(impl.state.next); !noted) return noted;
  impl.writer.reset();
  impl.database.reset();
  if (auto removed = files.remove(impl.directory.restore_mark()); !removed) return removed;
  return files.sync_directory(impl.directory.path());
}

core::Result<LogIdentity> read_identity(const std::filesystem::path& directory) {
  return read_key_files(*posix_files(), directory);
}

}  // namespace hansard::rocks
