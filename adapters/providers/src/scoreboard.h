#pragma once

#include <mutex>
#include <utility>

#include "core/time.h"
#include "providers/status.h"

namespace hansard::providers {

/// What is counted of one provider. Thread-safe: the loop writes, anybody reads.
class Scoreboard {
 public:
  explicit Scoreboard(const core::Clock& clock) : clock_(clock) {}

  template <class Change>
  void update(Change change) {
    const std::lock_guard lock(mutex_);
    change(status_);
  }
  void succeeded() {
    const core::Timestamp now = clock_.now();
    update([&](ProviderStatus& status) {
      ++status.succeeded;
      status.last_success = now;
    });
  }
  void failed(const core::Error& error) {
    const core::Timestamp now = clock_.now();
    update([&](ProviderStatus& status) {
      if (error.code == core::Errc::cancelled) {
        ++status.cancelled;
        return;
      }
      ++status.failures[error.field];
      // A request that nobody could send says nothing about the provider.
      if (error.code == core::Errc::invalid_argument || error.code == core::Errc::too_large) return;
      status.last_error = ProviderStatus::Failure{error, now};
    });
  }
  [[nodiscard]] ProviderStatus read() const {
    const std::lock_guard lock(mutex_);
    return status_;
  }

 private:
  const core::Clock& clock_;
  mutable std::mutex mutex_;
  ProviderStatus status_;
};

}  // namespace hansard::providers
