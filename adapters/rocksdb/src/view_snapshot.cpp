#include "view_snapshot.h"

#include <algorithm>

#include "status.h"

namespace hansard::rocks {
namespace {

using core::Errc;
using core::Error;

constexpr const char* kReading = "reading a view";

Error gone() {
  return Error{Errc::unavailable,
               "the store was closed or reopened meanwhile, or an erasure could not wait longer"};
}

}  // namespace

ViewSnapshot::ViewSnapshot(const std::shared_ptr<Database>& database, const core::ViewId& view)
    : database_(database), pin_(database->pin()), rows_(view_prefix(view) + kViewRow) {}

ViewSnapshot::~ViewSnapshot() {
  if (const auto database = database_.lock()) database->unpin(*pin_);
}

core::Result<std::unique_ptr<core::ReadModel>> ViewSnapshot::open(
    const std::shared_ptr<Database>& database, const core::ViewId& view) {
  std::unique_ptr<ViewSnapshot> snapshot(new ViewSnapshot(database, view));
  const std::shared_lock in_use(snapshot->pin_->in_use);
  if (snapshot->taken_back()) return gone();
  rocksdb::ReadOptions options;
  options.snapshot = snapshot->pin_->snapshot;
  rocksdb::PinnableSlice value;
  const auto status = database->db().Get(options, (*database)[Family::views],
                                         view_prefix(view) + kViewCheckpoint, &value);
  if (!status.ok() && !status.IsNotFound()) return translate(status, kReading);
  if (status.ok()) {
    if (value.size() != 8) {
      return Error{Errc::corruption, "the checkpoint of view '" + view.name + "' is malformed"};
    }
    snapshot->checkpoint_ = core::Position{get_be64(value.ToStringView())};
  }
  return std::unique_ptr<core::ReadModel>(std::move(snapshot));
}

core::Result<std::optional<std::string>> ViewSnapshot::get(std::string_view key) const {
  const auto database = database_.lock();
  if (!database || database->closing()) return gone();
  const std::shared_lock in_use(pin_->in_use);
  if (taken_back()) return gone();
  rocksdb::ReadOptions options;
  options.snapshot = pin_->snapshot;
  std::string value;
  const auto status =
      database->db().Get(options, (*database)[Family::views], rows_ + std::string(key), &value);
  if (status.IsNotFound()) return std::optional<std::string>{};
  if (!status.ok()) return translate(status, kReading);
  return std::optional<std::string>{std::move(value)};
}

core::Status ViewSnapshot::scan(std::string_view prefix, std::string_view from,
                                const core::RowSink& sink) const {
  const auto database = database_.lock();
  if (!database || database->closing()) return gone();
  const std::string first = rows_ + std::string(std::max(prefix, from));
  // The end of the prefix, or of all rows of the build; there is one, as for a build's prefix.
  const auto end = after_prefix(rows_ + std::string(prefix));
  HANSARD_ASSERT(end, "a build's prefix starts with the length of its name, at most 32");
  const rocksdb::Slice upper(*end);
  rocksdb::ReadOptions options;
  options.iterate_upper_bound = &upper;
  std::unique_ptr<rocksdb::Iterator> rows;
  {
    const std::shared_lock in_use(pin_->in_use);
    if (taken_back()) return gone();
    options.snapshot = pin_->snapshot;
    rows.reset(database->db().NewIterator(options, (*database)[Family::views]));
  }
  for (rows->Seek(first); rows->Valid(); rows->Next()) {
    if (database->closing() || taken_back()) return gone();
    const auto key = rows->key().ToStringView().substr(rows_.size());
    if (!sink(key, rows->value().ToStringView())) return core::Ok{};
  }
  if (!rows->status().ok()) return translate(rows->status(), kReading);
  return core::Ok{};
}

}  // namespace hansard::rocks
