#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <memory>
#include <mutex>

#include "core/in_memory_event_log.h"
#include "disk.h"
#include "disk_files.h"
#include "driver.h"
#include "rocksdb_store/store.h"
#include "support/events.h"

namespace hansard::model {

/// The sequencer without a disk.
class InMemorySubject final : public Subject {
 public:
  explicit InMemorySubject(const core::EventEquivalence& equivalence)
      : log_(support::hasher(), equivalence) {}
  core::EventLog& log() override { return log_; }

 private:
  core::InMemoryEventLog log_;
};

/// The storage adapter on a simulated disk: syncs and writes fail, the power goes.
class StoreSubject final : public Subject {
 public:
  StoreSubject(const core::EventEquivalence& equivalence, std::uint64_t seed)
      : equivalence_(equivalence), disk_(std::make_shared<faults::Disk>(seed)) {
    if (const auto failed = open()) std::fprintf(stderr, "%s\n", failed->c_str());
  }

  core::EventLog& log() override { return store_->log(); }
  [[nodiscard]] bool is_open() const { return store_ != nullptr; }
  [[nodiscard]] std::uint64_t restarts() const { return restarts_; }
  [[nodiscard]] bool can_restart() const override { return true; }
  [[nodiscard]] bool has_power() const override { return disk_->has_power(); }

  std::optional<std::string> restart(std::mt19937_64& random) override {
    ++restarts_;
    const bool orderly = disk_->has_power() && random() % 3 == 0;
    if (!orderly) disk_->lose_power();
    store_.reset();
    disk_ = orderly ? disk_->copy() : disk_->after_power_loss(random());
    if (auto failed = open()) return failed;
    return {};
  }

  /// What the store tells its operator is the signal: when a commit failed, each time reopening
  /// failed, and when it serves again.
  bool wait_until_serving() override {
    std::unique_lock lock(noticed_mutex_);
    return noticed_.wait_for(lock, kPatience,
                             [this] { return store_->stats().serving || !disk_->has_power(); });
  }

  /// In one of the next writes or syncs of the log: it fails, or the power goes.
  void plan_fault(std::mt19937_64& random) override {
    auto left = std::make_shared<std::atomic<std::int64_t>>(1 + random() % 30);
    const auto verdict =
        random() % 2 == 0 ? faults::Verdict::lose_power : faults::Verdict::io_error;
    const auto op = random() % 2 == 0 ? faults::Op::write : faults::Op::sync;
    disk_->set_plan([=](const faults::Step& step) {
      if (step.op != op || !step.path.ends_with(".log")) return faults::Verdict::proceed;
      return --*left == 0 ? verdict : faults::Verdict::proceed;
    });
  }

 private:
  static constexpr std::chrono::minutes kPatience{5};

  std::optional<std::string> open() {
    rocks::OpenOptions options;
    options.directory = "/data";
    options.hasher = &support::hasher();
    options.equivalence = &equivalence_;
    options.file_system = faults::rocksdb_files(disk_);
    options.own_files = faults::own_files(disk_);
    options.free_space_floor_bytes = 0;
    options.free_space_hard_floor_bytes = 0;
    options.ballast_bytes = 0;
    options.memtable_bytes = 4U << 20;
    options.block_cache_bytes = 1U << 20;
    options.reopen_pause_max = std::chrono::milliseconds{50};
    options.notice = [this](std::string_view) {
      { const std::lock_guard lock(noticed_mutex_); }  // so that it is not missed by a waiter
      noticed_.notify_all();
    };
    auto store = rocks::RocksStore::open(std::move(options));
    if (!store) return "the store did not open: " + store.error().message;
    store_ = *std::move(store);
    return {};
  }

  const core::EventEquivalence& equivalence_;
  std::mutex noticed_mutex_;
  std::condition_variable noticed_;
  std::shared_ptr<faults::Disk> disk_;
  std::unique_ptr<rocks::RocksStore> store_;
  std::uint64_t restarts_ = 0;
};

}  // namespace hansard::model
