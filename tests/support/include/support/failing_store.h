#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/read_model_store.h"

namespace hansard::support {

/// A read model store whose storage fails while told to. Threads: safe to call concurrently.
class FailingStore final : public core::ReadModelStore {
 public:
  explicit FailingStore(core::ReadModelStore& store) : store_(store) {}

  std::atomic<bool> opens_fail{false};
  std::atomic<bool> commits_fail{false};
  std::atomic<bool> gets_fail{false};
  mutable std::atomic<int> failures{0};  ///< so far

  [[nodiscard]] core::Result<std::unique_ptr<core::ReadModel>> open(
      const core::ViewId& view) const override {
    if (opens_fail) return failed();
    auto model = store_.open(view);
    if (!model) return model.error();
    return std::unique_ptr<core::ReadModel>(std::make_unique<Model>(*this, *std::move(model)));
  }
  core::Status commit(const core::ViewId& view, std::vector<core::RowWrite> rows,
                      core::Position checkpoint) override {
    if (commits_fail) return failed();
    return store_.commit(view, std::move(rows), checkpoint);
  }
  [[nodiscard]] core::Result<std::optional<core::ViewId>> active(
      std::string_view name) const override {
    return store_.active(name);
  }
  core::Status activate(const core::ViewId& view) override { return store_.activate(view); }
  [[nodiscard]] core::Result<std::vector<core::ViewId>> builds() const override {
    return store_.builds();
  }
  core::Status drop(const core::ViewId& view) override { return store_.drop(view); }

 private:
  class Model final : public core::ReadModel {
   public:
    Model(const FailingStore& store, std::unique_ptr<core::ReadModel> model)
        : store_(store), model_(std::move(model)) {}
    [[nodiscard]] core::Position checkpoint() const override { return model_->checkpoint(); }
    [[nodiscard]] core::Result<std::optional<std::string>> get(
        std::string_view key) const override {
      if (store_.gets_fail) return store_.failed();
      return model_->get(key);
    }
    core::Status scan(std::string_view prefix, std::string_view from,
                      const core::RowSink& sink) const override {
      return model_->scan(prefix, from, sink);
    }

   private:
    const FailingStore& store_;
    std::unique_ptr<core::ReadModel> model_;
  };

  [[nodiscard]] core::Error failed() const {
    ++failures;
    return core::Error{core::Errc::unavailable, "the disk does not answer"};
  }

  core::ReadModelStore& store_;
};

}  // namespace hansard::support
