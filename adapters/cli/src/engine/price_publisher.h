#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string_view>

#include "core/event_log.h"
#include "core/hash.h"
#include "core/time.h"
#include "projections/prices.h"

namespace hansard::cli {

/// Sees to it that the prices that come with the program are on record: on the `system` stream of
/// project `_log`, once per content. So every cost can be asked again by the prices of any
/// position, and a program that knows other prices says so in the log.
///
/// What is on record already, or a book looked up later than ours (of a newer program), is left as
/// it is. What fails is tried again, ever more rarely; nothing waits for it. Threads: safe to call
/// concurrently.
class PricePublisher : public std::enable_shared_from_this<PricePublisher> {
 public:
  static constexpr std::chrono::milliseconds kFirstWait{1'000};  ///< doubles up to the last
  static constexpr std::chrono::milliseconds kLastWait{60'000};

  struct Ports {
    core::EventLog& log;
    const core::Hasher& hasher;
    const core::Clock& clock;
    projections::PriceReader& prices;
    std::function<core::Hash()> draw_random;
    std::function<void(std::function<void()>)> post;  ///< to a thread that may block; may drop it
    /// Later; null when there is no room. Destroying what it gives cancels.
    std::function<std::unique_ptr<core::Subscription>(std::chrono::milliseconds,
                                                      std::function<void()>)>
        after;
    std::function<void(std::string_view)> notice;  ///< told of what fails
  };
  explicit PricePublisher(Ports ports) : ports_(std::move(ports)) {}

  void start();
  /// Until ours are on record, or found to be, or `patience` is over.
  void wait(std::chrono::milliseconds patience);
  /// Does not begin anything any more. What it uses may go once `post` and `after` have stopped and
  /// the log is closed.
  void stop();

 private:
  void attempt();
  void settled();
  void failed(const core::Error& error);

  Ports ports_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopped_ = false;
  bool settled_ = false;
  std::chrono::milliseconds wait_ = kFirstWait;
  std::unique_ptr<core::Subscription> timer_;
};

}  // namespace hansard::cli
