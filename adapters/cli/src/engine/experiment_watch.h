#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "core/event_log.h"
#include "core/projection_runner.h"
#include "core/time.h"
#include "http/experiment_judge.h"

namespace hansard::cli {

/// Looks after experiments that are `automatic`: every so often each of them that runs is judged as
/// the route `decide` does. The event that ends an experiment has an id made of its name alone, so
/// two looks, or two starts of the program, end it once. Nothing is judged while a view is not
/// there yet; what fails is told once and tried again. Threads: safe to call concurrently.
class ExperimentWatch : public std::enable_shared_from_this<ExperimentWatch> {
 public:
  /// Experiments that one round looks at.
  static constexpr std::size_t kWatchedMax = 1'000;

  struct Ports {
    core::ProjectionRunner& views;
    std::shared_ptr<const http::ExperimentJudge> judge;
    const core::Clock& clock;
    std::function<bool(std::function<void()>)> post;  ///< to a thread that may block; may refuse
    /// Later; null when there is no room. Destroying what it gives cancels.
    std::function<std::unique_ptr<core::Subscription>(std::chrono::milliseconds,
                                                      std::function<void()>)>
        after;
    std::function<void(std::string_view)> notice;  ///< told of what it did, and of what fails
  };
  ExperimentWatch(Ports ports, std::chrono::milliseconds every)
      : ports_(std::move(ports)), every_(every) {}

  /// The first round is one interval away.
  void start();
  /// Begins nothing any more; a round that goes on ends with `post`'s thread.
  void stop();

 private:
  void round();
  void look(const core::ProjectId& project, const std::string& name,
            const core::ReadModel& observations);
  void told(const std::string& name, const core::Result<http::Judgement>& judged);
  [[nodiscard]] bool stopped() const;

  const Ports ports_;
  const std::chrono::milliseconds every_;
  mutable std::mutex mutex_;
  bool stopped_ = false;
  std::unique_ptr<core::Subscription> timer_;
  core::Position looked_at_{};                   ///< of the rows in the last round
  std::map<std::string, std::string> failures_;  ///< told already, by experiment
};

}  // namespace hansard::cli
