#include "engine/experiment_watch.h"

#include <utility>

#include "projections/experiment_directory.h"

namespace hansard::cli {

using core::Result;
using std::chrono::steady_clock;

void ExperimentWatch::start() {
  std::unique_ptr<core::Subscription> over;  // destroyed outside the lock
  const std::lock_guard lock(mutex_);
  if (stopped_) return;
  over = std::exchange(timer_, ports_.after(every_, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self) return;
    const bool posted = self->ports_.post([weak] {
      const auto there = weak.lock();
      if (!there) return;
      there->round();
      there->start();
    });
    if (!posted) self->start();
  }));
}

void ExperimentWatch::stop() {
  std::unique_ptr<core::Subscription> over;
  const std::lock_guard lock(mutex_);
  stopped_ = true;
  over = std::move(timer_);
}

bool ExperimentWatch::stopped() const {
  const std::lock_guard lock(mutex_);
  return stopped_;
}

void ExperimentWatch::round() {
  const auto directory = ports_.views.read("experiments", {}, steady_clock::now());
  const auto observations = ports_.views.read("observations", {}, steady_clock::now());
  // Not built yet: the next round may find them.
  if (!directory || !observations) return;
  const core::Position end = (*observations)->checkpoint();
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(looked_at_, end) == end) return;  // nothing was recorded since
  }
  const auto running = projections::running_automatic(**directory, kWatchedMax);
  if (!running) return told("", running.error());
  for (const auto& each : *running) {
    if (stopped()) return;
    look(each.project, each.name, **observations);
  }
}

void ExperimentWatch::look(const core::ProjectId& project, const std::string& name,
                           const core::ReadModel& observations) {
  const http::Hand hand{project, {}, ports_.clock.now()};
  ports_.judge->judge(hand, name, observations,
                      [weak = weak_from_this(), name](const Result<http::Judgement>& judged) {
                        if (const auto self = weak.lock()) self->told(name, judged);
                      });
}

void ExperimentWatch::told(const std::string& name, const Result<http::Judgement>& judged) {
  std::string what;
  {
    const std::lock_guard lock(mutex_);
    if (judged) {
      failures_.erase(name);
      if (!judged->acted) return;
      what = "experiment " + name + ": " +
             (judged->reasons.empty() ? std::string("ended") : judged->reasons.front());
    } else {
      looked_at_ = {};  // so that the next round looks again
      std::string& last = failures_[name];
      if (last == judged.error().message) return;
      last = judged.error().message;
      what = "experiment " + name + " could not be looked at: " + last;
    }
  }
  if (ports_.notice) ports_.notice(what);
}

}  // namespace hansard::cli
