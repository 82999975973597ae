#include "audit/view_check.h"

#include <map>
#include <memory>
#include <utility>

#include "core/projection_runner.h"
#include "text/terminal.h"

namespace hansard::cli {

namespace {

using core::Errc;
using core::Error;
using core::Ok;
using core::Result;
using core::Status;

using Rows = std::map<std::string, std::string, std::less<>>;

/// Rows that change only while nobody reads them: a fold gives its view back before it commits.
class RowsView final : public core::ReadModel {
 public:
  RowsView(const Rows& rows, core::Position checkpoint) : rows_(rows), checkpoint_(checkpoint) {}
  [[nodiscard]] core::Position checkpoint() const override { return checkpoint_; }
  [[nodiscard]] Result<std::optional<std::string>> get(std::string_view key) const override {
    const auto found = rows_.find(key);
    if (found == rows_.end()) return std::optional<std::string>{};
    return std::optional<std::string>{found->second};
  }
  Status scan(std::string_view prefix, std::string_view from,
              const core::RowSink& sink) const override {
    for (auto row = rows_.lower_bound(std::max(prefix, from)); row != rows_.end(); ++row) {
      if (!row->first.starts_with(prefix) || !sink(row->first, row->second)) break;
    }
    return Ok{};
  }

 private:
  const Rows& rows_;
  const core::Position checkpoint_;
};

/// One build, in memory and bounded. Caller synchronises.
class OneBuild final : public core::ReadModelStore {
 public:
  OneBuild(std::size_t bytes_max, const std::function<bool(core::Position)>& advanced)
      : bytes_max_(bytes_max), advanced_(advanced) {}

  [[nodiscard]] Result<std::unique_ptr<core::ReadModel>> open(const core::ViewId&) const override {
    return std::unique_ptr<core::ReadModel>(std::make_unique<RowsView>(rows_, checkpoint_));
  }
  Status commit(const core::ViewId&, std::vector<core::RowWrite> rows,
                core::Position checkpoint) override {
    for (auto& [key, row] : rows) {
      const auto old = rows_.find(key);
      if (old != rows_.end()) bytes_ -= old->first.size() + old->second.size();
      if (row) {
        bytes_ += key.size() + row->size();
        rows_.insert_or_assign(std::move(key), *std::move(row));
      } else if (old != rows_.end()) {
        rows_.erase(old);
      }
    }
    checkpoint_ = checkpoint;
    if (bytes_ > bytes_max_) {
      return Error{Errc::too_large,
                   "its rows take more than " + std::to_string(bytes_max_ >> 20) + " MiB"};
    }
    if (!advanced_(checkpoint)) return Error{Errc::cancelled, "verifying was stopped"};
    return Ok{};
  }
  [[nodiscard]] Result<std::optional<core::ViewId>> active(std::string_view) const override {
    return std::optional<core::ViewId>{};
  }
  Status activate(const core::ViewId&) override { return Ok{}; }
  [[nodiscard]] Result<std::vector<core::ViewId>> builds() const override {
    return std::vector<core::ViewId>{};
  }
  Status drop(const core::ViewId&) override { return Ok{}; }

  [[nodiscard]] const Rows& rows() const { return rows_; }

 private:
  const std::size_t bytes_max_;
  const std::function<bool(core::Position)>& advanced_;
  Rows rows_;
  std::size_t bytes_ = 0;
  core::Position checkpoint_;
};

/// Walks both in key order.
Status compare(const core::ReadModel& live, const Rows& rebuilt, ViewCheck& out) {
  auto wanted = rebuilt.begin();
  const auto differ = [&](std::string_view key) {
    if (out.differing++ == 0) out.first = printable(key);
  };
  const Status status = live.scan("", "", [&](std::string_view key, std::string_view row) {
    ++out.rows;
    for (; wanted != rebuilt.end() && wanted->first < key; ++wanted) differ(wanted->first);
    const bool there = wanted != rebuilt.end() && wanted->first == key;
    if (!there || wanted->second != row) differ(key);
    if (there) ++wanted;
    return true;
  });
  if (!status) return status;
  for (; wanted != rebuilt.end(); ++wanted) differ(wanted->first);
  return status;
}

/// What is wrong with the view, rather than with looking at it.
bool is_fault(const Error& error) {
  return error.code != Errc::unavailable && error.code != Errc::cancelled;
}

}  // namespace

Result<ViewCheck> check_view(rocks::RocksStore& store, const core::Projection& projection,
                             std::size_t bytes_max,
                             const std::function<bool(core::Position at)>& advanced) {
  ViewCheck out;
  out.name = std::string(projection.name());
  const auto wrong = [&](const Error& error) -> Result<ViewCheck> {
    if (!is_fault(error)) return error;
    out.fault = error.message;
    return out;
  };
  const auto active = store.views().active(projection.name());
  if (!active) return wrong(active.error());
  if (!*active) {
    out.remark = "not built yet";
    return out;
  }
  if ((*active)->version != projection.version()) {
    out.remark = "of version " + std::to_string((*active)->version) + ", to be rebuilt as " +
                 std::to_string(projection.version());
    return out;
  }
  const auto live = store.views().open(**active);
  if (!live) return wrong(live.error());
  out.checkpoint = (*live)->checkpoint();
  OneBuild memory(bytes_max, advanced);
  const Status built = core::build(store.log(), memory, projection,
                                   {out.name, projection.version(), 0}, out.checkpoint);
  if (!built && built.error().code == Errc::too_large) {
    out.remark = "not compared: " + built.error().message;
    return out;
  }
  if (!built) return wrong(built.error());
  const Status compared = compare(**live, memory.rows(), out);
  if (!compared) return wrong(compared.error());
  return out;
}

}  // namespace hansard::cli
