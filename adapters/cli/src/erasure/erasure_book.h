#pragma once

#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "erasure/erasure_order.h"
#include "erasure/erasure_status.h"

namespace hansard::cli {

/// An erasure under way. `status`, `ready`, and replacing `order`, are guarded by the book; whoever
/// carries it out reads its `order` once it is ready, when nobody changes it any more.
struct ErasureWork {
  ErasureOrder order;
  ErasureStatus status;
  bool ready = false;  ///< asked on record, selected, in the ledger
};
using ErasureWorks = std::vector<std::shared_ptr<ErasureWork>>;

/// Which erasures are under way, and which are done. Those under way are in `<data>/erasing` too,
/// which is what a start goes on from; those done are remembered from the ledger and since.
/// Threads: safe to call concurrently.
class ErasureBook {
 public:
  static constexpr std::size_t kPendingMax = 256;  ///< erasures under way; then overloaded
  static constexpr std::size_t kDoneKept = 10'000;

  /// @param data  the data directory
  explicit ErasureBook(const std::filesystem::path& data);

  /// The orders of the file. Errors: corruption (naming the line), unavailable.
  [[nodiscard]] core::Result<std::vector<ErasureOrder>> read() const;

  /// Knows of it from now on, without a word in the file. For the start.
  void take(std::shared_ptr<ErasureWork> work);
  void take_done(ErasureStatus status);
  /// Puts what is under way in the file. Errors: unavailable, out_of_space.
  core::Status save();

  /// A new one: in the file when this returns. Errors: overloaded, and as `save`; then it is not.
  core::Status begin(const std::shared_ptr<ErasureWork>& work);
  /// It comes to nothing, unless it is ready by now: asked again, it may have been taken meanwhile.
  core::Status drop(const std::shared_ptr<ErasureWork>& work);
  /// Streams under a legal hold are left out: `left` stay.
  void set_held(ErasureWork& work, std::vector<std::string> held, std::vector<ErasureTarget> left);
  [[nodiscard]] bool is_ready(const ErasureWork& work) const;
  /// `order` has been asked on record, selected, and is in the ledger. In the file when this
  /// returns. Errors: as `save`; then it is not ready.
  core::Status set_ready(ErasureWork& work, ErasureOrder order);
  void set_phase(const ErasureWorks& works, std::string_view phase);
  /// An attempt ended early; it will be tried again.
  void set_failed(const ErasureWorks& works, const core::Error& error);
  /// They are done, and out of the file. Errors: as `save`; then they are done nevertheless.
  core::Status finish(const ErasureWorks& works, std::chrono::duration<double> took);

  /// Null when it is done, or unknown.
  [[nodiscard]] std::shared_ptr<ErasureWork> under_way(const core::ProjectId& project,
                                                       std::string_view id) const;
  [[nodiscard]] std::optional<ErasureStatus> find(const core::ProjectId& project,
                                                  std::string_view id) const;
  /// Those under way first, then the latest that are done, at most `most` of these.
  [[nodiscard]] std::vector<ErasureStatus> list(const core::ProjectId& project,
                                                std::size_t most) const;
  [[nodiscard]] ErasureCounts counts() const;

  /// Waits until something is under way. @return all of it; nothing when stopped.
  ErasureWorks wait();
  /// Somebody who waits is to look again.
  void wake();
  /// Waits so long, or until stopped. @return true when stopped.
  bool pause(std::chrono::milliseconds time);
  void stop();
  [[nodiscard]] bool stopping() const;

 private:
  core::Status save_locked() const;
  [[nodiscard]] std::shared_ptr<ErasureWork> under_way_locked(const core::ProjectId& project,
                                                              std::string_view id) const;
  void keep_done(ErasureStatus status);

  const std::filesystem::path file_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  // All below is guarded by mutex_.
  ErasureWorks pending_;
  std::map<std::string, ErasureStatus> done_;  ///< by project and id
  std::vector<std::string> done_order_;        ///< keys of `done_`, oldest first
  ErasureCounts counts_;
  bool stopping_ = false;
};

}  // namespace hansard::cli
