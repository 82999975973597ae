#include "engine/overlay_store.h"

#include <algorithm>
#include <utility>

namespace hansard::cli {

namespace {

using core::Position;
using core::ReadModel;
using core::Result;
using core::RowSink;
using core::Status;
using core::ViewId;

class OverlayModel final : public ReadModel {
 public:
  OverlayModel(std::unique_ptr<ReadModel> base, OverlayStore::Layers layers, Position checkpoint)
      : base_(std::move(base)), layers_(std::move(layers)), checkpoint_(checkpoint) {}

  [[nodiscard]] Position checkpoint() const override { return checkpoint_; }

  [[nodiscard]] Result<std::optional<std::string>> get(std::string_view key) const override {
    for (auto layer = layers_.rbegin(); layer != layers_.rend(); ++layer) {
      const auto found = (*layer)->find(key);
      if (found != (*layer)->end()) return found->second;
    }
    return base_->get(key);
  }

  Status scan(std::string_view prefix, std::string_view from, const RowSink& sink) const override {
    const OverlayStore::Rows above = range(prefix, from);
    auto next = above.begin();
    bool wanted = true;
    // Feeds what lies above and before `key` (all of it without one).
    const auto feed_above = [&](const std::string_view* key) {
      for (; wanted && next != above.end() && (key == nullptr || next->first < *key); ++next) {
        if (next->second) wanted = sink(next->first, *next->second);
      }
    };
    const Status status =
        base_->scan(prefix, from, [&](std::string_view key, std::string_view row) {
          feed_above(&key);
          if (!wanted) return false;
          if (next != above.end() && next->first == key)
            return true;  // replaced: fed with the next
          wanted = sink(key, row);
          return wanted;
        });
    if (!status) return status;
    feed_above(nullptr);
    return core::Ok{};
  }

 private:
  [[nodiscard]] OverlayStore::Rows range(std::string_view prefix, std::string_view from) const {
    OverlayStore::Rows rows;
    const std::string_view first = std::max(prefix, from);
    for (auto layer = layers_.rbegin(); layer != layers_.rend(); ++layer) {
      for (auto row = (*layer)->lower_bound(first); row != (*layer)->end(); ++row) {
        if (row->first.compare(0, prefix.size(), prefix) != 0) break;
        rows.insert(*row);  // the newest came first
      }
    }
    return rows;
  }

  std::unique_ptr<ReadModel> base_;
  OverlayStore::Layers layers_;
  Position checkpoint_;
};

}  // namespace

Result<std::unique_ptr<ReadModel>> OverlayStore::open(const ViewId& view) const {
  auto base = base_.open(view);
  if (!base) return base;
  const std::lock_guard lock(mutex_);
  const auto found = builds_.find(view);
  if (found == builds_.end()) return base;
  return std::unique_ptr<ReadModel>(std::make_unique<OverlayModel>(
      *std::move(base), found->second.layers, found->second.checkpoint));
}

Status OverlayStore::commit(const ViewId& view, std::vector<core::RowWrite> rows,
                            Position checkpoint) {
  Rows layer;
  for (core::RowWrite& row : rows) {
    layer.insert_or_assign(std::move(row.first), std::move(row.second));
  }
  const std::lock_guard lock(mutex_);
  Build& build = builds_[view];
  build.checkpoint = checkpoint;
  while (!build.layers.empty() && layer.size() * 2 >= build.layers.back()->size()) {
    layer.insert(build.layers.back()->begin(), build.layers.back()->end());
    build.layers.pop_back();
  }
  build.layers.push_back(std::make_shared<const Rows>(std::move(layer)));
  return core::Ok{};
}

Result<std::optional<ViewId>> OverlayStore::active(std::string_view name) const {
  {
    const std::lock_guard lock(mutex_);
    const auto found = active_.find(name);
    if (found != active_.end()) return std::optional<ViewId>(found->second);
  }
  return base_.active(name);
}

Status OverlayStore::activate(const ViewId& view) {
  const std::lock_guard lock(mutex_);
  active_[view.name] = view;
  return core::Ok{};
}

Result<std::vector<ViewId>> OverlayStore::builds() const {
  auto all = base_.builds();
  if (!all) return all;
  const std::lock_guard lock(mutex_);
  for (const auto& [view, build] : builds_) all->push_back(view);
  std::sort(all->begin(), all->end());
  all->erase(std::unique(all->begin(), all->end()), all->end());
  return all;
}

Status OverlayStore::drop(const ViewId& view) {
  const auto current = active(view.name);
  if (!current) return current.error();
  if (*current == view) {
    return core::Error{core::Errc::rejected, "view " + view.name + " is the one that answers"};
  }
  const std::lock_guard lock(mutex_);
  builds_.erase(view);
  return core::Ok{};
}

}  // namespace hansard::cli
