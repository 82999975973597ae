#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "core/projection_runner.h"

namespace hansard::core {
namespace {

/// Rows of one build at one moment. Changed in place while nobody reads it, else copied first.
struct Build {
  std::map<std::string, std::string, std::less<>> rows;
  Position checkpoint;
  int readers = 0;  ///< guarded by the store's mutex
};

struct Shared {
  std::mutex mutex;
  std::map<ViewId, std::shared_ptr<Build>> builds;
  std::map<std::string, ViewId, std::less<>> active;
};

/// Counts itself as a reader for as long as it lives. It may outlive the store and the build.
class Snapshot final : public ReadModel {
 public:
  Snapshot(std::shared_ptr<Shared> shared, std::shared_ptr<Build> build)
      : shared_(std::move(shared)), build_(std::move(build)) {
    ++build_->readers;  // the store holds its mutex
  }
  ~Snapshot() override {
    const std::lock_guard lock(shared_->mutex);
    --build_->readers;
  }
  Snapshot(const Snapshot&) = delete;
  Snapshot& operator=(const Snapshot&) = delete;

  [[nodiscard]] Position checkpoint() const override { return build_->checkpoint; }

  [[nodiscard]] Result<std::optional<std::string>> get(std::string_view key) const override {
    const auto found = build_->rows.find(key);
    if (found == build_->rows.end()) return std::optional<std::string>{};
    return std::optional<std::string>{found->second};
  }

  Status scan(std::string_view prefix, std::string_view from, const RowSink& sink) const override {
    for (auto row = build_->rows.lower_bound(std::max(prefix, from)); row != build_->rows.end();
         ++row) {
      if (!row->first.starts_with(prefix) || !sink(row->first, row->second)) break;
    }
    return Ok{};
  }

 private:
  std::shared_ptr<Shared> shared_;
  std::shared_ptr<Build> build_;
};

class InMemoryReadModelStore final : public ReadModelStore {
 public:
  [[nodiscard]] Result<std::unique_ptr<ReadModel>> open(const ViewId& view) const override {
    const std::lock_guard lock(shared_->mutex);
    const auto found = shared_->builds.find(view);
    auto build = found == shared_->builds.end() ? std::make_shared<Build>() : found->second;
    return std::unique_ptr<ReadModel>(std::make_unique<Snapshot>(shared_, std::move(build)));
  }

  Status commit(const ViewId& view, std::vector<RowWrite> rows, Position checkpoint) override {
    const std::lock_guard lock(shared_->mutex);
    std::shared_ptr<Build>& build = shared_->builds[view];
    if (!build) build = std::make_shared<Build>();
    if (build->readers != 0) {
      auto copy = std::make_shared<Build>();
      copy->rows = build->rows;
      build = std::move(copy);
    }
    for (auto& [key, row] : rows) {
      if (row) {
        build->rows.insert_or_assign(std::move(key), *std::move(row));
      } else {
        build->rows.erase(key);
      }
    }
    build->checkpoint = checkpoint;
    return Ok{};
  }

  [[nodiscard]] Result<std::optional<ViewId>> active(std::string_view name) const override {
    const std::lock_guard lock(shared_->mutex);
    const auto found = shared_->active.find(name);
    if (found == shared_->active.end()) return std::optional<ViewId>{};
    return std::optional<ViewId>{found->second};
  }

  Status activate(const ViewId& view) override {
    const std::lock_guard lock(shared_->mutex);
    shared_->active.insert_or_assign(view.name, view);
    return Ok{};
  }

  [[nodiscard]] Result<std::vector<ViewId>> builds() const override {
    const std::lock_guard lock(shared_->mutex);
    std::vector<ViewId> views;
    for (const auto& [view, build] : shared_->builds) views.push_back(view);
    return views;
  }

  Status drop(const ViewId& view) override {
    const std::lock_guard lock(shared_->mutex);
    const auto found = shared_->active.find(view.name);
    if (found != shared_->active.end() && found->second == view) {
      return Error{Errc::rejected,
                   "view '" + view.name + "' answers queries: it cannot be dropped"};
    }
    shared_->builds.erase(view);
    return Ok{};
  }

 private:
  const std::shared_ptr<Shared> shared_ = std::make_shared<Shared>();
};

}  // namespace

std::unique_ptr<ReadModelStore> make_in_memory_read_model_store() {
  return std::make_unique<InMemoryReadModelStore>();
}

}  // namespace hansard::core
