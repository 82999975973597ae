#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <mutex>
#include <optional>
#include <string_view>

#include "core/result.h"
#include "rocksdb_store/own_files.h"

namespace hansard::rocks {

/// Keeps the disk from filling up under the log. Below the floor appends stop, and the ballast file
/// is given up so that answers in flight can still be recorded, until the hard floor. When space is
/// back (the floor, the ballast and an eighth more, so that it does not flap) the ballast is
/// written again and appends go on.
/// Threads: safe to call concurrently.
class SpaceGuard {
 public:
  struct Limits {
    std::uint64_t floor_bytes = 0;
    std::uint64_t hard_floor_bytes = 0;
    std::uint64_t ballast_bytes = 0;  ///< 0: no ballast
  };
  enum class Level : std::uint8_t { enough, answers_only, none };

  /// How much is free; nothing when it cannot be told.
  using FreeBytes = std::function<std::optional<std::uint64_t>()>;

  /// `files` and `notice` outlive the guard; `notice` may be empty.
  SpaceGuard(OwnFiles& files, std::filesystem::path ballast, const Limits& limits,
             const std::function<void(std::string_view)>& notice, FreeBytes free_bytes);

  /// Looks at the disk and acts on it. Cost: one statvfs; creating the ballast syncs.
  Level refresh();
  /// As of the last `refresh`. Errors: out_of_space, naming the numbers.
  [[nodiscard]] core::Status admit(bool completes_answer) const;
  [[nodiscard]] Level level() const { return level_.load(std::memory_order_relaxed); }

 private:
  void find_ballast();
  bool create_ballast();
  void remove_ballast();
  void tell(const std::string& text) const;

  OwnFiles& files_;
  const std::filesystem::path ballast_;
  const Limits limits_;
  const std::function<void(std::string_view)>& notice_;
  const FreeBytes ask_;

  std::mutex mutex_;     ///< one refresh at a time
  bool looked_ = false;  ///< for the ballast; guarded by mutex_, as is the next
  bool has_ballast_ = false;
  std::atomic<Level> level_{Level::enough};
  std::atomic<std::uint64_t> free_bytes_{0};
};

}  // namespace hansard::rocks
