#include "core/projection.h"

#include <algorithm>

namespace hansard::core {

const std::string* ReadModelBatch::get(std::string_view key) {
  std::string name(key);
  auto found = rows_.find(name);
  if (found == rows_.end()) {
    auto stored = base_.get(key);
    if (!stored) {
      if (status_) status_ = stored.error();
      return nullptr;
    }
    bytes_ += key.size() + (*stored ? (*stored)->size() : 0);
    found = rows_.emplace(std::move(name), Row{*std::move(stored), false}).first;
  }
  return found->second.value ? &*found->second.value : nullptr;
}

void ReadModelBatch::put(std::string_view key, std::string row) {
  const auto [found, fresh] = rows_.try_emplace(std::string(key));
  if (fresh) bytes_ += key.size();
  if (found->second.value) bytes_ -= found->second.value->size();
  bytes_ += row.size();
  found->second = Row{std::move(row), true};
}

void ReadModelBatch::erase(std::string_view key) {
  const auto [found, fresh] = rows_.try_emplace(std::string(key));
  if (fresh) bytes_ += key.size();
  if (found->second.value) bytes_ -= found->second.value->size();
  found->second = Row{std::nullopt, true};
}

std::vector<RowWrite> ReadModelBatch::take() {
  std::vector<RowWrite> writes;
  for (auto& [key, row] : rows_) {
    if (row.changed) writes.emplace_back(key, std::move(row.value));
  }
  rows_.clear();
  bytes_ = 0;
  std::sort(writes.begin(), writes.end(),
            [](const RowWrite& a, const RowWrite& b) { return a.first < b.first; });
  return writes;
}

}  // namespace hansard::core
