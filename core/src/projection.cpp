#include "core/projection.h"

#include <algorithm>

#include "core/assert.h"

namespace hansard::core {

const std::string* ReadModelBatch::get(std::string_view key) {
  auto found = rows_.find(key);
  if (found == rows_.end()) {
    auto stored = base_.get(key);
    if (!stored) {
      if (status_) status_ = stored.error();
      return nullptr;
    }
    bytes_ += key.size() + (*stored ? (*stored)->size() : 0);
    const bool absent = !*stored;
    found = rows_.emplace(std::string(key), Row{*std::move(stored), false, absent}).first;
  }
  return found->second.value ? &*found->second.value : nullptr;
}

/// The batch's entry for `key`, made when there is none; its value is about to be replaced.
ReadModelBatch::Row& ReadModelBatch::row_at(std::string_view key) {
  auto found = rows_.find(key);
  if (found == rows_.end()) {
    bytes_ += key.size();
    found = rows_.emplace(std::string(key), Row{}).first;
  }
  if (found->second.value) bytes_ -= found->second.value->size();
  return found->second;
}

void ReadModelBatch::put(std::string_view key, std::string row) {
  Row& at = row_at(key);
  bytes_ += row.size();
  at.value = std::move(row);
  at.changed = true;
}

void ReadModelBatch::put_new(std::string_view key, std::string row) {
  Row& at = row_at(key);
  bytes_ += row.size();
  HANSARD_ASSERT(!at.value, "a new row must not replace one");
  // A row erased earlier in this batch may well be stored.
  if (!at.changed) at.absent = true;
  at.value = std::move(row);
  at.changed = true;
}

void ReadModelBatch::erase(std::string_view key) {
  const auto found = rows_.find(key);
  if (found != rows_.end() && found->second.absent) {
    bytes_ -= key.size() + (found->second.value ? found->second.value->size() : 0);
    rows_.erase(found);
    return;
  }
  Row& at = row_at(key);
  at.value.reset();
  at.changed = true;
}

std::vector<RowWrite> ReadModelBatch::take() {
  std::vector<RowWrite> writes;
  writes.reserve(rows_.size());
  while (!rows_.empty()) {
    auto node = rows_.extract(rows_.begin());
    if (!node.mapped().changed) continue;
    writes.emplace_back(std::move(node.key()), std::move(node.mapped().value));
  }
  bytes_ = 0;
  std::sort(writes.begin(), writes.end(),
            [](const RowWrite& a, const RowWrite& b) { return a.first < b.first; });
  return writes;
}

}  // namespace hansard::core
