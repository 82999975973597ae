#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/model_provider.h"
#include "core/time.h"

namespace hansard::cli {

/// Copies of checkpoints outside the data directory, so that its history is pinned by something
/// that whoever changes the directory does not hold.
///
/// A file gets each note appended and synced (`append_checkpoint`); an address gets a PUT of it, or
/// a POST where PUT is answered 405 or 501, and must answer 2xx. What fails is tried again with the
/// note that is the newest then, after a second at first, a minute at last.
/// Threads: `tell`, `work` and the destructor by one thread; the rest by any.
class CheckpointCopies {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::milliseconds kFirstWait{1'000};
  static constexpr std::chrono::milliseconds kLastWait{60'000};

  struct Ports {
    const core::Clock& clock;  ///< of the client's certificates
    std::function<void(std::string_view)>
        notice;                  ///< told of what fails, and when it is well again
    std::function<void()> wake;  ///< `work` has something to do; any thread
  };
  /// @param places  absolute paths, or http(s)://host[:port]/path
  /// Errors: invalid_argument (`field` "audit.checkpoint_to").
  static core::Result<std::unique_ptr<CheckpointCopies>> create(
      Ports ports, const std::vector<std::string>& places);
  ~CheckpointCopies();

  /// The files among the places.
  [[nodiscard]] static std::vector<std::filesystem::path> files_of(
      const std::vector<std::string>& places);

  /// There is a newer note, over `size` events.
  void tell(const std::string& note, std::uint64_t size);
  /// Does what is due. Blocks on files, never on the network. @return when to call again; nothing:
  /// after `tell` or `wake`
  std::optional<Clock::time_point> work();
  /// Every copy has the newest note.
  [[nodiscard]] bool settled() const;

  struct Status {
    std::string place;
    std::uint64_t size = 0;  ///< of the last one that arrived
    std::uint64_t failures = 0;
  };
  [[nodiscard]] std::vector<Status> status() const;

 private:
  struct Copy;
  explicit CheckpointCopies(Ports ports);
  void append(Copy& copy);
  void send(Copy& copy);
  void collect(Copy& copy);
  void outcome(Copy& copy, const std::optional<core::Error>& error, std::uint64_t size);

  const Ports ports_;
  std::unique_ptr<core::ModelProvider> client_;  ///< none without addresses
  std::string note_;
  std::uint64_t size_ = 0;
  mutable std::mutex mutex_;  ///< guards what `Copy` marks
  std::vector<std::unique_ptr<Copy>> copies_;
};

}  // namespace hansard::cli
